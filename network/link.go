package network

import (
	"fmt"
	"math/bits"
	"time"

	"phoenix/sim"
)

// Link is a model of what happens to the messages from one node to another. The
// zero value loses nothing and takes no time. Messages may overtake each other
// whenever their delays differ, unless Ordered.
//
// A message meets a partition first, then loss, corruption, the bandwidth, the
// delay, reordering and duplication. What is lost on the way takes no bandwidth.
type Link struct {
	Delay Delay          `json:"delay,omitempty"` // one way
	Loss  Prob           `json:"loss,omitempty"`  // of each message, independently (Bernoulli)
	Burst GilbertElliott `json:"burst,omitempty"` // loss in bursts, besides Loss
	// Duplicate is the probability of a second copy, with a delay of its own. It
	// is neither reordered nor lost in transit, and takes no bandwidth.
	Duplicate Prob `json:"duplicate,omitempty"`
	// Reorder is the probability of being held back by an extra delay.
	Reorder Prob `json:"reorder,omitempty"`
	// ReorderBy is that extra delay; its zero value means four times another
	// sample of Delay.
	ReorderBy Delay `json:"reorder_by,omitempty"`
	// Corrupt is the probability of being changed by the function given to
	// OnCorrupt, or lost as a checksum would have it where there is none.
	Corrupt Prob `json:"corrupt,omitempty"`
	// Ordered keeps messages in order, as over TCP: none arrives before one that
	// was sent earlier, at the same instant at the earliest. Excepted are messages
	// held back by Reorder, for which no later one waits, and second copies, which
	// come in the place of their message or later.
	Ordered bool `json:"ordered,omitempty"`
	// Bandwidth in bytes a second delays each message by its size and has others
	// wait; 0 is unlimited. Size is the length of the canonical encoding.
	Bandwidth int64 `json:"bandwidth,omitempty"`
	// Queue is how many bytes may wait for the bandwidth, the rest of the message
	// that is leaving included. What comes when more are waiting is dropped, what
	// comes before is taken, however large. 0 means DefaultQueue.
	Queue int64 `json:"queue,omitempty"`
}

// DefaultQueue is the bound of a link's queue in bytes where none is given.
const DefaultQueue = 1 << 20

// GilbertElliott is a two-state model of loss in bursts (Gilbert, "Capacity of a
// burst-noise channel", 1960; Elliott, "Estimates of error rates for codes on
// burst-noise channels", 1963). Each message first moves the state, then is lost
// with the probability of the state. The zero value is never bad and loses none.
type GilbertElliott struct {
	ToBad    Prob `json:"to_bad,omitempty"`    // of turning bad, before each message
	ToGood   Prob `json:"to_good,omitempty"`   // of turning good
	LossGood Prob `json:"loss_good,omitempty"` // of a message in the good state
	LossBad  Prob `json:"loss_bad,omitempty"`  // of a message in the bad state
}

// Regions gives delays by place. The zero value has none. It is read when a link is
// first used, and must not be changed after New.
type Regions struct {
	// Of names the region of a host by the name of the host.
	Of map[string]string
	// Delay is the one-way delay between regions, in either direction, and within
	// one; if both directions are given, each has its own. Pairs that are missing,
	// and hosts without a region, take the delay of Config.Link.
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
	over     *overlay // disturbances and message faults, nil if there are none
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
	clogs []*Clogging  // those that hold it
	held  []uint32     // flights that stand before a clog, or were just released

	// line holds the flights under way that are ordered: they arrive no earlier
	// than those before them in it.
	line sim.FIFO[flight]
}

// makeLink makes the link on its first use.
func (n *Network) makeLink(from, to ID) *link {
	if !n.has(from) || !n.has(to) {
		panic(fmt.Sprintf("network: there is no link from %s to %s: both have to be nodes of the network",
			n.w.HostName(from), n.w.HostName(to)))
	}
	for int(from) >= len(n.links) {
		n.links = append(n.links, nil)
	}
	if int(to) >= len(n.links[from]) {
		row := make([]*link, max(len(n.w.Hosts()), int(to)+1))
		copy(row, n.links[from])
		n.links[from] = row
	}
	a, b := n.w.HostName(from), n.w.HostName(to)
	l := &link{from: from, to: to, key: n.key.Sub(a).Sub(b), receiver: n.w.Host(to)}
	l.set(&n.cfg.Link)
	if from == to {
		l.set(&Link{}) // a node reaches itself at once and for sure
	} else if d, ok := n.cfg.Regions.between(a, b); ok {
		model := n.cfg.Link
		model.Delay = d
		l.set(&model)
	}
	n.links[from][to] = l
	return l
}

func (l *link) set(m *Link) { l.model, l.draws = m, m.drawsOf() }

// SetLink gives the link from one node to another a model of its own, from the
// next message on; its delay takes the place of that between regions too. That is
// also the way to give a node a link to itself that is not perfect. It panics if
// the model is not valid or there is no such node.
func (n *Network) SetLink(from, to ID, m Link) {
	m.check()
	if n.calm {
		m = m.calmed()
	}
	n.faults.configure(n.w, &m)
	n.link(from, to).set(&m)
}

// Model returns the model of the link from one node to another.
func (n *Network) Model(from, to ID) Link { return *n.link(from, to).model }

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

// sendOff returns when the last byte of a message leaves a link with a bandwidth,
// and false if too many bytes are waiting already.
func (n *Network) sendOff(l *link, size int) (sim.Time, bool) {
	m, now := l.model, n.w.Now()
	start := max(now, l.idle)
	if start > now {
		strike(n.faults.bandwidth)
	}
	if overfull(start.Sub(now), m.Bandwidth, m.Queue) {
		return 0, false
	}
	l.idle = start.Add(time.Duration(muldiv(uint64(size), 1e9, uint64(m.Bandwidth))))
	return l.idle, true
}

// overfull reports whether more bytes than a queue takes wait for a bandwidth, all
// of which have left after busy.
func overfull(busy time.Duration, bandwidth, queue int64) bool {
	if queue == 0 {
		queue = DefaultQueue
	}
	return muldiv(uint64(busy), uint64(bandwidth), 1e9) > uint64(queue)
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
