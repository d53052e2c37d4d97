package laws_test

import (
	"testing"

	"phoenix/properties/laws"
)

func TestAddWinsSetKeepsTheLaws(t *testing.T) { laws.Test(t, laws.AddWinsSet()) }

func BenchmarkAddWinsSet(b *testing.B) {
	r, f := laws.Bulk(laws.AddWinsSet(), laws.Options{Histories: b.N, Steps: 24, Sample: 16})
	if f != nil {
		b.Fatal(f)
	}
	b.ReportMetric(float64(r.Histories)/b.Elapsed().Seconds(), "histories/s")
	b.ReportMetric(float64(r.Steps)/float64(r.Histories), "steps/history")
}
