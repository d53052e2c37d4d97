package gossip_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/crdt"
	"phoenix/crdt/gossip"
	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/simtest"
)

// What a message says does not depend on the protocol of its sender. So a replica may
// bring one peer up by pieces and another by contexts, and be brought up by deltas: if
// what pieces leave out were taken for seen, catch-up would never bring it.
func TestAnyMixOfProtocolsConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := sim.New(sim.Config{Seed: rapid.Uint64Range(1, 1<<32).Draw(t, "seed")})
		defer w.Close()
		mix := rapid.SliceOfN(rapid.SampledFrom(gossip.Protocols()), stormNodes, stormNodes).Draw(t, "protocols")
		cfg := gossip.Config{
			Fanout:      rapid.IntRange(0, 3).Draw(t, "fanout"),
			BufferCount: rapid.SampledFrom([]int{0, 1, 3, 20}).Draw(t, "buffer"),
			Every:       quick,
		}
		if rapid.Bool().Draw(t, "map") {
			weatherOf(t, w, orMap, cfg, mix)
		} else {
			weatherOf(t, w, addWins, cfg, mix)
		}
	})
}

// limit is more than should happen before there is silence.
var limit = sim.Limit{Events: 1_000_000}

func TestStormsAreTheSameTwice(t *testing.T) {
	for _, p := range []gossip.Protocol{gossip.BPRR, gossip.Trie, gossip.Adaptive} {
		simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 1}}, func(w *sim.World) {
			weather(t, w, orMap, gossip.Config{Protocol: p, Fanout: 2})
		})
	}
}

// A dead peer, and one that was removed, cost what the bounds allow and not more.
func TestBuffersForTheDeadAreBounded(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{})
	var all []twin[intSet, *intSet]
	for _, name := range []string{"a", "b", "dead"} {
		n.Add(name, func(ep *network.Endpoint) network.Handler {
			cfg := gossip.Config{Protocol: gossip.BPRR, BufferCount: 50, BufferBytes: 300}
			all = append(all, twin[intSet, *intSet]{gossip.New[intSet](ep, cfg)})
			return all[len(all)-1]
		})
	}
	w.RunFor(time.Second)
	w.Host(2).Crash()
	for i := range 1000 {
		all[0].Update(func(_ crdt.Replica, s *intSet) *intSet { return s.Add(i) })
		w.RunFor(50 * time.Millisecond)
		s := all[0].Stats()
		require.LessOrEqual(t, s.Buffered, 50)
		require.LessOrEqual(t, s.BufferedBytes, 300)
	}
	require.Equal(t, 1000, all[1].State().Len())
	require.Positive(t, all[0].Stats().Buffered)
	sent := all[0].Stats().Sent.Messages
	w.RunFor(time.Minute)
	require.LessOrEqual(t, all[0].Stats().Sent.Messages-sent, uint64(80), "tries grow rare: every 8th of 600 rounds")

	all[0].RemovePeer(2)
	all[1].RemovePeer(2)
	require.Zero(t, all[0].Stats().Buffered)
	require.Equal(t, sim.Quiescent, w.Run(limit))

	w.Host(2).Restart()
	w.RunFor(time.Second)
	all[2] = all[3]
	all[0].AddPeer(2)
	require.Equal(t, sim.Quiescent, w.Run(limit))
	require.Equal(t, 1000, all[2].State().Len(), "it was behind all buffers, and got the state")
}

// A replica that comes back with an old snapshot acts under a new name, and gets what it
// has acknowledged and forgotten, though nobody had anything to tell it.
func TestWhoForgetsIsToldAgain(t *testing.T) {
	for _, p := range gossip.Protocols() {
		w := sim.New(sim.Config{Seed: 1})
		n := network.New(w, network.Config{})
		all := map[network.ID]twin[heroes, *heroes]{}
		boot := func(ep *network.Endpoint) network.Handler {
			all[ep.ID()] = twin[heroes, *heroes]{gossip.New[heroes](ep, gossip.Config{Protocol: p})}
			return all[ep.ID()]
		}
		n.Add("a", boot)
		n.Add("b", boot)
		w.Run(limit)
		for i := range 3 {
			all[1].Update(func(id crdt.Replica, s *heroes) *heroes { return s.Delete(id, string(rune('a'+i))) })
			require.Equal(t, sim.Quiescent, w.Run(limit))
		}
		id, want := all[1].ID(), all[0].State()
		w.Host(1).Crash()
		w.Host(1).Restart()
		require.NotEqual(t, id, all[1].ID())
		require.Equal(t, sim.Quiescent, w.Run(limit), p)
		require.True(t, crdt.Same(want, all[1].State()), "%s: its own updates came back", p)
		w.Close()
	}
}

