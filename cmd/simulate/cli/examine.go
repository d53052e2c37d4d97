package cli

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/sim"
	"phoenix/traces"
)

// examined is what doctor found of a scenario.
type examined struct {
	Scenario string             `json:"scenario"`
	Verdict  properties.Verdict `json:"verdict"`
	Seeds    string             `json:"seeds"`
	Runs     int                `json:"runs"`
	Events   uint64             `json:"events"` // of the first round
	Digest   sim.Digest         `json:"digest"` // of all seeds, in order
	// Of the first seed whose runs differ:
	Seed       string `json:"seed,omitempty"`
	Divergence string `json:"divergence,omitempty"`

	left sim.SeedRange // those that did not run four times, for an interrupt
}

// doctorRounds is how often each seed runs: half of them on one thread.
const doctorRounds = 4

// examine runs every seed four times and compares the digests.
func examine(ctx context.Context, sub *subject, seeds sim.SeedRange, workers int, bar *progress) examined {
	e := examined{Scenario: sub.scenario.Name, Seeds: seeds.String()}
	var first []sim.Digest
	var sum scenario.Campaign
	whole := 0 // seeds that ran in the last round
	for round := range doctorRounds {
		procs, side := 1, 1
		if round >= doctorRounds/2 {
			procs, side = allProcs(), workers
		}
		differs := withProcs(procs, func() *uint64 {
			whole = 0
			for seed, r := range inOrder(ctx, side, seeds.All(), sub.run) {
				e.Runs++
				bar.step(0)
				if round == 0 {
					first = append(first, r.Digest)
					sum.Add(r)
				} else if r.Digest != first[whole] {
					return &seed
				}
				whole++
			}
			return nil
		})
		e.Events, e.Digest = sum.Events, sum.Digest
		switch {
		case differs != nil:
			e.Verdict, e.Seed, e.Divergence = properties.Fail, seedText(*differs), diverge(sub, *differs)
			return e
		case uint64(whole) < seeds.Count: // interrupted
			if round < doctorRounds-1 {
				whole = 0
			}
			e.Verdict, e.left = properties.Inconclusive, rest(seeds, whole)
			return e
		}
	}
	return e
}

// run runs one seed.
func (s *subject) run(seed uint64) *scenario.Result {
	return s.scenario.Run(scenario.Options{Seed: seed, Config: &s.doc.Config})
}

// allProcs is at least 4: also on a small machine threads are to get in each
// other's way.
func allProcs() int { return max(runtime.NumCPU(), 4) }

func withProcs[R any](procs int, do func() R) R {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
	return do()
}

// shownEvents is how many events are shown before and after a divergence.
const shownEvents = 5

// diverge runs a seed twice again and tells where the runs part.
func diverge(sub *subject, seed uint64) string {
	under := func(procs int) func(func(*sim.World)) error {
		return func(watch func(*sim.World)) error {
			withProcs(procs, func() *scenario.Result {
				return sub.scenario.Run(scenario.Options{Seed: seed, Config: &sub.doc.Config, Watch: watch})
			})
			return nil
		}
	}
	d, err := traces.Compare(under(1), under(allProcs()), shownEvents)
	switch {
	case err != nil:
		return fmt.Sprintf("where they part could not be found: %v\n", err)
	case d == nil:
		return "two further runs did not differ: the difference is a rare one\n"
	}
	return strings.TrimRight(d.String(), "\n") + "\n"
}
