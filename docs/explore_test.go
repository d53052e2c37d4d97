package docs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"phoenix/cmd/simulate/browse"
	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/register"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// counting is the counter of page 2 and its caller, on a network that may deliver
// whatever was sent again and again.
func counting(forget bool) explore.Model {
	return explore.Model{
		Nodes: []explore.Node{
			{Name: "server", Boot: func(ep *network.Endpoint) network.Handler {
				return &counter{ep: ep, seen: map[increment]bool{}, forget: forget}
			}},
			{Name: "client", Boot: func(ep *network.Endpoint) network.Handler {
				c := &caller{ep: ep, server: 0}
				c.retry = ep.Timer("retry", c.ask)
				c.ask()
				return c
			}},
		},
		Network: explore.Duplicating,
		Properties: []explore.Property{
			explore.Always("nothing is counted twice", func(s *explore.State) error {
				server, client := s.Node(0).(*counter), s.Node(1).(*caller)
				if server.value > client.request+1 {
					return fmt.Errorf("the counter is %d after request %d", server.value, client.request)
				}
				return nil
			}),
			explore.Sometimes("all ten are counted", func(s *explore.State) bool {
				return s.Node(0).(*counter).value == 10
			}),
		},
	}
}

func TestCounterThatForgetsIsFoundByExploring(t *testing.T) {
	r, err := explore.Search(counting(true), explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, r.Verdict)
	path := r.Outcomes[0].Path // a shortest one
	require.Len(t, path.Steps, 2)

	r, err = explore.Search(counting(false), explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, r.Verdict)
	require.EqualValues(t, 121, r.Unique) // all states that there are
	showsStory(t, path)
}

func TestPathOfTheGuideReplaysInTheExplorerAndAsAWorld(t *testing.T) {
	r, err := explore.Search(counting(true), explore.Config{})
	require.NoError(t, err)
	path := r.Outcomes[0].Path
	again, err := explore.Replay(counting(true), path.Script())
	require.NoError(t, err)
	followed, err := again.Follow(nil)
	require.NoError(t, err)
	require.EqualValues(t, 15, followed.Events)

	_, err = explore.Replay(counting(false), path.Script())
	require.ErrorIs(t, err, explore.ErrStale)
}

// within bounds a model in which a client may ask again and again.
func within(m explore.Model) explore.Model {
	m.Network = explore.Ordered
	m.Within = func(s *explore.State) bool { return len(s.Messages()) <= 3 }
	return m
}

func TestLossForEverIsALasso(t *testing.T) {
	m := within(counting(false))
	m.Properties = append(m.Properties, explore.Eventually("the ten are done", func(s *explore.State) bool {
		return s.Node(1).(*caller).request == 10
	}))
	m.Faults.Drops = 2 // a message is lost, twice at most
	r, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, r.Verdict)

	m.Faults.Drops, m.Lossy = 0, true // each may be lost
	r, err = explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, r.Verdict)
	require.GreaterOrEqual(t, r.Outcomes[2].Path.Loop(), 0) // it goes round from there
	showsStory(t, r.Outcomes[2].Path)
}

func TestCounterForgetsWhenItCrashes(t *testing.T) {
	m := counting(false)
	m.Faults = explore.Budget{Crashes: 1, Restarts: 1, Crashable: []network.ID{0}}
	m.Properties = []explore.Property{explore.Always("what was answered is counted", func(s *explore.State) error {
		server, up := s.Node(0).(*counter)
		if asked := s.Node(1).(*caller).request; up && server.value < asked {
			return fmt.Errorf("%d were answered, the counter is %d", asked, server.value)
		}
		return nil
	})}
	r, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, r.Verdict)
	showsStory(t, r.Outcomes[0].Path)
}

func TestWithTimeACounterIsWrongOnlyIfAMessageIsLost(t *testing.T) {
	m := counting(true)
	m.Network = explore.NonDuplicating
	m.Timed = &explore.Timed{Tick: 10 * time.Millisecond, Min: 10 * time.Millisecond, Max: 20 * time.Millisecond}
	r, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, r.Verdict) // the timeout is longer than the way there and back

	m.Faults.Drops = 1
	r, err = explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, r.Verdict)
	require.Len(t, r.Outcomes[0].Path.Steps, 10)
}

