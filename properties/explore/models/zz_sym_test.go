package models

import (
	"fmt"
	"testing"

	"phoenix/properties/explore"
)

func TestZSym(t *testing.T) {
	for n := 1; n <= 7; n++ {
		for _, o := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
			r, err := explore.Search(TwoPhase(n, ""), explore.Config{NoStop: true, Symmetry: true, Workers: 1 + n%4, Order: o})
			fmt.Println("2pc", n, r.Unique, r.Generated, r.Depth, err)
		}
	}
	for n := 1; n <= 5; n++ {
		for _, lock := range []bool{false, true} {
			r, err := explore.Search(Increment(n, lock), explore.Config{NoStop: true, Symmetry: true})
			fmt.Println("inc", n, lock, r.Unique, r.Generated, r.Depth, err)
			r, err = explore.Search(Increment(n, lock), explore.Config{NoStop: true, Exact: true})
			fmt.Println("inc", n, lock, r.Unique, r.Generated, r.Depth, err)
		}
	}
	for _, m := range []explore.Model{DieHard(), TCommit(3), ChangRoberts(3)} {
		r, err := explore.Search(m, explore.Config{NoStop: true})
		fmt.Println(m.Name, r.Unique, r.Generated, r.Depth, err)
		r, err = explore.Search(m, explore.Config{})
		fmt.Println(m.Name, r.Unique, r.Generated, r.Depth, err)
		for _, o := range r.Outcomes {
			fmt.Println(o.Name, o.Verdict, o.Detail)
			if o.Path != nil {
				fmt.Println(o.Path.Lines())
			}
		}
	}
	for _, h := range []Harness{{Clients: 1, Servers: 3, Network: explore.Duplicating}} {
		r, err := explore.Search(Paxos(h), explore.Config{NoStop: true})
		fmt.Println(h, r.Unique, r.Generated, r.Depth, err)
	}
	for _, h := range []Harness{{Clients: 2, Servers: 2, Network: explore.Ordered}, {Clients: 3, Servers: 2, Network: explore.Ordered}, {Clients: 3, Servers: 2}} {
		r, err := explore.Search(ABD(h), explore.Config{NoStop: true})
		fmt.Println(h, r.Unique, r.Generated, r.Depth, err)
	}
}
