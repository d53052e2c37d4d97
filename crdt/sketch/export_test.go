package sketch

// Pure is what the decoder peels by.
func (s Symbol) Pure(salt uint64) bool { return s.pure(salt) }

// ChecksumOf is the checksum of an item.
func ChecksumOf(item, salt uint64) uint32 { return checksum(seedOf(item, salt)) }

// IndicesOf are the first m symbols' that item is mapped to.
func IndicesOf(item, salt uint64, m int) (out []int) {
	for s := newSource(item, salt, 1); s.index < uint64(m); s.step() {
		out = append(out, int(s.index))
	}
	return out
}

// Within says which items a branch of the set is about: the digest of a prefix by looking
// at every item, for comparison.
func (s *Set) Within(prefix uint64, depth int) (d Digest) {
	for item := range s.All() {
		if item-prefix <= lastBelow(depth) {
			d = d.plus(item, 1)
		}
	}
	return d
}

// Below is the same from the trie.
func (s *Set) Below(prefix uint64, depth int) Digest {
	n := s.root.at(prefix, depth)
	return Digest{uint64(n.count), n.sum}
}

// Nodes counts the nodes of the trie, and how deep it is.
func (s *Set) Nodes() (nodes, depth int) { return s.root.size() }

func (n *node) size() (nodes, depth int) {
	nodes = 1
	if n.kids == nil {
		return nodes, 0
	}
	for i := range n.kids {
		m, d := n.kids[i].size()
		nodes += m
		depth = max(depth, d+1)
	}
	return nodes, depth
}
