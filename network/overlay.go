package network

import (
	"slices"
	"time"

	"phoenix/sim"
)

// overlay is what lies over the model of a link. Links without any have none, so
// that a message asks for no more than a pointer.
type overlay struct {
	disturbed []*disturbed
	strikes   map[uint64][]*Strike // by index of the message
}

// overlaid returns the overlay of l, made if need be.
func (l *link) overlaid() *overlay {
	if l.over == nil {
		l.over = &overlay{}
	}
	return l.over
}

// uncover removes an overlay that holds nothing any more.
func (l *link) uncover() {
	if l.over != nil && len(l.over.disturbed) == 0 && len(l.over.strikes) == 0 {
		l.over = nil
	}
}

// effect is one thing that one fault does to the message being sent.
type effect struct {
	kind       NoiseKind
	by         time.Duration
	tally      *Tally
	source     string
	strike     *Strike    // if it is that of a message fault
	bottleneck *disturbed // by is what the message waits for it
	size       int        // of the message, for the bottleneck
	full       bool       // lost to a full bottleneck
	fresh      bool       // by counts from when the message leaves, not from now
}

// foresee returns what the overlay of its link does to f, of a size, until the next
// call.
func (n *Network) foresee(f *flight, size int) []effect {
	l := f.link
	e := n.effects[:0]
	for _, x := range l.over.disturbed {
		e = x.foresee(f, size, e)
	}
	if strikes := l.over.strikes[f.index]; strikes != nil {
		for _, s := range strikes {
			e = append(e, effect{kind: s.fault.Kind, by: s.fault.By, tally: &s.Tally, source: "message fault", strike: s})
		}
		delete(l.over.strikes, f.index)
		l.uncover()
	}
	n.effects = e
	return e
}

// firstOf returns the first effect of a kind, or nil.
func firstOf(kind NoiseKind, effects []effect) *effect {
	for i := range effects {
		if effects[i].kind == kind {
			return &effects[i]
		}
	}
	return nil
}

// happens tells that e befalls f.
func (n *Network) happens(f *flight, e *effect, by time.Duration) {
	if e.strike != nil {
		e.strike.emit()
	}
	n.tell(f, e.kind, by, e.source)
}

// loses loses f if an effect does, and reports whether.
func (n *Network) loses(f *flight, effects []effect) bool {
	e := firstOf(Lost, effects)
	if e == nil {
		return false
	}
	e.tally.strike()
	n.happens(f, e, 0)
	why := "loss"
	if e.full {
		why = "queue full"
	}
	n.drop(f, why)
	return true
}

// corrupts corrupts f if an effect does; it reports whether f is lost by that.
func (n *Network) corrupts(f *flight, effects []effect) bool {
	e := firstOf(Corrupted, effects)
	if e == nil {
		return false
	}
	n.happens(f, e, 0)
	if !n.spoil(f) {
		e.tally.strike()
		n.drop(f, "corrupt")
		return true
	}
	n.touch(f, e.tally)
	f.changed = corrupted
	return false
}

// delays returns when f leaves, which it would do at a given time.
func (n *Network) delays(f *flight, effects []effect, leaves sim.Time) sim.Time {
	for i := range effects {
		e := &effects[i]
		if e.kind != Delayed {
			continue
		}
		if e.bottleneck != nil {
			e.by = e.bottleneck.sendOff(leaves, e.size).Sub(leaves)
		}
		if e.by > 0 {
			n.touch(f, e.tally)
			n.happens(f, e, e.by)
			leaves = leaves.Add(e.by)
		}
	}
	return leaves
}

// holds returns when f arrives, which it would do at a given time.
func (n *Network) holds(f *flight, effects []effect, at sim.Time) sim.Time {
	for i := range effects {
		if e := &effects[i]; e.kind == Held {
			n.touch(f, e.tally)
			n.happens(f, e, e.by)
			at, f.ordered = at.Add(e.by), false
		}
	}
	return at
}

// copies puts second copies of f under way; the first marked of its tallies concern
// them too.
func (n *Network) copies(f *flight, effects []effect, leaves sim.Time, marked int) {
	for i := range effects {
		e := &effects[i]
		if e.kind != Copied {
			continue
		}
		at := n.w.Now().Add(e.by)
		if e.fresh {
			at = leaves.Add(e.by)
			if f.link.model.Ordered {
				at = max(at, f.link.latest)
			}
		}
		n.happens(f, e, at.Sub(n.w.Now()))
		if !slices.Contains(n.marks.of(f.mark), e.tally) {
			e.tally.fire()
		}
		tallies := slices.Clone(n.marks.of(f.mark)[:marked])
		if !slices.Contains(tallies, e.tally) {
			tallies = append(tallies, e.tally)
		}
		n.repeat(f, at, copiedByFault, tallies)
	}
}
