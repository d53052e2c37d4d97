package scenario_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/properties"
	"phoenix/properties/history"
	"phoenix/properties/linear"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"
	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
)

// With -sim.long these are 10,000 seeds.
func TestRunsAreDeterministic(t *testing.T) {
	for _, s := range scenario.Registers() {
		t.Run(s.Name, func(t *testing.T) {
			simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 200}}, func(w *sim.World) {
				s.Run(scenario.Options{World: w})
			})
		})
		t.Run(s.Name+" interleaved", func(t *testing.T) {
			simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 20}, Interleave: true}, func(w *sim.World) {
				s.Run(scenario.Options{World: w})
			})
		})
	}
}

func TestTheEventsOfTwentySeedsArePinned(t *testing.T) {
	for _, s := range scenario.Registers() {
		file := "testdata/" + strings.ReplaceAll(s.Name, "/", "-") + ".digests"
		simtest.Golden(t, file, sim.SeedRange{Count: 20}, func(w *sim.World) {
			s.Run(scenario.Options{World: w})
		})
	}
}

func TestAWorldThatIsGivenIsTheOneThatIsMade(t *testing.T) {
	for _, s := range scenario.Registers() {
		own := s.Run(scenario.Options{Seed: 5})
		w := sim.New(sim.Config{Seed: 5})
		defer w.Close()
		given := s.Run(scenario.Options{World: w})
		require.Equal(t, own, given)
		require.Equal(t, own.Digest, w.Digest())
	}
}

// A run is written down as its resolved configuration, scripts and choices.
func TestWhatWasResolvedRunsTheSame(t *testing.T) {
	for _, s := range scenario.Registers() {
		c := s.Defaults
		c.Interleave = true
		for seed := range uint64(20) {
			r := s.Run(scenario.Options{Seed: seed, Config: &c})
			require.NotEmpty(t, r.Picks)
			require.NotEmpty(t, r.Config.Faults)
			require.Zero(t, r.Config.Nemesis)
			tape := sim.Replay(r.Picks)
			again := s.Run(scenario.Options{Seed: seed, Config: &r.Config, Scripts: r.Scripts, Chooser: tape})
			require.Equal(t, r.Digest, again.Digest)
			require.Equal(t, r.Picks, again.Picks)
			require.NoError(t, tape.Err())
			require.Zero(t, tape.Left())
		}
	}
}

func TestTheOrderOfOneInstantIsAChoice(t *testing.T) {
	s := scenario.SingleCopy()
	c := s.Defaults
	c.Links.Delay = network.Constant(time.Millisecond)
	plain := s.Run(scenario.Options{Seed: 1, Config: &c})
	require.Empty(t, plain.Picks)
	c.Interleave = true
	r := s.Run(scenario.Options{Seed: 1, Config: &c})
	require.NotEmpty(t, r.Picks)
	for _, p := range r.Picks {
		require.Equal(t, "next", p.Label)
	}
	other := s.Run(scenario.Options{Seed: 1, Config: &c, Chooser: lastFirst{}})
	require.NotEqual(t, r.Digest, other.Digest)
	require.Equal(t, other.Picks[0].N-1, other.Picks[0].Picked)
}

type lastFirst struct{}

func (lastFirst) Choose(_ string, n int) int { return n - 1 }

func TestScriptsReplaceWhatTheSeedDraws(t *testing.T) {
	s := scenario.SingleCopy()
	c := s.Defaults
	c.Servers, c.Clients = 1, 2
	scripts := [][]nodes.Op{
		{{Kind: nodes.Write, Key: "x", Value: 1}, {Kind: nodes.CAS, Key: "x", Value: 2}},
		{{Wait: time.Second, Key: "x"}},
	}
	r := s.Run(scenario.Options{Config: &c, Scripts: scripts})
	require.Equal(t, scripts, r.Scripts)
	require.Equal(t, linear.Counts{Invoked: 3, OK: 3}, r.Operations)
	require.Equal(t, history.Int(2), r.History.Operations[2].Out)
	require.Equal(t, "stopped", r.End)
}

func TestWatchSeesTheRunFromTheBeginning(t *testing.T) {
	var events []uint64
	r := scenario.ABD().Run(scenario.Options{Watch: func(w *sim.World) {
		require.Zero(t, w.Events())
		w.Observe(func(e *sim.Event) { events = append(events, e.Seq) })
	}})
	require.Len(t, events, int(r.Events))
	require.Equal(t, scenario.ABD().Run(scenario.Options{}).Digest, r.Digest, "to watch changes nothing")
}

