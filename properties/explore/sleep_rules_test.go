package explore

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/network"
)

// throng is a random model in which many ways lead to a state: few states of nodes, and a
// board, on which it is the same whoever put up a message first.
func throng(seed uint64) Model {
	r := rand.New(rand.NewPCG(seed, 0))
	c := &lottery{hosts: 4, states: 2, tokens: 2, spare: 3}
	react := func() reaction {
		a := reaction{next: r.IntN(c.states), token: r.IntN(c.tokens), on: r.IntN(2) == 0, ticks: r.IntN(6) == 0}
		for range r.IntN(4) {
			a.to = append(a.to, network.ID(r.IntN(c.hosts)))
		}
		return a
	}
	m := Model{Network: Board}
	for host := range c.hosts {
		states := make([][][]reaction, c.states)
		for s := range states {
			for range c.tokens + 1 {
				ways := make([]reaction, [...]int{0, 1, 1, 1, 1, 2}[r.IntN(6)])
				for i := range ways {
					ways[i] = react()
				}
				states[s] = append(states[s], ways)
			}
		}
		c.rules = append(c.rules, states)
		c.starts = append(c.starts, react())
		m.Nodes = append(m.Nodes, Node{Name: fmt.Sprint("n", host), Boot: c.boot})
	}
	return m
}

// speaker says something once.
type speaker struct{ Spoke bool }

func (*speaker) Receive(network.ID, any) {}

// speakers are three nodes that speak once each, at any time.
func speakers(observe func() Observer) Model {
	m := Model{Observe: observe}
	for i := range 3 {
		m.Nodes = append(m.Nodes, Node{Name: fmt.Sprint("n", i), Boot: func(ep *network.Endpoint) network.Handler {
			s := &speaker{}
			ep.Timer("speak", func() { s.Spoke = true; ep.Note("here") }).Reset(1)
			return s
		}})
	}
	return m
}

// Each rule that sleep sets rest upon is left out in turn, and states are lost then. For the
// last one it takes rare models: of some 11,700 throngs of at most 8,000 states, three.
func TestEachRuleOfSleepSetsIsNeeded(t *testing.T) {
	for _, c := range []struct {
		rule          string
		model         Model
		unique, fewer uint64
	}{
		{"told", speakers(func() Observer { return &firsts{} }), 16, 8},
		{"turns", speakers(nil), 8, 4},
		{"merged", throng(12979), 1958, 1957},
		{"merged", throng(13926), 2536, 2533},
	} {
		t.Run(c.rule, func(t *testing.T) {
			full, err := Search(c.model, Config{NoStop: true})
			require.NoError(t, err)
			all, err := Search(c.model, Config{NoStop: true, SleepSets: true})
			require.NoError(t, err)
			// One worker: which states a broken rule loses hangs on which way to a state comes first.
			some, err := SearchAsleep(c.model, Config{NoStop: true, Workers: 1}, c.rule)
			require.NoError(t, err)
			require.Equal(t, [3]uint64{c.unique, c.unique, c.fewer}, [3]uint64{full.Unique, all.Unique, some.Unique})
		})
	}
}

func TestStepsThatDependAreSeenNotToCommute(t *testing.T) {
	m := speakers(func() Observer { return &firsts{} })
	_, err := Commute(m, 100, "")
	require.NoError(t, err)
	_, err = Commute(m, 100, "told")
	require.ErrorContains(t, err, "lead to")
}

func TestSleepSetsLoseNoStatesOfThrongs(t *testing.T) {
	left := uint64(0)
	for seed := range uint64(40) {
		m := throng(seed)
		full, err := Search(m, Config{NoStop: true, MaxStates: 3000})
		require.NoError(t, err)
		if full.Limit != "" {
			continue
		}
		r, err := Search(m, Config{NoStop: true, SleepSets: true})
		require.NoError(t, err)
		require.Equal(t, [3]uint64{full.Unique, full.Generated, full.Terminal},
			[3]uint64{r.Unique, r.Generated + r.Asleep, r.Terminal})
		left += r.Asleep
	}
	require.Positive(t, left)
}
