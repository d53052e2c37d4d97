package explore

import (
	"slices"

	"phoenix/network"
	"phoenix/sim"
)

// succ is a step from a row and the sum of the state that it leads to. The state itself is
// made only if it is new, see expander.make.
type succ struct {
	sum      uint64
	out      *outcome // what a node does in it; nil if none acts
	kind     StepKind
	host     int32  // whose step it is
	at       int32  // the place in the network of what is taken, -1 for nothing
	arg      uint32 // the message, or the place of the timer, or the cut
	observer uint32
	faults   uint32
}

// expander finds the steps from a row. It belongs to one worker.
type expander struct {
	_ apart

	sys   *system
	row   row
	sum   uint64
	succs []succ
	idles uint64 // steps that are only counted: back to the row, with Model.Idle, and of who is asleep
	owed  bool   // a step other than a fault is possible
	err   error

	sleeps bool // steps are left to others

	locals []*local // of the row, by host, if the model is timed
	faults *faultState
	net    []uint32 // scratch
	stirs  []int32  // scratch of stirring
	spares spares
	recall recall

	moves moves        // scratch of reduce
	sym   *symmetrizer // nil unless symmetry counts
	parts []part

	_ apart
}

func newExpander(sys *system) *expander {
	x := &expander{sys: sys, locals: make([]*local, sys.hosts), recall: newRecall(fewestPlaces)}
	if sys.groups != nil {
		x.sym = newSymmetrizer(sys.groups)
	}
	return x
}

// state returns a State that is to be of rows that x is asked about.
func (x *expander) state() State { return State{sys: x.sys, idle: &x.spares} }

// expand finds all steps from r. What it found is in x until the next call.
func (x *expander) expand(r row) error {
	x.succs = x.succs[:0]
	return x.also(r)
}

// also adds all steps from r to those found before. What else is in x is of r.
func (x *expander) also(r row) error {
	sys := x.sys
	x.begin(r)
	asleep := uint32(0)
	if x.sleeps {
		asleep = r[rowAsleep]
	}
	if sys.m.Timed != nil {
		for host := range x.locals {
			x.locals[host] = sys.locals.at(r[rowLocals+host])
		}
	}
	x.deliveries(asleep)
	if sys.ticks.Load() {
		for host, at := range r[rowLocals:][:sys.hosts] {
			if x.err == nil && x.ticking(at) {
				x.timerSteps(host, at, asleep)
			}
		}
	}
	if f := x.faults; x.err == nil && f.crashes|f.restarts|f.partitions|f.cut != 0 {
		x.faultSteps()
	}
	if x.err == nil && sys.m.Timed != nil {
		x.tick()
	}
	if x.err == nil && sys.full.Load() {
		x.err = errTooMany
	}
	return x.err
}

// deliveries are the steps that take a message, and what faults do to messages.
func (x *expander) deliveries(asleep uint32) {
	sys, r, f := x.sys, x.row, x.faults
	faulty := sys.m.Lossy || f.drops|f.duplicates|f.cut != 0
	net := r[sys.networkAt():][:r[rowLength]]
	for _, i := range x.stirring(net, faulty) {
		id := net[i]
		if i > 0 && net[i-1] == id {
			continue // another copy
		}
		a := x.arrival(id)
		if faulty && x.messageFaults(int(i), a.message) {
			continue
		}
		out := x.effect(r[rowLocals+int(a.to)], id)
		switch {
		case out == nil:
			if x.err != nil {
				return
			}
		case asleep>>a.to&1 != 0:
			x.pass(out, StepDeliver)
		case out.simple && out.more == nil:
			x.owed = true
			s := x.another()
			s.sum, s.out, s.kind = x.sum+out.delta, out, StepDeliver
			s.host, s.at, s.arg = a.to, i, a.message
			s.observer, s.faults = r[sys.observerAt()], r[sys.faultsAt()]
		default:
			for ; out != nil; out = out.more {
				x.act(succ{out: out, kind: StepDeliver, host: a.to, at: i, arg: a.message})
			}
		}
	}
}

// another returns a place for one more step.
func (x *expander) another() *succ {
	n := len(x.succs)
	if n == cap(x.succs) {
		x.succs = slices.Grow(x.succs, n+1)
	}
	x.succs = x.succs[:n+1]
	return &x.succs[n]
}

// begin makes r the row that steps are found from.
func (x *expander) begin(r row) {
	x.row, x.sum = r, sumOf(r)
	if f := x.sys.faults.at(r[x.sys.faultsAt()]); f != x.faults {
		x.faults = f
	}
	x.idles, x.owed, x.err = 0, false, nil
}

// messageFaults adds what faults can do to an entry of the network, and reports whether
// one keeps it from being delivered.
func (x *expander) messageFaults(i int, id uint32) bool {
	sys, f := x.sys, x.faults
	if sys.m.Lossy || f.drops > 0 {
		x.drop(i, id)
	}
	if f.duplicates > 0 && (sys.m.Network == NonDuplicating || sys.m.Network == Ordered) {
		x.duplicate(i, id)
	}
	m := sys.messages.at(id)
	return f.cut != 0 && sys.cuts(f, m.from, m.to)
}

