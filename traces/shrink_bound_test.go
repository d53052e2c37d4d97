package traces

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/nodes"
	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"
)

// tardy is a scenario that fails after so many events as its number of faults says: the
// fewer faults, the later.
func tardy(operations int, after map[int]uint64) (*scenario.Scenario, *Failure) {
	s := scenario.SingleCopy()
	s.Name = "test/tardy"
	s.Defaults.Servers, s.Defaults.Clients, s.Defaults.Workload.Operations = 1, 1, operations
	s.Defaults.Nemesis, s.Defaults.Heal, s.Defaults.Until = chaos.Nemesis{}, 0, time.Hour
	for i := range 2 {
		at := time.Duration(i+1) * time.Millisecond
		s.Defaults.Faults = append(s.Defaults.Faults,
			chaos.Fault{At: at, For: time.Millisecond, Kind: chaos.Pause, On: chaos.Hosts("s1")})
	}
	s.Declare = func(set *properties.Set, c *scenario.Cluster) {
		set.Always("soon", func() error {
			if n, ok := after[len(c.Config.Faults)]; ok && c.World.Events() >= n {
				return errors.New("late")
			}
			return nil
		})
	}
	return s, NewFailure(s, s.Run(scenario.Options{}))
}

// A draft that was looked at while longer runs were followed counts as if it had been
// tried when its turn came: else the result would depend on the width.
func TestWhatABatchLooksAtCountsAsIfItsTurnHadCome(t *testing.T) {
	s, f := tardy(12_000, map[int]uint64{2: 20_000, 1: 1000, 0: 12_000})
	var events []uint64
	for _, width := range []int{1, 2} {
		sh := newShrinker(context.Background(), s, f, ShrinkOptions{Width: width})
		require.NoError(t, sh.begin(f))
		short, long := sh.best.draft.clone(), sh.best.draft.clone()
		short.cfg.Faults, long.cfg.Faults = short.cfg.Faults.Without(0), nil
		require.Zero(t, sh.first([]*draft{short, long}))
		require.Less(t, sh.patience, uint64(8000))
		require.Equal(t, -1, sh.first([]*draft{long}), "it takes more events than that")
		events = append(events, sh.events)
		sh.patience = 30_000 // as after a detour
		require.Zero(t, sh.first([]*draft{long}), "not so any more")
		require.Equal(t, 3, sh.runs, "width %d", width)
	}
	require.Equal(t, events[0], events[1])
}

// The memory keeps little of a run, and what it knows to fail can be taken later on.
func TestTheMemoryKeepsNoRuns(t *testing.T) {
	s, f := tardy(100, map[int]uint64{2: 200, 1: 100, 0: 300})
	sh := newShrinker(context.Background(), s, f, ShrinkOptions{})
	require.NoError(t, sh.begin(f))
	before := sh.best
	d := before.draft.clone()
	d.cfg.Faults = nil
	require.Zero(t, sh.first([]*draft{d}))
	require.Equal(t, -1, sh.first([]*draft{before.draft, d}))
	for _, known := range sh.memo {
		require.Nil(t, known.result)
		require.Nil(t, known.account)
		require.Nil(t, known.draft)
	}
	sh.best = before
	require.Zero(t, sh.first([]*draft{d}))
	require.NotNil(t, sh.best.result)
	require.Equal(t, 2, sh.runs, "it is run again, and not counted again")
}

func TestAShrinkingIsBoundedByEventsToo(t *testing.T) {
	s, f := tardy(100, map[int]uint64{2: 200, 1: 100})
	whole, err := Shrink(context.Background(), s, f, ShrinkOptions{})
	require.NoError(t, err)
	part, err := Shrink(context.Background(), s, f, ShrinkOptions{Events: 1000})
	require.NoError(t, err)
	require.Greater(t, whole.Virtual, uint64(2000))
	require.Less(t, part.Virtual, uint64(1000+5400), "the run that passes the bound is the last")
	require.False(t, part.Failure.Shrink.Done)
}

// Numbers that somebody wrote into a file lead to no endless shrinking, and cost nothing
// but the pass that they are about.
func TestAbsurdProgressIsNoProgress(t *testing.T) {
	s, f := tardy(100, map[int]uint64{2: 200, 1: 100})
	whole, err := Shrink(context.Background(), s, f, ShrinkOptions{})
	require.NoError(t, err)
	for _, state := range []Shrinking{
		{Idle: math.MaxInt}, {Step: math.MaxInt}, {Pass: math.MaxInt}, {Idle: -5, Step: -5, Pass: -5}, {Runs: math.MaxInt},
	} {
		absurd := *f
		absurd.Shrink = &state
		small, err := Shrink(context.Background(), s, &absurd, ShrinkOptions{})
		require.NoError(t, err)
		require.True(t, small.Failure.Shrink.Done)
		if state.Idle != math.MaxInt && state.Pass != math.MaxInt { // which say where to go on, and that nothing is there
			require.Equal(t, whole.To, small.To, "%+v", state)
		}
	}
}

// Racks follow their hosts, so that hosts can go.
func TestHostsOfRacksGoToo(t *testing.T) {
	d := &draft{cfg: scenario.Config{
		Servers: 3, Clients: 1, Racks: map[string][]string{"a": {"s1", "s2"}, "b": {"s3", "c1"}},
	}, scripts: [][]nodes.Op{nil}}
	names := map[string]string{}
	removeName(names, "s", 0, 3)
	require.True(t, d.renameHosts(names))
	require.Equal(t, map[string][]string{"a": {"s1"}, "b": {"s2", "c1"}}, d.cfg.Racks)
}

// Two operations that are told by one line, for they are the same at one time, have no
// line to split.
func TestAnOperationWithoutALineOfItsOwnIsNotSplit(t *testing.T) {
	call := &sim.Event{Seq: 2, At: 5}
	op := operation{call: call, end: &sim.Event{Seq: 9, At: 50}, server: sim.NoHost}
	told := []Step{{At: 5, Number: 1, event: 1}, {At: 20, Number: 1, event: 4}}
	tell := &teller{steps: told}
	tell.splitReturn(op)
	require.Equal(t, told, tell.steps)
}

func TestTheIntervalHoldsTheShare(t *testing.T) {
	for n := 1; n <= 200; n++ {
		for _, k := range []int{0, n / 3, n} {
			low, high := wilson(k, n)
			share := float64(k) / float64(n)
			require.LessOrEqual(t, low, share, "%d of %d", k, n)
			require.GreaterOrEqual(t, high, share, "%d of %d", k, n)
		}
	}
}
