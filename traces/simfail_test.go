package traces_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/network"
	"phoenix/nodes"
	single "phoenix/nodes/register"
	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"
	"phoenix/sim/disk"
	"phoenix/traces"
)

var updateSimfail = flag.Bool("simfail.update", false, "write the pinned .simfail file anew")

// pinned is the file of a small run that failed, written by an earlier version.
const pinned = "testdata/simfail/single-copy.simfail"

// interleaved is a small configuration of single copies whose runs take choices.
func interleaved() *scenario.Config {
	c := scenario.SingleCopy().Defaults
	c.Interleave = true
	c.Workload.Operations = 8
	c.Workload.Think = network.Constant(10 * time.Millisecond)
	c.Nemesis = chaos.Nemesis{}
	c.Links.Delay = network.Constant(5 * time.Millisecond)
	c.Faults = chaos.Plan{
		{At: 20 * time.Millisecond, For: 10 * time.Millisecond, Kind: chaos.Pause, On: chaos.Hosts("s2")},
		{At: 40 * time.Millisecond, For: 30 * time.Millisecond, Kind: chaos.Partition,
			Groups: []chaos.Target{chaos.Hosts("s1", "c1"), chaos.Hosts("s2", "c2")}},
	}
	return &c
}

// failing returns the first of the scenario's runs that fails.
func failing(t testing.TB, s *scenario.Scenario, c *scenario.Config) *scenario.Result {
	for seed := range uint64(200) {
		if r := s.Run(scenario.Options{Seed: seed, Config: c}); r.Failed() != nil {
			return r
		}
	}
	require.FailNow(t, "no run fails")
	return nil
}

func textOf(t require.TestingT, f *traces.Failure) []byte {
	text, err := f.Text()
	require.NoError(t, err)
	return text
}

// parsed reads what text holds, of one of the scenarios or of a register.
func parsed(t require.TestingT, text []byte, more ...*scenario.Scenario) (*scenario.Scenario, *traces.Failure) {
	s, f, err := traces.ParseFailure("a.simfail", text, append(more, scenario.Registers()...))
	require.NoError(t, err)
	return s, f
}

func pinnedText(t testing.TB) string {
	text, err := os.ReadFile(pinned)
	require.NoError(t, err)
	return string(text)
}

func TestTheFileOfAFailureIsPinnedAndStillReproduced(t *testing.T) {
	s := scenario.SingleCopy()
	text := textOf(t, traces.NewFailure(s, failing(t, s, interleaved())))
	if *updateSimfail {
		require.NoError(t, os.WriteFile(pinned, text, 0o666))
	}
	require.Equal(t, pinnedText(t), string(text), "if that is meant: go test ./traces -simfail.update")
	found, f := parsed(t, text)
	require.Equal(t, traces.Reproduced, f.Replay(found, nil).Status)
}

func TestAFailureIsReadAsItWasWritten(t *testing.T) {
	for _, s := range scenario.Registers()[:2] {
		r := failing(t, s, nil)
		f := traces.NewFailure(s, r)
		found, again := parsed(t, textOf(t, f))
		require.Equal(t, s.Name, found.Name)
		require.Equal(t, f, again)
		require.Equal(t, chaos.Nemesis{}, again.Config.Nemesis)
		require.NotEmpty(t, again.Config.Faults, "the nemesis has become faults")
		require.Equal(t, fmt.Sprintf("0x%x", r.Seed), again.Seed)
	}
}

// oddText has all that YAML, comments and lines of choices might stumble over.
func oddText() *rapid.Generator[string] {
	odd := rapid.StringOfN(rapid.RuneFrom([]rune("ab \n\r\t\x00:-#\"'\\?[]{},|>&*!%@`~.01e\u2028\ufeff\u00a0")), 0, 12, -1)
	bytes := rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 4), func(b []byte) string { return string(b) })
	return rapid.OneOf(odd, rapid.String(), bytes, rapid.SampledFrom([]string{"null", "no", "12", "0x1", "1e3", "2020-01-01", "- a", "a: b"}))
}

