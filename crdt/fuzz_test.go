package crdt_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/crdt"
)

// decoded reads data as an S. If that works, the state must encode to the same bytes and survive use.
func decoded[S any](t *testing.T, data []byte, use func(*S)) {
	s := new(S)
	if err := on(s).UnmarshalBinary(data); err != nil {
		require.ErrorIs(t, err, crdt.ErrEncoding)
		require.Equal(t, encoded(t, new(S)), encoded(t, s), "an error leaves the state alone")
		return
	}
	require.Equal(t, data, encoded(t, s), "one encoding for one state")
	same(t, "idempotent", s, join(s, s))
	same(t, "law 7 for any bytes", s, join(on(s).Diff(new(S))))
	use(s)
}

func FuzzUnmarshal(f *testing.F) {
	type tags = *crdt.AddWinsSet[string]
	var set crdt.AddWinsSet[string]
	for i := range 12 {
		set.Add(crdt.Replica(i%3), names[i%7])
	}
	set.Remove(1, names[2])
	var removes crdt.RemoveWinsSet[int]
	removes.Add(1, -5)
	removes.Remove(1<<63, 70)
	var reg crdt.MVRegister[[]byte]
	reg.Set(1, []byte("v"))
	var nested crdt.ORMap[string, *crdt.ORMap[uint8, tags]]
	nested.Update("a", func(v *crdt.ORMap[uint8, tags]) *crdt.ORMap[uint8, tags] {
		return v.Update(7, func(v tags) tags { return v.Add(1, "deep") })
	})
	var heroes crdt.TombstoneMap[string, crdt.PNCounter]
	heroes.Update(1, "ada", func(v *crdt.PNCounter) *crdt.PNCounter { return v.Add(1, -80) })
	heroes.Delete(2, "bob")
	var last crdt.LWWMap[string, bool]
	last.Set(crdt.Stamp{Time: -3, Logical: 1, Replica: 2}, "k", true)
	last.Delete(crdt.Stamp{Time: 3}, "l")
	var bounded crdt.BoundedCounter
	bounded.Add(1, 7)
	bounded.Transfer(1, 2, 3)
	bounded.Take(2, 1)
	var two crdt.TwoPhaseSet[string]
	two.Add("x")
	two.Remove("x")
	f.Add(encoded(f, &set))
	f.Add(encoded(f, &removes))
	f.Add(encoded(f, &reg))
	f.Add(encoded(f, &nested))
	f.Add(encoded(f, &heroes))
	f.Add(encoded(f, &last))
	f.Add(encoded(f, &bounded))
	f.Add(encoded(f, &two))
	f.Fuzz(func(t *testing.T, data []byte) {
		decoded(t, data, func(s *crdt.AddWinsSet[string]) { s.Delta(&crdt.CausalContext{}) })
		decoded(t, data, func(s *crdt.RemoveWinsSet[int]) { s.Collect(unused(s.Context()), s.Context()) })
		decoded(t, data, func(*crdt.EnableWinsFlag) {})
		decoded(t, data, func(*crdt.MVRegister[[]byte]) {})
		decoded(t, data, func(*crdt.ORMap[string, *crdt.ORMap[uint8, tags]]) {})
		decoded(t, data, func(s *crdt.TombstoneMap[string, crdt.PNCounter]) {
			s.Collect(unused(s.Context()), s.Context())
		})
		decoded(t, data, func(*crdt.LWWMap[string, bool]) {})
		decoded(t, data, func(*crdt.LWWRegister[uint16]) {})
		decoded(t, data, func(s *crdt.BoundedCounter) { s.Value() })
		decoded(t, data, func(*crdt.PNCounter) {})
		decoded(t, data, func(*crdt.GSet[string]) {})
		decoded(t, data, func(*crdt.TwoPhaseSet[string]) {})
	})
}

// unused returns a replica of which c has no event.
func unused(c *crdt.CausalContext) crdt.Replica {
	r := crdt.Replica(0)
	for c.Max(r) > 0 {
		r++
	}
	return r
}

func TestAFewBytesDoNotMakeALargeAllocation(t *testing.T) {
	huge := []byte{10, 1, 1, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 63, 0, 255, 255, 255, 127}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var s crdt.AddWinsSet[string]
	require.ErrorIs(t, s.UnmarshalBinary(huge), crdt.ErrEncoding)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<16))
}
