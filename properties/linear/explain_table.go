package linear

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"phoenix/properties/history"
)

// involved is an operation of a contradiction.
type involved struct {
	*history.Operation
	other   bool // of Contradiction.Others
	culprit bool
}

// involved lists Operations, then Others, each by Call. The culprit is the last
// of Operations to return.
func (c *Contradiction) involved(h *history.History) []involved {
	var all []involved
	last := -1
	for _, at := range c.Operations {
		op := &h.Operations[at]
		if op.Return != history.Pending && (last < 0 || op.Return >= all[last].Return) {
			last = len(all)
		}
		all = append(all, involved{Operation: op})
	}
	if last >= 0 {
		all[last].culprit = true
	}
	for _, at := range c.Others {
		all = append(all, involved{Operation: &h.Operations[at], other: true})
	}
	return all
}

// Table returns a line for each operation of the contradiction, which is one of
// h: a number, the client, what it did, the key if it has a name, from when to
// when on the scale of Call and Return, and the same in milliseconds if the
// history knows. Columns are aligned; the operation after which no order was
// left is marked with ">", and each of Others says that only its call counts.
func (c *Contradiction) Table(h *history.History) []string {
	all := c.involved(h)
	timed := slices.ContainsFunc(all, func(o involved) bool { return o.CallTime != 0 || o.ReturnTime != 0 })
	rows := make([][]string, len(all))
	for i, o := range all {
		mark, note := " ", ""
		if o.culprit {
			mark, note = ">", "after this no order is left"
		}
		if o.other {
			note = "(may have happened at any time after its call)"
		}
		number := fmt.Sprintf("%s %*d", mark, len(strconv.Itoa(len(all))), i+1)
		row := []string{number, client(o.Operation), what(o.Operation)}
		if c.Key != "" {
			row = append(row, printable(c.Key))
		}
		row = append(row, fmt.Sprintf("%d..%s", o.Call, o.end(strconv.FormatInt(o.Return, 10))))
		if timed {
			row = append(row, fmt.Sprintf("%s..%s", millis(o.CallTime), o.end(millis(o.ReturnTime)+" ms")))
		}
		rows[i] = append(row, note)
	}
	return aligned(rows)
}

// printable is key, quoted if it would disturb a line.
func printable(key string) string {
	if quoted := strconv.Quote(key); quoted != `"`+key+`"` {
		return quoted
	}
	return key
}

// end is text where the end of o is known and counts.
func (o *involved) end(text string) string {
	if o.other || o.Return == history.Pending {
		return ""
	}
	return text
}

// millis writes nanoseconds as milliseconds.
func millis(ns int64) string { return strconv.FormatFloat(float64(ns)/1e6, 'f', 3, 64) }

// aligned joins the cells of each row, which are equally many, in columns.
func aligned(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		widths = append(widths, make([]int, max(0, len(row)-len(widths)))...)
		for column, cell := range row {
			widths[column] = max(widths[column], utf8.RuneCountInString(cell))
		}
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		var b strings.Builder
		for column, cell := range row {
			b.WriteString(cell)
			b.WriteString(strings.Repeat(" ", widths[column]-utf8.RuneCountInString(cell)+2))
		}
		lines[i] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// laneColumns is how wide Lanes may get, and laneOthers how many of Others it draws.
const (
	laneColumns = 100
	laneOthers  = 8
)

// Lanes draws the operations of the contradiction, which is one of h: a row for
// each client and each of Others, from call to return, in the order of time but
// not to scale. Operations that overlap in time do so on paper; ">" stands for
// an end that does not count. They are labelled, or numbered as in Table if
// there is no room; of many Others a last line gives the number. It returns nil
// if more than 100 columns were needed.
func (c *Contradiction) Lanes(h *history.History) []string {
	all := c.involved(h)
	more := max(0, len(c.Others)-laneOthers)
	all = all[:len(all)-more]
	lines := lanes(all, func(i int) string { return what(all[i].Operation) })
	if lines == nil {
		lines = lanes(all, func(i int) string { return strconv.Itoa(i + 1) })
	}
	if lines != nil && more > 0 {
		count := counted(more, "operation")
		lines = append(lines, fmt.Sprintf("and %s that may have happened at any time after the call", count))
	}
	return lines
}

func lanes(all []involved, label func(i int) string) []string {
	names, row := rowsOf(all)
	margin := 0
	for _, name := range names {
		margin = max(margin, len(name)+2)
	}
	column, right := columns(all, label)
	if margin+right > laneColumns {
		return nil
	}
	canvas := make([][]rune, len(names))
	for i, name := range names {
		canvas[i] = []rune(name + strings.Repeat(" ", margin+right-len(name)))
	}
	for i := range all {
		o := &all[i]
		from, to, end := margin+column[o.Call], margin+right-1, '>'
		if o.end("known") != "" {
			to, end = margin+column[o.Return], '|'
		}
		text := []rune(label(i))
		if from == to {
			copy(canvas[row[i]][from:], append([]rune("|"), text...))
			continue
		}
		for x := from; x <= to; x++ {
			canvas[row[i]][x] = o.stroke()
		}
		canvas[row[i]][from], canvas[row[i]][to] = '|', end
		copy(canvas[row[i]][from+1+(to-from-1-len(text))/2:to], text)
	}
	lines := make([]string, len(canvas))
	for i := range canvas {
		lines[i] = strings.TrimRight(string(canvas[i]), " ")
	}
	return lines
}

// stroke is what the line of o is made of.
func (o *involved) stroke() rune {
	switch {
	case o.culprit:
		return '='
	case o.other:
		return '.'
	}
	return '-'
}

// rowsOf gives each client a row, in the order of first calls, and then each of
// Others.
func rowsOf(all []involved) (names []string, row []int) {
	row = make([]int, len(all))
	of := make(map[int]int)
	for i, o := range all {
		at, known := of[o.Client]
		if !known || o.other {
			at = len(names)
			names = append(names, client(o.Operation))
			of[o.Client] = at
		}
		row[i] = at
	}
	return names, row
}

// columns places the calls and returns from left to right, so that labels fit
// between them, and returns the width in all.
func columns(all []involved, label func(i int) string) (of map[int64]int, width int) {
	var moments []int64
	for i := range all {
		moments = append(moments, all[i].Call)
		if all[i].end("known") != "" {
			moments = append(moments, all[i].Return)
		}
	}
	slices.Sort(moments)
	of = make(map[int64]int)
	next := 0
	for _, at := range slices.Compact(moments) {
		for i := range all {
			if all[i].Return == at && all[i].end("known") != "" && all[i].Call < at {
				next = max(next, of[all[i].Call]+utf8.RuneCountInString(label(i))+3)
			}
		}
		of[at], width = next, next+1
		next += 2
		for i := range all {
			if all[i].Call == at && all[i].Return == at && !all[i].other {
				next = max(next, of[at]+utf8.RuneCountInString(label(i))+2)
				width = max(width, next)
			}
		}
	}
	for i := range all {
		width = max(width, of[all[i].Call]+utf8.RuneCountInString(label(i))+4)
	}
	return of, width
}
