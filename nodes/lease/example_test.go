package lease_test

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/nodes/lease"
	"phoenix/sim"
)

// The holder of the lock crashes. The other client gets it when the lease is over,
// under a greater token.
func Example() {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
	cfg := lease.Config{Server: 0, Resource: 1, Writes: 1, Rounds: 1}
	n.Add("server", lease.Server(cfg))
	n.Add("resource", lease.Resource(cfg))
	a, b := n.Add("a", lease.Client(cfg, "x")), n.Add("b", lease.Client(cfg, "x"))
	m := lease.Watch(w, []network.ID{a, b})
	w.At(sim.Time(30*time.Millisecond), w.Host(a).Crash)
	w.Observe(func(e *sim.Event) {
		switch e.Kind {
		case sim.Crash:
			fmt.Println(e.At, w.HostName(e.Host), "crashes")
		case sim.Note:
			fmt.Println(e.At, w.HostName(e.Host), e.Name)
		}
	})
	w.Run(sim.Limit{})
	fmt.Println(m.MutualExclusion(), m.Fencing(), m.Settled())
	// Output:
	// 21ms server lease: grants "x" token 1 to 2
	// 22ms a lease: holds "x" token 1 until 290ms on the monotonic clock
	// 30ms a crashes
	// 371ms server lease: grants "x" token 2 to 3
	// 372ms b lease: holds "x" token 2 until 640ms on the monotonic clock
	// 392ms b lease: lets go of "x" token 2
	// 392ms b lease: has had its rounds of "x"
	// 393ms resource lease: accepts "x" token 2 from 3
	// <nil> <nil> <nil>
}
