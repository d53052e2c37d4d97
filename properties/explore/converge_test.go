package explore_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// replica is a grow-only counter: each replica known once, and all tell all what they know
// until it is known to be known.
type replica struct {
	ep    *network.Endpoint
	retry *sim.Timer
	merge func(mine, theirs map[network.ID]int) map[network.ID]int `explore:"-"`
	Count map[network.ID]int
	Heard map[network.ID]bool // who has answered that it knows as much
}

// known is what a replica knows; answers are not answered.
type known struct {
	Count  map[network.ID]int
	Answer bool
}

func greatest(mine, theirs map[network.ID]int) map[network.ID]int {
	all := maps.Clone(mine)
	for id, n := range theirs { // order: the greatest of each, whichever comes first
		all[id] = max(all[id], n)
	}
	return all
}

// overwritten takes what was heard last for what is.
func overwritten(_, theirs map[network.ID]int) map[network.ID]int { return maps.Clone(theirs) }

func bootReplica(merge func(_, _ map[network.ID]int) map[network.ID]int) network.Boot {
	return func(ep *network.Endpoint) network.Handler {
		n := &replica{ep: ep, merge: merge, Count: map[network.ID]int{ep.ID(): 1}, Heard: map[network.ID]bool{}}
		n.retry = ep.Timer("retry", n.spread)
		n.spread()
		return n
	}
}

func (n *replica) spread() {
	for _, id := range n.ep.Nodes() {
		if id != n.ep.ID() && !n.Heard[id] {
			n.ep.Send(id, known{Count: n.Count})
			n.retry.Reset(1)
		}
	}
}

func (n *replica) Receive(from network.ID, msg any) {
	m := msg.(known)
	n.Count = n.merge(n.Count, m.Count)
	if m.Answer {
		n.Heard[from] = true
		if len(n.Heard) == len(n.ep.Nodes())-1 {
			n.retry.Stop()
		}
		return
	}
	n.ep.Send(from, known{Count: n.Count, Answer: true})
}

func counters(replicas int, merge func(_, _ map[network.ID]int) map[network.ID]int) explore.Model {
	m := explore.Model{Name: "counter", Properties: []explore.Property{
		explore.Converged("converged", func(h network.Handler) any { return h.(*replica).Count })}}
	for i := range replicas {
		m.Nodes = append(m.Nodes, explore.Node{Name: string(rune('a' + i)), Boot: bootReplica(merge)})
	}
	m.Within = func(s *explore.State) bool { return len(s.Messages()) <= 3 }
	return m
}

func TestReplicasThatMergeConverge(t *testing.T) {
	for _, faults := range []explore.Budget{{}, {Drops: 2}, {Duplicates: 1}, {Drops: 1, Duplicates: 1}, {Crashes: 1}} {
		m := counters(2, greatest)
		m.Faults = faults
		res, err := explore.Search(m, explore.Config{})
		require.NoError(t, err)
		require.Equal(t, properties.Pass, res.Verdict, "%+v: %v", faults, res.Outcomes)
		require.Positive(t, res.Terminal)
	}
}

func TestReplicasThatOverwriteDoNotConverge(t *testing.T) {
	for _, faults := range []explore.Budget{{}, {Drops: 1}, {Duplicates: 1}} {
		m := counters(2, overwritten)
		m.Faults = faults
		var lines []string
		for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
			res, err := explore.Search(m, explore.Config{Order: order})
			require.NoError(t, err)
			require.Equal(t, properties.Fail, res.Verdict)
			path := res.Outcomes[0].Path
			require.Equal(t, "a has {a: 1}, but b has {b: 1}", res.Outcomes[0].Detail)
			require.Equal(t, 5, path.Len(), "both hear of each other, and of the answers")
			if lines == nil {
				lines = path.Lines()
			}
			require.Equal(t, lines, path.Lines())
		}
	}
}

func TestConvergenceIsThatOfTheNodesNamedThatAreUp(t *testing.T) {
	m := counters(3, greatest)
	number := func(h network.Handler) any { return len(h.(*replica).Heard) + int(h.(*replica).ep.ID()) }
	none := func(network.Handler) any { return func() {} }
	m.Nodes = m.Nodes[:2]
	m.Properties = []explore.Property{explore.Converged("one", number, 1), explore.Converged("all", number),
		explore.Converged("bad", none)}
	res, err := explore.Search(m, explore.Config{NoStop: true})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, res.Outcomes[0].Verdict)
	require.Equal(t, properties.Fail, res.Outcomes[1].Verdict)
	require.Equal(t, "a has 1, but b has 2", res.Outcomes[1].Detail)
	require.Contains(t, res.Outcomes[2].Detail, "the value of a: func(): a function")
	m.Faults = explore.Budget{Crashes: 1, Crashable: []network.ID{0}}
	m.Properties = []explore.Property{explore.Converged("survivors", number), explore.Sometimes("a is down",
		func(s *explore.State) bool { return !s.Up(0) })}
	m.Guard = func(_ network.Handler, st explore.Step) bool { return st.Kind != explore.StepTimer }
	res, err = explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, res.Outcomes[0].Verdict, "as long as both are up")
}

func TestReplicasThatNeverRestAreNotSaidToConverge(t *testing.T) {
	m := spinning()
	m.Nodes = m.Nodes[:1]
	m.Properties = []explore.Property{explore.Converged("converged", func(h network.Handler) any { return 0 })}
	r, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Inconclusive, r.Verdict)
	require.Contains(t, r.Outcomes[0].Detail, "comes to rest")
}
