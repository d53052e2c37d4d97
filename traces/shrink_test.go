package traces_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"
	"phoenix/traces"
)

// trouble is a plan of which no failure needs more than two faults.
const trouble = `
	at 60ms for 108ms crash s1
	at 120ms for 300ms partition partial s1 c1 | s2 s3 c2 c3
	at 165ms for 132ms pause s3
	at 200ms for 150ms slow s2 by 9ms
	at 380ms for 250ms partition one-way s1 | s2 s3
	at 700ms for 90ms crash s1
`

// troubled returns the defaults of a scenario with that plan in the place of a nemesis,
// and a planted bug.
func troubled(t testing.TB, s *scenario.Scenario, bug string) *scenario.Config {
	cfg := s.Defaults
	cfg.Bug, cfg.Nemesis = bug, chaos.Nemesis{}
	plan, err := chaos.ParsePlan(trouble)
	require.NoError(t, err)
	cfg.Servers, cfg.Clients, cfg.Faults = 3, 3, plan
	return &cfg
}

// found returns the first failures of a scenario in trouble.
func found(t testing.TB, p plantedBug, n int) (*scenario.Scenario, []*traces.Failure) {
	s := p.scenario()
	cfg := troubled(t, s, p.bug)
	var all []*traces.Failure
	for seed := p.first; len(all) < n; seed++ {
		require.Less(t, seed, p.first+1000, "%s %s is found", s.Name, p.bug)
		if r := s.Run(scenario.Options{Seed: seed, Config: cfg}); r.Failed() != nil {
			all = append(all, traces.NewFailure(s, r))
		}
	}
	return s, all
}

// workers are options to try so many candidates side by side.
func workers(n int) traces.ShrinkOptions {
	return traces.ShrinkOptions{Width: n, Parallel: func(n int, run func(int)) {
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() { run(i) })
		}
		all.Wait()
	}}
}

func shrink(t testing.TB, s *scenario.Scenario, f *traces.Failure, opt traces.ShrinkOptions) *traces.Shrunk {
	small, err := traces.Shrink(context.Background(), s, f, opt)
	require.NoError(t, err)
	return small
}

// planted are scenarios with what is planted in them.
var planted = []plantedBug{
	{scenario.SingleCopy, "", 0, 3},
	{scenario.PrimaryBackup, "", 0, 3},
	{scenario.ABD, "record-overwrites", 0, 3},
	{scenario.ABD, "local-sequence", 0x200, 1},
}

type plantedBug struct {
	scenario func() *scenario.Scenario
	bug      string
	first    uint64 // the seed to begin with
	runs     int
}

// pinnedSizes change with the protocols, the faults and the shrinker; they had better
// not grow.
var pinnedSizes = []string{
	"register/single-copy  0x0: 2 operations, 4 hosts, 18 events, 0 faults; 2 matter",
	"register/single-copy  0x1: 2 operations, 4 hosts, 18 events, 0 faults; 2 matter",
	"register/single-copy  0x2: 2 operations, 4 hosts, 18 events, 0 faults; 2 matter",
	"register/primary-backup  0x0: 2 operations, 4 hosts, 69 events, 1 fault; 3 matter",
	"register/primary-backup  0x8: 2 operations, 3 hosts, 105 events, 1 fault; 3 matter",
	"register/primary-backup  0xb: 2 operations, 4 hosts, 66 events, 1 fault; 3 matter",
	"register/abd record-overwrites 0x1: 3 operations, 6 hosts, 75 events, 0 faults; 3 matter",
	"register/abd record-overwrites 0x2: 3 operations, 6 hosts, 75 events, 0 faults; 3 matter",
	"register/abd record-overwrites 0x6: 3 operations, 6 hosts, 75 events, 0 faults; 3 matter",
	"register/abd local-sequence 0x218: 3 operations, 5 hosts, 59 events, 1 fault; 5 matter",
}

func TestPlantedBugsShrinkToAFewEventsAndTwoFaults(t *testing.T) {
	var sizes []string
	for _, p := range planted {
		s, failures := found(t, p, p.runs)
		for _, f := range failures {
			small := shrink(t, s, f, traces.ShrinkOptions{})
			story, r := traces.Tell(s, small.Failure, false)
			require.True(t, small.Failure.Shrink.Done)
			require.LessOrEqual(t, story.Matter, 8, "%s %s %s", s.Name, p.bug, f.Seed)
			require.LessOrEqual(t, small.To.Faults, 2, "%s %s %s", s.Name, p.bug, f.Seed)
			require.Equal(t, string(f.Property), r.Failed().Name)
			require.Equal(t, small.Failure.Digest, r.Digest.String(), "the file is that of the run")
			sizes = append(sizes, fmt.Sprintf("%s %s %s: %d operations, %d hosts, %s; %d matter",
				s.Name, p.bug, f.Seed, small.To.Operations, small.To.Hosts, small.To, story.Matter))
		}
	}
	require.Equal(t, pinnedSizes, sizes)
}

