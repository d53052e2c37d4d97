package linear

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
)

// anySmall draws a history of one key of a model and at most most operations,
// whose answers are anything. Of ten operations, two are pending.
func anySmall(m Model, most int, draw func(below int) int) (*history.History, Options) {
	opt := Options{Model: m, NilRead: NilRead(draw(2))}
	value := func() history.Value { return history.Int(int64(draw(2))) }
	switch {
	case m == KV:
		value = func() history.Value {
			return []history.Value{{}, history.Text(""), history.Text("a"), history.Text("b"), history.Text("ab")}[draw(5)]
		}
		fallthrough
	case m <= KV:
		opt.Init = value()
	case m < Mutex:
		value = func() history.Value {
			return []history.Value{{}, history.Int(1), history.Int(2), history.Int(3)}[(draw(12)+2)/4]
		}
		if draw(3) == 0 {
			opt.Init = history.List(value(), value())
		}
	}
	kinds := models[m].kinds
	h := &history.History{}
	for client := range 4 + draw(most-3) {
		o := history.Operation{Client: client, Kind: kinds[draw(len(kinds))], Arg: value(), Old: value(), Call: int64(draw(3 * most))}
		if m == KV && o.Kind == history.Append {
			o.Arg = history.Text([]string{"a", "b"}[draw(2)])
		}
		o.Return = o.Call + int64(draw(2*most))
		if d := draw(10); d < 2 {
			o.Outcome, o.Return = history.Unknown, history.Pending
		} else if d == 2 {
			o.Outcome = history.Failed
		}
		if m == Lock {
			o.Client = client % 3
		}
		switch {
		case !o.Kind.Takes():
			o.Arg, o.Out = history.Value{}, value()
		case o.Kind == history.Contains, o.Kind.Answers() && draw(2) == 0:
			o.Out = history.Bool(draw(2) == 0)
		}
		if m == Set || m == Multiset {
			if o.Kind == history.Read {
				o.Out = history.List([]history.Value{value(), value(), value()}[:draw(3)]...)
			}
		}
		if o.Kind == history.Acquire || o.Kind == history.Release || o.Outcome == history.Unknown {
			o.Out = history.Value{}
		}
		h.Operations = append(h.Operations, o)
	}
	slices.SortStableFunc(h.Operations, func(a, b history.Operation) int { return int(a.Call - b.Call) })
	separate(h, m)
	return h, opt
}

// separate makes clients wait for their answers. Only a Lock's have more than
// one operation.
func separate(h *history.History, m Model) {
	if m != Lock {
		return
	}
	busy := map[int]int64{}
	h.Operations = slices.DeleteFunc(h.Operations, func(o history.Operation) bool {
		until, known := busy[o.Client]
		if known && until >= o.Call {
			return true
		}
		busy[o.Client] = o.Return
		return false
	})
}

func TestEveryVerdictComesWithACertificateThatHolds(t *testing.T) {
	for m := range Model(len(models)) {
		rng := rand.New(rand.NewPCG(3, uint64(m)))
		passes, fails, operations, others := 0, 0, 0, 0
		for range 4000 {
			h, opt := anySmall(m, 8, rng.IntN)
			res, err := Check(context.Background(), h, opt)
			require.NoError(t, err)
			if res.Verdict == properties.Pass {
				passes++
				requireOrders(t, h, opt, res)
				continue
			}
			fails++
			require.Equal(t, properties.Fail, res.Verdict)
			requireMinimal(t, h, opt, res)
			operations += len(res.Contradiction.Operations)
			others += len(res.Contradiction.Others)
		}
		require.Equal(t, certified[m], [3]int{passes, fails, operations}, m)
		require.Less(t, others, 2*fails, m)
	}
}

// certified are the numbers of passes and fails, and of the operations of all
// contradictions: one or two on average, of up to eight.
var certified = [...][3]int{
	Register: {2563, 1437, 1798}, CASRegister: {2119, 1881, 2432}, KV: {1259, 2741, 3209},
	Queue: {1130, 2870, 3376}, Stack: {1442, 2558, 3049}, Set: {692, 3308, 3499}, Multiset: {1055, 2945, 3258},
	Mutex: {1671, 2329, 4691}, Lock: {417, 3583, 4401},
}

// requireOrders requires that the orders of res hold, and so does the one that
// trying all of them finds.
func requireOrders(t *testing.T, h *history.History, opt Options, res Result) {
	t.Helper()
	for _, o := range res.Orders {
		require.NoError(t, VerifyOrder(h, opt, o))
	}
	var o Order
	var ops []*history.Operation
	var at []int32
	for i := range h.Operations {
		if opt.matters(&h.Operations[i]) {
			ops, at = append(ops, &h.Operations[i]), append(at, int32(i))
		}
	}
	order, exists, err := anyOrder(&opt, ops, verifySteps)
	require.NoError(t, err)
	require.True(t, exists)
	for _, i := range order {
		o.Operations = append(o.Operations, at[i])
	}
	require.NoError(t, VerifyOrder(h, opt, o))
}

