package linear

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"phoenix/properties/history"
)

// crossHistory draws a history of any model and its options.
func crossHistory(rng *rand.Rand, long bool) (*history.History, Options) {
	d := newDrawing(rng, Model(rng.IntN(len(models))), long)
	return d.draw(), d.opt
}

// newDrawing draws the parameters of a history: up to three keys, many ties,
// operations that failed or never returned, initial contents, values that are
// unique or hardly so. Long ones have 20 to 60 operations, short ones up to 8.
func newDrawing(rng *rand.Rand, m Model, long bool) *drawing {
	d := &drawing{rng: rng, operations: 2 + rng.IntN(7), clients: 8,
		unique: rng.IntN(2) == 0, keys: 1 + rng.IntN(3)*rng.IntN(2), texts: rng.IntN(2) == 0 && m == KV}
	d.opt = Options{Model: m, NilRead: NilRead(rng.IntN(2)), FailedCAS: FailedCAS(rng.IntN(2)), Steps: 10_000}
	if long {
		d.operations, d.clients = 20+rng.IntN(41), 2+rng.IntN(4)
	}
	return d
}

// draw draws the history: a quarter come from a run of the model, and the
// others from a run that was then changed a little, and is mostly wrong.
func (d *drawing) draw() *history.History {
	d.initial()
	d.schedule()
	d.run()
	for range d.rng.IntN(4) * (1 + d.rng.IntN(3)) {
		d.spoil()
	}
	h := &history.History{}
	for _, o := range d.ops {
		h.Operations = append(h.Operations, o.Operation)
	}
	return h
}

// drawing is a history in the making.
type drawing struct {
	rng                       *rand.Rand
	opt                       Options
	operations, clients, keys int
	unique, texts             bool
	written                   int64
	ops                       []timedOperation
}

// timedOperation is an operation and the moment at which it takes effect, if it does.
type timedOperation struct {
	history.Operation
	at      int64
	happens bool
}

// value draws a value to write.
func (d *drawing) value() history.Value {
	switch {
	case d.texts:
		return history.Text([]string{"a", "b", "ab", ""}[d.rng.IntN(4)])
	case d.unique:
		d.written++
		return history.Int(d.written)
	}
	return history.Int(d.rng.Int64N(3))
}

// seen draws a value that somebody may have written, or nil.
func (d *drawing) seen() history.Value {
	switch {
	case d.rng.IntN(5) == 0:
		return history.Value{}
	case d.unique && !d.texts:
		return history.Int(1 + d.rng.Int64N(d.written+1))
	}
	return d.value()
}

func (d *drawing) initial() {
	if d.opt.Model == Mutex || d.opt.Model == Lock || d.rng.IntN(2) == 0 {
		return
	}
	d.opt.Init = d.value()
	if d.opt.Model > KV {
		held := []history.Value{d.opt.Init}
		for range d.rng.IntN(3) {
			if v := d.value(); d.opt.Model != Set || !slices.Contains(held, v) {
				held = append(held, v)
			}
		}
		d.opt.Init = history.List(held...)
	}
}

// schedule draws what clients do and when, one operation after another, those
// with the fewest moments for many operations and so the most ties.
func (d *drawing) schedule() {
	free := make([]int64, d.clients) // when a client may call
	process := make([]int, d.clients)
	processes := d.clients
	for c := range process {
		process[c] = c
	}
	length, pause := 1+d.rng.Int64N(6), 1+d.rng.Int64N(4)
	kinds := models[d.opt.Model].kinds
	for range d.operations {
		c := d.rng.IntN(d.clients)
		o := timedOperation{happens: true}
		o.Kind, o.Client, o.Call = kinds[d.rng.IntN(len(kinds))], process[c], free[c]+d.rng.Int64N(pause)
		o.Return = o.Call + d.rng.Int64N(length)
		o.at = o.Call + d.rng.Int64N(o.Return-o.Call+1)
		if d.keys > 1 {
			o.Key = fmt.Sprintf("k%d", d.rng.IntN(d.keys))
		}
		if o.Kind == history.Append && !d.texts {
			o.Kind = history.Write
		}
		free[c] = o.Return + 1
		if d.rng.IntN(10) == 0 {
			o.Outcome, o.Return, o.happens = history.Unknown, history.Pending, d.rng.IntN(2) == 0
			process[c] = processes
			processes++
		}
		d.ops = append(d.ops, o)
	}
	slices.SortStableFunc(d.ops, func(a, b timedOperation) int { return cmp.Compare(a.Call, b.Call) })
}

