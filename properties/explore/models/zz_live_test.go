package models

import (
	"fmt"
	"testing"

	"phoenix/properties/explore"
)

func TestZLive(t *testing.T) {
	for _, e := range All() {
		fmt.Println(e.Name, e.About)
		m, err := e.Build(Params{})
		if err != nil {
			fmt.Println(err)
			continue
		}
		for _, w := range []int{1, 3} {
			r, err := explore.Search(m, explore.Config{Workers: w, MaxStates: 2000000})
			fmt.Println("  ", r.Verdict, r.Unique, r.Generated, r.Depth, r.Limit, err)
			for _, o := range r.Outcomes {
				fmt.Println("     ", o.Name, o.Verdict, o.Detail, o.Path.Len())
			}
		}
		for _, b := range e.Bugs {
			m, err := e.Build(Params{Bug: b.Name})
			if err != nil {
				fmt.Println(b, err)
				continue
			}
			r, err := explore.Search(m, explore.Config{MaxStates: 2000000})
			fmt.Println("  BUG", b.Name, r.Verdict, r.Unique, r.Generated, r.Depth, r.Limit, err)
			for _, o := range r.Outcomes {
				if o.Verdict != 0 {
					fmt.Println("     ", o.Name, o.Verdict, o.Detail, o.Path.Len())
				}
			}
		}
	}
}
