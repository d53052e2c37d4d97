package resilience

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

// A runningClock goes on by a nanosecond each time it is read.
type runningClock struct{ now sim.Time }

func (c *runningClock) Monotonic() sim.Time { c.now++; return c.now }

var nothing = func(context.Context) error { return nil }

// For every pair of parts: what the second rejects has cost nothing of the first. Each rejection is repeated, on
// a clock that never stands still, and what was there before is there after, and can be used.
func TestARejectedCallBurnsNothing(t *testing.T) {
	op := Operation{Type: "t", Resources: []Amount{{"memory", 1}, {"disk", 1}}}
	for part, block := range map[string]func(b *Boundary) (unblock func()){
		"quota": func(b *Boundary) func() {
			require.NoError(t, b.reserve([]Amount{{"disk", 5}}, Critical))
			return func() { b.release([]Amount{{"disk", 5}}) }
		},
		"slot": func(b *Boundary) func() {
			for b.bulkhead.TryAcquire() {
			}
			return func() {
				for b.bulkhead.Stats().Out > 0 {
					b.bulkhead.Release()
				}
			}
		},
		"token": func(b *Boundary) func() {
			l := b.Limiter("t")
			r := l.ReserveWithin(l.Tokens(), 0)
			return func() { r.Cancel() }
		},
		"breaker, open": func(b *Boundary) func() {
			p, err := b.Breaker("t").Acquire()
			require.NoError(t, err)
			p.Failure("x")
			return func() { b.Breaker("t").Reset() }
		},
		"breaker, forced open": func(b *Boundary) func() {
			b.Breaker("t").Force(ForcedOpen)
			return b.Breaker("t").Auto
		},
		"breaker, probing": func(b *Boundary) func() {
			p, err := b.Breaker("t").Acquire()
			require.NoError(t, err)
			p.Failure("x")
			b.clock.(*runningClock).now += sim.Time(time.Minute)
			probe, err := b.Breaker("t").Acquire()
			require.NoError(t, err)
			return probe.Cancel
		},
	} {
		for _, how := range []string{"Do", "TryAcquire"} {
			t.Run(part+", "+how, func(t *testing.T) {
				b := NewBoundary(&runningClock{}, BoundaryConfig{
					Quotas:   map[string]int64{"memory": 5, "disk": 5},
					Bulkhead: &BulkheadConfig{Limit: 3, Queue: -1},
					Types: map[string]OperationConfig{"t": {
						Rate:    &LimiterConfig{Rate: PerSecond(1), Burst: 5},
						Breaker: &BreakerConfig{Failures: 1, Wait: time.Minute, Successes: 1},
					}},
				})
				unblock := block(b)
				l := b.Limiter("t")
				before, use, out := l.Tokens(), b.Metrics().Use, b.bulkhead.Stats().Out
				const times = 50
				for range times {
					var err error
					if how == "Do" {
						err = b.Do(t.Context(), op, func(context.Context) error { t.Error("it ran"); return nil })
					} else {
						_, err = b.TryAcquire(op)
					}
					var r *Rejection
					require.ErrorAs(t, err, &r)
				}
				require.Equal(t, before, l.Tokens(), "tokens")
				for resource, u := range b.Metrics().Use {
					require.Equal(t, use[resource].Used, u.Used, resource)
				}
				require.Equal(t, out, b.bulkhead.Stats().Out, "slots")
				m := b.Metrics()
				require.Equal(t, uint64(times), m.Total.Rejected.All())
				require.Zero(t, m.Total.Executions)
				unblock()
				require.NoError(t, b.Do(t.Context(), op, nothing), "a probe or whatever else it takes is there")
			})
		}
	}
}

// What rejects while the only probe is there does not cost it.
func TestARejectionDoesNotBurnTheProbe(t *testing.T) {
	clock := &limiterClock{}
	b := NewBoundary(clock, plainBoundaryConfig())
	require.Error(t, b.Do(t.Context(), Operation{Type: "t"}, func(context.Context) error { return errFlaky }))
	clock.now = sim.Time(boundaryWait)
	for range 10 {
		require.ErrorIs(t, b.Do(t.Context(), Operation{Type: "t", Resources: []Amount{{"a", 5}}}, nothing), ErrQuota)
	}
	require.Equal(t, HalfOpen, b.Breaker("t").State())
	require.Zero(t, b.Breaker("t").Metrics().Ignored, "none of them took the probe")
	require.NoError(t, b.Do(t.Context(), Operation{Type: "t"}, nothing))
	require.Equal(t, Closed, b.Breaker("t").State(), "the boundary left the open state by itself")
}

