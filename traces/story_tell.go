package traces

import (
	"context"
	"fmt"
	"slices"

	"phoenix/nodes"
	"phoenix/properties"
	"phoenix/properties/linear"
	"phoenix/properties/scenario"
	"phoenix/sim"
)

// explain adds the steps that matter for a failure.
func (t *teller) explain(f *Failure, o *properties.Outcome) {
	var ops []operation
	if o.Name == scenario.LinearizableName {
		ops = t.contradiction(minimal(f))
	} else {
		ops = t.around(o)
	}
	t.faults(minimal(f))
	for _, op := range ops {
		if op.contradicts {
			t.carried(op)
		}
	}
	// Last: whether a return has a line of its own depends on the others.
	for _, op := range ops {
		t.addCall(op)
	}
	for _, op := range ops {
		t.splitReturn(op)
	}
}

// operation is an operation of the story.
type operation struct {
	call *sim.Event
	end  *sim.Event // nil if it did not return
	// contradicts says that it is part of the contradiction.
	contradicts bool
	server      sim.HostID // the one that answered, or was asked first; sim.NoHost if none
	text        string
	result      string
	lasted      string // what follows result on the line of the call: " after 2ms", or nothing
}

// operationAt returns the operation that an Invoke began.
func (t *teller) operationAt(call *sim.Event) operation {
	op := operation{call: call, server: sim.NoHost, text: fmt.Sprint(call.Value)}
	for i := int(call.Seq); i < len(t.events) && op.server == sim.NoHost; i++ {
		e := &t.events[i]
		if e.At > call.At {
			break
		}
		follows := e.Cause == call.Seq || e.Cause == call.Cause
		if follows && e.Kind == sim.Send && e.Host == call.Host {
			op.server = e.Peer
		}
	}
	i, ok := t.returns[call.ID]
	if !ok {
		op.result = "no answer by the end"
		return op
	}
	op.end = &t.events[i]
	if d := t.event(op.end.Cause); d != nil && d.Kind == sim.Deliver {
		op.server = d.Peer
	}
	after := op.end.At.Sub(call.At)
	op.lasted = fmt.Sprintf(" after %s", after)
	switch {
	case op.end.Name == nodes.OutcomeInfo:
		op.result, op.lasted = fmt.Sprintf("no answer within %s", after), ""
	case op.end.Name == nodes.OutcomeOK && !isRead(call):
		op.result = "ok"
	case op.end.Name == nodes.OutcomeOK:
		op.result = fmt.Sprint(op.end.Value)
	default:
		op.result = fmt.Sprintf("%s (%v)", op.end.Name, op.end.Value)
	}
	return op
}

func isRead(call *sim.Event) bool {
	inv, ok := call.Value.(nodes.Invocation)
	return ok && inv.Kind == nodes.Read
}

// minimal reports whether nothing of a failure can be spared.
func minimal(f *Failure) bool { return f.Shrink != nil && f.Shrink.Done }

// contradiction returns the operations that contradict each other, with what wrote the
// values that they read and, if they are asked for, those that overlap them. It is all
// operations if the bounds of the checker do not allow to find a contradiction.
func (t *teller) contradiction(overlapping bool) []operation {
	var calls []*sim.Event // in the order of the history
	for i := range t.events {
		if _, ok := t.events[i].Value.(nodes.Invocation); ok && t.events[i].Kind == sim.Invoke {
			calls = append(calls, &t.events[i])
		}
	}
	chosen := make([]bool, len(calls))
	res, err := linear.Check(context.Background(), t.result.History, linear.Options{Model: linear.KV})
	known := err == nil && res.Contradiction != nil
	if known {
		for _, i := range slices.Concat(res.Contradiction.Operations, res.Contradiction.Others) {
			chosen[i] = true
		}
	}
	contradict := slices.Clone(chosen)
	if overlapping {
		t.addOverlapping(calls, chosen)
	}
	t.addSources(calls, contradict, chosen)
	var ops []operation
	for i, call := range calls {
		if chosen[i] || !known {
			op := t.operationAt(call)
			op.contradicts = contradict[i] || !known
			ops = append(ops, op)
		}
	}
	return ops
}

// addOverlapping chooses the operations on the same key that overlap chosen ones.
func (t *teller) addOverlapping(calls []*sim.Event, chosen []bool) {
	end := func(call *sim.Event) uint64 {
		if i, ok := t.returns[call.ID]; ok {
			return t.events[i].Seq
		}
		return uint64(len(t.events)) + 1
	}
	first := slices.Clone(chosen)
	for i, call := range calls {
		for j, other := range calls {
			same := call.Value.(nodes.Invocation).Key == other.Value.(nodes.Invocation).Key
			if first[j] && same && call.Seq < end(other) && other.Seq < end(call) {
				chosen[i] = true
			}
		}
	}
}

// addSources chooses the operations that wrote what those of a contradiction read.
func (t *teller) addSources(calls []*sim.Event, contradict, chosen []bool) {
	type version struct {
		key   string
		value int64
	}
	read := map[version]bool{}
	for i, call := range calls {
		end, ended := t.returns[call.ID]
		if !contradict[i] || !ended {
			continue
		}
		if r, ok := t.events[end].Value.(nodes.Result); ok && isRead(call) {
			read[version{call.Value.(nodes.Invocation).Key, r.Value}] = true
		}
	}
	for i, call := range calls {
		inv := call.Value.(nodes.Invocation)
		chosen[i] = chosen[i] || inv.Kind != nodes.Read && read[version{inv.Key, inv.Value}]
	}
}

// addCall adds an operation.
func (t *teller) addCall(op operation) {
	t.add(op.call.At, op.call.Seq, t.asks(op)+": "+op.result+op.lasted)
}

func (t *teller) asks(op operation) string {
	if op.server == sim.NoHost {
		return t.name(op.call.Host) + ": " + op.text
	}
	return fmt.Sprintf("%s asks %s to %s", t.name(op.call.Host), t.name(op.server), op.text)
}

// splitReturn gives the return of an operation a line of its own if something else that
// matters came between.
func (t *teller) splitReturn(op operation) {
	if op.end == nil {
		return
	}
	between := slices.ContainsFunc(t.steps, func(s Step) bool {
		return s.Number > 0 && s.At > op.call.At && s.At < op.end.At
	})
	i := slices.IndexFunc(t.steps, func(s Step) bool { return s.event == op.call.Seq && s.Number > 0 })
	if !between || i < 0 { // one that is told by the line of another like it
		return
	}
	t.steps[i].Text = t.asks(op)
	text := fmt.Sprintf("%s, asked to %s: %s", t.name(op.server), op.text, op.result)
	if op.server == sim.NoHost {
		text = fmt.Sprintf("%s: %s: %s", t.name(op.call.Host), op.text, op.result)
	}
	t.steps = append(t.steps, Step{At: op.end.At, event: op.end.Seq, Text: text})
}
