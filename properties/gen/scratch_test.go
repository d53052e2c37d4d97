package gen_test

import (
	"testing"
	"fmt"
	"time"
	"strings"

	"phoenix/properties/gen"
	"phoenix/properties/scenario"

	"pgregory.net/rapid"
)

func TestScratchBugs(t *testing.T) {
	for _, bug := range bugs {
		for sd := 1; sd < 16; sd++ {
		setFlag(t, "rapid.checks", "1200")
		setFlag(t, "rapid.shrinktime", "3s")
		t0 := time.Now()
		var last *scenario.Result
		clients := gen.Range{Min: 2, Max: 3}
		if len(bug.classes) > 0 { clients.Min = 3 }
		f := insideOf(t, sd, func(tb rapid.TB) {
			s := scenario.ABD()
			s.Survives = bug.classes
				gen.Check(tb, s, gen.Options{
					Bounds: gen.Bounds{Servers: gen.Range{Min: 3, Max: 3}, Clients: clients, Keys: 1, Faults: 8, Bug: bug.name},
					Save: func(_ string, _ *scenario.Scenario, r *scenario.Result) (string, error) {
						last = r
						return "saved", nil
					},
				})
		})
		if last == nil { continue }
		ops := 0
		for _, s := range last.Scripts { ops += len(s) }
		l := strings.Split(f.log.String(), "\n")[0]
		fmt.Println(bug.name, sd, ops, len(last.Config.Faults), time.Since(t0), l[:40])
	}
	}
}
