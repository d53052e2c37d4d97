package linear

import (
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"

	"phoenix/properties/history"
)

// The data of porcupine's page, by the names its script expects.
type (
	pageData struct {
		Partitions  []pagePart
		Annotations []pageAnnotation
	}
	pagePart struct {
		History               []pageOperation
		PartialLinearizations [][]pageStep
		Largest               map[int]int // by operation, the longest linearization with it
	}
	pageOperation struct {
		ClientId                           int // the row
		Start                              int
		OriginalStart                      string
		End                                int
		OriginalEnd, Description, Metadata string
	}
	pageStep struct {
		Index            int
		StateDescription string
	}
	pageAnnotation struct {
		ClientId                   int
		Tag                        string
		Start, End                 int
		Description, Details       string
		Annotation                 bool
		TextColor, BackgroundColor string
	}
)

// layout is where things go on a page.
type layout struct {
	end   int64         // where what never ended, or may not have, ends
	place map[int64]int // moment -> position; the script wants them 100 apart
	rows  []string      // names
	rowOf map[int]int   // client -> row
	marks []mark        // of the operations in the order of the data
}

// data lays the page out.
func (p *page) data() (pageData, *layout) {
	l := &layout{rowOf: make(map[int]int), place: make(map[int64]int)}
	annotations := l.moments(p)
	l.clients(p)
	d := pageData{Partitions: []pagePart{}, Annotations: annotations}
	for i := range p.parts {
		d.Partitions = append(d.Partitions, l.part(p, &p.parts[i]))
	}
	return d, l
}

// moments places every call, return and bound of an annotation, and returns the
// annotations: those of the time shown, which overlap in rows of their own.
func (l *layout) moments(p *page) []pageAnnotation {
	var all []int64
	for _, part := range p.parts {
		for _, op := range part.ops {
			all = append(all, op.Call)
			if op.Return != history.Pending && op.mark != other {
				all = append(all, op.Return)
			}
		}
	}
	for _, a := range p.h.Annotations {
		if p.left > 0 || len(all) >= 2*(pagePassing+pageAnnotations) {
			break // what is outside of the time shown is left out
		}
		all = append(all, a.From)
		if a.To != history.Pending {
			all = append(all, a.To)
		}
	}
	if len(all) == 0 {
		return []pageAnnotation{}
	}
	from, last := slices.Min(all), slices.Max(all)
	l.end = last + 1
	all = append(all, l.end)
	var faults []history.Annotation
	for _, a := range p.h.Annotations {
		if a.From <= last && a.To >= from && len(faults) < pageAnnotations {
			a.From, a.To = max(a.From, from), min(a.To, l.end)
			faults = append(faults, a)
			all = append(all, a.From, a.To)
		}
	}
	slices.Sort(all)
	for i, at := range slices.Compact(all) {
		l.place[at] = 100 * i
	}
	return l.annotations(faults)
}

func (l *layout) annotations(faults []history.Annotation) []pageAnnotation {
	out := []pageAnnotation{}
	var busyUntil []int64 // per row
	for _, a := range faults {
		row := slices.IndexFunc(busyUntil, func(until int64) bool { return until < a.From })
		if row < 0 {
			row = len(busyUntil)
			busyUntil = append(busyUntil, 0)
		}
		busyUntil[row] = a.To
		name := cutName(a.Label)
		out = append(out, pageAnnotation{Tag: fmt.Sprintf("fault %d", row+1), Start: l.place[a.From], End: l.place[a.To],
			Description: name, Details: name, Annotation: true, BackgroundColor: "#f6c1b8"})
	}
	return out
}

// clients gives each client a row, in ascending order, and below them each of
// Others.
func (l *layout) clients(p *page) {
	var clients []int
	for _, part := range p.parts {
		for _, op := range part.ops {
			if op.mark != other {
				clients = append(clients, op.Client)
			}
		}
	}
	slices.Sort(clients)
	for row, client := range slices.Compact(clients) {
		l.rowOf[client] = row
		l.rows = append(l.rows, fmt.Sprintf("client %d", client))
	}
}

func (l *layout) part(p *page, from *part) pagePart {
	out := pagePart{History: []pageOperation{}, PartialLinearizations: [][]pageStep{}, Largest: map[int]int{}}
	for _, op := range from.ops {
		o := pageOperation{ClientId: l.rowOf[op.Client], Description: p.describe(op.Operation), Metadata: details(op.Operation),
			Start: l.place[op.Call], OriginalStart: strconv.FormatInt(op.Call, 10), End: l.place[l.end], OriginalEnd: "unknown"}
		switch {
		case op.mark == other:
			o.ClientId = len(l.rows)
			l.rows = append(l.rows, fmt.Sprintf("client %d", op.Client))
			o.OriginalEnd = "plays no part"
		case op.Return != history.Pending:
			o.End, o.OriginalEnd = l.place[op.Return], strconv.FormatInt(op.Return, 10)
		}
		out.History = append(out.History, o)
		l.marks = append(l.marks, op.mark)
	}
	for i, order := range from.orders {
		out.PartialLinearizations = append(out.PartialLinearizations, p.replay(from, order))
		for _, at := range order {
			if _, longer := out.Largest[at]; !longer {
				out.Largest[at] = i
			}
		}
	}
	return out
}

// replay returns the states that order goes through.
func (p *page) replay(from *part, order []int) []pageStep {
	state := p.opt.initial()
	steps := make([]pageStep, len(order))
	for i, at := range order {
		op := from.ops[at].Operation
		if from.ops[at].mark == other {
			op = asPending(op)
		}
		_, state = p.step(state, op)
		steps[i] = pageStep{at, html.EscapeString(short(state))}
	}
	return steps
}

// describe is the text in the box of op: with its key, if there are several.
func (p *page) describe(op *history.Operation) string {
	s := what(op)
	if p.parts[0].key != p.parts[len(p.parts)-1].key {
		s = cutName(op.Key) + ": " + s
	}
	if op.Outcome == history.Unknown {
		s += " → unknown"
	}
	return s
}

// details is the tooltip of op, as HTML.
func details(op *history.Operation) string {
	lines := []string{fmt.Sprintf("client %d", op.Client)}
	if op.Node != "" {
		lines = append(lines, "node "+html.EscapeString(cutName(op.Node)))
	}
	if op.CallTime != 0 || op.ReturnTime != 0 {
		lines = append(lines, fmt.Sprintf("called at %s ms, returned at %s ms", millis(op.CallTime), millis(op.ReturnTime)))
	}
	return strings.Join(lines, "<br>")
}

// cutName is a name from outside, not too long.
func cutName(name string) string {
	runes := []rune(name)
	if len(runes) <= pageName {
		return name
	}
	return string(runes[:pageName-1]) + "…"
}

// encode is v as JSON that may stand in a script.
func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("linear: a page that has no JSON: " + err.Error())
	}
	return string(text)
}
