package gen_test

import (
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/register"
	"phoenix/properties/gen"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"
	"phoenix/traces"

	"pgregory.net/rapid"
)

// The line that a test of a scenario needs. If it fails, rapid's file and a .simfail
// file are left, and both commands that run the case again are printed.
func ExampleCheck() {
	_ = func(t *testing.T) {
		gen.Check(t, scenario.ABD(), gen.Options{Save: traces.Save})
	}
}

// Plans of faults are values like others: what a seed draws is always the same.
func ExampleFaults_Plans() {
	cluster := chaos.Cluster{Servers: []string{"s1", "s2", "s3"}, Clients: []string{"c1"}}
	plans := gen.Faults{Cluster: cluster, Classes: []chaos.Class{chaos.Crashes, chaos.Partitions}}.Plans()
	plan := plans.Example(3)
	fmt.Println(plan.Validate([]string{"s1", "s2", "s3", "c1"}, chaos.Cast{}))
	// Output:
	// <nil>
}

// A store is driven by hand and compared with a map, in a property of rapid.
func ExampleMachine() {
	_ = func(t *rapid.T) {
		w := sim.New(sim.Config{Chooser: gen.Chooser(t), Interleave: true})
		defer w.Close()
		net := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
		servers := []network.ID{0, 1, 2}
		for _, name := range []string{"s1", "s2", "s3"} {
			net.Add(name, register.ABD(register.Config{Servers: servers}))
		}
		m := gen.NewMachine(net, servers)
		m.Fragile = servers[:1]
		m.Ended = new(gen.Map).Ended
		t.Repeat(m.Actions())
	}

	store := new(gen.Map)
	wrote := gen.Operation{Op: nodes.Op{Kind: nodes.Write, Key: "x", Value: 1}, Outcome: nodes.OutcomeOK}
	read := gen.Operation{Op: nodes.Op{Key: "x"}, Outcome: nodes.OutcomeOK, Result: nodes.Result{OK: true}}
	fmt.Println(store.Ended(wrote))
	fmt.Println(store.Ended(read))
	// Output:
	// <nil>
	// x was absent, expected 1
}
