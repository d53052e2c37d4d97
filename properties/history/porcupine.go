package history

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// PorcupineJSON holds operations as programs print the ones they give to
// porcupine, as JSON objects in one array or one after another. Names of fields
// are read in any case. WriteTo writes:
//
//	{"ClientId":0,"Input":{"op":"write","key":"x","value":3},"Call":10,"Output":{},"Return":20}
//	{"ClientId":1,"Input":{"op":"read","key":"x"},"Call":10,"Output":{"value":3},"Return":15}
//	{"ClientId":2,"Input":{"op":"cas","key":"x","old":3,"new":4},"Call":16,"Output":{"ok":false},"Return":30}
//	{"ClientId":2,"Input":{"op":"add","key":"s","value":1},"Call":31,"Output":{"ok":true},"Return":40}
//	{"ClientId":3,"Input":{"op":"write","key":"x","value":5},"Call":31}
//	{"Start":12,"End":25,"Description":"partition n1 | n2 n3"}
//
// Call and Return are moments of one clock, so they may tie: intervals are
// closed. Operations may come in any order, and those of a client must not
// overlap or touch.
//
// What an operation does is the "op", "f", "kind" or "type" of its Input: the
// name of a Kind, or get, put, lock, unlock; or, as in porcupine's own
// examples, true for a read and false for a write, 0 for a read, 1 for a write
// and 2 for an append, or for a cas if there is what it expects: "old",
// "expected", or "arg1" beside "arg2". What an operation takes is "value", "new"
// (before "value" for a cas), "arg", "arg1" or "arg2" (of a cas). Values are
// null, booleans, 64-bit integers, strings or lists; keys integers or strings.
//
// Output is what a read, dequeue or pop returned, or {"value": that}, where
// "exists" false stands for null, as does "ok" false of a dequeue or pop. It is
// a boolean or {"ok": boolean} for whether a cas happened, and for the answer
// of an add, remove or contains. Other outputs do not matter, save that
// {"failed":true} says that the operation did not happen.
//
// The outcome is unknown if Return is missing, null or the greatest 64-bit
// integer, if Output has "unknown" true, or if "Error" is not empty there or
// beside it. Clients of this format may go on after that: such a client gets a
// new number, above all in the file, each time.
//
// Of the files of etcd's robustness tests it reads a range of one key at the
// latest revision, and a txn without conditions of one put without a lease, of
// one delete (a write of null) or of one such range. Other requests concern
// several keys or leases and are refused.
//
// Metadata with "node", "callTime" and "returnTime" (nanoseconds), and
// annotations, which are porcupine's, are optional; an End that is missing or
// before its Start makes a moment.
const PorcupineJSON Format = "porcupine-json"

var (
	porcupineClient = regexp.MustCompile(`(?i)"clientid"\s*:`)
	porcupineCall   = regexp.MustCompile(`(?i)"(call|input)"\s*:`)
	porcupineNote   = regexp.MustCompile(`(?i)"start"\s*:\s*-?\d+\s*,\s*"end"\s*:`)
)

// looksLikePorcupine reports whether a file that begins with head is in the
// format PorcupineJSON. In JSON a quoted name before a colon is a field's: in a
// text its quotes would be escaped.
func looksLikePorcupine(head []byte) bool {
	return startsObject(bytes.TrimLeft(head, blanks+"[")) &&
		(porcupineClient.Match(head) && porcupineCall.Match(head) || porcupineNote.Match(head))
}

// maxClient leaves numbers for clients that go on.
const maxClient = math.MaxInt / 2

type porcupineReader struct {
	*eventReader
	history *History
	lines   []int // where each operation begins
}

// readPorcupine reads what PorcupineJSON describes. It builds operations, not
// events: their moments are those of the file.
func (src *source) readPorcupine(w *window) error {
	r := porcupineReader{eventReader: newEventReader(src, w, KeyedNo), history: src.rec.History()}
	r.json = true
	for {
		ok, err := r.nextMap()
		if err != nil {
			return err
		} else if !ok {
			r.sort()
			return r.renumber()
		}
		const object = 1 // place 0 is nothing
		if err := r.form(1); err != nil {
			return err
		}
		if r.tape[r.get(object, "Start")].kind != formNone {
			err = r.annotation(object)
		} else {
			err = r.operation(object)
		}
		if err != nil {
			return err
		}
	}
}

// get returns the place of a field of the object at the place, 0 if it has no
// such field or is none. The name may be in any case.
func (r *porcupineReader) get(object int, name string) int {
	if r.tape[object].kind != formMap {
		return 0
	}
	at := object + 1
	for range r.tape[object].items / 2 {
		if text := r.tape[at].text; len(text) == len(name) && bytes.EqualFold(text, []byte(name)) {
			return at + 1 // a name takes one place
		}
		at += 1 + r.tape[at+1].span
	}
	return 0
}

// first returns the place of the first of the fields that the object has.
func (r *porcupineReader) first(object int, names ...string) int {
	for _, name := range names {
		if at := r.get(object, name); at != 0 {
			return at
		}
	}
	return 0
}

