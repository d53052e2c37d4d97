package linear

import (
	"context"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"

	"phoenix/properties/history"
)

// WriteHTML writes porcupine's interactive picture of h to w: a page that needs
// nothing else, with a row for each client in ascending order, the longest
// linearizations found, the operations they cannot place, and the annotations
// of h in rows below. It shows every operation that matters.
//
// Each key is searched again within the bounds of opt; beyond them
// linearizations are missing. The error is Check's for a history that cannot be
// judged, or the writer's. Time, memory and page grow up to the square of the
// length of a history that fails. Two pages of one history may list equally
// long linearizations in a different order.
func WriteHTML(ctx context.Context, w io.Writer, h *history.History, opt Options) error {
	objects, err := split(h, &opt)
	if err != nil {
		return err
	}
	pic := picture{end: lastMoment(h) + 1, rows: clientRows(h)}
	var ops []porcupine.Operation
	for _, o := range objects {
		s := newSearch(ctx, &opt, opt.stepBound())
		s.allow(len(o.ops))
		for _, op := range s.porcupineOperations(o.ops) {
			op.ClientId, op.Metadata = pic.rows[op.ClientId], details(op.Input.(call).op)
			op.Return = min(op.Return, pic.end)
			ops = append(ops, op)
		}
	}
	model := opt.porcupineModel()
	model.Partition = bySearch
	model.DescribeOperation = func(input, _ any) string { return describe(input.(call).op) }
	model.DescribeState = func(state any) string { return html.EscapeString(state.(history.Value).String()) }
	model.DescribeOperationMetadata = func(text any) string { return text.(string) }
	_, info := porcupine.CheckOperationsVerbose(model, ops, 0)
	info.AddAnnotations(pic.annotations(h))
	// The page replays what the search found, and may not be refused a step.
	model.Step = func(state, input, _ any) (bool, any) { return opt.step(state.(history.Value), input.(call).op) }
	return porcupine.Visualize(model, info, w)
}

// bySearch splits operations that come key by key.
func bySearch(ops []porcupine.Operation) [][]porcupine.Operation {
	var parts [][]porcupine.Operation
	start := 0
	for i := range ops {
		if i+1 == len(ops) || ops[i+1].Input.(call).in != ops[i].Input.(call).in {
			parts = append(parts, ops[start:i+1])
			start = i + 1
		}
	}
	return parts
}

// picture lays out a page.
type picture struct {
	end  int64       // where what never ended ends
	rows map[int]int // client -> row
}

// lastMoment is the last call, return or bound of an annotation of h that is not Pending.
func lastMoment(h *history.History) int64 {
	last := int64(math.MinInt64)
	add := func(moments ...int64) {
		for _, m := range moments {
			if m != history.Pending {
				last = max(last, m)
			}
		}
	}
	for i := range h.Operations {
		add(h.Operations[i].Call, h.Operations[i].Return)
	}
	for _, a := range h.Annotations {
		add(a.From, a.To)
	}
	return last
}

func clientRows(h *history.History) map[int]int {
	var clients []int
	for i := range h.Operations {
		clients = append(clients, h.Operations[i].Client)
	}
	slices.Sort(clients)
	rows := make(map[int]int)
	for row, client := range slices.Compact(clients) {
		rows[client] = row
	}
	return rows
}

// annotations puts those that overlap into different rows.
func (p *picture) annotations(h *history.History) []porcupine.Annotation {
	var out []porcupine.Annotation
	var busyUntil []int64 // per row
	for _, a := range h.Annotations {
		row := slices.IndexFunc(busyUntil, func(until int64) bool { return until < a.From })
		if row < 0 {
			row = len(busyUntil)
			busyUntil = append(busyUntil, 0)
		}
		to := min(a.To, p.end)
		busyUntil[row] = to
		out = append(out, porcupine.Annotation{Tag: fmt.Sprintf("fault %d", row+1), Start: a.From, End: to,
			Description: a.Label, Details: a.Label, BackgroundColor: "#f6c1b8"})
	}
	return out
}

// describe is the text in the box of op.
func describe(op *history.Operation) string {
	s := op.Action()
	if op.Key != "" {
		s = op.Key + ": " + s
	}
	if op.Outcome != history.OK {
		s += " → " + op.Outcome.String()
	}
	return s
}

// details is the tooltip of op, as HTML.
func details(op *history.Operation) string {
	lines := []string{fmt.Sprintf("client %d", op.Client)}
	if op.Node != "" {
		lines = append(lines, "node "+html.EscapeString(op.Node))
	}
	if op.CallTime != 0 || op.ReturnTime != 0 {
		lines = append(lines, fmt.Sprintf("called at %d ns, returned at %d ns", op.CallTime, op.ReturnTime))
	}
	return strings.Join(lines, "<br>")
}
