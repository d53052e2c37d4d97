package scenario_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"
	"phoenix/sim/disk"

	"github.com/stretchr/testify/require"
)

// under returns what becomes of a scenario under a listed plan and no nemesis.
func under(t *testing.T, s *scenario.Scenario, seed uint64, plan string) *scenario.Result {
	t.Helper()
	faults, err := chaos.ParsePlan(plan)
	require.NoError(t, err)
	cfg := s.Defaults
	cfg.Nemesis, cfg.Faults = chaos.Nemesis{}, faults
	return s.Run(scenario.Options{Seed: seed, Config: &cfg})
}

// A server that crashes before its first boot has prepared the disk finds it formatted,
// not blank as one that was wiped.
func TestServersOnFormattedDisksGoOnHoweverEarlyTheyCrash(t *testing.T) {
	for _, plan := range []string{
		"at 0s for 5ms crash servers",
		"at 3ms for 5ms crash servers\nat 12ms for 5ms crash servers\nat 300ms for 20ms crash servers",
		"at 0s for 1s disk servers sync-error 60%\nat 200ms for 10ms crash servers",
	} {
		for seed := range uint64(10) {
			r := under(t, scenario.DurableABD(), seed, plan)
			require.Nil(t, r.Failed(), "seed %d of %s", seed, plan)
			require.Equal(t, properties.Pass, outcome(t, r, scenario.RecoveredName).Verdict, "seed %d of %s", seed, plan)
		}
	}
}

// All servers crash again and again, also in the middle of booting, on disks that tear
// what they were writing.
func TestProtocolsOnDisksSurviveCrashesInTheMiddleOfRecovery(t *testing.T) {
	storm := "at 0s for 1s disk servers torn 90%"
	for i, at := 0, 20; i < 60; i++ {
		storm += fmt.Sprintf("\nat %dms for 2ms crash servers", at)
		at += 4 + i%7 // a boot takes some ten milliseconds
	}
	for _, s := range []*scenario.Scenario{
		scenario.DurableABD(), scenario.LogStore(), scenario.Lease(), scenario.Election(), scenario.Commit(),
	} {
		for _, model := range []disk.Model{disk.Strict, disk.Ext4} {
			s.Defaults.Disk.Model = model
			for seed := range uint64(10) {
				require.Nil(t, under(t, s, seed, storm).Failed(), "%s on %s: seed %d", s.Name, model, seed)
			}
		}
	}
}

// A minority that is wiped has no vote; of a majority that is, nothing can be asked.
func TestOfServersMostOfWhichAreWipedNoProgressIsAsked(t *testing.T) {
	for wiped, want := range map[string]properties.Verdict{"s1 s2": properties.Pass, "s1 s2 s3": properties.Inconclusive} {
		for seed := range uint64(10) {
			r := under(t, scenario.DurableABD(), seed, "at 300ms crash "+wiped+"\nat 350ms restart "+wiped+" wiped")
			require.Nil(t, r.Failed(), "seed %d", seed)
			require.Equal(t, want, outcome(t, r, scenario.RecoveredName).Verdict, "seed %d", seed)
		}
	}
}

// Nor when they have nothing left to do.
func TestThatMostServersHaveForgottenAndNothingHappensProvesNothing(t *testing.T) {
	s := plagued(t, "at 100ms for 100ms crash s1", silence)
	s.NoStore, s.Forgetful = true, true
	s.Defaults.Clients = 0
	s.Declare = func(set *properties.Set, _ *scenario.Cluster) {
		set.Eventually("leases are held", func() error { return errors.New("s1 holds no lease") })
	}
	r := s.Run(scenario.Options{Seed: 1})
	require.NotZero(t, r.Healed)
	require.Equal(t, properties.Inconclusive, outcome(t, r, "leases are held").Verdict)
}

