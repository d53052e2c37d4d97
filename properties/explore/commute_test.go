package explore

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"phoenix/network"

	"github.com/stretchr/testify/require"
)

// sleepy returns a random model whose steps commute.
func sleepy(seed uint64) Model {
	r := rand.New(rand.NewPCG(seed, 0))
	m, _ := randomLottery(r).model(r)
	m.Lossy, m.Faults, m.Properties, m.Idle = false, Budget{}, nil, r.IntN(3) == 0
	return m
}

func TestWhoSleepsChangesNoCount(t *testing.T) {
	compared := 0
	for seed := range uint64(150) {
		m := sleepy(seed)
		want, err := Search(m, Config{Exact: true, Workers: 1, MaxStates: mostFound})
		require.NoError(t, err)
		if want.Limit != "" {
			continue
		}
		compared++
		for _, cfg := range []Config{{Workers: 1}, {Workers: 3}, {Workers: 1, Order: DepthFirst}, {Workers: 3, Order: DepthFirst}} {
			sys, err := newSystem(m, false)
			require.NoError(t, err)
			s, err := newSearch(sys, cfg)
			require.NoError(t, err)
			require.True(t, s.sleeping())
			require.NoError(t, s.run())
			got, err := s.result()
			require.NoError(t, err)
			about := fmt.Sprintf("model %d, %v, %d workers", seed, cfg.Order, cfg.Workers)
			require.Equal(t, want.Unique, got.Unique, about)
			require.Equal(t, want.Generated, got.Generated, about)
			require.Equal(t, want.Terminal, got.Terminal, about)
			require.Equal(t, want.Observers, got.Observers, about)
			require.Equal(t, want.Locals, got.Locals, about)
			if cfg.Order == BreadthFirst {
				require.Equal(t, want.Depth, got.Depth, about)
			}
		}
	}
	require.Greater(t, compared, 100)
}

// before is the nodes before the one that takes a step.
func before(s *succ) uint32 { return 1<<s.host - 1 }

// addressees is the nodes that a step sends to.
func addressees(sys *system, s *succ) (set uint32) {
	for _, id := range s.out.sends {
		set |= 1 << sys.messages.at(id).to
	}
	return set
}

// TestWhoSleepsIsNoMoreThanMay leaves out each condition in turn: then states are lost.
func TestWhoSleepsIsNoMoreThanMay(t *testing.T) {
	rules := []struct {
		name   string
		asleep func(sys *system, s *succ) uint32
		loses  bool
	}{
		{"as it is", func(_ *system, s *succ) uint32 { return s.out.asleep }, false},
		{"in no order", func(sys *system, s *succ) uint32 {
			if s.out.told != 0 {
				return 0
			}
			return ^(1<<s.host | addressees(sys, s))
		}, true},
		{"whoever is sent to", func(_ *system, s *succ) uint32 {
			if s.out.told != 0 {
				return 0
			}
			return before(s)
		}, true},
		{"whatever is told", func(sys *system, s *succ) uint32 { return before(s) &^ addressees(sys, s) }, true},
	}
	lost := make([]int, len(rules))
	for seed := range uint64(150) {
		all := drowsily(t, sleepy(seed), func(*system, *succ) uint32 { return 0 })
		for i, rule := range rules {
			if all < mostFound && drowsily(t, sleepy(seed), rule.asleep) < all {
				lost[i]++
			}
		}
	}
	for i, rule := range rules {
		require.Equal(t, rule.loses, lost[i] > 0, "%s: states are lost of %d models", rule.name, lost[i])
	}
}

const mostFound = 4000

// drowsily counts the states that a breadth-first search finds, until there are too many.
func drowsily(t *testing.T, m Model, asleep func(*system, *succ) uint32) int {
	sys, err := newSystem(m, false)
	require.NoError(t, err)
	queue, err := sys.initial()
	require.NoError(t, err)
	seen := map[uint64]bool{}
	for _, r := range queue {
		seen[sumOf(r)] = true
	}
	x := newExpander(sys)
	x.sleeps = true
	for len(queue) > 0 && len(seen) < mostFound {
		require.NoError(t, x.expand(queue[0]))
		queue = queue[1:]
		for i := range x.succs {
			if s := &x.succs[i]; !seen[s.sum] {
				seen[s.sum] = true
				next := x.make(nil, s)
				next[rowAsleep] = asleep(sys, s)
				queue = append(queue, next)
			}
		}
	}
	return len(seen)
}

func TestWhereStepsDoNotCommuteNobodySleeps(t *testing.T) {
	sleeps := func(change func(*Model), cfg Config) bool {
		m := wheels(3)
		m.Symmetric = []Group{{Nodes: []network.ID{0, 1, 2}}}
		change(&m)
		sys, err := newSystem(m, cfg.Symmetry)
		require.NoError(t, err)
		s, err := newSearch(sys, cfg)
		require.NoError(t, err)
		return s.sleeping()
	}
	same := func(*Model) {}
	require.True(t, sleeps(same, Config{}))
	require.True(t, sleeps(same, Config{Order: DepthFirst}))
	require.True(t, sleeps(same, Config{MaxDepth: 3}))
	require.False(t, sleeps(same, Config{Order: DepthFirst, MaxDepth: 3}))
	require.False(t, sleeps(same, Config{Exact: true}))
	require.False(t, sleeps(same, Config{Symmetry: true}))
	require.False(t, sleeps(same, Config{SleepSets: true})) // who is asleep there is known better
	for _, change := range []func(*Model){
		func(m *Model) { m.Network = Duplicating },
		func(m *Model) { m.Lossy = true },
		func(m *Model) { m.Faults.Drops = 1 },
		func(m *Model) { m.Faults.Crashes = 1 },
		func(m *Model) { m.Within = func(*State) bool { return true } },
	} {
		require.False(t, sleeps(change, Config{}))
	}
}

// The race detector sees to it: to ignore a message is a step on Ordered channels.
func TestWhatChangesNothingIsNotChangedWhileOthersTakeIt(t *testing.T) {
	deaf := func(*network.Endpoint) network.Handler { return quiet{} }
	m := Model{Network: Ordered, Nodes: []Node{{Name: "deaf", Boot: deaf}}}
	const senders, each = 3, 24
	for i := range senders {
		m.Nodes = append(m.Nodes, Node{Name: fmt.Sprint("sender", i), Boot: func(ep *network.Endpoint) network.Handler {
			for k := range each {
				ep.Send(0, k)
			}
			return quiet{}
		}})
	}
	for _, order := range []Order{BreadthFirst, DepthFirst} {
		r, err := Search(m, Config{Workers: 4, Order: order})
		require.NoError(t, err)
		require.Equal(t, uint64((each+1)*(each+1)*(each+1)), r.Unique)
		require.Equal(t, uint64(1+senders*each*(each+1)*(each+1)), r.Generated)
	}
}
