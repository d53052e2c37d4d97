package sim

import (
	"fmt"
	"slices"
)

// Pending is one event that may come next, as a Scheduler sees it: what will happen if
// it is taken now.
type Pending struct {
	// Kind is Deliver, Fire, Wake or Boot. It is 0 for what none of these describes: a
	// function that was given to World.At, the end of a task of a slow host, and what a
	// Sink schedules that is no Describer.
	Kind Kind
	// Host is where it happens, NoHost if it concerns the world: events of different
	// hosts commute, as far as hosts share nothing.
	Host HostID
	Peer HostID // the sender of a message; NoHost otherwise
	// ID tells it from all others of its Kind and Host that are pending, except for
	// further copies of one message: the number of a message, a process, a setting of a
	// timer, a boot of a host.
	ID    uint64
	Name  string // of the timer or process
	Value any    // the message, not to be changed
	At    Time   // when it is due; earlier than Now if time has passed it, see Config.Untimed
}

// Scheduler is a Chooser that knows what it orders. A world with Interleave or Untimed
// asks it for what comes next with Next, and for all else with Choose.
type Scheduler interface {
	Chooser
	// Next returns which of the options comes next, as an index. It is asked before
	// every event, also if there is one option only. The options are in the order in
	// which they were scheduled; what cannot come next, such as a message of an ordered
	// link behind another one, is not among them. The slice is valid during the call.
	Next(options []Pending) int
}

// Describer is a Sink that can say what its arrivals are.
type Describer interface {
	Sink
	// Describe tells what Fire would do with arg now; the world itself fills in At. It
	// returns false if arg has to wait for another arrival of the sink that is pending too.
	Describe(arg uint64) (Pending, bool)
}

// order is what an untimed world has in the place of a queue, and scratch memory. Adding
// takes O(1); taking one takes O(n) for n pending events.
type order struct {
	pending []item // in order of scheduling; cancelled timers stay until the next offer
	offered []item // those that may come next, from the offer to the pick
	places  []int  // of the offered ones in pending

	options []Pending // what a Scheduler is shown, in timed worlds too
	indices []int     // of the options in what was offered
}

// reset empties o for another world, keeping its memory.
func (o *order) reset() { o.pending, o.offered = o.pending[:0], o.offered[:0] }

// offer drops cancelled timers and gathers what may come next, not later than limit. It
// returns 0 if there is anything, else why the run ends.
func (w *World) offer(limit Time) Reason {
	if !w.cfg.Untimed {
		return Quiescent
	}
	o := w.order
	o.pending = slices.DeleteFunc(o.pending, w.isStale)
	o.offered, o.places = o.offered[:0], o.places[:0]
	for i, it := range o.pending {
		if it.at <= limit {
			o.offered = append(o.offered, it)
			o.places = append(o.places, i)
		}
	}
	switch {
	case len(o.pending) == 0:
		return Quiescent
	case len(o.offered) == 0:
		return TimeLimit
	}
	return 0
}

// pickAny removes one of the offered items, of the Chooser's choice. An item that time
// has passed happens now.
func (w *World) pickAny() item {
	o := w.order
	w.cause = 0
	i := w.next(o.offered)
	it := o.offered[i]
	o.pending = slices.Delete(o.pending, o.places[i], o.places[i]+1)
	it.at = max(it.at, w.now)
	return it
}

// next asks the Chooser which of the ready items comes next, and records the answer as
// the same Pick whether it is a Scheduler or not.
func (w *World) next(ready []item) int {
	s, ok := w.decider().(Scheduler)
	if !ok {
		return w.Choose("next", len(ready))
	}
	o := w.order
	o.options, o.indices = o.options[:0], o.indices[:0]
	for i, it := range ready {
		if p, may := w.describe(it); may {
			o.options = append(o.options, p)
			o.indices = append(o.indices, i)
		}
	}
	if len(o.options) == 0 {
		panic("sim: every pending event of a Describer waits for another one")
	}
	i := s.Next(o.options)
	if i < 0 || i >= len(o.options) {
		panic(fmt.Sprintf("sim: the Scheduler picked %d, expected 0 to %d", i, len(o.options)-1))
	}
	picked := o.indices[i]
	clear(o.options) // it holds messages
	if len(ready) > 1 {
		w.record("next", len(ready), picked)
	}
	return picked
}

// describe tells what an item is, and whether it may come next.
func (w *World) describe(it item) (Pending, bool) {
	arg := it.arg()
	p := Pending{Host: NoHost, Peer: NoHost, ID: arg}
	switch it.sink() {
	case sinkBoot:
		p.Kind, p.Host, p.ID = Boot, HostID(arg>>32), arg&(1<<32-1)
	case sinkTimer:
		t := w.timers.places[arg>>32].v
		p.Kind, p.Host, p.Name = Fire, t.host.id, t.name
	case sinkServe:
		p.Host = HostID(arg >> 32)
	case sinkWake:
		u := w.wakeups.places[arg].v
		p.Kind, p.Host, p.ID, p.Name = Wake, u.p.host.id, u.p.id, u.p.name
	case sinkFunc:
		p.ID |= uint64(w.funcs.places[arg].gen) << 32
	default:
		if d, ok := w.sinks[it.sink()].(Describer); ok {
			may := false
			if p, may = d.Describe(arg); !may {
				return p, false
			}
		}
	}
	p.At = it.at
	return p, true
}
