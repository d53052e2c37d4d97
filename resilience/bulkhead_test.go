package resilience

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

func TestTheZeroBulkheadIsThatForPartitions(t *testing.T) {
	b := NewBulkhead(System(), BulkheadConfig{})
	p := NewBulkhead(System(), PartitionBulkhead())
	for _, b := range []*Bulkhead{b, p} {
		for range 10 {
			require.True(t, b.TryAcquire())
		}
		require.False(t, b.TryAcquire())
		for range 5 {
			b.AcquireFunc(Normal, func(error) {})
		}
		b.AcquireFunc(Normal, func(err error) { require.ErrorIs(t, err, ErrFull) })
		require.Equal(t, BulkheadStats{Limit: 10, Out: 10, Waiting: 5, Full: 1}, b.Stats())
	}
}

func TestABulkheadSaysWhoTurnedAway(t *testing.T) {
	b := NewBulkhead(System(), BulkheadConfig{Name: "store", Limit: 1, Queue: -1})
	require.NoError(t, b.Acquire(t.Context()))
	err := b.Do(t.Context(), func(context.Context) error { panic("it ran") })
	require.EqualError(t, err, "bulkhead store: no room, and queue full")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, b.Acquire(ended), context.Canceled)
	b.Release()
	require.ErrorIs(t, b.Acquire(ended), context.Canceled, "no slot for a context that has ended, though one is free")
	require.Zero(t, b.Stats().Out)
}

func TestAPanicGivesTheSlotBack(t *testing.T) {
	for _, gradient := range []*GradientConfig{nil, {}} {
		b := NewBulkhead(System(), BulkheadConfig{Limit: 1, Gradient: gradient})
		require.PanicsWithValue(t, "boom", func() {
			_ = b.Do(t.Context(), func(context.Context) error { panic("boom") })
		})
		require.Zero(t, b.Stats().Out)
	}
}

// In failsafe-go v0.9.8 the same blocks for ever: bulkhead.ReleasePermit receives from an empty channel.
func TestReleasingWhatIsNotOutPanics(t *testing.T) {
	b := NewBulkhead(System(), BulkheadConfig{})
	require.Panics(t, b.Release)
	require.True(t, b.TryAcquire())
	b.Release()
	require.Panics(t, b.Release)
}

// The cases of failsafe-go v0.9.8, bulkhead/bulkhead_test.go and test/bulkhead_test.go.
func TestABulkheadPassesTheCasesOfFailsafe(t *testing.T) {
	cases := map[string]func(t *testing.T){
		"TestAcquirePermit": func(t *testing.T) {
			b := NewBulkhead(System(), BulkheadConfig{Limit: 2})
			go func() { time.Sleep(200 * time.Millisecond); b.Release() }()
			start := time.Now()
			for range 3 {
				require.NoError(t, b.Acquire(t.Context()))
			}
			require.Equal(t, 200*time.Millisecond, time.Since(start))
		},
		"TestAcquirePermitWithMaxWaitTime": func(t *testing.T) {
			b := NewBulkhead(System(), BulkheadConfig{Limit: 1, MaxWait: 100 * time.Millisecond})
			require.NoError(t, b.Acquire(t.Context()))
			start := time.Now()
			require.ErrorIs(t, b.Acquire(t.Context()), ErrWaited, "there it is ErrFull")
			require.Equal(t, 100*time.Millisecond, time.Since(start))
		},
		"TestTryAcquirePermitAndReleasePermit": func(t *testing.T) {
			b := NewBulkhead(System(), BulkheadConfig{Limit: 2})
			for _, releases := range []int{1, 2, 0} {
				for b.Stats().Out < 2 {
					require.True(t, b.TryAcquire())
				}
				require.False(t, b.TryAcquire())
				for range releases {
					b.Release()
				}
			}
		},
		"should AcquirePermit after wait": func(t *testing.T) {
			b := NewBulkhead(System(), BulkheadConfig{Limit: 2, MaxWait: time.Second})
			require.True(t, b.TryAcquire())
			require.True(t, b.TryAcquire())
			go func() { time.Sleep(200 * time.Millisecond); b.Release(); b.Release() }()
			got, err := Get(t.Context(), b, func(context.Context) (string, error) { return "test", nil })
			require.Equal(t, "test", got)
			require.NoError(t, err)
		},
		"with permit listeners: the permit is held during the execution": func(t *testing.T) {
			b, failed := NewBulkhead(System(), BulkheadConfig{Limit: 1}), errors.New("failed")
			err := b.Do(t.Context(), func(context.Context) error {
				require.False(t, b.TryAcquire())
				return failed
			})
			require.Equal(t, failed, err)
			require.True(t, b.TryAcquire())
		},
		"with short maxWaitTime": func(t *testing.T) {
			b := NewBulkhead(System(), BulkheadConfig{Limit: 1, MaxWait: 1})
			require.NoError(t, b.Do(t.Context(), func(context.Context) error { return nil }))
		},
	}
	for name, check := range cases {
		t.Run(name, func(t *testing.T) { synctest.Test(t, check) })
	}
}

func TestWaitersAreServedByPriorityThenInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBulkhead(System(), BulkheadConfig{Limit: 1, Queue: 9, Target: -1})
		require.True(t, b.TryAcquire())
		var served []string
		for i, p := range []Priority{Low, Normal, Critical, Normal, Background, Critical} {
			go func() {
				_ = b.Do(WithPriority(t.Context(), p), func(context.Context) error {
					served = append(served, fmt.Sprintf("%d:%d", p, i))
					time.Sleep(time.Second)
					return nil
				})
			}()
			synctest.Wait()
		}
		b.Release()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"2:2", "2:5", "0:1", "0:3", "-1:0", "-2:4"}, served)
	})
}

func TestTheEndOfAWaitIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBulkhead(System(), BulkheadConfig{Limit: 1, Queue: 3, MaxWait: 3 * time.Second, Target: -1})
		require.True(t, b.TryAcquire())
		results := make([]error, 3)
		short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		cancelled, cancel := context.WithCancel(t.Context())
		for i, ctx := range []context.Context{t.Context(), short, cancelled} {
			go func() { results[i] = b.Acquire(ctx) }()
		}
		time.Sleep(time.Second)
		cancel()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.ErrorIs(t, results[0], ErrWaited)
		require.ErrorIs(t, results[1], context.DeadlineExceeded)
		require.ErrorIs(t, results[2], context.Canceled)
		require.Equal(t, BulkheadStats{Limit: 1, Out: 1, TimedOut: 2, Cancelled: 1}, b.Stats())
		b.Release()
		require.Zero(t, b.Stats().Out)
	})
}

// A grant and the end of the context of who gets it fall in one instant: whoever wins, no slot is lost.
func TestAGrantToOneWhoLeavesGoesToTheNext(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			b := NewBulkhead(System(), BulkheadConfig{Limit: 1, Queue: 2, Target: -1})
			require.True(t, b.TryAcquire())
			ctx, cancel := context.WithCancel(t.Context())
			first, second := errors.New("none"), errors.New("none")
			go func() { first = b.Acquire(ctx) }()
			synctest.Wait()
			go func() { second = b.Acquire(t.Context()) }()
			synctest.Wait()
			b.Release() // to the first
			cancel()
			synctest.Wait()
			if first == nil {
				b.Release()
				synctest.Wait()
			} else {
				require.ErrorIs(t, first, context.Canceled)
			}
			require.NoError(t, second)
			require.Equal(t, 1, b.Stats().Out)
		})
	}
}

func TestAGrantToAContextThatHasEndedIsPassedOn(t *testing.T) {
	for range 50 { // the end and the grant are both there: neither is taken by chance
		var passed []int
		q := newQueue(queueConfig{limit: 2}, func(v int) { passed = append(passed, v) })
		ctx, cancel := context.WithCancel(t.Context())
		q.lock()
		e, err := q.join(ctx, 0)
		require.NoError(t, err)
		require.True(t, q.give(0, 7))
		q.unlock()
		cancel()
		_, err = q.wait(ctx, e)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, []int{7}, passed)
		require.Equal(t, queueCounts{left: 1}, q.counts)
	}
}

