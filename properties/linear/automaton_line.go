package linear

import (
	"math/bits"

	"phoenix/properties/history"
)

// lineAutomaton is the automaton of Queue and Stack, which hold elements[first:last].
// What a queue gave away stays below first, for it may come back.
type lineAutomaton struct {
	codes       []lineCode // per class
	fifo        bool
	elements    []uint32
	first, last int
	// prefix[i] hashes elements[:i] as a polynomial (Karp and Rabin, IBM Journal of
	// Research and Development 1987) in the two bases; powers are those of the bases.
	prefix, powers []hash128
}

type lineCode struct {
	puts  bool
	value uint32 // put or taken
	any   bool   // nobody knows what was taken
	empty bool   // it may find nothing there
}

func newLineAutomaton(opt *Options, c *classes) *lineAutomaton {
	l := &lineAutomaton{codes: make([]lineCode, len(c.ops)), fifo: opt.Model == Queue}
	values := numbers{}
	room := 0
	for class, op := range c.ops {
		if op.Kind == history.Enqueue || op.Kind == history.Push {
			l.codes[class] = lineCode{puts: true, value: values.of(op.Arg)}
			room += int(c.count[class])
			continue
		}
		l.codes[class] = lineCode{value: values.of(op.Out), any: op.Outcome == history.Unknown, empty: op.Out.IsNil()}
	}
	held, _ := opt.initial().Items()
	room += len(held)
	l.elements, l.prefix, l.powers = make([]uint32, room), make([]hash128, room+1), make([]hash128, room+1)
	l.powers[0] = hash128{1, 1}
	for i := range room {
		l.powers[i+1] = hash128{mulmod(l.powers[i].hi, bases.hi), mulmod(l.powers[i].lo, bases.lo)}
	}
	for _, v := range held {
		l.put(values.of(v))
	}
	return l
}

func (l *lineAutomaton) put(v uint32) {
	at, h := l.prefix[l.last], zobrist(uint64(v))
	l.elements[l.last] = v
	l.last++
	l.prefix[l.last] = hash128{
		(mulmod(at.hi, bases.hi) + h.hi%modulus) % modulus,
		(mulmod(at.lo, bases.lo) + h.lo%modulus) % modulus,
	}
}

func (l *lineAutomaton) try(class int32) (possible, changes bool) {
	c := &l.codes[class]
	switch {
	case c.puts:
		return true, true
	case l.first == l.last:
		return c.empty, false
	case c.any:
		return true, true
	case l.fifo:
		return l.elements[l.first] == c.value, true
	}
	return l.elements[l.last-1] == c.value, true
}

func (l *lineAutomaton) apply(op, class int32) (undo uint32) {
	switch c := &l.codes[class]; {
	case c.puts:
		l.put(c.value)
		return 0
	case l.first == l.last:
		return nothing
	case l.fifo:
		l.first++
		return 0
	}
	l.last--
	return l.elements[l.last]
}

func (l *lineAutomaton) revert(op, class int32, undo uint32) {
	switch c := &l.codes[class]; {
	case c.puts:
		l.last--
	case undo == nothing:
	case l.fifo:
		l.first--
	default:
		l.put(undo)
	}
}

// hash is that of the elements between first and last, and of how many they are.
func (l *lineAutomaton) hash() hash128 {
	n := l.last - l.first
	from, to, shift := l.prefix[l.first], l.prefix[l.last], l.powers[n]
	return stateHash(uint32(n)).xor(hash128{
		mix((to.hi + modulus - mulmod(from.hi, shift.hi)) % modulus),
		mix((to.lo + modulus - mulmod(from.lo, shift.lo)) % modulus),
	})
}

func (l *lineAutomaton) bytes() int64 {
	return int64(len(l.codes))*12 + int64(len(l.elements))*(4+2*16)
}

// nothing is what undoes a take that found nothing: no number of an element.
const nothing = 1 << 31

// Polynomials are taken modulo the Mersenne prime 2^61-1, in two bases: two lists
// of n elements agree with a probability of at most (n/2^61)^2.
const modulus = 1<<61 - 1

var bases = hash128{mix(1) % modulus, mix(2) % modulus}

// mulmod is a*b modulo 2^61-1, for a and b below it.
func mulmod(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	sum := lo&modulus + (lo>>61 | hi<<3)
	if sum >= modulus {
		sum -= modulus
	}
	return sum
}
