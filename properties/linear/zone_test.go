package linear

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/properties"
	"phoenix/properties/history"
)

// mattering lists the operations that matter, as decide gets them.
func mattering(opt *Options, ops []history.Operation) (list []*history.Operation) {
	for i := range ops {
		if opt.matters(&ops[i]) {
			list = append(list, &ops[i])
		}
	}
	return list
}

// requireOrder checks an order by the definitions: each operation is possible
// when its turn comes, none comes after one that was called after it had
// returned, and none is missing unless its outcome is unknown.
func requireOrder(t require.TestingT, opt Options, ops []*history.Operation, order []int32) {
	there := make([]bool, len(ops))
	held := opt.Init
	for _, i := range order {
		require.False(t, there[i], "operation %d comes twice", i)
		there[i] = true
		after, ok := bruteStep(held, *ops[i], opt)
		require.True(t, ok, "%v when the register holds %v", ops[i], held)
		held = after
	}
	least := history.Pending
	for _, i := range slices.Backward(order) {
		least = min(least, ops[i].Return)
		require.LessOrEqual(t, ops[i].Call, least, "%v comes after what it preceded", ops[i])
	}
	for i, op := range ops {
		require.True(t, there[i] || op.Outcome == history.Unknown, "%v is not in the order", op)
	}
}

// requireContradiction checks that the operations of core have no order, even
// if all others that wrote what they saw may happen at any time after their
// call, or never, and need not find what they expect. A CAS from a value to
// itself did not write it.
func requireContradiction(t require.TestingT, opt Options, ops []*history.Operation, core []int32) {
	var left []history.Operation
	seen := make(map[history.Value]bool)
	for _, i := range core {
		op := ops[i]
		seen[op.Old] = seen[op.Old] || op.Kind == history.CAS
		seen[op.Out] = seen[op.Out] || op.Kind == history.Read
		seen[history.Value{}] = seen[history.Value{}] || op.Out == history.Text("")
		left = append(left, *op)
	}
	for i, op := range ops {
		if !slices.Contains(core, int32(i)) && op.Outcome != history.Failed && seen[op.Arg] &&
			(op.Kind == history.Write || (op.Kind == history.CAS && op.Old != op.Arg)) {
			left = append(left, history.Operation{Kind: history.Write, Outcome: history.Unknown, Arg: op.Arg,
				Call: op.Call, Return: history.Pending})
		}
	}
	require.False(t, bruteForce(left, opt), "core %v of %v %+v", core, values(ops), opt)
}

// requireRight compares the monitor with trying every order and checks what it
// proves its decision with. It returns what the monitor answers.
func requireRight(t require.TestingT, opt Options, drawn []history.Operation) (d decision, ok bool) {
	ops := mattering(&opt, drawn)
	d, ok = monitorRegister(&opt, ops)
	if !ok {
		return d, ok
	}
	possible := bruteForce(drawn, opt)
	require.Equal(t, possible, d.verdict == properties.Pass, "%v %+v", drawn, opt)
	if possible {
		requireOrder(t, opt, ops, d.order)
	} else {
		requireContradiction(t, opt, ops, d.core)
	}
	return d, ok
}

// firstFailing returns the return that ends the shortest prefix without order.
func firstFailing(opt Options, drawn []history.Operation) int64 {
	var ends []int64
	for _, op := range drawn {
		ends = append(ends, op.Return)
	}
	slices.Sort(ends)
	for _, end := range ends {
		var prefix []history.Operation
		for _, op := range drawn {
			if op.Return > end {
				op.Outcome, op.Return = history.Unknown, history.Pending
			}
			if op.Call <= end && (op.Kind != history.Read || op.Outcome == history.OK) {
				prefix = append(prefix, op)
			}
		}
		if !bruteForce(prefix, opt) {
			return end
		}
	}
	return history.Pending
}

