package chaos_test

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/resilience/chaos"
	"phoenix/sim"
)

// A list of faults is checked against the hosts it names, put into force, and
// reported.
func Example() {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{})
	for _, name := range []string{"a", "b"} {
		n.Add(name, func(ep *network.Endpoint) network.Handler {
			ep.After(1500*time.Millisecond, func() { ep.Send(1-ep.ID(), "hello") })
			return nil
		})
	}

	faults := []chaos.Fault{
		{At: time.Second, For: time.Second, Partition: &chaos.Partition{Groups: [][]string{{"a"}, {"b"}}}},
		{At: 2 * time.Second, Crash: []string{"b"}, For: 500 * time.Millisecond},
	}
	chaos.Apply(n, faults)
	w.Run(sim.Limit{})
	for _, f := range faults {
		fmt.Println(f)
	}
	fmt.Println(properties.CoverageOf(w).Outcome().Detail)
	// Output:
	// at 1s partition complete a | b for 1s
	// at 2s crash b for 500ms
	// crash b fired without effect
}
