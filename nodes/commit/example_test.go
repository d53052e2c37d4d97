package commit_test

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/commit"
	"phoenix/sim"
)

// The coordinator crashes when a transaction is decided and not all know it. The
// participant that waits asks until the coordinator is back.
func Example() {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(5 * time.Millisecond)}})
	cfg := commit.Config{Coordinator: 0, Participants: []network.ID{1, 2}}
	c := n.Add("coordinator", commit.Coordinator(cfg))
	n.Add("p", commit.Participant(cfg))
	q := n.Add("q", commit.Participant(cfg))
	n.Add("client", nodes.Client(nodes.ClientConfig{
		Servers: []network.ID{c}, Script: []nodes.Op{{Kind: nodes.Write, Key: "x", Value: 7}},
	}))
	m := commit.Watch(w, cfg)
	w.At(sim.Time(12*time.Millisecond), func() {
		cut := n.Partition("late", network.OneWay([]network.ID{c}, []network.ID{q}))
		w.At(sim.Time(40*time.Millisecond), cut.Heal)
	})
	w.At(sim.Time(18*time.Millisecond), w.Host(c).Crash)
	w.At(sim.Time(100*time.Millisecond), w.Host(c).Restart)
	w.Observe(func(e *sim.Event) {
		switch e.Kind {
		case sim.Crash, sim.Restart:
			fmt.Println(e.At, w.HostName(e.Host), e.Kind)
		case sim.Note:
			fmt.Println(e.At, w.HostName(e.Host), e.Name)
		case sim.Return:
			fmt.Println(e.At, w.HostName(e.Host), e.Name, e.Value)
		}
	})
	w.Run(sim.Limit{})
	fmt.Println(m.Agreement(), m.Settled())
	// Output:
	// 15ms coordinator commit: decides to commit 3#1
	// 18ms coordinator crash
	// 20ms client ok 7
	// 20ms p commit: commits 3#1
	// 100ms coordinator restart
	// 105ms q commit: commits 3#1
	// <nil> <nil>
}