// fates returns what first became of the i-th message of each link, and after how
// long, for all that no partition touched.
func fates(s *scenario.Scenario, c *scenario.Config) (map[string]string, *scenario.Result) {
	all, name, sentAt, sent := map[string]string{}, map[uint64]string{}, map[uint64]sim.Time{}, map[string]int{}
	r := s.Run(scenario.Options{Seed: 4, Config: c, Watch: func(w *sim.World) {
		w.Observe(func(e *sim.Event) {
			switch e.Kind {
			case sim.Send:
				link := w.HostName(e.Host) + " to " + w.HostName(e.Peer)
				name[e.ID], sentAt[e.ID] = fmt.Sprint(link, " ", sent[link]), e.At
				sent[link]++
			case sim.Deliver, sim.Drop:
				if all[name[e.ID]] == "" || e.Name == "partition" {
					all[name[e.ID]] = fmt.Sprint(e.Kind, " ", e.Name, " ", e.At.Sub(sentAt[e.ID]))
				}
			}
		})
	}})
	maps.DeleteFunc(all, func(_, fate string) bool { return strings.HasPrefix(fate, "drop partition") })
	return all, r
}

// Promise 2: randomness is keyed by what it is for.
func TestDroppingAPartitionDrawsNothingElseAnew(t *testing.T) {
	s := scenario.PrimaryBackup()
	c := s.Defaults
	c.Nemesis = chaos.Nemesis{Faults: 1, Classes: []chaos.Class{chaos.Partitions}}
	cut, with := fates(s, &c)
	c.Nemesis = chaos.Nemesis{}
	whole, without := fates(s, &c)
	require.Equal(t, with.Scripts, without.Scripts)
	require.NotEqual(t, with.Digest, without.Digest)
	common, lost := 0, 0
	for message, fate := range cut {
		if other, both := whole[message]; both {
			require.Equal(t, fate, other, message)
			common++
			if strings.HasPrefix(fate, "drop loss") {
				lost++
			}
		}
	}
	require.Greater(t, common, 100)
	require.Positive(t, lost)
}

func TestOperationsOfUnknownOutcomeEndTheirProcess(t *testing.T) {
	unknown := 0
	for seed := range uint64(20) {
		r := scenario.ABD().Run(scenario.Options{Seed: seed})
		last := map[int]history.Operation{}
		for _, op := range r.History.Operations {
			if before, ok := last[op.Client]; ok {
				require.NotEqual(t, history.Unknown, before.Outcome, "process %d went on", op.Client)
				require.Less(t, before.Return, op.Call, "process %d did two things at once", op.Client)
			}
			last[op.Client] = op
		}
		processes := slices.Sorted(maps.Keys(last))
		require.Equal(t, len(last)-1, processes[len(last)-1], "processes are numbered without gaps")
		require.GreaterOrEqual(t, r.Config.Clients+1+r.Operations.Unknown, len(last), "the probe is one more")
		unknown += r.Operations.Unknown
	}
	require.Greater(t, unknown, 10)
}

func TestTheHashChangesWithWhatTheScenarioMeans(t *testing.T) {
	seen := map[string]string{scenario.ABD().Hash(): "ABD"}
	require.Equal(t, scenario.ABD().Hash(), scenario.ABD().Hash())
	for name, change := range map[string]func(*scenario.Scenario){
		"name":     func(s *scenario.Scenario) { s.Name += "2" },
		"revision": func(s *scenario.Scenario) { s.Revision++ },
		"servers":  func(s *scenario.Scenario) { s.Defaults.Servers++ },
		"loss":     func(s *scenario.Scenario) { s.Defaults.Links.Loss++ },
		"think":    func(s *scenario.Scenario) { s.Defaults.Workload.Think = network.Exponential(21 * time.Millisecond) },
		"nemesis":  func(s *scenario.Scenario) { s.Defaults.Nemesis.Faults++ },
		"disk":     func(s *scenario.Scenario) { s.Defaults.Disk.Sector = 4096 },
		"heal":     func(s *scenario.Scenario) { s.Defaults.Heal++ },
		"faults":   func(s *scenario.Scenario) { s.Defaults.Faults = chaos.Plan{{Kind: chaos.Crash, On: chaos.Hosts("s1")}} },
		"bugs":     func(s *scenario.Scenario) { s.Bugs = s.Bugs[1:] },
	} {
		s := scenario.ABD()
		change(s)
		require.Empty(t, seen[s.Hash()], name)
		seen[s.Hash()] = name
	}
	s := scenario.ABD()
	s.Doc, s.Test = "another line", "./elsewhere"
	require.Equal(t, scenario.ABD().Hash(), s.Hash(), "what people read is not what it means")
}