func TestTheTypeWithoutANameIsDefault(t *testing.T) {
	cfg := BoundaryConfig{Name: "store", Types: map[string]OperationConfig{"": {}}}
	require.PanicsWithValue(t, "resilience: BoundaryConfig store: Types[\"\"] is no type: set Default, "+
		"which operations without a type share", func() { NewBoundary(&limiterClock{}, cfg) })
	b := NewBoundary(&limiterClock{}, BoundaryConfig{Types: map[string]OperationConfig{"t": {}}})
	require.NoError(t, b.Do(t.Context(), Operation{}, nothing))
	require.EqualValues(t, 1, b.Metrics().Types[""].Successes)
}

func TestAPanicGivesEverythingBack(t *testing.T) {
	b := NewBoundary(&limiterClock{}, plainBoundaryConfig())
	op := Operation{Type: "t", Resources: []Amount{{"a", 4}}}
	require.PanicsWithValue(t, "no", func() {
		_ = b.Do(t.Context(), op, func(context.Context) error {
			require.Equal(t, Usage{Quota: 4, Used: 4, Peak: 4}, b.Metrics().Use["a"])
			panic("no")
		})
	})
	m := b.Metrics()
	require.Equal(t, BoundaryCounts{Executions: 1, Failures: 1, Panics: 1}, m.Types["t"])
	require.Zero(t, m.Use["a"].Used)
	require.Zero(t, b.Bulkhead().Stats().Out)
	require.Equal(t, Open, b.Breaker("t").State())

	b.Breaker("t").Reset()
	mistake := Operation{Type: "t", Resources: []Amount{{"a", 1}, {"b", -1}}}
	require.Panics(t, func() { _ = b.Do(t.Context(), mistake, nothing) })
	require.Panics(t, func() { _, _ = b.TryAcquire(mistake) })
	require.Zero(t, b.Metrics().Use["a"].Used)
	require.Zero(t, b.Bulkhead().Stats().Out)
}

func TestCriticalAlwaysFindsItsShare(t *testing.T) {
	b := NewBoundary(&limiterClock{}, BoundaryConfig{Quotas: map[string]int64{"conn": 20}, Shares: ReservedShares()})
	admitted := map[Priority]int{}
	for _, p := range []Priority{Background, Low, Normal, High, Critical} {
		for {
			_, err := b.TryAcquire(Operation{Priority: p, Resources: []Amount{{"conn", 1}}})
			if err != nil {
				require.ErrorIs(t, err, ErrQuota)
				break
			}
			admitted[p]++
		}
	}
	require.Equal(t, map[Priority]int{Background: 10, Low: 4, Normal: 3, High: 2, Critical: 1}, admitted)

	table := shareTable(BoundaryConfig{Shares: map[Priority]int{Low: 30, High: 80}})
	for p, share := range map[Priority]uint8{
		-128: 30, Background: 30, Low: 30, Normal: 30, High: 80, Critical: 80, 127: 80,
	} {
		require.Equal(t, share, table[int(p)+128], "priority %d", p)
	}
}

// Whoever waits holds no quota and no probe, is served by priority, and finds the breaker as it is then.
func TestWaitingInABoundary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBoundary(System(), BoundaryConfig{
			Quotas:   map[string]int64{"a": 1},
			Bulkhead: &BulkheadConfig{Limit: 1, Queue: 5, Target: -1},
			Default: OperationConfig{
				Rate:    &LimiterConfig{Rate: PerSecond(10), Burst: 1, MaxWait: time.Second},
				Breaker: &BreakerConfig{Failures: 1},
			},
		})
		var order []string
		var mu sync.Mutex
		say := func(what string) {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, what)
		}
		var wg sync.WaitGroup
		call := func(name string, p Priority, err error) {
			wg.Go(func() {
				operation := Operation{Priority: p, Resources: []Amount{{"a", 1}}}
				got := b.Do(context.Background(), operation, func(context.Context) error {
					require.Equal(t, int64(1), b.Metrics().Use["a"].Used)
					say(name)
					time.Sleep(time.Second)
					return err
				})
				if got != err {
					say(name + " rejected: " + got.Error())
				}
			})
			synctest.Wait()
		}
		call("first", Normal, nil)
		call("low", Low, nil)
		call("critical", Critical, errFlaky)
		call("normal", Normal, nil)
		require.Equal(t, 3, b.Bulkhead().Stats().Waiting)
		require.Equal(t, int64(1), b.Metrics().Use["a"].Used, "of the one that runs")
		wg.Wait()
		require.Equal(t, []string{"first", "critical",
			"normal rejected: breaker default: circuit open, try again in 30s",
			"low rejected: breaker default: circuit open, try again in 30s"}, order)
		require.Zero(t, b.Bulkhead().Stats().Out)
		require.Equal(t, int64(1), b.Limiter("").Tokens())

		time.Sleep(30 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.NoError(t, b.Do(ctx, Operation{}, nothing))
		require.ErrorIs(t, b.Do(ctx, Operation{}, nothing), ErrLimited, "its token comes after its deadline")
		require.Zero(t, b.Bulkhead().Stats().Out)
	})
}

func TestWhoGivesUpWhileItIsShapedTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBoundary(System(), BoundaryConfig{
			Bulkhead: &BulkheadConfig{},
			Default:  OperationConfig{Rate: &LimiterConfig{Rate: PerSecond(1), Burst: 1, MaxWait: time.Minute}},
		})
		require.NoError(t, b.Do(t.Context(), Operation{}, nothing))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second/2, cancel)
		require.Equal(t, context.Canceled, b.Do(ctx, Operation{}, nothing))
		require.Zero(t, b.Bulkhead().Stats().Out)
		require.Equal(t, uint64(1), b.Metrics().Total.Rejected.Ended)
		time.Sleep(time.Second / 2)
		require.True(t, b.Limiter("").Allow(), "the token came back")
	})
}

// A bulkhead whose limit follows latency sees that of the operations.
func TestTheLimitOfABoundaryFollowsLatency(t *testing.T) {
	clock := &limiterClock{}
	b := NewBoundary(clock, BoundaryConfig{Bulkhead: &BulkheadConfig{Limit: 20, Gradient: &GradientConfig{}}})
	limits := map[int]bool{}
	for i := range 20000 {
		takes := time.Millisecond
		if i > 10000 {
			takes = 10 * time.Millisecond
		}
		var running []*Admission
		for {
			a, err := b.TryAcquire(Operation{})
			if err != nil {
				break
			}
			running = append(running, a)
		}
		clock.now = clock.now.Add(takes)
		for _, a := range running {
			a.Done(nil)
		}
		limits[b.Bulkhead().Stats().Limit] = true
	}
	require.Greater(t, len(limits), 3)
}

func TestTheTimeoutOfTheBreakerBoundsTheOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBoundary(System(), BoundaryConfig{
			Default: OperationConfig{Breaker: &BreakerConfig{Timeout: time.Second, Failures: 1}}})
		err := b.Do(t.Context(), Operation{}, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, Open, b.Breaker("").State())
	})
}

// A dependency fails for all: with a budget the load grows by a fifth, not by three.
func TestRetriesOfABoundaryHaveABudget(t *testing.T) {
	clock := &limiterClock{}
	budget := NewRetryBudget(clock, RetryBudgetConfig{Percent: 20})
	b := NewBoundary(clock, BoundaryConfig{Retry: &RetryConfig{Base: 1, Budget: budget,
		Rand: rand.New(rand.NewPCG(1, 1)), Jitter: FullJitter}})
	spent := 0
	for range 100 {
		if errors.Is(b.Do(t.Context(), Operation{}, func(context.Context) error { return errFlaky }), ErrBudget) {
			spent++
		}
	}
	require.Equal(t, uint64(120), b.Metrics().Total.Executions)
	require.Positive(t, spent)
	require.NoError(t, b.Do(t.Context(), Operation{}, nothing))
}

