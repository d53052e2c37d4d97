package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"phoenix/sim/simtest/chart"

	"github.com/stretchr/testify/require"
)

const s = time.Second

// everything is a figure that uses all there is.
func everything() chart.Figure {
	var sine, load, late []chart.Point
	for i := range 81 {
		at := time.Duration(i) * s / 2
		y := 900 + float64(i%7)*20
		if i >= 20 && i < 40 {
			y = 120
		}
		load = append(load, chart.Point{At: at, Y: 1100})
		if i >= 50 && i < 54 {
			y = math.NaN()
		}
		sine = append(sine, chart.Point{At: at, Y: y})
		late = append(late, chart.Point{At: at, Y: float64(i%9) / 100})
	}
	return chart.Figure{
		Title: "Everything <at once> & more",
		Note:  "seed 0x2a, 1,000 clients",
		Until: 40 * s,
		Bands: []chart.Band{{From: 10 * s, Until: 20 * s, Label: "down", Color: chart.Red},
			{From: 20 * s, Until: 22 * s, Label: "label too long", Color: chart.Orange}},
		Panels: []chart.Panel{
			{Title: "Requests", Unit: "a second", Series: []chart.Series{
				{Name: "answered", Style: chart.Step, Points: sine},
				{Name: "asked", Style: chart.Dashed, Points: load}}},
			{Title: "Latency", Unit: "s", Height: 90, Series: []chart.Series{
				{Name: "median", Points: late}, {Name: "samples", Style: chart.Dots, Points: late, Color: chart.Purple}}},
			{Title: "States", Lanes: []chart.Lane{
				{Name: "breaker", Bands: chart.States(40*s,
					chart.Change{At: 0, Label: "closed", Color: chart.Green},
					chart.Change{At: 11 * s, Label: "open", Color: chart.Red},
					chart.Change{At: 21 * s, Label: "half-open", Color: chart.Orange},
					chart.Change{At: 23 * s, Label: "closed", Color: chart.Green})},
				{Name: "degradation", Bands: chart.States(40*s, chart.Change{At: 0, Label: "full", Color: chart.Blue})}}},
		},
	}
}

func TestAPictureIsPinnedToTheByte(t *testing.T) {
	chart.Golden(t, filepath.Join("testdata", "everything.svg"), everything())
}

func TestAPictureIsXML(t *testing.T) {
	for _, f := range []chart.Figure{{}, everything(), {Panels: []chart.Panel{{}}}} {
		d := xml.NewDecoder(bytes.NewReader(f.SVG()))
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
		}
		require.NotContains(t, string(f.SVG()), "NaN")
		require.NotContains(t, string(f.SVG()), "Inf")
	}
}

// A recorder is a test that may fail.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

func TestGoldenFailsWhereThePictureIsAnother(t *testing.T) {
	updating := flag.Lookup("chart.update").Value
	defer updating.Set(updating.String())
	require.NoError(t, updating.Set("false"))
	f := everything()
	path := filepath.Join(t.TempDir(), "picture.svg")
	require.NoError(t, os.WriteFile(path, f.SVG(), 0o666))
	chart.Golden(t, path, f)
	f.Panels[0].Series[0].Points[3].Y += 20
	r := &recorder{TB: t}
	chart.Golden(r, path, f)
	require.True(t, r.failed)
}

func TestStatesHoldUntilTheNextAndUntilTheEnd(t *testing.T) {
	require.Equal(t,
		[]chart.Band{{From: 0, Until: 2 * s, Label: "a"}, {From: 2 * s, Until: 5 * s, Label: "c"}},
		chart.States(5*s, chart.Change{Label: "a"}, chart.Change{At: 2 * s, Label: "b"},
			chart.Change{At: 2 * s, Label: "c"}, chart.Change{At: 7 * s, Label: "after the end"}))
	require.Empty(t, chart.States(s))
}

func TestTheTimeAxisIsToldInAFittingUnit(t *testing.T) {
	for span, says := range map[time.Duration]string{2 * time.Hour: "virtual time, min", 5 * s: "virtual time, s",
		2 * s: "virtual time, ms", 7 * time.Microsecond: "virtual time, µs", 7: "virtual time, ns"} {
		require.Contains(t, string(chart.Figure{Until: span}.SVG()), says, span)
	}
}

func TestAnAxisEndsWithTheLastPointOrBand(t *testing.T) {
	f := chart.Figure{Panels: []chart.Panel{{Series: []chart.Series{{Points: []chart.Point{{At: 4 * s, Y: 2000}}}}},
		{Lanes: []chart.Lane{{Bands: []chart.Band{{Until: 9 * s}}}}}}}
	require.Contains(t, string(f.SVG()), ">9</text>")
	require.NotContains(t, string(f.SVG()), ">10</text>")
	require.Contains(t, string(f.SVG()), ">2,000</text>")
}