// requireMinimal requires that the contradiction of res holds, has the culprit,
// and can spare nothing.
func requireMinimal(t *testing.T, h *history.History, opt Options, res Result) {
	t.Helper()
	c := res.Contradiction
	require.NotNil(t, c, "%v %+v", h.Operations, opt)
	require.NoError(t, c.Verify(h, opt), "%v %+v", h.Operations, opt)
	culprit := slices.IndexFunc(h.Operations, func(o history.Operation) bool { return o.Client == res.Culprit.Client && o.Call == res.Culprit.Call })
	require.Contains(t, c.Operations, int32(culprit))
	require.NotEmpty(t, c.Sentence)
	without := func(list []int32, i int) []int32 { return slices.Delete(slices.Clone(list), i, i+1) }
	for i := range c.Operations {
		fewer := Contradiction{Operations: without(c.Operations, i), Others: c.Others}
		require.Error(t, fewer.Verify(h, opt), "%v without %d of %v", c, i, h.Operations)
		op := &h.Operations[c.Operations[i]]
		if !changes(op) {
			continue
		}
		fewer.Others = slices.Sorted(slices.Values(append(slices.Clone(c.Others), c.Operations[i])))
		require.Error(t, fewer.Verify(h, opt), "%v with %d relaxed of %v", c, i, h.Operations)
	}
	for i := range c.Others {
		fewer := Contradiction{Operations: c.Operations, Others: without(c.Others, i)}
		require.Error(t, fewer.Verify(h, opt), "%v without other %d of %v", c, i, h.Operations)
	}
}

// Whatever is asked about a history that has an order, a closed set of it has one.
func TestNoClosedSetOfARightHistoryIsRefuted(t *testing.T) {
	for m := range Model(len(models)) {
		rng := rand.New(rand.NewPCG(4, uint64(m)))
		sets, closed, smaller := 0, 0, 0
		for range 6000 {
			h, opt := anySmall(m, 8, rng.IntN)
			ops := make([]*history.Operation, 0, len(h.Operations))
			for i := range h.Operations {
				if opt.matters(&h.Operations[i]) {
					ops = append(ops, &h.Operations[i])
				}
			}
			if _, exists, err := anyOrder(&opt, ops, verifySteps); err != nil || !exists {
				continue
			}
			for range 4 {
				var c Contradiction
				for i := range h.Operations {
					if op := &h.Operations[i]; opt.matters(op) && op.Outcome != history.Unknown && rng.IntN(2) == 0 {
						c.Operations = append(c.Operations, int32(i))
					}
				}
				if len(c.Operations) == 0 {
					continue
				}
				sets++
				if c.closeOver(h, &opt); len(c.Operations)+len(c.Others) < len(ops) {
					smaller++
				}
				require.ErrorIs(t, c.verify(h, &opt), errHasOrder, "%v of %v %+v", c, h.Operations, opt)
				closed++
			}
		}
		require.Equal(t, sets, closed)
		require.Greater(t, smaller, sets/10, m)
	}
}

// closeOver adds the others that a closed set needs.
func (c *Contradiction) closeOver(h *history.History, opt *Options) {
	objects, err := split(h, opt)
	if err != nil {
		panic(err)
	}
	o := objects[0]
	last := int32(0)
	for i := range o.ops {
		if slices.Contains(c.Operations, o.at[i]) && returnedBy(o.ops, last, int32(i)) || !slices.Contains(c.Operations, o.at[last]) {
			last = int32(i)
		}
	}
	m := newMinimizer(context.Background(), opt, o.ops, last, 0)
	m.scene = m.whole
	roles := make([]role, len(m.scene.ops))
	for i := range roles {
		if slices.Contains(c.Operations, o.at[i]) {
			roles[i] = definite
		}
	}
	m.closeOver(roles)
	for i, r := range roles {
		if r == optional {
			c.Others = append(c.Others, o.at[i])
		}
	}
}

func TestAnEngineThatFailsARightHistoryPanics(t *testing.T) {
	h := script(t, Register, "0 :invoke :write 1", "0 :ok :write 1", "1 :invoke :read nil", "1 :ok :read 1")
	objects, err := split(h, &Options{})
	require.NoError(t, err)
	opt := Options{}
	c := checker{ctx: context.Background(), opt: &opt, h: h}
	require.PanicsWithValue(t, "linear: the prefix that ends with read of 1 by client 1 was found to fail and to pass", func() {
		c.contradict(&objects[0], failing{last: 1})
	})
	wrong := Contradiction{Operations: []int32{0, 1}}
	require.PanicsWithValue(t, "linear: an engine was wrong, it failed a history: it has an order: write 1, read of 1", func() {
		mustHold(wrong.verify(h, &opt), "it failed a history")
	})
	require.NotPanics(t, func() { mustHold(errTooLarge, "") })
}

