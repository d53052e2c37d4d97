package network_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestADuplicateIsASecondCopyWithADelayOfItsOwn(t *testing.T) {
	p := newPost(1, always(network.Link{Delay: network.Uniform(ms, 100*ms), Duplicate: network.Certain}), "a", "b")
	for i := range 100 {
		p.send(0, 0, 1, i)
	}
	p.run(t)
	apart := 0
	for _, f := range p.fates {
		require.Len(t, f.delays, 2)
		require.Empty(t, f.drops)
		for _, d := range f.delays {
			require.True(t, d >= ms && d <= 100*ms)
		}
		if f.delays[0] != f.delays[1] {
			apart++
		}
	}
	require.Equal(t, 100, apart)
	require.Equal(t, sim.FaultCount{Name: "duplicate", Configured: 1, Fired: 100, Effect: 100}, p.faults("duplicate"))
}

// The second copy of each message is what Duplicate adds: the first keeps its time.
func TestDuplicationAtARateLeavesTheFirstCopyAlone(t *testing.T) {
	times := func(dup network.Prob, ordered bool) *post {
		p := newPost(1, always(network.Link{Delay: network.Exponential(5 * ms), Duplicate: dup, Ordered: ordered}), "a", "b")
		for i := range 1000 {
			p.send(time.Duration(i)*ms, 0, 1, i)
		}
		p.run(t)
		return p
	}
	for _, ordered := range []bool{false, true} {
		plain, doubled := times(0, ordered), times(network.ProbOf(0.25), ordered)
		two := uint64(0)
		for key, f := range doubled.fates {
			require.Contains(t, f.delays, plain.fates[key].delays[0])
			two += uint64(len(f.delays) - 1)
		}
		require.InDelta(t, 250, two, 55) // 4 standard deviations
		require.Equal(t, sim.FaultCount{Name: "duplicate", Configured: 1, Fired: two, Effect: two}, doubled.faults("duplicate"))
	}
}

func TestAReorderedMessageIsOvertaken(t *testing.T) {
	p := newPost(1, delayed(10*ms), "a", "b")
	p.send(0, 0, 1, "first")
	p.send(ms, 0, 1, "second")
	p.at(0, func() {
		m := p.n.Model(0, 1)
		m.Reorder, m.ReorderBy = network.Certain, network.Constant(5*ms)
		p.n.SetLink(0, 1, m)
	})
	p.at(ms/2, func() { p.n.SetLink(0, 1, network.Link{Delay: network.Constant(10 * ms)}) })
	p.at(ms/4, func() { p.ep[0].Send(1, "held back") })
	p.run(t)
	require.Equal(t, []any{"first", "second", "held back"}, p.bodies(1))
	require.Equal(t, []time.Duration{10 * ms, 11 * ms, 15*ms + ms/4}, p.times(1))
	require.Equal(t, sim.FaultCount{Name: "reorder", Configured: 1, Fired: 1, Effect: 1}, p.faults("reorder"))
}

func TestReorderingIsByFourTimesTheDelayUnlessGiven(t *testing.T) {
	m := network.Link{Delay: network.Constant(3 * ms), Reorder: network.Certain}
	p := newPost(1, always(m), "a", "b")
	p.send(0, 0, 1, "x")
	p.run(t)
	require.Equal(t, []time.Duration{15 * ms}, p.times(1))
	require.Equal(t, sim.FaultCount{Name: "reorder", Configured: 1, Fired: 1}, p.faults("reorder"), "nothing overtook it")

	m.Delay, m.ReorderBy = network.Constant(network.MaxDelay), network.Constant(network.MaxDelay)
	p = newPost(1, always(m), "a", "b")
	p.send(0, 0, 1, "x")
	p.run(t)
	require.Equal(t, []time.Duration{2 * network.MaxDelay}, p.times(1))
}

