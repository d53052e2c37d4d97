package sim

import (
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Promise 2: what a key yields depends on the key alone.
func TestDrawsDoNotDependOnOtherDraws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		names := rapid.SliceOfNDistinct(rapid.String(), 2, 6, rapid.ID[string]).Draw(t, "names")
		draw := func(order []string) map[string][3]uint64 {
			root := NewKey(seed)
			got := map[string][3]uint64{}
			for _, name := range order {
				r := root.Sub(name).Rand()
				got[name] = [3]uint64{r.Uint64(), r.Uint64(), root.Sub(name).Num(7).Uint64()}
			}
			return got
		}
		all := draw(names)
		for name, want := range draw(rapid.Permutation(names).Draw(t, "order")) {
			require.Equal(t, want, all[name])
		}
		alone := draw(names[:1])
		require.Equal(t, all[names[0]], alone[names[0]])
	})
}

func TestKeyedRandomnessIsPinned(t *testing.T) {
	k := NewKey(42)
	require.Equal(t, Key{hi: 0xbdd732262feb6e95, lo: 0xb4cd618fffdb248}, k)
	require.Equal(t, uint64(0xdb0e518b622d703), k.Uint64())
	require.Equal(t, uint64(0x50ecd89725d0c93e), k.Sub("link").Uint64())
	require.Equal(t, uint64(0xc101fd0d29aeb096), k.Sub("link").Num(3).Uint64())
	require.Equal(t, uint64(0x86087e05b89390cd), k.Sub("link").Rand().Uint64())
	require.Equal(t, 316, k.Sub("link").Below(1000))
	var src rand.PCG
	k.Seed(&src, 3)
	require.Equal(t, uint64(0xc1196c2ab9b67535), src.Uint64())
}

func TestKeysOfDifferentPathsDiffer(t *testing.T) {
	seen := map[Key]string{}
	add := func(k Key, path string) {
		if other, taken := seen[k]; taken {
			require.Fail(t, "equal keys", "%s and %s", path, other)
		}
		seen[k] = path
	}
	for seed := range uint64(1000) {
		root := NewKey(seed)
		add(root, "root")
		add(root.Sub(""), "empty")
		add(root.Sub("a"), "a")
		add(root.Sub("b"), "b")
		add(root.Sub("a").Sub("b"), "a b")
		add(root.Sub("b").Sub("a"), "b a")
		add(root.Sub("ab"), "ab")
		for i := range uint64(20) {
			add(root.Num(i), "num")
			add(root.Sub("a").Num(i), "a num")
			add(root.Num(i).Sub("a"), "num a")
		}
	}
}

// Consecutive seeds, names and numbers are what programs use: their streams must
// have nothing to do with each other.
func TestNeighbouringKeysAreUnrelated(t *testing.T) {
	const n = 20000
	pairs := map[string]func(i uint64) (uint64, uint64){
		"seeds": func(i uint64) (uint64, uint64) { return NewKey(i).Uint64(), NewKey(i + 1).Uint64() },
		"numbers": func(i uint64) (uint64, uint64) {
			k := NewKey(1).Sub("x")
			return k.Num(i).Uint64(), k.Num(i + 1).Uint64()
		},
		"streams": func(i uint64) (uint64, uint64) {
			k := NewKey(1).Sub("x")
			var a, b rand.PCG
			k.Seed(&a, i)
			k.Seed(&b, i+1)
			return a.Uint64(), b.Uint64()
		},
		"first and second draw": func(i uint64) (uint64, uint64) {
			r := NewKey(i).Rand()
			return r.Uint64(), r.Uint64()
		},
	}
	for name, pair := range pairs {
		flips := 0
		for i := range uint64(n) {
			a, b := pair(i)
			flips += bits.OnesCount64(a ^ b)
		}
		// Fair bits: mean 32 a pair, standard deviation 4/sqrt(n) = 0.028; five of them.
		require.InDelta(t, 32, float64(flips)/n, 0.14, name)
	}
}

func TestBelowIsEven(t *testing.T) {
	for _, n := range []int{2, 3, 7, 10, 64} {
		const draws = 100000
		counts := make([]int, n)
		for i := range uint64(draws) {
			counts[NewKey(5).Num(i).Below(n)]++
		}
		mean := float64(draws) / float64(n)
		chi := 0.0
		for _, c := range counts {
			chi += (float64(c) - mean) * (float64(c) - mean) / mean
		}
		// Chi-square of n-1 degrees of freedom: mean n-1, variance 2(n-1).
		require.Less(t, chi, float64(n-1)+60, "n = %d", n)
	}
	require.Zero(t, NewKey(1).Below(1))
	require.PanicsWithValue(t, "sim: Key.Below needs a positive bound", func() { NewKey(1).Below(0) })
}

func TestSeedDoesNotAllocate(t *testing.T) {
	k := NewKey(1).Sub("x")
	var src rand.PCG
	i := uint64(0)
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		k.Seed(&src, i)
		i += src.Uint64()
	}))
}
