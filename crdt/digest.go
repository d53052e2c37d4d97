package crdt

import (
	"bytes"
	"encoding"

	"github.com/zeebo/xxh3"
)

// Digest returns 128 bits of the canonical encoding: equal states have equal
// digests on every machine, different ones almost never. The error is that of
// AppendBinary.
func Digest(s encoding.BinaryAppender) ([16]byte, error) {
	b, err := s.AppendBinary(nil)
	return xxh3.Hash128(b).Bytes(), err
}

// Same reports whether two states are equal, by their encodings. It panics if
// there is none.
func Same(a, b encoding.BinaryAppender) bool { return bytes.Equal(mustAppend(a), mustAppend(b)) }

// Clone returns a copy of s that shares nothing with it that may change.
func Clone[S any](s *S) *S {
	c := new(S)
	stateOf(c).Merge(s)
	return c
}

// Includes reports whether a holds all that b does: b joined to it changes nothing.
func Includes[S any](a, b *S) bool {
	c := Clone(a)
	stateOf(c).Merge(b)
	return Same(stateOf(c), stateOf(a))
}
