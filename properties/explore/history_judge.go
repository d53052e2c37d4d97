package explore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"phoenix/nodes"
	"phoenix/properties"
	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// Linearizable claims that the History that Model.Observe makes is linearizable: that one
// order of the operations respects which were complete when others began, and makes every
// answer that of registers, one for each key, that are absent at first. What is under way
// or of unknown outcome may take effect at any time later, or never; what failed had none.
// A violation comes with an explanation.
//
// It is asked once for each distinct history. It panics if the observer is not a History.
func Linearizable(name string) Property {
	return Observed(name, func(o Observer) error {
		h, ok := o.(*History)
		if !ok {
			panic(fmt.Sprintf("explore: Linearizable judges a History, not a %T: set Model.Observe to NewHistory", o))
		}
		return h.Check()
	})
}

// What is known of whether a History is linearizable.
const (
	unjudged int32 = iota
	holds
	violated
)

// Check returns why what h knows so far is not linearizable, nil if it is: see Linearizable.
//
// Whether it is is decided here for most histories, in microseconds; package linear decides
// about the others, and explains. In the worst case time grows exponentially with the
// operations that overlap.
//
// A history that goes on from one that was judged is judged by what is new. An operation
// that begins, or is given up, asks for nothing: what explained the rest still does. And
// what no order explains, none explains later on: one that did would explain the beginning,
// if one left out what began after that (linearizability is prefix-closed, Herlihy and
// Wing, TOPLAS 1990, section 3.3).
func (h *History) Check() error {
	if h.flaw != "" {
		return errors.New(h.flaw)
	}
	judged := h.judged.Load()
	if judged == holds {
		return nil
	}
	v := &violation{history: h.Clone().(*History)}
	if judged == unjudged {
		explainable, decided := h.orderable()
		judged = violated
		if explainable || !decided && v.explain() == "" {
			judged = holds
		}
		h.judged.Store(judged)
		v.history.judged.Store(judged)
	}
	if judged == holds {
		return nil
	}
	return v
}

// violation is a history that is not linearizable. It is explained when somebody asks: a
// search that counts all states meets thousands and tells one.
type violation struct {
	history *History
	once    sync.Once
	text    string
}

// Error explains the violation.
func (v *violation) Error() string {
	if v.explain() == "" {
		panic("explore: linearizable after all: package linear finds an order of what none was found of here")
	}
	return v.text
}

// explain returns why no order explains the history, "" if one does.
func (v *violation) explain() string {
	v.once.Do(func() {
		r, err := linear.Check(context.Background(), v.history.timed(),
			linear.Options{Model: linear.CASRegister, Steps: math.MaxInt64 / 32, Memory: math.MaxInt64})
		if err != nil || r.Verdict == properties.Inconclusive {
			panic(fmt.Sprintf("explore: a history that cannot be judged: %s %v", r.Reason, err))
		}
		v.text = r.Explanation
	})
	return v.text
}

// timed returns h with moments that give exactly its real-time order.
//
// Of two operations, those that were complete when one of them began are also complete
// when the other one begins, or the other way round. So the beginnings are ordered by how
// many operations were complete, n: that is at moment 2n+1, and an operation ends at 2n of
// the first beginning that finds it complete, which is before that and after all earlier
// ones. What is of unknown outcome never ends, and is never complete in this sense: its
// client goes on as another one. What was refused is left out.
func (h *History) timed() *history.History {
	ends := make([][]int64, len(h.clients))
	calls := make([][]int64, len(h.clients))
	last := int64(2)
	for c := range h.clients {
		n := len(h.clients[c].operations)
		ends[c] = slices.Repeat([]int64{history.Pending}, n)
		last += 2 * int64(n)
	}
	for c := range h.clients {
		for i := range h.clients[c].operations {
			moment := 2 * h.eachBefore(c, i, func(int, int) {})
			calls[c] = append(calls[c], moment+1)
			h.eachBefore(c, i, func(other, j int) { ends[other][j] = min(ends[other][j], moment) })
		}
	}
	timed := &history.History{}
	next := 0 // the number of the next process
	for c := range h.clients {
		for i, op := range h.clients[c].operations {
			if op.refused() {
				continue
			}
			o := history.Operation{Client: next, Key: op.call.Key, Call: calls[c][i], Return: min(ends[c][i], last)}
			if op.fill(&o); o.Outcome == history.Unknown {
				o.Return = history.Pending
				next++
			}
			timed.Operations = append(timed.Operations, o)
		}
		next++
	}
	slices.SortStableFunc(timed.Operations, func(a, b history.Operation) int { return cmp.Compare(a.Call, b.Call) })
	return timed
}

// eachBefore calls do for each operation that was certainly over when the one at place i of
// the client at place c began, and returns how many there are.
func (h *History) eachBefore(c, i int, do func(c, i int)) (n int64) {
	count := func(c, end int) {
		for j, op := range h.clients[c].operations[:end] {
			if op.known() {
				n++
				do(c, j)
			}
		}
	}
	count(c, i)
	for _, s := range h.clients[c].operations[i].after {
		other, _ := h.find(s.client)
		count(other, s.last+1)
	}
	return n
}

// known reports whether o is over and it is known whether it had an effect.
func (o *operation) known() bool {
	return o.outcome == nodes.OutcomeOK || o.outcome == nodes.OutcomeFail
}

// refused reports whether o is a compare-and-set that failed without telling what it found:
// it had no effect, and says nothing about the register.
func (o *operation) refused() bool {
	return o.outcome == nodes.OutcomeFail && o.call.Kind == nodes.CAS && !o.result.OK
}

// fill sets what t does and how it ended.
func (o *operation) fill(t *history.Operation) {
	t.Kind, t.Arg, t.Old = history.Read, valueOf(o.call.Value), valueOf(o.call.Old)
	switch o.call.Kind {
	case nodes.Write:
		t.Kind = history.Write
	case nodes.CAS:
		t.Kind = history.CAS
	}
	switch {
	case o.outcome == nodes.OutcomeOK && o.call.Kind == nodes.Read:
		t.Out = valueOf(o.result.Value)
	case o.outcome == nodes.OutcomeOK:
	case o.outcome == nodes.OutcomeFail:
		t.Outcome = history.Failed
	default:
		t.Outcome = history.Unknown
	}
}

// valueOf returns the value of a register; 0 is what nobody has written.
func valueOf(n int64) history.Value {
	if n == 0 {
		return history.Value{}
	}
	return history.Int(n)
}
