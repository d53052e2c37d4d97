package resilience

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

type userKey struct{}

func TestAUserIsServedWhollyOrNotAtAllUntilTheOthersTurn(t *testing.T) {
	r := newRealShedder(ShedderConfig{Down: 50, User: func(ctx context.Context) uint64 {
		return ctx.Value(userKey{}).(uint64)
	}})
	served := func() (who []bool) {
		for user := range uint64(200) {
			who = append(who, r.Admit(context.WithValue(t.Context(), userKey{}, user)) == nil)
		}
		return who
	}
	overloaded := func() []bool {
		served()
		r.Queued(time.Second)
		r.clock.now = r.clock.now.Add(time.Second)
		return served()
	}
	first := overloaded()
	require.InDelta(t, 100, countTrue(first), 10)
	require.Equal(t, first, served(), "the same users")
	r.clock.now = r.clock.now.Add(time.Hour)
	second := overloaded()
	require.InDelta(t, 100, countTrue(second), 10)
	both := 0
	for i := range first {
		if first[i] && second[i] {
			both++
		}
	}
	require.InDelta(t, 50, both, 20, "other users than an hour before")
}

func TestWithoutUsersAPartOfAPriorityIsShed(t *testing.T) {
	r := newRealShedder(ShedderConfig{Down: 25})
	come := func() (admitted int) {
		for range 128 {
			if r.Admit(t.Context()) == nil {
				admitted++
			}
		}
		return admitted
	}
	require.Equal(t, 128, come())
	r.Queued(time.Second)
	r.clock.now = r.clock.now.Add(time.Second)
	require.Equal(t, 96, come())
	require.Equal(t, ShedderStats{Level: Normal, Share: 96, Admitted: 224, Shed: 32, Overloads: 1}, r.Stats())
	require.NoError(t, r.Admit(WithPriority(t.Context(), High)))
	require.ErrorIs(t, r.Admit(WithPriority(t.Context(), Low)), ErrShed)
}

// DAGOR (section 4.2) rounds the level up on the way back: else whoever makes more than Up of the requests
// would be shed for as long as they come.
func TestAUserOfManyRequestsIsLetInAgain(t *testing.T) {
	for _, those := range []uint64{1, 5, 50} {
		r := newRealShedder(ShedderConfig{})
		window := func(wait time.Duration) (admitted int) {
			for i := range uint64(200) {
				if r.AdmitUser(Normal, i%those) == nil {
					r.Queued(wait)
					admitted++
				}
				r.clock.now = r.clock.now.Add(5 * time.Millisecond)
			}
			return admitted
		}
		require.Equal(t, 200, window(time.Second))
		require.Less(t, window(0), 191, "5 %% or more are shed")
		for range 12 {
			window(0)
		}
		require.Equal(t, 200, window(0), "%d users", those)
	}
}

func TestAWindowEndsAfterManyRequestsToo(t *testing.T) {
	r := newRealShedder(ShedderConfig{Down: 50, Requests: 100})
	r.Queued(time.Second)
	for range 100 {
		require.NoError(t, r.Admit(t.Context()))
	}
	require.ErrorIs(t, r.AdmitUser(Low, 1), ErrShed, "within the same second")
	require.EqualValues(t, 1, r.Stats().Overloads)
}

func TestAShedderHearsWhatWaitsInItsBulkhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBulkhead(System(), BulkheadConfig{Limit: 1, Queue: 2, MaxWait: 300 * time.Millisecond})
		s := NewShedder(System(), ShedderConfig{Name: "front", Down: 50, Bulkhead: b})
		hold := func(ctx context.Context) error { time.Sleep(200 * time.Millisecond); return nil }
		var full, waited int
		var all sync.WaitGroup
		var mu sync.Mutex
		for range 4 { // one runs at once, one after 200 ms, one waits too long, one finds no room
			all.Go(func() {
				err := s.Do(t.Context(), hold)
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, ErrFull) {
					full++
				} else if errors.Is(err, ErrWaited) {
					waited++
				} else {
					require.NoError(t, err)
				}
			})
		}
		all.Wait()
		require.Equal(t, 1, full)
		require.Equal(t, 1, waited)
		require.EqualValues(t, 3, s.waits, "who found no room has not waited")
		require.Equal(t, 500*time.Millisecond, s.waited)
		time.Sleep(700 * time.Millisecond)
		err := s.Do(WithPriority(t.Context(), Background), hold)
		require.EqualError(t, err, "shedder front: shed under overload")
		require.Zero(t, b.Stats().Out)
	})
}

