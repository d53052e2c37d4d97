package gossip_test

import (
	"encoding"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/crdt"
	"phoenix/crdt/gossip"
	"phoenix/network"
	"phoenix/sim"
)

type (
	words = crdt.LWWMap[string, string]
	// opaque is a map that does not tell what is new.
	opaque struct{ in words }
)

func (o *opaque) Merge(p *opaque)                       { o.in.Merge(&p.in) }
func (o *opaque) AppendBinary(b []byte) ([]byte, error) { return o.in.AppendBinary(b) }
func (o *opaque) UnmarshalBinary(b []byte) error        { return o.in.UnmarshalBinary(b) }

var _ encoding.BinaryAppender = (*opaque)(nil)

// put adds an element to a state, for the i-th time.
type put[S any] func(id crdt.Replica, s *S, i int) *S

func name(i int) string { return fmt.Sprintf("element %07d", i) }

func putMember(id crdt.Replica, s *wordSet, i int) *wordSet { return s.Add(id, name(i)) }

func putWord(id crdt.Replica, s *words, i int) *words {
	return s.Set(crdt.Stamp{Time: int64(i + 1), Replica: id}, name(i), "word")
}

func putElement(_ crdt.Replica, s *crdt.GSet[string], i int) *crdt.GSet[string] {
	return s.Add(name(i))
}

func putOpaque(id crdt.Replica, s *opaque, i int) *opaque { return &opaque{*putWord(id, &s.in, i)} }

// linked is two nodes that both have n elements and have acknowledged them.
func linked[S any, P gossip.Pointer[S]](t testing.TB, cfg gossip.Config, n int, put put[S]) (*sim.World, *[2]twin[S, P]) {
	w := sim.New(sim.Config{Seed: 1})
	t.Cleanup(w.Close)
	links := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
	both, common := new([2]twin[S, P]), new(S)
	for i := range n {
		put(crdt.Replica(100+i%3), common, i)
	}
	for i := range both {
		links.Add(fmt.Sprint("n", i), func(ep *network.Endpoint) network.Handler {
			both[i] = twin[S, P]{gossip.New[S, P](ep, cfg)}
			both[i].Join(common)
			return both[i]
		})
	}
	require.Equal(t, sim.Quiescent, w.Run(limit))
	return w, both
}

// onto measures how long it takes that one node adds an element, tells the other, and
// hears that it has it, if both have n elements already.
func onto[S any, P gossip.Pointer[S]](b *testing.B, name string, put put[S]) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) {
			w, both := linked[S, P](b, gossip.Config{}, n, put)
			i := n
			for b.Loop() {
				both[0].Update(func(id crdt.Replica, s *S) *S { return put(id, s, i) })
				w.Run(limit)
				i++
			}
			require.True(b, both[0].Settled() && both[1].Settled())
		})
	}
}

func BenchmarkOneElementOnto(b *testing.B) {
	onto(b, "AddWinsSet", putMember)
	onto(b, "LWWMap", putWord)
	onto(b, "GSet", putElement)
	onto(b, "opaque", putOpaque)
}

// BenchmarkReconcile measures what it takes two nodes with 100,000 elements to find ten
// that one of them lacks, and what it takes when the next ten are to be found soon after.
func BenchmarkReconcile(b *testing.B) {
	for _, p := range []gossip.Protocol{gossip.Sketch, gossip.Trie} {
		b.Run(string(p), func(b *testing.B) {
			w, both := linked[words, *words](b, gossip.Config{Protocol: p}, 100_000, putWord)
			i := 100_000
			for b.Loop() {
				for range 10 {
					both[i%2].Update(func(id crdt.Replica, s *words) *words { return putWord(id, s, i) })
					i++
				}
				w.Run(limit)
			}
			require.True(b, both[0].Settled() && both[1].Settled())
		})
	}
}
