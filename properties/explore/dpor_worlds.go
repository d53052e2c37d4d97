package explore

import (
	"cmp"
	"encoding/binary"
	"fmt"

	"phoenix/network"
	"phoenix/sim"
)

// worldCluster is a cluster in worlds: going back is to begin another world, and to take the
// first steps of the run there again. It is the Scheduler of its worlds.
type worldCluster struct {
	sys   *system
	cfg   *StatelessConfig
	judge *ruling
	err   error

	n     int // steps of the run
	steps []worldStep

	w        *sim.World // nil if the run is to be taken again
	done     int        // steps taken in w
	which    func([]move, bool) *label
	took     bool // a step was taken
	halted   bool // the run is given up
	findings int  // that were judged

	acting   network.ID // whose step it is
	observer Observer
	told     bool // it was, since it was judged
	mail     postbox
	moves    []move
}

// worldStep is a step of the run.
type worldStep struct {
	move
	step  Step
	needs int
	sent  []label // the deliveries of what it sent
	asked []int   // how many alternatives each of its choices had
	picks []int
}

// worlds explores nodes in worlds.
func (d *dpor) worlds(sys *system, j *ruling) error {
	m := &sys.m
	switch {
	case m.Network != NonDuplicating && m.Network != Ordered:
		return fmt.Errorf("%w: in worlds the network is nonduplicating or ordered, not %v", ErrModel, m.Network)
	case m.Lossy || m.Faults.Crashes+m.Faults.Restarts+m.Faults.Drops+m.Faults.Duplicates+m.Faults.Partitions > 0:
		return fmt.Errorf("%w: in worlds there are no faults", ErrModel)
	case m.Guard != nil:
		return fmt.Errorf("%w: in worlds there is no Guard", ErrModel)
	}
	for _, p := range m.Properties {
		if p.Kind != KindObserved {
			return fmt.Errorf("%w: property %q is about states, which worlds do not have: use StatelessConfig.Check",
				ErrModel, p.Name)
		}
	}
	c := &worldCluster{sys: sys, cfg: d.cfg, judge: j}
	defer c.leave()
	d.c = c
	return d.explore()
}

// leave ends the world.
func (c *worldCluster) leave() {
	if c.w != nil {
		c.w.Close()
		c.w = nil
	}
}

// enter begins another world.
func (c *worldCluster) enter() {
	c.w = sim.New(sim.Config{Seed: c.sys.m.Seed, Chooser: c, Untimed: true})
	c.done, c.halted, c.findings, c.acting, c.told = 0, false, 0, sim.NoHost, false
	c.mail.reset(c.sys.hosts)
	c.observer = nil
	if c.sys.m.Observe != nil {
		c.observer = c.sys.m.Observe()
	}
	c.w.Observe(c.happened)
	n := network.New(c.w, network.Config{Link: network.Link{Ordered: c.sys.m.Network == Ordered}, Disk: c.sys.m.Disk})
	for _, node := range c.sys.m.Nodes {
		n.Add(node.Name, node.Boot)
	}
}

// next implements cluster.
func (c *worldCluster) next(which func([]move, bool) *label) (move, int, bool, error) {
	if c.w == nil {
		c.enter()
	}
	c.which, c.took = which, false
	for !c.took {
		reason := c.w.Run(sim.Limit{Stop: func() bool { return true }})
		if reason == sim.Quiescent {
			c.look()
			if c.done < c.n {
				c.strayed(c.steps[c.done].label)
			} else if c.err == nil {
				if want := which(nil, false); want != nil {
					c.strayed(*want)
				}
			}
			return move{}, 0, false, c.err
		}
		if c.err != nil || c.halted {
			return move{}, 0, false, c.err
		}
	}
	s := &c.steps[c.n-1]
	return s.move, s.needs, true, nil
}

