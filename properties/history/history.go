package history

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Pending is the Return of an operation that never returned: it may take
// effect at any time after its call, or never.
const Pending int64 = math.MaxInt64

// ErrInvalid is wrapped by the errors of History.Validate and WriteTo, and by
// those of judges that are given such a history.
var ErrInvalid = errors.New("history: invalid history")

// Outcome is what the client learned of its operation. The zero value is OK.
type Outcome uint8

const (
	// OK: the operation happened between its call and its return.
	OK Outcome = iota
	// Failed: it certainly did not change anything.
	Failed
	// Unknown: it may happen at any time after its call, or never.
	Unknown
)

var outcomeNames = [...]string{OK: "ok", Failed: "failed", Unknown: "unknown"}

// String returns ok, failed or unknown.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// Operation is one operation of one client.
//
// Call and Return place it in the real-time order and are the only times that
// decide: a precedes b if and only if a.Return < b.Call. Intervals are closed,
// so operations that merely touch are concurrent. Their unit does not matter;
// a Recorder uses the position of the event in the history. CallTime and
// ReturnTime, in nanoseconds and 0 when unknown, are only shown to people.
type Operation struct {
	Client               int
	Key                  string // "" where there is a single register
	Kind                 Kind
	Outcome              Outcome
	Arg                  Value // what it takes: see Kind
	Old                  Value // what a CAS expects
	Out                  Value // what it returned, if OK: see Kind
	Call, Return         int64 // Return is Pending exactly if Outcome is Unknown
	CallTime, ReturnTime int64
	Node                 string // the server that answered, when known
}

// String describes o without its key, for example: cas 1 to 2 by client 4 (failed).
func (o *Operation) String() string {
	s := fmt.Sprintf("%s by client %d", o.Action(), o.Client)
	if o.Outcome != OK {
		s += " (" + o.Outcome.String() + ")"
	}
	return s
}

// Action describes o without its client and outcome, for example: cas 1 to 2.
func (o *Operation) Action() string {
	known := o.Outcome == OK
	switch {
	case o.Kind == CAS:
		return fmt.Sprintf("cas %v to %v", o.Old, o.Arg)
	case o.Kind.Returns() && known:
		return fmt.Sprintf("%v of %v", o.Kind, o.Out)
	case !o.Kind.Takes():
		return o.Kind.String()
	case known && !o.Out.IsNil():
		return fmt.Sprintf("%v %v (%v)", o.Kind, o.Arg, o.Out)
	}
	return fmt.Sprintf("%v %v", o.Kind, o.Arg)
}

// Annotation is something that happened beside the operations, such as a
// fault, from From to To on the scale of Call and Return. To equals From for a
// moment and is Pending for what never ended.
type Annotation struct {
	From, To int64
	Label    string
}

// History is what the clients of a system saw. The zero value is an empty
// history, which every model allows.
type History struct {
	Operations  []Operation // by Call, ascending
	Annotations []Annotation
}

// Validate returns an error wrapping ErrInvalid unless a verdict on h can mean
// something: operations come in the order of their calls, none returns before
// its call, unknown and pending agree, and no client has two operations that
// overlap or touch (by the tie rule they would be concurrent), whatever their
// keys. O(n).
func (h *History) Validate() error {
	last := make(map[int]*Operation)
	for i := range h.Operations {
		o := &h.Operations[i]
		if problem := o.problem(); problem != "" {
			return fmt.Errorf("%w: operation %d, %v: %s", ErrInvalid, i, o, problem)
		}
		if i > 0 && o.Call < h.Operations[i-1].Call {
			return fmt.Errorf("%w: operation %d, %v: called at %d, before the operation listed ahead of it at %d",
				ErrInvalid, i, o, o.Call, h.Operations[i-1].Call)
		}
		if p := last[o.Client]; p != nil && p.Return == Pending {
			return fmt.Errorf("%w: operation %d, %v: the client has called %v before, which never returned",
				ErrInvalid, i, o, p)
		} else if p != nil && p.Return >= o.Call {
			return fmt.Errorf("%w: operation %d, %v: called at %d while the client waited for %v until %d",
				ErrInvalid, i, o, o.Call, p, p.Return)
		}
		last[o.Client] = o
	}
	i := slices.IndexFunc(h.Annotations, func(a Annotation) bool { return a.To < a.From || a.From == Pending })
	if i >= 0 {
		return fmt.Errorf("%w: annotation %d (%s) ends before it begins or never begins", ErrInvalid, i, h.Annotations[i].Label)
	}
	return nil
}

func (o *Operation) problem() string {
	switch {
	case !o.Kind.Valid():
		return "no such kind of operation"
	case int(o.Outcome) >= len(outcomeNames):
		return "no such outcome"
	case o.Call == Pending:
		return "was never called"
	case o.Return < o.Call:
		return fmt.Sprintf("returned at %d, before its call at %d", o.Return, o.Call)
	case o.Outcome == Unknown && o.Return != Pending:
		return fmt.Sprintf("its outcome is unknown, but it returned at %d", o.Return)
	case o.Outcome != Unknown && o.Return == Pending:
		return "its outcome is known, but it never returned"
	case o.Outcome == OK && o.Kind == Contains && o.Out.tag != boolTag:
		return "it returned no boolean"
	}
	return ""
}
