package consistency

import (
	"context"
	"sort"
)

// edge says that one event comes before another in every order that explains
// the history, because (unless ground is nothing) ground comes before goal.
type edge struct {
	from, to     int32
	ground, goal int32
	next         int32 // the edge to the same event that was found before, or nothing
}

// edgeBytes is what an edge takes.
const edgeBytes = 20

// saturation derives what must come before what from the order of each
// client's events, a write coming before its readers, and for each reader r of
// a write w and every other write w' of that key:
//
//   - w' before r: so w' is before w, or it would have replaced w.
//   - w before w': so r is before w', or w' would have replaced w before it.
//
// (Gibbons and Korach, SIAM J. Comput. 1997, section 4.) A cycle shows that no
// order exists; the converse does not hold.
//
// What comes before an event is a vector clock: how many events of each client
// do, itself included.
type saturation struct {
	*programs
	clients int
	clock   []int32 // clients numbers for each event
	edges   []edge
	most    int64   // edges, beyond which none is noted
	edgesTo []int32 // of each event, the latest edge to it, or nothing
	grown   []bool  // of each event, whether its clock did in the latest round
	sorted  []int32 // the events, each after those that come before it
	steps   int64   // that are left: looks at 32 numbers of a clock or at eight writes
}

// saturate derives all that follows, unless the steps or the bytes of memory do
// not suffice, and returns a cycle if there is one: events, each of which comes
// before the next and the last before the first.
func (p *programs) saturate(ctx context.Context, steps, memory int64) (s *saturation, cycle []int32) {
	s = &saturation{programs: p, clients: len(p.start) - 1, steps: steps, edgesTo: make([]int32, len(p.op))}
	for e := range s.edgesTo {
		s.edgesTo[e] = nothing
	}
	if int64(len(p.op))*int64(s.clients)*4 > memory/2 {
		return s, nil
	}
	s.most = memory / (4 * edgeBytes)
	s.clock, s.grown = make([]int32, len(p.op)*s.clients), make([]bool, len(p.op))
	s.initialReads()
	for {
		if cycle = s.sort(); cycle != nil {
			return s, cycle
		}
		s.tick()
		known := len(s.edges)
		for e := 0; e < len(p.op) && s.steps >= 0; e++ {
			if s.grown[e] {
				s.derive(int32(e))
			}
			if e%1024 == 0 && ctx.Err() != nil {
				return s, nil
			}
		}
		if len(s.edges) == known || s.steps < 0 {
			return s, nil
		}
	}
}

// initialReads has every read of an initial version come before each other write.
func (s *saturation) initialReads() {
	for k := range s.v.keys {
		for _, r := range s.readers[len(s.op)+k] {
			for _, g := range s.groups[s.groupsOf[k]:s.groupsOf[k+1]] {
				if w := s.writing[g.lo]; w != r { // unless r is a CAS of the initial value
					s.add(edge{from: r, to: w, ground: nothing})
				}
			}
		}
	}
}

func (s *saturation) add(e edge) {
	if int64(len(s.edges)) >= s.most {
		return
	}
	e.next = s.edgesTo[e.to]
	s.edgesTo[e.to] = int32(len(s.edges))
	s.edges = append(s.edges, e)
}

// before calls visit with each event that directly comes before e until it
// returns true: first the client's own, then the write that e read, then the rest.
func (s *saturation) before(e int32, visit func(int32) bool) {
	if s.place(e) > 0 && visit(e-1) {
		return
	}
	if w, reads := s.read(e); reads && int(w) < len(s.op) && visit(w) {
		return
	}
	for i := s.edgesTo[e]; i != nothing; i = s.edges[i].next {
		if visit(s.edges[i].from) {
			return
		}
	}
}

