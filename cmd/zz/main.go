package main

import (
	"fmt"
	"os"
	"time"
	"phoenix/properties/scenario"
	"phoenix/traces"
)

func main() {
	for _, s := range scenario.Registers() {
		n := map[string]int{}
		var first *scenario.Result
		st := time.Now()
		for seed := range uint64(100) {
			r := s.Run(scenario.Options{Seed: seed})
			n[r.Verdict.String()]++
			if r.Verdict.String() == "fail" && first == nil {
				first = r
			}
			if r.Verdict.String() == "inconclusive" && n["inconclusive"] < 3 {
				fmt.Println(seed, r.Outcomes, r.Operations, r.End, r.Virtual)
			}
		}
		fmt.Println(s.Name, n, time.Since(st)/100)
		if first != nil {
			traces.WriteBlock(os.Stdout, s, first, "x")
			f := traces.NewFailure(s, first)
			text, err := f.Text()
			fmt.Println(string(text), err)
			_, g, err := traces.ParseFailure("x", text, scenario.Registers())
			if err != nil { fmt.Println(err); continue }
			rep := g.Replay(s, nil)
			fmt.Println(rep.Status, rep.Reason)
		}
	}
}
