package network_test

import (
	"math/rand/v2"
	"testing"

	"phoenix/network"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// mutable are messages with something to change behind them, and the change.
var mutable = map[string]func() (msg any, change func()){
	"[]int": func() (any, func()) {
		s := []int{1, 2}
		return s, func() { s[1]++ }
	},
	"map[string]int": func() (any, func()) {
		m := map[string]int{"x": 1}
		return m, func() { m["y"] = 2 }
	},
	"*network_test.page": func() (any, func()) {
		p := &page{}
		return p, func() { p.words = append(p.words, "x") }
	},
	"network.Request": func() (any, func()) {
		p := &page{}
		return network.Request{ID: 1, Body: p}, func() { p.words = []string{} }
	},
}

func TestAMessageChangedAfterSendingIsBlamedOnItsSender(t *testing.T) {
	for name, make := range mutable {
		cfg := delayed(10 * ms)
		cfg.CheckMutation = true
		p := newPost(1, cfg, "a", "b")
		msg, change := make()
		p.send(ms, 0, 1, msg)
		p.at(5*ms, change)
		require.Equal(t, sim.Panicked, p.w.Run(sim.Limit{}), name)
		require.Equal(t, []sim.Finding{{
			Host: 0, Event: p.fates[place{"a", "b", 0}].cause, At: sim.Time(11 * ms),
			Message: "message " + name + " from a to b was changed after it was sent",
		}}, p.w.Findings())
		require.True(t, p.w.Host(0).Up(), "the run may go on")
	}
}

func TestAMessageChangedByItsReceiverIsBlamedOnTheReceiver(t *testing.T) {
	w := sim.New(sim.Config{})
	n := network.New(w, network.Config{CheckMutation: true})
	n.Add("a", func(ep *network.Endpoint) network.Handler {
		msg := []int{3, 1, 2}
		ep.Send(1, msg)
		ep.Send(2, msg) // shared: c would get it sorted
		return nil
	})
	sorter := func(*network.Endpoint) network.Handler {
		return handlerFunc(func(_ network.ID, msg any) { msg.([]int)[0] = 0 })
	}
	n.Add("b", sorter)
	n.Add("c", sorter)
	require.Equal(t, sim.Panicked, w.Run(sim.Limit{}))
	require.Len(t, w.Findings(), 1)
	require.Equal(t, sim.HostID(1), w.Findings()[0].Host)
	require.Equal(t, "message []int from a to b was changed by its receiver", w.Findings()[0].Message)
}

func TestUnchangedMessagesAreBlamedOnNobody(t *testing.T) {
	for seed := range uint64(50) {
		m := stormLink()
		m.Corrupt, m.Duplicate = network.ProbOf(0.5), network.ProbOf(0.5)
		p := storm(sim.New(sim.Config{Seed: seed}), network.Config{Link: m, CheckMutation: true})
		p.run(t)
		require.Empty(t, p.w.Findings())
		require.Positive(t, p.faults("corrupt").Effect)
		require.Positive(t, p.faults("duplicate").Effect)
	}
}

func TestMutationIsNotCheckedUnlessAskedFor(t *testing.T) {
	for _, make := range mutable {
		p := newPost(1, delayed(10*ms), "a", "b")
		msg, change := make()
		p.send(0, 0, 1, msg)
		p.at(5*ms, change)
		p.run(t)
		require.Empty(t, p.w.Findings())
	}
}

// Checking changes nothing that can be seen in a run without an offender.
func TestCheckingMutationLeavesTheDigest(t *testing.T) {
	for seed := range uint64(20) {
		plain := storm(sim.New(sim.Config{Seed: seed}), network.Config{Link: stormLink()})
		checked := storm(sim.New(sim.Config{Seed: seed}), network.Config{Link: stormLink(), CheckMutation: true})
		plain.run(t)
		checked.run(t)
		require.Equal(t, plain.w.Digest(), checked.w.Digest())
	}
}

func TestACorruptionThatChangesTheMessageItselfPanics(t *testing.T) {
	p := newPost(1, network.Config{Link: network.Link{Corrupt: network.Certain}, CheckMutation: true}, "a", "b")
	network.OnCorrupt(p.n, func(_ *rand.Rand, msg []int) []int {
		msg[0]++
		return msg
	})
	p.at(0, func() {
		require.PanicsWithValue(t,
			"network: the function for corrupting []int changed the message itself, expected a copy",
			func() { p.ep[0].Send(1, []int{1}) })
	})
	p.run(t)
}

func TestWhatCannotBeEncodedIsNotChecked(t *testing.T) {
	p := newPost(1, network.Config{CheckMutation: true}, "a", "b")
	p.send(0, 0, 1, func() {})
	p.run(t)
	require.Len(t, p.got[1], 1)
	require.ErrorIs(t, p.w.Opaque(), sim.ErrUnencodable)
}
