package chart_test

import (
	"fmt"
	"strings"
	"time"

	"phoenix/sim/simtest/chart"
)

// A service is down for a while, and the breaker before it opens.
func Example() {
	s := time.Second
	fig := chart.Figure{
		Title: "A breaker while its service is down",
		Until: 30 * s,
		Bands: []chart.Band{{From: 10 * s, Until: 20 * s, Label: "service down", Color: chart.Red}},
		Panels: []chart.Panel{
			{Title: "Requests", Unit: "a second", Series: []chart.Series{
				{Name: "answered", Style: chart.Step, Points: []chart.Point{{At: 0, Y: 100}, {At: 10 * s}, {At: 22 * s, Y: 100}}},
			}},
			{Title: "States", Lanes: []chart.Lane{{Name: "breaker", Bands: chart.States(30*s,
				chart.Change{At: 0, Label: "closed", Color: chart.Green},
				chart.Change{At: 11 * s, Label: "open", Color: chart.Red},
				chart.Change{At: 21 * s, Label: "half-open", Color: chart.Orange},
				chart.Change{At: 22 * s, Label: "closed", Color: chart.Green})}}},
		},
	}
	first, _, _ := strings.Cut(string(fig.SVG()), "\n") // chart.Golden(t, "breaker.svg", fig) pins all of it
	fmt.Println(first)
	// Output:
	// <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 316" width="860" height="316" role="img">
}
