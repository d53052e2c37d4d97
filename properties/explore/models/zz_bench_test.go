package models

import (
	"testing"

	"phoenix/properties/explore"
)

func benchSearch(b *testing.B, m explore.Model, o explore.Order) {
	for b.Loop() {
		r, err := explore.Search(m, explore.Config{NoStop: true, Workers: 1, Order: o})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.SetBytes)/float64(r.Unique), "B/state")
		b.ReportMetric(float64(r.Bytes)/1e6, "MB")
	}
}
func BenchmarkZPaxos33(b *testing.B)  { benchSearch(b, Paxos(Harness{Clients: 3, Servers: 3}), explore.BreadthFirst) }
func BenchmarkZ2PC8(b *testing.B)     { benchSearch(b, TwoPhase(8, ""), explore.BreadthFirst) }
func BenchmarkZ2PC8DFS(b *testing.B)  { benchSearch(b, TwoPhase(8, ""), explore.DepthFirst) }
func BenchmarkZSingle42(b *testing.B) { benchSearch(b, SingleCopy(Harness{Clients: 4, Servers: 2}), explore.BreadthFirst) }
