package linear

import (
	"context"
	"fmt"
	"strings"

	"phoenix/nodes"
	"phoenix/properties/history"
	"phoenix/sim"
)

// Watcher makes a History of what the clients in a world see, and annotates it
// with the faults. Make it with Watch before the world runs.
//
// A client whose operation ends with an unknown outcome goes on as another
// process: the former one may still act.
type Watcher struct {
	w       *sim.World
	rec     history.Recorder
	open    map[uint64]watched // by number of the operation
	process map[sim.HostID]int // the process that a client is now
	next    int                // number of the next process
	faults  map[string]int     // annotations that have not ended
	counts  Counts
	err     error
}

// Counts says what became of the operations.
type Counts struct {
	Invoked int `json:"invoked"`
	OK      int `json:"ok"`
	Failed  int `json:"failed"`
	Unknown int `json:"unknown"`
}

// Ended returns how many operations have returned, with whatever outcome.
func (c Counts) Ended() int { return c.OK + c.Failed + c.Unknown }

// Add returns the sum of the counts.
func (c Counts) Add(d Counts) Counts {
	return Counts{c.Invoked + d.Invoked, c.OK + d.OK, c.Failed + d.Failed, c.Unknown + d.Unknown}
}

type watched struct {
	process int
	call    nodes.Invocation
}

// Watch observes the operations in w whose payloads are nodes.Invocation and
// nodes.Result, as those of nodes.Client are; it ignores others.
func Watch(w *sim.World) *Watcher {
	h := &Watcher{w: w, open: map[uint64]watched{}, process: map[sim.HostID]int{}, faults: map[string]int{}}
	w.Observe(h.observe)
	return h
}

// History returns what has been seen so far; operations under way are pending.
// Later events go on in the same History. The error names the first event that
// made no sense, such as an operation that returned twice.
func (h *Watcher) History() (*history.History, error) { return h.rec.History(), h.err }

// Check judges what has been seen so far: see the function Check.
func (h *Watcher) Check(ctx context.Context, opt Options) (Result, error) {
	history, err := h.History()
	if err != nil {
		return undecided(err), err
	}
	return Check(ctx, history, opt)
}

// Counts returns how many operations were invoked, and how they ended.
func (h *Watcher) Counts() Counts { return h.counts }

func (h *Watcher) observe(e *sim.Event) {
	switch e.Kind {
	case sim.Invoke:
		h.invoke(e)
	case sim.Return:
		h.end(e)
	case sim.Crash, sim.Pause:
		h.begin(h.w.HostName(e.Host), e.Kind.String()+" of "+h.w.HostName(e.Host))
	case sim.Restart, sim.Resume:
		h.finish(h.w.HostName(e.Host))
	case sim.Fault:
		h.fault(e.Name)
	}
}

// fault annotates a partition from its beginning until it heals, and any other
// fault as a moment.
func (h *Watcher) fault(name string) {
	if name, ok := strings.CutSuffix(name, " heals"); ok {
		h.finish(name)
		return
	}
	if partition, _, ok := strings.Cut(name, " cuts "); ok {
		h.begin(partition, partition)
		return
	}
	h.rec.Mark(name)
}

func (h *Watcher) begin(what, label string) {
	h.finish(what)
	h.faults[what] = h.rec.Begin(label)
}

func (h *Watcher) finish(what string) {
	if i, ok := h.faults[what]; ok {
		h.rec.End(i)
		delete(h.faults, what)
	}
}

func (h *Watcher) invoke(e *sim.Event) {
	call, ok := e.Value.(nodes.Invocation)
	if !ok {
		return
	}
	p, known := h.process[e.Host]
	if !known {
		p = h.next
		h.next++
		h.process[e.Host] = p
	}
	h.open[e.ID] = watched{p, call}
	h.counts.Invoked++
	h.add(history.Event{Type: history.InvokeEvent, Kind: kindOf(call.Kind), Process: p, Key: call.Key,
		Value: valueOf(call.Value), Old: valueOf(call.Old), Time: int64(e.At)})
}

func (h *Watcher) end(e *sim.Event) {
	o, ok := h.open[e.ID]
	if !ok {
		return
	}
	delete(h.open, e.ID)
	ev := history.Event{Kind: kindOf(o.call.Kind), Process: o.process, Key: o.call.Key, Time: int64(e.At)}
	switch e.Name {
	case nodes.OutcomeOK:
		h.counts.OK++
		ev.Type = history.OKEvent
		if r, ok := e.Value.(nodes.Result); ok && o.call.Kind == nodes.Read {
			ev.Value = valueOf(r.Value)
		}
	case nodes.OutcomeFail:
		h.counts.Failed++
		ev.Type = history.FailEvent
		if r, ok := e.Value.(nodes.Result); o.call.Kind == nodes.CAS && !(ok && r.OK) {
			// The store refused it without a look at the value: as a CAS that failed
			// it would tell that there was another one. It certainly has no effect,
			// and that is one of the things that an unknown outcome allows.
			ev.Type = history.InfoEvent
			delete(h.process, e.Host)
		}
	default:
		h.counts.Unknown++
		ev.Type = history.InfoEvent
		delete(h.process, e.Host)
	}
	h.add(ev)
}

func (h *Watcher) add(e history.Event) {
	if err := h.rec.Add(e); err != nil && h.err == nil {
		h.err = fmt.Errorf("linear: event %d of the world: %w", h.w.Events(), err)
	}
}

// valueOf returns the value of a register; 0 is what nobody has written.
func valueOf(n int64) history.Value {
	if n == 0 {
		return history.Value{}
	}
	return history.Int(n)
}

func kindOf(k nodes.Kind) history.Kind {
	switch k {
	case nodes.Write:
		return history.Write
	case nodes.CAS:
		return history.CAS
	}
	return history.Read
}
