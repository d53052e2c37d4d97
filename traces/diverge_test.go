package traces_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/sim"
	"phoenix/traces"
)

// steps returns a run that emits a note for each name, one millisecond apart.
func steps(names ...string) func(func(*sim.World)) error {
	return func(watch func(*sim.World)) error {
		w := sim.New(sim.Config{})
		defer w.Close()
		watch(w)
		h := w.AddHost("host", nil)
		for i, name := range names {
			w.At(sim.Time(i*1_000_000), func() { h.Note("%s", name) })
		}
		w.Run(sim.Limit{})
		return nil
	}
}

func TestEqualRunsDoNotDiverge(t *testing.T) {
	d, err := traces.Compare(steps("a", "b"), steps("a", "b"), 3)
	require.NoError(t, err)
	require.Nil(t, d)
}

func TestTheFirstDifferenceIsShownWithTheEventsAroundIt(t *testing.T) {
	d, err := traces.Compare(steps("a", "b", "c", "d", "e", "f"), steps("a", "b", "c", "D", "e", "F"), 2)
	require.NoError(t, err)
	require.Equal(t, uint64(4), d.Common)
	require.Equal(t, []string{"name"}, d.Fields)
	require.Equal(t, `equal up to event 4, the next differs in name
both   |     3          1ms host     note    b
both   |     4          2ms host     note    c
first  |     5          3ms host     note    d
first  |     6          4ms host     note    e
first  |     7          5ms host     note    f
second |     5          3ms host     note    D
second |     6          4ms host     note    e
second |     7          5ms host     note    F
`, d.String())
}

func TestARunThatEndsEarlierSaysSo(t *testing.T) {
	long, short := steps("a", "b", "c"), steps("a")
	d, err := traces.Compare(short, long, 1)
	require.NoError(t, err)
	require.Equal(t, `the first ends after event 2, the second goes on
both   |     2           0s host     note    a
second |     3          1ms host     note    b
second |     4          2ms host     note    c
`, d.String())
	require.Nil(t, d.Fields)
	d, err = traces.Compare(long, short, 0)
	require.NoError(t, err)
	require.Equal(t, `the second ends after event 2, the first goes on
first  |     3          1ms host     note    b
`, d.String())
}

// Any two sequences: the divergence is where a comparison of slices says.
func TestTheDivergenceIsTheFirstDifference(t *testing.T) {
	names := rapid.SliceOf(rapid.SampledFrom([]string{"a", "b"}))
	rapid.Check(t, func(rt *rapid.T) {
		a, b, around := names.Draw(rt, "a"), names.Draw(rt, "b"), rapid.IntRange(0, 3).Draw(rt, "around")
		d, err := traces.Compare(steps(a...), steps(b...), around)
		require.NoError(rt, err)
		if slices.Equal(a, b) {
			require.Nil(rt, d)
			return
		}
		same := 0
		for same < min(len(a), len(b)) && a[same] == b[same] {
			same++
		}
		require.Equal(rt, uint64(1+same), d.Common) // the boot
		require.Len(rt, d.Before, min(around, 1+same))
		require.Len(rt, d.A, min(len(a)-same, 1+around))
		require.Len(rt, d.B, min(len(b)-same, 1+around))
		require.Equal(rt, same == len(a) || same == len(b), d.Fields == nil)
	})
}

func TestEveryFieldOfAnEventIsCompared(t *testing.T) {
	e := traces.Event{}
	o := traces.Event{Seq: 1, At: 1, Kind: 1, Host: "a", Peer: "b", ID: 1, Arg: 1, N: 1, Name: "x", Cause: 1, Value: traces.Value{Form: traces.Nil}}
	require.Equal(t, []string{"seq", "at", "kind", "host", "peer", "id", "arg", "n", "name", "cause", "value"}, e.Differences(o))
	require.Empty(t, o.Differences(o))
}

// Binary logs compare what was encoded, of which JSON does not show all.
func TestAPointerToNilIsNotNil(t *testing.T) {
	var none *int
	nothing, something := logOf(t, struct{ P **int }{}), logOf(t, struct{ P **int }{&none})
	d, err := traces.Diverge(open(t, nothing).Events(), open(t, something).Events(), 0)
	require.NoError(t, err)
	require.Equal(t, []string{"value"}, d.Fields)
	d, err = traces.Diverge(open(t, nothing).Events(), open(t, jsonl(t, something)).Events(), 0)
	require.NoError(t, err)
	require.Nil(t, d)
}

func TestADamagedLogIsAnErrorUnlessItDiffersBefore(t *testing.T) {
	log := jsonl(t, record(t, story))
	torn := log[:bytes.Index(log, []byte(`{"seq":9,`))]
	_, err := traces.Diverge(open(t, torn).Events(), open(t, log).Events(), 0)
	require.ErrorIs(t, err, traces.ErrTruncated)
	_, err = traces.Diverge(open(t, log).Events(), open(t, torn).Events(), 0)
	require.ErrorIs(t, err, traces.ErrTruncated)
	other := bytes.Replace(log, []byte(`"host":"alpha","id":1,"cause":1`), []byte(`"host":"alpha","id":2,"cause":1`), 1)
	d, err := traces.Diverge(open(t, torn).Events(), open(t, other).Events(), 100)
	require.NoError(t, err)
	require.Equal(t, uint64(1), d.Common)
	require.Len(t, d.A, 7)
	require.Len(t, d.B, 18)
}

func TestALiveRunIsComparedWithALog(t *testing.T) {
	again := func(watch func(*sim.World)) error {
		w := sim.New(sim.Config{Seed: 42})
		defer w.Close()
		watch(w)
		story(w)
		return nil
	}
	d, err := traces.Diverge(open(t, record(t, story)).Events(), traces.Live(again), 1)
	require.NoError(t, err)
	require.Nil(t, d)
	for e, err := range traces.Live(again) {
		require.NoError(t, err)
		if e.Seq == 3 {
			break
		}
	}
}

func TestAFailingRunEndsItsEvents(t *testing.T) {
	failed := errors.New("no such scenario")
	count := func(run func(func(*sim.World)) error) (n int, err error) {
		for _, e := range traces.Live(run) {
			if e != nil {
				return n, e
			}
			n++
		}
		return n, nil
	}
	n, err := count(func(watch func(*sim.World)) error { _ = steps("a")(watch); return failed })
	require.Equal(t, 2, n)
	require.ErrorIs(t, err, failed)
	_, err = count(func(func(*sim.World)) error { return failed })
	require.ErrorIs(t, err, failed)
	_, err = count(func(func(*sim.World)) error { return nil })
	require.EqualError(t, err, "traces: a run did not call watch with its world")
	_, err = count(func(watch func(*sim.World)) error {
		w := sim.New(sim.Config{})
		w.AddHost("early", nil)
		w.Run(sim.Limit{})
		watch(w)
		return nil
	})
	require.ErrorContains(t, err, "expected a new one")
	require.PanicsWithValue(t, "traces: a run has watched two worlds", func() {
		_, _ = count(func(watch func(*sim.World)) error { _ = steps()(watch); return steps()(watch) })
	})
	_, err = count(func(watch func(*sim.World)) error {
		return steps("")(func(w *sim.World) { watch(w); w.Emit(sim.Event{}) })
	})
	require.ErrorContains(t, err, "event 1 is of kind 0")
}
