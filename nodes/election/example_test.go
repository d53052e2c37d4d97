package election_test

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/nodes/election"
	"phoenix/sim"
)

// The leader crashes, and the other two elect one of them.
func Example() {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
	servers := []network.ID{0, 1, 2}
	for _, name := range []string{"a", "b", "c"} {
		n.Add(name, election.Server(election.Config{Servers: servers}))
	}
	m := election.Watch(w, servers)
	w.Observe(func(e *sim.Event) {
		switch at := time.Duration(e.At).Round(time.Millisecond); e.Kind {
		case sim.Crash:
			fmt.Println(at, w.HostName(e.Host), "crashes")
		case sim.Note:
			fmt.Println(at, w.HostName(e.Host), e.Name)
		}
	})
	w.RunFor(500 * time.Millisecond)
	fmt.Println(m.AtMostOneLeader(), m.Settled())
	leader, _ := m.Leader()
	w.Host(leader).Crash()
	w.RunFor(500 * time.Millisecond)
	fmt.Println(m.AtMostOneLeader(), m.Settled())
	// Output:
	// 114ms c election: enters term 1
	// 115ms a election: enters term 1
	// 115ms b election: enters term 1
	// 116ms c election: leads term 1
	// 117ms a election: follows 2 in term 1
	// 117ms b election: follows 2 in term 1
	// <nil> <nil>
	// 500ms c crashes
	// 608ms a election: enters term 2
	// 609ms b election: enters term 2
	// 610ms a election: leads term 2
	// 611ms b election: follows 0 in term 2
	// <nil> <nil>
}
