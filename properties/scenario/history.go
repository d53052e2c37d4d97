package scenario

import (
	"fmt"

	"phoenix/nodes"
	"phoenix/properties/linear"
	"phoenix/sim"
)

// historian makes a history of the invocations and returns in an event stream.
// A client whose operation has an unknown outcome goes on as another process, so
// that no process has two operations at once.
type historian struct {
	w       *sim.World
	rec     linear.Recorder
	open    map[uint64]opened
	process map[sim.HostID]int
	next    int // number of the next process
	counts  Operations
	err     error
	faults  map[string]int // annotations that have not ended
}

// Operations counts what became of the clients' operations.
type Operations struct {
	Invoked int `json:"invoked"`
	OK      int `json:"ok"`
	Failed  int `json:"failed"`
	Unknown int `json:"unknown"`
}

type opened struct {
	process int
	call    nodes.Invocation
}

func newHistorian(w *sim.World) *historian {
	h := &historian{w: w, open: map[uint64]opened{}, process: map[sim.HostID]int{}, faults: map[string]int{}}
	w.Observe(h.observe)
	return h
}

func (h *historian) observe(e *sim.Event) {
	switch e.Kind {
	case sim.Invoke:
		h.invoke(e)
	case sim.Return:
		h.end(e)
	case sim.Crash, sim.Pause:
		h.faults[h.w.HostName(e.Host)] = h.rec.Begin(e.Kind.String() + " of " + h.w.HostName(e.Host))
	case sim.Restart, sim.Resume:
		h.finish(h.w.HostName(e.Host))
	case sim.Fault:
		h.rec.Mark(e.Name)
	}
}

func (h *historian) finish(host string) {
	if i, ok := h.faults[host]; ok {
		h.rec.End(i)
		delete(h.faults, host)
	}
}

func (h *historian) invoke(e *sim.Event) {
	call, ok := e.Value.(nodes.Invocation)
	if !ok {
		return // an operation of another kind of client
	}
	p, known := h.process[e.Host]
	if !known {
		p = h.next
		h.next++
		h.process[e.Host] = p
	}
	h.open[e.ID] = opened{p, call}
	h.counts.Invoked++
	h.add(linear.Event{Type: linear.InvokeEvent, Kind: kindOf(call.Kind), Process: p, Key: call.Key,
		Value: valueOf(call.Value), Old: valueOf(call.Old), Time: int64(e.At)})
}

func (h *historian) end(e *sim.Event) {
	o, ok := h.open[e.ID]
	if !ok {
		return
	}
	delete(h.open, e.ID)
	ev := linear.Event{Kind: kindOf(o.call.Kind), Process: o.process, Key: o.call.Key, Time: int64(e.At)}
	switch e.Name {
	case nodes.OutcomeOK:
		h.counts.OK++
		ev.Type = linear.OKEvent
		if r, ok := e.Value.(nodes.Result); ok && o.call.Kind == nodes.Read {
			ev.Value = valueOf(r.Value)
		}
	case nodes.OutcomeFail:
		h.counts.Failed++
		ev.Type = linear.FailEvent
	default:
		h.counts.Unknown++
		ev.Type = linear.InfoEvent
		delete(h.process, e.Host)
	}
	h.add(ev)
}

func (h *historian) add(e linear.Event) {
	if err := h.rec.Add(e); err != nil && h.err == nil {
		h.err = fmt.Errorf("scenario: history: %w", err)
	}
}

// pending returns how many operations have been invoked and not returned.
func (h *historian) pending() int { return len(h.open) }

// valueOf returns the value of a register; 0 is what nobody has written.
func valueOf(n int64) linear.Value {
	if n == 0 {
		return linear.Value{}
	}
	return linear.Int(n)
}

func kindOf(k nodes.Kind) linear.Kind {
	switch k {
	case nodes.Write:
		return linear.Write
	case nodes.CAS:
		return linear.CAS
	}
	return linear.Read
}
