package properties_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/crdt"
)

// orders yields all orders of some things, as a map of the seeds might give them.
func orders[T any](things []T) [][]T {
	if len(things) == 0 {
		return [][]T{nil}
	}
	var out [][]T
	for i := range things {
		for _, rest := range orders(slices.Delete(slices.Clone(things), i, i+1)) {
			out = append(out, append([]T{things[i]}, rest...))
		}
	}
	return out
}

// outcomes returns what resolve makes of the values in all orders, each outcome once.
func outcomes[T any, R cmp.Ordered](values []T, resolve func([]T) R) []R {
	var out []R
	for _, o := range orders(values) {
		out = append(out, resolve(o))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A write is what the seeds resolve: a value, and a time that may be missing, which counts as 0.
type write struct {
	val  string
	time int64
	by   crdt.Replica
}

// lastOfTheSeed is Enum.max_by over a map: of equal times the one that comes first.
func lastOfTheSeed(writes []write) string {
	best := writes[0]
	for _, w := range writes[1:] {
		if w.time > best.time {
			best = w
		}
	}
	return best.val
}

func lastOfOurs(writes []write) string {
	var all crdt.LWWRegister[string]
	for _, w := range writes {
		var one crdt.LWWRegister[string]
		one.Set(crdt.Stamp{Time: w.time, Replica: w.by}, w.val)
		all.Merge(&one)
	}
	val, _ := all.Get()
	return val
}

func TestSeedRC4TheLastWriterIsTheSameInEveryOrder(t *testing.T) {
	tie := []write{{"a", 5, 1}, {"b", 5, 2}, {"c", 4, 3}}
	require.Equal(t, []string{"a", "b"}, outcomes(tie, lastOfTheSeed))
	require.Equal(t, []string{"b"}, outcomes(tie, lastOfOurs))
	missing := []write{{val: "a", by: 1}, {val: "b", by: 2}}
	require.Equal(t, []string{"a", "b"}, outcomes(missing, lastOfTheSeed))
	require.Equal(t, []string{"b"}, outcomes(missing, lastOfOurs), "no time is a time too")
	broken := []write{{"a", 5, 1}, {"b", 5, 1}}
	require.Equal(t, []string{"b"}, outcomes(broken, lastOfOurs), "a clock that gave one stamp twice")

	rapid.Check(t, func(t *rapid.T) {
		ws := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) write {
			return write{rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "val"), rapid.Int64Range(0, 2).Draw(t, "time"),
				crdt.Replica(rapid.IntRange(1, 2).Draw(t, "by"))}
		}), 1, 4).Draw(t, "writes")
		require.Len(t, outcomes(ws, lastOfOurs), 1)
	})
}

// A version is a value and the vector clock that it was written with.
type version struct {
	val  string
	seen crdt.VersionVector
}

// sum is how the seed compares vector clocks.
func sum(v *crdt.VersionVector) (n uint64) {
	for _, c := range v.All() {
		n += c
	}
	return n
}

// kept returns the values of the versions that none of the others has seen: all that may not be dropped.
func kept(versions []version) (out []string) {
	for i := range versions {
		superseded := slices.ContainsFunc(versions, func(o version) bool {
			return versions[i].seen.Compare(&o.seen) == crdt.Before
		})
		if !superseded {
			out = append(out, versions[i].val)
		}
	}
	return out
}

func TestSeedRC5ConcurrentWritesAreBothKept(t *testing.T) {
	var a, b version
	a.val, b.val = "a", "b"
	a.seen.Tick(1)
	a.seen.Tick(1)
	b.seen.Tick(2)
	require.Greater(t, sum(&a.seen), sum(&b.seen), "the seed keeps a, and b is gone without a word")
	require.Equal(t, crdt.Concurrent, a.seen.Compare(&b.seen))
	require.Equal(t, []string{"a", "b"}, kept([]version{a, b}))

	// The register does it by itself.
	var here, there crdt.MVRegister[string]
	here.Set(1, "old")
	here.Set(1, "a")
	there.Set(2, "b")
	here.Merge(&there)
	require.Equal(t, []string{"a", "b"}, slices.Collect(here.All()))
	here.Set(1, "both read")
	here.Merge(&there)
	require.Equal(t, []string{"both read"}, slices.Collect(here.All()))
}

// A greater sum is no later time: but what is later has the greater sum, so only concurrent writes are lost.
func TestSeedRC5ALaterVectorHasTheGreaterSum(t *testing.T) {
	drops := 0
	rapid.Check(t, func(t *rapid.T) {
		var v [2]crdt.VersionVector
		for i := range v {
			for _, r := range rapid.SliceOfN(rapid.IntRange(1, 3), 0, 4).Draw(t, "ticks") {
				v[i].Tick(crdt.Replica(r))
			}
		}
		switch v[0].Compare(&v[1]) {
		case crdt.Before:
			require.Less(t, sum(&v[0]), sum(&v[1]))
		case crdt.Concurrent:
			drops++
			require.Len(t, kept([]version{{"a", v[0]}, {"b", v[1]}}), 2)
		}
	})
	require.Positive(t, drops, "the seed dropped something")
}

func TestSeedRC6AMergeIsAJoin(t *testing.T) {
	parts := make([]crdt.GCounter, 3)
	for i := range parts {
		parts[i].Add(crdt.Replica(i+1), uint64(i+1))
		if i > 0 {
			parts[i].Merge(&parts[i-1])
		}
	}
	merged := func(in []crdt.GCounter) uint64 {
		var all crdt.GCounter
		for i := range in {
			all.Merge(&in[i])
		}
		return all.Value()
	}
	again := append(slices.Clone(parts), parts[1]) // as a message that arrives twice
	require.Equal(t, []uint64{6}, outcomes(parts, merged))
	require.Equal(t, []uint64{6}, outcomes(again, merged))

	added := func(in []crdt.GCounter) (n uint64) { // the nearest thing that is no join
		for i := range in {
			n += in[i].Value()
		}
		return n
	}
	require.Equal(t, []uint64{10}, outcomes(parts, added), "what is in two copies counts twice")
	require.Equal(t, []uint64{13}, outcomes(again, added), "and a repeated message again")
	require.Zero(t, merged(nil), "nothing to merge is bottom")
}
