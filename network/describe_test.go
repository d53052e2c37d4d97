package network

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
)

// latest takes the option that was scheduled last, and notes all it was shown.
type latest struct {
	sim.Chooser
	shown [][]sim.Pending
}

func (l *latest) Next(options []sim.Pending) int {
	l.shown = append(l.shown, append([]sim.Pending(nil), options...))
	return len(options) - 1
}

// deliveredUntimed has one node send 1, 2, 3 and another one 9 to a third, and returns what
// arrived in which order: nothing before the third one has booted.
func deliveredUntimed(t *testing.T, c sim.Chooser, link Link) []any {
	w := sim.New(sim.Config{Untimed: true, Chooser: c, Seed: 7})
	t.Cleanup(w.Close)
	n := New(w, Config{Link: link})
	var got []any
	to := n.Add("to", func(*Endpoint) Handler { return taker(func(_ ID, msg any) { got = append(got, msg) }) })
	sender := func(msgs ...int) Boot {
		return func(ep *Endpoint) Handler {
			for _, msg := range msgs {
				ep.Send(to, msg)
			}
			return nil
		}
	}
	n.Add("three", sender(1, 2, 3))
	n.Add("one", sender(9))
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	return got
}

// taker is a handler that is one function.
type taker func(ID, any)

func (f taker) Receive(from ID, msg any) { f(from, msg) }

func TestASchedulerSeesMessages(t *testing.T) {
	c := new(latest)
	got := deliveredUntimed(t, c, Link{Delay: Constant(time.Second)})
	require.Empty(t, got, "the receiver boots last of all")
	require.Len(t, c.shown[1], 3)
	require.Equal(t, sim.Pending{Kind: sim.Deliver, Host: 0, Peer: 2, ID: 1, Value: 9, At: sim.Time(time.Second)}, c.shown[1][2])
}

func TestMessagesOfAnOrderedLinkDoNotOvertakeInAnUntimedWorld(t *testing.T) {
	link := Link{Ordered: true, Delay: Uniform(time.Millisecond, time.Second)}
	orders := map[string]bool{}
	for seed := range uint64(200) {
		orders[fmt.Sprint(deliveredUntimed(t, sim.Seeded(sim.NewKey(seed)), link))] = true
	}
	require.Contains(t, orders, "[1 2 3 9]")
	require.Contains(t, orders, "[9 1 2 3]")
	require.Contains(t, orders, "[1 9 2 3]")
	for order := range orders { // order: each is judged by itself
		require.NotRegexp(t, "3.*2|2.*1|3.*1", order)
	}
	require.Len(t, orders, 14, "what comes too early is lost: any suffix of the three, with 9 anywhere or nowhere")
	unordered := map[string]bool{}
	link.Ordered = false
	for seed := range uint64(1000) {
		unordered[fmt.Sprint(deliveredUntimed(t, sim.Seeded(sim.NewKey(seed)), link))] = true
	}
	for _, order := range []string{"[3 2 1 9]", "[2 9 3 1]", "[9 3 2 1]"} {
		require.Contains(t, unordered, order)
	}
}

// A Scheduler is offered the head of each line only.
func TestOnlyTheHeadOfAnOrderedLinkIsOffered(t *testing.T) {
	for seed := range uint64(100) {
		heads := &checker{Chooser: sim.Seeded(sim.NewKey(seed)), t: t}
		deliveredUntimed(t, heads, Link{Ordered: true})
	}
}

// checker picks by its Chooser and requires that no two options are of one link.
type checker struct {
	sim.Chooser
	t *testing.T
}

func (c *checker) Next(options []sim.Pending) int {
	links := map[[2]ID]int{}
	for _, o := range options {
		if o.Kind == sim.Deliver {
			links[[2]ID{o.Peer, o.Host}]++
			require.Equal(c.t, 1, links[[2]ID{o.Peer, o.Host}], "%v", options)
		}
	}
	if len(options) == 1 {
		return 0
	}
	return c.Choose("next", len(options))
}