// Without reordering an ordered link is first in, first out whatever the delays,
// and also where a Chooser picks among all that arrives in one instant.
func TestAnOrderedLinkIsFirstInFirstOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := network.Link{
			Ordered: true, Loss: network.ProbOf(0.2), Delay: rapid.SampledFrom([]network.Delay{
				{}, network.Constant(ms), network.Exponential(20 * ms), network.Uniform(0, 3),
			}).Draw(t, "delay"),
			Bandwidth: rapid.SampledFrom([]int64{0, 10_000}).Draw(t, "bandwidth"),
		}
		p := &post{w: sim.New(sim.Config{Seed: rapid.Uint64().Draw(t, "seed"), Interleave: true})}
		p.join(network.New(p.w, always(m)), "a", "b")
		next := 0
		p.at(0, func() {}) // the boots come first or not
		p.w.RunFor(ms)
		for range 20 {
			p.at(0, func() {})
			for range rapid.IntRange(1, 10).Draw(t, "burst") {
				p.ep[0].Send(1, next)
				next++
			}
			if rapid.Bool().Draw(t, "clog") {
				release := p.n.Clog(0, 1)
				p.w.RunFor(rapid.SampledFrom([]time.Duration{0, ms, 50 * ms}).Draw(t, "clogged"))
				release()
			}
			p.w.RunFor(rapid.SampledFrom([]time.Duration{0, 1, ms}).Draw(t, "gap"))
		}
		p.w.Run(sim.Limit{})
		last := -1
		for _, l := range p.got[1] {
			require.Greater(t, l.msg.(int), last)
			last = l.msg.(int)
		}
		require.Equal(t, next, len(p.got[1])+p.drops()["loss"])
	})
}

func TestOnAnOrderedLinkOnlyReorderedAndSecondCopiesComeLate(t *testing.T) {
	m := network.Link{
		Ordered: true, Delay: network.Exponential(20 * ms),
		Reorder: network.ProbOf(0.1), Duplicate: network.ProbOf(0.1),
	}
	p := newPost(3, always(m), "a", "b")
	for i := range 2000 {
		p.send(time.Duration(i)*ms, 0, 1, i)
	}
	p.run(t)
	seen, late, newest := map[int]bool{}, uint64(0), -1
	for _, l := range p.got[1] {
		i := l.msg.(int)
		if i < newest && !seen[i] {
			late++ // the message was reordered, or its place taken by a second copy
		}
		seen[i] = true
		newest = max(newest, i)
	}
	require.Len(t, seen, 2000)
	require.Positive(t, late)
	require.LessOrEqual(t, late, p.faults("reorder").Fired)
}

func TestWithoutOrderedMessagesOvertakeByTheirDelays(t *testing.T) {
	p := newPost(3, always(network.Link{Delay: network.Exponential(20 * ms)}), "a", "b")
	for i := range 100 {
		p.send(time.Duration(i)*ms, 0, 1, i)
	}
	p.run(t)
	require.False(t, slices.IsSortedFunc(p.bodies(1), func(a, b any) int { return a.(int) - b.(int) }))
	require.Empty(t, p.w.Faults(), "no fault was asked for")
}

type page struct{ words []string }

func TestCorruptionChangesACopyAndNotTheSendersValue(t *testing.T) {
	p := newPost(1, network.Config{Link: network.Link{Corrupt: network.Certain}, CheckMutation: true}, "a", "b", "c")
	network.OnCorrupt(p.n, func(r *rand.Rand, msg page) page {
		words := slices.Clone(msg.words)
		words[r.IntN(len(words))] = "?"
		return page{words}
	})
	msg := page{[]string{"x", "y", "z"}}
	p.send(0, 0, 1, msg)
	p.send(0, 0, 2, msg)
	p.send(0, 0, 0, msg)    // to itself: perfect
	p.send(0, 0, 1, "text") // no function for its type
	p.send(0, 0, 1, nil)
	p.run(t)
	require.Equal(t, page{[]string{"x", "y", "z"}}, msg)
	require.Equal(t, []any{msg}, p.bodies(0))
	require.Len(t, p.got[1], 1)
	require.NotEqual(t, msg, p.got[1][0].msg)
	require.Contains(t, p.got[1][0].msg.(page).words, "?")
	require.Contains(t, p.got[2][0].msg.(page).words, "?")
	require.Equal(t, map[string]int{"corrupt": 2}, p.drops())
	require.Equal(t, sim.FaultCount{Name: "corrupt", Configured: 1, Fired: 4, Effect: 4}, p.faults("corrupt"))
}