// run lets the operations happen in the order of their moments.
func (d *drawing) run() {
	order := make([]int, len(d.ops))
	for i := range order {
		order[i] = i
		if o := &d.ops[i]; o.Kind.Takes() {
			o.Arg = d.value()
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(d.ops[a].at, d.ops[b].at) })
	holds := make(map[string][]history.Value)
	for _, i := range order {
		o := &d.ops[i]
		held, ok := holds[o.Key]
		if !ok {
			held = d.held()
		}
		holds[o.Key] = d.happen(held, &d.ops[i])
	}
}

// held is what a key holds initially; a register is a container of its value.
func (d *drawing) held() []history.Value {
	if d.opt.Model <= KV {
		return []history.Value{d.opt.Init}
	}
	held, _ := d.opt.Init.Items()
	return held
}

// happen lets o happen and returns what is held then.
func (d *drawing) happen(held []history.Value, o *timedOperation) []history.Value {
	if o.Kind.Answers() && d.unique {
		for o.Arg = d.seen(); o.Arg.IsNil(); o.Arg = d.seen() { // or hardly any element would be met twice
		}
	}
	if o.Kind == history.CAS {
		o.Old = d.seen()
		if d.rng.IntN(3) > 0 {
			o.Old = held[0]
		}
	}
	if d.rng.IntN(20) == 0 && o.Outcome == history.OK && o.Kind != history.CAS {
		o.Outcome, o.happens = history.Failed, false
	}
	if !o.happens {
		return held
	}
	if o.Outcome == history.OK {
		o.Out = d.answer(held, o)
	}
	if d.opt.Model > KV {
		if after := bruteContainerStep(held, o.Operation, d.opt); len(after) > 0 {
			return after[0]
		}
	} else if after, ok := bruteStep(held[0], o.Operation, d.opt); ok {
		return []history.Value{after}
	}
	if o.Outcome == history.OK {
		o.Outcome, o.Out = history.Failed, history.Value{}
	}
	return held
}

// answer is what o returns.
func (d *drawing) answer(held []history.Value, o *timedOperation) history.Value {
	here := slices.Contains(held, o.Arg)
	silent := d.rng.IntN(2) == 0
	switch {
	case o.Kind == history.Read && d.opt.Model > KV:
		return history.List(held...)
	case o.Kind == history.Read:
		return held[0]
	case o.Kind == history.Contains, o.Kind == history.Remove && !silent:
		return history.Bool(here)
	case o.Kind == history.Add && !silent && d.opt.Model == Set:
		return history.Bool(!here)
	case !o.Kind.Returns() || len(held) == 0:
		return history.Value{}
	case o.Kind == history.Pop:
		return held[len(held)-1]
	case d.opt.Model == Queue:
		return held[0]
	}
	return held[d.rng.IntN(len(held))]
}

// spoil changes what an operation did or answered, or when it returned.
func (d *drawing) spoil() {
	o, other := &d.ops[d.rng.IntN(len(d.ops))], &d.ops[d.rng.IntN(len(d.ops))]
	if o.Outcome == history.Failed && !o.Kind.Returns() && o.Kind != history.Contains {
		o.Outcome = history.OK
	}
	if o.Outcome != history.OK {
		return
	}
	answer, answered := o.Out.Bool()
	switch d.rng.IntN(4) {
	case 0:
		o.Return = o.Call + d.rng.Int64N(o.Return-o.Call+1)
	case 1:
		if o.Kind == other.Kind && other.Outcome == history.OK {
			o.Out, other.Out = other.Out, o.Out
		}
	case 2:
		if other.Outcome == history.OK {
			o.Kind, other.Kind, o.Arg, other.Arg = other.Kind, o.Kind, other.Arg, o.Arg
			o.Old, other.Old, o.Out, other.Out = other.Old, o.Old, other.Out, o.Out
		}
	case 3:
		if answered {
			o.Out = history.Bool(!answer)
		} else if o.Kind.Returns() && (o.Kind != history.Read || d.opt.Model <= KV) {
			o.Out = d.seen()
		}
	}
}
