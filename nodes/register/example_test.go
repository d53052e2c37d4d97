package register_test

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/register"
	"phoenix/sim"
)

// One of three servers crashes, and clients do not notice.
func ExampleABD() {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
	servers := []network.ID{0, 1, 2}
	for _, name := range []string{"a", "b", "c"} {
		n.Add(name, register.ABD(register.Config{Servers: servers}))
	}
	n.Add("client", nodes.Client(nodes.ClientConfig{Servers: servers, Script: []nodes.Op{
		{Kind: nodes.Write, Key: "x", Value: 7},
		{Kind: nodes.Read, Key: "x", Wait: 10 * time.Millisecond},
	}}))
	w.At(sim.Time(10*time.Millisecond), w.Lookup("b").Crash)
	w.Observe(func(e *sim.Event) {
		switch e.Kind {
		case sim.Invoke:
			fmt.Println(e.At, "call", e.Value)
		case sim.Return:
			fmt.Println(e.At, e.Name, e.Value)
		case sim.Crash:
			fmt.Println(e.At, "crash of", w.HostName(e.Host))
		}
	})
	w.Run(sim.Limit{})
	// Output:
	// 0s call write x 7
	// 6ms ok 7
	// 10ms crash of b
	// 16ms call read x
	// 22ms ok 7
}
