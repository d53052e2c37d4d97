package resilience

import (
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

// A plainGradient is the formula of Gradient2 over windows, in rational numbers that are cut to 1/1024
// where the limit and the usual latency are kept.
type plainGradient struct {
	cfg    GradientConfig
	bug    string
	limit  *big.Rat
	usual  *big.Rat
	window int
}

func rat(a, b int64) *big.Rat { return big.NewRat(a, b) }

func add(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }
func sub(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func mul(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }
func div(a, b *big.Rat) *big.Rat { return new(big.Rat).Quo(a, b) }

// cut drops what is below 1/1024.
func cut(r *big.Rat) *big.Rat {
	scaled := mul(r, rat(1024, 1))
	return new(big.Rat).SetFrac(new(big.Int).Quo(scaled.Num(), scaled.Denom()), big.NewInt(1024))
}

func between(lo, r, hi *big.Rat) *big.Rat {
	return slices.MinFunc([]*big.Rat{hi, slices.MaxFunc([]*big.Rat{lo, r}, (*big.Rat).Cmp)}, (*big.Rat).Cmp)
}

// end is the end of a window with this mean latency in ns, and these in flight at most.
func (m *plainGradient) end(short int64, most int) {
	s := rat(short, 1)
	m.window++
	if m.window <= 10 {
		m.usual = add(m.usual, cut(div(sub(s, m.usual), rat(int64(m.window), 1))))
	} else {
		m.usual = add(m.usual, cut(mul(sub(s, m.usual), rat(2, int64(m.cfg.History+1)))))
	}
	if m.usual.Cmp(mul(s, rat(2, 1))) > 0 && m.bug != "an overload is not forgotten" {
		m.usual = sub(m.usual, cut(div(m.usual, rat(20, 1))))
	}
	if rat(int64(most)*2, 1).Cmp(m.limit) < 0 && m.bug != "a limit that nobody needs grows" {
		return
	}
	tolerance := rat(int64(m.cfg.Tolerance), 100)
	if m.bug == "no tolerance" {
		tolerance = rat(1, 1)
	}
	g := cut(mul(tolerance, div(m.usual, s)))
	if m.bug == "one outlier takes nearly all" {
		g = between(rat(0, 1), g, rat(1, 1))
	} else {
		g = between(rat(1, 2), g, rat(1, 1))
	}
	next := add(cut(mul(m.limit, g)), rat(int64(m.cfg.Headroom), 1))
	step := cut(div(sub(next, m.limit), rat(5, 1)))
	if m.bug == "no smoothing" {
		step = sub(next, m.limit)
	}
	m.limit = between(rat(int64(m.cfg.Min), 1), add(m.limit, step), rat(int64(m.cfg.Max), 1))
}

func (m *plainGradient) whole() int {
	return int(new(big.Int).Quo(m.limit.Num(), m.limit.Denom()).Int64())
}

func TestAGradientFollowsTheFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := GradientConfig{
			Min: rapid.IntRange(1, 20).Draw(t, "min"), Max: rapid.IntRange(20, 100).Draw(t, "max"),
			Headroom: rapid.IntRange(1, 6).Draw(t, "headroom"), Tolerance: rapid.IntRange(100, 300).Draw(t, "tolerance"),
			Window: time.Second, Samples: 1, History: rapid.IntRange(1, 30).Draw(t, "history"),
		}
		first := rapid.IntRange(1, 120).Draw(t, "first")
		g, now := NewGradient(cfg, first), sim.Time(0)
		g.end = sim.Time(time.Second)
		m := &plainGradient{cfg: cfg, usual: rat(0, 1), limit: rat(int64(min(max(first, cfg.Min), cfg.Max)), 1)}
		for range rapid.IntRange(0, 40).Draw(t, "windows") {
			n := rapid.IntRange(1, 5).Draw(t, "samples")
			sum, most := int64(0), 0
			for i := range n {
				took := rapid.Int64Range(1, int64(time.Hour)).Draw(t, "took")
				inFlight := rapid.IntRange(1, 100).Draw(t, "in flight")
				if i == n-1 {
					now = now.Add(time.Second)
				}
				ended := g.Observe(now, time.Duration(took), inFlight)
				require.Equal(t, i == n-1, ended)
				sum, most = sum+min(took, int64(10*time.Minute)), max(most, inFlight)
			}
			m.end(sum/int64(n), most)
			require.Zero(t, m.limit.Cmp(rat(g.limit, 1024)), "limit %v", m.limit)
			require.Equal(t, m.whole(), g.Limit())
			require.True(t, cfg.Min <= g.Limit() && g.Limit() <= cfg.Max)
		}
	})
}