// timerSteps are the firings of a host's timers.
func (x *expander) timerSteps(host int, at, asleep uint32) {
	l := x.sys.locals.at(at)
	for i := range l.fires {
		if l.waits != nil && l.waits[i] > 0 {
			continue
		}
		out := l.fires[i].Load()
		if out == nil {
			if out = x.learn(at, l, event{kind: StepTimer, timer: l.timers[i]}); out == nil {
				return
			}
		}
		if asleep>>host&1 != 0 {
			x.pass(out, StepTimer)
			continue
		}
		for ; out != nil; out = out.more {
			x.act(succ{out: out, kind: StepTimer, host: int32(host), at: -1, arg: uint32(i)})
		}
	}
}

// learn runs the node's code for an event in a local state for the first time.
func (x *expander) learn(at uint32, l *local, ev event) *outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	place := slices.Index(l.timers, ev.timer)
	switch { // another worker may have been faster
	case ev.kind == StepDeliver:
		if out := l.steps.get(ev.message); out != nil {
			return out
		}
	case ev.kind == StepTimer:
		if out := l.fires[place].Load(); out != nil {
			return out
		}
	case ev.kind == StepRestart:
		if out := l.boot.Load(); out != nil {
			return out
		}
	case ev.kind == StepTick:
		if out := l.tick.Load(); out != nil {
			return out
		}
	}
	out, err := x.sys.outcomes(at, l.host, ev, &x.spares)
	if err != nil {
		x.err = err
		return nil
	}
	x.sys.finish(out, int(l.host), ev)
	switch ev.kind {
	case StepDeliver:
		l.steps.put(ev.message, out)
	case StepTimer:
		l.fires[place].Store(out)
	case StepRestart:
		l.boot.Store(out)
	case StepTick:
		l.tick.Store(out)
	}
	return out
}

// finish adds to the outcomes of a node's event what messages add to their deltas that are taken
// and sent, and who sleeps then.
func (sys *system) finish(out *outcome, host int, ev event) {
	for ; out != nil; out = out.more {
		if out.refused {
			return
		}
		if out.idle && sys.m.Network != Ordered {
			continue // it changes no sum, and there may be one for all events
		}
		timed := sys.m.Timed != nil
		out.asleep = sys.sleepers(host, out)
		local := sys.m.Network == Board && len(out.sends) == 0
		out.simple = (sys.m.Network == NonDuplicating || local) && out.told == 0 && out.lost == 0 && !out.idle && !timed
		if ev.kind == StepDeliver && sys.m.Network == NonDuplicating && !timed {
			out.delta -= sys.messages.at(ev.message).hash
		}
		if sys.m.Network != NonDuplicating {
			continue
		}
		for _, id := range out.sends {
			out.delta += sys.messages.at(id).hash
		}
	}
}

// act adds a step in which a node acts.
func (x *expander) act(s succ) {
	out := s.out
	if out.refused {
		return
	}
	f := x.faults
	s.observer, s.faults = x.row[x.sys.observerAt()], x.row[x.sys.faultsAt()]
	s.sum = x.sum + out.delta
	if out.simple && s.kind != StepRestart {
		x.owed = true
		x.succs = append(x.succs, s)
		return
	}
	if out.lost > 0 { // the node crashed in it
		if f.crashes == 0 {
			return
		}
		x.spend(&s, f, StepCrash, 0)
	} else if s.kind != StepRestart {
		x.owed = x.owed || !out.idle || x.sys.m.Idle
	}
	if out.idle && (x.sys.m.Network != Ordered || s.kind != StepDeliver) {
		if x.sys.m.Idle {
			x.idles++
		}
		return
	}
	if out.told != 0 {
		next, err := x.sys.observe(s.observer, out.told)
		if err != nil {
			x.err = err
			return
		}
		s.sum += x.sys.observers.at(next).hash - x.sys.observers.at(s.observer).hash
		s.observer = next
	}
	if x.sys.m.Timed != nil && s.kind == StepDeliver {
		s.sum -= x.sys.messages.at(s.arg).hash // it has an age of its own, which the outcome does not know of
	}
	if x.sys.m.Network != NonDuplicating && (s.kind == StepDeliver || len(out.sends) > 0) {
		x.owed = x.owed || x.sys.m.Network == Ordered && s.kind == StepDeliver
		s.sum += x.rewire(&s)
	}
	x.succs = append(x.succs, s)
}

// spend makes s cost a fault of the budget. For a cut, arg is the one in force then.
func (x *expander) spend(s *succ, f *faultState, kind StepKind, arg uint8) {
	s.faults = x.sys.spent(f, kind, arg)
	s.sum += x.sys.faults.at(s.faults).hash - f.hash
}

