package explore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/sim"
)

// wheel counts to 5, by its timer.
type wheel struct {
	turn *sim.Timer
	At   int
}

func (*wheel) Receive(network.ID, any) {}

func wheels(n int) Model {
	var m Model
	for i := range n {
		m.Nodes = append(m.Nodes, Node{Name: string(rune('a' + i)), Boot: func(ep *network.Endpoint) network.Handler {
			w := &wheel{}
			w.turn = ep.Timer("turn", func() {
				if w.At++; w.At < 5 {
					w.turn.Reset(1)
				}
			})
			w.turn.Reset(1)
			return w
		}})
	}
	return m
}

// weak is a set of visited states that is told only some bits of a fingerprint.
type weak struct {
	visited
	mask uint64
}

func (w weak) insertRow(fp uint64, r []uint32) bool { return w.visited.insertRow(fp&w.mask, r) }

// weakly searches with some bits of the fingerprints and returns how many states it found.
func weakly(t *testing.T, bits int, exact bool) uint64 {
	sys, err := newSystem(wheels(4), false)
	require.NoError(t, err)
	s, err := newSearch(sys, Config{Workers: 2, Exact: exact})
	require.NoError(t, err)
	initial, err := sys.initial()
	require.NoError(t, err)
	crew := make([]*breadthWorker, s.workers)
	for i := range crew {
		crew[i] = &breadthWorker{s: s, x: newExpander(sys), seen: weak{s.hold(), 1<<bits - 1}, judging: true}
		crew[i].state = crew[i].x.state()
	}
	crew[0].seen.enter()
	crew[0].admit(initial[0], 1)
	crew[0].seen.leave()
	crew[0].account()
	s.levels(crew, 0)
	require.NoError(t, s.err)
	return s.unique.Load()
}

func TestAnExactSearchLosesNothingToCollisions(t *testing.T) {
	const all = 6 * 6 * 6 * 6
	for _, bits := range []int{4, 8, 11} {
		require.EqualValues(t, all, weakly(t, bits, true), "%d bits", bits)
		require.Less(t, weakly(t, bits, false), uint64(all), "%d bits", bits)
	}
	require.EqualValues(t, all, weakly(t, 63, false))
}

// Numbers of parts hang on who met them first; fingerprints do not.
func TestFingerprintsDoNotDependOnTheOrderOfMeeting(t *testing.T) {
	sums := func(last bool) map[string]uint64 {
		sys, err := newSystem(wheels(3), false)
		require.NoError(t, err)
		initial, err := sys.initial()
		require.NoError(t, err)
		x := newExpander(sys)
		found := map[string]uint64{}
		queue := initial
		for len(queue) > 0 {
			at := queue[0]
			if last {
				at = queue[len(queue)-1]
				queue = queue[:len(queue)-1]
			} else {
				queue = queue[1:]
			}
			key := sys.plain(at)
			if _, known := found[key]; known {
				continue
			}
			found[key] = sumOf(at)
			require.NoError(t, x.expand(at))
			for i := range x.succs {
				queue = append(queue, x.make(nil, &x.succs[i]))
			}
		}
		return found
	}
	first := sums(false)
	require.Len(t, first, 6*6*6)
	require.Equal(t, first, sums(true))
}
