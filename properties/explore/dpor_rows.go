package explore

import "slices"

// rowCluster is a cluster of plain handlers: its states are rows, and a step runs no code
// that was run before in the same local state.
type rowCluster struct {
	sys    *system
	x      *expander
	refine bool
	judge  *ruling

	first  []uint32 // messages under way at first
	frames []frameOf
	n      int // steps taken
	err    error
}

// frameOf is a state of the run, and the step taken from it.
type frameOf struct {
	row   []uint32
	known bool // what follows
	succs []succ
	moves []move
	owed  bool // something else than a fault can happen
	loops bool // steps lead back to the state, with Model.Idle: it is not at rest

	taken succ
}

// rows explores plain handlers, from each first state.
func (d *dpor) rows(sys *system, j *ruling) error {
	initial, err := sys.initial()
	if err != nil {
		return err
	}
	for _, r := range initial {
		c := &rowCluster{sys: sys, x: newExpander(sys), refine: d.cfg.Refine && sys.m.Network != Ordered, judge: j}
		c.first = sys.underway(r)
		c.frames = []frameOf{{row: r}}
		if err := c.look(false); err != nil {
			return err
		}
		d.c = c
		if err := d.explore(); err != nil || d.over() {
			return err
		}
	}
	return nil
}

// next implements cluster.
func (c *rowCluster) next(which func([]move, bool) *label) (move, int, bool, error) {
	f := &c.frames[c.n]
	if !f.known {
		if err := c.x.expand(f.row); err != nil {
			return move{}, 0, false, err
		}
		f.known, f.loops, f.owed = true, c.x.idles > 0, c.x.owed && len(c.x.succs) > 0
		f.succs = append(f.succs[:0], c.x.succs...)
		f.moves = f.moves[:0]
		for i := range f.succs {
			s := &f.succs[i]
			f.moves = append(f.moves, c.move(f.row, s.kind, s.host, s.arg, s.out))
		}
	}
	want := which(f.moves, f.owed)
	if want == nil || c.err != nil {
		return move{}, 0, false, c.err
	}
	i := slices.IndexFunc(f.moves, func(m move) bool { return m.label == *want })
	if i < 0 {
		panic("explore: a step was planned that is not possible")
	}
	f.taken = f.succs[i]
	taken, needs := f.moves[i], c.needs(f)
	c.n++
	if c.n == len(c.frames) {
		c.frames = append(c.frames, frameOf{})
	}
	before, to := &c.frames[c.n-1], &c.frames[c.n]
	c.x.row = before.row
	to.row, to.known = c.x.make(to.row[:0], &before.taken), false
	return taken, needs, true, c.look(false)
}

// move returns a step as the reduction sees it.
func (c *rowCluster) move(r row, kind StepKind, host int32, arg uint32, out *outcome) move {
	m := move{label: label{kind: kind, host: host, arg: uint64(arg), out: out}}
	if out == nil || kind == StepCrash || kind == StepRestart || out.lost > 0 {
		m.reads, m.writes = everything, everything
		return m
	}
	node, at := uint64(1)<<host, r[rowLocals+int(host)]
	m.reads = node
	// A choice is a change: what is chosen otherwise cannot happen as well.
	if c.refine && kind == StepDeliver && out.next == at && c.sys.locals.at(at).steps.get(arg).more == nil {
		m.sends = out.sends
	} else {
		m.writes = node
	}
	if out.told != 0 {
		m.writes |= toldBit
	}
	return m
}

// back implements cluster.
func (c *rowCluster) back(n int) { c.n = n }

// needs returns the place of the step that put under way what the last step takes from the
// network: of several equal messages the first is taken first.
func (c *rowCluster) needs(f *frameOf) int {
	if f.taken.at < 0 {
		return -1
	}
	id, gone := f.taken.arg, 0
	once := c.sys.m.Network == NonDuplicating || c.sys.m.Network == Ordered
	from := 0 // of a set, what was sent first since the message was last lost counts
	for i := range c.n {
		if t := &c.frames[i].taken; t.at >= 0 && t.arg == id && (t.kind == StepDrop || once && t.kind == StepDeliver) {
			gone++
			from = i
		}
	}
	left := gone
	if !once {
		left = min(gone, 1)
	}
	for _, m := range c.first {
		if m == id {
			left--
		}
	}
	if left < 0 {
		return -1
	}
	return c.source(id, left, once, from)
}

