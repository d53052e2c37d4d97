package resilience

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/sim/simtest/chart"
)

// A perSecond counts what happens in each second.
type perSecond struct {
	name   string
	color  chart.Color
	counts []float64
}

func (c *perSecond) add(at sim.Time) {
	for len(c.counts) <= int(at/sim.Time(time.Second)) {
		c.counts = append(c.counts, 0)
	}
	c.counts[at/sim.Time(time.Second)]++
}

func (c *perSecond) series() chart.Series {
	s := chart.Series{Name: c.name, Style: chart.Step, Color: c.color}
	for i, n := range c.counts[:len(c.counts)-1] { // the last second is not whole
		s.Points = append(s.Points, chart.Point{At: time.Duration(i) * time.Second, Y: n})
	}
	return s
}

// come starts a process on h at times that are a period apart in the mean, until the end.
func come(h *sim.Host, name string, period, until time.Duration, fn func(p *sim.Proc)) {
	r := h.Rand(name)
	h.Go(name+" come", func(p *sim.Proc) {
		for h.Monotonic() < sim.Time(until) {
			h.Go(name, fn)
			p.Sleep(period/2 + time.Duration(r.Int64N(int64(period))))
		}
	})
}

// eachSecond calls fn with every second until the end.
func eachSecond(h *sim.Host, until time.Duration, fn func(at time.Duration)) {
	h.Go("looks", func(p *sim.Proc) {
		for at := time.Duration(0); at < until; at += time.Second {
			fn(at)
			p.Sleep(time.Second)
		}
	})
}

// A program has 30 threads and calls search, which takes 20 ms, and payments, which take 50 ms but hang for 5 s
// from 10 s to 20 s. It returns what was answered in each second by search, and the threads in payments.
func hangingPayments(t *testing.T, protection func(*sim.Host) Policy) (*perSecond, *perSecond) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	answered, busy := &perSecond{}, &perSecond{}
	w.AddHost("program", func(h *sim.Host) {
		threads := NewBulkhead(h, BulkheadConfig{Limit: 30, Queue: -1})
		payments, inPayments := protection(h), 0
		come(h, "search", 20*time.Millisecond, 35*time.Second, func(p *sim.Proc) {
			_ = threads.Do(InProcess(p), func(context.Context) error {
				p.Sleep(20 * time.Millisecond)
				answered.add(h.Monotonic())
				return nil
			})
		})
		come(h, "payments", 20*time.Millisecond, 35*time.Second, func(p *sim.Proc) {
			_ = threads.Do(InProcess(p), func(ctx context.Context) error {
				return payments.Do(ctx, func(context.Context) error {
					inPayments++
					defer func() { inPayments-- }()
					if at := h.Monotonic(); at >= sim.Time(10*time.Second) && at < sim.Time(20*time.Second) {
						p.Sleep(5 * time.Second)
					} else {
						p.Sleep(50 * time.Millisecond)
					}
					return nil
				})
			})
		})
		eachSecond(h, 35*time.Second, func(time.Duration) { busy.counts = append(busy.counts, float64(inPayments)) })
	})
	w.Run(sim.Limit{})
	require.Empty(t, w.Findings())
	return answered, busy
}

func TestThePictureOfABulkhead(t *testing.T) {
	none := func(*sim.Host) Policy { return Compose() }
	bulkhead := func(h *sim.Host) Policy { return NewBulkhead(h, PartitionBulkhead()) }
	searchWithout, busyWithout := hangingPayments(t, none)
	searchWith, busyWith := hangingPayments(t, bulkhead)
	for s := 12; s < 20; s++ {
		require.Greater(t, busyWithout.counts[s], 25.0, "payments have taken nearly all threads")
		require.Greater(t, searchWith.counts[s], 40.0, "search is untouched")
		require.Less(t, searchWithout.counts[s], 35.0)
		require.LessOrEqual(t, busyWith.counts[s], 10.0)
	}
	for _, c := range []*perSecond{searchWithout, busyWithout} {
		c.name, c.color = "no bulkhead", chart.Red
	}
	for _, c := range []*perSecond{searchWith, busyWith} {
		c.name, c.color = "payments in a bulkhead of 10 + 5", chart.Green
	}
	chart.Golden(t, "../docs/patterns/bulkhead.svg", chart.Figure{
		Title: "Payments hang, search goes on",
		Note:  "30 threads, 50 calls a second of each. While payments hang, each call of them keeps its thread for 5 s.",
		Until: 35 * time.Second,
		Bands: []chart.Band{{From: 10 * time.Second, Until: 20 * time.Second, Label: "payments hang", Color: chart.Red}},
		Panels: []chart.Panel{
			{Title: "Search answered", Unit: "a second", Max: 70,
				Series: []chart.Series{searchWithout.series(), searchWith.series()}},
			{Title: "Threads in payments", Series: []chart.Series{busyWithout.series(), busyWith.series()}},
		},
	})
}

