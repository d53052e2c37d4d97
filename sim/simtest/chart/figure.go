package chart

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// A Figure is one picture: panels from top to bottom over one time axis. The zero value draws an
// empty axis.
type Figure struct {
	Title string
	// Note is a line of small print under the title.
	Note string
	// From and Until are the ends of the time axis. If Until is not after From the axis ends with
	// the last point or band, or a second after From if there is none.
	From, Until time.Duration
	// Bands are drawn behind all panels that have numbers; their labels stand in the first of them.
	Bands  []Band
	Panels []Panel
	// Width is that of the picture in pixels, 860 if 0.
	Width int
}

// A Panel has numbers over time, or lanes of states. With Lanes it shows those only.
type Panel struct {
	Title string
	// Unit follows the title: "a second", "%".
	Unit string
	// Series are drawn in order, the last on top.
	Series []Series
	Lanes  []Lane
	// Min and Max are the ends of the vertical axis. If Max is not above Min the axis reaches from
	// Min, or the least value if that is lower, to the greatest value.
	Min, Max float64
	// Height of the plot in pixels, without title and axis: 150 if 0. Lanes have a height of their own.
	Height int
}

// A Series is a number over time.
type Series struct {
	Name   string
	Points []Point // in order of time; a value that is NaN is a gap
	Style  Style
	Color  Color // Auto: another for each series
}

// A Point is a value at a time.
type Point struct {
	At time.Duration
	Y  float64
}

// A Style says how the points of a series are joined.
type Style uint8

// The styles.
const (
	Line       Style = iota // straight from point to point
	Step                    // holds its value until the next point
	Dashed                  // a Line with gaps, for bounds and targets
	DashedStep              // a Step with gaps
	Dots                    // not joined
)

// A Lane is a row of bands, such as the states of one breaker.
type Lane struct {
	Name  string
	Bands []Band
}

// A Band is a span of time that has a name and a colour.
type Band struct {
	From, Until time.Duration
	Label       string
	Color       Color // Auto is Grey
}

// A Change is the time from which a state holds.
type Change struct {
	At    time.Duration
	Label string
	Color Color
}

// States returns the bands of a state: each change holds until the next, the last until the end.
// Changes are in order of time. States that hold for no time are left out.
func States(end time.Duration, changes ...Change) []Band {
	var bands []Band
	for i, c := range changes {
		until := end
		if i+1 < len(changes) {
			until = min(end, changes[i+1].At)
		}
		if c.At < until {
			bands = append(bands, Band{c.At, until, c.Label, c.Color})
		}
	}
	return bands
}

// A Color of the palette. All can be told apart on light and dark ground, the first three also by
// those who do not see red and green apart.
type Color uint8

// The colours. Green, Orange and Red are customary for what works, is in doubt, and does not.
const (
	Auto Color = iota
	Blue
	Orange
	Green
	Purple
	Red
	Grey
)

var palette = [...]string{Blue: "#2f7ed8", Orange: "#e08214", Green: "#2a9d5c", Purple: "#8e5bd0", Red: "#d64545",
	Grey: "#8a8f98"}

func (s Style) dashed() bool { return s == Dashed || s == DashedStep }
func (s Style) steps() bool  { return s == Step || s == DashedStep }

func (c Color) or(other Color) string {
	if c == Auto || int(c) >= len(palette) {
		c = other
	}
	return palette[c]
}

// color returns the colour of the i-th series.
func (p *Panel) color(i int) string { return p.Series[i].Color.or(Color(1 + i%(len(palette)-1))) }

// span returns the ends of the time axis.
func (f *Figure) span() (from, until time.Duration) {
	if f.Until > f.From {
		return f.From, f.Until
	}
	until = f.From
	reach := func(bands []Band) {
		for _, b := range bands {
			until = max(until, b.Until)
		}
	}
	reach(f.Bands)
	for _, p := range f.Panels {
		for _, s := range p.Series {
			for _, at := range s.Points {
				until = max(until, at.At)
			}
		}
		for _, l := range p.Lanes {
			reach(l.Bands)
		}
	}
	if until == f.From {
		until += time.Second
	}
	return f.From, until
}

// scale returns the ends of the vertical axis.
func (p *Panel) scale() (lo, hi float64) {
	if p.Max > p.Min {
		return p.Min, p.Max
	}
	lo, hi = p.Min, p.Min
	for _, s := range p.Series {
		for _, at := range s.Points {
			if !math.IsNaN(at.Y) {
				lo, hi = min(lo, at.Y), max(hi, at.Y)
			}
		}
	}
	if lo == hi {
		hi++
	}
	room := (hi - lo) / 20
	return lo, hi + room
}

// ticks returns round numbers from lo to hi, at most n of them, a step of 1, 2 or 5 times a power of
// ten apart.
func ticks(lo, hi float64, n int) (at []float64, step float64) {
	step = 1
	for (hi-lo)/step > float64(n) {
		step *= 10
	}
	for (hi-lo)/step <= float64(n)/10 {
		step /= 10
	}
	for _, less := range []float64{5, 2} {
		if (hi-lo)*less/step <= float64(n) {
			step /= less
			break
		}
	}
	for i := math.Ceil(lo / step); float64(i*step) <= hi; i++ {
		at = append(at, float64(i*step))
	}
	return at, step
}

// unit returns the unit in which a span of time is told.
func unit(span time.Duration) (time.Duration, string) {
	units := []struct {
		d    time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}}
	i := slices.IndexFunc(units, func(u struct {
		d    time.Duration
		name string
	}) bool {
		return span >= 3*u.d
	})
	if i < 0 {
		return time.Nanosecond, "ns"
	}
	return units[i].d, units[i].name
}

// number prints a value of an axis, with groups of three digits.
func number(v, step float64) string {
	decimals := 0
	for s := step; s < 0.999 && decimals < 9; s *= 10 {
		decimals++
	}
	text := fmt.Sprintf("%.*f", decimals, v)
	whole, digits := len(text), 0
	if decimals > 0 {
		whole -= decimals + 1
	}
	out := []byte(text[whole:])
	for i := whole - 1; i >= 0; i-- {
		if digits > 0 && digits%3 == 0 && text[i] != '-' {
			out = append([]byte{','}, out...)
		}
		out = append([]byte{text[i]}, out...)
		digits++
	}
	return string(out)
}
