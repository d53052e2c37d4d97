package network

import (
	"fmt"
	"math/bits"
	"slices"
	"time"

	"phoenix/sim"
)

// Link is a model of what happens to the messages from one node to another. The
// zero value loses nothing and takes no time. Messages may overtake each other
// whenever their delays differ, unless Ordered.
type Link struct {
	Delay     Delay          // one way
	Loss      Prob           // of each message, independently (Bernoulli)
	Burst     GilbertElliott // loss in bursts, besides Loss
	Duplicate Prob           // of a second copy, with a delay of its own
	Reorder   Prob           // of being held back by an extra delay
	// ReorderBy is that extra delay; its zero value means four times Delay.
	ReorderBy Delay
	// Corrupt is the probability of being changed by the function given to
	// OnCorrupt, or lost as a checksum would have it where there is none.
	Corrupt Prob
	// Ordered keeps messages in order, as over TCP, but for those reordered.
	Ordered bool
	// Bandwidth in bytes a second delays each message by its size and has others
	// wait; 0 is unlimited. Size is the length of the canonical encoding.
	Bandwidth int64
	// Queue is how many bytes may wait for the bandwidth; what comes when more
	// are waiting is dropped. 0 means DefaultQueue.
	Queue int64
}

// DefaultQueue is the bound of a link's queue in bytes where none is given.
const DefaultQueue = 1 << 20

// GilbertElliott is a two-state model of loss in bursts (Gilbert, "Capacity of a
// burst-noise channel", 1960; Elliott, "Estimates of error rates for codes on
// burst-noise channels", 1963). Each message first moves the state, then is lost
// with the probability of the state. The zero value is never bad and loses none.
type GilbertElliott struct {
	ToBad, ToGood     Prob
	LossGood, LossBad Prob
}

// Regions gives delays by place. The zero value has none.
type Regions struct {
	// Of names the region of a host by the name of the host.
	Of map[string]string
	// Delay is the one-way delay between regions, in either direction, and within
	// one. Pairs that are missing take the delay of the link.
	Delay map[[2]string]Delay
}

// between returns the delay between two hosts, if it is given.
func (r Regions) between(a, b string) (Delay, bool) {
	from, to := r.Of[a], r.Of[b]
	if from == "" || to == "" {
		return Delay{}, false
	}
	if d, ok := r.Delay[[2]string{from, to}]; ok {
		return d, true
	}
	d, ok := r.Delay[[2]string{to, from}]
	return d, ok
}

func (m *Link) check() {
	for _, p := range []Prob{m.Loss, m.Duplicate, m.Reorder, m.Corrupt,
		m.Burst.ToBad, m.Burst.ToGood, m.Burst.LossGood, m.Burst.LossBad} {
		if p > Certain {
			panic(fmt.Sprintf("network: a probability of a link is %d of 2^32", p))
		}
	}
	if m.Bandwidth < 0 || m.Queue < 0 {
		panic("network: the bandwidth or queue of a link is negative")
	}
}

// extra samples how long a reordered message is held back.
func (m *Link) extra(u uint64) time.Duration {
	if m.ReorderBy.IsZero() {
		return min(4*m.Delay.Sample(u), MaxDelay)
	}
	return m.ReorderBy.Sample(u)
}

// The draws of a message, by position in its stream. Those that most links need
// come first; a link draws up to the last one that it needs.
const (
	drawDelay = iota
	drawLoss  // high half: loss; low half: duplication
	drawNoise // high half: reordering; low half: corruption
	drawCopy  // delay of the second copy
	drawExtra // extra delay of reordering
	drawBurst // high half: change of state; low half: loss in it
	drawCount
)

// drawsOf returns how many draws a message needs.
func (m *Link) drawsOf() int {
	switch {
	case m.Burst != (GilbertElliott{}):
		return drawBurst + 1
	case m.Reorder > 0:
		return drawExtra + 1
	case m.Duplicate > 0:
		return drawCopy + 1
	case m.Corrupt > 0:
		return drawNoise + 1
	case m.Loss > 0:
		return drawLoss + 1
	case m.Delay.Min() != m.Delay.Max():
		return drawDelay + 1
	}
	return 0
}

