package explore_test

import (
	"runtime"
	"slices"
	"sync"
	"testing"

	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

// calibrated are the seeded bugs that docs/BENCHMARKS.md has figures for, and how many runs
// there are at most for each seed.
var calibrated = []struct {
	name             string
	model            func(models.Harness) explore.Model
	bug              string
	clients, servers int
	most             uint64
}{
	{"single-copy", models.SingleCopy, "", 2, 2, 20_000},
	{"paxos/ignores-prepared", models.Paxos, "ignores-prepared", 2, 3, 20_000},
	{"paxos/accept-any-ballot", models.Paxos, "accept-any-ballot", 2, 3, 20_000},
	{"paxos/promise-lower", models.Paxos, "promise-lower", 2, 3, 20_000},
	{"paxos/lowest-vote", models.Paxos, "lowest-vote", 3, 3, 20_000},
	{"abd/record-overwrites", models.ABD, "record-overwrites", 2, 3, 20_000},
	{"abd/no-write-back", models.ABD, "no-write-back", 3, 3, 5_000},
	{"abd/local-sequence", models.ABD, "local-sequence", 2, 3, 5_000},
}

// BenchmarkSchedulesToAViolation samples the seeded bugs until each is found, from 41 seeds:
// the median of how many schedules that takes is the metric schedules, more than there are at
// most if half of the seeds or more find nothing, and found is how many seeds find the bug. As
// many seeds are sampled at a time as there are processors.
func BenchmarkSchedulesToAViolation(b *testing.B) {
	const seeds = 41
	for _, c := range calibrated {
		m := c.model(models.Harness{Clients: c.clients, Servers: c.servers, Bug: c.bug})
		for _, name := range explore.Schedules() {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				total, found := 0., 0
				for range b.N {
					runs := runsToAViolation(b, m, explore.SampleConfig{Schedule: name, Runs: c.most}, seeds)
					found = 0
					for _, n := range runs {
						total += float64(min(n, c.most))
						if n <= c.most {
							found++
						}
					}
					slices.Sort(runs)
					b.ReportMetric(float64(runs[seeds/2]), "schedules")
				}
				b.ReportMetric(float64(found), "found")
				b.ReportMetric(total/b.Elapsed().Seconds(), "runs/s")
			})
		}
	}
}

// runsToAViolation returns by seed how many runs of a model it takes, one more than there are
// at most if that finds nothing.
func runsToAViolation(b *testing.B, m explore.Model, cfg explore.SampleConfig, seeds int) []uint64 {
	runs := make([]uint64, seeds)
	workers := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			s, err := explore.NewSampler(m)
			for seed := worker; seed < seeds && err == nil; seed += workers {
				cfg := cfg
				cfg.Seed = uint64(seed)
				var res explore.Sampled
				res, err = s.Sample(cfg)
				if runs[seed] = res.Runs; res.Verdict != properties.Fail {
					runs[seed]++ // not found
				}
			}
			if err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	return runs
}
