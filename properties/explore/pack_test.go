package explore

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPackedRowsComeBackInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const head = rowLocals + 5
		word := rapid.Custom(func(t *rapid.T) uint32 {
			return rapid.Uint32().Draw(t, "word") >> rapid.IntRange(0, 31).Draw(t, "shift")
		})
		var q rows
		all := rapid.SliceOfN(rapid.SliceOfN(word, head, head+40), 1, 20).Draw(t, "rows")
		for _, r := range all {
			r[rowLength] = uint32(len(r) - head)
			q.push(r)
		}
		require.Equal(t, len(all), q.n)
		packed := q.packed
		at := row{1, 2, 3}
		for _, r := range all {
			at, packed = unpack(at, packed, head)
			require.Equal(t, r, at)
		}
		require.Empty(t, packed)
	})
}
