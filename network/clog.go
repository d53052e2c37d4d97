package network

import (
	"fmt"
	"slices"

	"phoenix/sim"
)

// Clogging is a clog that is in force on some links until it ends.
type Clogging struct {
	// Tally has Fired 1, for the clog that began; Effect is how many messages it held.
	Tally
	n     *Network
	over  string // what is said at its end
	links []*link
	ended bool
}

// Clog holds the messages from one node to another: they stand before their
// destination until the returned function releases them, all in one instant and
// in order of arrival. Clogs of one link add up: the last release counts. To
// release again does nothing. What stands before a clog is not yet across: a
// partition at the time of the release loses it. The counter of the world is "clog".
func (n *Network) Clog(from, to ID) (release func()) {
	pair := n.w.HostName(from) + " to " + n.w.HostName(to)
	n.link(from, to) // panics before anything is counted
	g := n.clog(n.w.FaultCount("clog"), Cut{{from, to}}, "release of "+pair)
	n.emitFault("clog of " + pair)
	return g.End
}

// ClogAll is Clog for all links of c, under a name and with counters of its own:
// those of the world are "clog NAME". A message that stands before several clogs
// counts for each. ClogAll panics if c mentions an unknown node.
func (n *Network) ClogAll(name string, c Cut) *Clogging {
	clog := "clog " + name
	g := n.clog(n.w.FaultCount(clog), c, clog+" releases")
	n.emitFault(fmt.Sprintf("%s holds %d links", clog, len(g.links)))
	return g
}

func (n *Network) clog(count *sim.FaultCount, c Cut, end string) *Clogging {
	g := &Clogging{Tally: Tally{count: count}, n: n, over: end}
	for _, pair := range c {
		l := n.link(pair[0], pair[1])
		if k := len(l.clogs); k > 0 && l.clogs[k-1] == g {
			continue // c has the link twice
		}
		g.links = append(g.links, l)
		l.clogs = append(l.clogs, g)
	}
	g.fire()
	n.begin(g)
	return g
}

// Ended reports whether the clog has ended.
func (g *Clogging) Ended() bool { return g.ended }

// End releases what the clog holds. Ending again does nothing.
func (g *Clogging) End() {
	if g.ended {
		return
	}
	g.ended = true
	g.n.end(g)
	g.n.emitFault(g.over)
	for _, l := range g.links {
		l.clogs = slices.DeleteFunc(l.clogs, func(other *Clogging) bool { return other == g })
		g.n.w.At(g.n.w.Now(), func() { g.n.drain(l) })
	}
}

// clogged counts a message for the clogs that it stands before, and once for clogs
// that share a counter.
func (l *link) clogged() {
	for i, g := range l.clogs {
		g.Effect++
		if slices.IndexFunc(l.clogs, func(c *Clogging) bool { return c.count == g.count }) == i {
			g.count.Effect++
		}
	}
}

// drain lets the first of the held messages arrive, and then the others, each in
// a step of its own; what arrives meanwhile stands behind them.
func (n *Network) drain(l *link) {
	if len(l.clogs) > 0 || len(l.held) == 0 {
		return
	}
	first := l.held[0]
	if l.held = l.held[1:]; len(l.held) > 0 {
		n.w.At(n.w.Now(), func() { n.drain(l) })
	}
	n.arrive(l, uint64(first))
}
