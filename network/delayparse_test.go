package network

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var delayTexts = []string{
	"0s", "5ms", "1.5µs", "uniform(1ms, 10ms)", "exp(20ms)", "normal(10ms, 2ms)", "lognormal(2ms, 0.5)", "pareto(1ms, 1.5)",
	"gamma(2, 10ms)", "samples(1ms, 2ms, 2ms)", "empirical(testdata/delays/ping.txt)",
}

func TestDelaysPrintAsTheyParse(t *testing.T) {
	for _, text := range delayTexts {
		d, err := ParseDelay(text)
		require.NoError(t, err)
		require.Equal(t, text, d.String())
	}
}

func TestParseDelayInvertsString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d Delay
		if rapid.Bool().Draw(t, "empirical") {
			samples := rapid.SliceOfN(rapid.Int64Range(0, int64(MaxDelay)), 1, 20).Draw(t, "samples")
			durations := make([]time.Duration, len(samples))
			for i, s := range samples {
				durations[i] = time.Duration(s)
			}
			d = Empirical(durations)
		} else {
			var err error
			d, err = newDelay(drawSpec(t, kindConstant, kindPareto)) // gamma parses by the same code and is slower to build
			require.NoError(t, err)
		}
		parsed, err := ParseDelay(d.String())
		require.NoError(t, err)
		require.True(t, d.Equal(parsed), "%v parsed to %v", d, parsed)
	})
}

func TestParseDelayForgivesSpaces(t *testing.T) {
	for text, want := range map[string]Delay{
		"  5ms\n":             Constant(5 * time.Millisecond),
		"uniform ( 1ms,2ms )": Uniform(time.Millisecond, 2*time.Millisecond),
		"constant(3s)":        Constant(3 * time.Second),
		"samples(2us,1us)":    Empirical([]time.Duration{1000, 2000}),
		`empirical( "testdata/delays/ping.txt" )`: mustDelay(EmpiricalFile("testdata/delays/ping.txt")),
	} {
		d, err := ParseDelay(text)
		require.NoError(t, err)
		require.True(t, want.Equal(d), "%s parsed to %v", text, d)
	}
}

