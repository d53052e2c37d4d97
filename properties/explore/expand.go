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
	sys   *system
	row   row
	sum   uint64
	succs []succ
	idles uint64 // steps that lead back to the row, with Model.Idle
	owed  bool   // a step other than a fault is possible
	state State  // of the row, for the guard
	err   error
	net   []uint32 // scratch
}

func newExpander(sys *system) *expander {
	return &expander{sys: sys, state: State{sys: sys}}
}

// expand finds all steps from r. What it found is in x until the next call.
func (x *expander) expand(r row) error {
	x.row, x.sum, x.state.row = r, sumOf(r), r
	x.succs, x.idles, x.owed, x.err = x.succs[:0], 0, false, nil
	faults := x.sys.faults.at(r[x.sys.faultsAt()])
	net := r[x.sys.networkAt():][:r[rowLength]]
	for i, entry := range net {
		if i > 0 && entry == net[i-1] {
			continue // another copy
		}
		x.messageSteps(faults, i, entry)
	}
	for host := range x.sys.hosts {
		x.timerSteps(faults, host)
	}
	if faults.crashes|faults.restarts|faults.partitions|faults.cut != 0 {
		x.faultSteps(faults)
	}
	if x.state.err != nil {
		return x.state.err
	}
	return x.err
}

// messageSteps are what can happen to one entry of the network.
func (x *expander) messageSteps(f *faultState, i int, entry uint32) {
	sys := x.sys
	id := entry
	if sys.m.Network == Ordered {
		id = sys.channels.at(entry).head
	}
	m := sys.messages.at(id)
	if sys.m.Lossy || f.drops > 0 {
		x.drop(f, i, id)
	}
	if f.duplicates > 0 && (sys.m.Network == NonDuplicating || sys.m.Network == Ordered) {
		x.duplicate(f, i, id)
	}
	if f.cut != 0 && sys.cuts(f, m.from, m.to) {
		return
	}
	at := x.row[rowLocals+int(m.to)]
	l := sys.locals.at(at)
	if l.down {
		return
	}
	out := l.steps.get(id)
	if out == nil {
		if out = x.learn(at, l, event{kind: StepDeliver, message: id}); out == nil {
			return
		}
	}
	for ; out != nil; out = out.more {
		x.act(f, succ{out: out, kind: StepDeliver, host: int32(m.to), at: int32(i), arg: id})
	}
}