// sort fills in sorted by a depth-first search, or returns a cycle.
func (s *saturation) sort() (cycle []int32) {
	const fresh, open, done = 0, 1, 2
	state := make([]uint8, len(s.op))
	s.sorted = s.sorted[:0]
	var stack []int32
	for root := range s.op {
		if state[root] != fresh {
			continue
		}
		for stack = append(stack, int32(root)); len(stack) > 0; {
			e := stack[len(stack)-1]
			state[e] = open
			found := false
			s.before(e, func(d int32) bool {
				if state[d] == done {
					return false
				}
				stack, found = append(stack, d), true
				return true
			})
			if !found {
				state[e] = done
				s.sorted, stack = append(s.sorted, e), stack[:len(stack)-1]
			} else if d := stack[len(stack)-1]; state[d] == open {
				return loop(stack)
			}
		}
	}
	return nil
}

// loop returns the cycle at the end of a stack, in which each event comes
// before the one under it and the top is there twice.
func loop(stack []int32) (cycle []int32) {
	top := stack[len(stack)-1]
	for at := len(stack) - 2; ; at-- {
		cycle = append(cycle, stack[at])
		if stack[at] == top {
			break
		}
	}
	// The stack goes back in time: the event at the top comes first.
	last := len(cycle) - 1
	return append([]int32{cycle[last]}, cycle[:last]...)
}

// tick computes the clocks in sorted order and notes which have grown.
func (s *saturation) tick() {
	for _, e := range s.sorted {
		own := s.of(e)
		grown := own[s.client[e]] == 0 // the first time
		own[s.client[e]] = s.place(e) + 1
		s.before(e, func(d int32) bool {
			for c, count := range s.of(d) {
				if count > own[c] {
					own[c], grown = count, true
				}
			}
			return false
		})
		s.grown[e] = grown
	}
	s.steps -= int64(len(s.sorted)) * (1 + int64(s.clients)/32)
}

// of is the clock of e.
func (s *saturation) of(e int32) []int32 { return s.clock[int(e)*s.clients : (int(e)+1)*s.clients] }

// precedes reports whether the clocks know that d comes before e.
func (s *saturation) precedes(d, e int32) bool {
	return d != e && s.of(e)[s.client[d]] > s.place(d)
}

// derive applies both rules to the writes before e. Of each client only the
// last one matters: the earlier ones come before that.
func (s *saturation) derive(e int32) {
	k := s.v.key[s.op[e]]
	w, reads := s.read(e)
	self := s.v.happened[s.op[e]] && writes(&s.v.ops[s.op[e]])
	if !reads && !self {
		return
	}
	groups := s.groups[s.groupsOf[k]:s.groupsOf[k+1]]
	s.steps -= int64(len(groups)) / 8
	for _, g := range groups {
		before := s.lastBefore(g, e)
		if before == nothing {
			continue
		}
		if reads && before != w {
			s.replaced(before, w, e)
		}
		if self {
			s.overtaken(before, e)
		}
	}
}

// lastBefore returns the last write of g that comes before e, or nothing.
func (s *saturation) lastBefore(g group, e int32) int32 {
	bound := s.of(e)[g.client]
	if g.client == s.client[e] {
		bound-- // e itself
	}
	first := s.start[g.client]
	list := s.writing[g.lo:g.hi]
	at := sort.Search(len(list), func(i int) bool { return list[i]-first >= bound })
	if at == 0 {
		return nothing
	}
	return list[at-1]
}

// replaced: other comes before reader, which read w, so other is before w.
func (s *saturation) replaced(other, w, reader int32) {
	switch {
	case int(w) >= len(s.op) || s.precedes(other, w):
	case s.v.flaw == flawReversed:
		s.add(edge{from: w, to: other, ground: other, goal: reader})
	default:
		s.add(edge{from: other, to: w, ground: other, goal: reader})
	}
}

// overtaken: w comes before other, so the readers of w do.
func (s *saturation) overtaken(w, other int32) {
	for _, r := range s.readers[w] {
		if r != other && !s.precedes(r, other) {
			s.add(edge{from: r, to: other, ground: w, goal: other})
		}
	}
}