func TestMetricsOfABoundary(t *testing.T) {
	clock := &limiterClock{}
	b := NewBoundary(clock, plainBoundaryConfig())
	require.Equal(t, "store", b.Name())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, b.Do(ended, Operation{Type: "t"}, nothing), context.Canceled)
	require.NoError(t, b.Policy(Operation{Type: "t"}).Do(t.Context(), nothing))
	require.NoError(t, b.Do(WithPriority(t.Context(), Low), Operation{Type: "other"}, nothing))
	large := Operation{Type: "t", Resources: []Amount{{"a", 3}}}
	require.ErrorIs(t, b.Do(WithPriority(t.Context(), Low), large, nothing), ErrQuota,
		"the priority of the context counts")
	a, err := b.TryAcquire(Operation{Type: "t"})
	require.NoError(t, err)
	a.Cancel()
	a.Cancel()
	a.Done(nil)
	require.Error(t, b.Do(t.Context(), Operation{Type: "t"}, func(context.Context) error { return errFlaky }))
	require.ErrorIs(t, b.Do(t.Context(), Operation{Type: "t"}, nothing), ErrOpen)
	m := b.Metrics()
	require.Equal(t, map[string]BoundaryCounts{
		"":  {Executions: 1, Successes: 1},
		"t": {Executions: 2, Successes: 1, Failures: 1, Rejected: RejectedCounts{Open: 1, Quota: 1, Ended: 1}},
	}, m.Types)
	require.Equal(t, BoundaryCounts{Executions: 3, Successes: 2, Failures: 1,
		Rejected: RejectedCounts{Open: 1, Quota: 1, Ended: 1}}, m.Total)
	require.Nil(t, b.Limiter("other"))
}

func TestABoundaryThatMakesNoSensePanics(t *testing.T) {
	for says, cfg := range map[string]BoundaryConfig{
		`Quotas["a"] must be`:         {Quotas: map[string]int64{"a": -1}},
		"Shares[1] must be":           {Shares: map[Priority]int{High: 101}},
		"not below that of a lower":   {Shares: map[Priority]int{Low: 50, High: 40}},
		"LimiterConfig s/w: Rate is":  {Name: "s", Types: map[string]OperationConfig{"w": {Rate: &LimiterConfig{}}}},
		"Attempts -1 and":             {Retry: &RetryConfig{Attempts: -1}},
		`BreakerConfig "default": Ji`: {Default: OperationConfig{Breaker: &BreakerConfig{Jitter: 5}}},
	} {
		func() {
			defer func() { require.Contains(t, fmt.Sprint(recover()), says) }()
			NewBoundary(&limiterClock{}, cfg)
		}()
	}
	require.Panics(t, func() { NewBoundary(nil, BoundaryConfig{}) })
}

// Goroutines and the machine's clock: quotas hold at every instant, and in the end all is given back.
func TestABoundaryHoldsUnderLoad(t *testing.T) {
	b := NewBoundary(System(), BoundaryConfig{
		Quotas:   map[string]int64{"a": 7, "b": 5},
		Shares:   ReservedShares(),
		Bulkhead: &BulkheadConfig{Limit: 6, Queue: 4, Target: -1},
		Default: OperationConfig{
			Rate:    &LimiterConfig{Rate: PerSecond(1e6), Burst: 1000},
			Breaker: &BreakerConfig{FailurePercent: 90, Wait: time.Millisecond},
		},
	})
	var held [2]atomic.Int64
	var ran atomic.Uint64
	var wg sync.WaitGroup
	for g := range 12 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 0))
			for range 1500 {
				amounts := []Amount{{"a", 1 + r.Int64N(3)}, {"b", r.Int64N(3)}}
				op := func(context.Context) error {
					ran.Add(1)
					if held[0].Add(amounts[0].N) > 7 || held[1].Add(amounts[1].N) > 5 {
						t.Error("a quota is exceeded")
					}
					held[0].Add(-amounts[0].N)
					held[1].Add(-amounts[1].N)
					if r.IntN(4) == 0 {
						return errFlaky
					}
					return nil
				}
				operation := Operation{Priority: Priority(r.IntN(5) - 2), Resources: amounts}
				if r.IntN(2) == 0 {
					_ = b.Do(context.Background(), operation, op)
				} else if a, err := b.TryAcquire(operation); err == nil {
					a.Done(op(context.Background()))
				}
			}
		})
	}
	wg.Wait()
	m := b.Metrics()
	require.Equal(t, ran.Load(), m.Total.Executions)
	require.Equal(t, m.Total.Executions, m.Total.Successes+m.Total.Failures)
	require.Equal(t, uint64(12*1500), m.Total.Executions+m.Total.Rejected.All(), "each call ran once or was rejected once")
	for name, u := range m.Use {
		require.Zero(t, u.Used, name)
		require.LessOrEqual(t, u.Peak, u.Quota)
		require.Positive(t, u.Peak)
	}
	require.Zero(t, b.Bulkhead().Stats().Out)
}

