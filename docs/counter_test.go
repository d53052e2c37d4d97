package docs_test

import (
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// The messages of a tiny protocol: please add one, and the answer.
type (
	increment struct{ Request int }
	done      struct{ Request int }
)

// counter is a server that adds up the requests it receives.
type counter struct {
	ep     *network.Endpoint
	value  int
	seen   map[increment]bool
	forget bool // the planted bug: it does not remember requests
}

func (c *counter) Receive(from network.ID, msg any) {
	if m, ok := msg.(increment); ok {
		if c.forget || !c.seen[m] {
			c.value++
		}
		c.seen[m] = true
		c.ep.Send(from, done(m))
	}
}

// caller asks for ten increments, one after the other, and asks again when no
// answer comes within 50 ms.
type caller struct {
	ep      *network.Endpoint
	server  network.ID
	request int
	retry   *sim.Timer
}

func (c *caller) ask() {
	c.ep.Send(c.server, increment{c.request})
	c.retry.Reset(50 * time.Millisecond)
}

func (c *caller) Receive(_ network.ID, msg any) {
	if m, ok := msg.(done); ok && m.Request == c.request {
		c.retry.Stop()
		if c.request++; c.request < 10 {
			c.ask()
		}
	}
}

// countTo10 runs one world and returns what became of its properties.
func countTo10(seed uint64, forget bool) []properties.Outcome {
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	net := network.New(w, network.Config{Link: network.Link{
		Delay: network.Uniform(time.Millisecond, 10*time.Millisecond),
		Loss:  network.ProbOf(0.1),
	}})
	var server *counter
	var client *caller
	net.Add("server", func(ep *network.Endpoint) network.Handler {
		server = &counter{ep: ep, seen: map[increment]bool{}, forget: forget}
		return server
	})
	net.Add("client", func(ep *network.Endpoint) network.Handler {
		client = &caller{ep: ep, server: 0}
		client.retry = ep.Timer("retry", client.ask)
		client.ask()
		return client
	})

	props := properties.New(w)
	props.Always("nothing is counted twice", func() error {
		if server != nil && client != nil && server.value > client.request+1 {
			return fmt.Errorf("the counter is %d after request %d", server.value, client.request)
		}
		return nil
	})
	props.Eventually("all ten are counted", func() error {
		if server.value != 10 {
			return fmt.Errorf("%d are", server.value)
		}
		return nil
	})
	end := w.Run(sim.Limit{Until: sim.Time(time.Minute)})
	return append(props.Judge(end, false), properties.CoverageOf(w).Outcome())
}

// TestCounterThatForgetsIsCaught is the tutorial of 02-a-node-and-its-test.md.
func TestCounterThatForgetsIsCaught(t *testing.T) {
	var bad, good []properties.Outcome
	for seed := range uint64(100) {
		bad = properties.Merge(bad, countTo10(seed, true))
		good = properties.Merge(good, countTo10(seed, false))
	}
	require.Equal(t, properties.Fail, properties.Overall(bad))
	require.Equal(t, properties.Pass, properties.Overall(good))
}
