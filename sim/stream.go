package sim

import "fmt"

// Observe has fn called with every event from now on, in order of registration.
// The Event is overwritten by the next one. An observer must not change the
// world; without observers events are hashed and gone.
func (w *World) Observe(fn func(*Event)) { w.watchers = append(w.watchers, fn) }

// AfterStep has fn called after every step, when the consequences of what just
// happened are complete: the place for invariants.
func (w *World) AfterStep(fn func()) { w.after = append(w.after, fn) }

// Digest returns the hash of the event stream so far.
func (w *World) Digest() Digest {
	if w.closed {
		return w.final
	}
	return w.hash.sum()
}

// Events returns how many events there have been.
func (w *World) Events() uint64 { return w.seq }

// Opaque returns an error that names the first value whose content the digest
// does not cover, because it has no canonical encoding; nil if there was none.
func (w *World) Opaque() error { return w.opaque }

// Encode returns the canonical encoding of v, valid until the next Encode or
// Emit. What cannot be encoded counts by its type alone, see Opaque.
func (w *World) Encode(v any) []byte {
	data, err := w.enc.append(w.data[:0], v)
	if err != nil {
		if w.opaque == nil {
			w.opaque = err
		}
		data = fmt.Appendf(data[:0], "%T", v)
	}
	w.data = data
	return data
}

// Emit appends e to the stream and returns its number. Seq and At are filled in;
// so is Cause unless it is set, and Data unless Value was just given to Encode.
// A host that concerns nobody must be NoHost, not left at its zero value.
func (w *World) Emit(e Event) uint64 {
	if w.closed {
		return w.seq
	}
	w.seq++
	e.Seq, e.At = w.seq, w.now
	if e.Cause == 0 {
		e.Cause = w.cause
	}
	if e.Value != nil && e.Data == nil {
		e.Data = w.Encode(e.Value)
	}
	w.digest(&e)
	if len(w.watchers) > 0 {
		w.ev = e
		cur := w.cur
		w.cur = nil // an observer's panic is not the node's
		for _, fn := range w.watchers {
			fn(&w.ev)
		}
		w.cur = cur
	}
	return e.Seq
}

// Begin is Emit for an event that is the cause of all that follows in this step.
func (w *World) Begin(e Event) {
	w.cause = w.Emit(e)
}

// Cause returns the number of the event whose consequences are happening.
func (w *World) Cause() uint64 { return w.cause }

// digest hashes e. The last word packs, from the top: kind (6 bits), whether
// there are numbers of a choice, whether there is a value, the length of the
// name (16), host and peer (20 each, plus one so that NoHost is 0).
func (w *World) digest(e *Event) {
	packed := uint64(e.Kind)<<58 | uint64(len(e.Name)&0xffff)<<40 |
		uint64(e.Host+1)&0xfffff<<20 | uint64(e.Peer+1)&0xfffff
	if e.N > 0 {
		packed |= 1 << 57
	}
	if e.Data != nil {
		packed |= 1 << 56
	}
	w.hash.words(uint64(e.At), e.Cause, e.ID, packed)
	if e.Name != "" {
		w.hash.text(e.Name)
	}
	if e.N > 0 {
		w.hash.words(e.Arg, e.N, 0, 0)
	}
	if e.Data != nil {
		w.hash.bytes(e.Data)
	}
}

// FaultCount tells whether a fault of a run was real: a fault that was asked
// for may never fire, and one that fires may touch nothing.
type FaultCount struct {
	Name       string
	Configured uint64 // how often it was asked for
	Fired      uint64 // how often it happened
	Effect     uint64 // messages, timers or events it touched
}

// FaultCount returns the counters of the fault of that name, made on first use.
func (w *World) FaultCount(name string) *FaultCount {
	for _, f := range w.faults {
		if f.Name == name {
			return f
		}
	}
	f := &FaultCount{Name: name}
	if w.faults == nil {
		w.faults = make([]*FaultCount, 0, 8)
	}
	w.faults = append(w.faults, f)
	return f
}

// Faults returns the counters of all faults in order of first use.
func (w *World) Faults() []FaultCount {
	all := make([]FaultCount, len(w.faults))
	for i, f := range w.faults {
		all[i] = *f
	}
	return all
}
