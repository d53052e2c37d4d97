package disk

import (
	"slices"

	"phoenix/sim"
)

// A file has what programs see, what the medium holds, and the changes between. As
// long as no sync has failed, live is the medium with the changes applied; damage is
// not in either, see mask.
type file struct {
	id      uint64 // in order of creation
	name    string // the last one
	key     sim.Key
	sector  int64
	live    []byte
	medium  []byte
	changes []change // that are not known to be durable, in order
	ghosts  []change // that a failed sync dropped and programs still see (Ext4)
	masks   map[int64]*mask

	written, read, synced  uint64 // operations so far
	appends, writes, syncs label
}

// A change is a write, or a truncation if data is nil.
type change struct {
	seq       uint64 // among the changes of the disk
	number    uint64 // of the operation on the file
	off       int64
	data      []byte
	was, size int64 // of the file, before and after
	committed bool  // a truncation that the journal has made durable (Ext4)
}

func (c *change) cut() bool { return c.data == nil }

// end returns where the written bytes end.
func (c *change) end() int64 { return c.off + int64(len(c.data)) }

// label is a text that is made once for each name that a file has.
type label struct{ name, text string }

func (l *label) of(verb, name string) string {
	if l.name != name || l.text == "" {
		l.name, l.text = name, verb+" "+name
	}
	return l.text
}

// resize returns b with n bytes: cut, or zeros added.
func resize(b []byte, n int64) []byte {
	have := int64(len(b))
	if n <= have {
		return b[:n]
	}
	if n > int64(cap(b)) {
		b = slices.Grow(b, int(n-have))
	}
	b = b[:n]
	clear(b[have:])
	return b
}

// patch applies c to the bytes of a file from off on, as far as they reach. It does
// not change how many there are.
func (c *change) patch(b []byte, off int64) {
	end := off + int64(len(b))
	if c.cut() {
		if c.size < end {
			clear(b[max(c.size-off, 0):])
		}
		return
	}
	from, to := max(c.off, off), min(c.end(), end)
	if from < to {
		copy(b[from-off:to-off], c.data[from-c.off:to-c.off])
	}
}

// spans returns the first sector that c touches and the one after the last, not
// beyond limit. A truncation touches what it cuts off.
func (c *change) spans(sector, limit int64) (from, to int64) {
	if c.cut() {
		if c.size >= c.was {
			return 0, 0
		}
		return c.size / sector, min(blocks(c.was, sector), limit)
	}
	return c.off / sector, min(blocks(c.end(), sector), limit)
}

// blocks returns how many sectors so many bytes take.
func blocks(size, sector int64) int64 { return (size + sector - 1) / sector }

// write changes what programs see.
func (f *file) write(seq uint64, p []byte, off int64) {
	was := int64(len(f.live))
	f.live = resize(f.live, max(was, off+int64(len(p))))
	copy(f.live[off:], p)
	f.changes = append(f.changes, change{seq: seq, number: f.written, off: off,
		data: slices.Clone(p), was: was, size: int64(len(f.live))})
}

// truncate changes how much programs see.
func (f *file) truncate(seq uint64, size int64) {
	was := int64(len(f.live))
	f.live = resize(f.live, size)
	f.changes = append(f.changes, change{seq: seq, number: f.written, was: was, size: size})
}

// settle makes the changes up to a sequence number durable.
func (f *file) settle(upto uint64) {
	n := 0
	for n < len(f.changes) && f.changes[n].seq <= upto {
		c := &f.changes[n]
		size := max(int64(len(f.medium)), c.end())
		if c.cut() {
			size = c.size
		}
		f.medium = resize(f.medium, size)
		c.patch(f.medium, 0)
		f.patchMasks(c)
		n++
	}
	f.changes = slices.Delete(f.changes, 0, n)
}

// drop is what a failed sync does to the changes up to a sequence number: they will
// never be durable. Either programs see the medium again, or, if they keep seeing what
// they wrote, the file also keeps its length.
func (f *file) drop(upto uint64, keepSeeing bool) {
	n := 0
	for n < len(f.changes) && f.changes[n].seq <= upto {
		n++
	}
	if keepSeeing {
		for i := range n {
			if c := &f.changes[i]; !c.cut() {
				f.ghosts = append(f.ghosts, *c)
				c.data = nil // what is left is the length
			}
		}
		f.changes = slices.DeleteFunc(f.changes, func(c change) bool { return c.cut() && c.was == c.size })
		return
	}
	f.changes = slices.Delete(f.changes, 0, n)
	f.live = slices.Clone(f.medium)
	for i := range f.changes {
		c := &f.changes[i]
		c.was = int64(len(f.live))
		if !c.cut() {
			c.size = max(c.was, c.end())
		}
		f.live = resize(f.live, c.size)
		c.patch(f.live, 0)
	}
}

// commitCuts notes that the journal has made the truncations up to a sequence number
// durable.
func (f *file) commitCuts(upto uint64) {
	for i := range f.changes {
		if c := &f.changes[i]; c.cut() && c.seq <= upto {
			c.committed = true
		}
	}
}
