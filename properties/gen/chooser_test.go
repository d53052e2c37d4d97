package gen_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties/gen"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// count runs clients that each read a counter and write back one more, all in one
// instant, and returns what the counter is in the end.
func count(w *sim.World, clients int) int {
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
	counter := 0
	server := n.Add("counter", func(ep *network.Endpoint) network.Handler {
		return handler(func(from network.ID, msg any) {
			if msg == "read" {
				ep.Send(from, counter)
				return
			}
			counter = msg.(int)
		})
	})
	for i := range clients {
		n.Add(string(rune('a'+i)), func(ep *network.Endpoint) network.Handler {
			ep.Send(server, "read")
			return handler(func(from network.ID, msg any) {
				ep.Send(from, msg.(int)+1)
			})
		})
	}
	w.Run(sim.Limit{})
	return counter
}

type handler func(from network.ID, msg any)

func (h handler) Receive(from network.ID, msg any) { h(from, msg) }

// turns runs two hosts that each take two turns in one instant, and returns who took
// which: a bug shows if b is done before a begins.
func turns(w *sim.World) string {
	order := ""
	for _, name := range []string{"a", "b"} {
		w.AddHost(name, func(h *sim.Host) {
			h.After(time.Millisecond, func() {
				order += name
				h.After(0, func() { order += name })
			})
		})
	}
	w.Run(sim.Limit{})
	return order
}

// picks returns the decisions of the smallest case for which a world goes wrong.
func picks(t *testing.T, wrong func(w *sim.World) bool) []sim.Pick {
	t.Helper()
	var last []sim.Pick
	f := inside(t, func(tb rapid.TB) {
		rapid.Check(tb, func(t *rapid.T) {
			w := sim.New(sim.Config{Chooser: gen.Chooser(t), Interleave: true})
			defer w.Close()
			if wrong(w) {
				last = w.Picks()
				t.Fatal("wrong")
			}
		})
	})
	require.True(t, f.failed, "no interleaving goes wrong")
	return last
}

func TestAChooserExploresInterleavingsAndShrinksThem(t *testing.T) {
	require.Equal(t, "abab", turns(sim.New(sim.Config{})), "first in, first out")
	next := func(picked int) sim.Pick { return sim.Pick{Label: "next", N: 2, Picked: picked} }
	require.Equal(t, []sim.Pick{next(0), next(1), next(1)},
		picks(t, func(w *sim.World) bool { return turns(w) == "bbaa" }), "two hosts boot in order, then b comes first twice")
}

func TestAnUpdateIsLostWhateverTheOrderAndShrinksToNoChoiceAtAll(t *testing.T) {
	for _, p := range picks(t, func(w *sim.World) bool { return count(w, 2) < 2 }) {
		require.Zero(t, p.Picked, "%+v", p)
	}
}

func TestChoicesAreDrawnUnderTheirLabels(t *testing.T) {
	f := inside(t, func(tb rapid.TB) {
		rapid.Check(tb, func(t *rapid.T) {
			c := gen.Chooser(t)
			if c.Choose("crash", 5) == 3 && c.Choose("where", 2) == 1 {
				t.Fatal("crashed")
			}
		})
	})
	require.Contains(t, f.log.String(), "draw crash: 3")
	require.Contains(t, f.log.String(), "draw where: 1")
}

func TestNoAlternativeIsRare(t *testing.T) {
	for _, n := range []int{2, 3, 5, 8} {
		drawn := make([]int, n)
		all(t, "10000", rapid.Custom(func(t *rapid.T) int { return gen.Chooser(t).Choose("x", n) }),
			func(_ *rapid.T, v int) { drawn[v]++ })
		for v, times := range drawn {
			require.Greater(t, times, draws/n/2, "%d of %d, %v", v, n, drawn)
		}
	}
}
