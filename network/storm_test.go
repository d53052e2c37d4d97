package network_test

import (
	"math/rand/v2"
	"slices"
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// rumour is forwarded until its hops are used up.
type rumour struct {
	Hops int
	Path []network.ID
}

// gossip is a node that uses all that an endpoint offers: it spreads rumours, calls
// others from processes, answers at once or later, and keeps time.
type gossip struct {
	ep    *network.Endpoint
	r     *rand.Rand
	timer *sim.Timer
	ticks int
}

func bootGossip(ep *network.Endpoint) network.Handler {
	g := &gossip{ep: ep, r: ep.Key("gossip").Num(uint64(ep.Boots())).Rand()}
	g.timer = ep.Timer("tick", g.tick)
	g.timer.Reset(time.Duration(g.r.Int64N(int64(20 * ms))))
	ep.Go("caller", func(p *network.Proc) {
		for range 3 {
			op := ep.Invoke("call")
			body, err := p.Call(g.peer(), "question", 50*ms)
			if err != nil {
				body = err.Error()
			}
			ep.Return(op, "ok", body)
			p.Sleep(time.Duration(g.r.Int64N(int64(30 * ms))))
		}
	})
	return g
}

func (g *gossip) peer() network.ID { return network.ID(g.r.IntN(len(g.ep.Nodes()))) }

func (g *gossip) tick() {
	for range 3 {
		g.ep.Send(g.peer(), rumour{Hops: 1 + g.r.IntN(4)})
	}
	if g.ticks++; g.ticks < 5 {
		g.timer.Reset(time.Duration(g.r.Int64N(int64(20 * ms))))
	}
}

func (g *gossip) Receive(from network.ID, msg any) {
	switch msg := msg.(type) {
	case rumour:
		if msg.Hops > 0 {
			path := append(slices.Clone(msg.Path), g.ep.ID())
			g.ep.Send(g.peer(), rumour{msg.Hops - 1, path})
		}
	case network.Request:
		if g.ep.Choose("answer later", 2) == 1 {
			g.ep.After(5*ms, func() { g.ep.Reply(from, msg, g.ep.Name()) })
			return
		}
		g.ep.Reply(from, msg, g.ep.Name())
	}
}

// garble is the corruption of rumours: they come to an end no later.
func garble(r *rand.Rand, msg rumour) rumour {
	return rumour{r.IntN(msg.Hops + 1), append(slices.Clone(msg.Path), -1)}
}

// stormLink is a model with everything on.
func stormLink() network.Link {
	m := noisy()
	m.Loss, m.Burst.LossBad = network.ProbOf(0.03), network.ProbOf(0.3)
	m.Corrupt, m.Duplicate = network.ProbOf(0.05), network.ProbOf(0.1)
	m.Bandwidth, m.Queue = 100_000, 200
	return m
}

// storm makes a network of five gossips in w with every fault there is, all drawn
// from the seed. Every fault ends after at most 210 ms, so that nothing is left to
// happen some time later.
func storm(w *sim.World, cfg network.Config) *post {
	p := &post{w: w}
	n := network.New(p.w, cfg)
	p.join(n)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		n.Add(name, bootGossip)
	}
	network.OnCorrupt(n, garble)
	r := p.w.Key("storm").Rand()
	for range 20 {
		from := time.Duration(r.Int64N(int64(150 * ms)))
		to := from + time.Duration(r.Int64N(int64(60*ms)))
		begin := fault(p, r)
		p.at(from, func() { p.at(to, begin()) })
	}
	return p
}

// fault draws a fault, and returns what begins it and returns what ends it.
func fault(p *post, r *rand.Rand) (begin func() (end func())) {
	a, b, c := network.ID(r.IntN(5)), network.ID(r.IntN(5)), network.ID(r.IntN(5))
	h := p.w.Host(a)
	part := func(name string, c network.Cut) func() func() {
		return func() func() { return p.n.Partition(name, c).Heal }
	}
	do := func(begin func(), end func()) func() func() {
		return func() func() { begin(); return end }
	}
	switch r.IntN(9) {
	case 0:
		return do(h.Crash, h.Restart)
	case 1:
		return do(h.Pause, h.Resume)
	case 2:
		return do(func() { h.SetSlow(ms) }, func() { h.SetSlow(0) })
	case 3:
		return part("complete", network.Complete([]network.ID{a, b}, []network.ID{c}))
	case 4:
		return part("one way", network.OneWay([]network.ID{a}, []network.ID{b, c}))
	case 5:
		return part("ring", network.Ring(0, 1, 2, 3, 4))
	case 6:
		return func() func() { return p.n.Clog(a, b) }
	case 7:
		was := p.n.Model(a, b)
		return do(func() { p.n.SetLink(a, b, network.Link{Ordered: true, Delay: network.Exponential(5 * ms)}) },
			func() { p.n.SetLink(a, b, was) })
	}
	return do(func() { h.SetDrift(1e8) }, func() { h.SetDrift(0) })
}
