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

	// For prune: the takes left; per value, how many are held and how many puts are
	// left; whether something is taken more often than that; the number of nil, and
	// whether nil may be an element.
	takes        *takes
	copies, puts []int32
	hopeless     bool
	null         uint32
	nilHeld      bool
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
	l.null, l.nilHeld = values.of(history.Value{}), opt.holdsNil(c.ops)
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
		values.of(v)
	}
	l.takes = newTakes(c, l.codes, len(values))
	l.copies, l.puts = make([]int32, len(values)), make([]int32, len(values))
	for _, v := range held {
		l.put(values.of(v))
	}
	for class, n := range c.count {
		if code := &l.codes[class]; code.puts {
			l.puts[code.value] += n
		}
	}
	for v := range l.puts {
		l.hopeless = l.hopeless || l.takes.lists[v].left > l.copies[v]+l.puts[v] && uint32(v) != l.null
	}
	return l
}

func (l *lineAutomaton) put(v uint32) {
	at, h := l.prefix[l.last], zobrist(uint64(v))
	l.elements[l.last] = v
	l.copies[v]++
	l.last++
	l.prefix[l.last] = hash128{
		(mulmod(at.hi, bases.hi) + h.hi%modulus) % modulus,
		(mulmod(at.lo, bases.lo) + h.lo%modulus) % modulus,
	}
}

// next is the element that would be taken.
func (l *lineAutomaton) next() uint32 {
	if l.fifo {
		return l.elements[l.first]
	}
	return l.elements[l.last-1]
}

func (l *lineAutomaton) try(class int32) (possible, changes bool) {
	c := &l.codes[class]
	switch {
	case c.puts:
		return true, true
	case l.first == l.last:
		return c.empty, false
	}
	return c.any || l.next() == c.value, true
}

func (l *lineAutomaton) apply(op, class int32) (undo uint32) {
	if c := &l.codes[class]; c.puts {
		l.puts[c.value]--
		l.put(c.value)
		return 0
	}
	l.takes.take(op)
	if l.first == l.last {
		return nothing
	}
	v := l.next()
	l.copies[v]--
	if l.fifo {
		l.first++
	} else {
		l.last--
	}
	return v
}

func (l *lineAutomaton) revert(op, class int32, undo uint32) {
	if c := &l.codes[class]; c.puts {
		l.puts[c.value]++
		l.copies[c.value]--
		l.last--
		return
	}
	l.takes.putBack(op)
	switch {
	case undo == nothing:
	case l.fifo:
		l.first--
		l.copies[undo]++
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
	const perOperation, perElement, perList = 16 + 2*4, 4 + 2*16, 80
	return int64(len(l.takes.place))*perOperation + int64(len(l.elements))*perElement + int64(len(l.takes.lists))*perList
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