func TestThePictureOfAShedder(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	served := map[Priority]*perSecond{
		High:   {name: "high", color: chart.Green},
		Normal: {name: "normal", color: chart.Blue},
		Low:    {name: "low", color: chart.Orange},
	}
	var level, wait chart.Series
	w.AddHost("server", func(h *sim.Host) {
		b := NewBulkhead(h, BulkheadConfig{Limit: 1, Queue: 50, Target: -1})
		s := NewShedder(h, ShedderConfig{Bulkhead: b})
		for _, priority := range []Priority{Low, Normal, High} {
			call := func(p *sim.Proc) {
				_ = s.Do(WithPriority(InProcess(p), priority), func(ctx context.Context) error {
					p.Sleep(10 * time.Millisecond)
					served[priority].add(h.Monotonic())
					return nil
				})
			}
			come(h, fmt.Sprint("quiet", priority), 60*time.Millisecond, 120*time.Second, call)
			h.Go("rush hour", func(p *sim.Proc) {
				p.Sleep(20 * time.Second)
				come(h, fmt.Sprint("rush", priority), 20*time.Millisecond, 60*time.Second, call)
			})
		}
		eachSecond(h, 120*time.Second, func(at time.Duration) {
			stats := s.Stats()
			share := float64(stats.Level) + 1 - float64(stats.Share)/128
			level.Points = append(level.Points, chart.Point{At: at, Y: max(share, -2)})
			wait.Points = append(wait.Points, chart.Point{At: at, Y: float64(b.Stats().Waiting * 10)})
		})
	})
	w.Run(sim.Limit{})
	require.Empty(t, w.Findings())
	for s := 30; s < 60; s++ {
		require.Greater(t, served[High].counts[s], 50.0, "of 67 a second")
	}
	level.Name, level.Style, wait.Name, wait.Style = "level", chart.Step, "wait", chart.Step
	target := chart.Series{Name: "target", Style: chart.Dashed, Color: chart.Grey,
		Points: []chart.Point{{Y: 20}, {At: 120 * time.Second, Y: 20}}}
	chart.Golden(t, "../docs/patterns/shedding.svg", chart.Figure{
		Title: "Twice as many come as can be served",
		Note:  "100 a second can be served; 200 come in the rush. After 20 s the level has settled, and nobody waits for long.",
		Until: 120 * time.Second,
		Bands: []chart.Band{{From: 20 * time.Second, Until: 60 * time.Second, Label: "rush", Color: chart.Red}},
		Panels: []chart.Panel{
			{Title: "Served", Unit: "a second", Max: 90,
				Series: []chart.Series{served[High].series(), served[Normal].series(), served[Low].series()}},
			{Title: "Wait in the queue", Unit: "ms", Series: []chart.Series{target, wait}, Height: 110},
			{Title: "Level of admission (0 to 1: within normal)", Series: []chart.Series{level}, Min: -2, Max: 2, Height: 90},
		},
	})
}

func TestThePictureOfAnAdaptiveLimit(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	limit := chart.Series{Name: "limit", Style: chart.Step, Color: chart.Blue}
	room := chart.Series{Name: "what the service can do at once", Style: chart.Dashed, Color: chart.Grey}
	latency := chart.Series{Name: "latency", Style: chart.Step, Color: chart.Orange}
	w.AddHost("client", func(h *sim.Host) {
		b := NewBulkhead(h, BulkheadConfig{Limit: 10, Queue: 200, Target: -1, Gradient: &GradientConfig{}})
		busy, last := 0, time.Duration(0)
		workers := func() int {
			if at := h.Monotonic(); at >= sim.Time(80*time.Second) && at < sim.Time(140*time.Second) {
				return 15
			}
			return 40
		}
		for range 150 {
			h.Go("calls", func(p *sim.Proc) {
				for h.Monotonic() < sim.Time(200*time.Second) {
					_ = b.Do(InProcess(p), func(context.Context) error {
						busy++
						last = 20 * time.Millisecond * time.Duration(max(busy, workers())) / time.Duration(workers())
						p.Sleep(last)
						busy--
						return nil
					})
				}
			})
		}
		eachSecond(h, 200*time.Second, func(at time.Duration) {
			limit.Points = append(limit.Points, chart.Point{At: at, Y: float64(b.Stats().Limit)})
			room.Points = append(room.Points, chart.Point{At: at, Y: float64(workers())})
			latency.Points = append(latency.Points, chart.Point{At: at, Y: float64(last / time.Millisecond)})
		})
	})
	w.Run(sim.Limit{})
	require.Empty(t, w.Findings())
	chart.Golden(t, "../docs/patterns/adaptive.svg", chart.Figure{
		Title: "A limit that follows latency",
		Note:  "150 callers without a pause. The service takes 20 ms, or longer where more run at once than it has workers.",
		Until: 200 * time.Second,
		Bands: []chart.Band{
			{From: 80 * time.Second, Until: 140 * time.Second, Label: "15 workers of 40", Color: chart.Orange},
		},
		Panels: []chart.Panel{
			{Title: "At once", Series: []chart.Series{room, limit}, Max: 100},
			{Title: "Latency", Unit: "ms", Series: []chart.Series{latency}, Height: 110},
		},
	})
}