func TestMonitorOfRegistersAgreesWithTryingEveryOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	var passed, failed, undecided, first, largest int
	for range 60_000 {
		p := newPlausible(rng.IntN, 3+rng.IntN(6))
		drawn := p.history()
		d, ok := requireRight(t, p.opt, drawn)
		switch {
		case !ok:
			undecided++
		case d.verdict == properties.Pass:
			passed++
		default:
			failed++
			largest = max(largest, len(d.core))
			last := int64(0)
			for _, i := range d.core {
				if op := mattering(&p.opt, drawn)[i]; op.Outcome != history.Unknown {
					last = max(last, op.Return)
				}
			}
			if last == firstFailing(p.opt, drawn) {
				first++
			}
		}
	}
	require.Equal(t, []int{38196, 13817, 7987}, []int{passed, failed, undecided})
	require.Equal(t, []int{12264, 6}, []int{first, largest}, "cores complete with the shortest failing prefix; largest core")
}

func TestMonitorOfRegistersIsRightAboutDrawnHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(below int) int { return rapid.IntRange(0, below-1).Draw(t, "choice") }
		p := newPlausible(draw, 1+draw(7))
		requireRight(t, p.opt, p.history())
	})
}

func TestMonitorOfRegistersIsRightAboutAnyHistory(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	decided := 0
	for range 60_000 {
		h, opt := smallHistory(rng.IntN)
		if _, ok := requireRight(t, opt, h.Operations); ok {
			decided++
		}
	}
	require.Equal(t, 40711, decided)
}

func TestMonitorOfRegistersAgreesWithPorcupine(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	var passed, failed, undecided int
	for range 1000 {
		p := newPlausible(rng.IntN, 30+rng.IntN(171))
		p.moments, p.length, p.lost = p.operations*(1+rng.IntN(3)), 1+rng.IntN(6), p.operations/4
		p.wrong, p.again = 20+rng.IntN(1000), 10_000
		ops := mattering(&p.opt, p.history())
		d, ok := monitorRegister(&p.opt, ops)
		switch {
		case !ok:
			undecided++
			continue
		case d.verdict == properties.Pass:
			passed++
			requireOrder(t, p.opt, ops, d.order)
		default:
			failed++
		}
		require.Equal(t, porcupineKey(context.Background(), &p.opt, ops, DefaultSteps).verdict, d.verdict)
	}
	require.Equal(t, []int{649, 227, 124}, []int{passed, failed, undecided})
}

func TestMonitorOfRegistersProvesItsVerdictsOnLongHistories(t *testing.T) {
	for _, w := range []workload{
		{Clients: 16}, {Clients: 16, Stale: 1}, {Clients: 3, Pending: 300}, {Clients: 64, Pending: 300, Stale: 2},
		{Model: CASRegister, Clients: 8, CAS: 50}, {Model: CASRegister, Clients: 8, CAS: 100, Pending: 200},
		{Model: CASRegister, Clients: 8, CAS: 50, Pending: 200, Stale: 1},
		{Model: KV, Clients: 32, CAS: 10, Pending: 50, Stale: 3},
	} {
		w.Operations = 20_000
		h := generate(w)
		for _, scale := range []int64{1, 1_000_003} { // a range of few and of many bits
			for i := range h.Operations {
				o := &h.Operations[i]
				o.Call = (o.Call - 5000) * scale
				if o.Return != history.Pending {
					o.Return = (o.Return - 5000) * scale
				}
			}
			opt := Options{Model: w.Model}
			ops := mattering(&opt, h.Operations)
			d, ok := monitorRegister(&opt, ops)
			require.True(t, ok, "%+v", w)
			require.Equal(t, w.Stale > 0, d.verdict == properties.Fail, "%+v", w)
			if w.Stale == 0 {
				requireOrder(t, opt, ops, d.order)
				continue
			}
			require.LessOrEqual(t, len(d.core), 4)
			requireContradiction(t, opt, ops, d.core)
		}
	}
}

func TestZonesAreSortedByLowEndAndKeepTheirOrderWhereItTies(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, width := range []int64{1, 1 << 10, 1 << 11, 1 << 22, 1<<62 - 1} {
		zones := make([]zone, 1000)
		for i := range zones {
			zones[i] = zone{rng.Int64N(2*width) - width, rng.Int64N(2*width) - width, int32(i)}
		}
		want := slices.Clone(zones)
		slices.SortStableFunc(want, func(a, b zone) int { return cmp.Compare(min(a.f, a.s), min(b.f, b.s)) })
		require.Equal(t, want, sortZones(zones, make([]zone, len(zones))))
	}
}