func TestAFailureOfAnyWordsIsReadAsItWasWritten(t *testing.T) {
	s := scenario.SingleCopy()
	run := *failing(t, s, interleaved())
	rapid.Check(t, func(t *rapid.T) {
		r := run
		r.Outcomes = []properties.Outcome{{
			Name: "p" + oddText().Draw(t, "property"), Verdict: properties.Fail, Detail: oddText().Draw(t, "detail"),
		}}
		r.Picks = nil
		for range rapid.IntRange(0, 3).Draw(t, "choices") {
			n := rapid.IntRange(2, math.MaxInt).Draw(t, "n")
			r.Picks = append(r.Picks, sim.Pick{Label: oddText().Draw(t, "label"), N: n, Picked: rapid.IntRange(0, n-1).Draw(t, "picked")})
		}
		copy(r.Digest[:], rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0x12, 0x1e, 0xe1, 0x99}), 16, 16).Draw(t, "digest"))
		f := traces.NewFailure(s, &r)
		text := textOf(t, f)
		_, again := parsed(t, text)
		require.Equal(t, f, again, "%s", text)
	})
}

// asking returns a scenario whose servers take choices by labels, when they boot
// and with each request.
func asking(labels ...string) *scenario.Scenario {
	return wrapped("test/asking", func(ep *network.Endpoint) {
		for _, label := range labels {
			ep.After(time.Duration(1+ep.Choose(label, 1000))*time.Millisecond, func() { ep.Choose(label, 3) })
		}
	})
}

// wrapped is the scenario of single copies whose servers do something else too
// when they boot.
func wrapped(name string, boot func(*network.Endpoint)) *scenario.Scenario {
	s := scenario.SingleCopy()
	s.Name, s.Test = name, ""
	s.Server = func(_ *scenario.Config, servers []network.ID) network.Boot {
		inner := single.SingleCopy(single.Config{Servers: servers})
		return func(ep *network.Endpoint) network.Handler {
			boot(ep)
			return inner(ep)
		}
	}
	return s
}

func TestRecordedChoicesReplayToTheSameDigest(t *testing.T) {
	s := asking("next", "", `"quoted"`, " blank ", "a\tb\nc\x00\xff", "7 of 9 x")
	r := failing(t, s, interleaved())
	require.Greater(t, len(r.Picks), 24)
	found, f := parsed(t, textOf(t, traces.NewFailure(s, r)), s)

	f.Seed = "0xdead" // noise is not needed: delays are constant, and the tape has the rest
	out := f.Replay(found, nil)
	require.Equal(t, traces.Reproduced, out.Status, out.Reason)
	require.Equal(t, r.Picks, out.Result.Picks)
	require.Equal(t, r.Digest, out.Result.Digest)
	require.Equal(t, r.Outcomes, out.Result.Outcomes)
	require.Empty(t, out.Reason)
}

// The file has all that the second phase depends on, and the disks.
func TestAFailureToRecoverIsReplayed(t *testing.T) {
	s := wrapped("test/gone", func(*network.Endpoint) {})
	serve := s.Server
	s.Server = func(c *scenario.Config, servers []network.ID) network.Boot {
		boot := serve(c, servers)
		return func(ep *network.Endpoint) network.Handler {
			if ep.Boots() > 0 {
				return nil // the planted bug: it serves nobody after a crash
			}
			return boot(ep)
		}
	}
	plan, err := chaos.ParsePlan("at 100ms for 50ms crash servers keeping nothing")
	require.NoError(t, err)
	c := s.Defaults
	c.Servers, c.Nemesis, c.Faults = 1, chaos.Nemesis{}, plan
	c.Disk = disk.Config{Model: disk.Ext4, Sync: disk.Latency{Max: time.Millisecond}}
	c.Heal = 3 * time.Second
	r := failing(t, s, &c)
	text := textOf(t, traces.NewFailure(s, r))
	require.Contains(t, string(text), "\n  heal: 3s\n")
	require.Contains(t, string(text), "\n  disk:\n    model: ext4\n    sync:\n      max: 1ms\n")
	require.Contains(t, string(text), "\n    - at 100ms for 50ms crash servers keeping nothing\n")
	found, f := parsed(t, text, s)
	require.EqualValues(t, scenario.RecoveredName, f.Property)
	out := f.Replay(found, nil)
	require.Equal(t, traces.Reproduced, out.Status, out.Reason)
	require.Equal(t, r.Outcomes, out.Result.Outcomes)
	require.Equal(t, r.Healed, out.Result.Healed)
}

func TestAReplayIsWatched(t *testing.T) {
	s, f := parsed(t, []byte(pinnedText(t)))
	var worlds []*sim.World
	events := uint64(0)
	f.Replay(s, func(w *sim.World) {
		worlds = append(worlds, w)
		w.Observe(func(*sim.Event) { events++ })
	})
	require.Len(t, worlds, 1)
	require.Equal(t, f.Events, events)
}

