package explore

import (
	"phoenix/network"
	"phoenix/properties"
)

func (sys *system) id(host int) network.ID { return network.ID(host) }

// bytes estimates what the system remembers, from typical sizes of its parts.
func (sys *system) bytes() uint64 {
	const perLocal, perMessage, perObserver = 700, 200, 400
	return uint64(sys.locals.len())*perLocal + uint64(sys.messages.len()+sys.channels.len())*perMessage +
		uint64(sys.observers.len())*perObserver
}

// judge asks the properties about a state that is new. path gives the fingerprints of the
// states on the way to it, nil if they are not known.
func (s *search) judge(st *State, depth int, fp uint64, path func() []uint64) {
	sys := s.sys
	for i := range sys.m.Properties {
		p := &sys.m.Properties[i]
		var err error
		switch p.Kind {
		case KindAlways:
			err = p.state(st)
		case KindObserved:
			if o := st.row[sys.observerAt()]; o != 0 {
				err = sys.observers.at(o).bad[i]
			}
		case KindSometimes:
			if s.decided(i, depth) || !p.happens(st) {
				continue
			}
			s.decide(i, depth, fp, nil, path)
			continue
		default:
			continue
		}
		if err != nil {
			s.decide(i, depth, fp, err, path)
			s.violated()
		}
	}
}

// rest asks the properties about a state in which nothing but faults can happen.
func (s *search) rest(st *State, depth int, fp uint64, path func() []uint64) {
	s.terminal.Add(1)
	for i := range s.sys.m.Properties {
		if p := &s.sys.m.Properties[i]; p.Kind == KindAtRest {
			if err := p.state(st); err != nil {
				s.decide(i, depth, fp, err, path)
				s.violated()
			}
		}
	}
}

// decided reports whether a property has been decided at a smaller depth.
func (s *search) decided(i, depth int) bool {
	at := s.decidedAt[i].Load()
	return at != 0 && at < int64(depth)
}

// decide notes what decides a property, the first by depth and then fingerprint.
func (s *search) decide(i, depth int, fp uint64, why error, path func() []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &s.found[i]
	if f.depth == 0 || depth < f.depth || depth == f.depth && fp < f.fp {
		*f = finding{depth: depth, fp: fp, why: why}
		s.decidedAt[i].Store(int64(depth))
		if path != nil {
			f.path = path()
		}
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
		if f := &s.found[i]; f.depth != 0 && s.sys.m.Properties[i].Kind != KindSometimes {
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
	res := Result{Unique: s.unique.Load(), Generated: s.generated.Load(), Depth: int(s.depth.Load()),
		Terminal: s.terminal.Load(), Limit: s.limit, Unreduced: s.unreduced, Rounds: s.rounds,
		Bytes: s.peak, SetBytes: s.setBytes(), Handlers: sys.runs.Load(),
		Locals: sys.locals.len(), Messages: sys.messages.len(), Observers: sys.observers.len()}
	if s.exact == nil {
		res.Collisions = collisions(res.Unique)
	}
	for i, p := range sys.m.Properties {
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
