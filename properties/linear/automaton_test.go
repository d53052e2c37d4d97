package linear

import (
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties/history"
)

func automatonName(a automaton) string { return fmt.Sprintf("%T", a)[len("*linear."):] }

// twin runs an automaton beside the definition of its model.
type twin struct {
	t      *testing.T
	opt    *Options
	ops    []*history.Operation
	s      *search
	auto   automaton
	path   []step
	hashes map[hash128]history.Value // of the states met, unless values are merged
	states map[history.Value]hash128
}

type step struct {
	op     int32
	undo   uint32
	before history.Value
	hash   hash128
}

// run applies and undoes operations at random, and compares after each.
func (w *twin) run(rng *rand.Rand, steps int) {
	state := w.opt.initial()
	left := make([]bool, len(w.ops))
	for i := range left {
		left[i] = true
	}
	for range steps {
		w.compare(state, left)
		if n := len(w.path); n > 0 && rng.IntN(3) == 0 {
			last := w.path[n-1]
			w.path = w.path[:n-1]
			w.auto.revert(last.op, w.s.class[last.op], last.undo)
			state, left[last.op] = last.before, true
			require.Equal(w.t, last.hash, w.auto.hash(), "it is as it was")
			continue
		}
		i := int32(rng.IntN(len(w.ops)))
		if possible, next := w.opt.step(state, w.ops[i]); possible && left[i] {
			before := w.auto.hash()
			w.path = append(w.path, step{i, w.auto.apply(i, w.s.class[i]), state, before})
			state, left[i] = next, false
		}
	}
}

// compare tries every operation in the present state.
func (w *twin) compare(state history.Value, left []bool) {
	register, merges := w.auto.(*registerAutomaton)
	if !merges {
		hash := w.auto.hash()
		if other, met := w.hashes[hash]; met {
			require.Equal(w.t, other, state, "different states, one hash")
		}
		if other, met := w.states[state]; met {
			require.Equal(w.t, other, hash, "one state, different hashes")
		}
		w.hashes[hash], w.states[state] = state, hash
	}
	for i, op := range w.ops {
		wantPossible, next := w.opt.step(state, op)
		possible, changes := w.auto.try(w.s.class[i])
		require.Equal(w.t, wantPossible, possible, "%v in %v, %+v", op, state, w.opt)
		switch {
		case !possible:
			continue
		case merges && !changes:
			require.True(w.t, w.alike(state, next), "%v in %v, %+v", op, state, w.opt)
		default:
			require.Equal(w.t, next != state, changes, "%v in %v, %+v", op, state, w.opt)
		}
		if w.s.observer[w.s.class[i]] && w.opt.Model != Multiset {
			require.Equal(w.t, state, next, "%v observes", op)
		} else if w.s.observer[w.s.class[i]] {
			was, _ := state.Items()
			is, _ := next.Items()
			require.False(w.t, slices.ContainsFunc(is, func(v history.Value) bool { return !slices.Contains(was, v) }))
		}
	}
	if merges && register.hash() == stateHash(0) && register.state != 0 {
		require.Zero(w.t, register.mismatches)
		for i, op := range w.ops {
			possible, _ := w.opt.step(state, op)
			require.True(w.t, !left[i] || op.Kind != history.Read || !possible || op.Out.IsNil(), "%v still tests %v", op, state)
		}
	}
}

// alike reports whether no operation tells a from b.
func (w *twin) alike(a, b history.Value) bool {
	return !slices.ContainsFunc(w.ops, func(op *history.Operation) bool {
		inA, _ := w.opt.step(a, op)
		inB, _ := w.opt.step(b, op)
		return inA != inB
	})
}

func TestAutomataDoWhatTheDefinitionSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 5))
	used := map[string]int{}
	for m := Register; m <= counting; m++ {
		for range 400 {
			d := newDraws(m, rng.IntN)
			ops := d.history(12, 4)
			for range rng.IntN(4) { // some that no history would have
				odd := d.operation(9)
				odd.Call, odd.Outcome = 100, history.Outcome(rng.IntN(3))
				if odd.Return = 100; odd.Outcome == history.Unknown {
					odd.Return = history.Pending
				}
				if d.opt.matters(&odd) {
					ops = append(ops, &odd)
				}
			}
			if len(ops) == 0 {
				continue
			}
			s, ok := newSearch(context.Background(), &d.opt, ops, DefaultSteps)
			require.True(t, ok)
			used[nameOf(m)+" "+automatonName(s.auto)]++
			w := twin{t: t, opt: &d.opt, ops: ops, s: s, auto: s.auto,
				hashes: map[hash128]history.Value{}, states: map[history.Value]hash128{}}
			w.run(rng, 60)
		}
	}
	require.Equal(t, map[string]int{
		"register registerAutomaton": 399, "cas-register registerAutomaton": 399,
		"kv registerAutomaton": 232, "kv appendAutomaton": 167,
		"queue lineAutomaton": 400, "stack lineAutomaton": 400,
		"set bagAutomaton": 398, "multiset bagAutomaton": 293, "multiset stepAutomaton": 105,
		"mutex lockAutomaton": 400, "lock lockAutomaton": 400, "a user's step stepAutomaton": 400,
	}, used)
}

func TestAnInitThatIsNoListIsLeftToTheDefinition(t *testing.T) {
	for _, m := range []Model{Queue, Stack} {
		ops := []*history.Operation{{Kind: models[m].kinds[0], Arg: history.Int(1), Return: 1}}
		s, ok := newSearch(context.Background(), &Options{Model: m, Init: history.Int(7)}, ops, 10)
		require.True(t, ok)
		require.Equal(t, "stepAutomaton", automatonName(s.auto))
	}
}

func TestOperationsOfOneClassHaveOneEffect(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 6))
	shared := 0
	for m := Register; m <= Lock; m++ {
		for range 300 {
			d := newDraws(m, rng.IntN)
			ops := d.history(12, 4)
			c := classify(&d.opt, ops)
			states := []history.Value{d.opt.initial(), d.value(), d.list(), history.List(d.list(), d.list())}
			if m == Mutex || m == Lock {
				states = []history.Value{{}, history.Bool(true), history.Int(int64(rng.IntN(5)))}
			}
			for i, op := range ops {
				other := c.ops[c.of[i]]
				if other != op {
					shared++
				}
				for _, state := range states {
					possible, next := d.opt.step(state, op)
					samePossible, sameNext := d.opt.step(state, other)
					require.Equal(t, possible, samePossible)
					require.True(t, !possible || next == sameNext, "%v and %v in %v", op, other, state)
				}
			}
		}
	}
	require.Equal(t, 4761, shared)
}

func TestMultiplicationModuloAMersennePrime(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 7))
	m := new(big.Int).SetUint64(modulus)
	for range 10_000 {
		a, b := rng.Uint64N(modulus), rng.Uint64N(modulus)
		want := new(big.Int).Mul(new(big.Int).SetUint64(a), new(big.Int).SetUint64(b))
		require.Equal(t, want.Mod(want, m).Uint64(), mulmod(a, b))
	}
	require.Equal(t, uint64(1), mulmod(modulus-1, modulus-1))
	require.Equal(t, uint64(0), mulmod(modulus-1, 0))
}