func TestAQueueStandsIfEvenTheShortestWaitWasLonger(t *testing.T) {
	const s = sim.Time(time.Second)
	for least, slow := range map[time.Duration]bool{time.Second: false, time.Second + 1: true} {
		c := codel{target: time.Second, interval: 4 * time.Second}
		c.restart(0)
		c.note(1*s, 3*time.Second)
		c.note(2*s, least)
		c.note(3*s, 5*time.Second)
		require.False(t, c.drops(time.Hour), "not within the interval")
		c.note(4*s, 3*time.Second)
		require.Equal(t, slow, c.drops(2*time.Second+1))
		require.False(t, c.drops(2*time.Second))
		c.restart(5 * s)
		require.False(t, c.drops(time.Hour), "the queue was empty")
	}
}

func TestAHandlerMayGiveUp(t *testing.T) {
	clock := &bulkheadClock{}
	b := NewBulkhead(clock, BulkheadConfig{Limit: 1, MaxWait: time.Second})
	said := ""
	say := func(name string) func(error) {
		return func(err error) { said += fmt.Sprint(name, err == nil, " ") }
	}
	require.False(t, b.AcquireFunc(Normal, say("a"))(), "it has a slot")
	give := b.AcquireFunc(Normal, say("b"))
	b.AcquireFunc(Normal, say("c"))
	require.True(t, give())
	require.False(t, give())
	require.Equal(t, sim.Time(time.Second), b.Expire())
	b.Release()
	require.Equal(t, "atrue ctrue ", said)
	b.AcquireFunc(Normal, say("d"))
	clock.now = sim.Time(time.Second)
	require.Equal(t, sim.Forever, b.Expire())
	require.Equal(t, "atrue ctrue dfalse ", said)
	b.Release()
	require.Equal(t, BulkheadStats{Limit: 1, Granted: 1, TimedOut: 1, Cancelled: 1}, b.Stats())
}

func TestACallbackThatPanicsCostsNobodyElseTheirs(t *testing.T) {
	clock := &bulkheadClock{}
	b := NewBulkhead(clock, BulkheadConfig{Limit: 1, MaxWait: time.Second})
	require.True(t, b.TryAcquire())
	said := 0
	b.AcquireFunc(Normal, func(error) { panic("boom") })
	b.AcquireFunc(Normal, func(error) { said++ })
	clock.now = sim.Time(time.Second)
	require.PanicsWithValue(t, "boom", func() { b.Expire() })
	require.Equal(t, 1, said)
}

// oddContext ends with an error of its own.
type oddContext struct{ context.Context }

var errOdd = errors.New("odd")

func (oddContext) Err() error { return errOdd }

func TestTheErrorOfTheContextIsTheReason(t *testing.T) {
	b := NewBulkhead(System(), BulkheadConfig{Name: "b"})
	require.Equal(t, &Rejection{By: "bulkhead", Name: "b", Reason: errOdd}, b.Acquire(oddContext{t.Context()}))
}

func TestABulkheadUnderLoadLosesNothing(t *testing.T) {
	const limit = 4
	b := NewBulkhead(System(), BulkheadConfig{Limit: limit, Queue: 8, MaxWait: time.Millisecond})
	var out, ran, refused atomic.Int64
	var all sync.WaitGroup
	all.Go(func() {
		for i := range 400 {
			b.SetLimit(1 + i%limit)
			time.Sleep(20 * time.Microsecond)
		}
		b.SetLimit(limit)
	})
	for i := range 32 {
		all.Go(func() {
			for j := range 300 {
				ctx, cancel := context.WithCancel(WithPriority(t.Context(), Priority(j%3)))
				if (i+j)%5 == 0 {
					go cancel()
				}
				err := b.Do(ctx, func(context.Context) error {
					if out.Add(1) > limit {
						t.Error("more out than the limit")
					}
					if j%10 == 0 {
						time.Sleep(10 * time.Microsecond)
					}
					out.Add(-1)
					return nil
				})
				if err == nil {
					ran.Add(1)
				} else {
					refused.Add(1)
				}
				cancel()
			}
		})
	}
	all.Wait()
	s := b.Stats()
	require.Zero(t, s.Out, "all slots return")
	require.Zero(t, s.Waiting)
	require.EqualValues(t, 32*300, ran.Load()+refused.Load())
	require.Positive(t, ran.Load())
	for range limit {
		require.True(t, b.TryAcquire())
	}
	require.False(t, b.TryAcquire())
}

