package explore

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestExactTableAgreesWithAMapThoughFingerprintsCollide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := &exactTable{}
		w := set.worker()
		type known struct {
			fp    uint64
			row   []uint32
			depth int
		}
		want := map[uint64]*known{}
		fingerprints := rapid.SampledFrom([]uint64{3, 1 << 40}).Draw(t, "fingerprints")
		from := rapid.Uint64().Draw(t, "from")
		for i := range rapid.Uint64Range(1, 600).Draw(t, "inserts") {
			state := mixed(from+i) % 300
			row := make([]uint32, 1+state%5)
			row[state%5] = uint32(state / 5)
			fp, depth := mixed(state)%fingerprints, int(mixed(i)%50)
			added, improved := w.insertRowDepth(fp, row, depth)
			k := want[state]
			require.Equal(t, k == nil, added)
			require.Equal(t, k == nil || depth < k.depth, improved)
			if improved {
				want[state] = &known{fp, row, depth}
			}
		}
		require.Equal(t, uint64(len(want)), set.len())
		set.freeze()
		taken := make([]bool, set.slots())
		for _, k := range want {
			slot := set.slotRow(k.fp, k.row)
			require.False(t, taken[slot])
			taken[slot] = true
		}
	})
}

func TestEveryRowIsAddedOnceByAnyNumberOfWorkers(t *testing.T) {
	for _, workers := range []int{1, 2, 4, 8} {
		set := &exactTable{}
		handles := make([]visitedAndMarked, workers)
		for i := range handles {
			handles[i] = set.worker()
		}
		requireEachAddedOnce(t, handles, 100_000, 100)
		require.Equal(t, uint64(100_000), set.len())
		require.Less(t, set.bytes(), uint64(100_000*(2*4+16+22)+64*blockWords*4))
	}
}

func TestLongRowsAreStored(t *testing.T) {
	set := &exactTable{}
	w := set.worker()
	for _, words := range []int{0, 1, blockWords - recordHead, blockWords, 3 * blockWords} {
		row := make([]uint32, words)
		require.True(t, w.insertRow(9, row))
		require.False(t, w.insertRow(9, row))
	}
	require.False(t, w.insertRow(9, []uint32{0}))
	require.True(t, w.insertRow(9, []uint32{1}))
}

func TestAFrozenExactTableTakesNoMore(t *testing.T) {
	set := &exactTable{}
	w := set.worker()
	w.insertRow(1, []uint32{1})
	require.Panics(t, func() { set.slotRow(1, []uint32{1}) }, "not frozen")
	set.freeze()
	require.Equal(t, uint64(0), set.slotRow(1, []uint32{1}))
	slot, known := set.slotOf(1)
	require.True(t, known)
	require.Equal(t, uint64(0), slot)
	_, known = set.slotOf(2)
	require.False(t, known)
	require.True(t, w.markRow(1, []uint32{1}))
	require.False(t, w.markRow(1, []uint32{1}))
	require.Panics(t, func() { w.markRow(1, []uint32{2}) })
	require.False(t, w.insertRow(1, []uint32{1}))
	require.Panics(t, func() { w.insertRow(1, []uint32{2}) })
	require.Panics(t, func() { set.slotRow(1, []uint32{2}) })
}
