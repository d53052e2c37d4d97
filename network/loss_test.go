package network_test

import (
	"math"
	"testing"

	"phoenix/network"

	"github.com/stretchr/testify/require"
)

// losses sends count messages over a link and tells which were lost.
func losses(t *testing.T, seed uint64, m network.Link, from, to string, count int) []bool {
	p := newPost(seed, always(m), from, to)
	p.at(0, func() {
		for i := range count {
			p.ep[0].Send(1, i)
		}
	})
	p.run(t)
	lost := make([]bool, count)
	for key, f := range p.fates {
		lost[key.index] = len(f.drops) > 0
	}
	return lost
}

// rate is the share of the places i for which is(i).
func rate(n int, is func(i int) bool) float64 {
	hits := 0
	for i := range n {
		if is(i) {
			hits++
		}
	}
	return float64(hits) / float64(n)
}

// All tolerances of measured shares in this file are four standard deviations of
// the share, so that one in 16,000 seeds would fail; the seeds are fixed.

func TestBernoulliLossHasItsRateAndNoMemory(t *testing.T) {
	const n = 100_000
	for _, p := range []float64{0.01, 0.1, 0.5} {
		lost := losses(t, 11, network.Link{Loss: network.ProbOf(p)}, "a", "b", n)
		sd := math.Sqrt(p * (1 - p) / n)
		require.InDelta(t, p, rate(n, func(i int) bool { return lost[i] }), 4*sd)
		for _, gap := range []int{1, 2, 64} { // pairs are lost with p squared
			both := rate(n-gap, func(i int) bool { return lost[i] && lost[i+gap] })
			require.InDelta(t, p*p, both, 4*math.Sqrt(p*p*(1-p*p)/n)*1.5) // pairs overlap
		}
	}
}

func TestNoLossAndCertainLossAreExact(t *testing.T) {
	for p, want := range map[network.Prob]float64{0: 0, network.Certain: 1} {
		lost := losses(t, 1, network.Link{Loss: p, Duplicate: network.ProbOf(0.5)}, "a", "b", 5000)
		require.Equal(t, want, rate(5000, func(i int) bool { return lost[i] }))
	}
}

// Of a Gilbert–Elliott chain that turns bad with p and good with r, a share of
// p/(p+r) messages meets the bad state, in runs of mean length 1/r.
func TestBurstsHaveTheirRateAndLength(t *testing.T) {
	const n, p, r = 200_000, 0.01, 0.2
	lost := losses(t, 5, network.Link{Burst: network.GilbertElliott{
		ToBad: network.ProbOf(p), ToGood: network.ProbOf(r), LossBad: network.Certain,
	}}, "a", "b", n)
	share := p / (p + r)
	// The variance of the share is that of independent messages times (2-p-r)/(p+r),
	// as the correlation of messages k apart is (1-p-r)^k.
	sd := math.Sqrt(share * (1 - share) / n * (2 - p - r) / (p + r))
	require.InDelta(t, share, rate(n, func(i int) bool { return lost[i] }), 4*sd)

	lengths := map[int]int{} // geometric: length k has (1-r)^(k-1) r
	bursts, run := 0, 0
	for _, l := range lost {
		if l {
			run++
		} else if run > 0 {
			lengths[run]++
			bursts++
			run = 0
		}
	}
	sum := 0
	for k, count := range lengths {
		sum += k * count
	}
	mean := float64(sum) / float64(bursts)
	require.InDelta(t, 1/r, mean, 4*math.Sqrt((1-r)/(r*r)/float64(bursts)))
	for k := 1; k <= 8; k++ {
		want := math.Pow(1-r, float64(k-1)) * r
		require.InDelta(t, want, float64(lengths[k])/float64(bursts), 4*math.Sqrt(want/float64(bursts)), "length %d", k)
	}
	require.InDelta(t, n*share*r, bursts, 4*math.Sqrt(n*share*r)) // one burst for each way back to good
}

func TestBothBurstStatesLoseAtTheirRateBesidesLoss(t *testing.T) {
	const n, p, r, good, bad, also = 200_000, 0.05, 0.1, 0.02, 0.7, 0.05
	lost := losses(t, 9, network.Link{Loss: network.ProbOf(also), Burst: network.GilbertElliott{
		ToBad: network.ProbOf(p), ToGood: network.ProbOf(r), LossGood: network.ProbOf(good), LossBad: network.ProbOf(bad),
	}}, "a", "b", n)
	share := p / (p + r)
	burst := share*bad + (1-share)*good
	want := 1 - (1-also)*(1-burst)
	// The chain's share of the variance, bounded by that of a loss in all bad messages.
	sd := math.Sqrt(share * (1 - share) / n * (2 - p - r) / (p + r))
	require.InDelta(t, want, rate(n, func(i int) bool { return lost[i] }), 4*sd)
}

func TestAChainThatNeverTurnsGoodLosesAllFromThenOn(t *testing.T) {
	lost := losses(t, 2, network.Link{Burst: network.GilbertElliott{
		ToBad: network.ProbOf(0.01), LossBad: network.Certain,
	}}, "a", "b", 2000)
	first := 0
	for !lost[first] {
		first++
	}
	require.Greater(t, first, 0)
	require.Equal(t, 1.0, rate(2000-first, func(i int) bool { return lost[first+i] }))
}

// Each link is in a state of its own: bursts of one are as likely as not to meet
// the good state of another.
func TestBurstsOfDifferentLinksAreIndependent(t *testing.T) {
	const n, p, r = 100_000, 0.05, 0.05
	m := network.Link{Burst: network.GilbertElliott{ToBad: network.ProbOf(p), ToGood: network.ProbOf(r), LossBad: network.Certain}}
	there, back := losses(t, 4, m, "a", "b", n), losses(t, 4, m, "b", "a", n)
	both := rate(n, func(i int) bool { return there[i] && back[i] })
	// Correlation of products k apart: (1-p-r)^2k with 1/16 of it left over from the means.
	sd := math.Sqrt(3.0 / 16 / n * (1 + (1 - p - r)) / (1 - (1 - p - r)))
	require.InDelta(t, 0.25, both, 4*sd)

	p1 := newPost(4, always(m), "a", "b", "c") // and interleaving two links changes neither
	for i := range 1000 {
		p1.send(0, 0, 1, i)
		p1.send(0, 0, 2, i)
		p1.send(0, 0, 2, i)
	}
	p1.run(t)
	for i := range 1000 {
		require.Equal(t, there[i], len(p1.fates[place{"a", "b", i}].drops) == 1)
	}
}