// link is the state of a directed pair of nodes.
type link struct {
	model    *Link
	key      sim.Key
	draws    int
	from, to ID
	receiver *sim.Host

	sent   uint64   // messages so far: the number of the next one
	bad    bool     // state of the burst model
	idle   sim.Time // when the bandwidth is free again
	latest sim.Time // arrival of the last message, if ordered
	newest uint64   // greatest number that arrived

	cuts  []*Partition // partitions that cut it
	clogs int          // how many hold it
	held  []uint32     // flights that stand before a clog
}

// makeLink makes the link on its first use.
func (n *Network) makeLink(from, to ID) *link {
	if int(to) >= len(n.w.Hosts()) || to < 0 {
		panic(fmt.Sprintf("network: %s sends to node %d, which does not exist", n.w.HostName(from), to))
	}
	for int(from) >= len(n.links) {
		n.links = append(n.links, nil)
	}
	if int(to) >= len(n.links[from]) {
		row := make([]*link, max(len(n.w.Hosts()), int(to)+1))
		copy(row, n.links[from])
		n.links[from] = row
	}
	if l := n.links[from][to]; l != nil {
		return l
	}
	a, b := n.w.HostName(from), n.w.HostName(to)
	l := &link{from: from, to: to, key: n.key.Sub(a).Sub(b), receiver: n.w.Host(to)}
	model := n.cfg.Link
	if from == to {
		model = Link{} // a node reaches itself at once and for sure
	} else if d, ok := n.cfg.Regions.between(a, b); ok {
		model.Delay = d
	}
	l.set(&model)
	n.links[from][to] = l
	return l
}

func (l *link) set(m *Link) { l.model, l.draws = m, m.drawsOf() }

// SetLink gives the link from one node to another a model of its own, from now
// on. It panics if the model is not valid.
func (n *Network) SetLink(from, to ID, m Link) {
	m.check()
	n.faults.configure(n.w, &m)
	n.link(from, to).set(&m)
}

// Model returns the model of the link from one node to another.
func (n *Network) Model(from, to ID) Link { return *n.link(from, to).model }

// Clog holds the messages from one node to another: they stand before their
// destination until the returned function releases them, all at once and in
// order of arrival. Clogs of one link add up.
func (n *Network) Clog(from, to ID) (release func()) {
	l := n.link(from, to)
	l.clogs++
	f := n.faults.clogged(n.w)
	f.Fired++
	n.emitFault("clog of " + n.w.HostName(from) + " to " + n.w.HostName(to))
	done := false
	return func() {
		if done {
			return
		}
		done = true
		l.clogs--
		n.emitFault("release of " + n.w.HostName(from) + " to " + n.w.HostName(to))
		if l.clogs == 0 {
			held := slices.Clone(l.held)
			l.held = l.held[:0]
			for _, i := range held {
				n.w.Schedule(n.w.Now(), n.sink, uint64(i))
			}
		}
	}
}

func (n *Network) emitFault(name string) {
	n.w.Emit(sim.Event{Kind: sim.Fault, Host: sim.NoHost, Peer: sim.NoHost, Name: name})
}

// lost decides whether the link loses a message.
func (l *link) lost(loss, burst uint64) bool {
	m := l.model
	lost := m.Loss.Hit(uint32(loss >> 32))
	if m.Burst != (GilbertElliott{}) {
		turn, p := m.Burst.ToBad, m.Burst.LossGood
		if l.bad {
			turn = m.Burst.ToGood
		}
		if turn.Hit(uint32(burst >> 32)) {
			l.bad = !l.bad
		}
		if l.bad {
			p = m.Burst.LossBad
		}
		lost = lost || p.Hit(uint32(burst))
	}
	return lost
}

// sendOff returns when the last byte of a message leaves, and false if too many
// bytes are waiting already.
func (l *link) sendOff(now sim.Time, size int) (sim.Time, bool) {
	m := l.model
	if m.Bandwidth == 0 {
		return now, true
	}
	start := max(now, l.idle)
	limit := m.Queue
	if limit == 0 {
		limit = DefaultQueue
	}
	if muldiv(uint64(start-now), uint64(m.Bandwidth), 1e9) > uint64(limit) {
		return 0, false
	}
	l.idle = start.Add(time.Duration(muldiv(uint64(size), 1e9, uint64(m.Bandwidth))))
	return l.idle, true
}

// muldiv returns a*b/c rounded down, at most the longest duration.
func muldiv(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	if hi >= c {
		return 1<<63 - 1
	}
	q, _ := bits.Div64(hi, lo, c)
	return min(q, 1<<63-1)
}