func TestProcessesCallThroughABoundaryTheSameWayEachTime(t *testing.T) {
	ran, rejected := 0, 0
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 20}}, func(w *sim.World) {
		w.AddHost("a", func(h *sim.Host) {
			r := h.Rand("load")
			b := NewBoundary(h, BoundaryConfig{
				Name: "store", Quotas: map[string]int64{"a": 5}, Shares: ReservedShares(),
				Bulkhead: &BulkheadConfig{Limit: 3, Queue: 4, MaxWait: 300 * time.Millisecond},
				Default: OperationConfig{
					Rate:    &LimiterConfig{Rate: PerSecond(20), Burst: 3, MaxWait: 100 * time.Millisecond},
					Breaker: &BreakerConfig{FailurePercent: 50, Window: 10, Minimum: 5, Wait: 500 * time.Millisecond},
				},
				Retry: &RetryConfig{Attempts: 2, Base: 20 * time.Millisecond, Jitter: FullJitter, Rand: h.Rand("retry"),
					Budget: NewRetryBudget(h, RetryBudgetConfig{Percent: 20})},
			})
			for i := range 60 {
				at, takes := time.Duration(r.IntN(4000))*time.Millisecond, time.Duration(r.IntN(300))*time.Millisecond
				operation := Operation{Priority: Priority(r.IntN(5) - 2), Resources: []Amount{{"a", int64(r.IntN(3))}}}
				h.Go(fmt.Sprint("client", i), func(p *sim.Proc) {
					p.Sleep(at)
					ctx, _ := WithTimeout(InProcess(p), time.Second)
					err := b.Do(ctx, operation, func(context.Context) error {
						use := b.Metrics().Use["a"]
						require.LessOrEqual(t, use.Used, use.Quota)
						p.Sleep(takes)
						if now := h.Monotonic(); now > sim.Time(time.Second) && now < sim.Time(2*time.Second) {
							return errFlaky
						}
						return nil
					})
					h.Note("%d: %v", i, err)
				})
			}
			w.At(sim.Time(10*time.Second), func() {
				m := b.Metrics()
				require.Zero(t, m.Use["a"].Used)
				require.Zero(t, b.Bulkhead().Stats().Out)
				ran += int(m.Total.Executions)
				rejected += int(m.Total.Rejected.All())
			})
		})
		w.Run(sim.Limit{})
		require.Empty(t, w.Findings())
	})
	require.Positive(t, ran)
	require.Positive(t, rejected)
}

func TestABoundaryAllocatesNothing(t *testing.T) {
	ctx := t.Context()
	op := Operation{Type: "t", Priority: High, Resources: []Amount{{"a", 1}, {"b", 1}}}
	config := func() BoundaryConfig {
		return BoundaryConfig{
			Quotas: map[string]int64{"a": 4, "b": 4}, Bulkhead: &BulkheadConfig{Queue: -1},
			Types: map[string]OperationConfig{"t": {
				Rate: &LimiterConfig{Rate: PerSecond(1e9), Burst: 1e6}, Breaker: &BreakerConfig{Wait: time.Hour}}},
		}
	}
	b := NewBoundary(System(), config())
	require.Zero(t, testing.AllocsPerRun(100, func() { require.NoError(t, b.Do(ctx, op, nothing)) }))
	for reason, reject := range map[error]func(c *BoundaryConfig) *Boundary{
		ErrQuota:   func(c *BoundaryConfig) *Boundary { c.Quotas["b"] = 0; return NewBoundary(System(), *c) },
		ErrLimited: func(c *BoundaryConfig) *Boundary { c.Types["t"].Rate.Burst = 0; return NewBoundary(System(), *c) },
		ErrFull: func(c *BoundaryConfig) *Boundary {
			b := NewBoundary(System(), *c)
			for b.Bulkhead().TryAcquire() {
			}
			return b
		},
		ErrOpen: func(c *BoundaryConfig) *Boundary {
			b := NewBoundary(System(), *c)
			b.Breaker("t").Force(ForcedOpen)
			return b
		},
	} {
		c := config()
		b := reject(&c)
		require.ErrorIs(t, b.Do(ctx, op, nothing), reason)
		allowed := 0.0
		if reason == ErrFull {
			allowed = 2 // the context that carries the priority to the queue
		}
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = b.Do(ctx, op, nothing) }), allowed, "%v", reason)
		require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = b.TryAcquire(op) }), "%v", reason)
	}
}
