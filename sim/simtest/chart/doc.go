// Package chart draws what happened in a run over virtual time, as SVG: lines and steps of
// numbers, bands for phases behind them, lanes of states, in panels under each other that share one
// time axis. It is for the pictures of the documentation, which tests draw and pin with Golden.
//
//	chart.Figure{
//		Title: "A breaker while its service is down",
//		Until: 40 * time.Second,
//		Bands: []chart.Band{{From: 10 * time.Second, Until: 20 * time.Second, Label: "down", Color: chart.Red}},
//		Panels: []chart.Panel{
//			{Title: "Requests", Unit: "a second", Series: []chart.Series{{Name: "answered", Points: points}}},
//			{Title: "Breaker", Lanes: []chart.Lane{{Name: "breaker", Bands: chart.States(end, changes...)}}},
//		},
//	}
//
// Equal figures have equal bytes on every machine. A picture has a card of its own behind it, light
// or, where the reader's system asks for it, dark: so it can be read on any page.
//
// Importing this package, from tests only, gives go test the flag -chart.update, with which Golden
// writes pictures instead of comparing.
package chart
