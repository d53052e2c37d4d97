package linear

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
)

// flawed is an automaton with something wrong.
type flawed struct {
	automaton
	tries func(class int32, possible, changes bool) (bool, bool)
	keeps func(s *search, ops []int32) []int32
	hashs func() hash128
}

func (f *flawed) try(class int32) (possible, changes bool) {
	possible, changes = f.automaton.try(class)
	if f.tries != nil {
		return f.tries(class, possible, changes)
	}
	return possible, changes
}

func (f *flawed) hash() hash128 {
	if f.hashs != nil {
		return f.hashs()
	}
	return f.automaton.hash()
}

func (f *flawed) prune(s *search, ops []int32) []int32 {
	if p, ok := f.automaton.(pruner); ok {
		ops = p.prune(s, ops)
	}
	if f.keeps != nil {
		return f.keeps(s, ops)
	}
	return ops
}

// searchFlaws are mistakes that a search could make. Each plants one in a search
// that has not begun.
var searchFlaws = []struct {
	name  string
	plant func(s *search, f *flawed)
}{
	{"the state is left out of what is remembered", func(s *search, f *flawed) {
		f.hashs = func() hash128 { return stateHash(0) }
	}},
	{"the operations are left out of what is remembered", func(s *search, f *flawed) {
		f.hashs = func() hash128 { return f.automaton.hash().xor(s.set) }
	}},
	{"observers are linearized whatever they saw", func(s *search, f *flawed) {
		f.tries = func(class int32, possible, changes bool) (bool, bool) { return possible || s.observer[class], changes }
	}},
	{"whatever changes nothing now is linearized at once", func(s *search, f *flawed) {
		s.observer = slices.Repeat([]bool{true}, len(s.observer))
	}},
	{"operations that touch are in order", func(s *search, f *flawed) {
		for i := range s.limit {
			s.limit[i] = max(int32(i)+1, min(s.limit[i], int32(len(s.limit)))-1)
		}
	}},
	{"operations in order are concurrent", func(s *search, f *flawed) {
		for i := range s.limit {
			s.limit[i]++
		}
		s.pending++
	}},
	{"operations of unknown outcome must happen", func(s *search, f *flawed) {
		for i := range s.limit {
			s.limit[i] = min(s.limit[i], s.pending-1)
		}
		s.definite = len(s.limit)
	}},
	{"operations of unknown outcome never happen", func(s *search, f *flawed) {
		f.keeps = func(s *search, ops []int32) []int32 {
			return slices.DeleteFunc(ops, func(op int32) bool { return s.limit[op] == s.pending })
		}
	}},
	{"one operation fewer has to happen", func(s *search, f *flawed) {
		s.definite = max(0, s.definite-1)
	}},
	{"of what may be next only one is tried", func(s *search, f *flawed) {
		f.keeps = func(s *search, ops []int32) []int32 { return ops[:min(1, len(ops))] }
	}},
	{"operations dominate each other whatever they do", func(s *search, f *flawed) {
		f.keeps = func(s *search, ops []int32) []int32 {
			met := map[int32]bool{}
			return slices.DeleteFunc(ops, func(op int32) bool {
				again := met[s.limit[op]]
				met[s.limit[op]] = true
				return again
			})
		}
	}},
	{"what takes an element must come at once", func(s *search, f *flawed) {
		if l, ok := f.automaton.(*lineAutomaton); ok {
			l.takes.limit = make([]int32, len(s.limit))
		}
	}},
	{"an impossible operation is skipped", func(s *search, f *flawed) {
		f.tries = func(_ int32, _, changes bool) (bool, bool) { return true, changes }
	}},
}

func TestEveryFlawOfASearchIsCaughtByTryingEveryOrder(t *testing.T) {
	type example struct {
		opt  *Options
		ops  []*history.Operation
		want bool
	}
	var examples []example
	rng := rand.New(rand.NewPCG(4, 4))
	for m := Register; m <= counting; m++ {
		for range 600 {
			d := newDraws(m, rng.IntN)
			ops := d.history(8, 8)
			examples = append(examples, example{&d.opt, ops, tryEveryOrder(&d.opt, ops)})
		}
	}
	caught := map[string]int{}
	for _, e := range examples {
		require.False(t, betrayed(e.opt, e.ops, e.want, func(*search, *flawed) {}))
		for _, flaw := range searchFlaws {
			if betrayed(e.opt, e.ops, e.want, flaw.plant) {
				caught[flaw.name]++
			}
		}
	}
	require.Len(t, caught, len(searchFlaws))
	require.Equal(t, map[string]int{
		"an impossible operation is skipped":                 2880,
		"observers are linearized whatever they saw":         1041,
		"of what may be next only one is tried":              220,
		"one operation fewer has to happen":                  4475,
		"operations dominate each other whatever they do":    98,
		"operations in order are concurrent":                 161,
		"operations of unknown outcome must happen":          121,
		"operations of unknown outcome never happen":         165,
		"operations that touch are in order":                 1417,
		"the operations are left out of what is remembered":  56,
		"the state is left out of what is remembered":        1,
		"what takes an element must come at once":            4,
		"whatever changes nothing now is linearized at once": 11,
	}, caught)
}

// betrayed reports whether a search with a flaw gives a wrong verdict or proof, or
// breaks down.
func betrayed(opt *Options, ops []*history.Operation, want bool, plant func(*search, *flawed)) (caught bool) {
	s, ok := newSearch(context.Background(), opt, ops, 10_000)
	if !ok {
		return true
	}
	f := &flawed{automaton: s.auto}
	s.auto, s.prunes = f, f
	plant(s, f)
	defer func() { caught = caught || recover() != nil }()
	d := s.run()
	if (d.verdict == properties.Pass) != want {
		return true
	}
	if d.verdict == properties.Pass {
		requireProof(new(refusal), opt, ops, d.order)
	}
	return false
}
