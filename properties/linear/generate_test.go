package linear

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
)

// workload describes a history of always-busy clients: one that returned calls
// again at once, so that Clients operations overlap at any moment. About half of
// the operations read; of a queue or stack half take. Locks have no workload.
type workload struct {
	Model                     Model
	Operations, Clients, Keys int
	// Values is how many values are written; 0 makes every write unique.
	Values int
	// CAS is the percentage of operations on a CASRegister or KV that are a CAS.
	// All succeed.
	CAS int
	// Pending operations never return, evenly spread over the history; half of
	// them happen. The client goes on as a new process.
	Pending int
	// Stale reads are wrong, the last ones of the history: a register returned
	// what had been replaced, queues took in the wrong order, stacks twice, and
	// sets held what nobody put there. Needs unique writes to be surely wrong.
	Stale int
	Seed  uint64
}

// generate returns the history of w, which is linearizable unless w.Stale > 0:
// each operation is applied at one moment between its call and its return.
// Moments are distinct, as a Recorder's are. O(Operations).
func generate(w workload) *history.History {
	g := &generator{workload: w, rng: rand.New(rand.NewPCG(w.Seed, 0)), processes: w.Clients}
	g.Keys = max(g.Keys, 1)
	g.objects = make([]generated, g.Keys)
	for k := range g.Keys {
		if g.Keys > 1 || w.Model == KV {
			g.objects[k].key = fmt.Sprintf("k%d", k)
		}
	}
	g.ops = make([]history.Operation, 0, w.Operations)
	clients := make([]busy, w.Clients)
	for c := range clients {
		clients[c] = busy{process: c, op: -1}
		g.advance(&clients[c])
	}
	for len(g.ops) < w.Operations {
		g.advance(&clients[g.rng.IntN(w.Clients)])
	}
	for c := range clients {
		for clients[c].op >= 0 {
			g.advance(&clients[c])
		}
	}
	for i := len(g.ops) - 1; i >= 0 && g.Stale > 0; i-- {
		if g.spoil(i) {
			g.Stale--
		}
	}
	return &history.History{Operations: g.ops}
}

type generator struct {
	workload
	rng       *rand.Rand
	ops       []history.Operation
	objects   []generated
	clock     int64 // the next moment
	written   int64 // unique values so far
	processes int
}

// generated is the object of one key.
type generated struct {
	key   string
	value history.Value // of a register
	line  []int64       // what a queue or stack holds
	count []int         // of each element of a set or multiset
}

// busy is a client and its operation, -1 if there is none.
type busy struct {
	process, op, key int
	applied          bool
}

// lost tells whether operation i never returns.
func (g *generator) lost(i int) bool {
	return i*g.Pending/g.Operations != (i+1)*g.Pending/g.Operations
}

// advance takes a client one step on: its operation is applied, or it returns
// and the next one is called, unless there are enough.
func (g *generator) advance(c *busy) {
	if c.op >= 0 && !c.applied {
		if op := &g.ops[c.op]; op.Outcome == history.OK || g.rng.IntN(2) == 0 {
			g.apply(&g.objects[c.key], op)
		}
		c.applied = true
		return
	}
	if c.op >= 0 && g.lost(c.op) {
		c.process = g.processes
		g.processes++
	} else if c.op >= 0 {
		g.ops[c.op].Return = g.tick()
	}
	c.op = -1
	if i := len(g.ops); i < g.Operations {
		*c = busy{process: c.process, op: i, key: g.rng.IntN(g.Keys)}
		g.ops = append(g.ops, history.Operation{Client: c.process, Key: g.objects[c.key].key, Call: g.tick()})
		op := &g.ops[i]
		if g.lost(i) {
			op.Outcome, op.Return = history.Unknown, history.Pending
		}
		g.choose(&g.objects[c.key], op)
	}
}

func (g *generator) tick() int64 {
	g.clock++
	return g.clock - 1
}

// choose decides what op does: something that changes the object if it is lost.
func (g *generator) choose(o *generated, op *history.Operation) {
	kinds := [...][2]history.Kind{
		Register: {history.Read, history.Write}, CASRegister: {history.Read, history.Write}, KV: {history.Read, history.Write},
		Queue: {history.Dequeue, history.Enqueue}, Stack: {history.Pop, history.Push},
		Set: {history.Contains, history.Add}, Multiset: {history.Contains, history.Add},
	}
	const long = 16 // elements of a queue
	update := g.rng.IntN(2)
	if op.Outcome == history.Unknown && g.Model != Queue && g.Model != Stack {
		update = 1
	} else if len(o.line) >= long {
		update = 0
	}
	op.Kind = kinds[g.Model][update]
	switch {
	case (g.Model == CASRegister || g.Model == KV) && g.rng.IntN(100) < g.CAS:
		op.Kind, op.Old = history.CAS, o.value
	case op.Kind == history.Add && g.rng.IntN(2) == 0:
		op.Kind = history.Remove
	}
	if op.Kind.Takes() {
		op.Arg = history.Int(g.element(op.Kind))
	}
}

