package explore_test

import (
	"testing"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// spinner turns round for ever, until it is told to stop.
type spinner struct {
	spin    *sim.Timer
	Side    bool
	Stopped bool
}

func (s *spinner) Receive(network.ID, any) {
	s.Stopped = true
	s.spin.Stop()
}

func bootSpinner(ep *network.Endpoint) network.Handler {
	s := &spinner{}
	s.spin = ep.Timer("spin", func() {
		s.Side = !s.Side
		s.spin.Reset(1)
	})
	s.spin.Reset(1)
	return s
}

// stopper asks the spinner to stop, at once.
func bootStopper(ep *network.Endpoint) network.Handler {
	ep.Send(0, "stop")
	return nil
}

func stopped(s *explore.State) bool {
	h, ok := s.Node(0).(*spinner)
	return ok && h.Stopped
}

func spinning() explore.Model {
	return explore.Model{
		Name:       "spinner",
		Nodes:      []explore.Node{{Name: "spinner", Boot: bootSpinner}, {Name: "stopper", Boot: bootStopper}},
		Properties: []explore.Property{explore.Eventually("stops", stopped)},
	}
}

func TestAMessageIsOwedEvenIfTheReceiverNeverRests(t *testing.T) {
	for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
		r, err := explore.Search(spinning(), explore.Config{Order: order})
		require.NoError(t, err)
		require.Equal(t, properties.Pass, r.Verdict, "turning for ever without ever taking the message is not fair")
	}
}

func TestWhatFaultsTakeAwayIsNotOwedAndTheLassoTellsSo(t *testing.T) {
	m := spinning()
	m.Faults.Drops = 1
	for _, workers := range []int{1, 4} {
		r, err := explore.Search(m, explore.Config{Workers: workers})
		require.NoError(t, err)
		require.Equal(t, properties.Fail, r.Verdict)
		path := r.Outcomes[0].Path
		require.Equal(t, []string{"drop stopper -> spinner stop", `timer "spin" of spinner`, `timer "spin" of spinner`}, path.Lines())
		require.Equal(t, 1, path.Loop(), "the turning repeats, not the loss")
		require.False(t, path.State(1).Node(0).(*spinner).Side)
		require.True(t, path.State(2).Node(0).(*spinner).Side)
	}
}

func TestAPathThatComesToRestHasNotFulfilledWhatWasToHappen(t *testing.T) {
	m := spinning()
	m.Nodes[0].Boot = func(*network.Endpoint) network.Handler { return &deaf{} }
	m.Properties = []explore.Property{explore.Eventually("hears", func(s *explore.State) bool { return s.Node(0).(*deaf).Heard > 1 })}
	r, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, r.Verdict)
	require.Equal(t, -1, r.Outcomes[0].Path.Loop())
	require.Len(t, r.Outcomes[0].Path.Steps, 1)
}

type deaf struct{ Heard int }

func (d *deaf) Receive(network.ID, any) { d.Heard++ }

func TestWhateverIsAskedForIsAnsweredLater(t *testing.T) {
	asked := func(s *explore.State) bool { return len(s.Messages()) > 0 }
	m := spinning()
	m.Properties = []explore.Property{explore.LeadsTo("answered", asked, stopped)}
	r, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, r.Verdict)

	m.Faults = explore.Budget{Crashes: 1, Restarts: 1, Crashable: []network.ID{0}}
	r, err = explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, r.Verdict, "one that is down does not answer, and nobody owes its restart")
}

func TestWhatIsToHappenEventuallyNeedsAllStates(t *testing.T) {
	r, err := explore.Search(spinning(), explore.Config{MaxDepth: 1})
	require.NoError(t, err)
	require.Equal(t, properties.Inconclusive, r.Verdict)
	m := spinning()
	m.Symmetric = []explore.Group{{Nodes: []network.ID{0}}}
	_, err = explore.Search(m, explore.Config{Symmetry: true})
	require.ErrorContains(t, err, "fairness tells nodes apart")
}
