package network_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// noisy is a model in which every kind of noise strikes often, without those that
// make messages wait for each other.
func noisy() network.Link {
	return network.Link{
		Delay: network.Exponential(10 * ms), Loss: network.ProbOf(0.1),
		Burst: network.GilbertElliott{
			ToBad: network.ProbOf(0.1), ToGood: network.ProbOf(0.3),
			LossGood: network.ProbOf(0.01), LossBad: network.ProbOf(0.6),
		},
		Duplicate: network.ProbOf(0.2), Reorder: network.ProbOf(0.2), Corrupt: network.ProbOf(0.2),
	}
}

// chatter sends count messages over each directed link, one per millisecond.
func chatter(p *post, count int) {
	for i := range count {
		for from := range p.ep {
			for to := range p.ep {
				if from != to {
					p.send(time.Duration(i)*ms, network.ID(from), network.ID(to), i)
				}
			}
		}
	}
}

// fatesOf runs a chatter of 60 messages a link among the named nodes.
func fatesOf(t require.TestingT, seed uint64, m network.Link, edit func(*post), names ...string) map[place]fate {
	p := newPost(seed, always(m), names...)
	network.OnCorrupt(p.n, func(r *rand.Rand, msg int) int { return msg ^ 1<<r.IntN(16) })
	chatter(p, 60)
	if edit != nil {
		edit(p)
	}
	p.run(t)
	return p.noise()
}

// noise returns the fates without the numbers of events.
func (p *post) noise() map[place]fate {
	all := map[place]fate{}
	for key, f := range p.fates {
		all[key] = fate{at: f.at, delays: f.delays, changed: f.changed, drops: f.drops}
	}
	return all
}

// only keeps the fates of the messages from one node to another.
func only(all map[place]fate, from, to string) map[place]fate {
	all = maps.Clone(all)
	maps.DeleteFunc(all, func(k place, _ fate) bool { return k.from != from || k.to != to })
	return all
}

func TestNoiseDependsOnSeedPairAndIndexOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		m := noisy()
		m.Ordered = rapid.Bool().Draw(t, "ordered")
		base := only(fatesOf(t, seed, m, nil, "a", "b", "c"), "a", "b")
		require.Len(t, base, 60)
		same := func(edit func(*post), names ...string) {
			require.Equal(t, base, only(fatesOf(t, seed, m, edit, names...), "a", "b"))
		}
		same(nil, "a", "b")                // a third node removed
		same(nil, "c", "b", "x", "a", "y") // others added, and other numbers of hosts
		same(func(p *post) {               // more is sent elsewhere, also back
			for i := range 50 {
				p.send(time.Duration(i)*ms/2, 2, 0, "more")
				p.send(time.Duration(i)*ms/3, 1, 0, "more")
			}
		}, "a", "b", "c")
		same(func(p *post) { // other links have faults
			p.n.Partition("c", network.Complete([]network.ID{0, 1}, []network.ID{2}))
			p.n.Clog(1, 0)
			p.n.SetLink(1, 0, network.Link{})
			p.at(20*ms, func() { p.w.Host(2).Crash() })
		}, "a", "b", "c")
	})
}

func TestOtherSeedsAndPairsHaveOtherNoise(t *testing.T) {
	base := fatesOf(t, 1, noisy(), nil, "a", "b")
	fate := func(all map[place]fate, from, to string) (drops [60]string) {
		for key, f := range only(all, from, to) {
			drops[key.index] = slices.Concat(f.drops, []string{""})[0]
		}
		return drops
	}
	require.NotEqual(t, fate(base, "a", "b"), fate(base, "b", "a"))
	require.NotEqual(t, fate(base, "a", "b"), fate(fatesOf(t, 2, noisy(), nil, "a", "b"), "a", "b"))
	require.NotEqual(t, fate(base, "a", "b"), fate(fatesOf(t, 1, noisy(), nil, "a", "z"), "a", "z"))
}