func TestEachMessageIsCorruptedInAWayOfItsOwn(t *testing.T) {
	run := func(extra int) []any {
		p := newPost(1, always(network.Link{Corrupt: network.Certain, Duplicate: network.ProbOf(0.5)}), "a", "b")
		network.OnCorrupt(p.n, func(r *rand.Rand, _ string) string { return strconv.FormatUint(r.Uint64(), 36) })
		for range extra {
			p.send(0, 1, 0, "x")
		}
		for range 50 {
			p.send(ms, 0, 1, "x")
		}
		p.run(t)
		return p.bodies(1)
	}
	got := run(0)
	require.Equal(t, got, run(7), "whatever happens to others")
	distinct := map[any]bool{}
	for _, body := range got {
		distinct[body] = true
	}
	require.Len(t, distinct, 50, "the copies of one message are alike, others not")
	require.Greater(t, len(got), 60)
}

func TestOnCorruptWantsTheTypeOfAMessage(t *testing.T) {
	n := network.New(sim.New(sim.Config{}), network.Config{})
	require.PanicsWithValue(t, "network: OnCorrupt for the interface error, expected the type of a message",
		func() { network.OnCorrupt(n, func(_ *rand.Rand, err error) error { return err }) })
}

// A string of n bytes below 128 is encoded in n + 9 bytes: type, length, content.
func text(size int) string { return string(make([]byte, size-9)) }

func TestBandwidthSerialisesMessagesExactly(t *testing.T) {
	p := newPost(1, always(network.Link{Delay: network.Constant(10 * ms), Bandwidth: 1000}), "a", "b", "c")
	p.send(0, 0, 1, text(100))       // leaves after 100 ms
	p.send(0, 0, 1, text(50))        // waits, leaves after 150 ms
	p.send(120*ms, 0, 1, text(10))   // waits, leaves after 160 ms
	p.send(0, 0, 2, text(20))        // on another link: no waiting
	p.send(0, 1, 0, text(30))        // the other direction neither
	p.send(500*ms, 0, 1, text(10))   // the line is idle again
	p.send(500*ms, 0, 1, []byte{1})  // 8 + 1 + 1 bytes
	p.send(600*ms, 0, 1, [3]int64{}) // 8 + 3 bytes
	p.run(t)
	require.Equal(t, []time.Duration{110 * ms, 160 * ms, 170 * ms, 520 * ms, 530 * ms, 621 * ms}, p.times(1))
	require.Equal(t, []time.Duration{30 * ms}, p.times(2))
	require.Equal(t, []time.Duration{40 * ms}, p.times(0))
	require.Equal(t, sim.FaultCount{Name: "bandwidth", Configured: 1, Fired: 3, Effect: 3}, p.faults("bandwidth"), "three waited")
}

func TestAFullQueueDropsAndDrains(t *testing.T) {
	p := newPost(1, always(network.Link{Bandwidth: 1000, Queue: 100}), "a", "b")
	for range 4 {
		p.send(0, 0, 1, text(60)) // the third finds 120 bytes waiting
	}
	p.send(20*ms, 0, 1, text(30)) // finds 100
	p.send(20*ms, 0, 1, text(30)) // finds 130
	p.send(50*ms, 0, 1, text(30)) // finds 100
	p.run(t)
	require.Equal(t, []time.Duration{60 * ms, 120 * ms, 150 * ms, 180 * ms}, p.times(1))
	require.Equal(t, map[string]int{"queue full": 3}, p.drops())
	require.Equal(t, sim.FaultCount{Name: "bandwidth", Configured: 1, Fired: 6, Effect: 6}, p.faults("bandwidth"))
}

func TestTheQueueIsBoundedByDefault(t *testing.T) {
	p := newPost(1, always(network.Link{Bandwidth: 1}), "a", "b")
	for range 20 {
		p.send(0, 0, 1, make([]byte, 1<<17-11)) // with type and length 2^17 bytes
	}
	p.run(t)
	require.Equal(t, 1<<20, network.DefaultQueue)
	require.Len(t, p.got[1], 9, "eight fill the queue, the ninth finds it full but not overfull")
	require.Equal(t, map[string]int{"queue full": 11}, p.drops())
}

func TestExtremeBandwidthsDoNotOverflow(t *testing.T) {
	p := newPost(1, always(network.Link{Bandwidth: math.MaxInt64}), "a", "b")
	p.send(0, 0, 1, "fast")
	p.run(t)
	require.Equal(t, []time.Duration{0}, p.times(1))

	p = newPost(1, always(network.Link{Bandwidth: 1, Queue: math.MaxInt64}), "a", "b")
	p.send(0, 0, 1, make([]byte, 1<<24))
	p.send(0, 0, 1, "later")
	p.at(time.Hour, func() { p.n.SetLink(0, 1, network.Link{Bandwidth: math.MaxInt64, Queue: 1}) })
	p.send(time.Hour, 0, 1, "the queue of a slow link is long at a fast one")
	p.run(t)
	require.Equal(t, []time.Duration{(1<<24 + 12) * time.Second, (1<<24 + 26) * time.Second}, p.times(1))
	require.Equal(t, map[string]int{"queue full": 1}, p.drops())
}