// timerSteps are the firings of a host's timers.
func (x *expander) timerSteps(f *faultState, host int) {
	at := x.row[rowLocals+host]
	l := x.sys.locals.at(at)
	for i := range l.fires {
		out := l.fires[i].Load()
		if out == nil {
			if out = x.learn(at, l, event{kind: StepTimer, timer: l.timers[i]}); out == nil {
				return
			}
		}
		for ; out != nil; out = out.more {
			x.act(f, succ{out: out, kind: StepTimer, host: int32(host), at: -1, arg: uint32(i)})
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
	}
	out, err := x.sys.outcomes(at, l.host, ev)
	if err != nil {
		x.err = err
		return nil
	}
	x.sys.finish(out, at)
	switch ev.kind {
	case StepDeliver:
		l.steps.put(ev.message, out)
	case StepTimer:
		l.fires[place].Store(out)
	case StepRestart:
		l.boot.Store(out)
	}
	return out
}

// finish adds to the deltas of outcomes what the messages sent in them add.
func (sys *system) finish(out *outcome, from uint32) {
	for ; out != nil; out = out.more {
		out.idle = out.idle && out.next == from
		if sys.m.Network != NonDuplicating {
			continue
		}
		for _, id := range out.sends {
			out.delta += sys.messages.at(id).hash
		}
	}
}

// act adds a step in which a node acts.
func (x *expander) act(f *faultState, s succ) {
	out := s.out
	if s.kind != StepRestart && s.kind != StepBoot && x.refused(&s) {
		return
	}
	s.observer, s.faults = x.row[x.sys.observerAt()], x.row[x.sys.faultsAt()]
	s.sum = x.sum + out.delta
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
	switch x.sys.m.Network {
	case NonDuplicating:
		if s.kind == StepDeliver {
			s.sum -= x.sys.messages.at(s.arg).hash
		}
	default:
		x.owed = x.owed || x.sys.m.Network == Ordered && s.kind == StepDeliver
		s.sum += x.rewire(&s)
	}
	x.succs = append(x.succs, s)
}

func (x *expander) refused(s *succ) bool {
	return x.sys.m.Guard != nil && !x.sys.m.Guard(&x.state, x.sys.step(x.row, s))
}

// spend makes s cost a fault of the budget. For a cut, arg is the one in force then.
func (x *expander) spend(s *succ, f *faultState, kind StepKind, arg uint8) {
	s.faults = x.sys.spent(f, kind, arg)
	s.sum += x.sys.faults.at(s.faults).hash - f.hash
}

// rewire returns what a step adds to the sum by what it takes from and puts into a network
// that is not NonDuplicating.
func (x *expander) rewire(s *succ) (delta uint64) {
	before := x.row[x.sys.networkAt():][:x.row[rowLength]]
	x.net = append(x.net[:0], before...)
	after := x.sys.rewired(x.net, s)
	if x.sys.m.Network == Ordered {
		for _, id := range before {
			delta -= x.sys.channels.at(id).hash
		}
		for _, id := range after {
			delta += x.sys.channels.at(id).hash
		}
		return delta
	}
	for _, id := range before {
		delta -= x.sys.messages.at(id).hash
	}
	for _, id := range after {
		delta += x.sys.messages.at(id).hash
	}
	if x.sys.m.Network == Duplicating && s.kind == StepDeliver {
		if last := x.row[x.sys.lastAt()]; last != 0 {
			delta -= x.sys.messages.at(last).last
		}
		delta += x.sys.messages.at(s.arg).last
	}
	return delta
}

// drop adds the loss of a message.
func (x *expander) drop(f *faultState, i int, id uint32) {
	s := succ{kind: StepDrop, host: int32(x.sys.messages.at(id).to), at: int32(i), arg: id, sum: x.sum,
		observer: x.row[x.sys.observerAt()], faults: x.row[x.sys.faultsAt()]}
	if !x.sys.m.Lossy {
		x.spend(&s, f, StepDrop, 0)
	}
	x.moved(&s)
}

// duplicate adds a second copy of a message.
func (x *expander) duplicate(f *faultState, i int, id uint32) {
	s := succ{kind: StepDuplicate, host: int32(x.sys.messages.at(id).to), at: int32(i), arg: id, sum: x.sum,
		observer: x.row[x.sys.observerAt()]}
	x.spend(&s, f, StepDuplicate, 0)
	x.moved(&s)
}

// moved adds a step that changes nothing but the network and the faults.
func (x *expander) moved(s *succ) {
	if x.refused(s) {
		return
	}
	s.sum += x.rewire(s)
	x.succs = append(x.succs, *s)
}

// faultSteps are crashes, restarts and partitions.
func (x *expander) faultSteps(f *faultState) {
	sys := x.sys
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
				x.act(f, succ{out: out, kind: StepCrash, host: int32(host), at: -1})
			}
		case l.down && f.restarts > 0 && l.panic == "":
			x.restart(f, at, host)
		}
	}
	if f.cut != 0 {
		x.partition(f, StepMend, uint32(f.cut), 0)
	} else if f.partitions > 0 {
		for i := range sys.m.Faults.Cuts {
			x.partition(f, StepCut, uint32(i+1), uint8(i+1))
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
	r, err := x.sys.revive(at, l.host)
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

func (x *expander) restart(f *faultState, at uint32, host int) {
	l := x.sys.locals.at(at)
	out := l.boot.Load()
	if out == nil {
		if out = x.learn(at, l, event{kind: StepRestart}); out == nil {
			return
		}
	}
	for ; out != nil; out = out.more {
		s := succ{out: out, kind: StepRestart, host: int32(host), at: -1}
		if x.refused(&s) {
			continue
		}
		before := len(x.succs)
		x.act(f, s)
		if len(x.succs) > before {
			s := &x.succs[before]
			x.spend(s, x.sys.faults.at(s.faults), StepRestart, 0)
		}
	}
}

// partition adds the beginning or the end of a cut, which leaves cut in force.
func (x *expander) partition(f *faultState, kind StepKind, arg uint32, cut uint8) {
	s := succ{kind: kind, host: int32(sim.NoHost), at: -1, arg: arg, sum: x.sum, observer: x.row[x.sys.observerAt()]}
	x.spend(&s, f, kind, cut)
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
		st.Picks, st.Lost = s.out.picks, s.out.lost
	}
	return st
}
