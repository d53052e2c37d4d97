package network_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
)

// proposal is what the general tells his lieutenants in each round, and what they tell
// each other that he did.
type proposal struct{ Round, Value int }

type echoed struct{ Of proposal }

// lieutenant takes the general's proposals, passes them on, and notices what is wrong
// about them: this is the first half of a reliable broadcast (Bracha, "Asynchronous
// Byzantine agreement protocols", 1987).
type lieutenant struct {
	ep     *network.Endpoint
	got    map[int]int // value by round, from the general
	heard  map[int][]int
	last   int
	replay int // rounds that came again
}

func (l *lieutenant) Receive(_ network.ID, msg any) {
	switch m := msg.(type) {
	case proposal:
		if m.Round <= l.last {
			l.replay++
			return
		}
		l.last = m.Round
		l.got[m.Round] = m.Value
		for to := network.ID(1); to <= 3; to++ {
			if to != l.ep.ID() {
				l.ep.Send(to, echoed{m})
			}
		}
	case echoed:
		l.heard[m.Of.Round] = append(l.heard[m.Of.Round], m.Of.Value)
	}
}

// army is a general, number 0, who proposes a value in each of 50 rounds, and three
// lieutenants. The value is 10 times the round.
type army struct {
	*post
	lieutenants [3]*lieutenant
}

const rounds = 50

func newArmy(w *sim.World, cfg network.Config) *army {
	a := &army{post: &post{w: w}}
	a.join(network.New(w, cfg))
	a.n.Add("general", func(ep *network.Endpoint) network.Handler {
		for round := 1; round <= rounds; round++ {
			ep.After(time.Duration(round)*10*ms, func() {
				for to := network.ID(1); to <= 3; to++ {
					ep.Send(to, proposal{round, 10 * round})
				}
			})
		}
		return nil
	})
	for i := range a.lieutenants {
		a.n.Add(fmt.Sprint("lieutenant", i), func(ep *network.Endpoint) network.Handler {
			l := &lieutenant{ep: ep, got: map[int]int{}, heard: map[int][]int{}}
			a.lieutenants[i] = l
			return l
		})
	}
	network.OnCorrupt(a.n, func(r *rand.Rand, m proposal) proposal { return proposal{m.Round, m.Value + 1 + r.IntN(9)} })
	return a
}

// counts of what the lieutenants notice, by lieutenant and round.
type noticed struct{ split, wrong, missing, replayed int }

func (a *army) noticed() (all noticed) {
	for _, l := range a.lieutenants {
		all.replayed += l.replay
		for round := 1; round <= rounds; round++ {
			value, ok := l.got[round]
			switch {
			case !ok && len(l.heard[round]) > 0:
				all.missing++
			case ok && slices.ContainsFunc(l.heard[round], func(other int) bool { return other != value }):
				all.split++
			case ok && value != 10*round:
				all.wrong++
			}
		}
	}
	return all
}

func TestHonestGeneralsAreNotSuspected(t *testing.T) {
	a := newArmy(sim.New(sim.Config{Seed: 1}), delayed(ms))
	a.run(t)
	require.Zero(t, a.noticed())
}

func TestEveryDeceitIsNoticedForWhatItIs(t *testing.T) {
	half := network.ProbOf(0.5)
	for _, c := range []struct {
		name    string
		deceit  network.Deceit
		prob    network.Prob
		to      []network.ID
		struck  uint64 // messages, all of which arrive or are missed
		noticed noticed
	}{
		{"two stories", network.Equivocate, network.Certain, nil, 79, noticed{split: 150}},
		{"two stories now and then", network.Equivocate, half, nil, 34, noticed{split: 66}},
		{"another story for one", network.Equivocate, half, ids(3, 3), 22, noticed{split: 66}},
		{"one false story", network.Lie, half, nil, 66, noticed{wrong: 66}},
		{"false to one", network.Lie, half, ids(2, 2), 22, noticed{split: 66}},
		{"silence", network.Silence, half, nil, 71, noticed{missing: 56}},
		{"silence to one", network.Silence, network.Certain, ids(1, 1), 50, noticed{missing: 50}},
		{"replay", network.Replay, half, nil, 70, noticed{replayed: 70}},
		{"garble", network.Garble, half, nil, 71, noticed{split: 135}},
	} {
		a := newArmy(sim.New(sim.Config{Seed: 1}), network.Config{Link: delayed(ms).Link, CheckMutation: true})
		treason := a.n.Betray("coup", 0, network.Betrayal{Deceit: c.deceit, Prob: c.prob, To: c.to})
		a.run(t)
		require.Equal(t, network.Tally{Fired: c.struck, Effect: c.struck}, bare(treason.Tally), c.name)
		require.Equal(t, c.noticed, a.noticed(), c.name)
		require.Empty(t, a.w.Findings())
		count := sim.FaultCount{Name: "betrayal coup", Fired: c.struck, Effect: c.struck}
		require.Equal(t, count, a.faults("betrayal coup"))
	}
}

