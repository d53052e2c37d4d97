package explore_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// late is the shortest path to a timeout that comes too early.
func late(t *testing.T) *explore.Path {
	return violated(t, pingPong(4*time.Millisecond, &explore.Timed{Tick: 1e6, Min: 1e6, Max: 2e6})).Path
}

func TestTimeThatPassesIsToldOnce(t *testing.T) {
	p := late(t)
	story, lanes := told(t, p)
	require.Equal(t, `
0  pinger  starts, sends ping to ponger
1          time passes: 2ms
3  ponger  receives ping from pinger (0), answers pong
4          time passes: 2ms
6  pinger  timer "timeout" fires  [Suspected: false -> true; timer "timeout" stopped]`, story)
	require.Equal(t, `
    pinger   ponger
1      :        :      time passes: 2ms
3      |------->|      ping (0)
4      :        :      time passes: 2ms
6      *        |      timeout`, lanes)
	require.Equal(t, 1, p.Switches())
}

func TestTimeThatPassesForEverIsToldFromWhereItGoesRound(t *testing.T) {
	m := pingPong(time.Millisecond, &explore.Timed{Tick: 1e6, Min: 2e6, Max: 2e6})
	boot := func(ep *network.Endpoint) network.Handler {
		var again *sim.Timer
		again = ep.Timer("again", func() { again.Reset(2 * time.Millisecond) })
		again.Reset(3 * time.Millisecond)
		return &ponger{ep}
	}
	m.Nodes = []explore.Node{{Name: "clock", Boot: boot}}
	m.Properties = []explore.Property{explore.Eventually("an end", func(*explore.State) bool { return false })}
	story, _ := told(t, violated(t, m).Path)
	require.Equal(t, `
1         time passes: 1ms
What follows goes round for ever:
2         time passes: 2ms
4  clock  timer "again" fires`, story)
}

func TestAPathWithTimeIsFollowedByAWorldInItsTime(t *testing.T) {
	var times []sim.Time
	f, err := late(t).Follow(func(w *sim.World) {
		w.Observe(func(e *sim.Event) {
			if e.Kind == sim.Deliver || e.Kind == sim.Fire {
				times = append(times, e.At)
			}
		})
	})
	require.NoError(t, err)
	require.Equal(t, []sim.Time{2e6, 4e6}, times)
	again, err := late(t).Follow(nil)
	require.NoError(t, err)
	require.Equal(t, f, again)
}

func TestASceneWithTimeSaysWhenThingsAreDue(t *testing.T) {
	p := late(t)
	at := func(i int) *explore.Scene {
		s, err := p.Scene(i)
		require.NoError(t, err)
		return s
	}
	ping := explore.MessageScene{From: "pinger", To: "ponger", Text: "ping, due in 1ms to 2ms", Copies: 1}
	require.Equal(t, []explore.MessageScene{ping}, at(0).Messages)
	require.Equal(t, "due in 4ms", at(0).Nodes[0].Timers[0].Text)
	ping.Text = "ping, due in 0s to 1ms"
	require.Equal(t, []explore.MessageScene{ping}, at(1).Messages, "not new")
	ping.Text = "ping, due now"
	require.Equal(t, []explore.MessageScene{ping}, at(2).Messages)
	require.True(t, at(3).Messages[0].New)

	c, err := p.Course()
	require.NoError(t, err)
	require.Equal(t, []explore.Flight{{From: 0, To: 1, Text: "ping", Sent: 0, Done: 3, How: explore.StepDeliver},
		{From: 1, To: 0, Text: "pong", Sent: 3}}, c.Flights)
}

func TestASampleOfAModelWithTimeFindsWhatASearchDoes(t *testing.T) {
	for _, name := range explore.Schedules() {
		cfg := explore.SampleConfig{Schedule: name, Runs: 300}
		cfg.Options.Estimates = explore.Estimates{Events: 6, Hosts: []int{4, 1, 1}} // ticks are no host's
		wrong := pingPong(4*time.Millisecond, &explore.Timed{Tick: 1e6, Min: 1e6, Max: 2e6})
		res := sampled(t, wrong, cfg)
		require.Equal(t, properties.Fail, res.Verdict, name)
		p, err := explore.Replay(wrong, res.Outcomes[0].Path.Script())
		require.NoError(t, err)
		require.Equal(t, res.Outcomes[0].Path.Steps, p.Steps)
		res = sampled(t, pingPong(5*time.Millisecond, &explore.Timed{Tick: 1e6, Min: 1e6, Max: 2e6}), cfg)
		require.Equal(t, properties.Inconclusive, res.Verdict, name)
		require.Zero(t, res.Cut, "each run comes to its end")
	}
}

// chest is a message that holds pointers and, maybe, more than is told of it.
type chest struct {
	Box  *box
	Many []int
}

type box struct{ N int }

// opener counts what it is given.
type opener struct{ N int }

func (o *opener) Receive(network.ID, any) { o.N++ }

// chests is a model of a node that sends messages to another.
func chests(messages ...any) explore.Model {
	return explore.Model{Network: explore.Board, Nodes: []explore.Node{
		{Name: "a", Boot: func(ep *network.Endpoint) network.Handler {
			for _, msg := range messages {
				ep.Send(1, msg)
			}
			return &opener{}
		}},
		{Name: "b", Boot: func(*network.Endpoint) network.Handler { return &opener{} }},
	}, Properties: []explore.Property{explore.Sometimes("two", func(s *explore.State) bool { return s.Node(1).(*opener).N == 2 })},
		Within: func(s *explore.State) bool { return s.Node(1).(*opener).N <= 2 }}
}

func TestMessagesAreToldByWhatTheirPointersLeadTo(t *testing.T) {
	r, err := explore.Search(chests(&chest{Box: &box{3}}), explore.Config{Examples: true})
	require.NoError(t, err)
	require.Equal(t, []string{"deliver a -> b chest{Box: {N: 3}, Many: []}", "deliver a -> b chest{Box: {N: 3}, Many: []}"},
		r.Outcomes[0].Path.Lines())
}

func TestOfStepsThatAreToldAlikeThePathTakesTheSameOneAlways(t *testing.T) {
	many := func(last int) any { return chest{Many: append(make([]int, 20), last)} }
	first, err := explore.Search(chests(many(1), many(2), many(3)), explore.Config{Examples: true})
	require.NoError(t, err)
	second, err := explore.Search(chests(many(3), many(2), many(1)), explore.Config{Examples: true})
	require.NoError(t, err)
	require.Equal(t, first.Outcomes[0].Path.Steps, second.Outcomes[0].Path.Steps)
}
