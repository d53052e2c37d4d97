package resilience

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/simtest/chart"
)

func TestThePictureOfDegradationIsThatOfARun(t *testing.T) {
	w := sim.New(sim.Config{Seed: 3})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Uniform(time.Millisecond, 20*time.Millisecond)}})
	colors := []chart.Color{LevelNormal: chart.Green, LevelLimited: chart.Blue, LevelEssential: chart.Orange}
	changes := []chart.Change{{Label: "normal", Color: chart.Green}}
	lanes := []chart.Lane{{Name: "level"}, {Name: "recommendations"}, {Name: "search"}, {Name: "checkout"}}
	var a *watcher
	for _, name := range []string{"a", "b", "c"} {
		n.Add(name, func(ep *network.Endpoint) network.Handler {
			h := &watcher{ep: ep, heard: map[network.ID]bool{}}
			h.d = NewDegradation(ep, DegradationConfig{Triggers: []Trigger{PartitionTrigger}, OnChange: func(c Change) {
				if name == "a" {
					changes = append(changes, chart.Change{At: time.Duration(c.At), Label: c.To.String(), Color: colors[c.To]})
				}
			}})
			if name == "a" {
				a = h
			}
			h.beat = ep.Timer("beat", h.tick)
			h.beat.Reset(time.Second)
			return h
		})
	}
	reach := chart.Series{Name: "nodes in reach", Style: chart.Step, Color: chart.Blue}
	seen := func() {
		reach.Points = append(reach.Points, chart.Point{At: time.Duration(w.Now()), Y: float64(a.seen)})
	}
	run := func(until time.Duration) {
		for w.Now() < sim.Time(until) {
			w.RunFor(500 * time.Millisecond)
			seen()
		}
	}
	cutOff := func(from, until time.Duration) {
		run(from)
		cut := n.Partition("a alone", network.Complete([]network.ID{0}, []network.ID{1, 2}))
		run(until)
		cut.Heal()
	}
	cutOff(8500*time.Millisecond, 9500*time.Millisecond)
	cutOff(20*time.Second, 40*time.Second)
	run(90 * time.Second)
	end := 90 * time.Second
	levels := chart.States(end, changes...)
	lanes[0].Bands = levels
	for i, last := range []Level{LevelNormal, LevelLimited, LevelEmergency} {
		lanes[1+i].Bands = featureBands(levels, last)
	}
	chart.Golden(t, "../docs/patterns/degradation.svg", chart.Figure{
		Title: "A node that is cut off",
		Note:  "A second alone changes nothing; twenty do. Service comes back step by step, when both others were in reach for long enough.",
		Until: end,
		Bands: []chart.Band{{From: 8500 * time.Millisecond, Until: 9500 * time.Millisecond, Color: chart.Red},
			{From: 20 * time.Second, Until: 40 * time.Second, Label: "cut off", Color: chart.Red}},
		Panels: []chart.Panel{
			{Title: "Nodes in reach of a", Series: []chart.Series{reach}, Max: 3.5, Height: 90},
			{Title: "Level and features", Lanes: lanes},
		},
	})
}

// featureBands returns when a feature is on and off, by the levels of a run.
func featureBands(levels []chart.Band, last Level) []chart.Band {
	var bands []chart.Band
	for _, b := range levels {
		label, color := "off", chart.Grey
		for l := LevelNormal; l <= last; l++ {
			if l.String() == b.Label {
				label, color = "on", chart.Green
			}
		}
		if k := len(bands) - 1; k >= 0 && bands[k].Label == label {
			bands[k].Until = b.Until
			continue
		}
		bands = append(bands, chart.Band{From: b.From, Until: b.Until, Label: label, Color: color})
	}
	return bands
}