// element draws what an operation of kind k takes. Where adds are unique, what
// is removed or looked for was added lately.
func (g *generator) element(k history.Kind) int64 {
	const lately = 16
	switch {
	case g.Values > 0:
		return g.rng.Int64N(int64(g.Values))
	case k == history.Remove || k == history.Contains:
		return max(0, g.written-1-g.rng.Int64N(lately))
	}
	g.written++
	return g.written - 1
}

// apply lets op happen, now.
func (g *generator) apply(o *generated, op *history.Operation) {
	var out history.Value
	switch op.Kind {
	case history.Read:
		out = o.value
	case history.CAS:
		op.Old, o.value = o.value, op.Arg
	case history.Write:
		o.value = op.Arg
	case history.Enqueue, history.Push:
		n, _ := op.Arg.Int()
		o.line = append(o.line, n)
	case history.Dequeue, history.Pop:
		if len(o.line) == 0 {
			break
		}
		at := 0
		if op.Kind == history.Pop {
			at = len(o.line) - 1
		}
		out = history.Int(o.line[at])
		o.line = slices.Delete(o.line, at, at+1)
	default:
		out = g.applySet(o, op)
	}
	if op.Outcome == history.OK {
		op.Out = out
	}
}

// applySet lets op happen to a set or multiset; half of the updates answer.
func (g *generator) applySet(o *generated, op *history.Operation) (out history.Value) {
	n, _ := op.Arg.Int()
	for len(o.count) <= int(n) {
		o.count = append(o.count, 0)
	}
	there := o.count[n] > 0
	switch {
	case op.Kind == history.Contains:
		return history.Bool(there)
	case op.Kind == history.Add && (g.Model == Multiset || !there):
		o.count[n]++
	case op.Kind == history.Remove && there:
		o.count[n]--
	}
	if g.rng.IntN(2) == 0 && (g.Model == Set || op.Kind == history.Remove) {
		return history.Bool(there == (op.Kind == history.Remove))
	}
	return out
}

// spoil makes operation i return what it cannot have, if it is a read.
func (g *generator) spoil(i int) bool {
	op := &g.ops[i]
	if op.Outcome != history.OK || (op.Kind != history.Contains && !op.Kind.Returns()) {
		return false
	}
	if op.Kind == history.Contains {
		op.Arg, op.Out = history.Int(-1), history.Bool(true)
		return true
	}
	switch op.Kind {
	case history.Read:
		written := func(o *history.Operation) bool { return o.Kind != history.Read }
		replacing := g.before(i, op, written)
		if replacing == nil {
			return false
		}
		replaced := g.before(i, replacing, written)
		if replaced == nil {
			return false
		}
		op.Out = replaced.Arg
	case history.Pop:
		pop := g.before(i, op, func(o *history.Operation) bool { return !o.Out.IsNil() })
		if pop == nil {
			return false
		}
		op.Out = pop.Out
	default:
		other := g.before(i, op, func(o *history.Operation) bool { return g.inOrder(o, op) })
		if other == nil {
			return false
		}
		other.Out, op.Out = op.Out, other.Out
	}
	return true
}

// before returns the latest operation called before operation i that had
// returned before op, of the same key, was called, and that is as asked for.
func (g *generator) before(i int, op *history.Operation, asked func(*history.Operation) bool) *history.Operation {
	for i--; i >= 0; i-- {
		o := &g.ops[i]
		if o.Key == op.Key && o.Outcome == history.OK && o.Return < op.Call && asked(o) {
			return o
		}
	}
	return nil
}

// inOrder tells whether a is a dequeue and cannot have returned b's element.
func (g *generator) inOrder(a, b *history.Operation) bool {
	if a.Kind != history.Dequeue || a.Out.IsNil() || b.Out.IsNil() {
		return false
	}
	enqueue := func(of *history.Operation) *history.Operation {
		return &g.ops[slices.IndexFunc(g.ops, func(o history.Operation) bool {
			return o.Kind == history.Enqueue && o.Arg == of.Out
		})]
	}
	return enqueue(a).Return < enqueue(b).Call
}

func TestWorkloadsAreWhatTheyPromise(t *testing.T) {
	for m := Register; m <= Multiset; m++ {
		w := workload{Model: m, Operations: 200, Clients: 3, Keys: 2, Pending: 2, CAS: 10, Seed: uint64(m)}
		h := generate(w)
		require.Equal(t, h, generate(w), m)
		require.NoError(t, h.Validate())
		require.Len(t, h.Operations, 200)
		pending := 0
		moments := make(map[int64]bool)
		for _, op := range h.Operations {
			moments[op.Call] = true
			if op.Outcome == history.Unknown {
				pending++
			} else {
				moments[op.Return] = true
			}
		}
		require.Equal(t, 2, pending)
		require.Len(t, moments, 398)
		res, err := Check(context.Background(), h, Options{Model: m})
		require.NoError(t, err)
		require.Equal(t, properties.Pass, res.Verdict, m)
		w.Stale = 1
		res, err = Check(context.Background(), generate(w), Options{Model: m})
		require.NoError(t, err)
		require.Equal(t, properties.Fail, res.Verdict, m)
	}
}

func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		generate(workload{Model: Register, Operations: 1_000_000, Clients: 16})
	}
}
