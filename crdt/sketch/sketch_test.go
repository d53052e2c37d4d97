package sketch_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/crdt/sketch"
)

// plain is a set without any of this.
type plain map[uint64]bool

func (p plain) less(o plain) (out []uint64) {
	for _, item := range slices.Sorted(maps.Keys(p)) {
		if !o[item] {
			out = append(out, item)
		}
	}
	return out
}

func (p plain) set(key uint64) *sketch.Set {
	s := sketch.NewSet(key)
	for _, item := range slices.Sorted(maps.Keys(p)) {
		s.Add(item)
	}
	return s
}

// items draws hashes that are uniform, near one another, or share all but a nibble.
func items() *rapid.Generator[uint64] {
	return rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 300), rapid.Custom(func(t *rapid.T) uint64 {
		return rapid.Uint64Range(0, 15).Draw(t, "nibble") << (4 * rapid.IntRange(0, 15).Draw(t, "place"))
	}))
}

// two draws two sets with much in common.
func two(t *rapid.T) (a, b plain) {
	a, b = plain{}, plain{}
	for _, item := range rapid.SliceOfN(items(), 0, 300).Draw(t, "both") {
		a[item], b[item] = true, true
	}
	for _, item := range rapid.SliceOfN(items(), 0, 60).Draw(t, "a") {
		a[item] = true
		delete(b, item)
	}
	for _, item := range rapid.SliceOfN(items(), 0, 60).Draw(t, "b") {
		b[item] = true
		delete(a, item)
	}
	return a, b
}

// differing returns sets of n items and more, of which the first has extra and the second
// missing that the other does not have.
func differing(seed uint64, n, missing, extra int) (a, b *sketch.Set) {
	r := rand.New(rand.NewPCG(seed, 1))
	a, b = sketch.NewSet(seed), sketch.NewSet(seed)
	for range n {
		item := r.Uint64()
		a.Add(item)
		b.Add(item)
	}
	for range missing {
		b.Add(r.Uint64())
	}
	for range extra {
		a.Add(r.Uint64())
	}
	return a, b
}

func TestADecoderFindsTheDifferenceOfAnySets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := two(t)
		salt := rapid.Uint64().Draw(t, "salt")
		there := b.set(1).Encoder(salt)
		dec := sketch.NewDecoder(a.set(2).Encoder(salt))
		size := rapid.IntRange(1, 40).Draw(t, "size")
		for !dec.Done() {
			require.NoError(t, dec.Feed(there.Next(size)))
			require.Less(t, dec.Fed(), 2000)
		}
		require.True(t, dec.Verified())
		require.Equal(t, b.less(a), dec.Missing())
		require.Equal(t, a.less(b), dec.Extra())
	})
}

// walked compares two sets by their tries and returns what each finds, and the pages.
func walked(t require.TestingT, a, b *sketch.Set, salt uint64, size int) (missing, extra []uint64, pages int) {
	from := a.Walk(salt)
	page, ok := from.Next(size)
	require.True(t, ok)
	to := b.Answer(page)
	for side := 1; ok; side = 1 - side {
		pages++
		m, e := to.Receive(page)
		if side == 1 {
			m, e = e, m
		}
		missing, extra = append(missing, m...), append(extra, e...)
		page, ok = to.Next(size)
		from, to = to, from
	}
	slices.Sort(missing)
	slices.Sort(extra)
	return missing, extra, pages
}

func TestAWalkFindsTheDifferenceOfAnySets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := two(t)
		size := rapid.IntRange(1, 2000).Draw(t, "size")
		missing, extra, _ := walked(t, a.set(1), b.set(2), rapid.Uint64().Draw(t, "salt"), size)
		require.Equal(t, b.less(a), missing)
		require.Equal(t, a.less(b), extra)
	})
}