func TestOutcomesComeInOrderAndWithDeclaredOnes(t *testing.T) {
	s := scenario.ABD()
	s.Declare = func(set *properties.Set, c *scenario.Cluster) {
		require.Len(t, c.Servers, 5)
		require.Len(t, c.Clients, 3)
		require.Equal(t, "c1", c.World.HostName(c.Clients[0]))
		require.Same(t, c.World, c.Network.World())
		set.Sometimes("a server was down", func() bool {
			return slices.ContainsFunc(c.Servers, func(id network.ID) bool { return !c.World.Host(id).Up() })
		})
		set.Always("fewer than 1000 events", func() error {
			if c.World.Events() >= 1000 {
				return fmt.Errorf("there are %d", c.World.Events())
			}
			return nil
		})
	}
	r := s.Run(scenario.Options{})
	var names []string
	for _, o := range r.Outcomes {
		names = append(names, o.Name)
	}
	require.Equal(t, []string{"no panic", "linearizable", "a server was down", "fewer than 1000 events",
		"answers again after the faults", "operations overlapped", "answers were checked", "every operation ended", "faults had an effect"}, names)
	require.Equal(t, properties.Fail, r.Verdict)
	require.Equal(t, "fewer than 1000 events", r.Failed().Name)
	require.GreaterOrEqual(t, r.Events, uint64(1000))
	require.Equal(t, r.Events, r.Failed().Event, "the run ended with the step that violated it")
}

func TestAPlantedBugIsSwitchedOnByName(t *testing.T) {
	seen := map[sim.Digest]string{scenario.ABD().Run(scenario.Options{}).Digest: "none"}
	for _, bug := range scenario.ABD().Bugs {
		r := scenario.ABD().Run(scenario.Options{Config: changed(func(c *scenario.Config) { c.Bug = bug })})
		seen[r.Digest] = bug
	}
	require.Greater(t, len(seen), 1, "they change what happens, some of them in this run")
}

func TestAHistoryThatMakesNoSenseIsInconclusive(t *testing.T) {
	s := scenario.SingleCopy()
	s.Declare = func(_ *properties.Set, c *scenario.Cluster) {
		c.World.At(0, func() {
			for i := range uint64(2) {
				c.World.Emit(sim.Event{Kind: sim.Invoke, Host: c.Clients[0], Peer: sim.NoHost, ID: 1000 + i, Value: nodes.Invocation{Key: "x"}})
			}
		})
	}
	o := outcome(t, s.Run(scenario.Options{}), scenario.LinearizableName)
	require.Equal(t, properties.Inconclusive, o.Verdict)
	require.Contains(t, o.Detail, "process 0 invokes a read while its read runs")
}

func TestRegionsSayHowFarHostsAre(t *testing.T) {
	c := changed(func(c *scenario.Config) {
		c.Nemesis, c.Links = chaos.Nemesis{}, network.Link{Delay: network.Constant(time.Millisecond)}
		c.Regions = &scenario.Regions{
			Hosts:   map[string][]string{"eu": {"s1", "s2"}, "us": {"s3"}},
			Latency: []scenario.Latency{{Between: [2]string{"us", "eu"}, Delay: network.Constant(40 * time.Millisecond)}},
		}
	})
	all, _ := fates(scenario.ABD(), c)
	for message, want := range map[string]string{
		"s1 to s3 0": "deliver  40ms", "s3 to s2 0": "deliver  40ms", "s1 to s2 0": "deliver  1ms", "c1 to s1 0": "deliver  1ms",
	} {
		require.Equal(t, want, all[message], message)
	}
}

func TestARunThatIsCutShortIsInconclusive(t *testing.T) {
	for end, change := range map[string]func(c *scenario.Config){
		"event limit": func(c *scenario.Config) { c.Events = 20 },
		"time limit":  func(c *scenario.Config) { c.Until = 5 * time.Millisecond },
	} {
		r := scenario.ABD().Run(scenario.Options{Config: changed(change)})
		require.Equal(t, properties.Inconclusive, r.Verdict)
		require.Nil(t, r.Failed())
		for _, o := range r.Outcomes {
			if o.Name == scenario.EndedName {
				require.Equal(t, fmt.Sprintf("%d of 90 had ended when the chaos did (%s)", r.Operations.Ended(), end), o.Detail)
			}
		}
	}
}

func TestASequentialHistoryIsInconclusive(t *testing.T) {
	c := changed(func(c *scenario.Config) {
		c.Clients, c.Nemesis, c.Links = 1, chaos.Nemesis{}, network.Link{}
	})
	r := scenario.ABD().Run(scenario.Options{Config: c})
	require.Equal(t, properties.Inconclusive, r.Verdict)
	require.Zero(t, r.Overlapping)
	require.Contains(t, r.Outcomes, properties.Outcome{Name: scenario.OverlapName, Kind: properties.Sometimes,
		Verdict: properties.Inconclusive, Detail: "no two operations on one key were concurrent"})
}
