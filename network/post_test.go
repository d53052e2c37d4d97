package network_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

// post is a network of nodes that only write down what they receive, and a record
// of the fate of every message.
type post struct {
	w   *sim.World
	n   *network.Network
	ep  []*network.Endpoint // of the current boots
	got [][]letter          // by receiver, over all boots

	fates map[place]*fate
	byID  map[uint64]place
	sent  map[[2]network.ID]int
}

// letter is a message as its receiver saw it.
type letter struct {
	from network.ID
	msg  any
	at   sim.Time
	boot uint32
}

// place is what noise may depend on: the names of the pair and the index.
type place struct {
	from, to string
	index    int
}

// fate is all that happened to a message.
type fate struct {
	at      sim.Time
	cause   uint64
	delays  []time.Duration // of the copies that were delivered
	changed bool            // delivered corrupted
	drops   []string        // reasons for which copies were dropped
}

func newPost(seed uint64, cfg network.Config, names ...string) *post {
	p := &post{w: sim.New(sim.Config{Seed: seed})}
	p.join(network.New(p.w, cfg), names...)
	return p
}

// join adds the nodes to n and watches its world.
func (p *post) join(n *network.Network, names ...string) {
	p.n = n
	p.ep = make([]*network.Endpoint, len(names))
	p.got = make([][]letter, len(names))
	p.fates, p.byID, p.sent = map[place]*fate{}, map[uint64]place{}, map[[2]network.ID]int{}
	p.w.Observe(p.observe)
	for i, name := range names {
		n.Add(name, func(ep *network.Endpoint) network.Handler {
			p.ep[i] = ep
			return mailbox{p, ep}
		})
	}
}

type mailbox struct {
	p  *post
	ep *network.Endpoint
}

func (m mailbox) Receive(from network.ID, msg any) {
	to := m.ep.ID()
	m.p.got[to] = append(m.p.got[to], letter{from, msg, m.p.w.Now(), m.ep.Boots()})
}

func (p *post) observe(e *sim.Event) {
	switch e.Kind {
	case sim.Send:
		pair := [2]network.ID{e.Host, e.Peer}
		key := place{p.w.HostName(e.Host), p.w.HostName(e.Peer), p.sent[pair]}
		p.sent[pair]++
		p.byID[e.ID] = key
		p.fates[key] = &fate{at: e.At, cause: e.Seq}
	case sim.Deliver:
		f := p.fates[p.byID[e.ID]]
		f.delays = append(f.delays, e.At.Sub(f.at))
		f.changed = f.changed || e.Name == "corrupted"
	case sim.Drop:
		f := p.fates[p.byID[e.ID]]
		f.drops = append(f.drops, e.Name)
	}
}

// send has a node send a message at a time.
func (p *post) send(at time.Duration, from, to network.ID, msg any) {
	p.w.At(sim.Time(at), func() { p.ep[from].Send(to, msg) })
}

// at has the world do something at a time.
func (p *post) at(at time.Duration, do func()) { p.w.At(sim.Time(at), do) }

// run runs until nothing is left to happen.
func (p *post) run(t require.TestingT) {
	require.Equal(t, sim.Quiescent, p.w.Run(sim.Limit{}))
}

// bodies returns what a node received, in order.
func (p *post) bodies(to network.ID) []any {
	var all []any
	for _, l := range p.got[to] {
		all = append(all, l.msg)
	}
	return all
}

// times returns when a node received something.
func (p *post) times(to network.ID) []time.Duration {
	var all []time.Duration
	for _, l := range p.got[to] {
		all = append(all, time.Duration(l.at))
	}
	return all
}

// drops returns the reasons for which copies were lost, by number.
func (p *post) drops() map[string]int {
	count := map[string]int{}
	for _, f := range p.fates {
		for _, why := range f.drops {
			count[why]++
		}
	}
	return count
}

func (p *post) faults(name string) sim.FaultCount {
	for _, f := range p.w.Faults() {
		if f.Name == name {
			return f
		}
	}
	return sim.FaultCount{}
}

func always(m network.Link) network.Config { return network.Config{Link: m} }

func delayed(d time.Duration) network.Config {
	return always(network.Link{Delay: network.Constant(d)})
}

func TestAPerfectNetworkDeliversAtOnce(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	p.send(5*ms, 0, 1, "hello")
	p.run(t)
	require.Equal(t, []letter{{0, "hello", sim.Time(5 * ms), 0}}, p.got[1])
	require.Empty(t, p.w.Faults())
}
