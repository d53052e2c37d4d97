package linear

// hash128 is a hash in two words.
type hash128 struct{ hi, lo uint64 }

func (h hash128) xor(g hash128) hash128 { return hash128{h.hi ^ g.hi, h.lo ^ g.lo} }

// zobrist returns 128 bits for item i: a set is hashed by joining those of its
// items by exclusive or, in any order (Zobrist, "A new hashing method with
// application for game playing", 1970). The words are the finalizer of
// splitmix64 (Steele, Lea and Flood, OOPSLA 2014) at two fixed places.
func zobrist(i uint64) hash128 {
	return hash128{mix(i + 0x243f6a8885a308d3), mix(^i ^ 0x13198a2e03707344)} // fractional digits of pi
}

func mix(z uint64) uint64 {
	z *= 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// deadSet is a set of configurations from which nothing leads to success. The
// zero value is empty. It is an open-addressing table of 16 bytes an entry, at
// most three quarters full.
//
// A configuration is known by 128 bits of its set of operations and its state,
// and two that agree are taken for one. With N configurations this is expected
// to happen N*N/2^129 times (birthday bound): less than once in 10^22 searches that
// fill DefaultMemory, some 2^28 entries. Then a live configuration could be
// taken for a dead one, and a verdict of Fail be wrong. A Pass never is: it has
// its order.
type deadSet struct {
	slots []hash128 // a power of two; zero is free, and never the hash of a configuration (see above)
	count int
}

// slot returns where key is or has to go.
func (d *deadSet) slot(key hash128) int {
	mask := len(d.slots) - 1
	at := int(key.lo) & mask
	for d.slots[at] != key && d.slots[at] != (hash128{}) {
		at = (at + 1) & mask
	}
	return at
}

func (d *deadSet) has(key hash128) bool {
	return d.count > 0 && d.slots[d.slot(key)] == key
}

// add puts key in; false means that there is no memory to do so.
func (d *deadSet) add(key hash128, memory *budget) bool {
	if 4*d.count >= 3*len(d.slots) && !d.grow(memory) {
		return false
	}
	if at := d.slot(key); d.slots[at] != key {
		d.slots[at] = key
		d.count++
	}
	return true
}

func (d *deadSet) grow(memory *budget) bool {
	const least, size = 1 << 8, 16 // slots, bytes of one
	want := max(least, 2*len(d.slots))
	if !memory.take(int64(want) * size) {
		return false
	}
	old := d.slots
	d.slots = make([]hash128, want)
	for _, key := range old {
		if key != (hash128{}) {
			d.slots[d.slot(key)] = key
		}
	}
	memory.give(int64(len(old)) * size)
	return true
}

// budget counts the bytes that are allocated.
type budget struct {
	bound, held, peak int64
	base              int64 // held besides, by what counts its own bytes
}

// take adds n bytes, or none if that is too much.
func (b *budget) take(n int64) bool {
	if b.held+b.base+n > b.bound {
		return false
	}
	b.held += n
	b.peak = max(b.peak, b.held+b.base)
	return true
}

func (b *budget) give(n int64) { b.held -= n }

// allows sets base to n bytes and reports whether that is not too much.
func (b *budget) allows(n int64) bool {
	b.base = n
	b.peak = max(b.peak, b.held+b.base)
	return b.held+b.base <= b.bound
}
