package gossip_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/crdt"
	"phoenix/crdt/gossip"
	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
)

type wordSet = crdt.AddWinsSet[string]

// pair is the model of two nodes, one of which adds an element, the other two, while
// messages are lost and doubled.
func pair(cfg gossip.Config) explore.Model {
	cfg.Backoff = 1
	m := explore.Model{Faults: explore.Budget{Drops: 1, Duplicates: 1}}
	for i, name := range []string{"a", "b"} {
		m.Nodes = append(m.Nodes, explore.Node{Name: name, Boot: func(ep *network.Endpoint) network.Handler {
			n := &twin[wordSet, *wordSet]{gossip.New[wordSet](ep, cfg)}
			for range 1 + i {
				n.Update(func(id crdt.Replica, s *wordSet) *wordSet { return s.Add(id, name) })
			}
			return n
		}})
	}
	m.Properties = []explore.Property{explore.AtRest("both are equal, and know it", func(s *explore.State) error {
		if !s.Up(0) || !s.Up(1) {
			return nil
		}
		a, b := s.Node(0).(*twin[wordSet, *wordSet]), s.Node(1).(*twin[wordSet, *wordSet])
		if !crdt.Same(a.State(), b.State()) || !a.Settled() || !b.Settled() {
			return errors.New("they are not")
		}
		return nil
	}), explore.Sometimes("both are equal", func(s *explore.State) bool {
		if !s.Up(0) || !s.Up(1) {
			return false
		}
		a, b := s.Node(0).(*twin[wordSet, *wordSet]), s.Node(1).(*twin[wordSet, *wordSet])
		return len(s.Messages()) == 0 && crdt.Same(a.State(), b.State())
	})}
	m.Within = func(s *explore.State) bool { return len(s.Messages()) <= 3 }
	return m
}

// Every order of rounds and messages, three of which are under way at most, with one
// loss and one second copy at any place. The counts are pinned.
func TestTwoReplicasSettleInEveryOrderOfEvents(t *testing.T) {
	for _, c := range []struct {
		protocol gossip.Protocol
		states   int
	}{{gossip.FullState, 8987}, {gossip.DeltaIntervals, 15392}, {gossip.BPRR, 6932}, {gossip.CatchUp, 124158}} {
		res, err := explore.Search(pair(gossip.Config{Protocol: c.protocol}), explore.Config{})
		require.NoError(t, err, c.protocol)
		require.Equal(t, properties.Pass, res.Verdict, c.protocol)
		require.EqualValues(t, c.states, res.Unique, c.protocol)
	}
}

func TestTheExplorerFindsThatNothingIsAcknowledged(t *testing.T) {
	res, err := explore.Search(pair(gossip.Config{Protocol: gossip.BPRR, Bug: gossip.Unacknowledged}), explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, res.Verdict)
	require.Len(t, res.Outcomes[0].Path.Lines(), 4)
}

// forgetful is such a pair with one crash and restart of either node, which then has
// forgotten all, while deltas and acknowledgements of both boots are under way.
func forgetful(cfg gossip.Config) explore.Model {
	m := pair(cfg)
	m.Faults = explore.Budget{Crashes: 1, Restarts: 1}
	m.Within = func(s *explore.State) bool { return len(s.Messages()) <= 2 }
	return m
}

func TestTwoReplicasSettleThoughOneForgets(t *testing.T) {
	for _, c := range []struct {
		protocol gossip.Protocol
		states   int
	}{{gossip.FullState, 6120}, {gossip.DeltaIntervals, 11664}, {gossip.BPRR, 5710}, {gossip.CatchUp, 10239}} {
		res, err := explore.Search(forgetful(gossip.Config{Protocol: c.protocol}), explore.Config{})
		require.NoError(t, err, c.protocol)
		require.Equal(t, properties.Pass, res.Verdict, c.protocol)
		require.EqualValues(t, c.states, res.Unique, c.protocol)
	}
}

func TestTheExplorerFindsADeltaForAnEarlierBoot(t *testing.T) {
	cfg := gossip.Config{Protocol: gossip.BPRR, Bug: gossip.TakesForEarlierBoot}
	res, err := explore.Search(forgetful(cfg), explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, res.Verdict)
	require.Len(t, res.Outcomes[0].Path.Lines(), 12)
}
