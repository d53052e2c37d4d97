package resilience

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

func TestFailuresAreNoLatency(t *testing.T) {
	clock := &bulkheadClock{}
	b := NewBulkhead(clock, BulkheadConfig{Limit: 4, Gradient: &GradientConfig{Samples: 1}})
	run := func(took time.Duration, err error) {
		_ = b.Do(t.Context(), func(context.Context) error {
			clock.now = clock.now.Add(took)
			return err
		})
	}
	run(time.Millisecond, errors.New("refused"))
	require.Zero(t, b.gradient.samples)
	run(time.Second/2, fmt.Errorf("call: %w", context.DeadlineExceeded))
	require.EqualValues(t, 1, b.gradient.samples)
	run(time.Second/2, nil)
	require.Equal(t, time.Second, b.gradient.sum)
}

func TestARaisedLimitServesThoseWhoWait(t *testing.T) {
	clock := &bulkheadClock{}
	b := NewBulkhead(clock, BulkheadConfig{Limit: 1, Queue: 9, Gradient: &GradientConfig{Samples: 1, Headroom: 5}})
	require.True(t, b.TryAcquire())
	served := 0
	b.AcquireFunc(Normal, func(err error) { require.NoError(t, err); served++ })
	b.Observe(time.Millisecond, 1)
	clock.now = sim.Time(time.Second)
	b.Observe(time.Millisecond, 1)
	require.Equal(t, 1, served)
	require.Equal(t, BulkheadStats{Limit: 2, Out: 2, Granted: 1}, b.Stats())
	NewBulkhead(clock, BulkheadConfig{}).Observe(time.Second, 1) // no limit to change
}

// A service does 8 at once in 10 ms each, and slows down with more; 100 clients call it all the time.
func TestTheLimitKeepsAServiceOutOfItsKnees(t *testing.T) {
	latencies := map[bool]time.Duration{}
	for _, adaptive := range []bool{false, true} {
		simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 2}}, func(w *sim.World) {
			var last, limit time.Duration
			w.AddHost("a", func(h *sim.Host) {
				cfg := BulkheadConfig{Limit: 100, Queue: 100, Target: -1}
				if adaptive {
					cfg.Limit, cfg.Gradient = 8, &GradientConfig{}
				}
				b, busy := NewBulkhead(h, cfg), 0
				for i := range 100 {
					h.Go(fmt.Sprint(i), func(p *sim.Proc) {
						for p.Host().Monotonic() < sim.Time(time.Minute) {
							require.NoError(t, b.Do(InProcess(p), func(context.Context) error {
								busy++
								last = 10 * time.Millisecond * time.Duration(max(busy*busy, 64)) / 64
								p.Sleep(last)
								busy--
								return nil
							}))
						}
						limit = time.Duration(b.Stats().Limit)
						h.Note("limit %d", limit)
					})
				}
			})
			w.Run(sim.Limit{})
			require.Empty(t, w.Findings())
			latencies[adaptive] = last
		})
	}
	require.Greater(t, latencies[false], time.Second)
	require.Less(t, latencies[true], 100*time.Millisecond)
}

func TestAVariableLimitUnderLoad(t *testing.T) {
	b := NewBulkhead(System(), BulkheadConfig{
		Limit: 2, Queue: 64, Gradient: &GradientConfig{Max: 8, Window: time.Millisecond, Samples: 1},
	})
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for range 300 {
				_ = b.Do(t.Context(), func(context.Context) error { time.Sleep(time.Microsecond * time.Duration(i)); return nil })
			}
		})
	}
	all.Wait()
	s := b.Stats()
	require.Zero(t, s.Out)
	require.True(t, 1 <= s.Limit && s.Limit <= 8)
}

func TestAGradientThatMakesNoSensePanics(t *testing.T) {
	for message, cfg := range map[string]GradientConfig{
		"resilience: GradientConfig has Min 5, Max 4, expected 1 <= Min <= Max <= 2^30":         {Min: 5, Max: 4},
		"resilience: GradientConfig.Headroom is -1, expected 0 to 2^30":                         {Headroom: -1},
		"resilience: GradientConfig.Tolerance is 5, expected 100 to 10000 per cent":             {Tolerance: 5},
		"resilience: GradientConfig.Window, Samples or History is negative, expected 0 or more": {Samples: -1},
	} {
		require.PanicsWithValue(t, message, func() { NewGradient(cfg, 0) })
	}
}

func TestTheBoundariesOfAGradient(t *testing.T) {
	for most, want := range map[int]int64{9: 20 * unit, 10: 20*unit + 4*unit/5} {
		g := NewGradient(GradientConfig{}, 20)
		g.update(1000, most)
		require.Equal(t, want, g.limit, "half of the limit in use is in use")
	}
	g := NewGradient(GradientConfig{History: 1 << 40}, 20)
	g.seen, g.usual = warmup, 2*1000*unit
	g.remember(1000)
	require.EqualValues(t, 2*1000*unit, g.usual, "twice is not more than twice")
	g.remember(999)
	require.EqualValues(t, 2*1000*unit*19/20, g.usual)
}
