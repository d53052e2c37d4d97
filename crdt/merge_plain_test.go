package crdt

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Identifiers that were used twice give states in which the same dots are of different keys.
// They decode, so they are merged.
func TestStatesThatContradictEachOtherDoNotPanic(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	sub := nestSubject()
	act := func(s *plainMap, r Replica) { sub.do(s, r, rng.IntN(60), rng.IntN(4), rng) }
	contradicted := 0
	for n := range 2000 {
		var states [3]plainMap
		for i := range states {
			for range 1 + rng.IntN(8) {
				act(&states[i], Replica(1+rng.IntN(2)))
			}
		}
		for _, row := range states[0].keys.all {
			if p := states[1].keys.lookup(row.dot); p >= 0 && states[1].keys.row(p).key != row.key {
				contradicted++
			}
		}
		require.NotPanics(t, func() {
			for range 6 {
				a, b := rng.IntN(3), rng.IntN(3)
				states[a].Merge(states[b].Diff(&states[a]))
				states[a].Merge(&states[b])
				states[b].Delta(states[a].Context())
				for piece := range states[a].Split() {
					states[b].Merge(piece)
				}
				act(&states[a], 3)
				data, err := states[a].AppendBinary(nil)
				require.NoError(t, err)
				require.NoError(t, new(plainMap).UnmarshalBinary(data))
			}
		}, n)
	}
	require.Greater(t, contradicted, 100)
}