// stale checks that a file, changed or replayed by a changed scenario, is stale,
// and why.
func stale(t *testing.T, text []byte, reason string, change func(*scenario.Scenario, *traces.Failure)) {
	t.Helper()
	s, f := parsed(t, text)
	change(s, f)
	_, again := parsed(t, textOf(t, f))
	out := again.Replay(s, nil)
	require.Equal(t, traces.Stale, out.Status)
	require.Equal(t, reason, out.Reason)
	require.NotNil(t, out.Result, "it is run as it stands")
}

func TestAChangedFileIsStale(t *testing.T) {
	text := textOf(t, traces.NewFailure(scenario.SingleCopy(), failing(t, scenario.SingleCopy(), nil)))
	for _, change := range []func(f *traces.Failure){
		func(f *traces.Failure) { f.Operations[0].Do[0].Wait++ },
		func(f *traces.Failure) { f.Operations[0].Do[0] = nodes.Op{Kind: nodes.Write, Key: "x", Value: 100} },
		func(f *traces.Failure) { f.Operations[1].Do = f.Operations[1].Do[:20] },
		func(f *traces.Failure) { f.Operations[1].Do = nil },
		func(f *traces.Failure) { f.Config.Faults = nil },
		func(f *traces.Failure) { f.Config.Faults[0].For++ },
		func(f *traces.Failure) { f.Config.Links.Delay = network.Constant(1) },
		func(f *traces.Failure) { f.Seed = "1234" },
		func(f *traces.Failure) { f.Digest = strings.Repeat("0", 32) },
	} {
		const reason = "the same seed now leads to other events: the code under test, or the file, has changed"
		stale(t, text, reason, func(_ *scenario.Scenario, f *traces.Failure) { change(f) })
	}
}

func TestAFileOfAnotherVersionOfTheScenarioIsStale(t *testing.T) {
	for _, change := range []func(*scenario.Scenario){
		func(s *scenario.Scenario) { s.Revision++ },
		func(s *scenario.Scenario) { s.Defaults.Servers++ },
		func(s *scenario.Scenario) { s.Bugs = append(s.Bugs, "another") },
	} {
		const reason = "the scenario register/single-copy has changed since the file was written"
		stale(t, []byte(pinnedText(t)), reason, func(s *scenario.Scenario, _ *traces.Failure) { change(s) })
	}
}

func TestAFileWhoseChoicesDoNotFitIsStale(t *testing.T) {
	for reason, change := range map[string]func(*traces.Failure){
		`the tape ends after 0 choices, but the run asks for "next" of 4`:             func(f *traces.Failure) { f.Choices = nil },
		`the tape ends after 7 choices, but the run asks for "next" of 3`:             func(f *traces.Failure) { f.Choices = f.Choices[:7] },
		`choice 1 is 1 of 2 for "boot" on the tape, but the run asks for "next" of 3`: func(f *traces.Failure) { f.Choices[1] = "1 of 2 boot" },
		`choice 7 is 1 of 3 for "next" on the tape, but the run asks for "next" of 2`: func(f *traces.Failure) { f.Operations[0].Do = f.Operations[0].Do[:1] },
	} {
		stale(t, []byte(pinnedText(t)), "the choices no longer fit: "+reason, func(_ *scenario.Scenario, f *traces.Failure) { change(f) })
	}
}

// boots breaks the rule that nothing outlives a world.
var boots int

func TestARunThatDependsOnMoreThanItsFileIsNondeterministic(t *testing.T) {
	s := wrapped("test/forgetful", func(ep *network.Endpoint) {
		boots++
		ep.After(time.Duration(boots)*time.Microsecond, func() {})
	})
	r := failing(t, s, nil)
	found, f := parsed(t, textOf(t, traces.NewFailure(s, r)), s)
	out := f.Replay(found, nil)
	require.Equal(t, traces.Nondeterministic, out.Status)
	require.Regexp(t, "^two runs of this file differ: digest "+out.Result.Digest.String()+", then [0-9a-f]{32}$", out.Reason)

	s.Revision++ // matters less
	require.Equal(t, traces.Nondeterministic, f.Replay(s, nil).Status)
}

func TestARunThatAlternatesIsNondeterministicUnlessItHappensToFit(t *testing.T) {
	odd := false
	s := wrapped("test/alternating", func(ep *network.Endpoint) {
		if ep.ID() == 0 {
			odd = !odd
		}
		if odd {
			ep.After(1, func() {})
		}
	})
	f := traces.NewFailure(s, failing(t, s, nil))
	for range 2 { // each replay runs it twice
		require.Equal(t, traces.Nondeterministic, f.Replay(s, nil).Status)
	}
	odd = !odd
	require.Equal(t, traces.Reproduced, f.Replay(s, nil).Status, "the first run has the digest: there is no second")
}

