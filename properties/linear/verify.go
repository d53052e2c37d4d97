package linear

import (
	"fmt"

	"phoenix/properties/history"
)

// VerifyOrder returns an error unless o proves that the operations of o.Key in h
// are linearizable: each position is one of the key that matters and comes once,
// none that certainly happened is missing, each gives its answer when they are
// run one after another, and none is placed ahead of one that had returned
// before it was called. It shares no code with what finds orders but the
// definition of the model.
//
// The error is Check's if h cannot be judged by opt. O(length of h) steps of
// the model; no step on a queue, stack, set or multiset costs more than its
// answer is long, unless a multiset's order has a dequeue of unknown outcome.
func VerifyOrder(h *history.History, opt Options, o Order) error {
	if err := judgeable(h, &opt); err != nil {
		return err
	}
	v := orderVerifier{h: h, opt: &opt, placed: make([]bool, len(h.Operations))}
	if err := v.order(&o); err != nil {
		return err
	}
	return v.missing(func(op *history.Operation) bool { return op.Key == o.Key })
}

// verifyOrders verifies that orders, together, prove that all keys of h, which
// can be judged, are linearizable.
func verifyOrders(h *history.History, opt *Options, orders []Order) error {
	v := orderVerifier{h: h, opt: opt, placed: make([]bool, len(h.Operations))}
	seen := make(map[string]bool, len(orders))
	for i := range orders {
		o := &orders[i]
		if seen[o.Key] {
			return fmt.Errorf("linear: there are two orders%s", ofKey(o.Key))
		}
		seen[o.Key] = true
		if err := v.order(o); err != nil {
			return err
		}
	}
	return v.missing(func(*history.Operation) bool { return true })
}

// judgeable returns an error if a verdict on h by opt would mean nothing.
func judgeable(h *history.History, opt *Options) error {
	if err := h.Validate(); err != nil {
		return err
	}
	return opt.accepts(h)
}

type orderVerifier struct {
	h      *history.History
	opt    *Options
	placed []bool // by position in h: whether an order has it
}

// order verifies all of o but that it is complete.
func (v *orderVerifier) order(o *Order) error {
	for _, i := range o.Operations {
		if err := placeable(v.h, v.opt, o.Key, i); err != nil {
			return fmt.Errorf("linear: order%s: %w", ofKey(o.Key), err)
		}
		if v.placed[i] {
			return v.refuse(o, i, "is there twice")
		}
		v.placed[i] = true
	}
	if err := v.realTime(o); err != nil {
		return err
	}
	possible := v.opt.replay(v.h, o.Operations)
	for _, i := range o.Operations {
		if !possible(v.opt.seen(&v.h.Operations[i])) {
			return v.refuse(o, i, "cannot happen after those placed ahead of it")
		}
	}
	return nil
}

// placeable returns an error unless position i of h is an operation of key that matters.
func placeable(h *history.History, opt *Options, key string, i int32) error {
	if i < 0 || int(i) >= len(h.Operations) {
		return fmt.Errorf("there is no operation %d among %d", i, len(h.Operations))
	}
	op := &h.Operations[i]
	switch {
	case op.Key != key:
		return fmt.Errorf("operation %d (%v) is of the key %q", i, op, op.Key)
	case !opt.matters(op):
		return fmt.Errorf("operation %d (%v) does not matter", i, op)
	}
	return nil
}

// realTime goes through o from its end, with the earliest return so far.
func (v *orderVerifier) realTime(o *Order) error {
	var first *history.Operation // to return of those placed after op
	for at := len(o.Operations) - 1; at >= 0; at-- {
		op := &v.h.Operations[o.Operations[at]]
		if first != nil && first.Return < op.Call {
			return v.refuse(o, o.Operations[at],
				fmt.Sprintf("was called at %d and is ahead of %v, which had returned at %d", op.Call, first, first.Return))
		}
		if first == nil || op.Return < first.Return {
			first = op
		}
	}
	return nil
}

// missing looks for an operation that certainly happened and that no order has.
func (v *orderVerifier) missing(asked func(op *history.Operation) bool) error {
	for i := range v.h.Operations {
		op := &v.h.Operations[i]
		if !v.placed[i] && op.Outcome != history.Unknown && asked(op) && v.opt.matters(op) {
			return v.refuse(&Order{Key: op.Key}, int32(i), "is missing")
		}
	}
	return nil
}

func (v *orderVerifier) refuse(o *Order, i int32, problem string) error {
	return fmt.Errorf("linear: order%s: operation %d (%v) %s", ofKey(o.Key), i, &v.h.Operations[i], problem)
}
