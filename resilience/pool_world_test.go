package resilience

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

// A rig is a pool whose hooks take time and fail at random, and that holds it to its invariants.
type rig struct {
	t     testing.TB
	host  *sim.Host
	rand  interface{ IntN(int) int }
	most  int
	alive int
	made  []*thing
}

func (g *rig) takes(ctx context.Context) error {
	p := process(ctx).proc
	p.Sleep(time.Duration(g.rand.IntN(40)) * time.Millisecond)
	if g.rand.IntN(4) == 0 {
		return errPoolDown
	}
	return nil
}

func (g *rig) config() PoolConfig[*thing] {
	return PoolConfig[*thing]{
		Max: g.most, Queue: 8, MaxWait: 300 * time.Millisecond, Lease: 200 * time.Millisecond,
		CheckEvery: 100 * time.Millisecond,
		Breaker:    NewBreaker(g.host, BreakerConfig{Failures: 4, Window: 8, Wait: 100 * time.Millisecond, Successes: 1}),
		Open: func(ctx context.Context) (*thing, error) {
			g.alive++
			require.LessOrEqual(g.t, g.alive, g.most)
			done := false
			defer func() {
				if !done {
					g.alive--
				}
			}()
			if err := g.takes(ctx); err != nil {
				return nil, err
			}
			done = true
			x := &thing{id: len(g.made)}
			g.made = append(g.made, x)
			return x, nil
		},
		Close: func(ctx context.Context, x *thing) {
			require.False(g.t, x.closed, "closed twice")
			x.closed = true
			defer func() { g.alive-- }()
			_ = g.takes(ctx)
		},
		Check: func(ctx context.Context, x *thing) error {
			require.Zero(g.t, x.owner, "checked while lent")
			return g.takes(ctx)
		},
		Reset: func(ctx context.Context, x *thing) error {
			require.False(g.t, x.closed)
			err := g.takes(ctx)
			x.dirty = x.dirty && err != nil
			return err
		},
	}
}

// borrower is the life of one: it may fail, panic, or keep what it has for too long.
func (g *rig) borrower(p *sim.Proc, pool *Pool[*thing], i int) {
	p.Sleep(time.Duration(g.rand.IntN(2000)) * time.Millisecond)
	ctx, cancel := WithTimeout(InProcess(p), time.Duration(50+g.rand.IntN(400))*time.Millisecond)
	defer cancel()
	runs := 0
	defer func() { _ = recover() }() // also of a kill: the kernel lets a process unwind
	err := pool.Do(ctx, func(_ context.Context, x *thing) error {
		runs++
		require.Zero(g.t, x.owner, "two owners")
		require.False(g.t, x.dirty)
		require.False(g.t, x.closed)
		x.owner, x.dirty = i+1, true
		defer func() { x.owner = 0 }()
		p.Sleep(time.Duration(g.rand.IntN(250)) * time.Millisecond)
		switch g.rand.IntN(5) {
		case 0:
			panic("boom")
		case 1:
			return errPoolSick
		}
		x.dirty = false
		return nil
	})
	require.LessOrEqual(g.t, runs, 1)
	g.host.Note("%d: %v", i, err)
	if _, rejected := errors.AsType[*Rejection](err); rejected {
		require.Zero(g.t, runs)
	}
}

func (g *rig) boot(h *sim.Host, pool **Pool[*thing]) {
	g.host, g.rand = h, h.Rand("rig")
	p := NewPool(h, g.config())
	*pool = p
	h.Go("run", func(proc *sim.Proc) {
		ctx, _ := WithTimeout(InProcess(proc), 4*time.Second)
		require.ErrorIs(g.t, p.Run(ctx), context.DeadlineExceeded)
		p.Close(InProcess(proc))
	})
	for i := range 40 {
		h.Go(fmt.Sprint(i), func(proc *sim.Proc) { g.borrower(proc, p, i) })
	}
}

func TestProcessesShareAPoolTheSameWayEachTime(t *testing.T) {
	var sum PoolStats
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 30}}, func(w *sim.World) {
		g := &rig{t: t, most: 3}
		var pool *Pool[*thing]
		w.AddHost("a", func(h *sim.Host) { g.boot(h, &pool) })
		for range 400 {
			w.RunFor(15 * time.Millisecond)
			s := pool.Stats()
			require.LessOrEqual(t, s.Idle+s.Out+s.Opening+s.Upkeep, g.most)
			require.LessOrEqual(t, s.Utilisation, 100)
		}
		w.Run(sim.Limit{})
		require.Empty(t, w.Findings())
		s := pool.Stats()
		require.Zero(t, s.Idle+s.Out+s.Opening+s.Upkeep+s.Waiting)
		require.Zero(t, g.alive, "all that was opened is closed")
		sum.Revoked, sum.Unhealthy, sum.Failed = sum.Revoked+s.Revoked, sum.Unhealthy+s.Unhealthy, sum.Failed+s.Failed
		sum.Granted, sum.TimedOut, sum.Full = sum.Granted+s.Granted, sum.TimedOut+s.TimedOut, sum.Full+s.Full
	})
	for _, n := range []uint64{sum.Revoked, sum.Unhealthy, sum.Failed, sum.Granted, sum.TimedOut, sum.Full} {
		require.Positive(t, n, "it happened: %+v", sum)
	}
}

// Those who open, wait, use, reset and close die at once with their host: nothing stays reserved or lent.
func TestTheDeathOfAllProcessesGivesAllResourcesBack(t *testing.T) {
	lent, waited, tended := 0, 0, 0
	simtest.Run(t, simtest.Options{Seeds: sim.SeedRange{Count: 40}}, func(t *simtest.T) {
		g := &rig{t: t, most: 3}
		var pool *Pool[*thing]
		h := t.World.AddHost("a", func(h *sim.Host) {
			if pool == nil { // it outlives the host here, to be looked at
				g.boot(h, &pool)
			}
		})
		t.World.At(sim.Time(time.Second), func() {
			s := pool.Stats()
			lent, waited, tended = lent+s.Out, waited+s.Waiting, tended+s.Opening+s.Upkeep
			h.Crash()
		})
		t.World.RunFor(2 * time.Second)
		s := pool.Stats()
		require.Zero(t, s.Out+s.Opening+s.Upkeep+s.Waiting)
		require.Equal(t, g.alive, s.Idle)
	})
	require.Positive(t, lent)
	require.Positive(t, waited)
	require.Positive(t, tended)
}
