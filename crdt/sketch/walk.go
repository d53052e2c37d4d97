package sketch

import "slices"

// listed is how many items below a prefix are named one by one rather than by the
// digests of their parts: about where these take as many bytes.
const listed = 16

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
