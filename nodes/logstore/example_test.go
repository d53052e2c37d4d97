package logstore_test

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/logstore"
	"phoenix/sim"
	"phoenix/sim/disk"
)

// A write is acknowledged, the store crashes, and the write is still there.
func ExampleServer() {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{
		Link: network.Link{Delay: network.Constant(time.Millisecond)},
		Disk: disk.Config{Sync: disk.Latency{Min: 2 * time.Millisecond}},
	})
	store := n.Add("store", logstore.Server(logstore.Config{}))
	n.Add("client", nodes.Client(nodes.ClientConfig{Servers: []network.ID{store}, Script: []nodes.Op{
		{Kind: nodes.Write, Key: "x", Value: 7, Wait: 20 * time.Millisecond},
		{Kind: nodes.Read, Key: "x", Wait: 30 * time.Millisecond},
	}}))
	w.At(sim.Time(30*time.Millisecond), w.Host(store).Crash)
	w.At(sim.Time(35*time.Millisecond), w.Host(store).Restart)
	w.Observe(func(e *sim.Event) {
		switch e.Kind {
		case sim.Invoke:
			fmt.Println(e.At, "call", e.Value)
		case sim.Return:
			fmt.Println(e.At, e.Name, e.Value)
		case sim.Crash, sim.Restart:
			fmt.Println(e.At, e.Kind)
		}
	})
	w.Run(sim.Limit{})
	fmt.Println(n.Disk(store).List())
	// Output:
	// 20ms call write x 7
	// 26ms ok 7
	// 30ms crash
	// 35ms restart
	// 56ms call read x
	// 58ms ok 7
	// [log.2 snapshot]
}
