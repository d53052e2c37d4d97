package explore_test

import (
	"fmt"
	"sort"
	"testing"
	"time"

	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

func TestZZCalibrate(t *testing.T) {
	ms := map[string]explore.Model{}
	for _, b := range models.PaxosBugs()[:3] {
		ms["paxos "+b.Name] = models.Paxos(models.Harness{Clients: 2, Servers: 3, Bug: b.Name})
	}
	ms["abd record"] = models.ABD(models.Harness{Clients: 2, Servers: 3, Bug: "record-overwrites"})
	ms["single"] = models.SingleCopy(models.Harness{Clients: 2, Servers: 2})
	for name, m := range ms {
		for _, sched := range explore.Schedules() {
			s, err := explore.NewSampler(m)
			if err != nil { t.Fatal(err) }
			var runs []int
			start := time.Now()
			var total, steps uint64
			for seed := range uint64(41) {
				r, err := s.Sample(explore.SampleConfig{Schedule: sched, Seed: seed, Runs: 20000})
				if err != nil { t.Fatal(err) }
				n := int(r.Runs)
				if r.Verdict != 2 { n = 1<<30 }
				runs = append(runs, n)
				total += r.Runs; steps += r.Steps
			}
			sort.Ints(runs)
			el := time.Since(start).Seconds()
			fmt.Printf("%-26s %-18s median %6d min %d max %d  runs/s %.0f steps/run %.1f\n", name, sched, runs[20], runs[0], runs[40], float64(total)/el, float64(steps)/float64(total))
		}
	}
}
