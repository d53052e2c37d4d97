package sim

import "math/rand/v2"

// Reroll asks for a run that is the one of Config.Seed before a time, byte for byte,
// and another one from there on: how often a failure comes about for all that, against
// the time, tells when it became unavoidable.
type Reroll struct {
	// At is when it begins: what is drawn at this instant or later is drawn anew. What
	// was drawn before, the arrival of a message under way say, stays.
	At Time
	// Seed decides what is drawn anew, together with Config.Seed: all that comes from
	// keys of World.Key and Host.Key and streams made from them, whenever they were
	// made, and every choice, which is Seeded then whatever Config.Chooser is. What
	// derives from NewKey is not concerned.
	Seed uint64
}

// reroll is what the keys of a world look at as they are drawn from. So it reaches
// keys that were handed out, and put away, long before.
type reroll struct {
	w       *World
	at      Time
	salt    Key
	choices Chooser // made when first needed
}

func newReroll(w *World, r Reroll) *reroll {
	return &reroll{w: w, at: r.At, salt: NewKey(r.Seed).Sub("reroll")}
}

// now returns the key to draw from in the place of k, at the present time. It is not
// inlined, for the sake of what calls it where no reroll is configured.
//
//go:noinline
func (r *reroll) now(k Key) Key {
	if !r.due() {
		return k
	}
	return Key{hi: mix(k.hi ^ r.salt.hi), lo: mix(k.lo + r.salt.lo)}
}

// due reports whether it has begun.
func (r *reroll) due() bool { return r.w.now >= r.at }

// chooser returns who decides at the present time, if it was usual before.
func (r *reroll) chooser(usual Chooser) Chooser {
	if !r.due() {
		return usual
	}
	if r.choices == nil {
		r.choices = Seeded(r.w.root.Sub("choices"))
	}
	return r.choices
}

// stream is Key.Rand for a stream that changes once it is time, also in its middle.
func (r *reroll) stream(k Key) *rand.Rand {
	return rand.New(&turning{src: *rand.NewPCG(k.hi, k.lo), key: k})
}

// turning is a source that goes over to the start of another stream.
type turning struct {
	src    rand.PCG
	key    Key
	turned bool
}

// Uint64 returns the next number.
func (t *turning) Uint64() uint64 {
	if r := t.key.reroll; !t.turned && r.due() {
		k := r.now(t.key)
		t.src.Seed(k.hi, k.lo)
		t.turned = true
	}
	return t.src.Uint64()
}
