package consistency

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/properties"
	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// outcome counts verdicts: pass, inconclusive, fail.
type outcome [3]int

// requireStaleness holds the staleness of each key against all orders.
func requireStaleness(t require.TestingT, h *history.History, opt linear.Options, seen *outcome) (hard int) {
	v := resolve(h, &opt)
	assumed := slices.Clone(h.Operations)
	for i := range assumed {
		if assumed[i].Kind == history.CAS && assumed[i].Outcome == history.Unknown {
			assumed[i].Outcome = history.OK // it may have happened
		}
	}
	_, unclear := bruteFrom(assumed, opt)
	for k, key := range v.keys {
		s, f := v.staleness(int32(k), false)
		seen[f.Verdict]++
		if strings.HasPrefix(f.Explanation, "no order") {
			hard++
		}
		ops := ofKey(h, key)
		least := Never
		for k := range len(ops) + 1 {
			if bruteAtomic(ops, opt, k+1) {
				least = k + 1
				break
			}
		}
		require.LessOrEqual(t, s.AtLeast, least, "%v", ops)
		if s.Exact {
			require.Equal(t, least, s.AtLeast, "%v %+v", ops, opt)
		}
		switch f.Verdict {
		case properties.Pass:
			require.LessOrEqual(t, least, 2, "%v %+v", ops, opt)
			require.True(t, s.Exact)
		case properties.Fail:
			require.Greater(t, least, 2, "%v %+v %+v", ops, opt, f)
			few := only(h, f.Operations, opt)
			require.False(t, bruteAtomic(few, opt, 2), "%v alone %+v", few, f)
			require.Equal(t, key, f.Key)
		case properties.Inconclusive:
			require.True(t, unclear)
		}
	}
	return hard
}

func TestStalenessAgreesWithTryingEveryOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	var unique, repeated outcome
	hard := 0
	for range 30_000 {
		h, opt := drawHistory(stale, rng.IntN)
		hard += requireStaleness(t, h, opt, &unique)
		h, opt = drawHistory(wild, rng.IntN)
		requireStaleness(t, h, opt, &repeated)
	}
	require.Equal(t, outcome{22501, 0, 7499}, unique)
	require.Equal(t, 2621, hard, "not just a read two writes behind")
	require.Equal(t, outcome{32095, 4600, 13101}, repeated)
}

// requireSequential holds the verdict against all orders.
func requireSequential(t require.TestingT, h *history.History, opt linear.Options, seen *outcome) (explained bool) {
	v := resolve(h, &opt)
	f := v.judgeSequential(context.Background())
	seen[f.Verdict]++
	require.Equal(t, bruteSequential(h.Operations, opt), f.Verdict == properties.Pass, "%v %+v %+v", h.Operations, opt, f)
	require.NotEqual(t, properties.Inconclusive, f.Verdict)
	if f.Operations != nil {
		few := only(h, f.Operations, opt)
		require.False(t, bruteSequential(few, opt), "%v alone, %s", few, f.Explanation)
	}
	return f.Operations != nil
}

func TestSequentialConsistencyAgreesWithTryingEveryOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	var seen outcome
	explained := 0
	for range 30_000 {
		h, opt := drawHistory(wild, rng.IntN)
		if requireSequential(t, h, opt, &seen) {
			explained++
		}
	}
	require.Equal(t, outcome{17524, 0, 12476}, seen)
	require.Equal(t, 11809, explained)
}

// requireSessions holds the session guarantees against their definitions, and
// counts what it is not obliged to find: an order of versions that several
// debts of a read exclude together.
func requireSessions(t require.TestingT, h *history.History, opt linear.Options, seen *[len(guarantees)]outcome) (circles, missed int) {
	from, unclear := bruteFrom(h.Operations, opt)
	for g, f := range resolve(h, &opt).judgeSessions(context.Background()) {
		seen[g][f.Verdict]++
		broken, atOnce := bruteSession(h.Operations, from, f.Level)
		switch {
		case f.Verdict == properties.Fail:
			require.True(t, broken, "%v of %v", f.Level, h.Operations)
			require.NotZero(t, f.Tested)
			few := only(h, f.Operations, opt)
			alone, _ := bruteFrom(few, opt)
			still, _ := bruteSession(few, alone, f.Level)
			require.True(t, still, "%v alone, %s", few, f.Explanation)
			if !atOnce {
				circles++
			}
		case broken && (atOnce || f.Level <= MonotonicReads):
			require.Fail(t, "not found", "%v of %v", f.Level, h.Operations)
		case broken:
			missed++
		default:
			doubt := unclear
			if f.Level == ReadYourWrites { // only what follows a write of the client's own to that key matters
				doubt = bruteDoubt(h.Operations, from)
			}
			require.Equal(t, doubt, f.Verdict == properties.Inconclusive, "%v of %v: %+v", f.Level, h.Operations, f)
		}
	}
	return circles, missed
}

