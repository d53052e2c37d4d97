package laws

import (
	"bytes"
	"fmt"

	"github.com/zeebo/xxh3"
)

// Check runs a history and returns the first failure of a law of the set, or nil; of
// laws that one step breaks, the one that is asked about first. The set 0 is all
// laws. It panics if the type lacks something or h is no history of it.
func Check[S any](typ Type[S], h History, laws Set) *Failure {
	must(typ.validate())
	must(h.valid(len(typ.Ops)))
	var all seen
	return check(&typ, h, everyLaw(laws), &all)
}

// Replay checks the history that text gives, as a Failure's text does, for all laws.
// Errors wrap ErrHistory; a Failure is none, it is returned beside a nil error.
func Replay[S any](typ Type[S], text string) (*Failure, error) {
	h, err := ParseHistory(&typ, text)
	if err != nil {
		return nil, err
	}
	return Check(typ, h, 0), nil
}

func must(err error) {
	if err != nil {
		panic(err.Error())
	}
}

// everyLaw returns all laws for none. That nothing panics is always asked for.
func everyLaw(laws Set) Set {
	if laws == 0 {
		return AllLaws()
	}
	return laws | SetOf(Panics)
}

// check runs h and adds what it showed to all.
func check[S any](typ *Type[S], h History, laws Set, all *seen) *Failure {
	w := &world[S]{typ: typ}
	return w.check(h, laws, all)
}

// check starts w anew for h, and adds what that showed to all.
func (w *world[S]) check(h History, laws Set, all *seen) *Failure {
	w.start(laws, max(3, h.copies()))
	f := w.run(h)
	if f == nil && w.checks(23) {
		f = w.again(h)
	}
	if f == nil {
		all.add(&w.seen)
		return nil
	}
	f.Type, f.History, f.lines = w.typ.Name, append(History{}, h...), h.lines(w.typ.names())
	f.reads = retell(w.typ, h, f.Step)
	return f
}

// run takes all steps and checks what they led to.
func (w *world[S]) run(h History) (f *Failure) {
	defer func() {
		if r := recover(); r != nil {
			f = &Failure{Law: Panics, Step: w.step, Detail: fmt.Sprint(r)}
		}
	}()
	for _, s := range h {
		if w.take(s); w.fault != nil {
			return w.fault
		}
	}
	w.finish(h)
	w.seen.hits[Panics]++
	return w.fault
}

// hash returns a number that depends on the history alone.
func (h History) hash() uint64 {
	b := make([]byte, 0, 3*len(h))
	for _, s := range h {
		b = append(b, byte(s.Kind), s.At, s.Arg)
	}
	return xxh3.Hash(b)
}

// again checks law 23: the same history makes the same bytes. Go starts each loop
// over a map at another place, so a state that shows the order differs.
func (w *world[S]) again(h History) *Failure {
	o := newWorld(w.typ, 0, len(w.copies))
	for _, s := range h {
		o.take(s)
	}
	for i := range o.copies {
		if a, b := w.encode(w.copies[i].state), o.encode(o.copies[i].state); !bytes.Equal(a, b) {
			w.fail(23, "copy %s has other bytes when the same history is run again\n%s",
				copyName(uint8(i)), differ(a, b))
		}
	}
	w.seen.hits[23] += min(1, len(w.log.events))
	return w.fault
}

// retell runs h up to the step last and returns what the copy of each step reads after it.
func retell[S any](typ *Type[S], h History, last int) (reads []string) {
	defer func() { _ = recover() }() // the failure may be a panic, and then this is all there is to tell
	w := newWorld(typ, 0, max(3, h.copies()))
	for i, s := range h {
		if i > last {
			break
		}
		w.take(s)
		reads = append(reads, fmt.Sprintf("%s: %q", copyName(s.At), typ.Read(w.copies[s.At].state)))
	}
	return reads
}