func TestWhatIsFoundDoesNotDependOnTheNumberOfWorkers(t *testing.T) {
	for _, p := range planted {
		s, failures := found(t, p, 1)
		f := failures[0]
		one := shrink(t, s, f, workers(1))
		for _, n := range []int{4, 7} {
			many := shrink(t, s, f, workers(n))
			require.Equal(t, string(textOf(t, one.Failure)), string(textOf(t, many.Failure)), "%s with %d", s.Name, n)
			require.Equal(t, one.Runs, many.Runs)
			require.Equal(t, one.Virtual, many.Virtual)
		}
		few := workers(4)
		few.Runs = one.Runs / 3
		bounded := few
		bounded.Width = 1
		require.Equal(t, shrink(t, s, f, bounded).Failure, shrink(t, s, f, few).Failure, "nor if it ends early")
	}
}

func TestTheSmallestFailureIsParsedAndReproduced(t *testing.T) {
	for _, p := range planted {
		s, failures := found(t, p, 1)
		small := shrink(t, s, failures[0], traces.ShrinkOptions{})
		again, f := parsed(t, textOf(t, small.Failure))
		out := f.Replay(again, nil)
		require.Equal(t, traces.Reproduced, out.Status, out.Reason)
		require.Equal(t, small.Failure.Shrink, f.Shrink)
		twice := shrink(t, again, f, traces.ShrinkOptions{})
		require.Equal(t, 1, twice.Runs, "what is done is not done again")
	}
}

func TestAShrinkingIsResumedWhereItWas(t *testing.T) {
	for _, p := range planted {
		s, failures := found(t, p, 1)
		f := failures[0]
		whole := shrink(t, s, f, traces.ShrinkOptions{})
		for _, runs := range []int{7, 40, 150} {
			total := 0
			part := &traces.Shrunk{Failure: f}
			for f := f; part.Failure.Shrink == nil || !part.Failure.Shrink.Done; f = part.Failure {
				part = shrink(t, s, f, traces.ShrinkOptions{Runs: runs})
				require.LessOrEqual(t, part.Runs, runs)
				_, part.Failure = parsed(t, textOf(t, part.Failure)) // as from its file
				total += part.Runs
				require.Equal(t, total, part.Failure.Shrink.Runs)
				if runs < 40 && total > 20*runs {
					break // it would take long in such small steps
				}
			}
			require.Equal(t, f.Digest, part.Failure.Shrink.Of)
			require.Equal(t, whole.Failure.Shrink.From, part.Failure.Shrink.From)
			if part.Failure.Shrink.Done {
				require.LessOrEqual(t, part.To.Faults, whole.To.Faults, "%s by %d", s.Name, runs)
				require.LessOrEqual(t, part.To.Operations, whole.To.Operations, "%s by %d", s.Name, runs)
			}
		}
	}
}

func TestAnInterruptedShrinkingLeavesTheBestSoFar(t *testing.T) {
	s, failures := found(t, planted[1], 1)
	f := failures[0]
	ctx, stop := context.WithCancel(context.Background())
	var kept []*traces.Failure
	small, err := traces.Shrink(ctx, s, f, traces.ShrinkOptions{Accepted: func(f *traces.Failure) {
		if kept = append(kept, f); len(kept) == 5 {
			stop()
		}
	}})
	require.NoError(t, err)
	require.Len(t, kept, 5)
	require.Equal(t, kept[4], small.Failure)
	require.False(t, small.Failure.Shrink.Done)
	for _, f := range kept {
		out := f.Replay(s, nil)
		require.Equal(t, traces.Reproduced, out.Status, "each of them is a failure: %s", out.Reason)
		require.LessOrEqual(t, f.Config.Servers+f.Config.Clients, 6)
	}
}

func TestARunThatDoesNotFailIsNotShrunk(t *testing.T) {
	s := scenario.SingleCopy()
	f := traces.NewFailure(s, failing(t, s, nil))
	f.Property = "no panic"
	_, err := traces.Shrink(context.Background(), s, f, traces.ShrinkOptions{})
	require.ErrorIs(t, err, traces.ErrNotFailing)
	f = traces.NewFailure(s, failing(t, s, nil))
	f.Operations = []traces.Script{{Client: "c1"}, {Client: "c2"}}
	_, err = traces.Shrink(context.Background(), s, f, traces.ShrinkOptions{})
	require.ErrorIs(t, err, traces.ErrNotFailing)
}

