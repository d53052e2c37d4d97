package crdt

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrEncoding is wrapped by the errors of UnmarshalBinary: the bytes are not
// what AppendBinary writes for a state of the type.
var ErrEncoding = errors.New("crdt: not a canonical encoding")

// An encoding begins with the tag of its type.
const (
	tagVector = 1 + iota
	tagContext
	tagGCounter
	tagPNCounter
	tagBoundedCounter
	tagGSet
	tagTwoPhaseSet
	tagLWWRegister
	tagLWWMap
	tagAddWinsSet
	tagRemoveWinsSet
	tagEnableWinsFlag
	tagDisableWinsFlag
	tagMVRegister
	tagCell
	tagORMap
	tagTombstoneMap
)

// maxDepth bounds maps within maps.
const maxDepth = 32

// A reader takes an encoding apart. After the first error it yields zeros. It
// never allocates more than in proportion to the bytes that are there.
type reader struct {
	data  []byte
	size  int
	last  Replica
	depth int
	err   error
}

func newReader(data []byte, tag byte) *reader {
	r := &reader{data: data, size: len(data)}
	if got := r.byte(); r.err == nil && got != tag {
		r.fail("tag %d, not %d", got, tag)
	}
	return r
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: byte %d: %s", ErrEncoding, r.size-len(r.data), fmt.Sprintf(format, args...))
	}
	r.data = nil
}

func (r *reader) byte() byte {
	if len(r.data) == 0 {
		r.fail("it ends too early")
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b
}

// below reads an unsigned number of at most limit.
func (r *reader) below(limit uint64) uint64 {
	n, size := binary.Uvarint(r.data)
	switch {
	case size <= 0:
		r.fail("no number")
		return 0
	case size > 1 && r.data[size-1] == 0:
		r.fail("a number is longer than it need be")
		return 0
	case n > limit:
		r.fail("%d is above %d", n, limit)
		return 0
	}
	r.data = r.data[size:]
	return n
}

func (r *reader) varint() int64 {
	n := r.below(1<<64 - 1)
	return int64(n>>1) ^ -int64(n&1)
}

// count reads the number of items that follow, each of size bytes or more.
func (r *reader) count(size int) int {
	n := r.below(1 << 62)
	if n > uint64(len(r.data)/size) {
		r.fail("%d items in %d bytes", n, len(r.data))
		return 0
	}
	return int(n)
}

// bytes reads a length and that many bytes, which stay part of the input.
func (r *reader) bytes() []byte {
	n := r.count(1)
	b := r.data[:n:n]
	r.data = r.data[n:]
	return b
}

// replica reads the i-th of replicas in rising order: the first as it is, the others by their distance.
func (r *reader) replica(i int) Replica {
	n := r.below(1<<64 - 1)
	if i > 0 {
		if n > ^uint64(0)-uint64(r.last)-1 {
			r.fail("a replica is out of range")
			return 0
		}
		n += uint64(r.last) + 1
	}
	r.last = Replica(n)
	return r.last
}

// appendReplica appends the i-th of replicas in rising order.
func appendReplica(b []byte, i int, of func(int) Replica) []byte {
	if i == 0 {
		return appendUvarint(b, uint64(of(0)))
	}
	return appendUvarint(b, uint64(of(i)-of(i-1))-1)
}

// end returns the error, or one if anything is left.
func (r *reader) end() error {
	if r.err == nil && len(r.data) > 0 {
		r.fail("%d bytes too many", len(r.data))
	}
	return r.err
}

// appendTo appends the context, without a tag.
func (c *CausalContext) appendTo(b []byte) []byte {
	b = appendUvarint(b, uint64(len(c.clocks)))
	for i, k := range c.clocks {
		b = appendReplica(b, i, func(i int) Replica { return c.clocks[i].replica })
		b = appendUvarint(b, uint64(len(k.spans))-1)
		next := uint64(1)
		for _, s := range k.spans {
			b = appendUvarint(appendUvarint(b, s.lo-next), s.hi-s.lo)
			next = s.hi + 2
		}
	}
	return b
}

// read reads what appendTo wrote.
func (c *CausalContext) read(r *reader) {
	for i, n := 0, r.count(4); i < n && r.err == nil; i++ {
		k := clock{replica: r.replica(i)}
		next := uint64(1)
		for range r.below(uint64(len(r.data))) + 1 {
			if r.err != nil || next > maxCounter {
				r.fail("a dot is out of range")
				return
			}
			lo := next + r.below(maxCounter-next)
			hi := lo + r.below(maxCounter-lo)
			k.spans = append(k.spans, span{lo, hi})
			next = hi + 2
		}
		c.clocks = append(c.clocks, k)
	}
}

// AppendBinary appends the canonical encoding of c to b. It returns no error.
func (c *CausalContext) AppendBinary(b []byte) ([]byte, error) {
	return c.appendTo(append(b, tagContext)), nil
}

// UnmarshalBinary replaces c by what AppendBinary wrote. Errors wrap
// ErrEncoding and leave c alone.
func (c *CausalContext) UnmarshalBinary(data []byte) error {
	r := newReader(data, tagContext)
	var out CausalContext
	out.read(r)
	if r.end() == nil {
		*c = out
	}
	return r.err
}
