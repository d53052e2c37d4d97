package sim

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/zeebo/xxh3"
)

// Digest is a 128-bit hash of everything that happened in a run so far. Equal
// digests mean byte-identical event streams, up to a chance of about 2^-64 per
// pair for runs that nobody forged: xxh3 is fast, not cryptographic.
type Digest [16]byte

// String prints d as 32 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText writes d as String does.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != 2*len(d) {
		return fmt.Errorf("sim: digest %q has %d characters, expected %d", text, len(text), 2*len(d))
	}
	if _, err := hex.Decode(d[:], text); err != nil {
		return fmt.Errorf("sim: digest %q: %w", text, err)
	}
	return nil
}

// hasher chains blocks: each block's hash opens the next block. The result
// depends only on the bytes written, not on how they were cut into writes.
type hasher struct {
	n   int // bytes of block in use, at least 16: the chain value
	buf [hashBlock]byte
}

const (
	hashBlock = 2048
	chainSize = 16
)

func (h *hasher) reset() {
	h.n = chainSize
	clear(h.buf[:chainSize])
}

// words adds four numbers: the fixed part of an event.
func (h *hasher) words(a, b, c, d uint64) {
	if h.n+32 > hashBlock {
		h.split(a, b, c, d)
		return
	}
	p := h.buf[h.n : h.n+32]
	binary.LittleEndian.PutUint64(p[0:], a)
	binary.LittleEndian.PutUint64(p[8:], b)
	binary.LittleEndian.PutUint64(p[16:], c)
	binary.LittleEndian.PutUint64(p[24:], d)
	h.n += 32
}

// split writes four words across the end of a block.
func (h *hasher) split(words ...uint64) {
	for _, w := range words {
		var p [8]byte
		binary.LittleEndian.PutUint64(p[:], w)
		h.bytes(p[:])
	}
}

func (h *hasher) bytes(p []byte) {
	for len(p) > 0 {
		if h.n == hashBlock {
			h.chain()
		}
		k := copy(h.buf[h.n:], p)
		h.n += k
		p = p[k:]
	}
}

func (h *hasher) text(s string) {
	for len(s) > 0 {
		if h.n == hashBlock {
			h.chain()
		}
		k := copy(h.buf[h.n:], s)
		h.n += k
		s = s[k:]
	}
}

func (h *hasher) chain() {
	sum := xxh3.Hash128(h.buf[:h.n]).Bytes()
	copy(h.buf[:chainSize], sum[:])
	h.n = chainSize
}

// sum returns the digest of what was written, and goes on as if not asked.
func (h *hasher) sum() Digest { return xxh3.Hash128(h.buf[:h.n]).Bytes() }
