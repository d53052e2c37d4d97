package sketch

import "slices"

// Storage: a node with more than leafItems items has sixteen children, by the next four
// bits from the top; any other holds its items itself. So the shape depends on the items
// only. Digests of prefixes do not even depend on leafItems.
const (
	leafItems = 64
	fanout    = 16
	maxDepth  = 16 // where a prefix is a whole item
)

// A node has the items with a common prefix.
type node struct {
	sum   uint64 // of the mixed items
	count int
	items []uint64 // of a leaf, in rising order
	kids  *[fanout]node
}

// nibble is the child that an item is in, of a node at depth.
func nibble(item uint64, depth int) int { return int(item >> (60 - 4*depth) & 15) }

func (n *node) add(item uint64, depth int) bool {
	if n.kids != nil {
		if !n.kids[nibble(item, depth)].add(item, depth+1) {
			return false
		}
	} else {
		at, there := slices.BinarySearch(n.items, item)
		if there {
			return false
		}
		n.items = slices.Insert(n.items, at, item)
	}
	n.count++
	n.sum += mix(item)
	if n.kids == nil && n.count > leafItems {
		n.split(depth)
	}
	return true
}

// split makes children of a leaf with too many items.
func (n *node) split(depth int) {
	n.kids = new([fanout]node)
	for rest := n.items; len(rest) > 0; {
		child := nibble(rest[0], depth)
		size := 1
		for size < len(rest) && nibble(rest[size], depth) == child {
			size++
		}
		k := &n.kids[child]
		k.items, k.count = slices.Clone(rest[:size]), size
		for _, item := range k.items {
			k.sum += mix(item)
		}
		if size > leafItems {
			k.split(depth + 1)
		}
		rest = rest[size:]
	}
	n.items = nil
}

func (n *node) remove(item uint64, depth int) bool {
	if n.kids != nil {
		if !n.kids[nibble(item, depth)].remove(item, depth+1) {
			return false
		}
	} else {
		at, there := slices.BinarySearch(n.items, item)
		if !there {
			return false
		}
		n.items = slices.Delete(n.items, at, at+1)
	}
	n.count--
	n.sum -= mix(item)
	if n.kids != nil && n.count <= leafItems {
		n.items = slices.AppendSeq(make([]uint64, 0, n.count), n.all)
		n.kids = nil
	}
	return true
}

func (n *node) contains(item uint64) bool {
	for depth := 0; n.kids != nil; depth++ {
		n = &n.kids[nibble(item, depth)]
	}
	_, there := slices.BinarySearch(n.items, item)
	return there
}

// each yields the items in rising order and reports whether yield wanted all.
func (n *node) each(yield func(uint64) bool) bool {
	if n.kids == nil {
		for _, item := range n.items {
			if !yield(item) {
				return false
			}
		}
		return true
	}
	for i := range n.kids {
		if !n.kids[i].each(yield) {
			return false
		}
	}
	return true
}

func (n *node) all(yield func(uint64) bool) { n.each(yield) }

// at returns what is below a prefix of depth nibbles. A node that is stored within a leaf
// is made for the answer.
func (n *node) at(prefix uint64, depth int) node {
	for i := range depth {
		if n.kids == nil {
			return n.within(prefix, depth)
		}
		n = &n.kids[nibble(prefix, i)]
	}
	return *n
}

// within returns the part of a leaf that is below the prefix.
func (n *node) within(prefix uint64, depth int) (part node) {
	from, _ := slices.BinarySearch(n.items, prefix)
	to := from
	for to < len(n.items) && n.items[to]-prefix <= lastBelow(depth) {
		part.sum += mix(n.items[to])
		to++
	}
	part.items, part.count = n.items[from:to:to], to-from
	return part
}

// lastBelow is the distance of the last item below a prefix of depth nibbles from the first.
func lastBelow(depth int) uint64 { return ^uint64(0) >> (4 * depth) }

// child returns what is below the i-th child of a node at prefix and depth.
func (n *node) child(i int, prefix uint64, depth int) node {
	if n.kids != nil {
		return n.kids[i]
	}
	return n.within(prefix|uint64(i)<<(60-4*depth), depth+1)
}