// A value with two writers is beyond the monitor if it was seen, a failed CAS
// if it has no place in the order found, and so are appends and what happens
// when the initial value was written.
func TestMonitorOfRegistersSaysWhatItCannotTell(t *testing.T) {
	for _, c := range []struct {
		text string
		opt  Options
	}{
		{"[0 1] write 1; [0 1] write 1; [2 3] read 1", Options{}},
		{"[0 1] write 1; [0 1] write 1; [2 3] read 1; [4 5] write 2; [6 7] read 99", Options{}},
		{"[0 1] write 1; [2 3] read 1", Options{Init: history.Int(1)}},
		{"[0 1] write 1; [0 -] cas 2 1; [2 3] read 1", Options{Model: CASRegister}},
		{"[0 1] write 1; [2 3] cas 1 5 failed; [4 5] write 2", Options{Model: CASRegister}},
		{`[0 1] write ""; [2 3] read ""`, Options{Model: KV}},
		{`[0 1] cas "" ""`, Options{Model: KV}},
		{"[-9223372036854775808 -9223372036854775808] write 1; [2 3] read 1", Options{}},
	} {
		_, ok := monitorRegister(&c.opt, mattering(&c.opt, timeline(t, c.text)))
		require.False(t, ok, c.text)
	}
	appended := []*history.Operation{{Kind: history.Append, Arg: history.Text("a")}}
	_, ok := monitorRegister(&Options{Model: KV}, appended)
	require.False(t, ok)
	stepped := Options{Step: func(state history.Value, _ *history.Operation) (bool, history.Value) { return true, state }}
	_, ok = monitorRegister(&stepped, nil)
	require.False(t, ok)
}

// What nobody saw may have been written twice, a CAS to the same value is a
// read, and what never happened is left out of the order.
func TestMonitorOfRegistersDecides(t *testing.T) {
	for _, c := range []struct {
		text  string
		opt   Options
		order []int32 // or
		core  []int32
	}{
		{"[0 1] write 1; [0 1] write 1", Options{}, []int32{0, 1}, nil},
		{"[0 1] write 1; [2 3] cas 1 1; [2 -] cas 1 1", Options{Model: CASRegister}, []int32{0, 1}, nil},
		{"[0 1] write 1; [0 -] write 2; [0 -] write 3; [2 3] read 3", Options{}, []int32{0, 2, 3}, nil},
		{"[0 -] cas nil 1; [0 -] cas 1 2; [0 -] cas 1 3; [5 6] read 2", Options{Model: CASRegister}, []int32{0, 1, 3}, nil},
		{`[0 1] read ""; [2 3] write "a"; [4 5] read "a"`, Options{Model: KV}, []int32{0, 1, 2}, nil},
		{"[0 1] write 1; [2 3] cas 1 5 failed; [2 4] write 2", Options{Model: CASRegister}, []int32{0, 2, 1}, nil},
		{"[0 1] cas 7 8 failed; [2 3] write 1; [4 5] read nil",
			Options{Model: CASRegister, NilRead: NilIsAnything}, []int32{0, 1, 2}, nil},

		{"[0 1] write 1; [2 3] write 2; [4 5] read 2; [6 7] read 1; [8 9] read 1", Options{}, nil, []int32{0, 1, 3}},
		{"[0 1] write 1; [2 3] cas 1 2; [4 5] cas 2 3; [6 7] read 3; [8 9] read 2",
			Options{Model: CASRegister}, nil, []int32{2, 4}},
		{"[0 1] write 1; [2 -] cas 1 2; [4 -] cas 2 3; [6 7] read 3; [8 9] read 1",
			Options{Model: CASRegister}, nil, []int32{1, 2, 3, 4}},
		{"[0 1] write 1; [2 3] cas 1 5 failed; [4 5] read 1", Options{Model: CASRegister}, nil, []int32{0, 1, 2}},
	} {
		ops := mattering(&c.opt, timeline(t, c.text))
		d, ok := monitorRegister(&c.opt, ops)
		require.True(t, ok, c.text)
		require.Equal(t, c.order, d.order, c.text)
		require.Equal(t, c.core, d.core, c.text)
	}
}
