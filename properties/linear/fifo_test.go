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

// smallQueue draws a history of at most so many operations of as many clients,
// called in up to sparse moments each, on one queue of unique elements, with ties, operations of unknown outcome,
// dequeues of nothing and of what was never there, and initial elements.
func smallQueue(draw func(below int) int, most, sparse int) (*history.History, Options) {
	opt := Options{Model: Queue}
	var held []history.Value
	for i := range draw(3) {
		held = append(held, history.Int(int64(-i)))
	}
	opt.Init = history.List(held...)
	h := &history.History{}
	n, span, length := 1+draw(most), 2+draw(sparse*most), 1+draw(6)
	kinds := draw(4) // how few enqueues there are
	next := int64(1)
	for client := range n {
		o := history.Operation{Client: client, Kind: history.Enqueue, Call: int64(draw(span))}
		o.Return = o.Call + int64(draw(length))
		if draw(8) == 0 {
			o.Outcome, o.Return = history.Unknown, history.Pending
		}
		if draw(4) < kinds {
			o.Kind = history.Dequeue
		}
		if o.Kind == history.Enqueue {
			o.Arg = history.Int(next)
			next++
		}
		h.Operations = append(h.Operations, o)
	}
	slices.SortStableFunc(h.Operations, func(a, b history.Operation) int { return cmp.Compare(a.Call, b.Call) })
	fillDequeues(draw, h, held, next)
	return h, opt
}

// fillDequeues makes the dequeues return mostly elements that nobody else
// returned, in an order that may be right, sometimes nothing or any element.
func fillDequeues(draw func(below int) int, h *history.History, held []history.Value, next int64) {
	free := slices.Clone(held)
	for _, o := range h.Operations {
		if o.Kind == history.Enqueue {
			free = append(free, o.Arg)
		}
	}
	for i := range h.Operations {
		o := &h.Operations[i]
		if o.Kind != history.Dequeue || o.Outcome == history.Unknown {
			continue
		}
		switch pick := draw(12); {
		case pick == 0:
			o.Out = history.Int(int64(draw(int(next)+2)) - 1)
		case pick < 3 || len(free) == 0: // nothing
		default:
			at := min(draw(2)*draw(2), len(free)-1)
			o.Out = free[at]
			free = slices.Delete(free, at, at+1)
		}
	}
}

// requireQueueMonitor compares the monitor with what is right, and checks its
// order or that its core contradicts itself.
func requireQueueMonitor(t require.TestingT, h *history.History, opt Options, right bool) decision {
	ops := pointers(h)
	d, ok := monitorQueue(&opt, ops)
	require.True(t, ok)
	if right {
		require.Equal(t, properties.Pass, d.verdict, "%v %v %v", opt.Init, h.Operations, d)
		requireLinearization(t, &opt, ops, d.order)
		return d
	}
	require.Equal(t, properties.Fail, d.verdict, "%v %v %v", opt.Init, h.Operations, d)
	require.True(t, slices.IsSorted(d.core))
	require.NotEmpty(t, d.core)
	core := &history.History{}
	for _, i := range d.core {
		core.Operations = append(core.Operations, h.Operations[i])
	}
	alone := opt
	alone.Init = concerned(opt.Init, core.Operations, h.Operations)
	again, ok := monitorQueue(&alone, pointers(core))
	require.True(t, ok)
	require.Equal(t, properties.Fail, again.verdict, "%v of %v %v", d.core, opt.Init, h.Operations)
	if len(d.core) <= 8 {
		require.False(t, bruteContainer(core.Operations, alone), "%v of %v %v", d.core, opt.Init, h.Operations)
	}
	return d
}

// concerned returns the initial elements that a core speaks of: those it takes
// and those that nobody in the whole history is known to have taken.
func concerned(initial history.Value, core, all []history.Operation) history.Value {
	held, _ := initial.Items()
	return history.List(slices.DeleteFunc(held, func(v history.Value) bool {
		takes := func(o history.Operation) bool { return o.Outcome == history.OK && o.Out == v }
		return slices.ContainsFunc(all, takes) && !slices.ContainsFunc(core, takes)
	})...)
}

func TestQueueMonitorAgreesWithTryingEveryOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	passes, cores := 0, make([]int, 9)
	for range 30_000 {
		h, opt := smallQueue(rng.IntN, 7, 2)
		d := requireQueueMonitor(t, h, opt, bruteContainer(h.Operations, opt))
		if d.verdict == properties.Pass {
			passes++
		}
		cores[len(d.core)]++
	}
	require.Equal(t, 22138, passes)
	require.Equal(t, []int{22138, 2872, 4249, 664, 65, 11, 1, 0, 0}, cores)
}

func TestQueueMonitorAgreesWithTheSearchOnLongerHistories(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	var verdicts [3]int
	for range 1_000 {
		h, opt := smallQueue(rng.IntN, 30, 6)
		verdict := porcupineKey(context.Background(), &opt, pointers(h), 20_000).verdict
		verdicts[verdict]++
		if verdict != properties.Inconclusive {
			requireQueueMonitor(t, h, opt, verdict == properties.Pass)
		}
	}
	require.Equal(t, [3]int{430, 20, 550}, verdicts)
}

func TestDrawnQueuesAgreeWithTryingEveryOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, opt := smallQueue(func(below int) int { return rapid.IntRange(0, below-1).Draw(t, "choice") }, 7, 2)
		requireQueueMonitor(t, h, opt, bruteContainer(h.Operations, opt))
	})
}
