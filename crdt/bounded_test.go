package crdt_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/crdt"
)

func TestABoundedCounterNeverFallsBelowZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var copies [3]crdt.BoundedCounter
		took, all := 0, crdt.BoundedCounter{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			i, j := rapid.IntRange(0, 2).Draw(t, "i"), rapid.IntRange(0, 2).Draw(t, "j")
			n := rapid.Uint64Range(0, 5).Draw(t, "n")
			err := error(nil)
			switch rapid.IntRange(0, 3).Draw(t, "op") {
			case 0:
				copies[i].Add(crdt.Replica(i), n)
			case 1:
				if _, err = copies[i].Take(crdt.Replica(i), n); err == nil {
					took++
				}
			case 2:
				_, err = copies[i].Transfer(crdt.Replica(i), crdt.Replica(j), n)
			case 3:
				copies[i].Merge(&copies[j])
			}
			require.True(t, err == nil || errors.Is(err, crdt.ErrRights))
			for k := range copies {
				all.Merge(&copies[k])
			}
			require.GreaterOrEqual(t, int64(all.Value()), int64(0))
			require.Equal(t, all.Value(), all.Rights(0)+all.Rights(1)+all.Rights(2), "rights are the value")
		}
	})
}
