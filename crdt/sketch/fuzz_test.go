package sketch_test

import (
	"encoding"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/crdt/sketch"
)

func bytesOf(t require.TestingT, v encoding.BinaryAppender) []byte {
	b, err := v.AppendBinary(nil)
	require.NoError(t, err)
	return b
}

// pages returns those of a walk.
func pages(t require.TestingT, a, b *sketch.Set) (out []sketch.Page) {
	from := a.Walk(9)
	page, ok := from.Next(300)
	to := b.Answer(page)
	for ok {
		out = append(out, page)
		to.Receive(page)
		page, ok = to.Next(300)
		from, to = to, from
	}
	return out
}

func TestEncodingsComeBackAndAreOnlyOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := two(t)
		sa, sb := a.set(1), b.set(1)
		enc := sa.Encoder(rapid.Uint64().Draw(t, "salt"))
		enc.Next(rapid.IntRange(0, 50).Draw(t, "skip"))
		block := enc.Next(rapid.IntRange(0, 50).Draw(t, "symbols"))
		var block2 sketch.Block
		require.NoError(t, block2.UnmarshalBinary(bytesOf(t, block)))
		require.Equal(t, bytesOf(t, block), bytesOf(t, block2))
		require.Equal(t, block.Of, block2.Of)
		require.Equal(t, len(block.Symbols), len(block2.Symbols))

		profile := sb.Profile()
		var profile2 sketch.Profile
		require.NoError(t, profile2.UnmarshalBinary(bytesOf(t, profile)))
		require.Equal(t, profile, profile2)

		for _, page := range pages(t, sa, sb) {
			var page2 sketch.Page
			require.NoError(t, page2.UnmarshalBinary(bytesOf(t, page)))
			require.Equal(t, bytesOf(t, page), bytesOf(t, page2))
			require.Equal(t, len(page.Branches), len(page2.Branches))
			require.LessOrEqual(t, len(bytesOf(t, page)), 300)
		}
	})
}

// What arrives may have been damaged: anything that can be read can be used.
func FuzzUnmarshal(f *testing.F) {
	a, b := differing(1, 500, 5, 5)
	f.Add(bytesOf(f, a.Profile()))
	f.Add(bytesOf(f, a.Encoder(1).Next(5)))
	for _, page := range pages(f, a, b) {
		f.Add(bytesOf(f, page))
	}
	tiny := sketch.NewSet(1)
	tiny.Add(1)
	deep := sketch.Page{Salt: 9, Branches: []sketch.Branch{{Prefix: 1, Depth: 16, Listed: true, Items: []uint64{1}},
		{Prefix: 1 << 60, Depth: 1, Listed: true, Items: []uint64{1 << 60, 1<<60 + 5}}}}
	f.Add(bytesOf(f, deep))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, b := differing(1, 300, 3, 3)
		var profile sketch.Profile
		if err := profile.UnmarshalBinary(data); err == nil {
			require.Equal(t, data, bytesOf(t, profile))
			require.GreaterOrEqual(t, sketch.Estimate(profile, a.Profile()), 0)
		} else {
			require.ErrorIs(t, err, sketch.ErrEncoding)
			require.Zero(t, profile)
		}
		var block sketch.Block
		if err := block.UnmarshalBinary(data); err == nil {
			require.Equal(t, data, bytesOf(t, block))
			feed(t, a, block)
			block.Start = 0
			feed(t, a, block)
		} else {
			require.ErrorIs(t, err, sketch.ErrEncoding)
			require.Zero(t, block)
		}
		var page sketch.Page
		if err := page.UnmarshalBinary(data); err == nil {
			require.Equal(t, data, bytesOf(t, page))
			walk := b.Answer(page)
			walk.Receive(page)
			walk.Next(500)
		} else {
			require.ErrorIs(t, err, sketch.ErrEncoding)
			require.Zero(t, page)
		}
	})
}

func feed(t *testing.T, s *sketch.Set, b sketch.Block) {
	dec := sketch.NewDecoder(s.Encoder(b.Salt))
	if err := dec.Feed(b); err != nil {
		require.True(t, err == sketch.ErrInconsistent || err == sketch.ErrSymbols)
		require.False(t, dec.Done())
	}
	require.LessOrEqual(t, len(dec.Missing())+len(dec.Extra()), dec.Fed())
}

// The same items say the same bytes on every machine and in every process.
func TestEncodingsArePinned(t *testing.T) {
	a, b := differing(42, 1000, 3, 2)
	var text strings.Builder
	line := func(what string, v encoding.BinaryAppender) {
		text.WriteString(what + " " + hex.EncodeToString(bytesOf(t, v)) + "\n")
	}
	line("profile", a.Profile())
	line("block", a.Encoder(7).Next(12))
	for _, page := range pages(t, a, b) {
		line("page", page)
	}
	golden(t, "encodings.txt", text.String())
}

func TestAFewBytesDoNotMakeALargeAllocation(t *testing.T) {
	block := bytesOf(t, sketch.Block{Start: 5})
	huge := append(block[:len(block)-1:len(block)-1], 0xff, 0xff, 0xff, 7)
	page := append(bytesOf(t, sketch.Page{})[:9:9], 0xfe, 0x7f, 0x90)
	require.Less(t, testing.AllocsPerRun(10, func() {
		require.Error(t, new(sketch.Block).UnmarshalBinary(huge))
		require.Error(t, new(sketch.Page).UnmarshalBinary(page))
	}), 200.0)
}

// Any byte of a session may be damaged on the way: nothing wrong is ever verified.
func TestDamageIsNeverVerified(t *testing.T) {
	a, b := differing(3, 400, 6, 6)
	clean := bytesOf(t, b.Encoder(8).Next(40))
	inconsistent, unverified := 0, 0
	for place := range clean {
		for bit := range 8 {
			data := append([]byte(nil), clean...)
			data[place] ^= 1 << bit
			var block sketch.Block
			if block.UnmarshalBinary(data) != nil {
				continue
			}
			dec := sketch.NewDecoder(a.Encoder(8))
			switch err := dec.Feed(block); {
			case err == sketch.ErrInconsistent:
				inconsistent++
			case err == nil && !dec.Verified():
				unverified++
			case err == nil:
				require.Fail(t, "verified", "byte %d bit %d", place, bit)
			}
		}
	}
	require.Greater(t, inconsistent, 100)
	require.Greater(t, unverified, 100)
}
