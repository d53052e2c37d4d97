package explore

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"phoenix/network"
	"phoenix/sim"
)

// Lanes draws the path as a sequence diagram: a lane for each node, time downwards, a row
// for each step. An arrow is the delivery of a message, in the row of the step; what it is
// stands on the right, with the step that it was sent in. An arrow that ends with an x is a
// message that is lost, one of = a message that is doubled; a node with an x crashes, and
// its lane has no line until it starts again; a node with a * fires a timer. Where lanes are
// dotted, time passes.
//
// Rows have at most 120 columns, and lanes get narrower for that. If there are too many
// nodes, only those are drawn to which something happens; if they are still too many, the
// one line says so. Errors are those of Story.
func (p *Path) Lanes() ([]string, error) {
	c, err := p.account()
	if err != nil {
		return nil, err
	}
	d := &diagram{p: p, words: words{name: p.sys.name}, number: len(fmt.Sprint(len(c.steps)))}
	if !d.lay(c) {
		return []string{fmt.Sprintf("%d nodes take part, too many to draw", len(d.nodes))}, nil
	}
	d.header()
	for i := range c.boot {
		if a := &c.boot[i]; len(a.told) > 0 {
			d.row(0, a)
		}
	}
	for i := range c.steps {
		if i == p.round() {
			d.lines = append(d.lines, "and then for ever:")
		}
		if !c.steps[i].merged() {
			d.row(i+1, &c.steps[i])
		}
	}
	return d.lines, nil
}

// Widths of lanes in columns, and what is left for what stands on the right.
const (
	widestLane   = 12
	narrowLane   = 3
	leastForText = 30
)

// diagram is lanes being drawn.
type diagram struct {
	words
	p      *Path
	nodes  []network.ID // from left to right
	width  int          // of a lane
	number int          // of the step numbers
	lines  []string
	down   []network.ID // nodes that are
}

// lay decides which lanes there are, and how wide they are.
func (d *diagram) lay(c *account) bool {
	for i := range c.boot {
		d.nodes = append(d.nodes, c.boot[i].step.Node)
	}
	room := storyColumns - leastForText - d.number - 2
	if len(d.nodes)*narrowLane > room {
		d.nodes = nil
		for i := range c.steps {
			d.nodes = append(d.nodes, c.steps[i].step.Node, c.steps[i].step.From)
		}
		slices.Sort(d.nodes)
		d.nodes = slices.DeleteFunc(slices.Compact(d.nodes), func(id network.ID) bool { return id == sim.NoHost })
	}
	longest := 0
	for _, id := range d.nodes {
		longest = max(longest, utf8.RuneCountInString(d.name(id)))
	}
	d.width = min(max(longest+2, 9), widestLane)
	if len(d.nodes) > 0 {
		d.width = min(d.width, room/len(d.nodes))
	}
	return d.width >= narrowLane
}

// header writes the names of the lanes, one below the other where they are too long.
func (d *diagram) header() {
	height := 1
	for _, id := range d.nodes {
		if n := utf8.RuneCountInString(d.name(id)); n >= d.width {
			height = max(height, (n+d.width-2)/(d.width-1))
		}
	}
	for y := range height {
		line := strings.Repeat(" ", d.number+2)
		for _, id := range d.nodes {
			name := []rune(d.name(id))
			from := min(len(name), y*(d.width-1))
			part := string(name[from:min(len(name), from+d.width-1)])
			left := (d.width - utf8.RuneCountInString(part)) / 2
			line += fmt.Sprintf("%*s%-*s", left, "", d.width-left, part)
		}
		d.lines = append(d.lines, strings.TrimRight(line, " "))
	}
}

// at is the column of a node's lane within a row, -1 if it has none.
func (d *diagram) at(id network.ID) int {
	i := slices.Index(d.nodes, id)
	if i < 0 {
		return -1
	}
	return i*d.width + (d.width-1)/2
}

// row draws one step.
func (d *diagram) row(number int, a *act) {
	s := &a.step
	if s.Kind == StepRestart {
		d.down = slices.DeleteFunc(d.down, func(id network.ID) bool { return id == s.Node })
	}
	row := []rune(strings.Repeat(" ", len(d.nodes)*d.width))
	for _, id := range d.nodes {
		if !slices.Contains(d.down, id) {
			row[d.at(id)] = '|'
		}
	}
	d.mark(row, a)
	if s.Kind == StepCrash || a.crashed || a.panicked != "" {
		d.down = append(d.down, s.Node)
	}
	line := fmt.Sprintf("%*d  %s  ", d.number, number, string(row))
	text := []rune(d.label(a))
	if left := storyColumns - utf8.RuneCountInString(line); len(text) > left {
		text = append(text[:left-3], '.', '.', '.')
	}
	d.lines = append(d.lines, strings.TrimRight(line+string(text), " "))
}

// mark draws what happens into a row.
func (d *diagram) mark(row []rune, a *act) {
	s := &a.step
	to := d.at(s.Node)
	switch s.Kind {
	case StepDeliver:
		arrow(row, d.at(s.From), to, '-')
	case StepDrop:
		arrow(row, d.at(s.From), to, '-')
		end(row, d.at(s.From), to, 'x')
	case StepDuplicate:
		arrow(row, d.at(s.From), to, '=')
	case StepBoot, StepRestart:
		row[to] = 'o'
	case StepTimer:
		row[to] = '*'
	case StepCut, StepMend:
		paint(row, ' ', '~')
	case StepTick:
		paint(row, '|', ':')
	}
	if s.Kind == StepCrash || a.crashed || a.panicked != "" {
		row[to] = 'x'
	}
}

// paint puts one mark in the place of another throughout a row.
func paint(row []rune, old, mark rune) {
	for i := range row {
		if row[i] == old {
			row[i] = mark
		}
	}
}

// arrow draws a message from one lane to another, or back to where it is from.
func arrow(row []rune, from, to int, line rune) {
	if from == to {
		row[to] = '@'
		return
	}
	for x := min(from, to) + 1; x < max(from, to); x++ {
		row[x] = line
	}
	end(row, from, to, '>')
}

// end sets the head of an arrow, which points from left to right if it is >.
func end(row []rune, from, to int, head rune) {
	switch {
	case from < to:
		row[to-1] = head
	case from > to && head == '>':
		row[to+1] = '<'
	case from > to:
		row[to+1] = head
	}
}

// label is what stands on the right of a row: what happens, and what is told.
func (d *diagram) label(a *act) string {
	s := &a.step
	var parts []string
	switch s.Kind {
	case StepDeliver:
		parts = append(parts, fmt.Sprintf("%s (%d)", d.say(s.Msg), a.letter.step))
	case StepDrop:
		parts = append(parts, fmt.Sprintf("lost: %s (%d)", d.say(s.Msg), a.letter.step))
	case StepDuplicate:
		parts = append(parts, fmt.Sprintf("doubled: %s (%d)", d.say(s.Msg), a.letter.step))
	case StepTimer:
		parts = append(parts, s.Name)
	case StepTick:
		parts = append(parts, "time passes: "+a.passed.String())
	case StepCut:
		parts = append(parts, "partition: "+s.Name)
	case StepMend:
		parts = append(parts, "end of partition: "+s.Name)
	case StepCrash, StepRestart:
		parts = append(parts, s.Kind.String())
	}
	if a.crashed {
		parts = append(parts, "crash")
	}
	if a.panicked != "" {
		parts = append(parts, "panic")
	}
	t := teller{words: d.words}
	for i := range a.told {
		parts = append(parts, d.name(s.Node)+" "+t.telling(&a.told[i]))
	}
	return strings.Join(parts, "; ")
}
