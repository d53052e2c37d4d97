package resilience_test

import (
	"fmt"
	"time"

	"phoenix/resilience"
	"phoenix/sim"
)

// stopwatch is a clock for examples: production code takes resilience.System(), a node its endpoint.
type stopwatch struct{ now sim.Time }

func (s *stopwatch) Monotonic() sim.Time     { return s.now }
func (s *stopwatch) advance(d time.Duration) { s.now = s.now.Add(d) }

func ExampleDegradation() {
	clock := &stopwatch{}
	d := resilience.NewDegradation(clock, resilience.DegradationConfig{
		Triggers: []resilience.Trigger{resilience.ErrorRateTrigger},
		OnChange: func(c resilience.Change) { fmt.Println(c.From, "to", c.To, "because of", c.Why) },
	})
	d.Register(resilience.Feature{Name: "recommendations"}) // at full service only
	d.Register(resilience.Feature{Name: "checkout", Last: resilience.LevelEmergency})

	d.Observe("errors percent", 45)
	clock.advance(2 * time.Second)
	fmt.Println(d.Available("recommendations"), d.Available("checkout"))
	d.Observe("errors percent", 1)
	clock.advance(20 * time.Second)
	fmt.Println(d.Available("recommendations"))
	// Output:
	// normal to limited because of high error rate
	// false true
	// limited to normal because of recovered
	// true
}

func ExampleClassify() {
	incident, failed := resilience.Classify(0,
		resilience.Symptoms{Component: "db", Exit: resilience.ExitPanic, Timeouts: 2},
		resilience.Context{Criticality: map[string]int{"db": 1}, DependsOn: map[string][]string{"db": {"api"}}})
	fmt.Println(failed, incident)
	fmt.Println(incident.Affected, "->", resilience.ResponseTo(incident.Severity, incident.Scope))
	// Output:
	// true process crash (high, local): the process ended: panic
	// [api db] -> local restart
}