func TestSwitchingOffOneNoiseLeavesTheOthers(t *testing.T) {
	struckByLoss := func(f fate) bool { return slices.Contains(f.drops, "loss") }
	kinds := map[string]struct {
		off func(*network.Link)
		// struck tells the messages that the noise may have touched; only these may
		// have another fate without it.
		struck func(f fate) bool
	}{
		"loss":    {func(m *network.Link) { m.Loss = 0 }, struckByLoss},
		"burst":   {func(m *network.Link) { m.Burst = network.GilbertElliott{} }, struckByLoss},
		"corrupt": {func(m *network.Link) { m.Corrupt = 0 }, func(f fate) bool { return f.changed }},
		"duplicate": {func(m *network.Link) { m.Duplicate = 0 }, func(f fate) bool {
			return len(f.delays)+len(f.drops) == 2
		}},
	}
	for name, kind := range kinds {
		changed := 0
		for seed := range uint64(20) {
			with, without := noisy(), noisy()
			kind.off(&without)
			got := fatesOf(t, seed, without, nil, "a", "b")
			for key, f := range fatesOf(t, seed, with, nil, "a", "b") {
				if kind.struck(f) {
					changed++
					continue
				}
				require.Equal(t, f, got[key], "%s off, seed %d, %v", name, seed, key)
			}
		}
		require.Positive(t, changed, name)
	}
}

// A reordered message does not tell by itself that it was; that it comes no
// earlier than without is all that may change, and as often as it was fired.
func TestSwitchingOffReorderingOnlyHurriesTheReordered(t *testing.T) {
	for _, ordered := range []bool{false, true} {
		run := func(p network.Prob) (map[place]fate, sim.FaultCount) {
			m := noisy()
			m.Duplicate, m.Reorder, m.Ordered = 0, p, ordered
			p1 := newPost(7, always(m), "a", "b")
			network.OnCorrupt(p1.n, func(_ *rand.Rand, msg int) int { return -msg })
			chatter(p1, 500)
			p1.run(t)
			return p1.noise(), p1.faults("reorder")
		}
		with, count := run(network.ProbOf(0.2))
		without, _ := run(0)
		changed := uint64(0)
		for key, f := range with {
			if g := without[key]; len(f.delays) == 1 && f.delays[0] != g.delays[0] {
				require.Greater(t, f.delays[0], g.delays[0])
				changed++
				continue
			}
			require.Equal(t, f, without[key])
		}
		require.Equal(t, count.Fired, changed)
		require.Equal(t, sim.FaultCount{Name: "reorder", Configured: 1, Fired: count.Fired, Effect: count.Effect}, count)
		require.Positive(t, count.Effect)
	}
}

// The burst model moves with every message, also with those a partition takes.
func TestAPartitionDoesNotReRollWhatComesAfterIt(t *testing.T) {
	for seed := range uint64(50) {
		m := noisy()
		base := fatesOf(t, seed, m, nil, "a", "b")
		cut := fatesOf(t, seed, m, func(p *post) {
			p.at(10*ms, func() {
				part := p.n.Partition("p", network.OneWay([]network.ID{0}, []network.ID{1}))
				p.at(30*ms-1, part.Heal)
			})
		}, "a", "b")
		touched := 0
		for key, f := range base {
			if slices.Contains(cut[key].drops, "partition") {
				touched++
				continue
			}
			require.Equal(t, f, cut[key], "seed %d %v", seed, key)
		}
		require.GreaterOrEqual(t, touched, 19) // all that were sent from 11 to 29 ms
	}
}

func TestMessagesOfOtherTypesAndSizesHaveTheSameNoise(t *testing.T) {
	run := func(msg any) map[place]fate {
		m := noisy()
		m.Corrupt = 0
		p := newPost(3, always(m), "a", "b")
		for i := range 200 {
			p.send(time.Duration(i)*ms, 0, 1, msg)
		}
		p.run(t)
		return p.noise()
	}
	require.Equal(t, run("a"), run(make([]byte, 1000)))
}
