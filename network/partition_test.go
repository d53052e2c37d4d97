package network_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// ids returns the numbers from first to last.
func ids(first, last network.ID) []network.ID {
	var all []network.ID
	for id := first; id <= last; id++ {
		all = append(all, id)
	}
	return all
}

// reach tries every link of five nodes under a cut, and draws which work: a row
// for each sender, x where a message arrives.
func reach(t *testing.T, c network.Cut) []string {
	p := newPost(1, network.Config{}, "a", "b", "c", "d", "e")
	part := p.n.Partition("p", c)
	chatter(p, 1)
	p.run(t)
	rows := make([]string, 5)
	lost := uint64(0)
	for from := range rows {
		for to := range rows {
			mark := "x"
			if from != to && len(p.fates[place{"abcde"[from : from+1], "abcde"[to : to+1], 0}].drops) > 0 {
				mark = "."
				lost++
			}
			rows[from] += mark
		}
	}
	require.Equal(t, lost, part.Messages())
	require.Equal(t, sim.FaultCount{Name: "partition p", Fired: 1, Effect: lost}, p.faults("partition p"))
	return rows
}

func TestCutsSeparateWhatTheySay(t *testing.T) {
	require.Equal(t, []string{
		"xx..x",
		"xx..x",
		"..xxx",
		"..xxx",
		"xxxxx", // not mentioned: reaches all, and all reach it
	}, reach(t, network.Complete(ids(0, 1), ids(2, 3))), "complete")
	require.Equal(t, []string{
		"x...x",
		".xx.x",
		".xx.x",
		"...xx",
		"xxxxx",
	}, reach(t, network.Complete(ids(0, 0), ids(1, 2), ids(3, 3))), "three groups")
	require.Equal(t, []string{
		"xx..x",
		"xx..x",
		"xxxxx",
		"xxxxx",
		"xxxxx",
	}, reach(t, network.OneWay(ids(0, 1), ids(2, 3))), "one way")
	require.Equal(t, []string{
		"xxx..",
		"xxx..",
		"xxxxx",
		"..xxx",
		"..xxx",
	}, reach(t, network.Bridge(ids(0, 1), ids(3, 4))), "bridge c")
	require.Equal(t, []string{
		"xx..x",
		"xxx..",
		".xxx.",
		"..xxx",
		"x..xx",
	}, reach(t, network.Ring(0, 1, 2, 3, 4)), "ring")
	require.Equal(t, []string{
		"xx.x.",
		"xxxxx",
		".xxx.",
		"xxxxx",
		"x.xxx",
	}, reach(t, network.Where(ids(0, 4), func(i, j int) bool {
		return i == 0 && j == 2 || i == 0 && j == 4 || i == 2 && j == 0 || i == 2 && j == 4 || i == 4 && j == 1
	})), "any matrix")
	require.Empty(t, network.Ring(0, 1, 2), "all are neighbours")
	require.Empty(t, network.Ring())
	require.Empty(t, network.Complete(ids(0, 4)))
	require.Empty(t, network.OneWay(ids(2, 2), ids(2, 2)), "a node reaches itself")
}

// Any matrix of links, also one that names a link more than once or a node itself.
func TestAnyMatrixOfLinksIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Custom(func(t *rapid.T) network.ID { return network.ID(rapid.IntRange(0, 3).Draw(t, "id")) })
		pair := rapid.Custom(func(t *rapid.T) [2]network.ID { return [2]network.ID{id.Draw(t, "from"), id.Draw(t, "to")} })
		c := network.Cut(rapid.SliceOf(pair).Draw(t, "cut"))
		p := newPost(1, network.Config{}, "a", "b", "c", "d")
		part := p.n.Partition("p", c)
		chatter(p, 1)
		for i := range network.ID(4) {
			p.send(0, i, i, "self")
		}
		p.at(1, part.Heal)
		p.at(2, func() { chatter(p, 1) })
		p.run(t)
		want := map[[2]network.ID]bool{}
		for _, pair := range c {
			want[pair] = true
		}
		require.Equal(t, uint64(len(want)), part.Messages())
		for _, f := range p.fates {
			require.Equal(t, 1, len(f.delays)+len(f.drops))
		}
		require.Equal(t, map[string]int{"partition": len(want)}, withZero(p.drops(), "partition"))
	})
}