// rival is a scenario in which two properties fail: one where a server crashes and there
// are at least three operations, another that hides it where there are fewer.
func rival() *scenario.Scenario {
	s := scenario.SingleCopy()
	s.Name = "test/rival"
	s.Defaults.Servers, s.Defaults.Clients, s.Defaults.Workload.Operations = 1, 1, 8
	s.Defaults.Nemesis = chaos.Nemesis{}
	s.Defaults.Faults = chaos.Plan{
		{At: 50 * time.Millisecond, For: 10 * time.Millisecond, Kind: chaos.Pause, On: chaos.Hosts("s1")},
		{At: 800 * time.Millisecond, For: 10 * time.Millisecond, Kind: chaos.Crash, On: chaos.Hosts("s1")},
	}
	s.Defaults.Links.Delay = network.Constant(time.Millisecond)
	s.Declare = func(set *properties.Set, c *scenario.Cluster) {
		calls, crashes := 0, 0
		c.World.Observe(func(e *sim.Event) {
			switch e.Kind {
			case sim.Invoke:
				calls++
			case sim.Crash:
				crashes++
			}
		})
		claim := func(name string, wrong func() bool) {
			set.Always(name, func() error {
				if wrong() {
					return fmt.Errorf("%d calls, %d crashes", calls, crashes)
				}
				return nil
			})
		}
		claim("few calls", func() bool { return crashes == 1 && calls < 3 })
		claim("many calls", func() bool { return crashes == 1 && calls >= 3 })
	}
	return s
}

func TestACandidateThatFailsAnotherPropertyIsRefused(t *testing.T) {
	s := rival()
	r := s.Run(scenario.Options{})
	require.Equal(t, "many calls", r.Failed().Name)
	small := shrink(t, s, traces.NewFailure(s, r), traces.ShrinkOptions{})
	require.Equal(t, "many calls", string(small.Failure.Property))
	require.Equal(t, 3, small.To.Operations, "with fewer, the other property fails")
	require.Equal(t, 1, small.To.Faults)
	require.Equal(t, "3 calls, 1 crashes", string(small.Failure.Detail))

	f := *small.Failure
	f.Operations = []traces.Script{{Client: "c1", Do: f.Operations[0].Do[:2]}}
	out := f.Replay(s, nil)
	require.Equal(t, "few calls", out.Result.Failed().Name, "it was there to be taken")
}

// What is to come about in the end has the same time for it in the smallest failure: with
// less time, a protocol without a bug would fail as well.
func TestTheTimeToRecoverIsNotShortenedForWhatIsLate(t *testing.T) {
	s := rival()
	s.Defaults.Until, s.Defaults.Heal = time.Second, 10*time.Second
	s.Defaults.Faults[1].Kind = chaos.Pause
	s.Declare = func(set *properties.Set, c *scenario.Cluster) {
		set.Eventually("calm", func() error {
			switch {
			case len(c.Config.Faults) > 0:
				return errors.New("there were faults")
			case c.World.Now() < sim.Time(3*time.Second):
				return errors.New("it takes a while")
			}
			return nil
		})
	}
	small := shrink(t, s, traces.NewFailure(s, s.Run(scenario.Options{})), traces.ShrinkOptions{})
	require.Equal(t, s.Defaults.Heal, small.Failure.Config.Heal)
	require.Equal(t, 1, small.To.Faults)
	require.Equal(t, "there were faults", strings.TrimPrefix(string(small.Failure.Detail), "did not hold after the faults had healed: "))
}

// deliveries returns when each message between some hosts arrived.
func deliveries(s *scenario.Scenario, cfg *scenario.Config, hosts ...string) (all []string) {
	concerned := func(name string) bool { return strings.Contains(strings.Join(hosts, " "), name) }
	s.Run(scenario.Options{Seed: 7, Config: cfg, Watch: func(w *sim.World) {
		w.Observe(func(e *sim.Event) {
			if e.Kind == sim.Deliver && concerned(w.HostName(e.Host)) && concerned(w.HostName(e.Peer)) {
				all = append(all, fmt.Sprintf("%s %s to %s", e.At, w.HostName(e.Peer), w.HostName(e.Host)))
			}
		})
	}})
	return all
}

// Promise 2: an edit to a run leaves the rest as it was drawn. The two servers of single
// copies do not know of each other, so what concerns one of them alone must not change
// because the other suffers less, though all of it is left to chance.
func TestDroppingOneFaultChangesNoUnrelatedDraw(t *testing.T) {
	s := scenario.SingleCopy()
	cfg := s.Defaults
	cfg.Nemesis, cfg.Heal = chaos.Nemesis{}, 0
	cfg.Links.Duplicate, cfg.Links.Reorder = network.ProbOf(0.1), network.ProbOf(0.1)
	plan, err := chaos.ParsePlan(`
		at 100ms for 300ms duplicate 50% between s1 and c1
		at 150ms for 100ms partition partial s2 | c2
		at 85ms for 30ms pause s2
	`)
	require.NoError(t, err)
	cfg.Faults = plan
	one, two := deliveries(s, &cfg, "s1", "c1"), deliveries(s, &cfg, "s2", "c2")
	require.Greater(t, len(one), 40)
	for _, i := range []int{1, 2} {
		less := cfg
		less.Faults = plan.Without(i)
		require.Equal(t, one, deliveries(s, &less, "s1", "c1"))
		require.NotEqual(t, two, deliveries(s, &less, "s2", "c2"), "fault %d mattered", i)
	}
	less := cfg
	less.Faults = plan.Without(0)
	require.Equal(t, two, deliveries(s, &less, "s2", "c2"))
	require.NotEqual(t, one, deliveries(s, &less, "s1", "c1"))
}
