package sketch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/crdt/sketch"
)

func TestStandingSymbolsFindSomeFortyDifferencesWithNoLookAtTheItems(t *testing.T) {
	found := 0
	for seed := range uint64(20) {
		a, b := differing(seed, 300, 23, 19)
		dec := sketch.NewDecoder(a.Standing())
		there := b.Standing()
		require.NoError(t, dec.Feed(there.Next(20)))
		require.NoError(t, dec.Feed(there.Next(100)))
		require.Equal(t, sketch.StandingSymbols, dec.Fed())
		require.Empty(t, there.Next(1).Symbols, "there are no more")
		require.Equal(t, dec.Done(), dec.Verified())
		if dec.Done() {
			found++
			require.Len(t, dec.Missing(), 23)
			require.Len(t, dec.Extra(), 19)
		}
	}
	require.Equal(t, 15, found, "of 20")
}

func TestBlocksFromElsewhereChangeNothing(t *testing.T) {
	a, b := differing(1, 100, 3, 2)
	there, dec := b.Encoder(5), sketch.NewDecoder(a.Encoder(5))
	first, second := there.Next(4), there.Next(30)
	other := b.Encoder(6).Next(4)
	late := second
	late.Of.Sum++
	for range 2 {
		require.ErrorIs(t, dec.Feed(second), sketch.ErrSymbols, "a gap")
		require.ErrorIs(t, dec.Feed(other), sketch.ErrSymbols, "another salt")
	}
	require.False(t, dec.Done())
	require.NoError(t, dec.Feed(first))
	require.ErrorIs(t, dec.Feed(first), sketch.ErrSymbols, "again")
	require.ErrorIs(t, dec.Feed(late), sketch.ErrSymbols, "of another set")
	require.NoError(t, dec.Feed(second))
	require.True(t, dec.Verified())
	require.Len(t, dec.Missing(), 3)
	require.Len(t, dec.Extra(), 2)
	require.NoError(t, dec.Feed(there.Next(50)), "more than enough does no harm")
	require.True(t, dec.Verified())
}

func TestContradictionsStay(t *testing.T) {
	a, b := differing(1, 100, 3, 2)
	block := b.Encoder(5).Next(20)
	block.Symbols[7].Sum ^= 1
	dec := sketch.NewDecoder(a.Encoder(5))
	require.ErrorIs(t, dec.Feed(block), sketch.ErrInconsistent)
	require.ErrorIs(t, dec.Feed(block), sketch.ErrInconsistent)
	require.False(t, dec.Done())
	require.False(t, dec.Verified())
}

// What passes for an item by its checksum, and is none, is found out at the latest by the
// digest: here the other side made a whole sequence for an item with a wrong digest.
func TestADifferenceWithAnotherDigestIsNotVerified(t *testing.T) {
	a, b := differing(1, 100, 3, 2)
	block := b.Encoder(5).Next(40)
	block.Of.Sum++
	dec := sketch.NewDecoder(a.Encoder(5))
	require.NoError(t, dec.Feed(block))
	require.True(t, dec.Done())
	require.False(t, dec.Verified())
}

func TestAnEncoderOfItemsAddedIsThatOfTheirSet(t *testing.T) {
	a, _ := differing(1, 100, 0, 0)
	before, after := sketch.NewEncoder(5), sketch.NewEncoder(5)
	after.Next(0)
	for item := range a.All() {
		before.Add(item)
	}
	first := before.Next(20)
	require.Equal(t, a.Encoder(5).Next(20), first)
	before.Add(1)
	a.Add(1)
	all := a.Encoder(5).Next(40)
	require.Equal(t, all.Symbols[20:], before.Next(20).Symbols, "those to come know of it")
	require.Equal(t, all.Of, before.Digest())
	require.NotEqual(t, all.Symbols[:20], first.Symbols, "those handed out do not")
}

func TestNoMoreSymbolsThanThereMayBe(t *testing.T) {
	require.Empty(t, sketch.NewEncoder(1).Next(-5).Symbols)
	dec := sketch.NewDecoder(sketch.NewSet(1).Standing())
	require.ErrorIs(t, dec.Feed(sketch.Block{Salt: 1, Symbols: make([]sketch.Symbol, 65)}), sketch.ErrSymbols)
	require.NoError(t, dec.Feed(sketch.Block{Salt: 1, Symbols: make([]sketch.Symbol, 64)}))
	require.True(t, dec.Verified())
}

// A block that was damaged may be one that never decodes and never contradicts itself.
func TestADecoderGivesUp(t *testing.T) {
	a, _ := differing(1, 10, 0, 0)
	dec := sketch.NewDecoder(a.Encoder(5))
	there := a.Encoder(5)
	block := there.Next(1)
	block.Symbols[0].Count += 2
	for ; dec.Fed()+len(block.Symbols) <= 1080; block = there.Next(100) {
		require.NoError(t, dec.Feed(block))
		require.False(t, dec.Done())
	}
	require.ErrorIs(t, dec.Feed(block), sketch.ErrInconsistent)
}
