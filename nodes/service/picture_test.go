package service_test

import (
	"testing"
	"time"

	"phoenix/nodes/service"
	"phoenix/resilience"
	"phoenix/sim/simtest/chart"

	"github.com/stretchr/testify/require"
)

// series is a kind's requests by second.
func series(name string, l *service.Log, kind string, of func(service.Count) int) chart.Series {
	s := chart.Series{Name: name, Style: chart.Step}
	for second, c := range l.Seconds(kind) {
		s.Points = append(s.Points, chart.Point{At: time.Duration(second) * time.Second, Y: float64(of(c))})
	}
	return s
}

func asked(c service.Count) int   { return c.Asked }
func inTime(c service.Count) int  { return c.OK }
func refused(c service.Count) int { return c.Failed + c.Rejected }

var stateColors = map[resilience.BreakerState]chart.Color{
	resilience.Closed: chart.Green, resilience.Open: chart.Red, resilience.HalfOpen: chart.Orange,
}

// states returns the lane of a breaker from its transitions.
func states(name string, transitions []resilience.Transition) chart.Lane {
	changes := []chart.Change{{Label: resilience.Closed.String(), Color: chart.Green}}
	for _, tr := range transitions {
		changes = append(changes, chart.Change{At: time.Duration(tr.At), Label: tr.To.String(), Color: stateColors[tr.To]})
	}
	return chart.Lane{Name: name, Bands: chart.States(service.OutageEnd, changes...)}
}

func TestThePictureOfTheOutage(t *testing.T) {
	t.Parallel()
	run, err := watchedRun()
	require.NoError(t, err)
	none, both, transitions := get(t, nakedRun).log, run.log, run.transitions
	goodput := func(title, kind string, top float64) chart.Panel {
		bound := series("asked", none, kind, asked)
		bound.Style, bound.Color = chart.DashedStep, chart.Grey
		without := series("without protection", none, kind, inTime)
		without.Color = chart.Red
		with := series("with boundaries", both, kind, inTime)
		with.Color = chart.Blue
		return chart.Panel{Title: title, Unit: "answered in time, a second", Max: top, Height: 130,
			Series: []chart.Series{bound, without, with}}
	}
	wasted := func(name string, l *service.Log, c chart.Color) chart.Series {
		s := chart.Series{Name: name, Style: chart.Step, Color: c}
		for second, r := range l.Runs() {
			if at := time.Duration(second) * time.Second; at < service.OutageEnd {
				s.Points = append(s.Points, chart.Point{At: at, Y: float64(r.Wasted)})
			}
		}
		return s
	}
	early := series("with boundaries", both, service.Ordinary, refused)
	early.Color = chart.Purple
	chart.Golden(t, page+".svg", chart.Figure{
		Title: "Ten seconds of a slow service, and a thousand clients",
		Note: "seed 1; one request in ten is of priority; each has a second; " +
			"the service has a seventh of its capacity meanwhile",
		Until: service.OutageEnd,
		Bands: []chart.Band{{From: service.OutageFrom, Until: service.OutageUntil,
			Label: "slow, failing, hanging", Color: chart.Orange}},
		Panels: []chart.Panel{
			goodput("Priority", service.Priority, 90),
			goodput("Ordinary", service.Ordinary, 600),
			{Title: "Work for nobody", Unit: "begun after its client gave up, a second", Height: 90, Series: []chart.Series{
				wasted("without protection", none, chart.Red), wasted("with boundaries", both, chart.Blue)}},
			{Title: "Ordinary requests told no at once", Unit: "a second", Height: 90, Series: []chart.Series{early}},
			{Title: "Breakers", Unit: "first of ten client nodes", Lanes: []chart.Lane{
				states("priority", transitions["clients-0 "+service.Priority]),
				states("ordinary", transitions["clients-0 "+service.Ordinary])}},
		},
	})
}
