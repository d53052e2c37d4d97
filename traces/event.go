package traces

import (
	"bytes"
	"fmt"
	"strconv"

	"phoenix/sim"
)

// Event is an event of a log: a sim.Event without the world it happened in.
// Host and Peer are names, "" where the event concerns no host. Value is the
// message or the operation, None if there is none.
type Event struct {
	Seq   uint64
	Cause uint64 // the number of the event that led to this one; 0: the set-up did
	At    sim.Time
	Kind  sim.Kind
	Host  string
	Peer  string
	ID    uint64
	Arg   uint64
	N     uint64
	Name  string
	Value Value

	data []byte // the canonical encoding of Value; nil if there is none or the log was JSONL
}

// Equal reports whether e and o tell the same, as far as both logs can say:
// where both are binary, values are equal if their canonical encodings are;
// otherwise if they have the same JSON.
func (e Event) Equal(o Event) bool { return len(e.Differences(o)) == 0 }

// Differences returns the names of the fields in which e and o differ, in the
// order and with the names that they have in JSONL.
func (e Event) Differences(o Event) []string {
	var names []string
	note := func(name string, same bool) {
		if !same {
			names = append(names, name)
		}
	}
	note("seq", e.Seq == o.Seq)
	note("at", e.At == o.At)
	note("kind", e.Kind == o.Kind)
	note("host", e.Host == o.Host)
	note("peer", e.Peer == o.Peer)
	note("id", e.ID == o.ID)
	note("arg", e.Arg == o.Arg)
	note("n", e.N == o.N)
	note("name", e.Name == o.Name)
	note("cause", e.Cause == o.Cause)
	note("value", e.sameValue(o))
	return names
}

func (e Event) sameValue(o Event) bool {
	if e.data != nil && o.data != nil {
		return bytes.Equal(e.data, o.data)
	}
	if e.Value.Form == None || o.Value.Form == None {
		return e.Value.Form == o.Value.Form
	}
	return e.Value.Equal(o.Value)
}

// AppendJSON appends e as one JSON object, without newline, its fields in a
// fixed order; those that are zero are left out, except "seq", "at" and "kind".
// Times are in nanoseconds.
func (e Event) AppendJSON(dst []byte) []byte {
	dst = strconv.AppendUint(append(dst, `{"seq":`...), e.Seq, 10)
	dst = strconv.AppendInt(append(dst, `,"at":`...), int64(e.At), 10)
	dst = appendQuoted(append(dst, `,"kind":`...), e.Kind.String())
	text := func(key, s string) {
		if s != "" {
			dst = appendJSONText(append(dst, key...), s)
		}
	}
	number := func(key string, n uint64) {
		if n != 0 {
			dst = strconv.AppendUint(append(dst, key...), n, 10)
		}
	}
	text(`,"host":`, e.Host)
	text(`,"peer":`, e.Peer)
	number(`,"id":`, e.ID)
	number(`,"arg":`, e.Arg)
	number(`,"n":`, e.N)
	text(`,"name":`, e.Name)
	number(`,"cause":`, e.Cause)
	if e.Value.Form != None {
		dst = e.Value.AppendJSON(append(dst, `,"value":`...))
	}
	return append(dst, '}')
}

// String returns e as a line of WriteText, with its value in full.
func (e Event) String() string { return string(e.appendText(nil, 8, 0)) }

// appendText appends e on one line, with names of hosts in a column of that
// width; long is as in Value.appendText.
func (e Event) appendText(dst []byte, width, long int) []byte {
	dst = fmt.Appendf(dst, "%6d %12s %-*s %-7s", e.Seq, e.At, width, shownHost(e.Host), e.Kind)
	switch e.Kind {
	case sim.Send, sim.Drop:
		dst = fmt.Appendf(dst, " #%d to %s", e.ID, shownHost(e.Peer))
	case sim.Deliver:
		dst = fmt.Appendf(dst, " #%d from %s", e.ID, shownHost(e.Peer))
	case sim.Wake, sim.Invoke, sim.Return:
		dst = fmt.Appendf(dst, " #%d", e.ID)
	case sim.Choice:
		dst = fmt.Appendf(dst, " %d of %d", e.Arg, e.N)
	}
	if e.Name != "" {
		dst = appendBare(append(dst, ' '), e.Name)
	}
	if e.Kind == sim.Disk && e.N > 0 {
		dst = fmt.Appendf(dst, " %d B at %d", e.N, e.Arg)
	}
	if e.Value.Form != None {
		dst = e.Value.appendText(append(dst, ' '), long)
	}
	if e.Cause != 0 {
		dst = fmt.Appendf(dst, "  (after %d)", e.Cause)
	}
	return dst
}

func shownHost(name string) string {
	if name == "" {
		return "world"
	}
	return string(appendBare(nil, name))
}
