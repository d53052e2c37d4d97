package explore

import (
	"cmp"
	"slices"

	"phoenix/properties"
	"phoenix/sim"

	"github.com/zeebo/xxh3"
)

// option is a step that may come next: all of its outcomes are in a row in the successors.
type option struct {
	pending  sim.Pending
	from, to int // the outcomes
}

// pendingKinds are the kinds under which a Scheduler sees steps.
var pendingKinds = [...]sim.Kind{StepDeliver: sim.Deliver, StepTimer: sim.Fire, StepCrash: sim.Crash,
	StepRestart: sim.Restart, StepDrop: sim.Drop, StepDuplicate: sim.Send, StepCut: sim.Fault, StepMend: sim.Fault,
	StepTick: sim.Clock}

// run takes one walk, and reports whether it violated a property, and else whether it came
// to its end by itself. The walk is in s.path.
func (s *Sampler) run(schedule sim.Scheduler, steps int) (violated, ended bool, err error) {
	first := s.initial[0]
	if n := len(s.initial); n > 1 {
		first = s.initial[schedule.Choose("initial", n)]
	}
	s.path, s.state.err = s.path[:0], nil
	for r := first; ; {
		if err := s.x.expand(r); err != nil {
			return false, false, err
		}
		i, detail := s.judge(r)
		if s.state.err != nil {
			s.state.atDepth(len(s.path) + 1)
			return false, false, s.state.err
		}
		if i >= 0 {
			path, err := s.found(first)
			s.outcomes[i].Verdict, s.outcomes[i].Detail, s.outcomes[i].Path = properties.Fail, detail, path
			return true, true, err
		}
		switch {
		case len(s.x.succs) == 0:
			return false, true, nil
		case len(s.path) == steps:
			return false, false, nil
		}
		next := s.choose(schedule)
		s.path = append(s.path, next)
		at := len(s.path) % 2
		s.rows[at] = s.x.make(s.rows[at][:0], &next)
		if r = s.rows[at]; !s.sys.within(r) {
			if failed := s.sys.failed.Load(); failed != nil {
				return false, false, *failed
			}
			return false, true, nil
		}
	}
}

// judge asks the properties about a state, and returns the place of the first that is
// violated, or -1, and why.
func (s *Sampler) judge(r row) (int, string) {
	s.state.row = r
	if err := s.state.panicked(); err != nil {
		s.outcomes = append(s.outcomes, Outcome{Name: propertyPanic, Kind: KindAlways})
		return len(s.outcomes) - 1, err.Error()
	}
	for i := range s.sys.m.Properties {
		p := &s.sys.m.Properties[i]
		var err error
		switch p.Kind {
		case KindAlways:
			err = p.holdsIn(&s.state)
		case KindAtRest:
			if !s.x.owed {
				err = p.holdsIn(&s.state)
			}
		case KindObserved:
			if o := r[s.sys.observerAt()]; o != 0 {
				err = s.sys.observers.at(o).bad[i]
			}
		case KindSometimes:
			if o := &s.outcomes[i]; o.Verdict != properties.Pass && p.happensIn(&s.state) {
				o.Verdict, o.Detail = properties.Pass, ""
			}
		}
		if err != nil {
			return i, err.Error()
		}
	}
	return -1, ""
}

// choose has the schedule choose among the steps that were found.
func (s *Sampler) choose(schedule sim.Scheduler) succ {
	s.offer()
	o := &s.steps[schedule.Next(s.options)]
	if n := o.to - o.from; n > 1 {
		return s.x.succs[o.from+schedule.Choose("outcome", n)]
	}
	return s.x.succs[o.from]
}

// offer makes options of the steps that were found, in an order that depends on their
// content only: numbers of messages depend on what was met before.
func (s *Sampler) offer() {
	s.steps = s.steps[:0]
	for i := range s.x.succs {
		next := &s.x.succs[i]
		if i > 0 {
			if last := &s.x.succs[i-1]; last.kind == next.kind && last.host == next.host && last.at == next.at && last.arg == next.arg {
				s.steps[len(s.steps)-1].to = i + 1
				continue
			}
		}
		s.steps = append(s.steps, option{s.pending(next), i, i + 1})
	}
	slices.SortFunc(s.steps, func(a, b option) int {
		if a.pending.ID != b.pending.ID {
			return cmp.Compare(a.pending.ID, b.pending.ID)
		}
		return cmp.Or(cmp.Compare(a.pending.Host, b.pending.Host), cmp.Compare(a.pending.Kind, b.pending.Kind))
	})
	s.options = s.options[:0]
	for i := range s.steps {
		s.options = append(s.options, s.steps[i].pending)
	}
}

// pending returns a step as a Scheduler sees it.
func (s *Sampler) pending(next *succ) sim.Pending {
	p := sim.Pending{Kind: pendingKinds[next.kind], Host: sim.HostID(next.host), Peer: sim.NoHost}
	switch next.kind {
	case StepDeliver, StepDrop, StepDuplicate:
		m := s.sys.messages.at(next.arg)
		p.Peer, p.ID, p.Value = m.from, m.hash, m.msg
	case StepTimer:
		p.Name = s.sys.locals.at(s.x.row[rowLocals+int(next.host)]).timers[next.arg]
		p.ID = xxh3.HashString(p.Name)
	case StepCut, StepMend:
		p.ID, p.Name = uint64(next.arg), s.sys.m.Faults.Cuts[next.arg-1].Name
	}
	return p
}

// found returns the walk that was taken as a Path.
func (s *Sampler) found(first row) (*Path, error) {
	p := &Path{sys: s.sys, first: first, steps: slices.Clone(s.path), loop: -1}
	x := newExpander(s.sys)
	r := first
	for i := range p.steps {
		x.row = r
		p.Steps = append(p.Steps, s.sys.step(r, &p.steps[i]))
		r = x.make(nil, &p.steps[i])
		p.rows = append(p.rows, r)
	}
	return p, nil
}
