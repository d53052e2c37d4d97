package sketch

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// listed is how many items below a prefix are named one by one rather than by the
// digests of their parts: about where these take as many bytes.
const listed = 16

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

// A Walk is one side of a comparison of two hash tries (as Merkle, "A digital signature
// based on a conventional encryption function", CRYPTO 1987, compares trees of hashes):
// each page answers the last, a level deeper where the digests differ, until few enough
// items are left to be named.
//
// Whoever begins sends Next; who gets a page calls Receive and then sends Next if that
// has anything. A walk reads the set as it is at each step, so the set may change; what
// changed may be found or not, and is found the next time.
//
// d differences in n items cost O(d log n) bytes and time, and log16(n)+1 messages if the
// pages are not bounded. Pending prefixes are at most 16 * log16(n) for each of a page.
type Walk struct {
	set     *Set
	salt    uint64
	pending []place // the last is next, so that few are open
	reply   bool
}

type place struct {
	prefix uint64
	depth  int
}

// Walk returns the side that begins. The salt is for the digests, of 32 bits: a pair that
// is equal by chance, 2^-31 for each that is compared, is not in the next session.
func (s *Set) Walk(salt uint64) *Walk {
	return &Walk{set: s, salt: salt, pending: []place{{}}, reply: true}
}

// Answer returns the side that answers the page p, which Receive is still to be given.
func (s *Set) Answer(p Page) *Walk { return &Walk{set: s, salt: p.Salt} }

// digest32 shortens the sum of a prefix: by a multiplication with a random odd number,
// unequal sums are equal with a chance of at most 2^-31 (Dietzfelbinger, Hagerup,
// Katajainen, Penttonen, "A reliable randomized algorithm for the closest-pair problem",
// 1997, section 2). 0 is for no items, and never for some.
func (w *Walk) digest32(n *node) uint32 {
	if n.count == 0 {
		return 0
	}
	return max(1, uint32(n.sum*(fold(w.salt, 0x8ebc6af09c88c6e3)|1)>>32))
}

// Next returns the next page, of at most size bytes unless a single branch has more (which
// takes up to 160 bytes). ok is false if there is nothing to send: the walk has ended here.
func (w *Walk) Next(size int) (p Page, ok bool) {
	if !w.reply && len(w.pending) == 0 {
		return Page{}, false
	}
	w.reply = false
	p.Salt = w.salt
	for used := 12; len(w.pending) > 0; {
		b := w.branch(w.pending[len(w.pending)-1])
		used += b.size()
		if used > size && len(p.Branches) > 0 {
			break
		}
		w.pending = w.pending[:len(w.pending)-1]
		p.Branches = append(p.Branches, b)
	}
	p.More = len(w.pending) > 0
	return p, true
}

func (w *Walk) branch(at place) Branch {
	n := w.set.root.at(at.prefix, at.depth)
	b := Branch{Prefix: at.prefix, Depth: at.depth, Listed: n.count <= listed}
	if b.Listed {
		b.Items = slices.AppendSeq(make([]uint64, 0, n.count), n.all)
		return b
	}
	for i := range b.Kids {
		k := n.child(i, at.prefix, at.depth)
		b.Kids[i] = w.digest32(&k)
	}
	return b
}

// Receive takes a page of the other and returns what it tells: the items that we miss, and
// those that we have and the other does not, in rising order. The other learns of neither:
// send it the extra ones, and ask for the missing.
//
// Branches that no set could have sent are ignored.
func (w *Walk) Receive(p Page) (missing, extra []uint64) {
	w.reply = p.More
	if p.Salt != w.salt {
		return nil, nil
	}
	for i := range p.Branches {
		b := &p.Branches[i]
		if b.Depth < 0 || b.Depth > maxDepth || b.Prefix&lastBelow(b.Depth) != 0 && b.Depth < maxDepth {
			continue
		}
		n := w.set.root.at(b.Prefix, b.Depth)
		switch {
		case b.Listed:
			missing, extra = b.compare(&n, missing, extra)
		case b.Depth < maxDepth:
			extra = w.descend(b, &n, extra)
		}
	}
	slices.Sort(missing)
	slices.Sort(extra)
	return slices.Compact(missing), slices.Compact(extra)
}

// compare goes through the items of both side by side.
func (b *Branch) compare(n *node, missing, extra []uint64) (m, e []uint64) {
	theirs := b.Items
	for mine := range n.all {
		for len(theirs) > 0 && theirs[0] < mine {
			missing = b.within(theirs[0], missing)
			theirs = theirs[1:]
		}
		if len(theirs) > 0 && theirs[0] == mine {
			theirs = theirs[1:]
			continue
		}
		extra = append(extra, mine)
	}
	for _, item := range theirs {
		missing = b.within(item, missing)
	}
	return missing, extra
}

// within appends the item if it is below the prefix of b, as it is if nothing was damaged.
func (b *Branch) within(item uint64, to []uint64) []uint64 {
	if item-b.Prefix <= lastBelow(b.Depth) {
		return append(to, item)
	}
	return to
}

// descend notes the children whose digests differ. What the other has nothing of is
// extra at once, however much it is.
func (w *Walk) descend(b *Branch, n *node, extra []uint64) []uint64 {
	for i, theirs := range b.Kids {
		k := n.child(i, b.Prefix, b.Depth)
		switch mine := w.digest32(&k); {
		case mine == theirs:
		case theirs == 0:
			extra = slices.AppendSeq(extra, k.all)
		default:
			w.pending = append(w.pending, place{b.Prefix | uint64(i)<<(60-4*b.Depth), b.Depth + 1})
		}
	}
	return extra
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
