package consistency

import (
	"cmp"
	"slices"

	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// shape says what a drawn history is like.
type shape struct {
	keys, operations int // at most
	clients          int // at most
	length           int // of an operation, at most
	twice            int // one in so many writes repeats a value; 0 for none
	recent           int // if not 0, reads see one of so many writes that were called last by the time they return
}

var wild = shape{keys: 3, operations: 9, clients: 4, length: 4, twice: 5}
var stale = shape{keys: 1, operations: 8, clients: 5, length: 8, recent: 3}

// drawHistory draws a history with ties, pending and failed operations, and its
// options.
func drawHistory(s shape, draw func(below int) int) (*history.History, linear.Options) {
	opt := linear.Options{Model: linear.Model(draw(int(linear.KV) + 1)), NilRead: linear.NilRead(draw(2) * draw(2)),
		FailedCAS: linear.FailedCAS(draw(2))}
	if draw(3) == 0 {
		opt.Init = history.Int(0)
	}
	clients, keys := 1+draw(s.clients), 1+draw(s.keys)
	free, open := make([]int64, clients), make([]bool, clients)
	h := &history.History{}
	wrote := make([][]history.Value, keys)
	for k := range wrote {
		wrote[k] = []history.Value{opt.Init}
	}
	for range 1 + draw(s.operations) {
		c, k := draw(clients), draw(keys)
		if open[c] {
			continue
		}
		o := history.Operation{Client: c, Key: []string{"x", "y", "z"}[k], Kind: drawKind(opt.Model, draw),
			Outcome: history.Outcome(max(0, draw(12)-9)), Call: free[c] + int64(draw(3))}
		o.Return = o.Call + int64(draw(s.length+1))
		free[c] = o.Return + 1
		if open[c] = o.Outcome == history.Unknown; open[c] {
			o.Return = history.Pending
		}
		if o.Kind != history.Read {
			o.Arg = history.Int(int64(len(h.Operations) + 1))
			if s.twice > 0 && draw(s.twice) == 0 {
				o.Arg = wrote[k][draw(len(wrote[k]))]
			}
			wrote[k] = append(wrote[k], o.Arg)
		}
		h.Operations = append(h.Operations, o)
	}
	sortByCall(h)
	for i := range h.Operations {
		o := &h.Operations[i]
		values := wrote[int(o.Key[0]-'x')]
		if s.recent > 0 {
			values = latest(h, o, opt.Init)
			values = values[max(0, len(values)-s.recent):]
		}
		drawSeen(o, values, opt, draw)
	}
	return h, opt
}

func drawKind(m linear.Model, draw func(int) int) history.Kind {
	kinds := []history.Kind{history.Read, history.Write, history.Read, history.Write, history.CAS}
	if m == linear.Register {
		kinds = kinds[:4]
	}
	return kinds[draw(len(kinds))]
}

// latest lists what was written to o's key by the time that o returned.
func latest(h *history.History, o *history.Operation, init history.Value) []history.Value {
	values := []history.Value{init}
	for i := range h.Operations {
		if w := &h.Operations[i]; w != o && w.Kind != history.Read && w.Key == o.Key && w.Call <= o.Return {
			values = append(values, w.Arg)
		}
	}
	return values
}

// drawSeen fills in what o saw: mostly one of the values.
func drawSeen(o *history.Operation, values []history.Value, opt linear.Options, draw func(int) int) {
	seen := values[draw(len(values))]
	switch draw(40) {
	case 0:
		seen = history.Int(99)
	case 1:
		seen = history.Value{}
	case 2:
		if opt.Model == linear.KV {
			seen = history.Text("")
		}
	}
	switch {
	case o.Kind == history.CAS:
		o.Old = seen
	case o.Kind == history.Read && o.Outcome == history.OK:
		o.Out = seen
	}
}

// only returns the operations at some positions, a CAS whose predecessor is not
// among them as a plain write.
func only(h *history.History, positions []int32, opt linear.Options) []history.Operation {
	from, _ := bruteFrom(h.Operations, opt)
	var out []history.Operation
	for _, i := range positions {
		o := h.Operations[i]
		if o.Kind == history.CAS && from[i] >= 0 && !slices.Contains(positions, int32(from[i])) {
			o.Kind, o.Old = history.Write, history.Value{}
		}
		out = append(out, o)
	}
	return out
}

func ofKey(h *history.History, key string) (ops []history.Operation) {
	for _, o := range h.Operations {
		if o.Key == key {
			ops = append(ops, o)
		}
	}
	return ops
}

func sortByCall(h *history.History) {
	slices.SortStableFunc(h.Operations, func(a, b history.Operation) int { return cmp.Compare(a.Call, b.Call) })
}
