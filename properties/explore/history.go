package explore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/properties"
	"phoenix/properties/history"
	"phoenix/properties/linear"
	"phoenix/sim"
)

// History is an Observer of what clients did: the operations that nodes began with Invoke
// and ended with Return, whose payloads are nodes.Invocation and nodes.Result. It ignores
// others, and notes. Make it with NewHistory; Linearizable judges it.
//
// It knows nothing but what matters of the order of events: of each node the operations
// that it completed, in their order, and the one under way; and of each operation which of
// the other nodes' operations were complete when it began. Paths that agree on that lead
// to equal histories.
//
// A node does one operation at a time. One that begins while another is under way gives
// that one up, as one of unknown outcome: the node has crashed in between. A Return of
// what is not under way is a mistake of the node, and no such history is linearizable.
type History struct {
	clients map[network.ID]*client
	flaw    string // the first Return that made no sense
}

// client is what one node did. All its operations but the last are complete, and so is
// that one unless there is one open.
type client struct {
	operations []operation
	open       uint64 // the number of the one under way, 0 if none is
}

// operation is what was called, and how it ended.
type operation struct {
	call    nodes.Invocation
	outcome string // "" while it is under way
	result  nodes.Result
	// after is for every other client that had completed operations when this one began
	// the index of the last of them.
	after map[network.ID]int
}

// NewHistory returns a History of nothing, to be a Model's Observe.
func NewHistory() Observer { return &History{clients: map[network.ID]*client{}} }

// Observe implements Observer.
func (h *History) Observe(e *Told) {
	switch e.Kind {
	case sim.Invoke:
		if call, ok := e.Value.(nodes.Invocation); ok {
			h.invoke(e.Node, e.Op, call)
		}
	case sim.Return:
		result, ok := e.Value.(nodes.Result)
		if c := h.clients[e.Node]; c != nil && c.open == e.Op && e.Op != 0 {
			c.complete(e.Name, result)
		} else if ok && h.flaw == "" {
			h.flaw = fmt.Sprintf("node %d returned from operation %d, which was not under way", e.Node, e.Op)
		}
	}
}

func (h *History) invoke(id network.ID, number uint64, call nodes.Invocation) {
	c := h.clients[id]
	if c == nil {
		c = &client{}
		h.clients[id] = c
	}
	if c.open != 0 {
		c.complete(nodes.OutcomeInfo, nodes.Result{})
	}
	after := map[network.ID]int{}
	for other, c := range h.clients {
		if n := c.completed(); other != id && n > 0 {
			after[other] = n - 1
		}
	}
	c.operations = append(c.operations, operation{call: call, after: after})
	c.open = number
}

// completed returns how many operations of c are complete.
func (c *client) completed() int {
	if c.open != 0 {
		return len(c.operations) - 1
	}
	return len(c.operations)
}

func (c *client) complete(outcome string, result nodes.Result) {
	last := &c.operations[len(c.operations)-1]
	last.outcome, last.result, c.open = outcome, result, 0
}

// String tells a line for each client, such as "2: write x 65 ok, read x 65 after 3.1": the
// first operation of client 3 was complete when that read began.
func (h *History) String() string {
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(h.clients)) {
		var ops []string
		for _, op := range h.clients[id].operations {
			ops = append(ops, op.String())
		}
		lines = append(lines, fmt.Sprintf("%d: %s", id, strings.Join(ops, ", ")))
	}
	if h.flaw != "" {
		lines = append(lines, h.flaw)
	}
	return strings.Join(lines, "\n")
}

func (o *operation) String() string {
	text := o.call.String()
	switch {
	case o.outcome == "":
		text += " under way"
	case o.outcome == nodes.OutcomeOK && o.call.Kind == nodes.Read:
		text += " " + o.result.String()
	default:
		text += " " + o.outcome
	}
	for i, other := range slices.Sorted(maps.Keys(o.after)) {
		text += fmt.Sprintf("%s%d.%d", [...]string{" after ", " and "}[min(i, 1)], other, o.after[other]+1)
	}
	return text
}

// Linearizable claims that the History that Model.Observe makes is linearizable: that one
// order of the operations respects which were complete when others began, and makes every
// answer that of registers, one for each key, that are absent at first. What is under way
// or of unknown outcome may take effect at any time later, or never; what failed had none.
// A violation comes with an explanation.
//
// It is asked once for each distinct history. It panics if the observer is not a History.
func Linearizable(name string) Property {
	return Observed(name, func(o Observer) error {
		h, ok := o.(*History)
		if !ok {
			panic(fmt.Sprintf("explore: Linearizable judges a History, not a %T: set Model.Observe to NewHistory", o))
		}
		return h.judge()
	})
}

