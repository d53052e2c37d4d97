package explore_test

import (
	"testing"

	"phoenix/properties/explore"
	"phoenix/properties/explore/models"

	"github.com/stretchr/testify/require"
)

// permitted returns the budget of a model without what its network does anyway, and without
// restarts of nodes that never crash.
func permitted(m explore.Model) explore.Budget {
	b := m.Faults
	if m.Lossy {
		b.Drops = 0
	}
	if m.Network == explore.Duplicating || m.Network == explore.Board {
		b.Duplicates = 0
	}
	if b.Crashes == 0 {
		b.Restarts = 0
	}
	return b
}

func TestFaultsThatMeanNothingAreRefused(t *testing.T) {
	for want, m := range map[string]explore.Model{
		"1 restarts are allowed, but no crash": {Faults: explore.Budget{Restarts: 1}},
		"a budget of 2 drops, but a lossy network needs none": {Lossy: true,
			Faults: explore.Budget{Drops: 2}},
		"a budget of 1 duplicates, but messages of a network that is duplicating are repeated anyway": {
			Network: explore.Duplicating, Faults: explore.Budget{Duplicates: 1}},
		"a budget of 3 duplicates, but messages of a network that is board are repeated anyway": {
			Network: explore.Board, Faults: explore.Budget{Duplicates: 3}},
	} {
		m.Nodes = models.SingleCopy(models.Harness{Clients: 1, Servers: 1}).Nodes
		_, err := explore.Search(m, explore.Config{})
		require.ErrorIs(t, err, explore.ErrModel)
		require.ErrorContains(t, err, want)
		m.Faults = permitted(m)
		_, err = explore.Search(m, explore.Config{})
		require.NoError(t, err)
	}
}

func TestSymmetryNeedsADeclaredGroup(t *testing.T) {
	_, err := explore.Search(models.SingleCopy(models.Harness{Clients: 1, Servers: 1}), explore.Config{Symmetry: true})
	require.ErrorIs(t, err, explore.ErrModel)
	require.ErrorContains(t, err, "no group is declared")
}
