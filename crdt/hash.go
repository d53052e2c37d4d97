package crdt

import (
	"math/bits"

	"github.com/zeebo/xxh3"
)

// hashOf returns 32 bits for key, the same in every process.
func hashOf[K comparable](key *K) uint32 {
	switch k := any(key).(type) {
	case *struct{}:
		return 0
	case *string:
		return uint32(xxh3.HashString(*k) >> 32)
	case *uint64:
		return mix(*k)
	case *int64:
		return mix(uint64(*k))
	case *int:
		return mix(uint64(*k))
	}
	return hashEncoded(*key)
}

func mix(n uint64) uint32 {
	hi, lo := bits.Mul64(n^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return uint32((hi ^ lo) >> 32)
}

func hashEncoded[K comparable](key K) uint32 {
	b, err := appendValue(nil, &key)
	if err != nil {
		panic("crdt: a key needs an encoding: " + err.Error())
	}
	return uint32(xxh3.Hash(b) >> 32)
}
