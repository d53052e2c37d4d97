package disk

import (
	"testing"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"github.com/zeebo/xxh3"
)

func xxhash(im Image) uint64 { return xxh3.Hash(im.append(nil)) }

// two appends to a file of each sector: what strict and ext4 leave of them.
func appends(p *sim.Proc, d *Disk) {
	must(d.Append("f", []byte("aaaa")))
	must(d.Append("f", []byte("bbbb")))
	must(d.SyncWait(p, "f"))
}

func TestEnumerationVisitsEachStateOfEachMomentOnce(t *testing.T) {
	for m, want := range map[Model]Count{
		// Before the first append: nothing. Before the second: no file, an empty one, or
		// "aaaa", zeros, garbage. Before the sync is asked for and before it takes effect:
		// no file, and sizes 0, 4 (3 states), 8 (9 states). After it: no file, or all.
		Strict: {Moments: 5, States: 1 + 5 + 14 + 14 + 2, Images: 14},
		// Sizes 0, 4, 8, and no file; after the sync there is only the file.
		Ext4: {Moments: 5, States: 1 + 3 + 4 + 4 + 1, Images: 4},
	} {
		visits := map[int]map[uint64]int{}
		got, err := Enumerate(Config{Model: m, Sector: 4}, 0, appends, func(c Crash) bool {
			if visits[c.Moment] == nil {
				visits[c.Moment] = map[uint64]int{}
			}
			visits[c.Moment][xxhash(c.Image)]++
			return true
		})
		require.NoError(t, err)
		require.Equal(t, want, got, m)
		require.Len(t, visits, want.Moments)
		for _, images := range visits {
			for _, n := range images {
				require.Equal(t, 1, n)
			}
		}
	}
}

func TestAnEnumerationThatIsTooLargeSaysSo(t *testing.T) {
	for limit := 1; limit < 36; limit++ {
		count, err := Enumerate(Config{Sector: 4}, limit, appends, func(Crash) bool { return true })
		require.ErrorIs(t, err, ErrLimit)
		require.LessOrEqual(t, count.States, limit)
	}
	_, err := Enumerate(Config{Sector: 4}, 1000, appends, func(Crash) bool { return true })
	require.NoError(t, err)
}

func TestAnEnumerationCanEndEarly(t *testing.T) {
	n := 0
	count, err := Enumerate(Config{Sector: 4}, 0, appends, func(Crash) bool { n++; return n < 3 })
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.Equal(t, 3, count.States)
}

func TestAPanicOfTheRunIsTold(t *testing.T) {
	_, err := Enumerate(Config{}, 0, func(*sim.Proc, *Disk) { panic("oh") }, func(Crash) bool { return true })
	require.ErrorContains(t, err, "disk: the run panicked: process run: oh")
}

func TestCallbacksBelongToTheRun(t *testing.T) {
	acked, last := 0, Crash{}
	count, err := Enumerate(Config{Model: Ext4, Sector: 4}, 0, func(_ *sim.Proc, d *Disk) {
		must(d.Append("f", []byte("a")))
		d.Sync("f", func(error) {
			acked++
			must(d.Append("f", []byte("b")))
		})
	}, func(c Crash) bool {
		data, _ := c.Image.Read("f")
		require.GreaterOrEqual(t, len(data), acked)
		last = c
		return true
	})
	require.NoError(t, err)
	require.Equal(t, 1, acked)
	require.Equal(t, Count{Moments: 5, States: 1 + 3 + 3 + 1 + 2, Images: 4}, count)
	require.Equal(t, 4, last.Moment)
	require.Equal(t, "10 states in 5 moments, 4 distinct images", count.String())
}
