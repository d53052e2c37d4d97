package laws

import (
	"math/rand/v2"

	"github.com/zeebo/xxh3"

	"phoenix/crdt"
	"phoenix/sim"
)

// Digest runs random histories and returns a digest of all encodings in the end: of
// the copies, the deltas, and what they lack of each other by Diff; not by Delta, which
// may say more than it must. It is for law 21 beyond one process: pinned in a test, it
// must come out the same on every machine. It panics if typ lacks something.
func Digest[S any](typ Type[S], o Options) [16]byte {
	must(typ.validate())
	o = o.filled()
	src := &rand.PCG{}
	draw, key := rand.New(src), sim.NewKey(o.Seed).Sub("laws").Sub(typ.Name)
	h, sum := History(nil), xxh3.New()
	w := &world[S]{typ: &typ}
	for n := range o.Histories {
		key.Seed(src, uint64(n))
		h = drawHistory(draw, h[:0], len(typ.Ops), o)
		w.start(0, o.Copies)
		for _, s := range h {
			w.take(s)
		}
		w.write(sum)
	}
	return sum.Sum128().Bytes()
}

// write adds the bytes of all states to sum.
func (w *world[S]) write(sum *xxh3.Hasher) {
	add := func(s *S) {
		w.one = w.append(w.one[:0], s)
		_, _ = sum.Write(w.one) // a hash takes all
	}
	for i := range w.copies {
		a, b := w.copies[i].state, w.copies[(i+1)%len(w.copies)].state
		add(a)
		if s, ok := any(a).(crdt.Splitter[S]); ok {
			add(s.Diff(b))
		}
	}
	for i := range w.deltas {
		add(w.deltas[i].state)
	}
}
