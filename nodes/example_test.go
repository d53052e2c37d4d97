package nodes_test

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/register"
	"phoenix/sim"
)

// A client works through a script, and the event stream tells what it saw.
func ExampleClient() {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
	servers := []network.ID{0}
	n.Add("server", register.SingleCopy(register.Config{Servers: servers}))
	n.Add("client", nodes.Client(nodes.ClientConfig{Servers: servers, Script: []nodes.Op{
		{Kind: nodes.Write, Key: "x", Value: 7},
		{Kind: nodes.CAS, Key: "x", Value: 8, Wait: 5 * time.Millisecond},
		{Kind: nodes.Read, Key: "x"},
	}}))
	w.Observe(func(e *sim.Event) {
		switch e.Kind {
		case sim.Invoke:
			fmt.Println(e.At, "call", e.Value)
		case sim.Return:
			fmt.Println(e.At, e.Name, e.Value)
		}
	})
	w.Run(sim.Limit{})
	// Output:
	// 0s call write x 7
	// 2ms ok 7
	// 7ms call cas x 7 8
	// 9ms ok 8
	// 9ms call read x
	// 11ms ok 8
}

// Operations print and parse.
func ExampleParseOp() {
	op, err := nodes.ParseOp("after 12ms write x 7")
	fmt.Println(op.Wait, op.Kind, op.Key, op.Value, err)
	_, err = nodes.ParseOp("write x")
	fmt.Println(err)
	// Output:
	// 12ms write x 7 <nil>
	// operation "write x": value "": expected a whole number of 64 bits other than 0, which means absent
}

// A longer script begins like a shorter one.
func ExampleWorkload_Script() {
	key := sim.NewKey(42).Sub("workload")
	w := nodes.Workload{Operations: 4, Keys: 2, Reads: network.ProbOf(0.5)}
	fmt.Println(w.Script(key, 0, 3))
	w.Operations = 5
	fmt.Println(w.Script(key, 0, 3))
	// Output:
	// [read x write y 4 write x 7 read y]
	// [read x write y 4 write x 7 read y write x 13]
}