// copies is two registers that know nothing of each other, as package register has
// them: one client writes at the first, another one reads twice at the second.
func copies() explore.Model {
	servers := []network.ID{0, 1}
	boot := register.SingleCopy(register.Config{Servers: servers})
	client := func(home int, script ...nodes.Op) network.Boot {
		return nodes.Client(nodes.ClientConfig{Servers: servers, Home: home, Script: script})
	}
	read := nodes.Op{Kind: nodes.Read, Key: "x"}
	return explore.Model{
		Nodes: []explore.Node{{Name: "s1", Boot: boot}, {Name: "s2", Boot: boot},
			{Name: "writer", Boot: client(0, nodes.Op{Kind: nodes.Write, Key: "x", Value: 1})},
			{Name: "reader", Boot: client(1, read, read)}},
		Network:    explore.Board,
		Observe:    explore.NewHistory,
		Properties: []explore.Property{explore.Linearizable("linearizable")},
	}
}

func TestTwoCopiesAreNoRegisterInTheExplorerAndInSomeWorld(t *testing.T) {
	r, err := explore.Search(copies(), explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, r.Verdict)
	require.Len(t, r.Outcomes[0].Path.Steps, 6)

	key, failed := sim.NewKey(1), 0
	for seed := range uint64(200) {
		order, err := explore.Schedule(explore.POS, key.Num(seed), explore.ScheduleOptions{})
		require.NoError(t, err)
		w := copies().World(explore.WorldConfig{Seed: seed, Chooser: order})
		w.Run(sim.Limit{Events: 1000})
		if _, err := w.Violated(); err != nil {
			failed++
		}
		w.World.Close()
	}
	require.Positive(t, failed)
	require.Less(t, failed, 200)
}

func TestPartialOrderOfTheGuideLeavesOutStates(t *testing.T) {
	all, err := explore.Search(copies(), explore.Config{NoStop: true})
	require.NoError(t, err)
	some, err := explore.Search(copies(), explore.Config{NoStop: true, PartialOrder: true})
	require.NoError(t, err)
	require.Equal(t, all.Verdict, some.Verdict)
	require.Less(t, some.Unique, all.Unique)
}

func TestRunsOfTheGuideAreSampledAndRepeated(t *testing.T) {
	s, err := explore.Sample(counting(true), explore.SampleConfig{Schedule: explore.POS, Seed: 1})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, s.Verdict)
	again, err := explore.Sample(counting(true), explore.SampleConfig{Schedule: explore.POS, Seed: 1, First: s.Run, Runs: 1})
	require.NoError(t, err)
	require.Equal(t, s.Outcomes[0].Detail, again.Outcomes[0].Detail)
}

func TestModelOfTheGuideIsServed(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // at once: nobody looks
	server, err := browse.New(browse.Config{Model: counting(true), About: "the counter that forgets"})
	require.NoError(t, err)
	defer server.Close()
	ln, err := browse.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Logf("http://%s/", ln.Addr())
	require.NoError(t, server.Serve(ctx, ln)) // until ctx is done
}

// elector is a node with a process: it asks for a vote, and notes the answer.
func elector(ep *network.Endpoint) network.Handler {
	ep.Go("elector", func(p *network.Proc) {
		reply, err := p.Call(0, "vote for me", 50*time.Millisecond)
		ep.Note("%v %v", reply, err)
	})
	return nil
}

func TestProcessesAreExploredWithoutStates(t *testing.T) {
	m := explore.Model{Nodes: []explore.Node{
		{Name: "server", Boot: func(ep *network.Endpoint) network.Handler { return answer{ep} }},
		{Name: "client", Boot: elector},
	}}
	_, err := explore.Search(m, explore.Config{})
	require.ErrorIs(t, err, explore.ErrModel)

	r, err := explore.Stateless(m, explore.StatelessConfig{Replay: true})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, r.Verdict)
	require.EqualValues(t, 2, r.Runs) // the answer comes first, or the timeout does
}

// notifier is a node whose state cannot be seen.
type notifier struct {
	ep    *network.Endpoint
	calls []func()
}

func (n *notifier) Receive(network.ID, any) {
	n.calls = append(n.calls, func() { n.ep.Note("called") })
}

func TestNodeThatCannotBeSeenIsRefused(t *testing.T) {
	m := explore.Model{Nodes: []explore.Node{{Name: "n", Boot: func(ep *network.Endpoint) network.Handler {
		ep.Send(ep.ID(), "call me")
		return &notifier{ep: ep}
	}}}}
	_, err := explore.Search(m, explore.Config{})
	require.ErrorIs(t, err, explore.ErrModel)
	shows(t, err.Error())
}