// An engine that fails everything leaves the culprit alone at last.
func TestAMinimizerWithAWrongEngineIsFoundOut(t *testing.T) {
	h, opt := generate(workload{Model: Register, Operations: 40, Clients: 3, Seed: 1}), Options{}
	m := newMinimizer(context.Background(), &opt, pointers(h), 30, 1_000_000)
	m.judge = func(context.Context, *Options, []*history.Operation, int64) decision {
		return decision{verdict: properties.Fail, steps: 1}
	}
	require.True(t, m.fromAll())
	m.minimize()
	require.Equal(t, definite, m.roles[30])
	c := Contradiction{}
	for i, r := range m.roles {
		if r == definite {
			c.Operations = append(c.Operations, m.at[i])
		} else if r == optional {
			c.Others = append(c.Others, m.at[i])
		}
	}
	err := c.verify(h, &opt)
	require.ErrorIs(t, err, errHasOrder)
	require.PanicsWithValue(t, "linear: an engine was wrong, it failed a history: "+err.Error(), func() { mustHold(err, "it failed a history") })
}

func TestAnEngineThatPassesAWrongHistoryPanics(t *testing.T) {
	h := script(t, Register, "0 :invoke :write 1", "0 :ok :write 1", "1 :invoke :read nil", "1 :ok :read 2")
	opt := Options{}
	c := checker{opt: &opt, h: h, orders: []Order{{Operations: []int32{0, 1}}}}
	require.PanicsWithValue(t, "linear: an engine was wrong, it passed a history: linear: order: "+
		"operation 1 (read of 2 by client 1) cannot happen after those placed ahead of it", c.prove)
	c.orders[0].Operations = []int32{0}
	require.PanicsWithValue(t, "linear: an engine was wrong, it passed a history: linear: order: "+
		"operation 1 (read of 2 by client 1) is missing", c.prove)
}

// The restricted history of a pending CAS keeps its condition unless something
// outside may have made it true.
func TestACASAmongTheOthersWritesIfItsConditionIsOpen(t *testing.T) {
	cas := history.Operation{Client: 0, Kind: history.CAS, Outcome: history.Unknown, Old: history.Text("a"), Arg: history.Text("b"), Return: history.Pending}
	read := history.Operation{Client: 1, Out: history.Text("b"), Call: 5, Return: 6}
	outsider := history.Operation{Client: 2, Kind: history.Append, Arg: history.Text("a"), Call: 1, Return: 2}
	appended := history.Operation{Client: 3, Kind: history.Append, Outcome: history.Unknown, Arg: history.Text("b"), Call: 2, Return: history.Pending}
	kindWith := func(ops []*history.Operation, roles ...role) history.Kind {
		_, restricted := newScene(&Options{Model: KV}, ops, 6).restrict(roles)
		return restricted[0].Kind
	}
	all := []*history.Operation{&cas, &outsider, &appended, &read}
	require.Equal(t, history.CAS, kindWith(all, optional, optional, optional, definite))
	require.Equal(t, history.Write, kindWith(all, optional, outside, optional, definite), "an append makes any text")
	outsider.Kind, outsider.Arg = history.Write, history.Text("c")
	require.Equal(t, history.Write, kindWith(all, optional, outside, optional, definite), "c may become a text that an append makes an a")
	require.Equal(t, history.CAS, kindWith(all[:2], optional, outside), "nothing appends to c")
	outsider.Arg = history.Text("a")
	require.Equal(t, history.Write, kindWith(all[:2], optional, outside))
	read.Call, read.Return, cas.Call = 3, 4, 5
	require.Equal(t, history.CAS, kindWith([]*history.Operation{&cas, &outsider, &read}, optional, outside, definite), "the read overwrote it")
}

func TestPendingOperationsThatDoTheSameAreTriedInOneOrder(t *testing.T) {
	var ops []*history.Operation
	for client := range 30 {
		ops = append(ops, &history.Operation{Client: client, Kind: history.Write, Arg: history.Int(1), Outcome: history.Unknown, Return: history.Pending})
	}
	for i := range int64(8) {
		ops = append(ops, &history.Operation{Client: 30, Kind: history.Write, Arg: history.Int(0), Call: 8 * i, Return: 8*i + 1})
		ops = append(ops, &history.Operation{Client: 30, Out: history.Int(1), Call: 8*i + 2, Return: 8*i + 3})
	}
	ops = append(ops, &history.Operation{Client: 30, Out: history.Int(2), Call: 100, Return: 101})
	_, exists, err := anyOrder(&Options{}, ops, 1000)
	require.NoError(t, err)
	require.False(t, exists)
}

func TestTheVerifierGivesUpOnTooManyOrders(t *testing.T) {
	h := record(t, hard("x", 24)...)
	ops := make([]*history.Operation, len(h.Operations))
	for i := range h.Operations {
		ops[i] = &h.Operations[i]
	}
	_, _, err := anyOrder(&Options{Model: KV}, ops, 1000)
	require.True(t, errors.Is(err, errTooLarge))
}