func TestSessionGuaranteesAgreeWithTheirDefinitions(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	var seen [len(guarantees)]outcome
	circles, missed := 0, 0
	for range 60_000 {
		h, opt := drawHistory(shape{keys: 3, operations: 12, clients: 4, length: 4, recent: 6}, rng.IntN)
		c, m := requireSessions(t, h, opt, &seen)
		circles, missed = circles+c, missed+m
	}
	require.Equal(t, [len(guarantees)]outcome{
		{43090, 1753, 15157}, {46871, 7899, 5230}, {50078, 8587, 1335}, {50720, 8743, 537},
	}, seen)
	require.Equal(t, [2]int{195, 1}, [2]int{circles, missed})
}

func TestDrawnHistoriesAgreeWithTheDefinitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(below int) int { return rapid.IntRange(0, below-1).Draw(t, "choice") }
		h, opt := drawHistory(wild, draw)
		requireStaleness(t, h, opt, &outcome{})
		requireSequential(t, h, opt, &outcome{})
		requireSessions(t, h, opt, &[len(guarantees)]outcome{})
	})
}

// TestLinearizableHistoriesReachEveryLevel asks each judge on its own, without
// the shortcut that a linearizable history takes.
func TestLinearizableHistoriesReachEveryLevel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	linearizable := 0
	for range 20_000 {
		h, opt := drawHistory(wild, rng.IntN)
		require.NoError(t, h.Validate())
		res, err := linear.Check(context.Background(), h, opt)
		require.NoError(t, err)
		if res.Verdict != properties.Pass {
			continue
		}
		linearizable++
		v := resolve(h, &opt)
		require.Equal(t, properties.Pass, v.judgeSequential(context.Background()).Verdict)
		for k := range v.keys {
			s, f := v.staleness(int32(k), false)
			require.Equal(t, 1, s.AtLeast)
			require.NotEqual(t, properties.Fail, f.Verdict)
		}
		for _, f := range v.judgeSessions(context.Background()) {
			require.NotEqual(t, properties.Fail, f.Verdict, "%v of %v", f, h.Operations)
		}
		r, err := Judge(context.Background(), h, opt)
		require.NoError(t, err)
		for _, f := range r.Findings {
			require.Equal(t, properties.Pass, f.Verdict)
		}
	}
	require.Equal(t, 10624, linearizable)
}

func TestAnEmptyHistoryReachesEveryLevel(t *testing.T) {
	r, err := Judge(context.Background(), &history.History{}, linear.Options{})
	require.NoError(t, err)
	for l := range levels {
		require.Equal(t, Finding{Level: l}, r.Of(l))
	}
	require.Empty(t, r.Staleness)
}

func TestOfOneClientSequentialIsLinearizable(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 8))
	var seen outcome
	for range 3000 {
		h, opt := drawHistory(shape{keys: 2, operations: 8, clients: 1, length: 3, recent: 2}, rng.IntN)
		r, err := Judge(context.Background(), h, opt)
		require.NoError(t, err)
		want := r.Of(Linearizable).Verdict
		seen[want]++
		require.Equal(t, want, r.Of(Sequential).Verdict, "%v", h.Operations)
	}
	require.Equal(t, outcome{2011, 0, 989}, seen)
}

// TestNotesAreReadOrLookedUpAlike holds both ways to learn of another client's
// program against each other, beyond the reach of comparing all pairs.
func TestNotesAreReadOrLookedUpAlike(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	var seen outcome
	for range 2000 {
		h, opt := drawHistory(shape{keys: 3, operations: 60, clients: 5, length: 4, recent: 9}, rng.IntN)
		v := resolve(h, &opt)
		read, looked := newSessions(v), newSessions(v)
		read.lookup, looked.lookup = 1_000_000, 0
		found := read.judge(context.Background())
		require.Equal(t, found, looked.judge(context.Background()), "%v", h.Operations)
		for _, f := range found {
			seen[f.Verdict]++
		}
	}
	require.Equal(t, outcome{3667, 1502, 2831}, seen)
}

func TestACancelledJudgeKnowsNothing(t *testing.T) {
	done, cancel := context.WithCancel(context.Background())
	cancel()
	opt := linear.Options{Model: linear.KV}
	v := resolve(lagging(3000, 16, 4, 3), &opt)
	require.Equal(t, "context canceled", v.judgeSessions(done)[0].Reason)
	keys, found := v.judgeKeys(done, false)
	require.Equal(t, "context canceled", found.Reason)
	require.Equal(t, Staleness{Key: v.keys[0], AtLeast: 1, Read: -1}, keys[0])
	require.Equal(t, properties.Inconclusive, v.judgeSequential(done).Verdict)
}
