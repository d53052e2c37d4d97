package explore

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"phoenix/network"
	"phoenix/nodes"
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
	clients []client     `explore:"set"` // those that did anything, by their numbers
	flaw    string       // the first Return that made no sense
	judged  atomic.Int32 `explore:"-"` // see Check; a consequence of the rest
}

// client is what one node did. All its operations but the last are complete, and so is
// that one unless there is one open.
type client struct {
	id         network.ID
	open       uint64 // the number of the one under way, 0 if none is
	operations []*operation
}

// operation is what was called, and how it ended. It is shared by all histories that have
// it, and never changes: when it ends, another takes its place.
type operation struct {
	call    nodes.Invocation
	outcome string // "" while it is under way
	result  nodes.Result
	after   []seen `explore:"set"` // by their clients
	content string `explore:"-"`   // its encoding, see append
}

// seen is the last operation of another client that was complete when one began.
type seen struct {
	client network.ID
	last   int // its place
}

// NewHistory returns a History of nothing, to be a Model's Observe.
func NewHistory() Observer { return &History{} }

// Observe implements Observer.
func (h *History) Observe(e *Told) {
	switch e.Kind {
	case sim.Invoke:
		if call, ok := e.Value.(nodes.Invocation); ok {
			h.invoke(e.Node, e.Op, call)
		}
	case sim.Return:
		result, ok := e.Value.(nodes.Result)
		if i, known := h.find(e.Node); known && h.clients[i].open == e.Op && e.Op != 0 {
			h.clients[i].complete(e.Name, result)
			h.judged.CompareAndSwap(holds, unjudged)
		} else if ok && h.flaw == "" {
			h.flaw = fmt.Sprintf("node %d returned from operation %d, which was not under way", e.Node, e.Op)
		}
	}
}

// find returns the place of a client, or where it belongs, and whether it is there.
func (h *History) find(id network.ID) (int, bool) {
	for i := range h.clients {
		if at := h.clients[i].id; at >= id {
			return i, at == id
		}
	}
	return len(h.clients), false
}

func (h *History) invoke(id network.ID, number uint64, call nodes.Invocation) {
	i, known := h.find(id)
	if !known {
		h.clients = slices.Insert(h.clients, i, client{id: id})
	}
	c := &h.clients[i]
	if c.open != 0 {
		c.complete(nodes.OutcomeInfo, nodes.Result{})
	}
	op := &operation{call: call}
	for k := range h.clients {
		if other := &h.clients[k]; k != i && other.completed() > 0 {
			if op.after == nil {
				op.after = make([]seen, 0, len(h.clients)-1)
			}
			op.after = append(op.after, seen{other.id, other.completed() - 1})
		}
	}
	op.keep()
	c.operations = append(slices.Clip(c.operations), op)
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
	c.operations = slices.Clone(c.operations)
	last := &c.operations[len(c.operations)-1]
	op := &operation{call: (*last).call, outcome: outcome, result: result, after: (*last).after}
	op.keep()
	*last, c.open = op, 0
}

// String tells a line for each client, such as "2: write x 65 ok, read x 65 after 3.1": the
// first operation of client 3 was complete when that read began.
func (h *History) String() string {
	var lines []string
	for i := range h.clients {
		var ops []string
		for _, op := range h.clients[i].operations {
			ops = append(ops, op.String())
		}
		lines = append(lines, fmt.Sprintf("%d: %s", h.clients[i].id, strings.Join(ops, ", ")))
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
	for i, seen := range o.after {
		text += fmt.Sprintf("%s%d.%d", [...]string{" after ", " and "}[min(i, 1)], seen.client, seen.last+1)
	}
	return text
}
