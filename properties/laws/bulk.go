package laws

import (
	"math/rand/v2"

	"phoenix/crdt"
	"phoenix/sim"
)

// Options say how much is checked. The zero value is what the functions say.
type Options struct {
	Laws      Set    // those to check; 0: all
	Histories int    // how many; 0: 2000
	Steps     int    // the most in one history; 0: 24
	Copies    int    // 2 to 8; 0: 3
	Seed      uint64 // of the first history
	// Sample has the laws that take more than running a history, all but 0, 13, 14 and
	// 16, checked in one of so many histories each, in seven groups that share their
	// work, each in other histories as far as Sample allows. 0: all in all.
	Sample int
	// Depth is the length up to which Shortest looks; 0: 6.
	Depth int
	// Unlike has Shortest tell copies apart that did nothing yet. They are alike but for
	// their identifiers, whose order decides ties.
	Unlike bool
	// Budget is how many histories Shortest may run; 0: 300,000.
	Budget int
}

func (o Options) filled() Options {
	set := func(n *int, to int) {
		if *n == 0 {
			*n = to
		}
	}
	set(&o.Histories, 2000)
	set(&o.Steps, 24)
	set(&o.Copies, 3)
	set(&o.Sample, 1)
	set(&o.Depth, 6)
	set(&o.Budget, 300_000)
	o.Steps, o.Copies = min(o.Steps, maxSteps), min(max(o.Copies, 2), maxCopies)
	o.Laws = everyLaw(o.Laws)
	return o
}

// Bulk checks random histories and returns what they showed, and the first failure,
// shortened, or nil. Equal options give equal results. It panics if typ lacks something.
func Bulk[S any](typ Type[S], o Options) (*Report, *Failure) {
	must(typ.validate())
	o = o.filled()
	r := &Report{Type: typ.Name}
	src := &rand.PCG{}
	draw := rand.New(src)
	key := sim.NewKey(o.Seed).Sub("laws").Sub(typ.Name)
	var h History
	w := &world[S]{typ: &typ}
	for n := range o.Histories {
		key.Seed(src, uint64(n))
		h = drawHistory(draw, h[:0], len(typ.Ops), o)
		r.Histories++
		r.Steps += len(h)
		if f := w.check(h, o.sampled(n), &r.seen); f != nil {
			return r, shorten(&typ, f)
		}
	}
	r.settle(&typ, o.Laws)
	return r, nil
}

// groups are laws that are checked by the same work.
var groups = [...]Set{
	SetOf(5, 6), SetOf(9, 10, 11), SetOf(1, 2, 3, 4), SetOf(7, 8, 18),
	SetOf(12, 15, 17, 19, 20), SetOf(21, 22), SetOf(23),
}

// sampled returns the laws to check in the nth history.
func (o Options) sampled(n int) Set {
	if o.Sample == 1 {
		return o.Laws
	}
	laws := o.Laws & SetOf(Panics, 13, 14, 16)
	for g, members := range groups {
		if (n+g)%o.Sample == 0 {
			laws |= members & o.Laws
		}
	}
	return laws
}

// drawHistory appends a random history to h.
func drawHistory(src *rand.Rand, h History, ops int, o Options) History {
	done := 0
	for range 1 + src.IntN(o.Steps) {
		s := Step{At: uint8(src.IntN(o.Copies))}
		switch n := src.IntN(20); {
		case n < 9 && done < maxEvents:
			s.Kind, s.Arg = Do, uint8(src.IntN(ops))
			done++
		case n < 14 && done > 0:
			s.Kind, s.Arg = Receive, uint8(src.IntN(done))
		case n < 16:
			s.Kind, s.Arg = Merge, uint8(src.IntN(o.Copies))
		case n < 18:
			s.Kind, s.Arg = CatchUp, uint8(src.IntN(o.Copies))
		case n < 19:
			s.Kind = Save
		default:
			s.Kind = Crash
		}
		h = append(h, s)
	}
	return h
}

// settle closes the report on laws.
func (r *Report) settle(typ interface{ applies(*seen) Set }, laws Set) {
	r.Checked = r.seen.hits
	r.Applies = typ.applies(&r.seen) & laws
}

// applies returns the laws that the type can have.
func (t *Type[S]) applies(s *seen) Set {
	laws := AllLaws() &^ SetOf(14, 16)
	if _, ok := any(new(S)).(crdt.Splitter[S]); !ok {
		laws &^= SetOf(7, 8)
	}
	if _, ok := any(new(S)).(crdt.Causal[S]); !ok {
		laws &^= SetOf(9, 10, 11)
		if !laws.Has(7) {
			laws &^= SetOf(18)
		}
	}
	if s.deltas == 0 {
		laws &^= SetOf(6, 12)
	}
	if t.Grows {
		laws &^= SetOf(19)
	}
	return laws | SetOf(t.readLaw())
}
