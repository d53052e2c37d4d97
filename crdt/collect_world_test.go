package crdt_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/crdt"
)

// forgetting is a type that collects: how to act on it, and what it must say.
type forgetting[S any] struct {
	// do adds key for r, or removes it, and returns the delta, nil if there was nothing to do.
	do      func(s *S, r crdt.Replica, key string, add bool) *S
	collect func(s *S, r crdt.Replica, contexts ...*crdt.CausalContext) (*S, int)
	read    func(s *S, key string) int
	// says specifies read, given the visible events of the key: no Collect is among them.
	says func(visible []happening) int
	// collected is how often something is collected in all histories of neverChanges.
	collected int
}

// happening is an event: bit i of saw is set if it saw event i.
type happening struct {
	id   int
	add  bool
	saw  uint64
	key  string
	what string
}

func (h *happening) sees(o happening) bool { return h.saw>>o.id&1 == 1 }

// removeWins says that an element is there if the last events, those that no other saw, are adds.
func removeWins(visible []happening) int {
	for _, e := range visible {
		last := !slices.ContainsFunc(visible, func(o happening) bool { return o.sees(e) })
		if last && !e.add {
			return 0
		}
	}
	return min(len(visible), 1)
}

// deathWins counts the updates that have seen every deletion.
func deathWins(visible []happening) (n int) {
	for _, e := range visible {
		killed := slices.ContainsFunc(visible, func(o happening) bool { return !o.add && !e.sees(o) })
		if e.add && !killed {
			n++
		}
	}
	return n
}

var forgettingWins = forgetting[wins]{
	do: func(s *wins, r crdt.Replica, key string, add bool) *wins {
		if add {
			return s.Add(r, key)
		}
		return s.Remove(r, key)
	},
	collect: (*wins).Collect,
	read:    func(s *wins, key string) int { return map[bool]int{true: 1}[s.Contains(key)] },
	says:    removeWins,

	collected: 570,
}

var forgettingHeroes = forgetting[heroes]{
	do: func(s *heroes, r crdt.Replica, key string, add bool) *heroes {
		if s.Dead(key) {
			return nil
		}
		if !add {
			return s.Delete(r, key)
		}
		d, _ := s.Update(r, key, hit(r)) // fails of the dead only
		return d
	},
	collect: (*heroes).Collect,
	read: func(s *heroes, key string) int {
		if v, ok := s.Get(key); ok {
			return int(v.Value())
		}
		return 0
	},
	says: deathWins,

	collected: 2324,
}

// collecting is three copies and what they have seen: each event has a delta, and so has each collection.
type collecting[S any] struct {
	typ    forgetting[S]
	copies [3]S
	seen   [3]uint64
	events []happening
	deltas []*S // nil of a collection that is not told
	known  [3][]*crdt.CausalContext

	untold, meet bool // defects
}

// step does one thing that draw chooses; draw returns a number below its argument.
func (w *collecting[S]) step(draw func(n int) int) {
	i, j := draw(3), draw(3)
	w.known[i] = append(w.known[i], w.context(i))
	switch what := draw(12); {
	case what < 3:
		key, what := []string{"x", "y"}[draw(2)], []string{"adds", "removes"}[draw(2)]
		if d := w.typ.do(&w.copies[i], crdt.Replica(i), key, what == "adds"); d != nil {
			w.happened(i, d, happening{add: what == "adds", key: key, what: what})
		}
	case what < 5 && len(w.events) > 0:
		if k := draw(len(w.events)); w.deltas[k] != nil && w.events[k].saw&^w.seen[i] == 0 {
			on(&w.copies[i]).Merge(w.deltas[k])
			w.seen[i] |= 1 << k
		}
	case what < 8: // they meet, or one tells the other
		on(&w.copies[i]).Merge(&w.copies[j])
		w.seen[i] |= w.seen[j]
		if what < 7 {
			on(&w.copies[j]).Merge(&w.copies[i])
			w.seen[j] |= w.seen[i]
		}
	case what < 9:
		on(&w.copies[i]).Merge(w.causal(j).Delta(w.causal(i).Context()))
		w.seen[i] |= w.seen[j]
	default:
		w.forget(i, draw)
	}
}

func (w *collecting[S]) causal(i int) crdt.Causal[S] { return any(&w.copies[i]).(crdt.Causal[S]) }

func (w *collecting[S]) context(i int) *crdt.CausalContext {
	c := &crdt.CausalContext{}
	c.Merge(w.causal(i).Context())
	return c
}

func (w *collecting[S]) happened(i int, d *S, h happening) {
	h.id, h.saw = len(w.events), w.seen[i]
	w.events, w.deltas = append(w.events, h), append(w.deltas, d)
	w.seen[i] |= 1 << h.id
}

