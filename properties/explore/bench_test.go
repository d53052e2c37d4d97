package explore_test

import (
	"flag"
	"fmt"
	"testing"

	"phoenix/properties/explore"
	"phoenix/properties/explore/models"

	"github.com/stretchr/testify/require"
)

var huge = flag.Bool("explore.huge", false, "benchmark the search of 41 million states too")

// benched are the searches that docs/BENCHMARKS.md has figures for.
var benched = []struct {
	name              string
	model             func() explore.Model
	unique, generated uint64
	huge              bool
}{
	{name: "paxos-3-3", unique: 1194428, generated: 2420477,
		model: func() explore.Model { return models.Paxos(models.Harness{Clients: 3, Servers: 3}) }},
	{name: "2pc-8", unique: 1745408, generated: 18507778, model: func() explore.Model { return models.TwoPhase(8, "") }},
	{name: "single-copy-4-2", unique: 235725, generated: 440977,
		model: func() explore.Model { return models.SingleCopy(models.Harness{Clients: 4, Servers: 2}) }},
	{name: "increment-6", unique: 118509, generated: 237943,
		model: func() explore.Model { return models.Increment(6, false) }},
	{name: "abd-2-3", unique: 41138199, generated: 194646243, huge: true,
		model: func() explore.Model { return models.ABD(models.Harness{Clients: 2, Servers: 3}) }},
}

// BenchmarkSearch visits all states of models, in both orders, with one worker and with as
// many as there are processors.
func BenchmarkSearch(b *testing.B) {
	for _, c := range benched {
		if c.huge && !*huge {
			continue
		}
		for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
			for _, workers := range []int{1, 2, 4} {
				b.Run(fmt.Sprintf("%s/%s/workers=%d", c.name, order, workers), func(b *testing.B) {
					var r explore.Result
					for b.Loop() {
						var err error
						r, err = explore.Search(c.model(), explore.Config{Order: order, Workers: workers, NoStop: true})
						require.NoError(b, err)
						require.Equal(b, c.unique, r.Unique)
						require.Equal(b, c.generated, r.Generated)
					}
					b.ReportMetric(float64(r.Unique)*float64(b.N)/b.Elapsed().Seconds(), "states/s")
					b.ReportMetric(float64(r.Bytes)/1e6, "MB")
					b.ReportMetric(float64(r.SetBytes)/float64(r.Unique), "B/state")
				})
			}
		}
	}
}

// BenchmarkPlainSearch is the baseline of BenchmarkSearch: the same models, one thread, a Go
// map of encoded states.
func BenchmarkPlainSearch(b *testing.B) {
	for _, c := range benched {
		if c.huge {
			continue
		}
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				unique, generated, err := explore.PlainSearch(c.model())
				require.NoError(b, err)
				require.EqualValues(b, c.unique, unique)
				require.EqualValues(b, c.generated, generated)
			}
			b.ReportMetric(float64(c.unique)*float64(b.N)/b.Elapsed().Seconds(), "states/s")
		})
	}
}
