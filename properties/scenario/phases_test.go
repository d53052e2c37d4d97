package scenario_test

import (
	"errors"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/register"
	"phoenix/properties"
	"phoenix/properties/linear"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// plagued is the scenario of one copy on a quiet network with listed faults, whose
// server does something else when it boots for the second time: wake returns what
// then handles messages.
func plagued(t *testing.T, plan string, wake func(ep *network.Endpoint) network.Handler) *scenario.Scenario {
	t.Helper()
	faults, err := chaos.ParsePlan(plan)
	require.NoError(t, err)
	s := scenario.SingleCopy()
	s.Name = "test/plagued"
	s.Defaults.Servers = 1
	s.Defaults.Nemesis, s.Defaults.Faults = chaos.Nemesis{}, faults
	s.Server = func(_ *scenario.Config, servers []network.ID) network.Boot {
		copied := register.SingleCopy(register.Config{Servers: servers})
		return func(ep *network.Endpoint) network.Handler {
			if ep.Boots() > 0 && wake != nil {
				return wake(ep)
			}
			return copied(ep)
		}
	}
	return s
}

// silent answers nothing.
type silent struct{}

func (silent) Receive(network.ID, any) {}

func silence(*network.Endpoint) network.Handler { return silent{} }

func TestAStoreThatAnswersAgainPasses(t *testing.T) {
	s := plagued(t, "at 100ms for 500ms pause s1\nat 2s for 1s partition complete servers | clients", nil)
	r := s.Run(scenario.Options{Seed: 1})
	require.Equal(t, properties.Pass, outcome(t, r, scenario.RecoveredName).Verdict)
	require.GreaterOrEqual(t, r.Healed.String(), "3s", "all faults have their time")
	require.Less(t, r.Healed, r.Virtual)
	require.Equal(t, "stopped", r.End, "no longer than it takes")
	require.Equal(t, r.Operations.Ended(), 60, "the reads of the probe are not the clients'")
	require.Len(t, r.History.Operations, 61)
}

// The planted bug: a server that crashed does not serve any more.
func TestAStoreThatNeverAnswersAgainFails(t *testing.T) {
	s := plagued(t, "at 100ms for 200ms crash s1", silence)
	r := s.Run(scenario.Options{Seed: 1})
	require.Equal(t, properties.Fail, r.Verdict)
	o := r.Failed()
	require.Equal(t, scenario.RecoveredName, o.Name)
	require.Equal(t, properties.Eventually, o.Kind)
	require.Equal(t, "did not hold after the faults had healed: 0 of 1 reads were answered, that of x was not in 97 attempts", o.Detail)
	require.Equal(t, "time limit", r.End)
	require.Equal(t, r.Healed.Add(s.Defaults.Heal), r.Virtual)

	again := s.Run(scenario.Options{Seed: 1, Config: &r.Config, Scripts: r.Scripts})
	require.Equal(t, r.Digest, again.Digest)
	require.Equal(t, r.Outcomes, again.Outcomes)
}

func TestWhatIsStillStuckFailsWithItsReason(t *testing.T) {
	for _, c := range []struct {
		heal time.Duration
		want properties.Verdict
		said string
	}{
		{10 * time.Second, properties.Fail, "did not hold after the faults had healed: s1 holds no lease"},
		{0, properties.Inconclusive, "did not hold when the run was ended (stopped): s1 holds no lease"},
	} {
		s := plagued(t, "at 100ms for 200ms crash s1", nil)
		s.Defaults.Heal = c.heal
		s.Declare = func(set *properties.Set, _ *scenario.Cluster) {
			set.Eventually("leases are held", func() error { return errors.New("s1 holds no lease") })
		}
		o := outcome(t, s.Run(scenario.Options{Seed: 1}), "leases are held")
		require.Equal(t, c.want, o.Verdict)
		require.Equal(t, c.said, o.Detail)
	}
}

// What holds when the faults end may be about to change.
func TestWhatDoesNotStaySoHasNotRecovered(t *testing.T) {
	s := plagued(t, "at 100ms for 200ms crash s1", nil)
	s.Declare = func(set *properties.Set, c *scenario.Cluster) {
		busy := sim.Forever
		c.World.Observe(func(e *sim.Event) {
			if e.Kind == sim.Fault && e.Name == "calm" {
				busy = e.At.Add(200 * time.Millisecond)
			}
		})
		set.Eventually("calm", func() error {
			if c.World.Now() >= busy {
				return errors.New("s1 is busy")
			}
			return nil
		})
		c.World.At(sim.Time(3*time.Second), func() {}) // time passes
	}
	o := outcome(t, s.Run(scenario.Options{Seed: 1}), "calm")
	require.Equal(t, properties.Fail, o.Verdict)
}

func TestWithoutAHealedPhaseNothingIsProbed(t *testing.T) {
	s := plagued(t, "at 100ms for 200ms crash s1", silence)
	s.Defaults.Heal = 0
	r := s.Run(scenario.Options{Seed: 1})
	require.Nil(t, r.Failed())
	require.Zero(t, r.Healed)
	require.Len(t, r.History.Operations, 60)
	for _, o := range r.Outcomes {
		require.NotEqual(t, scenario.RecoveredName, o.Name)
	}
}

func TestALimitOfTheChaosDoesNotKeepItFromHealing(t *testing.T) {
	s := plagued(t, "at 0s partition complete servers | clients", nil)
	s.Defaults.Until = 200 * time.Millisecond
	r := s.Run(scenario.Options{Seed: 1})
	require.Equal(t, "200ms", r.Healed.String())
	require.Equal(t, properties.Pass, outcome(t, r, scenario.RecoveredName).Verdict)
	require.Equal(t, properties.Inconclusive, outcome(t, r, scenario.AnsweredName).Verdict, "the answers of the probe are not the clients'")
	o := outcome(t, r, scenario.EndedName)
	require.Equal(t, properties.Inconclusive, o.Verdict)
	require.Equal(t, "0 of 60 had ended when the chaos did (time limit)", o.Detail)
}

func TestAViolationEndsTheRunBeforeItHeals(t *testing.T) {
	s := plagued(t, "at 100ms for 200ms crash s1", nil)
	s.Declare = func(set *properties.Set, c *scenario.Cluster) {
		set.Always("the server is up", func() error {
			if h := c.World.Host(c.Servers[0]); c.World.Now() > 0 && !h.Up() {
				return errors.New("it is down")
			}
			return nil
		})
	}
	r := s.Run(scenario.Options{Seed: 1})
	require.Equal(t, "the server is up", r.Failed().Name)
	require.Equal(t, r.Events, r.Failed().Event)
	require.Zero(t, r.Healed)
	o := outcome(t, r, scenario.RecoveredName)
	require.Equal(t, properties.Inconclusive, o.Verdict)
	require.Equal(t, "did not hold when the run was ended (stopped): the run did not get to its healed phase", o.Detail)
}

// The second phase counts too: here a server panics that boots in it.
func TestAFindingOfTheHealedPhaseFailsTheRun(t *testing.T) {
	s := plagued(t, "at 100ms crash s1", func(*network.Endpoint) network.Handler { panic("no such file") })
	r := s.Run(scenario.Options{Seed: 1})
	require.Equal(t, scenario.NoPanicName, r.Failed().Name)
	require.Greater(t, r.Failed().At, r.Healed-1)
	require.Equal(t, "panicked", r.End)
	require.Equal(t, properties.Inconclusive, outcome(t, r, scenario.RecoveredName).Verdict)
}

// What nobody reads in the chaos, the probe does.
func TestALostWriteThatNobodyReadsIsFound(t *testing.T) {
	s := plagued(t, "at 100ms for 10ms crash s1", nil)
	s.Defaults.Workload = scenario.Workload{Operations: 1, Keys: 1, Timeout: time.Second}
	r := s.Run(scenario.Options{Seed: 1})
	require.Equal(t, linear.Counts{Invoked: 2, OK: 2}, r.Operations)
	require.Equal(t, scenario.LinearizableName, r.Failed().Name)
}

func TestTheLimitOfEventsInTheHealedPhaseIsInconclusive(t *testing.T) {
	s := plagued(t, "at 100ms for 200ms crash s1", silence)
	r := s.Run(scenario.Options{Seed: 1})
	s.Defaults.Events = r.Events - 50
	r = s.Run(scenario.Options{Seed: 1})
	require.Equal(t, "event limit", r.End)
	require.NotZero(t, r.Healed)
	require.Equal(t, properties.Inconclusive, outcome(t, r, scenario.RecoveredName).Verdict)
	require.Nil(t, r.Failed())
}

func TestAClusterWithoutClientsHeals(t *testing.T) {
	s := plagued(t, "at 100ms for 200ms crash s1", nil)
	s.Defaults.Clients = 0
	r := s.Run(scenario.Options{Seed: 1})
	require.Equal(t, properties.Pass, outcome(t, r, scenario.RecoveredName).Verdict)
	require.Equal(t, properties.Inconclusive, outcome(t, r, scenario.AnsweredName).Verdict)
	require.Equal(t, properties.Inconclusive, r.Verdict)
}

// Machines that are lost for good need not come back: a majority is enough, unless
// the protocol takes all.
func TestThoseThatAreDownBootUntilThereIsACore(t *testing.T) {
	for _, all := range []bool{false, true} {
		s := plagued(t, "at 100ms crash servers", nil)
		s.Defaults.Servers, s.NeedsAll = 5, all
		up := 0
		s.Declare = func(set *properties.Set, c *scenario.Cluster) {
			set.Eventually("asked", func() error {
				up = 0
				for _, id := range c.Servers {
					if c.World.Host(id).Up() {
						up++
					}
				}
				return nil
			})
		}
		r := s.Run(scenario.Options{Seed: 1})
		require.NotZero(t, r.Healed)
		require.Equal(t, map[bool]int{false: 3, true: 5}[all], up)
	}
}

// ABD asks nothing of a server that has forgotten its promises, so with most of
// them it cannot go on, and has not to.
func TestMoreCrashesThanAProtocolSurvivesProveNothingAboutItsRecovery(t *testing.T) {
	for down, want := range map[string]properties.Verdict{"s1 s2": properties.Pass, "s1 s2 s3": properties.Inconclusive} {
		s := scenario.ABD()
		plan, err := chaos.ParsePlan("at 100ms for 200ms crash " + down)
		require.NoError(t, err)
		s.Defaults.Nemesis, s.Defaults.Faults = chaos.Nemesis{}, plan
		s.Forgetful = true
		o := outcome(t, s.Run(scenario.Options{Seed: 1}), scenario.RecoveredName)
		require.Equal(t, want, o.Verdict, "%s: %s", down, o.Detail)
	}
}

func TestWithoutAStoreOnlyWhatIsDeclaredIsJudged(t *testing.T) {
	s := plagued(t, "at 100ms for 200ms crash s1", silence)
	s.NoStore = true
	r := s.Run(scenario.Options{Seed: 1})
	require.Equal(t, properties.Pass, r.Verdict)
	require.NotZero(t, r.Healed)
	for _, o := range r.Outcomes {
		require.NotContains(t, []string{scenario.RecoveredName, scenario.LinearizableName, scenario.AnsweredName, scenario.OverlapName}, o.Name)
	}
}

// Unscripted clients have no operations to count: the chaos lasts until what was to
// happen has happened, or until its limit.
func TestTheChaosOfAnUnscriptedScenarioLastsUntilItIsSettled(t *testing.T) {
	for settled, healed := range map[time.Duration]string{700 * time.Millisecond: "700ms", time.Minute: "10s"} {
		s := plagued(t, "at 100ms for 200ms crash s1", silence)
		s.NoStore, s.Unscripted = true, true
		s.Defaults.Until = 10 * time.Second
		s.Client = func(*scenario.Cluster, int, []nodes.Op) network.Boot {
			return func(ep *network.Endpoint) network.Handler {
				var tick func()
				tick = func() { ep.After(100*time.Millisecond, tick) }
				tick()
				return silent{}
			}
		}
		s.Declare = func(set *properties.Set, c *scenario.Cluster) {
			set.Eventually("late", func() error {
				if c.World.Now() < c.World.Now().Add(settled)-c.World.Now() {
					return errors.New("it is early")
				}
				return nil
			})
		}
		require.Equal(t, healed, s.Run(scenario.Options{Seed: 1}).Healed.String())
	}
}

// To heal a cluster that has no faults, and to read what it holds, costs little.
func TestTheHealedPhaseIsCheapWithoutFaults(t *testing.T) {
	s := scenario.ABD()
	s.Defaults.Nemesis = chaos.Nemesis{}
	with := s.Run(scenario.Options{Seed: 1})
	s.Defaults.Heal = 0
	without := s.Run(scenario.Options{Seed: 1})
	require.Equal(t, properties.Pass, with.Verdict)
	require.Less(t, float64(with.Events), 1.03*float64(without.Events))
}

// A Sometimes needs one run of a campaign in which it happened.
func TestWhatHappensSometimesNeedsOneRunOfACampaign(t *testing.T) {
	s := scenario.ABD()
	s.Defaults.Nemesis = chaos.Nemesis{Faults: 4, Classes: []chaos.Class{chaos.Crashes, chaos.Partitions}, Within: 600 * time.Millisecond}
	s.Declare = func(set *properties.Set, c *scenario.Cluster) {
		set.Sometimes("two servers were down", func() bool {
			down := 0
			for _, id := range c.Servers {
				if !c.World.Host(id).Up() && c.World.Now() > 0 {
					down++
				}
			}
			return down == 2
		})
	}
	verdicts, all := map[properties.Verdict]int{}, scenario.Campaign{}
	for seed := range uint64(30) {
		r := s.Run(scenario.Options{Seed: seed})
		verdicts[outcome(t, r, "two servers were down").Verdict]++
		all.Add(r)
	}
	require.Positive(t, verdicts[properties.Pass])
	require.Positive(t, verdicts[properties.Inconclusive])
	require.Equal(t, properties.Pass, all.Verdict(), "%v", all.Outcomes())
}
