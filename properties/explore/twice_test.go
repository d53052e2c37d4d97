package explore_test

import (
	"testing"

	"phoenix/network"
	"phoenix/properties/explore"

	"github.com/stretchr/testify/require"
)

// scribbler writes into what it is given.
type scribbler struct{ N int }

func (s *scribbler) Receive(_ network.ID, msg any) {
	b := msg.(*box)
	b.N++
	s.N = b.N
}

func TestANodeThatChangesAMessageIsFoundAndTheErrorMentionsIt(t *testing.T) {
	m := chests(&box{})
	m.Within, m.Properties = nil, nil
	m.Nodes[1].Boot = func(*network.Endpoint) network.Handler { return &scribbler{} }
	_, err := explore.Search(m, explore.Config{})
	require.ErrorIs(t, err, explore.ErrModel)
	require.ErrorContains(t, err, "b did not do the same twice")
	require.ErrorContains(t, err, "does it change a message that it was given?")
}
