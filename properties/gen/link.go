package gen

import (
	"time"

	"phoenix/network"
	"phoenix/sim"

	"pgregory.net/rapid"
)

// Delays draws delays of links: 1ms first, then other constants, then distributions.
// What a distribution draws is at most a few times most, in whole milliseconds.
func Delays(most time.Duration) *rapid.Generator[network.Delay] {
	return rapid.Custom(func(t *rapid.T) network.Delay {
		d := span(t, ms, most)
		switch below(t, 4) {
		case 0:
			return network.Constant(d)
		case 1:
			return network.Uniform(ms, d)
		case 2:
			return network.Exponential(d)
		}
		return network.LogNormal(d, 0.5)
	})
}

// DefaultDelay is the longest delay drawn for links where nothing else is said: some
// tenths of the usual time limits.
const DefaultDelay = 20 * time.Millisecond

// Links draws models of links: noiseless ones of 1ms first, in the end ones that lose,
// double, hold back, corrupt and queue.
func Links() *rapid.Generator[network.Link] {
	return linksUpTo(network.Link{
		Loss: sim.Certain / 4, Burst: network.GilbertElliott{ToBad: sim.Certain / 4}, Duplicate: sim.Certain / 4,
		Reorder: sim.Certain / 2, Corrupt: sim.Certain / 4, Bandwidth: 1,
	}, DefaultDelay)
}

// linksUpTo draws links with the kinds of noise that worst has, none of them stronger,
// and constant delays, or distributed ones, around at most that.
func linksUpTo(worst network.Link, delay time.Duration) *rapid.Generator[network.Link] {
	return rapid.Custom(func(t *rapid.T) network.Link {
		l := network.Link{Delay: Delays(delay).Draw(t, "delay"), Ordered: coin(t)}
		for _, p := range []struct{ to, most *sim.Prob }{
			{&l.Loss, &worst.Loss}, {&l.Duplicate, &worst.Duplicate}, {&l.Reorder, &worst.Reorder}, {&l.Corrupt, &worst.Corrupt},
		} {
			if *p.most > 0 && coin(t) {
				*p.to = part(t, *p.most)
			}
		}
		if l.Reorder > 0 && coin(t) {
			l.ReorderBy = Delays(3*delay).Draw(t, "reorder by")
		}
		if b := worst.Burst; b.ToBad > 0 && coin(t) {
			l.Burst = network.GilbertElliott{ToBad: part(t, b.ToBad), ToGood: sim.Certain / 2, LossBad: part(t, sim.Certain)}
		}
		if worst.Bandwidth > 0 && coin(t) {
			l.Bandwidth = int64(between(t, 1, 1000)) * 1000
			l.Queue = int64(below(t, 10)) * 1000
		}
		return l
	})
}
