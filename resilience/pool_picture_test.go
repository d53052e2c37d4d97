package resilience

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/sim/simtest/chart"
)

// A database takes 20 connections, which takes 50 ms each, and answers over one of them within 20 ms. It is down from
// 15 s to 25 s: what is open breaks, and whoever connects hears nothing for 2 s.
type database struct {
	host       *sim.Host
	open, life int
	refused    int
}

func (d *database) down() bool {
	at := d.host.Monotonic()
	return at >= sim.Time(15*time.Second) && at < sim.Time(25*time.Second)
}

func (d *database) connect(p *sim.Proc) (*int, error) {
	if d.down() {
		p.Sleep(2 * time.Second)
		return nil, errPoolDown
	}
	if d.open >= 20 {
		d.refused++
		return nil, errors.New("too many connections")
	}
	d.open++
	life := d.life
	p.Sleep(50 * time.Millisecond)
	return &life, nil
}

func (d *database) disconnect(conn *int) {
	if *conn == d.life {
		d.open--
	}
}

func (d *database) query(p *sim.Proc, conn *int) error {
	p.Sleep(20 * time.Millisecond)
	if *conn != d.life {
		return errPoolDown
	}
	return nil
}

// breakingDatabase runs 300 requests a second for 45 s, and returns what was answered in each second and how many
// requests were under way.
func breakingDatabase(t *testing.T, client func(*sim.Host, *database) func(p *sim.Proc) error) (
	answered, pending *perSecond,
) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	answered, pending = &perSecond{}, &perSecond{}
	w.AddHost("client", func(h *sim.Host) {
		db := &database{host: h}
		request, under := client(h, db), 0
		h.World().At(sim.Time(15*time.Second), func() { db.life, db.open = db.life+1, 0 })
		come(h, "request", time.Second/300, 45*time.Second, func(p *sim.Proc) {
			under++
			defer func() { under-- }()
			if request(p) == nil {
				answered.add(h.Monotonic())
			}
		})
		eachSecond(h, 45*time.Second, func(time.Duration) { pending.counts = append(pending.counts, float64(under)) })
	})
	w.Run(sim.Limit{})
	require.Empty(t, w.Findings())
	return answered, pending
}

func TestThePictureOfAPool(t *testing.T) {
	each := func(_ *sim.Host, db *database) func(p *sim.Proc) error {
		return func(p *sim.Proc) error {
			conn, err := db.connect(p)
			if err != nil {
				return err
			}
			defer db.disconnect(conn)
			return db.query(p, conn)
		}
	}
	var out, idle []chart.Point
	circuit := []chart.Change{{Label: "closed", Color: chart.Green}}
	colors := map[BreakerState]chart.Color{Closed: chart.Green, Open: chart.Red, HalfOpen: chart.Orange}
	pooled := func(h *sim.Host, db *database) func(p *sim.Proc) error {
		pool := NewPool(h, PoolConfig[*int]{
			Max: 20, MaxWait: 500 * time.Millisecond, CheckEvery: 2 * time.Second,
			Open:  func(ctx context.Context) (*int, error) { return db.connect(process(ctx).proc) },
			Close: func(_ context.Context, conn *int) { db.disconnect(conn) },
			Check: func(ctx context.Context, conn *int) error { return db.query(process(ctx).proc, conn) },
			Breaker: NewBreaker(h, BreakerConfig{Failures: 3, Wait: time.Second, Successes: 1, OnTransition: func(c Transition) {
				circuit = append(circuit, chart.Change{At: time.Duration(c.At), Label: c.To.String(), Color: colors[c.To]})
			}}),
		})
		h.Go("maintain", func(p *sim.Proc) {
			ctx, _ := WithTimeout(InProcess(p), 45*time.Second)
			_ = pool.Run(ctx)
		})
		eachSecond(h, 45*time.Second, func(at time.Duration) {
			s := pool.Stats()
			require.LessOrEqual(t, db.open, 20)
			require.Zero(t, db.refused, "a pool of 20 never asks for more")
			out = append(out, chart.Point{At: at, Y: float64(s.Out)})
			idle = append(idle, chart.Point{At: at, Y: float64(s.Idle + s.Out)})
		})
		return func(p *sim.Proc) error {
			return pool.Do(InProcess(p), func(_ context.Context, conn *int) error { return db.query(p, conn) })
		}
	}
	answeredEach, pendingEach := breakingDatabase(t, each)
	answered, pending := breakingDatabase(t, pooled)
	for s := 5; s < 40; s++ {
		switch {
		case s < 14 || s > 28:
			require.Greater(t, answered.counts[s], 270.0)
			require.Less(t, answeredEach.counts[s], answered.counts[s]+30)
		case s >= 17 && s < 25:
			require.Greater(t, pendingEach.counts[s], 500.0, "they all hang")
			require.Less(t, pending.counts[s], 200.0, "they are told at once, or wait for a probe")
		}
	}
	for _, c := range []*perSecond{answeredEach, pendingEach} {
		c.name, c.color = "a connection for each request", chart.Red
	}
	for _, c := range []*perSecond{answered, pending} {
		c.name, c.color = "a pool of 20 with a breaker", chart.Green
	}
	end := 45 * time.Second
	chart.Golden(t, "../docs/patterns/pool.svg", chart.Figure{
		Title: "A database that is down for 10 s",
		Note: "300 requests a second of 20 ms. To connect takes 50 ms, and 2 s without an answer while it is down; " +
			"20 connections at most.",
		Until: end,
		Bands: []chart.Band{{From: 15 * time.Second, Until: 25 * time.Second, Label: "down", Color: chart.Red}},
		Panels: []chart.Panel{
			{Title: "Answered", Unit: "a second", Series: []chart.Series{answeredEach.series(), answered.series()}, Max: 350},
			{Title: "Requests that wait or run", Series: []chart.Series{pendingEach.series(), pending.series()}},
			{Title: "Connections of the pool", Max: 21, Height: 90, Series: []chart.Series{
				{Name: "out", Points: out, Style: chart.Step, Color: chart.Orange},
				{Name: "out and idle", Points: idle, Style: chart.Step, Color: chart.Blue},
			}},
			{Title: "Breaker", Lanes: []chart.Lane{{Name: "connecting", Bands: chart.States(end, circuit...)}}},
		},
	})
}
