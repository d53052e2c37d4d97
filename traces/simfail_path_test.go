package traces_test

import (
	"errors"
	"strings"
	"testing"

	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
	"phoenix/properties/scenario"
	"phoenix/sim"
	"phoenix/traces"

	"github.com/stretchr/testify/require"
)

// singleCopy makes the model of a counterexample: "--servers=N" is its only option.
func singleCopy(name string) (func(options []string) (explore.Model, error), error) {
	if name != "single-copy" {
		return nil, errors.New("there is no such model")
	}
	return func(options []string) (explore.Model, error) {
		servers := map[string]int{"--servers=1": 1, "--servers=2": 2}[strings.Join(options, " ")]
		if servers == 0 {
			return explore.Model{}, errors.New("expected --servers=1 or --servers=2")
		}
		return models.SingleCopy(models.Harness{Clients: 2, Servers: servers}), nil
	}, nil
}

// counterexample is the file of one of two servers.
func counterexample(t testing.TB) (*traces.Counterexample, string) {
	t.Helper()
	build, err := singleCopy("single-copy")
	require.NoError(t, err)
	m, err := build([]string{"--servers=2"})
	require.NoError(t, err)
	r, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, r.Verdict)
	c, err := traces.NewCounterexample("single-copy", []string{"--servers=2"}, &r.Outcomes[1])
	require.NoError(t, err)
	text, err := c.Text()
	require.NoError(t, err)
	return c, string(text)
}

func TestTheFileOfACounterexampleIsForPeopleToo(t *testing.T) {
	c, text := counterexample(t)
	require.Equal(t, "single-copy-linearizable-"+c.State()[:4]+".simfail", c.FileName())
	require.Regexp(t, `^# single-copy: linearizable: read of x returned nil after 65 was acknowledged
# A path to a state that must not be, .* simulate replay FILE
#
# 0  c2  starts, invokes write x 65, sends #2 put A to s0
(# .*\n)+#
(# .*\n)+simfail: 1
model: single-copy
options:
  - "--servers=2"
property: "linearizable"
detail: "read of x returned nil after 65 was acknowledged"
path:
  - "boot = [0-9a-f]{16}"
  - "deliver c2 -> s0 #2 put A = [0-9a-f]{16}"
  - "deliver s0 -> c2 #2 put ok = [0-9a-f]{16}"
  - "deliver c2 -> s1 #4 get = [0-9a-f]{16}"
  - "deliver s1 -> c2 #4 get ok: nothing = [0-9a-f]{16}"
$`, text)
	require.True(t, traces.IsCounterexample([]byte(text)))
	require.False(t, traces.IsCounterexample([]byte("simfail: 1\nscenario: register/abd\n")))
}

func TestAFileOfACounterexampleReplaysInTheExplorerAndAsAWorld(t *testing.T) {
	_, text := counterexample(t)
	c, m, err := traces.ParseCounterexample("a.simfail", []byte(text), singleCopy)
	require.NoError(t, err)
	again, err := c.Text()
	require.NoError(t, err)
	_, data, _ := strings.Cut(text, "simfail: 1")
	require.Contains(t, string(again), data)
	seen := uint64(0)
	out, err := c.Replay(m, func(w *sim.World) { w.Observe(func(*sim.Event) { seen++ }) })
	require.NoError(t, err)
	require.Equal(t, traces.Reproduced, out.Status)
	require.Equal(t, out.World.Events, seen)
	require.Equal(t, "read of x returned nil after 65 was acknowledged", out.Detail)
	require.NoError(t, out.Differs)
	require.Equal(t, uint64(34), out.World.Events)
}

func TestACounterexampleOfAModelThatHasChangedIsStale(t *testing.T) {
	_, text := counterexample(t)
	for name, c := range map[string]struct{ from, to, want string }{
		"other options":    {"--servers=2", "--servers=1", "does not begin in state"},
		"no such property": {`property: "linearizable"`, `property: "sound"`, `it has no property "sound"`},
		"it holds now":     {"  - \"deliver s1 -> c2 #4 get ok: nothing = ", "#", "is no longer judged violated"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, text, c.from)
			file, m, err := traces.ParseCounterexample("a.simfail", []byte(strings.Replace(text, c.from, c.to, 1)), singleCopy)
			require.NoError(t, err)
			out, err := file.Replay(m, func(*sim.World) { t.Error("what is stale leads to no world") })
			require.NoError(t, err)
			require.Equal(t, traces.Stale, out.Status)
			require.Contains(t, out.Reason, c.want)
		})
	}
}

func TestAMistakeInACounterexampleIsToldWithItsLine(t *testing.T) {
	_, text := counterexample(t)
	for name, c := range map[string]struct{ from, to, want string }{
		"version":       {"simfail: 1", "simfail: 2", "simfail is 2, expected 1"},
		"no model":      {"model: single-copy", `model: ""`, "model is empty, expected the name of a model"},
		"unknown model": {"model: single-copy", "model: double", "there is no such model"},
		"options":       {"--servers=2", "--servers=0", "expected --servers=1 or --servers=2"},
		"property":      {`"linearizable"`, `""`, "property is empty"},
		"unknown field": {"detail:", "details:", "details"},
		"a step": {"deliver c2 -> s0 #2 put A =", "deliver c2 -> s0 #2 put A -",
			`path[1] is "deliver c2 -> s0 #2 put A - `},
	} {
		t.Run(name, func(t *testing.T) {
			at := strings.Index(text, "simfail: 1")
			bad := text[:at] + strings.Replace(text[at:], c.from, c.to, 1)
			_, _, err := traces.ParseCounterexample("a.simfail", []byte(bad), singleCopy)
			var e *scenario.SyntaxError
			require.ErrorAs(t, err, &e)
			require.Contains(t, e.Msg, c.want)
			require.Equal(t, strings.Count(bad[:strings.Index(bad, c.to)], "\n")+1, e.Line)
		})
	}
	pathless := []byte("simfail: 1\nmodel: single-copy\nproperty: x\n")
	_, _, err := traces.ParseCounterexample("a.simfail", pathless, singleCopy)
	require.ErrorContains(t, err, "path is empty")
}

func FuzzParseCounterexample(f *testing.F) {
	_, text := counterexample(f)
	f.Add(text)
	f.Add(strings.ReplaceAll(text, "deliver", "timer"))
	f.Add("simfail: 1\nmodel: single-copy\noptions: [\"--servers=2\"]\nproperty: linearizable\n" +
		"path: [\"boot = 0123456789abcdef\"]\n")
	f.Add("model: x")
	f.Fuzz(func(t *testing.T, text string) {
		c, m, err := traces.ParseCounterexample("fuzz.simfail", []byte(text), singleCopy)
		if err != nil {
			var e *scenario.SyntaxError
			require.ErrorAs(t, err, &e)
			return
		}
		out, err := c.Replay(m, nil)
		require.NoError(t, err)
		require.NoError(t, out.Differs)
		_, err = c.Text()
		require.NoError(t, err)
	})
}
