package network

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"
	"os"
	"slices"
	"strings"
	"time"
)

// MaxDelay bounds the parameters of every Delay and every delay sampled: a tail that
// reaches further is cut off there. It leaves room to add delays without overflow, and
// every delay is an exact float64 of nanoseconds.
const MaxDelay = 1000 * time.Hour

// A Delay is a model of one-way latency: a distribution from which Sample draws. The
// zero value is the constant 0.
//
// Sampling uses integers only, so that a draw is the same on every machine. Constant,
// Uniform and Empirical are exact. The other distributions are tables of some 3,000
// quantiles joined by straight lines, each rounded to 16 significant bits (or one
// nanosecond). The probability of staying below a delay is nowhere off by more than
// 1/1024, and that of exceeding it, down to one in a million, is right to an eighth of
// itself for tails no heavier than that of Pareto with alpha 1. Tails are cut off at
// the quantiles for 2^-23 and 1 - 2^-23.
//
// A Delay is immutable, small (three words), and may be used by several goroutines.
// Compare with Equal. The tables of the last few hundred distributions are remembered,
// so that making the same Delay again for every world is cheap.
type Delay struct {
	_           [0]func() // no ==: two tables of one distribution are equal, but may be different pointers
	base, width time.Duration
	table       *table // nil for constant and uniform: base plus 0..width
}

// Constant is always d.
func Constant(d time.Duration) Delay {
	return mustDelay(newDelay(delaySpec{kindConstant, float64(d), 0}))
}

// Uniform is any nanosecond from lo to hi, both included, with equal probability.
func Uniform(lo, hi time.Duration) Delay {
	return mustDelay(newDelay(delaySpec{kindUniform, float64(lo), float64(hi)}))
}

// Exponential has the given mean.
func Exponential(mean time.Duration) Delay {
	return mustDelay(newDelay(delaySpec{kindExponential, float64(mean), 0}))
}

// Normal has the given mean and standard deviation, truncated at 0: it is the normal
// distribution given that its value is not negative. The truncation raises the mean, to
// 0.8 sd when mean is 0.
func Normal(mean, sd time.Duration) Delay {
	return mustDelay(newDelay(delaySpec{kindNormal, float64(mean), float64(sd)}))
}

// LogNormal has a logarithm that is normally distributed with standard deviation sigma,
// 0 to 10. Its mean is median * exp(sigma²/2).
func LogNormal(median time.Duration, sigma float64) Delay {
	return mustDelay(newDelay(delaySpec{kindLogNormal, float64(median), sigma}))
}

// Pareto is at least scale and exceeds x with probability (scale/x)^alpha; alpha is
// 0.01 to 1000. Its mean is scale * alpha/(alpha-1). With alpha <= 1 that mean is
// infinite and with little more than 1 it rests on events rarer than the table
// resolves: here the tail ends at the quantile for 1 - 2^-23, scale * 2^(23/alpha), or
// at MaxDelay, so that Mean is finite and lower.
func Pareto(scale time.Duration, alpha float64) Delay {
	return mustDelay(newDelay(delaySpec{kindPareto, float64(scale), alpha}))
}

// Gamma has the given mean and shape, 0.1 to 10000: shape 1 is exponential, shape k is
// the sum of k exponentials. Its table takes many times longer to build than those of
// the other distributions.
func Gamma(shape float64, mean time.Duration) Delay {
	return mustDelay(newDelay(delaySpec{kindGamma, shape, float64(mean)}))
}

// Empirical draws one of the samples, each with equal probability: what was never
// observed is never drawn. The order of samples does not matter. There are at least 1
// and at most MaxSamples.
//
// The samples are copied and sorted on each call: make one Delay and share it among
// worlds.
func Empirical(samples []time.Duration) Delay { return mustDelay(newEmpirical("", samples)) }

// MaxSamples is the largest number of samples of an empirical Delay.
const MaxSamples = 1 << 20

