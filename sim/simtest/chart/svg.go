package chart

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"time"
	"unicode/utf8"
)

// Lengths in pixels.
const (
	width   = 860
	pad     = 16
	plot    = 150 // height of a panel's plot
	row     = 22  // height of a lane, and of a row of the legend
	axis    = 34  // below the last panel
	gap     = 14  // between panels
	glyph   = 6.3 // width of a character of the small print, on average
	heading = 22
)

// The colours that depend on the page are in a style sheet; all others are in the elements.
const style = `<style>
text{font:11px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#3c4450}
.h{font-size:15px;font-weight:600;fill:#1c222b}.p{font-size:12px;font-weight:600;fill:#1c222b}.e{text-anchor:end}
.m,.b{text-anchor:middle}.b{paint-order:stroke;stroke:#fcfcfd;stroke-opacity:.8;stroke-width:4px}` +
	`.w{fill:#fff;text-anchor:middle}.card{fill:#fcfcfd;stroke:#d5d9e0}.grid{stroke:#e3e6eb}
.axis{stroke:#8a8f98}
@media(prefers-color-scheme:dark){text{fill:#b9c0cb}.h,.p{fill:#eef1f5}.w{fill:#fff}.card{fill:#14181f;stroke:#303845}
.grid{stroke:#2a313c}.b{stroke:#14181f}}
</style>
`

// A canvas collects the elements of a picture. The time axis reaches from left to right.
type canvas struct {
	bytes.Buffer
	left, right float64
	from, until time.Duration
	clips       int
}

func (c *canvas) add(format string, args ...any) { fmt.Fprintf(c, format+"\n", args...) }

func (c *canvas) text(class string, x, y float64, text string) {
	c.add(`<text class="%s" x="%s" y="%s">%s</text>`, class, px(x), px(y), html.EscapeString(text))
}

// px prints a coordinate to a tenth of a pixel.
func px(v float64) string {
	text := fmt.Sprintf("%.1f", v)
	if text == "-0.0" {
		return "0"
	}
	return string(bytes.TrimSuffix([]byte(text), []byte(".0")))
}

// x returns where a time is.
func (c *canvas) x(at time.Duration) float64 {
	return c.left + float64((c.right-c.left)*float64(at-c.from))/float64(c.until-c.from)
}

// wide estimates the width of a text.
func wide(text string) float64 { return float64(glyph * float64(utf8.RuneCountInString(text))) }

// SVG draws the figure. Bands and points outside of the axes are clipped. It takes time and space in
// proportion to the points.
func (f Figure) SVG() []byte {
	c := &canvas{left: pad + 44, right: width - pad}
	if f.Width > 0 {
		c.right = float64(f.Width - pad)
	}
	c.from, c.until = f.span()
	for _, p := range f.Panels {
		for _, l := range p.Lanes {
			c.left = max(c.left, pad+8+wide(l.Name))
		}
	}
	y := float64(pad)
	for _, line := range []struct{ class, text string }{{"h", f.Title}, {"", f.Note}} {
		if line.text != "" {
			c.text(line.class, pad, y+13, line.text)
			y += heading
		}
	}
	labelled := false
	for i := range f.Panels {
		p := &f.Panels[i]
		y = c.legend(p, y+gap/2)
		if len(p.Lanes) > 0 {
			y = c.lanes(p, y)
		} else {
			y = c.panel(p, f.Bands, y, !labelled)
			labelled = true
		}
		y += gap / 2
	}
	c.times(y)
	return f.page(c, int(y)+axis)
}

