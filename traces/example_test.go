package traces_test

import (
	"bytes"
	"fmt"
	"os"

	"phoenix/sim"
	"phoenix/traces"
)

// Record a run, then show what one host did.
func Example() {
	w := sim.New(sim.Config{Seed: 42})
	defer w.Close()
	var log bytes.Buffer
	rec, err := traces.NewRecorder(w, &log, traces.Header{Scenario: "example", Seed: "42"})
	if err != nil {
		panic(err)
	}
	w.AddHost("a", func(h *sim.Host) { h.Note("ready") })
	w.AddHost("b", func(h *sim.Host) { h.After(1e6, func() { h.Note("one millisecond later") }) })
	w.Run(sim.Limit{})
	if err := rec.Close(); err != nil {
		panic(err)
	}

	r, err := traces.NewReader("example", &log)
	if err != nil {
		panic(err)
	}
	if err := traces.WriteText(os.Stdout, r.Events(), traces.Filter{Hosts: []string{"b"}}); err != nil {
		panic(err)
	}
	end, complete := r.End()
	fmt.Println(end.Events, complete)
	// Output:
	//      3           0s b        boot    b
	//      4          1ms b        timer   after  (after 3)
	//      5          1ms b        note    one millisecond later  (after 4)
	// 5 true
}

// Two runs that should be equal are not: the order of a map leaked, say.
func ExampleCompare() {
	run := func(greeting string) func(func(*sim.World)) error {
		return func(watch func(*sim.World)) error {
			w := sim.New(sim.Config{Seed: 42})
			defer w.Close()
			watch(w)
			w.AddHost("a", func(h *sim.Host) { h.Note("%s", greeting) })
			w.Run(sim.Limit{})
			return nil
		}
	}
	d, err := traces.Compare(run("hello"), run("good day"), 5)
	if err != nil {
		panic(err)
	}
	fmt.Print(d)
	// Output:
	// equal up to event 1, the next differs in name
	// both   |     1           0s a        boot    a
	// first  |     2           0s a        note    hello  (after 1)
	// second |     2           0s a        note    good day  (after 1)
}

func ExampleWriteJSONL() {
	w := sim.New(sim.Config{})
	defer w.Close()
	var log bytes.Buffer
	rec, err := traces.NewRecorder(w, &log, traces.Header{Scenario: "example"})
	if err != nil {
		panic(err)
	}
	type ballot struct {
		Term int
		For  string
	}
	w.AddHost("a", nil)
	w.Run(sim.Limit{})
	w.Emit(sim.Event{Kind: sim.Invoke, Host: 0, Peer: sim.NoHost, ID: 1, Value: ballot{3, "b"}})
	if err := rec.Close(); err != nil {
		panic(err)
	}
	r, err := traces.NewReader("example", &log)
	if err != nil {
		panic(err)
	}
	if err := traces.WriteJSONL(os.Stdout, r); err != nil {
		panic(err)
	}
	// Output:
	// {"log":1,"scenario":"example"}
	// {"seq":1,"at":0,"kind":"boot","host":"a","name":"a"}
	// {"seq":2,"at":0,"kind":"invoke","host":"a","id":1,"value":{"type":"traces_test.ballot","value":{"Term":3,"For":"b"}}}
	// {"end":{"events":2,"digest":"731e402be525ed26ef1a6233b30477d3"}}
}
