package explore_test

import (
	"testing"

	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"

	"github.com/stretchr/testify/require"
)

// A path without end gets longer with each step, and its states larger: a depth-first search
// has to look at its bounds often, or memory has run out before.
func TestADepthFirstSearchWithoutEndSoonMeetsItsBounds(t *testing.T) {
	m := models.Registers("primary-backup", models.Harness{Clients: 2, Servers: 2, Network: explore.Board})
	for _, c := range []struct {
		limit string
		cfg   explore.Config
	}{
		{"states", explore.Config{MaxStates: 1000}},
		{"memory", explore.Config{MaxBytes: 1 << 20}},
		{"interrupted", explore.Config{Stop: func() bool { return true }}},
	} {
		for _, workers := range []int{1, 4} {
			c.cfg.Order, c.cfg.Workers = explore.DepthFirst, workers
			res, err := explore.Search(m, c.cfg)
			require.NoError(t, err)
			require.Equal(t, properties.Inconclusive, res.Verdict)
			require.Equal(t, c.limit, res.Limit)
			require.Less(t, res.Unique, uint64(20_000))
			require.Less(t, res.Bytes, uint64(10<<20))
		}
	}
}
