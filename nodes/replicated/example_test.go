package replicated_test

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/replicated"
	"phoenix/sim"
)

// Three servers share a counter. Two are asked while a partition keeps them apart; when it
// is over all have both updates, and nothing more is sent.
func Example() {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(5 * time.Millisecond)}})
	cfg := replicated.Config{Servers: []network.ID{0, 1, 2}, Durable: true}
	m := replicated.Watch(w, cfg)
	for _, name := range []string{"s1", "s2", "s3"} {
		n.Add(name, replicated.ServeCounter(cfg, m))
	}
	for i, op := range []nodes.Op{{Kind: nodes.Write, Key: "x", Value: 7}, {Kind: nodes.CAS, Key: "x", Value: 2}} {
		n.Add(fmt.Sprint("c", i+1), replicated.Client(replicated.ClientConfig{
			Servers: cfg.Servers, Home: i, Script: []nodes.Op{op}}))
	}
	cut := n.Partition("split", network.Complete([]network.ID{0, 3}, []network.ID{1, 2, 4}))
	w.At(sim.Time(time.Second), cut.Heal)
	w.Run(sim.Limit{Until: sim.Time(time.Second)})
	fmt.Println(m.Equal())
	fmt.Println(w.Run(sim.Limit{}), m.Equal(), m.Specified())
	// Output:
	// s1 has not seen "cas x 0 2" at s2
	// quiescent <nil> <nil>
}
