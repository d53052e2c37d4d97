package gossip

import (
	"slices"

	"phoenix/network"
	"phoenix/sim"
)

// buffer holds the deltas that made the versions after base, in order.
type buffer[S any] struct {
	base  uint64
	items []item[S]
	bytes int
}

// item is the delta of one version, and who sent it.
type item[S any] struct {
	delta *S
	size  int // of its encoding
	from  origin
}

// origin is a boot of a node. What came from it need not be sent back while it lasts.
type origin struct {
	id    network.ID
	epoch uint32
}

var local = origin{id: sim.NoHost}

// add appends the delta of the next version and drops the oldest beyond the bounds.
func (b *buffer[S]) add(it item[S], count, bytes int) {
	b.items = append(b.items, it)
	b.bytes += it.size
	n := max(0, len(b.items)-count)
	for rest := b.bytes - b.sizeOf(n); rest > bytes; n++ {
		rest -= b.items[n].size
	}
	b.drop(n)
}

func (b *buffer[S]) sizeOf(n int) (size int) {
	for i := range b.items[:n] {
		size += b.items[i].size
	}
	return size
}

// drop forgets the n oldest.
func (b *buffer[S]) drop(n int) {
	b.bytes -= b.sizeOf(n)
	b.base += uint64(n)
	b.items = slices.Delete(b.items, 0, n)
}

// after returns the deltas of the versions after v, and false if some are gone.
func (b *buffer[S]) after(v uint64) ([]item[S], bool) {
	if v < b.base {
		return nil, false
	}
	return b.items[v-b.base:], true
}