func (h *History) judge() error {
	if h.flaw != "" {
		return errors.New(h.flaw)
	}
	result, err := linear.Check(context.Background(), h.timed(),
		linear.Options{Model: linear.CASRegister, Steps: math.MaxInt64 / 32, Memory: math.MaxInt64})
	switch {
	case err != nil:
		return err
	case result.Verdict == properties.Fail:
		return errors.New(result.Explanation)
	case result.Verdict == properties.Inconclusive:
		panic("explore: a history is too hard to judge: " + result.Reason)
	}
	return nil
}

// timed returns h with moments that give exactly its real-time order.
//
// Of two operations, those that were complete when one of them began are also complete
// when the other one begins, or the other way round. So the beginnings are ordered by how
// many operations were complete, n: that is at moment 2n+1, and an operation ends at 2n of
// the first beginning that finds it complete, which is before that and after all earlier
// ones. What is of unknown outcome never ends, and is never complete in this sense: its
// client goes on as another one.
func (h *History) timed() *history.History {
	ids := slices.Sorted(maps.Keys(h.clients))
	ends := map[network.ID][]int64{}
	last := int64(2)
	for _, id := range ids {
		n := len(h.clients[id].operations)
		ends[id] = slices.Repeat([]int64{history.Pending}, n)
		last += 2 * int64(n)
	}
	calls := map[network.ID][]int64{}
	for _, id := range ids {
		for i := range h.clients[id].operations {
			calls[id] = append(calls[id], 2*h.eachBefore(id, i, func(network.ID, int) {})+1)
			moment := calls[id][i] - 1
			h.eachBefore(id, i, func(other network.ID, j int) { ends[other][j] = min(ends[other][j], moment) })
		}
	}
	timed := &history.History{}
	next := 0 // the number of the next process
	for _, id := range ids {
		for i, op := range h.clients[id].operations {
			o := history.Operation{Client: next, Key: op.call.Key, Call: calls[id][i], Return: min(ends[id][i], last)}
			if op.fill(&o); o.Outcome == history.Unknown {
				o.Return = history.Pending
				next++
			}
			timed.Operations = append(timed.Operations, o)
		}
		next++
	}
	slices.SortStableFunc(timed.Operations, func(a, b history.Operation) int { return cmp.Compare(a.Call, b.Call) })
	return timed
}

// eachBefore calls do for each operation that was certainly over when the one at place i of
// a client began, and returns how many there are.
func (h *History) eachBefore(id network.ID, i int, do func(id network.ID, i int)) (n int64) {
	count := func(id network.ID, end int) {
		for j, op := range h.clients[id].operations[:end] {
			if op.known() {
				n++
				do(id, j)
			}
		}
	}
	count(id, i)
	for other, j := range h.clients[id].operations[i].after { // order: they are counted, and minima taken
		count(other, j+1)
	}
	return n
}

// known reports whether o is over and it is known whether it had an effect.
func (o *operation) known() bool {
	return o.outcome == nodes.OutcomeOK || o.outcome == nodes.OutcomeFail
}

// fill sets what t does and how it ended. A compare-and-set that failed without telling
// what it found was refused, and says nothing about the register: that it had no effect is
// one of the things that an unknown outcome allows.
func (o *operation) fill(t *history.Operation) {
	kinds := map[nodes.Kind]history.Kind{nodes.Read: history.Read, nodes.Write: history.Write, nodes.CAS: history.CAS}
	t.Kind, t.Arg, t.Old = kinds[o.call.Kind], valueOf(o.call.Value), valueOf(o.call.Old)
	switch {
	case o.outcome == nodes.OutcomeOK && o.call.Kind == nodes.Read:
		t.Out = valueOf(o.result.Value)
	case o.outcome == nodes.OutcomeOK:
	case o.outcome == nodes.OutcomeFail && (o.result.OK || o.call.Kind != nodes.CAS):
		t.Outcome = history.Failed
	default:
		t.Outcome = history.Unknown
	}
}

// valueOf returns the value of a register; 0 is what nobody has written.
func valueOf(n int64) history.Value {
	if n == 0 {
		return history.Value{}
	}
	return history.Int(n)
}