// forget collects at i with what the copies had seen at any time.
func (w *collecting[S]) forget(i int, draw func(n int) int) {
	var contexts []*crdt.CausalContext
	for j := range w.copies {
		if len(w.known[j]) == 0 {
			return
		}
		contexts = append(contexts, w.known[j][len(w.known[j])-1-draw(min(8, len(w.known[j])))])
	}
	if w.meet {
		contexts = []*crdt.CausalContext{contexts[0].Meet(contexts[1]).Meet(contexts[2])}
	}
	if d, n := w.typ.collect(&w.copies[i], crdt.Replica(i), contexts...); n > 0 && !w.untold {
		w.happened(i, d, happening{what: "collects"})
	}
}

// wrong says which copy reads what it should not.
func (w *collecting[S]) wrong() string {
	for i := range w.copies {
		for _, key := range []string{"x", "y"} {
			var visible []happening
			for k, e := range w.events {
				if w.seen[i]>>k&1 == 1 && e.key == key {
					visible = append(visible, e)
				}
			}
			if got, want := w.typ.read(&w.copies[i], key), w.typ.says(visible); got != want {
				return fmt.Sprintf("copy %d says %d of %s, not %d", i, got, key, want)
			}
		}
	}
	return ""
}

// end lets all tell all, collects all, and says what was left or is wrong.
func (w *collecting[S]) end() string {
	for round := range 2 {
		for _, p := range [][2]int{{0, 1}, {0, 2}, {1, 0}, {2, 0}} {
			on(&w.copies[p[0]]).Merge(&w.copies[p[1]])
			w.seen[p[0]] |= w.seen[p[1]]
		}
		if round == 0 {
			w.typ.collect(&w.copies[0], 0, w.context(0), w.context(1), w.context(2))
		}
	}
	for i := range w.copies {
		if _, left := w.typ.collect(&w.copies[i], 9, w.context(i)); left > 0 {
			return fmt.Sprintf("copy %d keeps %d markers", i, left)
		}
		if !crdt.Same(on(&w.copies[i]), on(&w.copies[0])) {
			return fmt.Sprintf("copies 0 and %d differ", i)
		}
	}
	return w.wrong()
}

// history runs up to 60 steps and says what went wrong.
func (w *collecting[S]) history(draw func(n int) int) string {
	for range 10 + draw(51) {
		if w.step(draw); w.wrong() != "" {
			return w.wrong()
		}
	}
	return w.end()
}

func neverChanges[S any](t *testing.T, typ forgetting[S]) {
	rapid.Check(t, func(t *rapid.T) {
		w := &collecting[S]{typ: typ}
		why := w.history(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "n") })
		require.Empty(t, why, "%v", w.events)
	})
	collected := 0
	for seed := range uint64(3000) {
		w := &collecting[S]{typ: typ}
		why := w.history(rand.New(rand.NewPCG(seed, 0)).IntN)
		require.Empty(t, why, "seed %d: %v", seed, w.events)
		collected += len(slices.DeleteFunc(w.events, func(h happening) bool { return h.what != "collects" }))
	}
	require.Equal(t, typ.collected, collected, "collections in all")
}

func TestCollectNeverChangesARemoveWinsSet(t *testing.T) { neverChanges(t, forgettingWins) }
func TestCollectNeverChangesATombstoneMap(t *testing.T)  { neverChanges(t, forgettingHeroes) }

// The first seed that finds a collection which is not told, and one that goes by what all have seen and does
// not ask for what any has seen.
func TestCollectionsThatGoWrongAreFound(t *testing.T) {
	found := map[string]string{}
	look := func(name string, history func(draw func(int) int) string) {
		for seed := range uint64(5000) {
			if why := history(rand.New(rand.NewPCG(seed, 0)).IntN); why != "" {
				found[name] = fmt.Sprintf("seed %d: %s", seed, why)
				return
			}
		}
	}
	for _, untold := range []bool{true, false} {
		look(fmt.Sprintf("set, untold %v", untold), func(draw func(int) int) string {
			return (&collecting[wins]{typ: forgettingWins, untold: untold, meet: !untold}).history(draw)
		})
		look(fmt.Sprintf("map, untold %v", untold), func(draw func(int) int) string {
			return (&collecting[heroes]{typ: forgettingHeroes, untold: untold, meet: !untold}).history(draw)
		})
	}
	require.Equal(t, map[string]string{
		"set, untold true":  "seed 1661: copy 2 says 0 of x, not 1",
		"set, untold false": "seed 9: copy 0 says 1 of y, not 0",
		"map, untold true":  "seed 184: copy 1 says 0 of x, not 1",
		"map, untold false": "seed 9: copy 0 says 1 of y, not 0",
	}, found)
}