func TestWhoMadeRoomForAHigherPriorityHasWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBulkhead(System(), BulkheadConfig{Limit: 1, Queue: 1})
		s := NewShedder(System(), ShedderConfig{Window: time.Minute, Bulkhead: b})
		hold := func(context.Context) error { time.Sleep(350 * time.Millisecond); return nil }
		var all sync.WaitGroup
		call := func(p Priority) error { // what it returned within 100 ms
			ended := make(chan error, 1)
			all.Go(func() { ended <- s.Do(WithPriority(t.Context(), p), hold) })
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			select {
			case err := <-ended:
				return err
			default:
				return nil
			}
		}
		_, _ = call(Low), call(Low)
		require.NoError(t, call(High), "it waits in the place of the second")
		require.EqualValues(t, 2, s.waits)
		require.Equal(t, 100*time.Millisecond, s.waited)
		require.ErrorIs(t, call(Low), ErrFull)
		require.EqualValues(t, 3, s.waits, "who found no room has not waited")
		all.Wait()
		require.Equal(t, 250*time.Millisecond, s.waited)
		require.EqualValues(t, 2, b.Stats().Full)
	})
}

func TestAShedderWithoutABulkheadOnlyAdmits(t *testing.T) {
	s, failed := NewShedder(System(), ShedderConfig{}), errors.New("failed")
	require.Equal(t, failed, s.Do(t.Context(), func(context.Context) error { return failed }))
	require.Panics(t, func() { _ = s.Do(t.Context(), func(context.Context) error { panic("boom") }) })
}

// clientsOf starts one client of each of these priorities every period on a host whose server takes 10 ms
// for an operation, one at a time, and returns how many of each were served within 100 ms.
func clientsOf(h *sim.Host, policy Policy, until, period time.Duration, all ...Priority) map[Priority]int {
	served := map[Priority]int{}
	for at := time.Duration(0); at < until; at += period {
		for _, priority := range all {
			h.Go(fmt.Sprint(priority, at), func(p *sim.Proc) {
				p.Sleep(at)
				ctx, _ := WithTimeout(WithPriority(InProcess(p), priority), 100*time.Millisecond)
				err := policy.Do(ctx, func(ctx context.Context) error {
					p.Sleep(10 * time.Millisecond)
					return ctx.Err()
				})
				h.Note("%d at %v: %v", priority, at, err)
				if err == nil {
					served[priority]++
				}
			})
		}
	}
	return served
}

// Twice as many come as can be served; the important half of them is served, and nearly at once.
func TestUnderOverloadTheImportantHalfIsServed(t *testing.T) {
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 1}}, func(w *sim.World) {
		var served map[Priority]int
		var s *Shedder
		var b *Bulkhead
		w.AddHost("a", func(h *sim.Host) {
			b = NewBulkhead(h, BulkheadConfig{Limit: 1, Queue: 50, Target: -1})
			s = NewShedder(h, ShedderConfig{Bulkhead: b})
			served = clientsOf(h, s, 60*time.Second, 40*time.Millisecond, Low, High, Normal, Low, High, Normal, Low, Normal)
		})
		w.Run(sim.Limit{})
		require.Empty(t, w.Findings())
		require.GreaterOrEqual(t, served[High], 2950, "of 3000")
		require.Greater(t, served[Normal], 2000)
		require.Less(t, served[Low], 1200, "they pay")
		require.Positive(t, s.Stats().Overloads)
		require.Zero(t, b.Stats().Out)
	})
}

func TestAShedderUnderLoad(t *testing.T) {
	b := NewBulkhead(System(), BulkheadConfig{Limit: 2, Queue: 50})
	s := NewShedder(System(), ShedderConfig{Requests: 50, Target: time.Microsecond, Bulkhead: b})
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			ctx := WithPriority(t.Context(), Priority(i%5-2))
			for range 200 {
				_ = s.Do(ctx, func(context.Context) error { time.Sleep(10 * time.Microsecond); return nil })
				s.Stats()
			}
		})
	}
	all.Wait()
	stats := s.Stats()
	require.EqualValues(t, 16*200, stats.Admitted+stats.Shed)
	require.Positive(t, stats.Shed)
	require.Zero(t, b.Stats().Out)
}

func TestAdmissionAndSheddingAllocateNothing(t *testing.T) {
	b := NewBulkhead(System(), BulkheadConfig{})
	s := NewShedder(System(), ShedderConfig{Bulkhead: b})
	op := func(context.Context) error { return nil }
	ctx := WithPriority(context.Background(), Low)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = s.Do(ctx, op) }))
	s.level = 1 << 20
	require.ErrorIs(t, s.Do(ctx, op), ErrShed)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = s.Do(ctx, op) }))
}

func TestAShedderThatMakesNoSensePanics(t *testing.T) {
	for message, cfg := range map[string]ShedderConfig{
		"resilience: ShedderConfig.Target, Window or Reshuffle is negative, expected 0 or more": {Window: -1},
		"resilience: ShedderConfig.Requests is -1, expected 0 to 2^30":                          {Requests: -1},
		"resilience: ShedderConfig has Down 101 and Up 1, expected 0 to 100 per cent":           {Down: 101},
	} {
		require.PanicsWithValue(t, message, func() { NewShedder(System(), cfg) })
	}
}
