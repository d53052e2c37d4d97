package sketch

import (
	"math"
	"math/bits"
)

// A Symbol is one coded symbol of a set, or of the difference of two: what all items
// that are mapped to it come to. The zero Symbol is one without items.
type Symbol struct {
	Sum   uint64 // the items, by exclusive or
	Check uint32 // their checksums, by exclusive or
	Count int32  // how many they are; of a difference, theirs less ours
}

// minus returns the symbol of the difference: what is in both cancels out.
func (s Symbol) minus(o Symbol) Symbol {
	return Symbol{s.Sum ^ o.Sum, s.Check ^ o.Check, s.Count - o.Count}
}

// pure reports whether s seems to hold a single item: without the checksum, one of
// theirs beside an even number of others would pass for an item that nobody has.
func (s Symbol) pure(salt uint64) bool {
	return (s.Count == 1 || s.Count == -1) && checksum(seedOf(s.Sum, salt)) == s.Check
}

// seedOf is a bijection of items for each salt (the finalizer of SplitMix64: Steele,
// Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). All that
// is drawn for an item comes from its seed.
func seedOf(item, salt uint64) uint64 {
	x := item ^ fold(salt, 0xd6e8feb86659fd93)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// fold multiplies to 128 bits and folds these to 64.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, b)
	return hi ^ lo
}

func checksum(seed uint64) uint32 { return uint32(fold(seed, 0xa0761d6478bd642f) >> 32) }

// A source is an item on its way through the sequence of symbols.
type source struct {
	item  uint64
	state uint64 // of the generator
	index uint64 // the next symbol that the item is mapped to
	check uint32
	count int32 // 1, or -1 if the item is taken out
}

// newSource starts at symbol 0, to which all items are mapped.
func newSource(item, salt uint64, count int32) source {
	seed := seedOf(item, salt)
	return source{item: item, state: seed, check: checksum(seed), count: count}
}

// never is an index beyond all symbols that anybody will make.
const never = 1 << 40

// step goes to the next symbol. An item is mapped to symbol i with probability
// 1/(1+i/2), independently of the others (Yang, Gilad, Alizadeh 2024, section 4.2). So
// none of the symbols after i up to j has it with probability (i+1)(i+2) / (j+1)(j+2),
// a product that telescopes; the next index is the first j for which that is below a
// uniform draw. The paper solves it with (i+1.5)^2 for (i+1)(i+2); this is exact.
func (s *source) step() {
	s.state += 0x2d358dccaa6c78a5
	r := fold(s.state, s.state^0x8bb84b93962eacc9)
	i := float64(int64(s.index))
	q := (i + 1) * (i + 2) / (float64(int64(r>>11)+1) / (1 << 53))
	j := math.Sqrt(q+0.25) - 1.5
	if j >= never {
		s.index = never
		return
	}
	s.index = max(s.index, uint64(int64(j))) + 1
}

// apply adds the item to each of the cells that it is mapped to, from where it is.
func (s *source) apply(cells []Symbol) {
	for s.index < uint64(len(cells)) {
		s.apply1(cells)
	}
}

// apply1 adds the item to the cell where it is, and steps on.
func (s *source) apply1(cells []Symbol) {
	c := &cells[s.index]
	c.Sum ^= s.item
	c.Check ^= s.check
	c.Count += s.count
	s.step()
}

// applyAll applies all sources to the cells. It takes them a step each, in turn, so that
// the processor works on several: the steps of one have to wait for each other.
func applyAll(sources []source, cells []Symbol) {
	var open [256]uint8
	for len(sources) > 0 {
		some := sources[:min(len(sources), len(open))]
		n := 0
		for i := range some {
			open[n&255] = uint8(i)
			if some[i].index < uint64(len(cells)) {
				n++
			}
		}
		for n > 0 {
			left := 0
			for _, i := range open[:n] {
				s := &some[i]
				s.apply1(cells)
				open[left&255] = i
				if s.index < uint64(len(cells)) {
					left++
				}
			}
			n = left
		}
		sources = sources[len(some):]
	}
}
