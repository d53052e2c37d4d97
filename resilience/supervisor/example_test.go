package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/resilience"
	"phoenix/resilience/supervisor"
	"phoenix/sim"
)

// In production: goroutines that are restarted until that does not help any more.
func Example() {
	cache := func(ctx context.Context) error { <-ctx.Done(); return nil }
	flaky := func(ctx context.Context) error { return errors.New("no route to store") }

	s := supervisor.New(resilience.System(), supervisor.City,
		supervisor.Child{ID: "cache", Worker: supervisor.Go(cache)},
		supervisor.Child{ID: "flaky", Worker: supervisor.Go(flaky)})
	fmt.Println(s.Run(context.Background()))
	// Output:
	// city: more than 3 restarts in 5s, the last for flaky: no route to store
}

// In a world: the city of the seed, which is bombed, and comes back with a clean state.
func ExampleNewNode() {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	bombed := 0
	network.New(w, network.Config{}).Add("rome", func(ep *network.Endpoint) network.Handler {
		city := func(p *supervisor.Proc) error {
			heroes := 0
			for p.Idle(time.Second) {
				if heroes++; heroes == 3 && bombed < 2 {
					bombed++
					panic("bombed")
				}
			}
			fmt.Println(heroes, "heroes")
			return nil
		}
		s := supervisor.NewNode(ep, supervisor.City, supervisor.Child{ID: "city", Worker: supervisor.Process(city)})
		s.Start()
		ep.After(10*time.Second, func() { s.Shutdown() })
		return nil
	})
	w.RunFor(time.Minute)
	fmt.Println(bombed, "bombs,", len(w.Findings()), "findings")
	// Output:
	// 4 heroes
	// 2 bombs, 0 findings
}

// From outside: hosts that crash are booted again.
func ExampleNewWorld() {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	rome := w.AddHost("rome", nil)
	s := supervisor.NewWorld(w, supervisor.City, supervisor.Child{ID: "rome", Worker: supervisor.Host(rome, time.Second)})
	s.Start()
	w.At(sim.Time(time.Second), rome.Crash)
	w.RunFor(1500 * time.Millisecond)
	fmt.Println(rome.Up())
	w.RunFor(time.Second)
	fmt.Println(rome.Up(), s.Children()[0].State)
	// Output:
	// false
	// true running
}
