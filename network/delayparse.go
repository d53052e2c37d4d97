package network

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A delaySpec is a distribution with its parameters in the order in which they print; durations are nanoseconds, exact as they are below 2^53.
type delaySpec struct {
	kind delayKind
	a, b float64
}

type delayKind uint8

const (
	kindConstant delayKind = iota
	kindUniform
	kindExponential
	kindNormal
	kindLogNormal
	kindPareto
	kindGamma
	kindSamples // the parameters are in the table
)

// A param is a parameter of a distribution: a duration from 0 to MaxDelay, or a number between bounds when max is set.
type param struct {
	name     string
	min, max float64
}

// A family is a kind of distribution: its name in text, its parameters, and its quantile function unless it is sampled without a table.
type family struct {
	name     string
	params   []param
	quantile func(a, b float64) func(p float64) float64
}

var families = [...]family{
	kindConstant:    {"constant", []param{{name: "delay"}}, nil},
	kindUniform:     {"uniform", []param{{name: "lo"}, {name: "hi"}}, nil},
	kindExponential: {"exp", []param{{name: "mean"}}, exponentialQuantile},
	kindNormal:      {"normal", []param{{name: "mean"}, {name: "sd"}}, normalQuantile},
	kindLogNormal:   {"lognormal", []param{{name: "median"}, {"sigma", 0, 10}}, logNormalQuantile},
	kindPareto:      {"pareto", []param{{name: "scale"}, {"alpha", 0.01, 1000}}, paretoQuantile},
	kindGamma:       {"gamma", []param{{"shape", 0.1, 10000}, {name: "mean"}}, gammaQuantile},
}

const (
	samplesName   = "samples"
	empiricalName = "empirical"
)

var sampleParam = param{name: "sample"}

// expected says what values the parameter takes.
func (p param) expected() string {
	if p.max == 0 {
		return fmt.Sprintf("expected a duration with a unit, such as 1.5ms, from 0s to %v", MaxDelay)
	}
	return fmt.Sprintf("expected a number from %v to %v", p.min, p.max)
}

func (p param) check(value float64) error {
	limit := p.max
	if limit == 0 {
		limit = float64(MaxDelay)
	}
	if value >= p.min && value <= limit { // false for NaN
		return nil
	}
	return fmt.Errorf("%s %s: %s", p.name, p.format(value), p.expected())
}

func (p param) format(value float64) string {
	if p.max == 0 {
		return time.Duration(value).String()
	}
	return strconv.FormatFloat(value, 'g', -1, 64)
}

func (p param) parse(text string) (float64, error) {
	var value float64
	var err error
	if p.max == 0 {
		var d time.Duration
		d, err = time.ParseDuration(text)
		value = float64(d)
	} else {
		value, err = strconv.ParseFloat(text, 64)
	}
	if err != nil || p.check(value) != nil {
		return 0, fmt.Errorf("%s %s: %s", p.name, excerpt(text), p.expected())
	}
	return value, nil
}

