package cli

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"

	"phoenix/properties/scenario"
	"phoenix/sim"
)

// Seeds of the replicated register: on one worker, and on a worker for each core.
// The rate of the second is to be 0.8 times the number of cores that of the first.
func BenchmarkRun(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	s := scenario.ABD()
	sub := &subject{scenario: s, doc: &scenario.Document{Scenario: s.Name, Config: s.Defaults}}
	for _, workers := range []int{1, runtime.NumCPU()} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			seeds := sim.SeedRange{Count: uint64(b.N)}
			c := newCampaign("simulate", sub, seeds)
			for _, r := range inOrder(context.Background(), workers, seeds.All(), sub.run) {
				c.add(r)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "seeds/s")
			b.ReportMetric(float64(c.sum.Events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