func TestProcessesShareABulkheadTheSameWayEachTime(t *testing.T) {
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 20}}, func(w *sim.World) {
		w.AddHost("a", func(h *sim.Host) {
			b := NewBulkhead(h, BulkheadConfig{Limit: 2, Queue: 3, MaxWait: 400 * time.Millisecond})
			r := h.Rand("arrivals")
			for i := range 20 {
				at, takes := time.Duration(r.IntN(2000))*time.Millisecond, time.Duration(r.IntN(500))*time.Millisecond
				deadline := time.Duration(100+r.IntN(500)) * time.Millisecond
				h.Go(fmt.Sprintf("client%d", i), func(p *sim.Proc) {
					p.Sleep(at)
					ctx, _ := WithTimeout(WithPriority(InProcess(p), Priority(i%2)), deadline)
					err := b.Do(ctx, func(context.Context) error {
						require.LessOrEqual(t, b.Stats().Out, 2)
						p.Sleep(takes)
						return nil
					})
					h.Note("%d: %v", i, err)
					require.LessOrEqual(t, b.Stats().Waiting, 3)
				})
			}
			h.World().At(sim.Time(10*time.Second), func() {
				require.Zero(t, b.Stats().Out)
				require.Zero(t, b.Stats().Waiting)
			})
		})
		w.Run(sim.Limit{})
		require.Empty(t, w.Findings())
	})
}

// Processes that hold slots and that wait die with their host, in every order: nothing is granted to the dead
// for good. This is RP-3 of the seeds.
func TestTheDeathOfProcessesGivesAllBack(t *testing.T) {
	simtest.Run(t, simtest.Options{Seeds: sim.SeedRange{Count: 20}}, func(t *simtest.T) {
		var b *Bulkhead
		died := 0
		h := t.World.AddHost("a", func(h *sim.Host) {
			if b == nil { // it outlives the host here, to be looked at
				b = NewBulkhead(h, BulkheadConfig{Limit: 2, Queue: 10})
			}
			r := h.Rand("takes")
			for i := range 8 {
				takes := time.Duration(r.IntN(2000)) * time.Millisecond
				h.Go(fmt.Sprint(i), func(p *sim.Proc) {
					defer func() { died++ }()
					_ = b.Do(InProcess(p), func(context.Context) error { p.Sleep(takes); return nil })
					died--
				})
			}
		})
		t.World.At(sim.Time(time.Second), h.Crash)
		t.World.RunFor(2 * time.Second)
		require.Positive(t, died)
		require.Zero(t, b.Stats().Out)
		require.Zero(t, b.Stats().Waiting)
	})
}

func TestASlotAtOnceAndARejectionAllocateNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(WithPriority(context.Background(), High))
	defer cancel()
	op := func(context.Context) error { return nil }
	free := NewBulkhead(System(), BulkheadConfig{})
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = free.Do(ctx, op) }))
	adaptive := NewBulkhead(System(), BulkheadConfig{Gradient: &GradientConfig{}})
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = adaptive.Do(ctx, op) }))
	full := NewBulkhead(System(), BulkheadConfig{Limit: 1, Queue: -1})
	require.True(t, full.TryAcquire())
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = full.Do(ctx, op) }))
}

func TestABulkheadThatMakesNoSensePanics(t *testing.T) {
	for message, cfg := range map[string]BulkheadConfig{
		"resilience: BulkheadConfig.Limit is -1, expected 0 to 2^31-1":    {Limit: -1},
		"resilience: BulkheadConfig.MaxWait is -1s, expected 0 or more":   {MaxWait: -time.Second},
		"resilience: BulkheadConfig.Interval is -1ns, expected 0 or more": {Interval: -1},
	} {
		require.PanicsWithValue(t, message, func() { NewBulkhead(System(), cfg) })
	}
	require.PanicsWithValue(t, "resilience: SetLimit(0) of a Bulkhead, expected 1 to 2^31-1",
		func() { NewBulkhead(System(), BulkheadConfig{}).SetLimit(0) })
}

// As folly has it (Codel::overloaded: "more than one request must come in during an interval").
func TestWhoWaitedAloneIsNotDropped(t *testing.T) {
	clock := &bulkheadClock{}
	b := NewBulkhead(clock, BulkheadConfig{Limit: 1})
	require.True(t, b.TryAcquire())
	var got []error
	b.AcquireFunc(Normal, func(err error) { got = append(got, err) })
	clock.now = clock.now.Add(3 * time.Second)
	b.Release()
	require.Equal(t, []error{nil}, got)
}