func TestLostMessagesTakeNoBandwidth(t *testing.T) {
	p := newPost(1, always(network.Link{Bandwidth: 1000, Loss: network.Certain}), "a", "b")
	p.send(0, 0, 1, text(100))
	p.at(0, func() { p.n.SetLink(0, 1, network.Link{Bandwidth: 1000}) })
	p.send(0, 0, 1, text(20))
	p.run(t)
	require.Equal(t, []time.Duration{20 * ms}, p.times(1))
}

func TestSelfSendIsImmediateAndLossless(t *testing.T) {
	m := noisy()
	m.Loss, m.Bandwidth = network.Certain, 1
	p := newPost(1, always(m), "a", "b")
	for i := range 100 {
		p.send(ms, 0, 0, i)
	}
	p.at(0, func() { p.n.Partition("all", network.Complete([]network.ID{0}, []network.ID{1})) })
	p.run(t)
	require.Len(t, p.got[0], 100)
	require.Equal(t, slices.Repeat([]time.Duration{ms}, 100), p.times(0))
	require.Zero(t, p.faults("loss").Fired)

	p = newPost(1, network.Config{}, "a") // unless it is given a link
	p.n.SetLink(0, 0, network.Link{Delay: network.Constant(ms)})
	p.send(0, 0, 0, "x")
	p.run(t)
	require.Equal(t, []time.Duration{ms}, p.times(0))
}

func TestRegionsGiveDelaysThatALinkOverrides(t *testing.T) {
	cfg := delayed(99 * ms)
	cfg.Regions = network.Regions{
		Of: map[string]string{"a": "eu", "b": "eu", "c": "us", "d": "asia"},
		Delay: map[[2]string]network.Delay{
			{"eu", "eu"}:   network.Constant(1 * ms),
			{"eu", "us"}:   network.Constant(40 * ms),
			{"us", "asia"}: network.Constant(80 * ms),
			{"asia", "us"}: network.Constant(90 * ms),
		},
	}
	p := newPost(1, cfg, "a", "b", "c", "d", "nowhere")
	p.n.SetLink(1, 2, network.Link{Delay: network.Constant(7 * ms)})
	delay := func(from, to network.ID) time.Duration { return p.n.Model(from, to).Delay.Mean() }
	require.Equal(t, 1*ms, delay(0, 1))
	require.Equal(t, 40*ms, delay(0, 2))
	require.Equal(t, 40*ms, delay(2, 0), "the other direction")
	require.Equal(t, 80*ms, delay(2, 3), "each direction its own")
	require.Equal(t, 90*ms, delay(3, 2))
	require.Equal(t, 99*ms, delay(0, 3), "a pair that is missing")
	require.Equal(t, 99*ms, delay(3, 4), "a host without a region")
	require.Equal(t, 7*ms, delay(1, 2), "a link of its own")
	require.Equal(t, 40*ms, delay(2, 1), "its other direction is another link")
	require.Zero(t, delay(0, 0))
	p.send(0, 2, 3, "x")
	p.run(t)
	require.Equal(t, []time.Duration{80 * ms}, p.times(3))
}

func TestLinksThatCannotBeAreRefused(t *testing.T) {
	const probability, negative = "network: a probability of a link is 4294967297 of 2^32",
		"network: the bandwidth or queue of a link is negative"
	for _, c := range []struct {
		want string
		m    network.Link
	}{
		{probability, network.Link{Loss: network.Certain + 1}},
		{probability, network.Link{Burst: network.GilbertElliott{LossBad: network.Certain + 1}}},
		{negative, network.Link{Bandwidth: -1}},
		{negative, network.Link{Queue: -1}},
	} {
		require.PanicsWithValue(t, c.want, func() { newPost(1, always(c.m)) })
		p := newPost(1, network.Config{}, "a", "b")
		require.PanicsWithValue(t, c.want, func() { p.n.SetLink(0, 1, c.m) })
	}
}
