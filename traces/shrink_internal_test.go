package traces

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/network"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"
)

func TestPlainerDurationsAreCheaperAndThePlainestComesFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "d"))
		last := uint64(0)
		for _, v := range plainer(d) {
			require.GreaterOrEqual(t, v, time.Duration(0))
			require.Less(t, cost(v), cost(d))
			require.GreaterOrEqual(t, cost(v), last)
			last = cost(v)
		}
	})
	require.Empty(t, plainer(0))
	require.Equal(t, []time.Duration{0}, plainer(time.Millisecond))
	require.Contains(t, plainer(613253141), 600*time.Millisecond)
}

func TestLeadingDigitsAreKept(t *testing.T) {
	require.Equal(t, 600*time.Millisecond, leading(613253141, 1, false))
	require.Equal(t, 700*time.Millisecond, leading(613253141, 1, true))
	require.Equal(t, 610*time.Millisecond, leading(613253141, 2, false))
	require.Equal(t, time.Duration(0), leading(0, 1, true))
	require.Equal(t, time.Second, leading(time.Second, 2, true))
}

// arrivals returns when messages arrived, and what came of the operations.
func arrivals(s *scenario.Scenario, d *draft) (all []string) {
	cfg := d.cfg
	s.Run(scenario.Options{Seed: d.seed, Config: &cfg, Scripts: d.scripts, Watch: func(w *sim.World) {
		w.Observe(func(e *sim.Event) {
			if e.Kind == sim.Deliver || e.Kind == sim.Return {
				all = append(all, fmt.Sprintf("%s %s %d %v", e.At, w.HostName(e.Host), e.ID, e.Value))
			}
		})
	}})
	return all
}

// The noise of a run can be written down as faults of single messages: links and plans
// that draw nothing any more then give the same run.
func TestNoiseBecomesFaultsOfTheMessagesItMet(t *testing.T) {
	for seed := range uint64(20) {
		s := scenario.ABD()
		cfg := s.Defaults
		cfg.Nemesis, cfg.Heal, cfg.Workload.Operations = chaos.Nemesis{}, 0, 5
		plan, err := chaos.ParsePlan("at 50ms for 100ms loss 20% of s1\nat 80ms for 60ms reorder 30% everywhere")
		require.NoError(t, err)
		cfg.Faults = plan
		r := s.Run(scenario.Options{Seed: seed, Config: &cfg})
		d := &draft{seed: seed, cfg: r.Config, scripts: r.Scripts}
		exact := d.exact(s)
		noisy, plain := exact.noises()
		require.Zero(t, noisy)
		require.Greater(t, plain, 5)
		want, got := arrivals(s, d), arrivals(s, exact)
		require.GreaterOrEqual(t, len(got), len(want)) // the chaos may be over later
		require.Equal(t, want, got[:len(want)], "seed %d", seed)
	}
}

// When operations go, a fault of a message keeps to its message: it is the same message
// though it has another number then.
func TestFaultsOfMessagesFollowTheirMessages(t *testing.T) {
	s := scenario.ABD()
	cfg := s.Defaults
	cfg.Nemesis, cfg.Heal = chaos.Nemesis{}, 0
	cfg.Servers, cfg.Clients, cfg.Workload.Operations = 3, 2, 6
	cfg.Links = network.Link{Delay: network.Constant(time.Millisecond)}
	sh := &shrinker{s: s, patience: 1 << 30, property: "always", memo: map[fingerprint]*trial{}}
	acc := newAccount(&cfg)
	r := s.Run(scenario.Options{Config: &cfg, Watch: acc.watch})
	trial := &trial{draft: &draft{cfg: r.Config, scripts: r.Scripts}, account: acc}
	for number := int64(1); number <= int64(len(acc.sent[link{0, 1}])); number++ {
		trial.draft.cfg.Faults = chaos.Plan{{Kind: chaos.Lose, N: number, On: chaos.Hosts("s1"), To: chaos.Hosts("s2")}}
		gone := map[place]bool{{0, 0}: true, {1, 2}: true}
		d := trial.without(gone, true)
		require.NoError(t, sh.s.Validate(&d.cfg))
		if len(d.cfg.Faults) == 0 {
			continue // the message was of an operation that is gone
		}
		before := newAccount(&cfg)
		s.Run(scenario.Options{Config: &r.Config, Scripts: r.Scripts, Watch: before.watch})
		after := newAccount(&cfg)
		bare := d.cfg
		bare.Faults = nil
		s.Run(scenario.Options{Config: &bare, Scripts: d.scripts, Watch: after.watch})
		was := before.ops[before.sent[link{0, 1}][number-1]-1]
		is := after.ops[after.sent[link{0, 1}][d.cfg.Faults[0].N-1]-1]
		require.Equal(t, was.from, is.from, "message %d is of the operation that began at the same time", number)
	}
}

func TestServersThatForgetAreNotCrashedBeyondAMinority(t *testing.T) {
	s := scenario.ABD()
	sh := &shrinker{s: s}
	d := &draft{cfg: s.Defaults}
	d.cfg.Servers = 3
	plan := func(text string) {
		var err error
		d.cfg.Faults, err = chaos.ParsePlan(text)
		require.NoError(t, err)
	}
	plan("at 1s crash s1\nat 2s crash s1\nat 2s crash c1")
	require.False(t, sh.excessive(d))
	d.cfg.Servers = 2
	require.True(t, sh.excessive(d), "a minority of two is nobody")
	d.cfg.Servers = 3
	plan("at 1s crash s1\nat 2s crash s2")
	require.True(t, sh.excessive(d))
	plan("at 1s crash 1 of servers")
	require.True(t, sh.excessive(d), "it may be anybody")
	plan("at 1s crash coordinator")
	require.True(t, sh.excessive(d), "a role is not a client for its first letter")
	s.Forgetful = false
	require.False(t, sh.excessive(d))
}
