package properties_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "phoenix/resilience"
	"phoenix/sim"
	"phoenix/sim/simtest"
)

// fullBulkhead returns a bulkhead whose slots are all out.
func fullBulkhead(clock Clock, cfg BulkheadConfig) *Bulkhead {
	b := NewBulkhead(clock, cfg)
	for b.TryAcquire() {
	}
	return b
}

func TestSeedPT10TenRunFiveWaitAndTheSixteenthIsTurnedAway(t *testing.T) {
	for _, cfg := range []BulkheadConfig{PartitionBulkhead(), {}} {
		b := NewBulkhead(&tick{}, cfg)
		ran, refused := 0, 0
		for range 16 {
			b.AcquireFunc(Normal, func(err error) {
				if err == nil {
					ran++
				} else {
					require.ErrorIs(t, err, ErrFull)
					refused++
				}
			})
		}
		require.Equal(t, []int{10, 1}, []int{ran, refused})
		require.Equal(t, 5, b.Stats().Waiting)
		for range 15 {
			b.Release()
		}
		require.Equal(t, 15, ran)
		require.Zero(t, b.Stats().Out)
	}
}

func TestSeedPT10AnOperationRunsAtMostOnceAndItsSlotReturns(t *testing.T) {
	simtest.Run(t, simtest.Options{Seeds: sim.SeedRange{Count: 30}}, func(t *simtest.T) {
		var b *Bulkhead
		runs, results := make([]int, 60), make([]error, 60)
		t.World.AddHost("a", func(h *sim.Host) {
			b = NewBulkhead(h, BulkheadConfig{Limit: 3, Queue: 4, MaxWait: 250 * time.Millisecond})
			r := h.Rand("load")
			for i := range runs {
				at, takes := time.Duration(r.IntN(1000))*time.Millisecond, time.Duration(r.IntN(300))*time.Millisecond
				patience := time.Duration(r.IntN(400)) * time.Millisecond
				h.Go(fmt.Sprint(i), func(p *sim.Proc) {
					p.Sleep(at)
					ctx, cancel := WithTimeout(WithPriority(InProcess(p), Priority(i%3)), patience)
					defer cancel()
					results[i] = b.Do(ctx, func(context.Context) error {
						runs[i]++
						p.Sleep(takes)
						return nil
					})
				})
			}
		})
		t.World.Run(sim.Limit{})
		turned := 0
		for i, err := range results {
			var r *Rejection
			if errors.As(err, &r) {
				require.Zero(t, runs[i], "who was turned away did not run")
				turned++
			} else {
				require.NoError(t, err)
				require.Equal(t, 1, runs[i])
			}
		}
		require.Positive(t, turned, "there was an overload")
		require.Zero(t, b.Stats().Out)
	})
}

func TestSeedRP3NoSlotGoesToOneWhoLeft(t *testing.T) {
	clock := &tick{}
	b := fullBulkhead(clock, BulkheadConfig{Limit: 1, Queue: 3, MaxWait: time.Second})
	var said []string
	say := func(who string) func(error) {
		return func(err error) { said = append(said, fmt.Sprint(who, ": ", err == nil)) }
	}
	leave := b.AcquireFunc(Normal, say("left"))
	b.AcquireFunc(Normal, say("timed out"))
	clock.pass(500 * time.Millisecond)
	b.AcquireFunc(Normal, say("waits"))
	require.True(t, leave())
	clock.pass(500 * time.Millisecond)
	b.Release()
	require.Equal(t, []string{"timed out: false", "waits: true"}, said)
	b.Release()
	require.Zero(t, b.Stats().Out, "no slot is lost")
}

func TestSeedIB5SlotsGoByPriorityAndRoomIsMadeForIt(t *testing.T) {
	b := fullBulkhead(&tick{}, BulkheadConfig{Limit: 1, Queue: 3})
	var served, refused []Priority
	for _, p := range []Priority{Low, Background, Normal, Critical, High, Background} {
		b.AcquireFunc(p, func(err error) {
			if err == nil {
				served = append(served, p)
			} else {
				refused = append(refused, p)
			}
		})
	}
	for range 4 {
		b.Release()
	}
	require.Equal(t, []Priority{Critical, High, Normal}, served)
	require.Equal(t, []Priority{Background, Low, Background}, refused, "the lowest makes room for a higher one only")
}

// The note's rule of shedding: a mean queueing time above 20 ms over 1 s.
func TestSeedGD7TheLeastImportantAreShedAndComeBack(t *testing.T) {
	clock := &tick{}
	s := NewShedder(clock, ShedderConfig{})
	second := func(wait time.Duration) (admitted map[Priority]int) {
		admitted = map[Priority]int{}
		for i := range 300 {
			p := Priority(i%3 - 1)
			if s.Admit(WithPriority(context.Background(), p)) == nil {
				admitted[p]++
				s.Queued(wait)
			}
		}
		clock.pass(time.Second)
		return admitted
	}
	all := map[Priority]int{Low: 100, Normal: 100, High: 100}
	require.Equal(t, all, second(20*time.Millisecond))
	require.Equal(t, all, second(21*time.Millisecond), "the mean of the second before was not above 20 ms")
	last := 300
	for range 8 {
		got := second(time.Second)
		sum := got[Low] + got[Normal] + got[High]
		require.Less(t, sum, last, "each overloaded second sheds more")
		require.Equal(t, 100, got[High])
		require.True(t, got[Normal] == 100 || got[Low] == 0, "nobody is shed for one of lower priority")
		last = sum
	}
	seconds := 0
	for ; last < 300; seconds++ {
		got := second(0)
		sum := got[Low] + got[Normal] + got[High]
		require.True(t, sum >= last || seconds == 0)
		last = sum
	}
	require.Less(t, seconds, 100, "at least 1 % more are admitted each second")
}
