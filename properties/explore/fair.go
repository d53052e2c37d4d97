package explore

import (
	"errors"
	"fmt"

	"phoenix/properties"
)

// stateGraph is what a search visited, as a graph: states are numbered by their slots in
// the set of visited ones, and all rows are held.
type stateGraph struct {
	s      *search
	x      *expander
	words  []uint32
	begins []uint64 // by slot: one more than where its row begins, 0 for none
	ends   []uint64
	firsts []uint32
	holder func(*State) bool
	err    error
}

// newStateGraph walks through the visited states again and keeps their rows.
func (s *search) newStateGraph() (*stateGraph, error) {
	slots := s.freeze()
	g := &stateGraph{s: s, x: newExpander(s.sys), begins: make([]uint64, slots), ends: make([]uint64, slots)}
	initial, err := s.sys.initial()
	if err != nil {
		return nil, err
	}
	var queue []uint32
	for _, r := range initial {
		if slot, added := g.keep(r); added {
			g.firsts = append(g.firsts, slot)
			queue = append(queue, slot)
		}
	}
	var scratch []uint32
	for len(queue) > 0 && !g.stop() {
		at := queue[0]
		queue = queue[1:]
		if err := g.x.expand(g.row(at)); err != nil {
			return nil, err
		}
		for i := range g.x.succs {
			scratch = g.x.make(scratch[:0], &g.x.succs[i])
			if slot, added := g.keep(scratch); added {
				queue = append(queue, slot)
			}
		}
	}
	return g, nil
}

// keep stores the row of a visited state, if it is new.
func (g *stateGraph) keep(r row) (slot uint32, added bool) {
	at, known := g.s.slot(g.x.fingerprint(r), r)
	if !known || g.begins[at] != 0 {
		return uint32(at), false
	}
	g.begins[at] = uint64(len(g.words)) + 1
	g.words = append(g.words, r...)
	g.ends[at] = uint64(len(g.words))
	return uint32(at), true
}

func (g *stateGraph) row(state uint32) row { return g.words[g.begins[state]-1 : g.ends[state]] }

func (g *stateGraph) len() int          { return len(g.begins) }
func (g *stateGraph) initial() []uint32 { return g.firsts }
func (g *stateGraph) stop() bool        { return g.err != nil || g.s.cfg.Stop != nil && g.s.cfg.Stop() }

func (g *stateGraph) id(state uint32) uint64 { return g.x.fingerprint(g.row(state)) }

func (g *stateGraph) holds(state uint32) bool {
	st := State{sys: g.s.sys, row: g.row(state)}
	holds := g.holder(&st)
	g.failed(st.err)
	return holds
}

func (g *stateGraph) failed(err error) {
	if g.err == nil {
		g.err = err
	}
}

func (g *stateGraph) each(state uint32, visit func(to, class uint32)) {
	if err := g.x.expand(g.row(state)); err != nil {
		g.failed(err)
		return
	}
	var scratch []uint32
	for i := range g.x.succs {
		sc := &g.x.succs[i]
		scratch = g.x.make(scratch[:0], sc)
		to := noState
		if slot, known := g.s.slot(g.x.fingerprint(scratch), scratch); known && g.begins[slot] != 0 {
			to = uint32(slot)
		} else if !g.s.sys.within(scratch) {
			continue
		}
		visit(to, g.s.sys.class(sc))
	}
}

// class returns who owes a step in the end: a node its timers, a channel its messages.
func (sys *system) class(sc *succ) uint32 {
	switch {
	case sc.out != nil && sc.out.lost > 0:
		return unfair
	case sc.kind == StepTimer:
		return uint32(sc.host)
	case sc.kind == StepTick: // time goes on
		return uint32(sys.hosts + sys.hosts*sys.hosts)
	case sc.kind == StepDeliver:
		m := sys.messages.at(sc.arg)
		return uint32(sys.hosts + int(m.from)*sys.hosts + int(m.to))
	}
	return unfair
}

// liveness judges what is to happen eventually, once all states have been visited.
func (s *search) liveness() error {
	var g *stateGraph
	for i := range s.sys.m.Properties {
		p := &s.sys.m.Properties[i]
		if p.Kind != KindEventually {
			continue
		}
		if g == nil {
			var err error
			if g, err = s.newStateGraph(); err != nil {
				return err
			}
		}
		g.holder = p.happensIn
		l, err := g.lasso(p)
		if g.err != nil {
			return g.err
		}
		if errors.Is(err, errLivenessStopped) {
			s.bound("interrupted")
			return nil
		}
		if err != nil {
			return err
		}
		if l != nil {
			if err := verifyLasso(g, l); err != nil {
				panic(fmt.Sprintf("explore: a lasso that is none: %v", err))
			}
			if s.lassos == nil {
				s.lassos = map[int]*Path{}
			}
			if s.lassos[i], err = g.path(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// lasso returns a violation of a property that is to hold eventually, nil if there is none.
func (g *stateGraph) lasso(p *Property) (*lasso, error) {
	if p.given == nil {
		return eventually(g)
	}
	return leadsTo(g, func(state uint32) bool {
		if g.begins[state] == 0 {
			return false // no state is in this slot
		}
		st := State{sys: g.s.sys, row: g.row(state)}
		given := p.givenIn(&st)
		g.failed(st.err)
		return given
	})
}

// path returns the way along a lasso.
func (g *stateGraph) path(l *lasso) (*Path, error) {
	p := &Path{sys: g.s.sys, first: g.row(l.start), loop: -1}
	for i, h := range append(append([]hop(nil), l.stem...), l.cycle...) {
		if i == len(l.stem) {
			p.loop = i
		}
		at := p.first
		if i > 0 {
			at = p.rows[i-1]
		}
		to := g.row(h.to)
		if _, err := p.follow(g.s, g.x, at, g.x.fingerprint(to), func(sc *succ) bool {
			return g.s.sys.class(sc) == h.class
		}); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// eventual is the outcome of a property that is to hold eventually.
func (s *search) eventual(i int, o *Outcome) {
	switch path := s.lassos[i]; {
	case path != nil && path.loop >= 0:
		o.Verdict, o.Path = properties.Fail, path
		o.Detail = "it never happens on a path that goes round for ever"
	case path != nil:
		o.Verdict, o.Path = properties.Fail, path
		o.Detail = "it has not happened when nothing is left to happen"
	case s.limit != "":
		o.Verdict, o.Detail = properties.Inconclusive, "not all states were visited: "+s.limit
	case !s.complete():
		o.Verdict, o.Detail = properties.Inconclusive, endedEarly
	}
}

// complete reports whether no violation has ended the search early.
func (s *search) complete() bool { return s.cfg.NoStop || !s.failed() }