// Next implements sim.Scheduler.
func (c *worldCluster) Next(options []sim.Pending) int {
	c.mail.tag(options, c.acting)
	for i := range options {
		if k := options[i].Kind; k == sim.Boot || k == sim.Wake { // they belong to the step before
			c.acting = options[i].Host
			return i
		}
	}
	c.moves = c.moves[:0]
	for i := range options {
		c.moves = append(c.moves, c.move(c.mail.label(options, i)))
	}
	var want *label
	if c.done < c.n {
		want = &c.steps[c.done].label
	} else {
		c.look()
		if c.err == nil {
			want = c.which(c.moves, true)
		}
		if want == nil {
			c.halted = true // what happens now is of a world that is thrown away
			return 0
		}
	}
	for i := range c.moves {
		if at := c.moves[i].label; at.same(want) {
			c.begin(want, &options[i])
			return i
		}
	}
	c.strayed(*want)
	return 0
}

// same reports whether two labels are equal but for what is chosen.
func (l label) same(o *label) bool {
	l.picks = o.picks
	return l == *o
}

// begin takes down that a step is taken now, or again.
func (c *worldCluster) begin(l *label, p *sim.Pending) {
	c.acting = network.ID(l.host)
	if c.done == c.n {
		c.took = true
		c.n++
		if c.n > len(c.steps) {
			c.steps = append(c.steps, worldStep{})
		}
		needs := -1
		if p.Kind == sim.Deliver {
			needs = c.mail.letters[p.ID].step
		}
		c.steps[c.done] = worldStep{move: c.move(*l), needs: needs, step: describe(l, p)}
	}
	s := &c.steps[c.done]
	s.sent, s.asked, s.picks = s.sent[:0], s.asked[:0], s.picks[:0]
	c.done++
}

// describe returns a step of a world as a Step.
func describe(l *label, p *sim.Pending) Step {
	st := Step{Kind: StepTimer, Node: network.ID(l.host), From: sim.NoHost, Name: l.text}
	if l.kind == StepDeliver {
		st.Kind, st.From, st.Msg, st.Name = StepDeliver, p.Peer, p.Value, ""
	}
	for rest := []byte(l.picks); len(rest) > 0; {
		n, size := binary.Uvarint(rest)
		st.Picks, rest = append(st.Picks, int(n)), rest[size:]
	}
	return st
}

// move returns a step of a label as the reduction sees it.
func (c *worldCluster) move(l label) move {
	m := move{label: l, reads: uint64(1) << l.host, writes: uint64(1) << l.host}
	if c.sys.m.Observe != nil && c.client(network.ID(l.host)) {
		m.writes |= toldBit
	}
	return m
}

// Choose implements sim.Chooser: what the label says, and then 0.
func (c *worldCluster) Choose(_ string, n int) int {
	pick := 0
	if c.halted {
		return pick
	}
	if c.done == 0 {
		c.err = cmp.Or(c.err, fmt.Errorf("%w: %s chooses at boot, which is before the first step of a world",
			ErrModel, c.sys.name(c.acting)))
		return pick
	}
	s := &c.steps[c.done-1]
	if at := len(s.picks); at < len(s.step.Picks) {
		pick = min(s.step.Picks[at], n-1)
	}
	s.asked, s.picks = append(s.asked, n), append(s.picks, pick)
	return pick
}

// others implements cluster.
func (c *worldCluster) others(dst []move, i int) []move {
	s := &c.steps[i]
	for at := len(s.step.Picks); at < len(s.asked); at++ {
		var prefix []byte
		for _, pick := range s.picks[:at] {
			prefix = binary.AppendUvarint(prefix, uint64(pick))
		}
		for pick := 1; pick < s.asked[at]; pick++ {
			l := s.label
			l.picks = string(binary.AppendUvarint(prefix[:len(prefix):len(prefix)], uint64(pick)))
			dst = append(dst, c.move(l))
		}
	}
	return dst
}

// back implements cluster.
func (c *worldCluster) back(n int) {
	c.leave()
	c.n = n
}

// strayed notes that a step that was possible before is not now.
func (c *worldCluster) strayed(l label) {
	c.halted = true
	if c.err == nil {
		c.err = fmt.Errorf("%w: %s did not do the same twice: does it read a clock, or hold state outside of itself?",
			ErrModel, c.sys.name(network.ID(l.host)))
	}
}