func TestBetrayalsAreEqualForEqualSeeds(t *testing.T) {
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 50}}, func(w *sim.World) {
		a := newArmy(w, always(noisy()))
		for d := network.Equivocate; d <= network.Garble; d++ {
			a.n.Betray(d.String(), network.ID(d)%4, network.Betrayal{Deceit: d, Prob: network.ProbOf(0.3)})
		}
		a.run(t)
	})
}

// Promise 2: a betrayal leaves alone what noise does to other links, and of the
// traitor's own the messages that it does not strike.
func TestABetrayalReRollsNoNoise(t *testing.T) {
	for d := network.Equivocate; d <= network.Garble; d++ {
		for seed := range uint64(10) {
			struck := map[string]bool{}
			run := func(betray bool) map[place]fate {
				return fatesOf(t, seed, noisy(), func(p *post) {
					if !betray {
						return
					}
					p.n.Betray("coup", 0, network.Betrayal{Deceit: d, Prob: network.ProbOf(0.3)})
					p.w.Observe(func(e *sim.Event) {
						key := p.byID[e.ID]
						if slices.Contains([]string{"equivocated", "lied", "silence", "replayed", "garbled"}, e.Name) {
							struck[fmt.Sprint(key)] = true
						}
					})
				}, "a", "b", "c")
			}
			base, betrayed := run(false), run(true)
			for key, f := range base {
				if !struck[fmt.Sprint(key)] {
					require.Equal(t, f, betrayed[key], "%v %v", d, key)
				}
			}
			require.NotEmpty(t, struck, d)
		}
	}
}

func TestABetrayalEnds(t *testing.T) {
	p := newPost(1, delayed(ms), "a", "b")
	coup := p.n.Betray("coup", 0, network.Betrayal{Deceit: network.Silence, Prob: network.Certain})
	chatter(p, 5)
	p.send(0, 0, 0, "to itself")
	p.at(2*ms+ms/2, func() { coup.End(); coup.End(); require.True(t, coup.Ended()) })
	p.run(t)
	require.Equal(t, []any{3, 4}, p.bodies(1))
	require.Len(t, p.got[0], 6, "b is honest, and so is a towards itself")
	require.Equal(t, map[string]int{"silence": 3}, p.drops())
	require.Equal(t, network.Tally{Fired: 3, Effect: 3}, bare(coup.Tally))
}

func TestABetrayalThatCannotBePanics(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	for _, b := range []network.Betrayal{
		{}, {Deceit: network.Garble + 1},
		{Deceit: network.Lie, Prob: network.Certain + 1}, {Deceit: network.Lie, To: ids(5, 5)},
	} {
		require.Panics(t, func() { p.n.Betray("coup", 0, b) })
	}
	require.Panics(t, func() { p.n.Betray("coup", 9, network.Betrayal{Deceit: network.Lie}) })
}

func TestDeceitsHaveNames(t *testing.T) {
	for d := network.Equivocate; d <= network.Garble; d++ {
		got, ok := network.DeceitOf(d.String())
		require.True(t, ok)
		require.Equal(t, d, got)
	}
	_, ok := network.DeceitOf("")
	require.False(t, ok)
	require.Equal(t, "deceit(9)", network.Deceit(9).String())
}

// The Send tells what the code of the host sent, the Deliver what arrived.
func TestEventsTellBothStories(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	p.n.Betray("coup", 0, network.Betrayal{Deceit: network.Lie, Prob: network.Certain})
	var told []string
	p.w.Observe(func(e *sim.Event) {
		if e.Kind == sim.Send || e.Kind == sim.Deliver {
			told = append(told, fmt.Sprintf("%v %q %v", e.Kind, e.Name, e.Value))
		}
	})
	p.send(ms, 0, 1, true)
	p.send(2*ms, 0, 1, false)
	p.run(t)
	require.Equal(t, []string{
		`send "" true`, `deliver "lied" false`, `send "" false`, `deliver "lied" true`,
	}, told)
}

// What was sent before comes again as itself: with its number, from its link.
func TestAReplayIsASecondCopyOfAnEarlierMessage(t *testing.T) {
	p := newPost(1, delayed(10*ms), "a", "b", "c")
	coup := p.n.Betray("coup", 0, network.Betrayal{Deceit: network.Replay, Prob: network.Certain})
	var again []uint64
	p.w.Observe(func(e *sim.Event) {
		if e.Name == "replayed" {
			again = append(again, e.ID)
		}
	})
	for i := range 4 {
		p.send(time.Duration(i)*ms, 0, 1, i)
	}
	p.send(0, 0, 2, "elsewhere") // the second message
	p.run(t)
	require.Equal(t, []any{0, 0, 1, 0, 2, 1, 3}, p.bodies(1))
	require.Equal(t, []uint64{1, 1, 3}, again)
	require.Equal(t, []any{"elsewhere"}, p.bodies(2))
	require.Equal(t, network.Tally{Fired: 3, Effect: 3}, bare(coup.Tally))
}