func withZero(counts map[string]int, key string) map[string]int {
	counts[key] += 0
	return counts
}

func TestOverlappingPartitionsHealEachForItself(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b", "c")
	wide := p.n.Partition("wide", network.Complete(ids(0, 0), ids(1, 2)))
	narrow := p.n.Partition("narrow", network.OneWay(ids(0, 0), ids(1, 1)))
	chatter(p, 5) // a message a link at 0, 1, 2, 3 and 4 ms
	p.at(ms/2, wide.Heal)
	p.at(ms+ms/2, func() {
		require.True(t, wide.Healed())
		require.False(t, narrow.Healed())
		wide.Heal() // again: nothing
	})
	p.at(2*ms+ms/2, narrow.Heal)
	p.run(t)
	require.Len(t, p.got[0], 8, "b and c sent five, one each was cut")
	require.Equal(t, []time.Duration{0, ms, 2 * ms, 3 * ms, 3 * ms, 4 * ms, 4 * ms}, p.times(1))
	require.Equal(t, uint64(4), wide.Messages())
	require.Equal(t, uint64(3), narrow.Messages(), "the first was stopped by both")
	require.Equal(t, map[string]int{"partition": 6}, p.drops())
}

func TestPartitionsOfOneNameShareACountButNotTheirMessages(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	first := p.n.Partition("p", network.Complete(ids(0, 0), ids(1, 1)))
	p.send(0, 0, 1, "x")
	p.at(ms, first.Heal)
	var second *network.Partition
	p.at(2*ms, func() { second = p.n.Partition("p", network.Complete(ids(0, 0), ids(1, 1))) })
	p.send(3*ms, 0, 1, "x")
	p.send(3*ms, 1, 0, "x")
	p.run(t)
	require.Equal(t, uint64(1), first.Messages())
	require.Equal(t, uint64(2), second.Messages())
	require.Equal(t, sim.FaultCount{Name: "partition p", Fired: 2, Effect: 3}, p.faults("partition p"))
}

func TestAPartitionWithoutMessagesHasNoEffect(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b", "c")
	p.n.Partition("p", network.Complete(ids(0, 0), ids(1, 1)))
	p.send(0, 0, 2, "x")
	p.run(t)
	require.Equal(t, sim.FaultCount{Name: "partition p", Fired: 1}, p.faults("partition p"))
}

func TestAPartitionTakesWhatArrivesWhileItLasts(t *testing.T) {
	run := func(start, heal time.Duration) *post {
		p := newPost(1, delayed(10*ms), "a", "b")
		p.at(start, func() {
			p.at(heal, p.n.Partition("p", network.Complete(ids(0, 0), ids(1, 1))).Heal)
		})
		p.send(5*ms, 0, 1, "x")
		p.run(t)
		return p
	}
	lost := map[string]int{"partition": 1}
	require.Equal(t, lost, run(2*ms, 7*ms).drops(), "it was sent into it")
	require.Equal(t, lost, run(7*ms, 20*ms).drops(), "it arrived in it")
	require.Equal(t, []time.Duration{15 * ms}, run(7*ms, 12*ms).times(1), "it was under way")
	require.Equal(t, []time.Duration{15 * ms}, run(16*ms, 20*ms).times(1))
}

func TestFaultsOfUnknownNodesPanic(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	p.w.AddHost("bystander", nil)
	for id, name := range map[network.ID]string{2: "bystander", 3: "host(3)", -1: "world", -7: "host(-7)"} {
		message := "network: there is no link from " + name + " to a: both have to be nodes of the network"
		require.PanicsWithValue(t, message, func() { p.n.Partition("p", network.Cut{{id, 0}}) })
		require.PanicsWithValue(t, message, func() { p.n.Clog(id, 0) })
		require.PanicsWithValue(t, message, func() { p.n.SetLink(id, 0, network.Link{}) })
		require.Panics(t, func() { p.n.Model(0, id) })
	}
	require.Zero(t, p.faults("partition p").Fired)
}
