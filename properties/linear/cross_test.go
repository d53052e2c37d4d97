package linear

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
)

// History i of a run is drawn from the seed -linear.seed + i alone, so that one
// that fails can be had again.
var (
	crossHistories = flag.Int("linear.histories", ordinaryHistories, "random histories to judge in three ways")
	crossSeed      = flag.Uint64("linear.seed", ordinarySeed, "seed of the first random history")
)

const (
	ordinaryHistories = 100_000
	ordinarySeed      = 1
)

// crossTally counts, by model, what came of random histories.
type crossTally struct {
	pass, fail [len(models)]int
	keys       [len(models)]int // that were judged
	monitored  [len(models)]int // of these, the ones that the model's monitor decided
	// Long histories that porcupine gave up on, others that Check gave up on, and
	// histories that fail for which it found no contradiction within its bounds.
	porcupineUnsure, unsure, unproved int
}

func (a *crossTally) add(b *crossTally) {
	for m := range models {
		a.pass[m] += b.pass[m]
		a.fail[m] += b.fail[m]
		a.keys[m] += b.keys[m]
		a.monitored[m] += b.monitored[m]
	}
	a.porcupineUnsure += b.porcupineUnsure
	a.unsure += b.unsure
	a.unproved += b.unproved
}

// ordinaryTally is what comes of the ordinary histories.
var ordinaryTally = crossTally{
	pass:            [len(models)]int{8605, 7828, 8421, 8086, 8201, 8063, 8424, 6232, 3815},
	fail:            [len(models)]int{2510, 3292, 2621, 2885, 2943, 2977, 2539, 4773, 7427},
	keys:            [len(models)]int{15355, 15317, 15252, 15253, 15512, 15167, 15170, 14514, 14723},
	monitored:       [len(models)]int{12733, 12442, 8472, 10730, 0, 7554, 0, 0, 0},
	porcupineUnsure: 358,
	unsure:          3,
}

// monitor is a near-linear engine for one model. ok is false if it cannot tell:
// the general search must.
type monitor func(opt *Options, ops []*history.Operation) (d decision, ok bool)

// The monitors are asked alone, too: what Check says does not tell whom it asked.
var crossMonitors = [len(models)]monitor{Register: monitorRegister, CASRegister: monitorRegister, KV: monitorRegister,
	Queue: monitorQueue, Set: monitorSet}

func TestRandomHistoriesAreJudgedAlikeInThreeWays(t *testing.T) {
	const chunk = 5_000
	chunks := (*crossHistories + chunk - 1) / chunk
	tallies := make([]crossTally, chunks)
	t.Run("from", func(t *testing.T) {
		for c := range chunks {
			first := *crossSeed + uint64(c*chunk)
			t.Run(fmt.Sprint(first), func(t *testing.T) {
				t.Parallel()
				for i := range min(chunk, *crossHistories-c*chunk) {
					requireJudgedAlike(t, first+uint64(i), &tallies[c])
				}
				t.Logf("%d of %d: passes %d, fails %d", c+1, chunks, tallies[c].pass, tallies[c].fail)
			})
		}
	})
	var all crossTally
	for c := range tallies {
		all.add(&tallies[c])
	}
	t.Logf("%+v", all)
	if *crossHistories == ordinaryHistories && *crossSeed == ordinarySeed {
		require.Equal(t, ordinaryTally, all)
	}
}

func TestSeedsThatOnceBrokeAreJudgedAlike(t *testing.T) {
	for _, seed := range []uint64{1088792, 1574844, 1862080} { // told of the initial value as if it had been written
		requireJudgedAlike(t, seed, &crossTally{})
	}
}

// requireJudgedAlike draws one history, nine of ten short, and judges each key
// by porcupine, by the model's monitor, and if it is short by trying every
// order, and then all by Check. What proves Check's verdict is verified.
func requireJudgedAlike(t *testing.T, seed uint64, count *crossTally) {
	const longEvery = 10
	long, patience := seed%longEvery == 0, int64(DefaultSteps) // of porcupine
	if long {
		patience = 1_000
	}
	h, opt := crossHistory(rand.New(rand.NewPCG(seed, 0x11ea4)), long)
	fail := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("%s\ngo test ./properties/linear -run %s -linear.histories=1 -linear.seed=%d\n%+v\n%s",
			fmt.Sprintf(format, args...), "TestRandomHistoriesAreJudgedAlikeInThreeWays", seed, opt, listing(h))
	}
	objects, err := split(h, &opt)
	if err != nil {
		fail("the history is not valid: %v", err)
	}
	right := true
	for _, o := range objects {
		verdict := porcupineKey(context.Background(), &opt, o.ops, patience).verdict
		if long && verdict == properties.Inconclusive {
			count.porcupineUnsure++
			return
		}
		if !long && bruteForceKey(o.ops, opt) != (verdict == properties.Pass) {
			fail("porcupine says %v of key %q", verdict, o.key)
		}
		if ask := crossMonitors[opt.Model]; ask != nil {
			if d, ok := ask(&opt, o.ops); ok {
				count.monitored[opt.Model]++
				if d.verdict != verdict {
					fail("the monitor says %v of key %q", d.verdict, o.key)
				}
			}
		}
		count.keys[opt.Model]++
		right = right && verdict == properties.Pass
	}
	if right {
		count.pass[opt.Model]++
	} else {
		count.fail[opt.Model]++
	}
	res, err := Check(context.Background(), h, opt)
	if err == nil && long && res.Verdict == properties.Inconclusive {
		count.unsure++
		return
	}
	if err != nil || res.Verdict == properties.Inconclusive || (res.Verdict == properties.Pass) != right {
		fail("Check says %v, %v", res.Verdict, err)
	}
	if !right && res.Contradiction == nil {
		count.unproved++
	}
	if err := verifyCertificates(h, opt, res); err != nil {
		fail("the proof of %v: %v", res.Verdict, err)
	}
}

// verifyCertificates verifies what comes with a verdict: an order for each key,
// or a contradiction.
func verifyCertificates(h *history.History, opt Options, res Result) error {
	if len(res.Orders) != res.Keys && res.Verdict == properties.Pass {
		return fmt.Errorf("%d orders for %d keys", len(res.Orders), res.Keys)
	}
	for _, o := range res.Orders {
		if err := VerifyOrder(h, opt, o); err != nil {
			return err
		}
	}
	if res.Contradiction != nil {
		return res.Contradiction.Verify(h, opt)
	}
	return nil
}

func bruteForceKey(ops []*history.Operation, opt Options) bool {
	if opt.Model > KV {
		return bruteContainer(values(ops), opt)
	}
	return bruteForce(values(ops), opt)
}

// listing prints one operation a line, in full.
func listing(h *history.History) (lines string) {
	for i := range h.Operations {
		o := &h.Operations[i]
		lines += fmt.Sprintf("%3d %d..%d %q %v\n", i, o.Call, o.Return, o.Key, o)
	}
	return lines
}
