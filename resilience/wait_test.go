package resilience

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
)

// waitingWorld runs fn as a process of a world, and returns when all of the world is over.
func waitingWorld(t *testing.T, fn func(p *sim.Proc)) {
	t.Helper()
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	ran := false
	w.AddHost("a", func(h *sim.Host) {
		h.Go("waits", func(p *sim.Proc) { fn(p); ran = true })
	})
	w.Run(sim.Limit{})
	require.Empty(t, w.Findings())
	require.True(t, ran, "the process came to its end")
}

type waitKey struct{}

func TestTheContextOfAProcessEndsInVirtualTime(t *testing.T) {
	waitingWorld(t, func(p *sim.Proc) {
		ctx := InProcess(p)
		require.NoError(t, ctx.Err())
		require.Nil(t, ctx.Done())
		_, ends := ctx.Deadline()
		require.False(t, ends)
		_, ends = remaining(ctx)
		require.False(t, ends)

		p.Sleep(time.Second)
		short, cancel := WithTimeout(context.WithValue(ctx, waitKey{}, "kept"), 2*time.Second)
		defer cancel()
		require.Equal(t, "kept", short.Value(waitKey{}))
		end, ends := short.Deadline()
		require.True(t, ends)
		require.Equal(t, time.Unix(3, 0).UTC(), end)
		longer, cancel := WithTimeout(short, time.Hour)
		defer cancel()
		left, ends := remaining(longer)
		require.True(t, ends)
		require.Equal(t, 2*time.Second, left, "an inner deadline is no later than the outer")

		p.Sleep(2*time.Second - 1)
		require.NoError(t, longer.Err())
		p.Sleep(1)
		require.ErrorIs(t, longer.Err(), context.DeadlineExceeded)
		require.NoError(t, ctx.Err())
	})
}

func TestOutsideAWorldWithTimeoutIsThatOfPackageContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := WithTimeout(t.Context(), time.Second)
		defer cancel()
		left, ends := remaining(ctx)
		require.True(t, ends)
		require.Equal(t, time.Second, left)
		<-ctx.Done()
		require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
		_, ends = remaining(context.Background())
		require.False(t, ends)
	})
}

// waits are the ways in which a wait ends: rung after ring, the context after timeout, the wait
// itself after most; 0 is never. The first of them is what wait returns.
var waits = map[string]struct {
	ring, timeout, most time.Duration
	want                error
	after               time.Duration
}{
	"rung":                        {ring: 1, want: nil, after: 1},
	"rung before the rest":        {ring: 1, timeout: 2, most: 2, want: nil, after: 1},
	"rung before it waits":        {ring: -1, timeout: 2, most: 2, want: nil, after: 0},
	"the context ended":           {ring: 3, timeout: 1, want: context.DeadlineExceeded, after: 1},
	"the context ended first":     {timeout: 1, most: 2, want: context.DeadlineExceeded, after: 1},
	"waited for as long as it is": {ring: 3, most: 2, want: errWaited, after: 2},
	"waited before the context":   {timeout: 3, most: 2, want: errWaited, after: 2},
}

func TestAWaitEndsWithWhatComesFirstInAWorld(t *testing.T) {
	for name, c := range waits {
		t.Run(name, func(t *testing.T) {
			waitingWorld(t, func(p *sim.Proc) {
				ctx := InProcess(p)
				if c.timeout > 0 {
					ctx, _ = WithTimeout(ctx, c.timeout*time.Second)
				}
				w := newWaiter(ctx)
				if c.ring < 0 {
					w.ring()
				} else if c.ring > 0 {
					p.Host().Go("rings", func(q *sim.Proc) { q.Sleep(c.ring * time.Second); w.ring(); w.ring() })
				}
				require.Equal(t, c.want, w.wait(ctx, c.most*time.Second))
				require.Equal(t, sim.Time(c.after*time.Second), p.Host().Monotonic())
			})
		})
	}
}

func TestAWaitEndsWithWhatComesFirstOutside(t *testing.T) {
	for name, c := range waits {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, clock := t.Context(), System()
				if c.timeout > 0 {
					short, cancel := WithTimeout(ctx, c.timeout*time.Second)
					defer cancel()
					ctx = short
				}
				w := newWaiter(ctx)
				if c.ring < 0 {
					w.ring()
				} else if c.ring > 0 {
					go func() { time.Sleep(c.ring * time.Second); w.ring(); w.ring() }()
				}
				require.Equal(t, c.want, w.wait(ctx, c.most*time.Second))
				require.Equal(t, sim.Time(c.after*time.Second), clock.Monotonic())
				time.Sleep(time.Minute) // a late ring harms nobody
			})
		})
	}
}

func TestACancelledContextEndsAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := newWaiter(ctx)
		go func() { time.Sleep(time.Second); cancel() }()
		require.ErrorIs(t, w.wait(ctx, 0), context.Canceled)
	})
}

func TestAProcessWithoutTimeLeftDoesNotBlock(t *testing.T) {
	waitingWorld(t, func(p *sim.Proc) {
		ctx, _ := WithTimeout(InProcess(p), time.Second)
		p.Sleep(2 * time.Second)
		require.ErrorIs(t, newWaiter(ctx).wait(ctx, 0), context.DeadlineExceeded)
		require.Equal(t, sim.Time(2*time.Second), p.Host().Monotonic())
		w := newWaiter(ctx)
		w.ring()
		require.NoError(t, w.wait(ctx, 0), "what was granted in time is told, the caller decides")
	})
}

func TestTheClockOfASystemBeginsWithZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := System()
		require.Zero(t, clock.Monotonic())
		time.Sleep(time.Minute)
		require.Equal(t, sim.Time(time.Minute), clock.Monotonic())
	})
}

func TestARejectionNamesItsReason(t *testing.T) {
	r := &Rejection{By: "pool", Name: "db", Reason: ErrFull, After: time.Second}
	require.EqualError(t, r, "pool db: no room, and queue full, try again in 1s")
	require.EqualError(t, &Rejection{By: "pool", Reason: ErrFull}, "pool: no room, and queue full")
	require.True(t, errors.Is(r, ErrFull))
}

func TestAContextOfAProcessThatWasCancelledHasEnded(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	var outer, inner, late error
	w.AddHost("a", nil).Go("p", func(p *sim.Proc) {
		ctx, cancel := WithTimeout(InProcess(p), time.Second)
		within, release := WithTimeout(WithPriority(ctx, High), time.Hour)
		defer release()
		cancel()
		outer, inner = ctx.Err(), within.Err()
		ctx, cancel = WithTimeout(InProcess(p), time.Second)
		p.Sleep(time.Second)
		cancel()
		late = ctx.Err()
	})
	w.RunFor(2 * time.Second)
	require.Equal(t, context.Canceled, outer)
	require.Equal(t, context.Canceled, inner)
	require.Equal(t, context.DeadlineExceeded, late, "it had ended by itself")
}
