package explore

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"phoenix/network"
	"phoenix/sim"
)

// postbox gives names to what is pending in a world: names that are the same in all runs
// that differ in the order of independent steps only. The world's own numbers are not.
type postbox struct {
	letters map[uint64]letterTo   // by number of the message
	onLink  map[[2]sim.HostID]int // messages sent, by sender and receiver
	tasks   map[uint64]errand     // what else is pending, such as a disk at work, by number
	begun   []uint64              // by host: how many of these it began
	calls   map[uint64]uint64     // operations, by number: their number at their node
	invoked []uint64              // by node
}

// letterTo is a message of a world: which of its link it is, and the step that sent it.
type letterTo struct{ index, step int }

// errand is what a host began that ends later.
type errand struct {
	host   network.ID
	number uint64
}

func (b *postbox) reset(hosts int) {
	*b = postbox{letters: map[uint64]letterTo{}, onLink: map[[2]sim.HostID]int{}, tasks: map[uint64]errand{},
		begun: make([]uint64, hosts), calls: map[uint64]uint64{}, invoked: make([]uint64, hosts)}
}

// tag finds what is pending that no other names describe, and is new: whose step came last
// has begun it.
func (b *postbox) tag(options []sim.Pending, acting network.ID) {
	for i := range options {
		if p := &options[i]; p.Kind == 0 && acting != sim.NoHost {
			if _, known := b.tasks[p.ID]; !known {
				b.tasks[p.ID] = errand{acting, b.begun[acting]}
				b.begun[acting]++
			}
		}
	}
}

// label names one of the options: a message by its link and number there, a timer by its
// name and how many of that name its host set before that still run.
func (b *postbox) label(options []sim.Pending, i int) label {
	p := &options[i]
	switch p.Kind {
	case sim.Deliver:
		return delivery(p.Peer, p.Host, b.letters[p.ID].index)
	case sim.Fire:
		same := uint64(0)
		for _, o := range options[:i] {
			if o.Kind == sim.Fire && o.Host == p.Host && o.Name == p.Name {
				same++
			}
		}
		return label{kind: StepTimer, host: int32(p.Host), arg: same, text: p.Name}
	}
	t := b.tasks[p.ID]
	return label{host: int32(t.host), arg: t.number, text: "completion"}
}

func delivery(from, to network.ID, index int) label {
	return label{kind: StepDeliver, host: int32(to), arg: uint64(from)<<32 | uint64(index)}
}

// client reports whether a node may tell the observer something.
func (c *worldCluster) client(id network.ID) bool { return slices.Contains(c.cfg.Clients, id) }

// happened takes down an event of the world.
func (c *worldCluster) happened(e *sim.Event) {
	b := &c.mail
	switch e.Kind {
	case sim.Send:
		link := [2]sim.HostID{e.Host, e.Peer}
		index := b.onLink[link]
		b.onLink[link]++
		b.letters[e.ID] = letterTo{index, c.done - 1}
		if c.done > 0 && !c.halted {
			s := &c.steps[c.done-1]
			s.sent = append(s.sent, delivery(e.Host, e.Peer, index))
		}
	case sim.Invoke, sim.Return, sim.Note:
		if c.observer == nil || e.Host == sim.NoHost {
			return
		}
		if !c.client(e.Host) && c.err == nil {
			c.err = fmt.Errorf("%w: %s tells the observer something, but is not among StatelessConfig.Clients",
				ErrModel, c.sys.name(e.Host))
		}
		if e.Kind == sim.Invoke {
			b.invoked[e.Host]++
			b.calls[e.ID] = b.invoked[e.Host]
		}
		c.told = true
		c.observer.Observe(&Told{Kind: e.Kind, Node: e.Host, Op: b.calls[e.ID], Name: e.Name, Value: e.Value})
	}
}

// arrivals implements cluster.
func (c *worldCluster) arrivals(dst []move, i, j int) []move {
	for _, l := range c.steps[j].sent {
		if l.host == c.steps[i].host && !c.behind(l, i) {
			dst = append(dst, c.move(l))
		}
	}
	return dst
}

// behind reports whether a message has others before it on an Ordered link before step i.
// What a node sends to itself takes no link.
func (c *worldCluster) behind(l label, i int) bool {
	if c.sys.m.Network != Ordered || l.arg>>32 == uint64(l.host) {
		return false
	}
	delivered := uint64(0)
	for k := range i {
		if s := &c.steps[k]; s.kind == StepDeliver && s.host == l.host && s.arg>>32 == l.arg>>32 {
			delivered++
		}
	}
	return l.arg&(1<<32-1) != delivered
}

// possible implements cluster: m was taken later in the run, at another node, and nothing
// happens between it and step i.
func (c *worldCluster) possible(i int, _ []int, m *move) bool {
	return !slices.ContainsFunc(c.steps[i].sent, func(l label) bool { return l.same(&m.label) })
}

// look judges what the run has come to, if all of its steps are new.
func (c *worldCluster) look() {
	if c.halted || c.err != nil || c.done < c.n {
		return
	}
	if found := c.w.Findings(); len(found) > c.findings {
		c.judge.decide(len(c.sys.m.Properties), errors.New(found[c.findings].String()), c.path)
		c.findings = len(found)
	}
	if !c.told {
		return
	}
	c.told = false
	for i, p := range c.sys.m.Properties {
		err, failed := p.holdsOf(c.observer)
		if c.err = cmp.Or(c.err, failed); err != nil {
			c.judge.decide(i, err, c.path)
		}
	}
}

// rest implements cluster.
func (c *worldCluster) rest() error {
	if c.cfg.Check != nil {
		if err := c.cfg.Check(c.w); err != nil {
			c.judge.decide(len(c.sys.m.Properties)+1, err, c.path)
		}
	}
	return nil
}

// path returns the steps of the run.
func (c *worldCluster) path() *Path {
	p := &Path{sys: c.sys, loop: -1}
	for i := range c.n {
		p.Steps = append(p.Steps, c.steps[i].step)
	}
	return p
}
