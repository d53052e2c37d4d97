package models

import (
	"fmt"
	"testing"
	"time"

	"phoenix/properties/explore"
)

func TestTry(t *testing.T) {
	run := func(name string, m explore.Model) {
		for _, o := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
			for _, w := range []int{1, 4} {
				start := time.Now()
				r, err := explore.Search(m, explore.Config{NoStop: true, Workers: w, Order: o})
				fmt.Println(name, o, w, r.Unique, r.Generated, r.Depth, r.Verdict, r.Handlers, r.Locals, r.Messages, r.Observers, r.SetBytes, r.Bytes, time.Since(start), err)
				for _, o := range r.Outcomes {
					fmt.Println("   ", o.Name, o.Verdict, o.Detail, o.Path.Len())
				}
			}
		}
	}
	run("paxos 1/3", Paxos(Harness{Clients: 1, Servers: 3}))
	run("paxos 2/3", Paxos(Harness{Clients: 2, Servers: 3}))
	run("paxos 3/3", Paxos(Harness{Clients: 3, Servers: 3}))
	run("abd 2/2", ABD(Harness{Clients: 2, Servers: 2}))
	run("abd 1/3", ABD(Harness{Clients: 1, Servers: 3}))
	run("single 2/1 dup", SingleCopy(Harness{Clients: 2, Servers: 1, Network: explore.Duplicating}))
	run("single 4/2", SingleCopy(Harness{Clients: 4, Servers: 2}))
	run("2pc 8", TwoPhase(8, ""))
}
