package chaos

import (
	"slices"

	"phoenix/network"
	"phoenix/sim"
)

// links resolves which links a fault concerns.
func (in *Injection) links(f *Fault, l *live) network.Cut {
	switch f.mode() {
	case Everywhere:
		return in.around(in.w.Hosts())
	case Of:
		return in.around(in.hosts(l, f.On, "on"))
	}
	on, to := in.ids(l, f.On, "on"), in.ids(l, f.To, "to")
	cut := network.OneWay(on, to)
	if f.mode() == Between {
		cut = append(cut, network.OneWay(to, on)...)
	}
	return distinct(cut)
}

// around returns the links from and to any of the hosts, which are in order of the
// world, as the links are then. It takes time in their number.
func (in *Injection) around(hosts []*sim.Host) network.Cut {
	all := in.w.Hosts()
	concerned := make([]bool, len(all))
	for _, h := range hosts {
		concerned[h.ID()] = true
	}
	var cut network.Cut
	for _, from := range all {
		to := hosts
		if concerned[from.ID()] {
			to = all
		}
		for _, h := range to {
			if h != from {
				cut = append(cut, [2]network.ID{from.ID(), h.ID()})
			}
		}
	}
	return cut
}

// distinct returns each link once.
func distinct(cut network.Cut) network.Cut {
	seen := map[[2]network.ID]bool{}
	return slices.DeleteFunc(cut, func(pair [2]network.ID) bool {
		again := seen[pair]
		seen[pair] = true
		return again
	})
}

// strikeNoise makes links noisy.
func strikeNoise(in *Injection, f *Fault, l *live) {
	var noise network.Noise
	switch f.Kind {
	case Loss:
		noise.Loss = f.Prob
	case Slowness:
		noise.Delay = f.Delay
	case Duplicate:
		noise.Duplicate = f.Prob
	case Reorder:
		noise.Reorder, noise.ReorderBy = f.Prob, f.Delay
	case Corrupt:
		noise.Corrupt = f.Prob
	}
	in.disturb(l, in.links(f, l), noise)
}

// disturb lays noise over links.
func (in *Injection) disturb(l *live, cut network.Cut, noise network.Noise) {
	if len(cut) == 0 {
		return
	}
	l.begun = true
	in.claimed["disturbance "+l.name] = true
	d := in.net.Disturb(l.name, cut, noise)
	l.tally(&d.Tally)
	l.onEnd(d.End)
}

// strikeClog clogs links.
func strikeClog(in *Injection, f *Fault, l *live) {
	cut := in.links(f, l)
	if len(cut) == 0 {
		return
	}
	l.begun = true
	in.claimed["clog "+l.name] = true
	g := in.net.ClogAll(l.name, cut)
	l.tally(&g.Tally)
	l.onEnd(g.End)
}

// strikeSwizzle clogs the links of hosts, one host after the other, and releases
// them in another order, as FoundationDB's simulator does (Zhou et al.,
// "FoundationDB: a distributed unbundled transactional key value store", SIGMOD
// 2021, section 4). In the first half of its time the hosts are clogged, in the
// second released, the last at the end. Without a time for it all are clogged at once.
func strikeSwizzle(in *Injection, f *Fault, l *live) {
	hosts := in.victims(f, l)
	if len(hosts) == 0 {
		return
	}
	count := in.counter("clog " + l.name) // a message may stand before two of the clogs
	l.count(func() uint64 { return count.Effect })
	first, second := in.orders(l, len(hosts))
	clogs := make([]*network.Clogging, len(hosts))
	clog := func(i int) {
		if l.inForce() {
			clogs[i] = in.net.ClogAll(l.name, in.around(hosts[i:i+1]))
		}
	}
	release := func(i int) {
		if clogs[i] != nil { // a Chooser may put the release first
			clogs[i].End()
		}
	}
	now, half := in.w.Now(), f.For/2
	step := half / sim.Duration(len(hosts))
	for k := range hosts {
		if f.For == 0 || k == 0 {
			clog(first[k])
			continue
		}
		in.w.At(now.Add(sim.Duration(k)*step), func() { clog(first[k]) })
		in.w.At(now.Add(half+sim.Duration(k)*step), func() { release(second[k-1]) })
	}
	l.onEnd(func() {
		for _, i := range second {
			release(i)
		}
	})
}

// orders draws two different orders of n, if there are.
func (in *Injection) orders(l *live, n int) (first, second []int) {
	key := in.key(l)
	first, second = key.Sub("clog").Rand().Perm(n), key.Sub("release").Rand().Perm(n)
	if slices.Equal(first, second) {
		second = append(second[1:], second[0])
	}
	return first, second
}

// deceits are the modes of a Byzantine host.
var deceits = map[string]network.Deceit{
	"equivocate": network.Equivocate, "lie": network.Lie, "silent": network.Silence,
	"replay": network.Replay, "corrupt": network.Garble,
}

// strikeByzantine turns hosts into traitors.
func strikeByzantine(in *Injection, f *Fault, l *live) {
	b := network.Betrayal{Deceit: deceits[f.mode()], Prob: f.Prob}
	if !f.To.IsZero() {
		if b.To = in.ids(l, f.To, "to"); len(b.To) == 0 {
			return // nobody to deceive, as opposed to everybody
		}
	}
	for _, h := range in.victims(f, l) {
		in.claimed["betrayal "+l.name] = true
		t := in.net.Betray(l.name, h.ID(), b)
		l.tally(&t.Tally)
		l.onEnd(t.End)
	}
}

// strikeMessage waits for one message of each link that it names: one, unless a
// name stands for several hosts.
func strikeMessage(in *Injection, f *Fault, l *live) {
	number := uint64(f.N)
	kind := map[Kind]network.NoiseKind{Lose: network.Lost, Hold: network.Held, Repeat: network.Copied}[f.Kind]
	var struck []*network.Strike
	for _, pair := range network.OneWay(in.ids(l, f.On, "on"), in.ids(l, f.To, "to")) {
		l.begun = true
		in.claimed["message "+kind.String()] = true
		s := in.net.Strike(network.MessageFault{From: pair[0], To: pair[1], Number: number, Kind: kind, By: f.By})
		struck = append(struck, s)
		l.tally(&s.Tally)
		l.onEnd(s.End)
	}
	l.fired = func() bool {
		return slices.ContainsFunc(struck, func(s *network.Strike) bool { return s.Fired > 0 })
	}
}
