package explore

import (
	"fmt"
	"slices"

	"phoenix/network"
	"phoenix/properties"
)

func (sys *system) id(host int) network.ID { return network.ID(host) }

// bytes estimates what the system remembers, from typical sizes of its parts.
func (sys *system) bytes() uint64 {
	const perLocal, perMessage, perQueued, perObserver, perWorld = 700, 200, 16, 400, 8000
	locals := uint64(sys.locals.len())
	return locals*perLocal + min(locals, keptLive)*perWorld + uint64(sys.observers.len())*perObserver +
		uint64(sys.messages.len()+sys.channels.len())*perMessage + sys.inChannels.Load()*perQueued +
		sys.ample.bytes()
}

// asked reports whether there is anything to judge a new state by.
func (s *search) asked() bool { return len(s.sys.m.Properties) > 0 || s.sys.panicked.Load() }

// panicked returns an error with what a node's code panicked with before it came to the
// state, nil if none did.
func (s *State) panicked() error {
	if !s.sys.panicked.Load() {
		return nil
	}
	for host := range s.sys.hosts {
		if why := s.local(s.sys.id(host)).panic; why != "" {
			return fmt.Errorf("%s: %s", s.sys.names[host], why)
		}
	}
	return nil
}

// judge asks the properties about a state that is new.
func (s *search) judge(st *State, depth int, fp uint64) {
	sys := s.sys
	if err := st.panicked(); err != nil {
		s.decide(len(sys.m.Properties), depth, fp, err)
		s.violated()
	}
	for i := range sys.m.Properties {
		p := &sys.m.Properties[i]
		var err error
		switch p.Kind {
		case KindAlways:
			err = p.holdsIn(st)
		case KindObserved:
			if o := st.row[sys.observerAt()]; o != 0 {
				err = sys.observers.at(o).bad[i]
			}
		case KindSometimes:
			if s.decided(i, depth) || !p.happensIn(st) {
				continue
			}
			s.decide(i, depth, fp, nil)
			continue
		default:
			continue
		}
		if err != nil {
			s.decide(i, depth, fp, err)
			s.violated()
		}
	}
	st.atDepth(depth)
}

// atDepth has what failed in the state say how far from the first it is.
func (s *State) atDepth(depth int) {
	if s.err != nil {
		s.err = fmt.Errorf("%w, in a state at depth %d", s.err, depth)
	}
}

// rest asks the properties about a state in which nothing but faults can happen.
func (s *search) rest(st *State, depth int, fp uint64) {
	for i := range s.sys.m.Properties {
		if p := &s.sys.m.Properties[i]; p.Kind == KindAtRest {
			if err := p.holdsIn(st); err != nil {
				s.decide(i, depth, fp, err)
				s.violated()
			}
		}
	}
	if st.atDepth(depth); st.err != nil {
		s.fail(st.err)
	}
}

// decided reports whether a property has been decided at a smaller depth.
func (s *search) decided(i, depth int) bool {
	at := s.decidedAt[i].Load()
	return at != 0 && at < int64(depth)
}

// decide notes what decides a property, the first by depth and then fingerprint.
func (s *search) decide(i, depth int, fp uint64, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &s.found[i]
	if f.depth == 0 || depth < f.depth || depth == f.depth && fp < f.fp {
		*f = finding{depth: depth, fp: fp, why: why}
		s.decidedAt[i].Store(int64(depth))
	}
}

// violated ends the search, unless it is to go on: at once if depth-first; a breadth-first
// search looks at this between depths.
func (s *search) violated() {
	if !s.cfg.NoStop && s.cfg.Order == DepthFirst {
		s.stopped.Store(true)
	}
}

// failed reports whether some property is violated.
func (s *search) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.found {
		if s.found[i].depth != 0 && !s.sometimes(i) {
			return true
		}
	}
	return false
}

// endedEarly says why a property may not hold although no state that violates it was seen.
const endedEarly = "the search ended with the violation of another property"

// result sums up a search that has ended.
func (s *search) result() (Result, error) {
	sys := s.sys
	s.peak = max(s.peak, s.bytes())
	res := Result{Unique: s.unique.Load(), Generated: s.generated.Load(), Asleep: s.asleep.Load(),
		Depth: int(s.depth.Load()), Terminal: s.terminal.Load(), Limit: s.limit, Unreduced: s.unreduced, Rounds: s.rounds,
		Bytes: s.peak, SetBytes: s.setBytes(), Handlers: sys.runs.Load(),
		Locals: sys.locals.len(), Messages: sys.messages.len(), Observers: sys.observers.len()}
	if s.exact == nil {
		res.Collisions = collisions(res.Unique)
	}
	claims := sys.m.Properties
	if n := len(claims); s.found[n].depth != 0 {
		claims = append(slices.Clone(claims), Property{Name: propertyPanic, Kind: KindAlways})
	}
	for i, p := range claims {
		f := &s.found[i]
		o := Outcome{Name: p.Name, Kind: p.Kind}
		if f.why != nil {
			o.Detail = f.why.Error()
		}
		switch {
		case p.Kind == KindSometimes && f.depth == 0:
			o.Verdict, o.Detail = properties.Inconclusive, "it never happened"
		case p.Kind != KindSometimes && f.depth != 0:
			o.Verdict = properties.Fail
		case p.Kind == KindEventually:
			s.eventual(i, &o)
		case p.Kind != KindSometimes && s.limit != "":
			o.Verdict, o.Detail = properties.Inconclusive, "not all states were visited: "+s.limit
		case p.Kind != KindSometimes && !s.complete():
			o.Verdict, o.Detail = properties.Inconclusive, endedEarly
		case p.needsRest && res.Terminal == 0:
			o.Verdict, o.Detail = properties.Inconclusive, "no path comes to rest, so it was never judged"
		}
		if f.depth != 0 && (p.Kind != KindSometimes || s.cfg.Examples) {
			path, err := s.path(f)
			if err != nil {
				return res, err
			}
			o.Path = path
		}
		res.Outcomes = append(res.Outcomes, o)
		res.Verdict = max(res.Verdict, o.Verdict)
	}
	if s.limit != "" {
		res.Verdict = max(res.Verdict, properties.Inconclusive)
	}
	return res, nil
}
