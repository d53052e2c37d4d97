package replicated

import (
	"testing"

	"phoenix/crdt"

	"github.com/stretchr/testify/require"
)

// What decodes encodes to the same bytes again or to canonical ones, and never panics.
func FuzzWrongTypesDecode(f *testing.F) {
	n := &crdt.PNCounter{}
	n.Add(1, 5)
	heroes, _ := (&living{rows: map[string]*crdt.PNCounter{"x": n}, gone: "y"}).AppendBinary(nil)
	rows, _ := (&seconds{map[string]second{"x": {3, true, 4}, "y": {5, false, 0}}}).AppendBinary(nil)
	for _, data := range [][]byte{heroes, rows, nil, {1}, {0, 9, 9}} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var a, b living
		if a.UnmarshalBinary(data) == nil {
			require.NoError(t, b.UnmarshalBinary(encoded(&a)))
			require.Equal(t, encoded(&a), encoded(&b))
		}
		var c, d seconds
		if c.UnmarshalBinary(data) == nil {
			require.NoError(t, d.UnmarshalBinary(encoded(&c)))
			require.Equal(t, encoded(&c), encoded(&d))
		}
	})
}