// A node that stops when its disk fails boots anew when the disk has been repaired.
// That is no fault of the plan, and not counted as one.
func TestServersThatStoppedBootAnewWhenTheFaultsAreOver(t *testing.T) {
	for _, s := range []*scenario.Scenario{scenario.Lease(), scenario.Election(), scenario.Commit()} {
		for _, plan := range []string{
			"at 0s for 1s disk servers full",
			"at 0s for 1s disk servers sync-error 60%\nat 200ms for 10ms crash servers",
			"at 0s for 1s disk servers read-error 60%\nat 200ms for 10ms crash servers\nat 400ms for 10ms crash servers",
		} {
			for seed := range uint64(10) {
				r := under(t, s, seed, plan)
				require.NotZero(t, r.Healed)
				require.Nil(t, r.Failed(), "%s: seed %d of %s", s.Name, seed, plan)
				for _, f := range r.Faults {
					require.NotContains(t, []string{"crash s1", "crash s2", "restart s1", "restart s2"}, f.Name)
				}
			}
		}
	}
}

// What nobody asked for cannot be stuck.
func TestACommitWithoutTransactionsIsInconclusive(t *testing.T) {
	r := under(t, scenario.Commit(), 1, "at 0s for 20s partition complete servers | clients")
	require.Nil(t, r.Failed())
	require.Equal(t, properties.Inconclusive, r.Verdict)
	require.Equal(t, properties.Inconclusive, outcome(t, r, "something was committed").Verdict)
}

// What holds now and then does not hold eventually.
func TestWhatComesAndGoesHasNotRecovered(t *testing.T) {
	s := plagued(t, "at 100ms for 200ms crash s1", nil)
	s.Declare = func(set *properties.Set, c *scenario.Cluster) {
		from := sim.Forever
		c.World.Observe(func(e *sim.Event) {
			if e.Kind == sim.Fault && e.Name == "calm" {
				from = e.At
			}
		})
		var tick func()
		tick = func() { c.World.At(c.World.Now().Add(10*time.Millisecond), tick) } // time passes
		c.World.At(0, tick)
		set.Eventually("one leader", func() error {
			if now := c.World.Now(); now >= from && now.Sub(from)/(200*time.Millisecond)%2 == 0 {
				return errors.New("they are at it again")
			}
			return nil
		})
	}
	o := outcome(t, s.Run(scenario.Options{Seed: 1}), "one leader")
	require.Equal(t, properties.Fail, o.Verdict)
	require.Equal(t, "did not hold after the faults had healed: they are at it again", o.Detail)
}

// readOnly answers reads alone.
type readOnly struct{ ep *network.Endpoint }

func (s readOnly) Receive(from network.ID, msg any) {
	if r, ok := msg.(nodes.Request); ok && r.Kind == nodes.Read {
		s.ep.Send(from, nodes.Reply{ID: r.ID, Code: nodes.OK})
	}
}

// The planted bug: after a crash the disk takes nothing, which no reader notices.
func TestAStoreOnDisksThatTakesNoMoreWritesHasNotRecovered(t *testing.T) {
	s := plagued(t, "at 1ms for 200ms crash s1", func(ep *network.Endpoint) network.Handler { return readOnly{ep} })
	s.Survives = []chaos.Class{chaos.Crashes, chaos.Disks}
	r := s.Run(scenario.Options{Seed: 1})
	require.Equal(t, "did not hold after the faults had healed: "+
		"1 of 3 operations were answered, the write of x was not in 97 attempts", outcome(t, r, scenario.RecoveredName).Detail)

	s.Survives = []chaos.Class{chaos.Crashes}
	require.Equal(t, properties.Pass, outcome(t, s.Run(scenario.Options{Seed: 1}), scenario.RecoveredName).Verdict)
}

func TestWhatIsAlwaysUnderWayIsNoProofOfBeingStuck(t *testing.T) {
	s := scenario.Commit()
	cfg := s.Defaults
	cfg.Clients, cfg.Workload.Operations = 2, 500
	cfg.Until, cfg.Heal = 2*time.Second, 3*time.Second
	seen := map[properties.Verdict]int{}
	for seed := range uint64(20) {
		r := s.Run(scenario.Options{Seed: seed, Config: &cfg})
		require.Nil(t, r.Failed(), "seed %d", seed)
		seen[r.Verdict]++
	}
	require.Positive(t, seen[properties.Inconclusive], "transactions under way at the end")
}
