package sketch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrEncoding is wrapped by the errors of UnmarshalBinary: the bytes are not what
// AppendBinary writes.
var ErrEncoding = errors.New("sketch: not an encoding")

// An encoding begins with the tag of its type.
const (
	tagBlock = 'b'
	tagPage  = 'p'
	tagCount = 'c'
)

// MaxSymbols is the number of coded symbols a sequence has at most. It is enough for
// eleven million differences, far beyond where sending everything is cheaper.
const MaxSymbols = 1 << 24

// A Block is a piece of the sequence of coded symbols of a set. Blocks are values: whoever
// gets one does not change it.
type Block struct {
	Salt    uint64
	Of      Digest // of the set
	Start   int    // the place of the first symbol in the sequence
	Symbols []Symbol
}

// expected is how many of n items symbol i has on average, rounded down: 2n/(i+2).
func expected(n uint64, i int) int32 { return int32(uint32(2 * n / (uint64(i) + 2))) }

// AppendBinary appends the block to b and returns no error: 25 to 32 bytes, and 13 to 14
// for each symbol, as only the distance of its count from what is expected is written
// (Yang, Gilad, Alizadeh 2024, section 6).
func (x Block) AppendBinary(b []byte) ([]byte, error) {
	b = binary.LittleEndian.AppendUint64(append(b, tagBlock), x.Salt)
	b = binary.AppendUvarint(b, x.Of.Len)
	b = binary.LittleEndian.AppendUint64(b, x.Of.Sum)
	b = binary.AppendUvarint(b, uint64(x.Start))
	b = binary.AppendUvarint(b, uint64(len(x.Symbols)))
	for i, s := range x.Symbols {
		b = binary.LittleEndian.AppendUint64(b, s.Sum)
		b = binary.LittleEndian.AppendUint32(b, s.Check)
		b = binary.AppendVarint(b, int64(s.Count-expected(x.Of.Len, x.Start+i)))
	}
	return b, nil
}

// UnmarshalBinary replaces x by what AppendBinary wrote. Errors wrap ErrEncoding and
// leave x alone.
func (x *Block) UnmarshalBinary(data []byte) error {
	r := newReader(data, tagBlock)
	var out Block
	out.Salt = r.word()
	out.Of = Digest{r.below(math.MaxInt32), r.word()}
	out.Start = int(r.below(MaxSymbols))
	n := r.below(uint64(min(MaxSymbols-out.Start, len(r.data)/13)))
	out.Symbols = make([]Symbol, 0, n)
	for i := range int(n) {
		s := Symbol{Sum: r.word(), Check: r.half()}
		s.Count = r.count() + expected(out.Of.Len, out.Start+i)
		out.Symbols = append(out.Symbols, s)
	}
	if r.end() == nil {
		*x = out
	}
	return r.err
}

// A reader takes an encoding apart. After the first error it yields zeros.
type reader struct {
	data []byte
	size int
	err  error
}

func newReader(data []byte, tag byte) *reader {
	r := &reader{data: data, size: len(data)}
	if got := r.byte(); r.err == nil && got != tag {
		r.fail("tag %q, not %q", got, tag)
	}
	return r
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: byte %d: %s", ErrEncoding, r.size-len(r.data), fmt.Sprintf(format, args...))
	}
	r.data = nil
}

// take returns the next n bytes, at most 8, of a little-endian number.
func (r *reader) take(n int) (v uint64) {
	if len(r.data) < n {
		r.fail("it ends too early")
		return 0
	}
	for i := range n {
		v |= uint64(r.data[i]) << (8 * i)
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) byte() byte   { return byte(r.take(1)) }
func (r *reader) half() uint32 { return uint32(r.take(4)) }
func (r *reader) word() uint64 { return r.take(8) }

// below reads a number of at most limit.
func (r *reader) below(limit uint64) uint64 {
	n, size := binary.Uvarint(r.data)
	switch {
	case size <= 0 || size > 1 && r.data[size-1] == 0:
		r.fail("no number, or longer than it need be")
		return 0
	case n > limit:
		r.fail("%d is above %d", n, limit)
		return 0
	}
	r.data = r.data[size:]
	return n
}

// count reads a signed number of 32 bits.
func (r *reader) count() int32 {
	n := r.below(math.MaxUint32)
	return int32(uint32(n>>1) ^ -uint32(n&1))
}

// end returns the error, or one if anything is left.
func (r *reader) end() error {
	if r.err == nil && len(r.data) > 0 {
		r.fail("%d bytes too many", len(r.data))
	}
	return r.err
}