// number returns an integer of the object, which need not be there.
func (r *porcupineReader) number(object int, name string) (n int64, there bool, err error) {
	switch f := &r.tape[r.get(object, name)]; f.kind {
	case formInt:
		return f.num, true, nil
	case formNone, formNil:
		return 0, false, nil
	default:
		return 0, false, r.wrong(fmt.Sprintf("an integer as %q", name), f)
	}
}

// text returns a string of the object, empty if there is none.
func (r *porcupineReader) text(object int, name string) string {
	if f := &r.tape[r.get(object, name)]; f.kind == formText {
		return string(f.text)
	}
	return ""
}

// is reports whether a boolean of the object is there and true.
func (r *porcupineReader) is(object int, name string) bool {
	yes, there := r.boolean(r.get(object, name))
	return yes && there
}

// boolean returns the boolean at the place.
func (r *porcupineReader) boolean(at int) (yes, there bool) {
	return r.tape[at].num == 1, r.tape[at].kind == formBool
}

// required returns an integer that must be there and at most the given one.
func (r *porcupineReader) required(object int, name string, most int64) (int64, error) {
	n, there, err := r.number(object, name)
	switch {
	case err != nil:
		return 0, err
	case !there:
		return 0, r.wrong(fmt.Sprintf("an integer as %q", name), &r.tape[r.get(object, name)])
	case n > most:
		return 0, r.src.errorf(r.begun, "expected at most %d as %q, found %d", most, name, n)
	}
	return n, nil
}

func (r *porcupineReader) annotation(object int) error {
	from, err := r.required(object, "Start", Pending-1)
	if err != nil {
		return err
	}
	to, ends, err := r.number(object, "End")
	if err != nil {
		return err
	} else if !ends {
		to = from
	}
	label := strings.TrimPrefix(r.text(object, "Tag")+" "+r.text(object, "Description"), " ")
	r.history.Annotations = append(r.history.Annotations, Annotation{From: from, To: max(from, to), Label: label})
	return nil
}

// operation appends the operation that the object describes.
func (r *porcupineReader) operation(object int) error {
	client, err := r.required(object, "ClientId", maxClient)
	if err != nil {
		return err
	}
	input := r.get(object, "Input")
	if r.tape[input].kind != formMap {
		return r.wrong("an object as \"Input\"", &r.tape[input])
	}
	o := Operation{Client: int(client), Outcome: Unknown, Return: Pending}
	if o.Call, err = r.required(object, "Call", Pending-1); err != nil {
		return err
	}
	if err := r.input(input, &o); err != nil {
		return err
	}
	if err := r.ending(object, input, &o); err != nil {
		return err
	}
	meta := r.get(object, "Metadata")
	o.Node = r.node([]byte(r.text(meta, "node")))
	o.CallTime, _, _ = r.number(meta, "callTime") // it may be anything in files of others
	o.ReturnTime, _, _ = r.number(meta, "returnTime")
	r.src.grow()
	r.history.Operations = append(r.history.Operations, o)
	r.lines = append(r.lines, r.begun)
	return nil
}

// ending sets how o ended.
func (r *porcupineReader) ending(object, input int, o *Operation) error {
	at, returned, err := r.number(object, "Return")
	output := r.get(object, "Output")
	if err != nil || !returned || at == Pending || r.text(object, "Error") != "" ||
		r.text(output, "error") != "" || r.is(output, "unknown") {
		return err
	}
	o.Outcome, o.Return = OK, at
	if o.Return < o.Call {
		return r.src.errorf(r.begun, "returned at %d, before its call at %d", o.Return, o.Call)
	}
	return r.outcome(input, output, o)
}

// sort puts the operations in the order of their calls, in place: there may be
// many, and they are large.
func (r *porcupineReader) sort() {
	ops := r.history.Operations
	byCall := func(a, b Operation) int { return cmp.Compare(a.Call, b.Call) }
	if slices.IsSortedFunc(ops, byCall) {
		return
	}
	order := make([]int, len(ops))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(ops[a].Call, ops[b].Call), cmp.Compare(a, b)) })
	for first := range order { // follow each cycle of the permutation
		op, line := ops[first], r.lines[first]
		at := first
		for order[at] != first {
			from := order[at]
			ops[at], r.lines[at] = ops[from], r.lines[from]
			order[at], at = at, from
		}
		ops[at], r.lines[at], order[at] = op, line, at
	}
}

// renumber gives a client that goes on after an unknown outcome a new number
// and refuses one that overlaps itself.
func (r *porcupineReader) renumber() error {
	fresh := 0
	for i := range r.history.Operations {
		fresh = max(fresh, r.history.Operations[i].Client+1)
	}
	last := make(map[int]int) // client of the file -> index of its operation before
	for i := range r.history.Operations {
		o := &r.history.Operations[i]
		client := o.Client
		before, ok := last[client]
		last[client] = i
		if !ok {
			continue
		}
		p := &r.history.Operations[before]
		o.Client = p.Client
		if p.Return == Pending {
			o.Client = fresh
			fresh++
		} else if p.Return >= o.Call {
			return r.src.errorf(r.lines[i], "client %d calls at %d, but its operation of line %d returns only at %d",
				client, o.Call, r.lines[before], p.Return)
		}
	}
	return nil
}
