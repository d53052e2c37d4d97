package chaos_test

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/resilience/chaos"
	"phoenix/sim"
)

// A plan is read from text, put into force, and reported.
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

	plan, err := chaos.ParsePlan(`
		at 1s for 1s partition complete a | b
		at 2s for 500ms crash b
	`)
	if err != nil {
		panic(err)
	}
	injected := chaos.Apply(n, chaos.Cast{}, plan)
	w.Run(sim.Limit{})
	for _, e := range injected.Effects() {
		fmt.Printf("%s: %d messages, timers or tasks\n", e.Label(), e.Touched)
	}
	// Output:
	// partition complete a | b: 2 messages, timers or tasks
	// crash b: 0 messages, timers or tasks
}
