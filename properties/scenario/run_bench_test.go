package scenario_test

import (
	"testing"

	"phoenix/properties/scenario"
)

// BenchmarkRun runs each scenario once a seed, with its checks.
func BenchmarkRun(b *testing.B) {
	for _, s := range scenario.Registers() {
		b.Run(s.Name, func(b *testing.B) {
			b.ReportAllocs()
			events := uint64(0)
			for i := range b.N {
				events += s.Run(scenario.Options{Seed: uint64(i)}).Events
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds()/1e6, "Mevents/s")
		})
	}
}