// newDelay checks the parameters and builds the model. A distribution without spread becomes the constant that it is.
func newDelay(s delaySpec) (Delay, error) {
	f := &families[s.kind]
	values := [...]float64{s.a, s.b}
	for i, p := range f.params {
		if err := p.check(values[i]); err != nil {
			return Delay{}, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	switch {
	case s.kind == kindUniform && s.b < s.a:
		return Delay{}, fmt.Errorf("uniform: lo %v is above hi %v", time.Duration(s.a), time.Duration(s.b))
	case s.kind == kindUniform:
		return Delay{base: time.Duration(s.a), width: time.Duration(s.b - s.a)}, nil
	case s.kind == kindGamma && s.b == 0:
		return Delay{}, nil
	case s.kind == kindConstant,
		s.kind != kindNormal && s.kind != kindGamma && s.a == 0,
		(s.kind == kindNormal || s.kind == kindLogNormal) && s.b == 0:
		return Delay{base: time.Duration(s.a)}, nil
	}
	return Delay{table: tableOf(s)}, nil
}

// ParseDelay reads a model in the form that String prints:
//
//	5ms  uniform(1ms, 10ms)  exp(20ms)  normal(10ms, 2ms)  lognormal(2ms, 0.5)  pareto(1ms, 1.5)  gamma(2, 10ms)
//	samples(1ms, 2ms, 2ms)  empirical(latencies.txt)
//
// The arguments are those of the constructors. The path after empirical is read as by EmpiricalFile; it may be a quoted Go string. An error
// names the part that is wrong and what was expected.
func ParseDelay(text string) (Delay, error) {
	d, err := parseDelay(strings.TrimSpace(text))
	if err != nil {
		return Delay{}, fmt.Errorf("delay %s: %w", excerpt(text), err)
	}
	return d, nil
}

func parseDelay(text string) (Delay, error) {
	name, rest, call := strings.Cut(text, "(")
	if !call {
		p := families[kindConstant].params[0]
		value, err := p.parse(text)
		if err != nil {
			return Delay{}, fmt.Errorf("%s, or %s", p.expected(), formsExpected())
		}
		return newDelay(delaySpec{kindConstant, value, 0})
	}
	inside, closed := strings.CutSuffix(rest, ")")
	if !closed {
		return Delay{}, errors.New("expected a closing parenthesis at the end")
	}
	switch name = strings.TrimSpace(name); name {
	case samplesName:
		return parseSamples(inside)
	case empiricalName:
		return parseEmpirical(strings.TrimSpace(inside))
	}
	for k := range families {
		if families[k].name == name {
			return parseFamily(delayKind(k), strings.Split(inside, ","))
		}
	}
	return Delay{}, fmt.Errorf("unknown distribution %s: expected %s", excerpt(name), formsExpected())
}

// formsExpected lists what may stand before a parenthesis.
func formsExpected() string {
	var names []string
	for k := range families {
		names = append(names, families[k].name)
	}
	return "one of " + strings.Join(names, ", ") + ", " + samplesName + ", " + empiricalName + " with arguments in parentheses"
}

func parseFamily(k delayKind, args []string) (Delay, error) {
	f := &families[k]
	if len(args) != len(f.params) {
		var names []string
		for _, p := range f.params {
			names = append(names, p.name)
		}
		return Delay{}, fmt.Errorf("got %d arguments, expected %s(%s)", len(args), f.name, strings.Join(names, ", "))
	}
	var values [2]float64
	for i, p := range f.params {
		value, err := p.parse(strings.TrimSpace(args[i]))
		if err != nil {
			return Delay{}, err
		}
		values[i] = value
	}
	return newDelay(delaySpec{k, values[0], values[1]})
}

func parseSamples(inside string) (Delay, error) {
	var samples []time.Duration
	for field := range strings.SplitSeq(inside, ",") {
		value, err := sampleParam.parse(strings.TrimSpace(field))
		if err != nil {
			return Delay{}, err
		}
		samples = append(samples, time.Duration(value))
	}
	return newEmpirical("", samples)
}

func parseEmpirical(path string) (Delay, error) {
	if strings.HasPrefix(path, `"`) {
		unquoted, err := strconv.Unquote(path)
		if err != nil {
			return Delay{}, fmt.Errorf("path %s: expected a Go string in double quotes", excerpt(path))
		}
		path = unquoted
	}
	return EmpiricalFile(path)
}

// String prints d so that ParseDelay returns a Delay equal to it; parameters of distributions without spread are not kept.
func (d Delay) String() string {
	switch {
	case d.table == nil && d.width == 0:
		return d.base.String()
	case d.table == nil:
		return delaySpec{kindUniform, float64(d.base), float64(d.base + d.width)}.String()
	case d.table.path != "":
		return empiricalName + "(" + quotePath(d.table.path) + ")"
	case d.table.knots != nil:
		return d.table.spec.String()
	}
	fields := make([]string, len(d.table.samples))
	for i, s := range d.table.samples {
		fields[i] = s.String()
	}
	return samplesName + "(" + strings.Join(fields, ", ") + ")"
}

func (s delaySpec) String() string {
	f := &families[s.kind]
	values := [...]float64{s.a, s.b}
	fields := make([]string, len(f.params))
	for i, p := range f.params {
		fields[i] = p.format(values[i])
	}
	return f.name + "(" + strings.Join(fields, ", ") + ")"
}

// quotePath quotes only what would not be read back as it is.
func quotePath(path string) string {
	odd := strings.ContainsFunc(path, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) })
	if odd || strings.TrimSpace(path) != path || strings.HasPrefix(path, `"`) {
		return strconv.Quote(path)
	}
	return path
}

// MarshalText returns String, so that documents hold delays as text.
func (d Delay) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDelay. On an error d is left as it was.
func (d *Delay) UnmarshalText(text []byte) error {
	parsed, err := ParseDelay(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// excerpt quotes text for an error message, and only the beginning of a long one.
func excerpt(text string) string {
	const most = 60
	if len(text) > most {
		return strconv.Quote(text[:most]) + "..."
	}
	return strconv.Quote(text)
}