// page puts what was drawn on its card.
func (f *Figure) page(c *canvas, height int) []byte {
	var page bytes.Buffer
	w := int(c.right) + pad
	fmt.Fprintf(&page, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`,
		w, height, w, height)
	fmt.Fprintf(&page, "\n<title>%s</title>\n%s", html.EscapeString(f.Title), style)
	fmt.Fprintf(&page, `<rect class="card" x=".5" y=".5" width="%d" height="%d" rx="8"/>`+"\n", w-1, height-1)
	page.Write(c.Bytes())
	page.WriteString("</svg>\n")
	return page.Bytes()
}

// legend draws the title of a panel and what its colours mean, and returns where the plot begins.
func (c *canvas) legend(p *Panel, y float64) float64 {
	title := p.Title
	if p.Unit != "" {
		title += ", " + p.Unit
	}
	c.text("p", c.left, y+12, title)
	x := c.left + float64(1.15*wide(title)) + 18
	entry := func(color, name string, s Style) {
		if name == "" {
			return
		}
		if end := x + 18 + wide(name); end > c.right {
			x, y = c.left, y+row-4
		}
		c.key(x, y+8, color, s)
		c.text("", x+18, y+12, name)
		x += 18 + wide(name) + 12
	}
	for i, s := range p.Series {
		entry(p.color(i), s.Name, s.Style)
	}
	met := map[Band]bool{}
	for _, l := range p.Lanes {
		for _, b := range l.Bands {
			if k := (Band{Label: b.Label, Color: b.Color}); !met[k] {
				met[k] = true
				entry(b.Color.or(Grey), b.Label, Step)
			}
		}
	}
	return y + row
}

// key draws the sample of a colour in a legend.
func (c *canvas) key(x, y float64, color string, s Style) {
	switch {
	case s.dashed():
		c.add(`<path d="M%s %sh13" stroke="%s" stroke-width="2" stroke-dasharray="4 3"/>`, px(x), px(y), color)
	case s == Dots:
		c.add(`<circle cx="%s" cy="%s" r="3" fill="%s"/>`, px(x+7), px(y), color)
	default:
		c.add(`<rect x="%s" y="%s" width="13" height="8" rx="2" fill="%s"/>`, px(x), px(y-4), color)
	}
}

// clip opens a group that shows nothing outside of the plot.
func (c *canvas) clip(y, height float64) {
	c.clips++
	c.add(`<clipPath id="c%d"><rect x="%s" y="%s" width="%s" height="%s"/></clipPath><g clip-path="url(#c%d)">`,
		c.clips, px(c.left), px(y), px(c.right-c.left), px(height), c.clips)
}

// panel draws numbers, and returns where it ends.
func (c *canvas) panel(p *Panel, bands []Band, y float64, labels bool) float64 {
	height := float64(plot)
	if p.Height > 0 {
		height = float64(p.Height)
	}
	lo, hi := p.scale()
	level := func(v float64) float64 { return y + height - float64((v-lo)/(hi-lo)*height) }
	c.clip(y, height)
	for _, b := range bands {
		x, w := c.x(b.From), c.x(b.Until)-c.x(b.From)
		c.add(`<rect x="%s" y="%s" width="%s" height="%s" fill="%s" fill-opacity=".14"/>`,
			px(x), px(y), px(w), px(height), b.Color.or(Grey))
	}
	c.add("</g>")
	at, step := ticks(lo, hi, int(height)/30)
	for _, v := range at {
		c.add(`<path class="grid" d="M%s %sH%s"/>`, px(c.left), px(level(v)), px(c.right))
		c.text("e", c.left-6, level(v)+4, number(v, step))
	}
	c.add(`<path class="axis" d="M%s %sH%s"/>`, px(c.left), px(y+height), px(c.right))
	c.clip(y-1, height+2)
	for i, s := range p.Series {
		c.series(s, p.color(i), level)
	}
	for _, b := range bands {
		if x, w := c.x(b.From), c.x(b.Until)-c.x(b.From); labels && wide(b.Label) < w {
			c.text("b", x+w/2, y+13, b.Label)
		}
	}
	c.add("</g>")
	return y + height
}

// series draws the points of a series.
func (c *canvas) series(s Series, color string, level func(float64) float64) {
	if s.Style == Dots {
		for _, at := range s.Points {
			if !math.IsNaN(at.Y) {
				c.add(`<circle cx="%s" cy="%s" r="2" fill="%s"/>`, px(c.x(at.At)), px(level(at.Y)), color)
			}
		}
		return
	}
	var path bytes.Buffer
	pen := false // is down
	for _, at := range s.Points {
		x := px(c.x(at.At))
		switch {
		case math.IsNaN(at.Y) && pen && s.Style.steps():
			fmt.Fprintf(&path, "H%s", x)
			pen = false
		case math.IsNaN(at.Y):
			pen = false
		case !pen:
			fmt.Fprintf(&path, "M%s %s", x, px(level(at.Y)))
			pen = true
		case s.Style.steps():
			fmt.Fprintf(&path, "H%sV%s", x, px(level(at.Y)))
		default:
			fmt.Fprintf(&path, "L%s %s", x, px(level(at.Y)))
		}
	}
	if pen && s.Style.steps() {
		fmt.Fprintf(&path, "H%s", px(c.right))
	}
	dashes := ""
	if s.Style.dashed() {
		dashes = ` stroke-dasharray="5 4"`
	}
	c.add(`<path d="%s" fill="none" stroke="%s" stroke-width="1.8" stroke-linejoin="round"%s/>`,
		path.String(), color, dashes)
}

// lanes draws states, and returns where they end.
func (c *canvas) lanes(p *Panel, y float64) float64 {
	for _, l := range p.Lanes {
		c.text("e", c.left-6, y+14, l.Name)
		c.clip(y, row)
		for _, b := range l.Bands {
			x, w := c.x(b.From), c.x(b.Until)-c.x(b.From)
			c.add(`<rect x="%s" y="%s" width="%s" height="%d" rx="2" fill="%s"><title>%s</title></rect>`,
				px(x), px(y+1), px(w), row-4, b.Color.or(Grey), html.EscapeString(b.Label))
			if wide(b.Label)+6 < w {
				c.text("w", x+w/2, y+14, b.Label)
			}
		}
		c.add("</g>")
		y += row
	}
	return y
}

// times draws the time axis.
func (c *canvas) times(y float64) {
	d, name := unit(c.until - c.from)
	at, step := ticks(float64(c.from)/float64(d), float64(c.until)/float64(d), 12)
	for _, v := range at {
		x := c.left + float64((c.right-c.left)*(float64(v*float64(d))-float64(c.from)))/float64(c.until-c.from)
		c.add(`<path class="axis" d="M%s %sv4"/>`, px(x), px(y-gap/2))
		c.text("m", x, y+10, number(v, step))
	}
	c.text("e", c.right, y+24, "virtual time, "+name)
}
