package linear

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
)

// returned lists what returned, in the order of that: byReturn said simply.
func returned(ops []*history.Operation) []*history.Operation {
	done := slices.DeleteFunc(slices.Clone(ops), func(o *history.Operation) bool { return o.Return == history.Pending })
	slices.SortStableFunc(done, func(a, b *history.Operation) int { return cmp.Compare(a.Return, b.Return) })
	return done
}

// cut returns the prefix of ops that ends with the return of done[last]: upTo
// said simply.
func cut(ops, done []*history.Operation, last int) prefix {
	p := prefix{culprit: done[last]}
	for i, op := range ops {
		switch {
		case slices.Contains(done[:last+1], op):
			p.ops, p.at = append(p.ops, op), append(p.at, int32(i))
		case op.Call <= p.culprit.Return && op.Outcome != history.Failed && op.Kind != history.Read && op.Kind != history.Contains:
			open := *op
			open.Outcome, open.Return, open.Out = history.Unknown, history.Pending, history.Value{}
			p.ops, p.at = append(p.ops, &open), append(p.at, int32(i))
		}
	}
	return p
}

func TestPrefixesAreWhatHadBeenCalledByAReturn(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for range 20_000 {
		h, opt := anySmall(Model(rng.IntN(len(models))), 12, rng.IntN)
		objects, err := split(h, &opt)
		require.NoError(t, err)
		if len(objects) == 0 {
			continue
		}
		ops := objects[0].ops
		done := returned(ops)
		for i, last := range byReturn(ops) {
			require.Same(t, done[i], ops[last])
			require.Equal(t, cut(ops, done, i), upTo(&opt, ops, last))
		}
	}
}

func TestOperationsAreSortedByReturnHoweverFarApart(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for bits := range 64 {
		var ops []*history.Operation
		for call := range 100 {
			ops = append(ops, &history.Operation{Call: int64(call) - 50, Return: 50 + int64(rng.Uint64()>>(64-bits)>>1)})
		}
		for i, last := range byReturn(ops) {
			require.Same(t, returned(ops)[i], ops[last])
		}
	}
}

// An engine may say of any operations that they are the core.
func TestAnyCoreLeadsToTheShortestFailingPrefix(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	fails, begun := 0, 0
	for range 6000 {
		h, opt := anySmall(Model(rng.IntN(len(models))), 8, rng.IntN)
		objects, err := split(h, &opt)
		require.NoError(t, err)
		if len(objects) == 0 {
			continue
		}
		ops := objects[0].ops
		d := decide(context.Background(), &opt, ops, opt.stepBound())
		if d.verdict != properties.Fail {
			continue
		}
		fails++
		var core []int32
		for i := range ops {
			if rng.IntN(2) == 0 {
				core = append(core, int32(i))
			}
		}
		want, ok := whereFails(context.Background(), &opt, ops, nil)
		require.True(t, ok)
		got, ok := whereFails(context.Background(), &opt, ops, core)
		require.True(t, ok)
		require.Equal(t, want.last, got.last, "%v %v", h.Operations, core)
		if got.begun != nil {
			begun++
		}
	}
	require.Greater(t, begun, fails/8)
}

func TestAStaleReadCostsOneMoreQuestion(t *testing.T) {
	h := generate(workload{Model: Register, Operations: 2000, Clients: 4, Stale: 1, Seed: 3})
	ops := pointers(h)
	opt := Options{}
	whole := decide(context.Background(), &opt, ops, opt.stepBound())
	require.Equal(t, properties.Fail, whole.verdict)
	without, ok := whereFails(context.Background(), &opt, ops, nil)
	require.True(t, ok)
	operations, _, ok := contradict(context.Background(), &opt, ops, without)
	require.True(t, ok)
	s := shortest{ctx: context.Background(), opt: &opt, ops: ops, left: opt.stepBound(), good: none}
	s.fail(s.before(none), operations)
	require.Equal(t, without.last, s.bad)
	s.ask(s.before(s.bad))
	require.Equal(t, s.before(s.bad), s.good)
	require.Empty(t, s.done, "nothing had to be sorted")
}

func TestAPinIsTheLatestToBeCalledOfThoseThatReturned(t *testing.T) {
	ops := []*history.Operation{
		{Kind: history.Write, Call: 0, Return: 9},
		{Kind: history.Write, Call: 1, Return: 2},
		{Kind: history.Write, Call: 3, Return: 10},
		{Kind: history.Read, Call: 10, Return: 11},
	}
	p := newScene(&Options{}, ops, 11).pins([]role{definite, definite, definite, definite})
	require.Equal(t, int64(1), p.before(ops[3]), "the last had not returned, by the tie rule")
	require.Equal(t, int64(math.MinInt64), p.before(ops[1]))
}
