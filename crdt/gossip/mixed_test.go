package gossip_test

import (
	"bytes"
	"encoding/binary"
	"flag"
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
	if checks := flag.Lookup("rapid.checks"); !simtest.Long() && checks.Value.String() == checks.DefValue {
		require.NoError(t, checks.Value.Set("30"))
		defer func() { require.NoError(t, checks.Value.Set(checks.DefValue)) }()
	}
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
			weather(t, w, orMap, gossip.Config{Protocol: p, Fanout: 2, Every: quick})
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

// A state of a few bytes may claim 2^60 events, or that they are dead though they have not
// come yet. It is merged and passed on, and nobody counts them one by one.
func TestAStateOfVeryManyEventsIsNotTakenApart(t *testing.T) {
	for _, p := range []gossip.Protocol{gossip.BPRR, gossip.Trie, gossip.Sketch, gossip.Adaptive} {
		for _, late := range []bool{false, true} {
			vast := claim(t, late)
			w, both := linked[wordSet, *wordSet](t, gossip.Config{Protocol: p, BufferCount: 1}, 0, putMember)
			both[0].Join(vast)
			require.Equal(t, late, both[0].State().Context().Len() == 1, "what is late is not in the context")
			for _, r := range both {
				for i := range 50 {
					r.Update(func(id crdt.Replica, s *wordSet) *wordSet { return s.Add(id, strings.Repeat("x", i)) })
				}
			}
			require.Equal(t, sim.Quiescent, w.Run(limit), p)
			require.Equal(t, both[0].State().Context(), both[1].State().Context(), p)
			require.True(t, both[0].Settled() && both[1].Settled(), p)
		}
	}
}

// claim is a state without elements and with 2^60 events of replica 9. If they are late,
// one event of replica 8 has taken them all, and they have not come themselves.
func claim(t *testing.T, late bool) *wordSet {
	var vast wordSet
	span := binary.AppendUvarint([]byte{0, 0}, 1<<60-1) // one range of 2^60 dots
	b := append(must(t, &vast)[:1], 1, 9)
	if late {
		b = append(must(t, &vast)[:1], 2, 8, 0, 0, 0, 0) // 8 with its first dot, and the next replica
	}
	b = append(b, span...)
	if late {
		b = append(append(append(b, 1, 9), span...), 0)
	} else {
		b = append(b, 0, 0) // none pending, no rows
	}
	require.NoError(t, vast.UnmarshalBinary(b))
	return &vast
}

func must(t *testing.T, s *wordSet) []byte {
	b, err := s.AppendBinary(nil)
	require.NoError(t, err)
	return b
}
