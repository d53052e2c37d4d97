package explore

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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
	// the index of the last of them; nil if there is none.
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
		c = &client{operations: make([]operation, 0, 2)}
		h.clients[id] = c
	}
	if c.open != 0 {
		c.complete(nodes.OutcomeInfo, nodes.Result{})
	}
	var after map[network.ID]int
	for other, c := range h.clients { // order: each has an entry of its own
		if n := c.completed(); other != id && n > 0 {
			if after == nil {
				after = map[network.ID]int{}
			}
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
