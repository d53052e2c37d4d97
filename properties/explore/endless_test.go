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
	m.Properties = nil // to meet a violation before the bound is chance
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
			// One worker stops at some 1,100 states and 2 MB; how far others get until then is chance.
			require.Less(t, res.Unique, uint64(8_000*workers))
			require.Less(t, res.Bytes, uint64(workers*10<<20))
		}
	}
}
