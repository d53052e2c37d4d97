package sketch

import (
	"encoding/binary"
	"math/bits"
)

// A Branch is what a set has below a prefix: the digests of the sixteen prefixes that are
// longer by four bits, or the items themselves.
type Branch struct {
	Prefix uint64 // the rest is 0
	Depth  int    // of the prefix, in nibbles of four bits: 0 to 16
	Listed bool   // Items tells all there is
	Kids   [fanout]uint32
	Items  []uint64 // in rising order
}

// A Page is a message of a comparison of tries. Pages are values: whoever gets one does
// not change it.
type Page struct {
	Salt     uint64
	Branches []Branch
	More     bool // the sender has more to ask, if an answer gives it leave
}

// size is how many bytes the encoding has.
func (b *Branch) size() int {
	head := 1 + (b.Depth+1)/2
	if b.Listed {
		return head + 1 + len(b.Items)*(8-b.Depth/2)
	}
	return head + 2 + 4*bits.OnesCount16(b.mask())
}

// mask has a bit for each child that is not empty.
func (b *Branch) mask() (m uint16) {
	for i, k := range b.Kids {
		if k != 0 {
			m |= 1 << i
		}
	}
	return m
}

// AppendBinary appends the page to b and returns no error. Of items, the whole bytes that
// are in the prefix are left out.
func (p Page) AppendBinary(b []byte) ([]byte, error) {
	b = binary.LittleEndian.AppendUint64(append(b, tagPage), p.Salt)
	more := uint64(0)
	if p.More {
		more = 1
	}
	b = binary.AppendUvarint(b, uint64(len(p.Branches))<<1|more)
	for i := range p.Branches {
		b = p.Branches[i].append(b)
	}
	return b, nil
}

func (b *Branch) append(to []byte) []byte {
	kind := byte(b.Depth)
	if b.Listed {
		kind |= 0x80
	}
	to = append(to, kind)
	for i := range (b.Depth + 1) / 2 {
		to = append(to, byte(b.Prefix>>(56-8*i)))
	}
	if !b.Listed {
		to = binary.LittleEndian.AppendUint16(to, b.mask())
		for _, k := range b.Kids {
			if k != 0 {
				to = binary.LittleEndian.AppendUint32(to, k)
			}
		}
		return to
	}
	to = binary.AppendUvarint(to, uint64(len(b.Items)))
	for _, item := range b.Items {
		for i := b.Depth / 2; i < 8; i++ {
			to = append(to, byte(item>>(56-8*i)))
		}
	}
	return to
}

// UnmarshalBinary replaces p by what AppendBinary wrote. Errors wrap ErrEncoding and
// leave p alone.
func (p *Page) UnmarshalBinary(data []byte) error {
	r := newReader(data, tagPage)
	out := Page{Salt: r.word()}
	n := r.below(uint64(len(data)))
	out.More = n&1 == 1
	for i := uint64(0); i < n>>1 && r.err == nil; i++ {
		out.Branches = append(out.Branches, r.branch())
	}
	if r.end() == nil {
		*p = out
	}
	return r.err
}

// top reads the n first bytes of a prefix or, from byte i on, of an item.
func (r *reader) top(i, n int) uint64 {
	if n == 0 {
		return 0
	}
	return bits.ReverseBytes64(r.take(n)) >> (8 * i)
}

func (r *reader) branch() (b Branch) {
	kind := r.byte()
	b.Listed = kind&0x80 != 0
	b.Depth = int(kind & 0x7f)
	if b.Depth > maxDepth {
		r.fail("depth %d", b.Depth)
		return Branch{}
	}
	b.Prefix = r.top(0, (b.Depth+1)/2)
	if b.Depth < maxDepth && b.Prefix&lastBelow(b.Depth) != 0 {
		r.fail("a prefix is longer than its depth")
	}
	if !b.Listed {
		mask := uint16(r.take(2))
		for i := range b.Kids {
			if mask>>i&1 == 0 {
				continue
			}
			if b.Kids[i] = r.half(); b.Kids[i] == 0 {
				r.fail("an empty child is named")
			}
		}
		return b
	}
	// At depth 16 the item is the prefix, and takes no bytes more.
	n := r.below(uint64(max(1, len(r.data))))
	known := b.Depth / 2
	b.Items = make([]uint64, 0, min(n, uint64(len(r.data)/max(1, 8-known)+1)))
	for i := uint64(0); i < n && r.err == nil; i++ {
		item := b.Prefix&^lastBelow(2*known) | r.top(known, 8-known)
		if last := len(b.Items) - 1; last >= 0 && b.Items[last] >= item || item-b.Prefix > lastBelow(b.Depth) {
			r.fail("items are out of order or place")
			return Branch{}
		}
		b.Items = append(b.Items, item)
	}
	return b
}