func TestStatusesHaveNames(t *testing.T) {
	require.Equal(t, "reproduced stale nondeterministic status(0) status(9)",
		fmt.Sprint(traces.Reproduced, traces.Stale, traces.Nondeterministic, traces.Status(0), traces.Status(9)))
}

// replayFile has a test binary replay a file and print the digest, instead of
// its tests.
const replayFile = "PHOENIX_TEST_REPLAY"

func TestAnotherProcessReplaysToTheSameDigest(t *testing.T) {
	if file := os.Getenv(replayFile); file != "" {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		s, f := parsed(t, text)
		out := f.Replay(s, nil)
		fmt.Printf("%s %s %d\n", out.Status, out.Result.Digest, out.Result.Events)
		return
	}
	for _, s := range scenario.Registers()[:2] {
		r := failing(t, s, nil)
		f := traces.NewFailure(s, r)
		file := filepath.Join(t.TempDir(), f.FileName())
		require.NoError(t, os.WriteFile(file, textOf(t, f), 0o666))
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), replayFile+"="+file)
		said, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", said)
		require.Contains(t, string(said), fmt.Sprintf("reproduced %s %d\n", r.Digest, r.Events))
	}
}

func TestTheNameOfAFileIsTheScenarioAndFourDigits(t *testing.T) {
	f := traces.Failure{Scenario: "register/single-copy", Digest: "1f3a" + strings.Repeat("0", 28)}
	require.Equal(t, "single-copy-1f3a.simfail", f.FileName())
}

func TestOnlyARunThatFailedHasAFailure(t *testing.T) {
	s := scenario.ABD()
	r := s.Run(scenario.Options{})
	const broken = "traces: a failure of a run that did not fail"
	require.PanicsWithValue(t, broken, func() { traces.NewFailure(s, r) })
	require.PanicsWithValue(t, broken, func() { _ = traces.WriteBlock(new(bytes.Buffer), s, r, "") })
}

// ran is a run that failed, with the given faults.
func ran(faults ...sim.FaultCount) *scenario.Result {
	return &scenario.Result{
		Seed: 42, Events: 61, Virtual: sim.Time(1839600 * time.Microsecond), Faults: faults,
		Outcomes: []properties.Outcome{{Verdict: properties.Pass}, {
			Name: scenario.LinearizableName, Verdict: properties.Fail, Detail: "not linearizable (key x): read of x returned 1 after 2 was acknowledged",
		}},
	}
}

func told(t *testing.T, s *scenario.Scenario, r *scenario.Result, replay string) string {
	var b strings.Builder
	require.NoError(t, traces.WriteBlock(&b, s, r, replay))
	return b.String()
}

func TestABlockTellsWhatFailedWhenAndHowToSeeItAgain(t *testing.T) {
	require.Equal(t, `FAIL register/single-copy: not linearizable (key x): read of x returned 1 after 2 was acknowledged
  seed 0x2a  events 61  virtual 1.84s  faults: partition 1/1 fired, 12 messages cut; crash 0/2 fired, 0 messages, timers and tasks lost
  replay:  go run ./cmd/simulate replay testdata/sim/single-copy-1f3a.simfail
  test:    go test ./nodes/register -run TestSingleCopy -sim.seed=0x2a
`, told(t, scenario.SingleCopy(), ran(
		sim.FaultCount{Name: "partition n1", Configured: 1, Fired: 1, Effect: 12},
		sim.FaultCount{Name: "crash s1", Configured: 2},
	), "go run ./cmd/simulate replay testdata/sim/single-copy-1f3a.simfail"))
}

func TestABlockLeavesOutWhatThereIsNot(t *testing.T) {
	r := ran()
	r.Outcomes[1].Name, r.Outcomes[1].Detail = scenario.NoPanicName, "index out of range at s1"
	require.Equal(t, `FAIL test/asking: no panic: index out of range at s1
  seed 0x2a  events 61  virtual 1.84s  faults: none
`, told(t, asking(), r, ""))
}

func TestABlockThatCannotBeWrittenIsAnError(t *testing.T) {
	require.ErrorIs(t, traces.WriteBlock(new(full), asking(), ran(), ""), errFull)
}
