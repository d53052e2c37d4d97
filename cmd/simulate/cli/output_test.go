package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/properties"
)

func TestDistanceIsAMetric(t *testing.T) {
	word := rapid.StringMatching(`[abc]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := word.Draw(t, "a"), word.Draw(t, "b"), word.Draw(t, "c")
		require.Equal(t, a == b, distance(a, b) == 0)
		require.Equal(t, distance(a, b), distance(b, a))
		require.LessOrEqual(t, distance(a, c), distance(a, b)+distance(b, c))
		require.LessOrEqual(t, distance(a, b), max(len(a), len(b)))
	})
	require.Equal(t, 3, distance("kitten", "sitting"))
}

func TestSuggestionsAreTheClosestNames(t *testing.T) {
	names := []string{"register/single-copy", "register/primary-backup", "register/abd"}
	for given, want := range map[string]string{
		"register/adb":         ", did you mean register/abd?",
		"abd":                  ", did you mean register/abd?",
		"register/singel-copy": ", did you mean register/single-copy?",
		"paxos":                "",
		"":                     "",
	} {
		require.Equal(t, want, suggest(given, names), given)
	}
}

func TestErrorsHaveTheirExitCodes(t *testing.T) {
	for err, code := range map[error]int{
		nil:                                         exitPass,
		statusOf(properties.Pass):                   exitPass,
		statusOf(properties.Fail):                   exitFail,
		statusOf(properties.Inconclusive):           exitInconclusive,
		status(exitInterrupted):                     exitInterrupted,
		usagef("no"):                                exitUsage,
		badInput(errors.New("f:1: no")):             exitBadInput,
		errors.New("nobody knows"):                  exitInternal,
		fmt.Errorf("read: %w", badInput(errClosed)): exitBadInput,
	} {
		require.Equal(t, code, exitCode(err), "%v", err)
	}
}

var errClosed = errors.New("closed")

// closed is an output stream that nobody reads.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errClosed }

func TestResultsThatCannotBeWrittenAreAnError(t *testing.T) {
	var stderr bytes.Buffer
	code := newApp(nil, closed{}, &stderr, nil).execute(context.Background(), []string{"schema"})
	require.Equal(t, exitInternal, code)
	require.Equal(t, "simulate: the results could not be written: closed\n", stderr.String())
}

func TestTwoScenariosOfOneNameAreRefused(t *testing.T) {
	s := planted("test/twice")
	require.PanicsWithValue(t, "cli: two scenarios are named test/twice", func() { newApp(nil, closed{}, closed{}, scenarios(s, s)) })
}

func TestAScenarioWhoseDefaultsCannotRunIsRefused(t *testing.T) {
	s := planted("test/none")
	s.Defaults.Servers = 0
	require.PanicsWithValue(t, "cli: the defaults of scenario test/none: "+s.Validate(&s.Defaults).Error(),
		func() { newApp(nil, closed{}, closed{}, scenarios(s)) })
}

func TestVerdictsAreInColourWhereItIsShown(t *testing.T) {
	for v, want := range map[properties.Verdict]string{
		properties.Pass:         "\x1b[32mPASS\x1b[0m",
		properties.Inconclusive: "\x1b[33mINCONCLUSIVE\x1b[0m",
		properties.Fail:         "\x1b[31mFAIL\x1b[0m",
	} {
		require.Equal(t, want, (&sink{colour: true}).verdict(v))
	}
	require.Equal(t, "FAIL", newSink(&bytes.Buffer{}).verdict(properties.Fail))
}

func TestProgressIsALineThatIsRewrittenOnATerminal(t *testing.T) {
	var shown bytes.Buffer
	p := startProgress(&sink{w: &shown, terminal: true}, 7, "runs")
	p.step(0)
	p.step(1)
	p.stop()
	shown.Reset()
	p.show()
	require.Equal(t, "\r\x1b[K2 of 7 runs, 1 failed", shown.String())
	p.out.terminal = false
	shown.Reset()
	p.show()
	require.Equal(t, "simulate: 2 of 7 runs, 1 failed\n", shown.String())
}

func TestAnInconclusivePropertyIsAnErrorInJUnit(t *testing.T) {
	rep := runReport{Scenario: "s", Runs: 1, Properties: []property{
		{Name: "a", Verdict: properties.Pass}, {Name: "b", Verdict: properties.Inconclusive, Detail: "never <happened>"},
	}}
	var b bytes.Buffer
	require.NoError(t, rep.writeJUnit(&b))
	require.Equal(t, `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="s" tests="2" failures="0" errors="1">
  <testcase classname="s" name="a"></testcase>
  <testcase classname="s" name="b">
    <error message="inconclusive: never &lt;happened&gt;"></error>
  </testcase>
</testsuite>
`, b.String())
}