func TestParseDelayNamesWhatIsWrongAndWhatWasExpected(t *testing.T) {
	const (
		duration = ": expected a duration with a unit, such as 1.5ms, from 0s to 1000h0m0s"
		forms    = "one of constant, uniform, exp, normal, lognormal, pareto, gamma, samples, empirical with arguments in parentheses"
	)
	for text, want := range map[string]string{
		"":                                      `delay ""` + duration + ", or " + forms,
		"5":                                     `delay "5"` + duration + ", or " + forms,
		"-5ms":                                  `delay "-5ms"` + duration + ", or " + forms,
		"2000h":                                 `delay "2000h"` + duration + ", or " + forms,
		"weibull(1ms)":                          `delay "weibull(1ms)": unknown distribution "weibull": expected ` + forms,
		"exp(20ms":                              `delay "exp(20ms": expected a closing parenthesis at the end`,
		"exp(20)":                               `delay "exp(20)": mean "20"` + duration,
		"exp()":                                 `delay "exp()": mean ""` + duration,
		"normal(10ms)":                          `delay "normal(10ms)": got 1 arguments, expected normal(mean, sd)`,
		"uniform(2ms, 1ms)":                     `delay "uniform(2ms, 1ms)": uniform: lo 2ms is above hi 1ms`,
		"lognormal(2ms, NaN)":                   `delay "lognormal(2ms, NaN)": sigma "NaN": expected a number from 0 to 10`,
		"pareto(1ms, 1ms)":                      `delay "pareto(1ms, 1ms)": alpha "1ms": expected a number from 0.01 to 1000`,
		"gamma(1e999, 1ms)":                     `delay "gamma(1e999, 1ms)": shape "1e999": expected a number from 0.1 to 10000`,
		"samples(1ms,,2ms)":                     `delay "samples(1ms,,2ms)": sample ""` + duration,
		`empirical("a)`:                         `delay "empirical(\"a)": path "\"a": expected a Go string in double quotes`,
		"empirical(testdata)":                   `delay "empirical(testdata)": testdata: expected a regular file of at most 33554432 bytes`,
		"empirical(testdata/delays/nounit.txt)": `delay "empirical(testdata/delays/nounit.txt)": testdata/delays/nounit.txt:4: sample "2.5"` + duration,
		"empirical(testdata/delays/empty.txt)":  `delay "empirical(testdata/delays/empty.txt)": testdata/delays/empty.txt:1: samples: got 0, expected 1 to 1048576`,
	} {
		_, err := ParseDelay(text)
		require.EqualError(t, err, want)
	}
	_, err := ParseDelay("empirical(testdata/delays/missing.txt)")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestEmpiricalFileReadsCommentsAndBlankLines(t *testing.T) {
	d, err := EmpiricalFile("testdata/delays/ping.txt")
	require.NoError(t, err)
	require.Equal(t, "empirical(testdata/delays/ping.txt)", d.String())
	require.Equal(t, []time.Duration{95_500, 110_000, 110_000, 120_000, 1_200_000}, d.table.samples)
	require.False(t, d.Equal(Empirical(d.table.samples)), "a file is another model than its samples, as it prints differently")
}

func TestOddPathsAreQuotedAndParseBack(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"plain", "a (b), c", ` "x" `, "line\nbreak", "bad\xff", "ends "} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte("1ms"), 0o600))
		d, err := EmpiricalFile(path)
		require.NoError(t, err)
		parsed, err := ParseDelay(d.String())
		require.NoError(t, err)
		require.True(t, d.Equal(parsed), "%v", d)
	}
}

func TestDocumentsHoldDelaysAndProbabilities(t *testing.T) {
	type link struct {
		Delay Delay `json:"delay" yaml:"delay"`
		Loss  Prob  `json:"loss" yaml:"loss"`
	}
	want := link{Normal(10*time.Millisecond, 2*time.Millisecond), ProbOf(0.01)}

	text, err := json.Marshal(want)
	require.NoError(t, err)
	require.Equal(t, `{"delay":"normal(10ms, 2ms)","loss":"1%"}`, string(text))
	var got link
	require.NoError(t, json.Unmarshal(text, &got))
	require.True(t, want.Delay.Equal(got.Delay))
	require.Equal(t, want.Loss, got.Loss)

	text, err = yaml.Marshal(want)
	require.NoError(t, err)
	got = link{}
	require.NoError(t, yaml.Unmarshal(text, &got))
	require.True(t, want.Delay.Equal(got.Delay))
	require.Equal(t, want.Loss, got.Loss)
	require.NoError(t, yaml.Unmarshal([]byte("delay: exp(20ms)\nloss: 0.25"), &got))
	require.Equal(t, link{Exponential(20 * time.Millisecond), ProbOf(0.25)}, got)
	require.ErrorContains(t, yaml.Unmarshal([]byte("delay: exp(20)"), &got), `mean "20": expected a duration`)
	require.Equal(t, ProbOf(0.25), got.Loss)
}

func FuzzParseDelay(f *testing.F) {
	for _, text := range append(delayTexts, "", "exp(", "exp(-1ms)", "normal(1h,1ns)", "gamma(0.1,999h)", "lognormal(1ns,10)",
		"pareto(999h,0.01)", "samples()", "empirical()", `empirical("\x00")`, "empirical(/dev/zero)") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDelay(text)
		if err != nil {
			require.True(t, d.IsZero())
			return
		}
		again, err := ParseDelay(d.String())
		require.NoError(t, err)
		require.True(t, d.Equal(again), "%q parsed to %v and then to %v", text, d, again)
		require.LessOrEqual(t, d.Max(), MaxDelay)
	})
}