// rewire returns what a step adds to the sum by what it takes from and puts into a network
// that is not NonDuplicating, or by a fault of one that is.
func (x *expander) rewire(s *succ) (delta uint64) {
	sys := x.sys
	net := x.row[sys.networkAt():][:x.row[rowLength]]
	if sys.m.Network == Ordered {
		x.net = append(x.net[:0], net...)
		for _, id := range net {
			delta -= sys.channels.at(id).hash
		}
		for _, id := range sys.queued(x.net, s) {
			delta += sys.channels.at(id).hash
		}
		return delta
	}
	switch {
	case s.kind == StepDrop:
		delta -= sys.messages.at(s.arg).hash
	case s.kind == StepDuplicate:
		delta += sys.messages.at(s.arg).hash
	case s.kind == StepDeliver && sys.m.Network == Duplicating:
		if last := x.row[sys.lastAt()]; last != 0 {
			delta -= sys.messages.at(last).last
		}
		delta += sys.messages.at(s.arg).last
	}
	if s.out != nil && sys.m.Network != NonDuplicating {
		for i, id := range s.out.sends {
			if _, known := slices.BinarySearch(net, id); !known && !slices.Contains(s.out.sends[:i], id) {
				delta += sys.messages.at(id).hash
			}
		}
	}
	return delta
}

// drop adds the loss of a message.
func (x *expander) drop(i int, id uint32) {
	s := succ{kind: StepDrop, host: int32(x.sys.messages.at(id).to), at: int32(i), arg: id, sum: x.sum,
		observer: x.row[x.sys.observerAt()], faults: x.row[x.sys.faultsAt()]}
	if !x.sys.m.Lossy {
		x.spend(&s, x.faults, StepDrop, 0)
	}
	x.moved(&s)
}

// duplicate adds a second copy of a message.
func (x *expander) duplicate(i int, id uint32) {
	s := succ{kind: StepDuplicate, host: int32(x.sys.messages.at(id).to), at: int32(i), arg: id, sum: x.sum,
		observer: x.row[x.sys.observerAt()]}
	x.spend(&s, x.faults, StepDuplicate, 0)
	x.moved(&s)
}

// moved adds a step that changes nothing but the network and the faults.
func (x *expander) moved(s *succ) {
	s.sum += x.rewire(s)
	x.succs = append(x.succs, *s)
}

// faultSteps are crashes, restarts and partitions.
func (x *expander) faultSteps() {
	sys, f := x.sys, x.faults
	for host := range sys.hosts {
		at := x.row[rowLocals+host]
		l := sys.locals.at(at)
		switch {
		case !l.down && f.crashes > 0 && sys.crashable[host]:
			out := l.crashes.Load()
			if out == nil {
				if out = x.learnCrash(at, l); out == nil {
					return
				}
			}
			for ; out != nil; out = out.more {
				x.act(succ{out: out, kind: StepCrash, host: int32(host), at: -1})
			}
		case l.down && f.restarts > 0 && l.panic == "":
			x.restart(at, host)
		}
	}
	if f.cut != 0 {
		x.partition(StepMend, uint32(f.cut), 0)
	} else if f.partitions > 0 {
		for i := range sys.m.Faults.Cuts {
			x.partition(StepCut, uint32(i+1), uint8(i+1))
		}
	}
}

// learnCrash finds what a crash of a node in a local state may leave.
func (x *expander) learnCrash(at uint32, l *local) *outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	if out := l.crashes.Load(); out != nil {
		return out
	}
	r, err := x.sys.revive(at, l.host, nil)
	if err != nil {
		x.err = err
		return nil
	}
	defer r.solo.Close()
	r.begin(nil)
	out, err := r.crashes(at)
	if err != nil {
		x.err = err
		return nil
	}
	l.crashes.Store(out)
	return out
}

func (x *expander) restart(at uint32, host int) {
	l := x.sys.locals.at(at)
	out := l.boot.Load()
	if out == nil {
		if out = x.learn(at, l, event{kind: StepRestart}); out == nil {
			return
		}
	}
	for ; out != nil; out = out.more {
		s := succ{out: out, kind: StepRestart, host: int32(host), at: -1}
		before := len(x.succs)
		x.act(s)
		if len(x.succs) > before {
			s := &x.succs[before]
			x.spend(s, x.sys.faults.at(s.faults), StepRestart, 0)
		}
	}
}

// partition adds the beginning or the end of a cut, which leaves cut in force.
func (x *expander) partition(kind StepKind, arg uint32, cut uint8) {
	s := succ{kind: kind, host: int32(sim.NoHost), at: -1, arg: arg, sum: x.sum, observer: x.row[x.sys.observerAt()]}
	x.spend(&s, x.faults, kind, cut)
	x.moved(&s)
	x.owed = x.owed || kind == StepMend
}

// step returns s as a Step.
func (sys *system) step(r row, s *succ) Step {
	st := Step{Kind: s.kind, Node: network.ID(s.host), From: sim.NoHost}
	switch s.kind {
	case StepDeliver, StepDrop, StepDuplicate:
		m := sys.messages.at(s.arg)
		st.From, st.Msg = m.from, m.msg
	case StepTimer:
		st.Name = sys.locals.at(r[rowLocals+int(s.host)]).timers[s.arg]
	case StepCut, StepMend:
		st.Name = sys.m.Faults.Cuts[s.arg-1].Name
	}
	if s.out != nil {
		st.Picks, st.Lost = s.out.picks, int(s.out.lost)
	}
	return st
}