// source returns the place of the step that put the n-th copy of a message under way, from
// 0; in a set, of the first one from a place on.
func (c *rowCluster) source(id uint32, n int, once bool, from int) int {
	for i := range c.n {
		t := &c.frames[i].taken
		copies := 0
		if t.kind == StepDuplicate && t.arg == id {
			copies = 1
		}
		if t.out != nil {
			for _, m := range t.out.sends {
				if m == id {
					copies++
				}
			}
		}
		if once && copies > n || !once && copies > 0 && i >= from {
			return i
		}
		n -= copies
	}
	return -1
}

// others implements cluster: what can be chosen is known beforehand.
func (c *rowCluster) others(dst []move, _ int) []move { return dst }

// arrivals implements cluster.
func (c *rowCluster) arrivals(dst []move, i, j int) []move {
	f, sender := &c.frames[i], c.frames[j].taken.out
	host := f.taken.host
	if sender == nil || host < 0 {
		return dst
	}
	at := f.row[rowLocals+int(host)]
	l, faults := c.sys.locals.at(at), c.sys.faults.at(f.row[c.sys.faultsAt()])
	for k, id := range sender.sends {
		m := c.sys.messages.at(id)
		if int32(m.to) != host || l.down || c.sys.cuts(faults, m.from, m.to) || c.behind(id, i, j, k) {
			continue
		}
		out := l.steps.get(id)
		if out == nil {
			if out = c.x.learn(at, l, event{kind: StepDeliver, message: id}); out == nil {
				c.err = c.x.err
				return dst
			}
		}
		for ; out != nil; out = out.more {
			if out.refused || out.idle && c.sys.m.Network != Ordered || out.lost > 0 && faults.crashes == 0 {
				continue
			}
			dst = append(dst, c.move(f.row, StepDeliver, host, id, out))
		}
	}
	return dst
}

// behind reports whether a message that is the k-th that step j sends has others before it
// on an Ordered channel, which was in the state before step i.
func (c *rowCluster) behind(id uint32, i, j, k int) bool {
	if c.sys.m.Network != Ordered {
		return false
	}
	m := c.sys.messages.at(id)
	same := func(other uint32) bool {
		o := c.sys.messages.at(other)
		return o.from == m.from && o.to == m.to
	}
	row := c.frames[i].row
	for _, ch := range row[c.sys.networkAt():][:row[rowLength]] {
		if same(c.sys.channels.at(ch).head) {
			return true
		}
	}
	for at := i + 1; at < j; at++ {
		if out := c.frames[at].taken.out; out != nil && slices.ContainsFunc(out.sends, same) {
			return true
		}
	}
	return slices.ContainsFunc(c.frames[j].taken.out.sends[:k], same)
}

// possible implements cluster.
func (c *rowCluster) possible(i int, v []int, m *move) bool {
	r := c.frames[i].row
	for _, j := range v {
		s := c.frames[j].taken
		s.observer, s.faults = r[c.sys.observerAt()], r[c.sys.faultsAt()]
		if s.at >= 0 {
			s.at = c.place(r, s.arg)
		}
		c.x.row = r
		r = c.x.make(nil, &s)
	}
	if c.err = c.x.expand(r); c.err != nil {
		return false
	}
	return slices.ContainsFunc(c.x.succs, func(s succ) bool {
		return s.kind == m.kind && s.host == m.host && uint64(s.arg) == m.arg && s.out == m.out
	})
}

// place returns where a message is in the network of a row.
func (c *rowCluster) place(r row, id uint32) int32 {
	return int32(slices.IndexFunc(r[c.sys.networkAt():][:r[rowLength]], func(entry uint32) bool {
		if c.sys.m.Network == Ordered {
			return c.sys.channels.at(entry).head == id
		}
		return entry == id
	}))
}

// rest implements cluster.
func (c *rowCluster) rest() error {
	if c.frames[c.n].loops {
		return nil
	}
	return c.look(true)
}

// look judges the state that the run has come to.
func (c *rowCluster) look(rest bool) error {
	if len(c.sys.m.Properties) == 0 {
		return nil
	}
	return c.judge.judge(&State{sys: c.sys, row: c.frames[c.n].row}, rest, c.path)
}

// path returns the run up to now.
func (c *rowCluster) path() *Path {
	p := &Path{sys: c.sys, first: slices.Clone(c.frames[0].row), loop: -1}
	for i := range c.n {
		f := &c.frames[i]
		p.steps = append(p.steps, f.taken)
		p.Steps = append(p.Steps, c.sys.step(f.row, &f.taken))
		p.rows = append(p.rows, slices.Clone(c.frames[i+1].row))
	}
	return p
}
