package laws_test

import (
	"testing"

	"phoenix/properties"
	"phoenix/properties/laws"
)

// Histories of up to 24 steps, 12.5 on average, of three copies of an add-wins set. Every
// read is checked in all of them, every other law in one of 16.
func BenchmarkAddWinsSet(b *testing.B) {
	r, f := laws.Bulk(laws.AddWinsSet(), laws.Options{Histories: b.N, Steps: 24, Sample: 16})
	if f != nil {
		b.Fatal(f)
	}
	if b.N > 2000 && r.Verdict() != properties.Pass {
		b.Fatal(r)
	}
	b.ReportMetric(float64(r.Histories)/b.Elapsed().Seconds(), "histories/s")
	b.ReportMetric(float64(r.Steps)/float64(r.Histories), "steps/history")
}

// All laws in all histories: what it costs not to sample.
func BenchmarkAddWinsSetAllLaws(b *testing.B) {
	if _, f := laws.Bulk(laws.AddWinsSet(), laws.Options{Histories: b.N, Steps: 24}); f != nil {
		b.Fatal(f)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "histories/s")
}
