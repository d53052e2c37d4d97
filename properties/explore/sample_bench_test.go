package explore_test

import (
	"slices"
	"testing"

	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

// BenchmarkSchedulesToAViolation samples the seeded bugs until each is found, from 41 seeds:
// the median of how many schedules that takes is the metric schedules, with at most 20,000.
func BenchmarkSchedulesToAViolation(b *testing.B) {
	const seeds, most = 41, 20_000
	for _, c := range []struct {
		name string
		m    explore.Model
	}{
		{"single-copy", models.SingleCopy(models.Harness{Clients: 2, Servers: 2})},
		{"paxos/ignores-prepared", models.Paxos(models.Harness{Clients: 2, Servers: 3, Bug: "ignores-prepared"})},
		{"paxos/accept-any-ballot", models.Paxos(models.Harness{Clients: 2, Servers: 3, Bug: "accept-any-ballot"})},
		{"paxos/promise-lower", models.Paxos(models.Harness{Clients: 2, Servers: 3, Bug: "promise-lower"})},
		{"abd/record-overwrites", models.ABD(models.Harness{Clients: 2, Servers: 3, Bug: "record-overwrites"})},
	} {
		for _, name := range explore.Schedules() {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				s, err := explore.NewSampler(c.m)
				if err != nil {
					b.Fatal(err)
				}
				total := 0.
				for range b.N {
					var runs []uint64
					for seed := range uint64(seeds) {
						res, err := s.Sample(explore.SampleConfig{Schedule: name, Seed: seed, Runs: most})
						if err != nil {
							b.Fatal(err)
						}
						if res.Verdict != properties.Fail {
							res.Runs++ // not found
						}
						runs = append(runs, res.Runs)
						total += float64(res.Runs)
					}
					slices.Sort(runs)
					b.ReportMetric(float64(runs[seeds/2]), "schedules")
				}
				b.ReportMetric(total/b.Elapsed().Seconds(), "runs/s")
			})
		}
	}
}