func newEmpirical(path string, samples []time.Duration) (Delay, error) {
	if len(samples) == 0 || len(samples) > MaxSamples {
		return Delay{}, fmt.Errorf("samples: got %d, expected 1 to %d", len(samples), MaxSamples)
	}
	for _, s := range samples {
		if err := sampleParam.check(float64(s)); err != nil {
			return Delay{}, err
		}
	}
	sorted := slices.Clone(samples)
	slices.Sort(sorted)
	return Delay{table: &table{spec: delaySpec{kind: kindSamples}, path: path, samples: sorted}}, nil
}

// maxSampleFile bounds the files read as samples, in bytes: MaxSamples lines of some 30 characters.
const maxSampleFile = 32 << 20

// EmpiricalFile is Empirical with the samples of a text file: one duration with its
// unit a line, such as 1.5ms; blank lines and what follows a # are skipped. An error in
// the text begins with path:line. The model prints as its path, which is relative to
// the working directory unless it is absolute.
func EmpiricalFile(path string) (Delay, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return Delay{}, fmt.Errorf("file of samples: %w", err)
	case !info.Mode().IsRegular() || info.Size() > maxSampleFile:
		return Delay{}, fmt.Errorf("%s: expected a regular file of at most %d bytes", path, maxSampleFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Delay{}, fmt.Errorf("file of samples: %w", err)
	}
	var samples []time.Duration
	line := 0
	for row := range bytes.Lines(text) {
		line++
		row, _, _ = bytes.Cut(row, []byte("#"))
		field := strings.TrimSpace(string(row))
		if field == "" {
			continue
		}
		value, err := sampleParam.parse(field)
		if err != nil {
			return Delay{}, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		samples = append(samples, time.Duration(value))
	}
	d, err := newEmpirical(path, samples)
	if err != nil {
		return Delay{}, fmt.Errorf("%s:%d: %w", path, line, err)
	}
	return d, nil
}

// mustDelay is for constructors called by programs: bad parameters are a mistake in the
// program, whereas ParseDelay returns them as errors.
func mustDelay(d Delay, err error) Delay {
	if err != nil {
		panic("network: " + err.Error())
	}
	return d
}

// Sample maps 64 uniformly random bits to a delay in 0..MaxDelay. It does not decrease
// as u grows, so u may be read as a probability in 64-bit fixed point and Sample as the
// quantile function. It takes a few nanoseconds and allocates nothing.
func (d Delay) Sample(u uint64) time.Duration {
	if d.table != nil {
		return d.table.sample(u)
	}
	step, _ := bits.Mul64(u, uint64(d.width)+1)
	return d.base + time.Duration(step)
}

// Min is the smallest delay that Sample returns.
func (d Delay) Min() time.Duration { return d.Sample(0) }

// Max is the largest delay that Sample returns.
func (d Delay) Max() time.Duration { return d.Sample(math.MaxUint64) }

// Quantile is the delay that a sample does not exceed with probability p. It panics
// unless p is in 0..1.
func (d Delay) Quantile(p float64) time.Duration {
	if !(p >= 0 && p <= 1) {
		panic(fmt.Sprintf("network: quantile at probability %v, expected 0 to 1", p))
	}
	if p == 1 {
		return d.Max()
	}
	return d.Sample(uint64(math.Ldexp(p, 64)))
}

// Mean is the mean of the delays that Sample returns, to within a few nanoseconds. It
// differs a little from the mean of the distribution as a formula, and much where that
// rests on a far tail (see Pareto).
func (d Delay) Mean() time.Duration {
	if d.table != nil {
		return d.table.mean()
	}
	return d.base + d.width/2
}

// IsZero reports whether d is the constant 0, as the zero value is. Encoders use it to
// leave the field out.
func (d Delay) IsZero() bool { return d.base == 0 && d.width == 0 && d.table == nil }

// Equal reports whether d and e are the same model: the same distribution with the same
// parameters, or the same samples from the same file.
func (d Delay) Equal(e Delay) bool {
	if d.base != e.base || d.width != e.width || (d.table == nil) != (e.table == nil) {
		return false
	}
	if d.table == e.table {
		return true
	}
	return d.table.spec == e.table.spec && d.table.path == e.table.path && slices.Equal(d.table.samples, e.table.samples)
}
