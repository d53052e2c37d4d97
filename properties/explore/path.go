package explore

import (
	"cmp"
	"fmt"
	"sync/atomic"

	"phoenix/network"
)

// Path is a way through the states of a model: the first state and the steps from there.
type Path struct {
	sys   *system
	first row
	steps []succ
	rows  []row // after each step
	loop  int   // the state to which the last step goes back, -1 if none
	Steps []Step
}

// Loop returns the place of the state to which the last step leads back: the path goes
// round from there for ever. It is -1 for a path that ends.
func (p *Path) Loop() int { return p.loop }

// Len returns the number of states on the path, the first one included.
func (p *Path) Len() int {
	if p == nil {
		return 0
	}
	return len(p.rows) + 1
}

// State returns the i-th state, from 0 on.
func (p *Path) State(i int) *State {
	if i == 0 {
		return &State{sys: p.sys, row: p.first}
	}
	return &State{sys: p.sys, row: p.rows[i-1]}
}

// Name returns the name of a node.
func (p *Path) Name(id network.ID) string { return p.sys.name(id) }

// Lines returns a line for each step.
func (p *Path) Lines() []string {
	lines := make([]string, len(p.Steps))
	for i, st := range p.Steps {
		lines[i] = p.sys.tell(st)
	}
	return lines
}

// parentage is a visited set that remembers for each state of a frozen table which state
// of the depth before it was reached from: of several the one with the least fingerprint,
// so that the path is the same at any number of workers.
type parentage struct {
	s      *search
	depths []uint32 // by slot: the depth at which it was reached, 0 for not yet
	from   []uint64 // by slot
	parent uint64
}

func (p *parentage) enter() {}
func (p *parentage) leave() {}

func (p *parentage) insertRow(fp uint64, r []uint32) bool {
	slot, known := p.s.slot(fp, r)
	if !known {
		return false // beyond where a bound ended the search
	}
	next := uint32(p.s.depth.Load()) + 1
	added := atomic.CompareAndSwapUint32(&p.depths[slot], 0, next)
	if !added && atomic.LoadUint32(&p.depths[slot]) != next {
		return false
	}
	for {
		old := atomic.LoadUint64(&p.from[slot])
		if old != 0 && old <= p.parent || atomic.CompareAndSwapUint64(&p.from[slot], old, p.parent) {
			return added
		}
	}
}

func (p *parentage) insertRowDepth(fp uint64, r []uint32, _ int) (added, improved bool) {
	added = p.insertRow(fp, r)
	return added, added
}

func (p *parentage) markRow(uint64, []uint32) bool { return true }

// slot returns the number of a state in the set of visited ones, which is frozen.
func (s *search) slot(fp uint64, r row) (slot uint64, known bool) {
	if s.exact != nil {
		shard, tag := s.exact.shard(fp)
		_, record := shard.find(tag, r)
		if record == nil {
			return 0, false
		}
		return shard.before + uint64(record[recordNumber]), true
	}
	return s.table.find(spread(fp))
}

// freeze ends the insertion of states and returns how many slots there are.
func (s *search) freeze() uint64 {
	if s.exact != nil {
		s.exact.freeze()
		return s.exact.slots()
	}
	s.table.freeze()
	return s.table.slots()
}

// ancestry finds out again from where each state was reached, up to a depth: the search
// itself does not remember it, to need less memory.
func (s *search) ancestry(depth int) (*parentage, error) {
	again := &search{sys: s.sys, cfg: Config{NoStop: true, Symmetry: s.cfg.Symmetry, Exact: s.cfg.Exact, Workers: s.workers},
		workers: s.workers, table: s.table, exact: s.exact}
	slots := s.freeze()
	all := &parentage{s: again, depths: make([]uint32, slots), from: make([]uint64, slots)}
	crew := make([]*breadthWorker, s.workers)
	for i := range crew {
		own := *all
		crew[i] = &breadthWorker{s: again, x: newExpander(s.sys), seen: &own}
	}
	initial, err := s.sys.initial()
	if err != nil {
		return nil, err
	}
	for _, r := range initial {
		crew[0].admit(r, 1)
	}
	again.levels(crew, depth)
	return all, again.err
}

// path returns the way to what decided a property.
func (s *search) path(f *finding) (*Path, error) {
	from := s
	if s.again != nil {
		from = s.again
	}
	chain, err := from.chain(f)
	if err != nil {
		return nil, err
	}
	return s.along(chain)
}

// chain returns the fingerprints of the states on the way to what decided a property.
func (s *search) chain(f *finding) ([]uint64, error) {
	if f.path != nil {
		return f.path, nil
	}
	if s.parents == nil {
		deepest := 0
		for i := range s.found {
			deepest = max(deepest, s.found[i].depth)
		}
		var err error
		if s.parents, err = s.ancestry(deepest); err != nil {
			return nil, err
		}
	}
	// In a depth-first search it may be at a smaller depth than where it was found.
	slot, _ := s.parentSlot(f.fp)
	chain := make([]uint64, s.parents.depths[slot])
	for i, fp := len(chain)-1, f.fp; i >= 0; i-- {
		slot, known := s.parentSlot(fp)
		if !known {
			return nil, fmt.Errorf("explore: state %#x of a path was not visited", fp)
		}
		chain[i], fp = fp, s.parents.from[slot]
	}
	return chain, nil
}

// parentSlot returns the slot of a fingerprint. In an exact search fingerprints alone may be
// ambiguous: then any state of that fingerprint serves, and along tells if it does not.
func (s *search) parentSlot(fp uint64) (uint64, bool) {
	if s.exact == nil {
		return s.table.find(spread(fp))
	}
	return s.exact.slotOf(fp)
}

// along follows fingerprints from a first state.
func (s *search) along(chain []uint64) (*Path, error) {
	initial, err := s.sys.initial()
	if err != nil {
		return nil, err
	}
	p := &Path{sys: s.sys, loop: -1}
	x := newExpander(s.sys)
	for _, r := range initial {
		if x.fingerprint(r) == chain[0] {
			p.first = r
			break
		}
	}
	if p.first == nil {
		return nil, fmt.Errorf("explore: a path begins at %#x, which is no first state", chain[0])
	}
	at := p.first
	for _, fp := range chain[1:] {
		if at, err = p.follow(s, x, at, fp, func(*succ) bool { return true }); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// follow takes a step that fits to a state of the given fingerprint: of several the first
// in the order of how they are told and, since that may be cut, of what they take.
func (p *Path) follow(s *search, x *expander, at row, fp uint64, fits func(*succ) bool) (row, error) {
	if err := x.expand(at); err != nil {
		return nil, err
	}
	var best *succ
	var line string
	for i := range x.succs {
		sc := &x.succs[i]
		if s.plain() && sc.sum != fp || !fits(sc) ||
			!s.plain() && x.fingerprint(x.make(nil, sc)) != fp {
			continue
		}
		told := p.sys.tell(p.sys.step(at, sc))
		if best == nil || cmp.Or(cmp.Compare(told, line), cmp.Compare(p.sys.taken(sc), p.sys.taken(best))) < 0 {
			best, line = sc, told
		}
	}
	if best == nil {
		return nil, fmt.Errorf("explore: no step leads to state %#x of a path", fp)
	}
	next := x.make(nil, best)
	p.steps = append(p.steps, *best)
	p.rows = append(p.rows, next)
	p.Steps = append(p.Steps, p.sys.step(at, best))
	return next, nil
}