// A gradientWindow is one second of operations that all take so long, with all of the limit in use or one.
type gradientWindow struct {
	ms   int64
	busy bool
}

func (w gradientWindow) String() string {
	if w.busy {
		return fmt.Sprintf("%d ms, all in use", w.ms)
	}
	return fmt.Sprintf("%d ms, 1 in use", w.ms)
}

func (m *plainGradient) differs(windows []gradientWindow) string {
	m.cfg = NewGradient(GradientConfig{}, 0).cfg
	m.usual, m.limit, m.window = rat(0, 1), rat(20, 1), 0
	g := NewGradient(GradientConfig{Samples: 1}, 20)
	for i, w := range windows {
		most := 1
		if w.busy {
			most = g.Limit()
		}
		g.end = sim.Time(i+1) * sim.Time(time.Second)
		g.Observe(g.end, time.Duration(w.ms)*time.Millisecond, most)
		m.end(w.ms*int64(time.Millisecond), most)
	}
	if m.whole() != g.Limit() {
		return fmt.Sprintf("a limit of %d, right is %d", m.whole(), g.Limit())
	}
	return ""
}

var gradientMutants = []struct{ bug, from, want string }{
	{"a limit that nobody needs grows", "app-limited", "[10 ms, all in use 10 ms, 1 in use]"},
	{"one outlier takes nearly all", "clamp",
		"[10 ms, all in use 10 ms, all in use 30 ms, all in use 500 ms, all in use]"},
	{"no smoothing", "smoothing", "[10 ms, all in use]"},
	{"no tolerance", "tolerance", "[10 ms, all in use 30 ms, all in use]"},
	{"an overload is not forgotten", "recovery",
		"[500 ms, all in use 10 ms, all in use 10 ms, all in use 500 ms, all in use]"},
}

func TestEachDefectOfAGradientIsFound(t *testing.T) {
	alphabet := []gradientWindow{{10, true}, {30, true}, {10, false}, {500, false}, {500, true}}
	var found []mutant
	for _, m := range gradientMutants {
		shortest, why := simtest.Shortest(alphabet, 7, func(windows []gradientWindow) string {
			return (&plainGradient{bug: m.bug}).differs(windows)
		})
		require.Equal(t, m.want, fmt.Sprint(shortest), m.bug)
		found = append(found, mutant{m.from, m.bug, asStrings(shortest), why})
	}
	requireMutants(t, "adaptive", found)
}

// The case of Netflix's concurrency-limits, ExpAvgMeasurementTest.testWarmup.
func TestTheUsualLatencyPassesTheCaseOfNetflix(t *testing.T) {
	g := NewGradient(GradientConfig{History: 100}, 0)
	for i, want := range []float64{10, 10.5, 11, 11.5, 12, 12.5, 13, 13.5, 14, 14.5} {
		g.remember(int64(i + 10))
		require.InDelta(t, want, float64(g.usual)/unit, 0.01)
	}
	g.remember(100)
	require.InDelta(t, 16.2, float64(g.usual)/unit, 0.1)
}

func TestALimitFindsWhatTheServiceCanDo(t *testing.T) {
	// A service of 40 workers: 10 ms each, and more at once share them.
	g, now := NewGradient(GradientConfig{}, 10), sim.Time(0)
	var limits []int
	for range 200 {
		took := 10 * time.Millisecond * time.Duration(max(g.Limit(), 40)) / 40
		for range 10 {
			now = now.Add(100 * time.Millisecond)
			g.Observe(now, took, g.Limit())
		}
		limits = append(limits, g.Limit())
	}
	require.Equal(t, 41, limits[39], "it grows by 0.8 in a window")
	for _, limit := range limits[60:] {
		require.True(t, limit >= 40 && limit <= 90, "%d: neither idle nor a long queue", limit)
	}
}