func FuzzReceive(f *testing.F) {
	w := sim.New(sim.Config{Seed: 1})
	n := network.New(w, network.Config{})
	var seen [][]byte
	w.Observe(func(e *sim.Event) {
		if m, ok := e.Value.(gossip.Message); ok && e.Kind == sim.Send {
			seen = append(seen, bytes.Clone(m))
		}
	})
	for i, p := range gossip.Protocols() {
		n.Add(string(p), func(ep *network.Endpoint) network.Handler {
			r := twin[wordSet, *wordSet]{gossip.New[wordSet](ep, gossip.Config{Protocol: p})}
			for range 20 * i {
				r.Update(func(id crdt.Replica, s *wordSet) *wordSet {
					return s.Add(id, string(p))
				})
			}
			return r
		})
	}
	w.Run(limit)
	w.Close()
	for i, m := range seen {
		if i%7 == 0 {
			f.Add(m[:len(m)-4])
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w := sim.New(sim.Config{Seed: 1})
		defer w.Close()
		n := network.New(w, network.Config{})
		for _, name := range []string{"a", "b"} {
			n.Add(name, func(ep *network.Endpoint) network.Handler {
				r := twin[wordSet, *wordSet]{gossip.New[wordSet](ep, gossip.Config{})}
				r.Update(func(id crdt.Replica, s *wordSet) *wordSet { return s.Add(id, name) })
				if name == "b" {
					require.True(t, r.Replica.Receive(0, gossip.Message(data)), "damaged")
					require.EqualValues(t, 1, r.Stats().Damaged)
					r.Replica.Receive(0, gossip.Sealed(data)) // it may be for another topic
					_ = gossip.Sealed(data).String()
				}
				return r
			})
		}
		w.Run(sim.Limit{Events: 1000})
		require.Empty(t, w.Findings())
	})
}

// A context of a few bytes may claim 2^60 events. Such a state is not taken apart.
func TestAStateOfVeryManyEventsIsNotTakenApart(t *testing.T) {
	for _, p := range []gossip.Protocol{gossip.Trie, gossip.Sketch, gossip.Adaptive} {
		w := sim.New(sim.Config{Seed: 1})
		n := network.New(w, network.Config{})
		var all []twin[wordSet, *wordSet]
		for _, name := range []string{"a", "b"} {
			n.Add(name, func(ep *network.Endpoint) network.Handler {
				r := twin[wordSet, *wordSet]{gossip.New[wordSet](ep, gossip.Config{Protocol: p, BufferCount: 1})}
				all = append(all, r)
				return r
			})
		}
		w.Run(limit)
		var vast wordSet
		tag := must(t, &vast)[0]
		// one clock, of replica 9, with one range of 2^60 dots; nothing pending, no elements
		claim := append(binary.AppendUvarint([]byte{tag, 1, 9, 0, 0}, 1<<60-1), 0, 0)
		require.NoError(t, vast.UnmarshalBinary(claim))
		all[0].Join(&vast)
		for _, r := range all {
			for i := range 50 {
				r.Update(func(id crdt.Replica, s *wordSet) *wordSet { return s.Add(id, strings.Repeat("x", i)) })
			}
		}
		require.Equal(t, sim.Quiescent, w.Run(limit), p)
		require.True(t, crdt.Same(all[0].State(), all[1].State()), p)
		w.Close()
	}
}

func must(t *testing.T, s *wordSet) []byte {
	b, err := s.AppendBinary(nil)
	require.NoError(t, err)
	return b
}
