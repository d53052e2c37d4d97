package supervisor

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/simtest/chart"

	"github.com/stretchr/testify/require"
)

// Three cities under one supervisor, which is a child of another. They are bombed ever more often.
func TestThePictureOfASupervisorIsThatOfARun(t *testing.T) {
	const end = 30 * time.Second
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	cities := []string{"rome", "oslo", "lima"}
	lanes := map[string]*[]chart.Change{"supervisor": {}}
	restarts := chart.Series{Name: "in the last 5 s", Style: chart.Step, Color: chart.Blue}
	bombs := map[string]*sim.Signal{}
	color := map[string]chart.Color{"up": chart.Green, "restarts": chart.Orange, "down": chart.Red}
	set := func(lane, state string) {
		*lanes[lane] = append(*lanes[lane], chart.Change{At: time.Duration(w.Now()), Label: state, Color: color[state]})
	}
	var top *Supervisor
	var children []Child
	for _, name := range cities {
		lanes[name], bombs[name] = &[]chart.Change{}, &sim.Signal{}
		children = append(children, Child{ID: name, Shutdown: 500 * time.Millisecond,
			Worker: ProcessStart(func(p *Proc) (func(*Proc) error, error) {
				p.Sleep(600 * time.Millisecond) // it is built again
				set(name, "up")
				return func(p *Proc) error { p.Wait(bombs[name]); panic("bombed") }, nil
			})})
	}
	gaveUp := 0
	cfg := City
	cfg.OnReport = func(r Report) {
		switch r.Action {
		case Start:
			set(r.Child, "restarts")
		case Exit, Killed:
			set(r.Child, "down")
		case End:
			set("supervisor", "down")
			gaveUp++
		}
	}
	network.New(w, network.Config{}).Add("node", func(ep *network.Endpoint) network.Handler {
		top = NewNode(ep, Config{Name: "top", OnReport: func(r Report) {
			if r.Action == Start {
				set("supervisor", "up")
			}
		}}, Child{ID: "cities", Worker: Tree(cfg, children...)})
		top.Start()
		return nil
	})
	for i, at := range []float64{4, 9, 12, 15, 17.5, 19, 20.5, 21.8, 26} {
		w.At(sim.Time(at*float64(time.Second)), bombs[cities[i%3]].Broadcast)
	}
	for w.Now() < sim.Time(end) {
		w.RunFor(100 * time.Millisecond)
		n := 0
		for _, at := range top.live["cities"].tree.core.window.at {
			if w.Now().Sub(at) <= City.Period {
				n++
			}
		}
		restarts.Points = append(restarts.Points, chart.Point{At: time.Duration(w.Now()), Y: float64(n)})
	}
	require.Equal(t, 1, gaveUp)
	figure := chart.Figure{
		Title: "Three cities under one supervisor",
		Note: "A city that is bombed is built again alone. The fourth restart in 5 s ends all of them, " +
			"and the supervisor above starts from the beginning.",
		Until: end,
		Panels: []chart.Panel{
			{Title: "Restarts", Series: []chart.Series{restarts, {Name: "allowed", Style: chart.Dashed, Color: chart.Red,
				Points: []chart.Point{{At: 0, Y: 3}, {At: end, Y: 3}}}}, Max: 4, Height: 90},
			{Title: "Who runs"},
		},
	}
	for _, name := range append([]string{"supervisor"}, cities...) {
		lane := chart.Lane{Name: name, Bands: chart.States(end, *lanes[name]...)}
		figure.Panels[1].Lanes = append(figure.Panels[1].Lanes, lane)
	}
	chart.Golden(t, "../../docs/patterns/supervisor.svg", figure)
}
