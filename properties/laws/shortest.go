package laws

// Searched says what Shortest did: it looked at all histories of up to Depth steps
// if Complete, at a part of those of Depth if not.
type Searched struct {
	Depth     int
	Histories int // how many were run; those that only order independent steps otherwise are left out
	Complete  bool
}

// Shortest looks for the shortest history that breaks a law of the options: it goes
// through all of them in order of length, up to Depth steps or Budget histories. Of
// several of one length it returns the first in a fixed order. nil: there is none
// within the limits, which Searched tells.
//
// Left out are histories in which two neighbouring steps that have nothing to do with
// each other are swapped, and steps that cannot matter: what comes from a copy that
// was told nothing yet (law 4 tries bottom), and the same arrival twice in a row. Unless
// Options.Unlike is set, so are those that do not name copies in the order A, B, C.
func Shortest[S any](typ Type[S], o Options) (*Failure, Searched) {
	must(typ.validate())
	o = o.filled()
	x := &breadth[S]{typ: &typ, world: world[S]{typ: &typ}, o: o}
	for x.did.Depth = 1; x.did.Depth <= o.Depth; x.did.Depth++ {
		if f := x.extend(make(History, 0, x.did.Depth), 0, 0); f != nil {
			x.did.Complete = true
			return f, x.did
		}
		if x.did.Histories >= o.Budget {
			return nil, x.did
		}
	}
	x.did.Depth, x.did.Complete = o.Depth, true
	return nil, x.did
}

// breadth is a search by length.
type breadth[S any] struct {
	typ   *Type[S]
	world world[S]
	o     Options
	did   Searched
}

// extend goes through the histories of the length looked for that begin with h, in
// which the copies of used did something, and so many operations are done.
func (x *breadth[S]) extend(h History, used Set, done int) *Failure {
	if len(h) == x.did.Depth {
		x.did.Histories++
		return x.world.check(h, x.o.Laws, &seen{})
	}
	first := used.Len() // the first copy of those that did nothing
	if x.o.Unlike {
		first = x.o.Copies - 1
	}
	for at := range uint8(min(first+1, x.o.Copies)) {
		for _, kind := range [...]Kind{Do, Receive, Merge, CatchUp, Save, Crash} {
			for arg := range uint8(x.args(kind, done)) {
				s := Step{kind, at, arg}
				if !follows(h, s, used, done) {
					continue
				}
				more := 0
				if kind == Do {
					more = 1
				}
				if f := x.extend(append(h, s), used|1<<at, done+more); f != nil {
					return f
				}
				if x.did.Histories >= x.o.Budget {
					return nil
				}
			}
		}
	}
	return nil
}

// args returns how many alternatives there are.
func (x *breadth[S]) args(kind Kind, done int) int {
	switch kind {
	case Do:
		return min(len(x.typ.Ops), 255)
	case Receive:
		return done
	case Merge, CatchUp:
		return x.o.Copies
	}
	return 1
}

// follows reports whether s may come after h: it does something, and is not swapped
// with the step before, with which it has nothing to do.
func follows(h History, s Step, used Set, done int) bool {
	if len(h) == 0 {
		return s.Kind == Do
	}
	last := h[len(h)-1]
	switch {
	case s.Kind == CatchUp && s.At == s.Arg:
		return false
	case (s.Kind == Merge || s.Kind == CatchUp) && !used.Has(int(s.Arg)):
		return false
	case s == last && s.Kind != Do:
		return false // a step again changes nothing that the checks at its end do not try
	case last.At <= s.At || last.At == s.Arg && (s.Kind == Merge || s.Kind == CatchUp):
		return true
	case s.At == last.Arg && (last.Kind == Merge || last.Kind == CatchUp):
		return true
	case s.Kind == Receive && last.Kind == Do && int(s.Arg) == done-1:
		return true
	}
	return s.Kind == Do && last.Kind == Do // deltas are numbered in their order
}
