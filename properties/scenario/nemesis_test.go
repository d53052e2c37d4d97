package scenario

import (
	"fmt"
	"testing"
	"time"

	"phoenix/properties"
	"phoenix/resilience/chaos"

	"github.com/stretchr/testify/require"
)

// drawn returns what the nemesis of a configuration draws.
func drawn(t *testing.T, s *Scenario, c Config, seed uint64) chaos.Plan {
	resolved, count := s.resolve(c, seed)
	require.Zero(t, resolved.Nemesis)
	listed := len(c.Faults)
	require.Equal(t, c.Faults.String(), resolved.Faults[:listed].String(), "what is listed comes first")
	require.Len(t, resolved.Faults, listed+count)
	return resolved.Faults[listed:]
}

func TestANemesisBecomesFaultsByTheSeed(t *testing.T) {
	s := ABD()
	c := s.Defaults
	c.Faults = chaos.Plan{{At: time.Second, Kind: chaos.Crash, On: chaos.Hosts("s1")}}
	first := drawn(t, s, c, 7)
	require.NotEmpty(t, first)
	require.Equal(t, first, drawn(t, s, c, 7))
	require.NotEqual(t, first, drawn(t, s, c, 8))
	require.Len(t, c.Faults, 1, "the configuration stays as it was")

	c.Faults = nil
	require.Equal(t, first, drawn(t, s, c, 7), "what is listed does not matter to what is drawn")
	c.Nemesis = chaos.Nemesis{}
	require.Empty(t, drawn(t, s, c, 7))
}

// Every nemesis draws what every scenario can be plagued with, whatever its size.
func TestWhatANemesisDrawsIsAValidConfiguration(t *testing.T) {
	for _, s := range All() {
		for _, name := range chaos.Nemeses() {
			for seed := range uint64(50) {
				c := s.Defaults
				c.Nemesis.Name = name
				if s.MinServers == 0 && s.MaxServers > 7 {
					c.Servers = 1 + int(seed%7)
				}
				require.NoError(t, s.Validate(&c), "%s %s", s.Name, name)
				resolved, _ := s.resolve(c, seed)
				require.NoError(t, s.Validate(&resolved), "%s %s %d: %v", s.Name, name, seed, resolved.Faults)
			}
		}
	}
}

// A server that crashed has forgotten what it promised: most must not crash.
func TestTheNemesisSparesAMajorityOfServersThatForget(t *testing.T) {
	for seed := range uint64(300) {
		s, crashed := ABD(), map[string]bool{}
		c := s.Defaults
		c.Servers = 3 + int(seed%5)
		s.Forgetful, c.Nemesis = true, chaos.Nemesis{Faults: 12, Classes: []chaos.Class{chaos.Crashes}}
		for _, f := range drawn(t, s, c, seed) {
			if f.Kind == chaos.Crash {
				require.Zero(t, f.On.Count)
				for _, h := range f.On.Of {
					crashed[h] = true
				}
			}
		}
		require.NotEmpty(t, crashed)
		require.Less(t, 2*len(crashed), c.Servers)
	}
}

// namesOf returns the names of the faults of a coverage.
func namesOf(c properties.Coverage) []string {
	var all []string
	for _, f := range c {
		all = append(all, f.Name)
	}
	return all
}

func TestDrawnFaultsAreJudgedByKindAndListedOnesByName(t *testing.T) {
	c := ABD().Defaults
	c.Nemesis = chaos.Nemesis{Faults: 4, Classes: []chaos.Class{chaos.Crashes, chaos.Partitions}, Within: 600 * time.Millisecond}
	fault, err := chaos.ParsePlan(`
at 1ms for 1ms partition complete s1 | s2 as mine
at 2ms for 1ms pause c1 c2`)
	require.NoError(t, err)
	c.Faults = fault
	r := ABD().Run(Options{Seed: 3, Config: &c})
	require.Equal(t, []string{"partition mine", "pause c1 c2", "crash", "partition", "loss", "duplicate", "reorder"}, namesOf(r.Faults))
	require.Len(t, r.Effects, len(r.Config.Faults))
	sum := uint64(0)
	for i, e := range r.Effects {
		require.Equal(t, r.Config.Faults[i], e.Fault)
		sum += e.Fired
	}
	fired := uint64(0)
	for _, f := range r.Faults[:4] {
		fired += f.Fired
	}
	require.Equal(t, sum, fired)
	require.NotZero(t, fired)
}

// A kind is idle if none of its faults bit: then nothing is known about it.
func TestAKindThatNeverHadAnEffectIsInconclusiveOverACampaignToo(t *testing.T) {
	s := ABD()
	s.Defaults.Links.Loss, s.Defaults.Links.Duplicate, s.Defaults.Links.Reorder = 0, 0, 0
	s.Defaults.Nemesis = chaos.Nemesis{Faults: 2, Classes: []chaos.Class{chaos.Crashes, chaos.Partitions}}
	single, all := 0, Campaign{}
	for seed := range uint64(30) {
		r := s.Run(Options{Seed: seed})
		if r.Faults.Outcome().Verdict == properties.Inconclusive {
			single++
		}
		all.Add(r)
	}
	require.ElementsMatch(t, []string{"crash", "partition"}, namesOf(all.Faults))
	require.Equal(t, uint64(30), all.Faults[0].Configured)
	require.Equal(t, properties.Pass, all.Verdict(), "%v", all.Outcomes())
	require.Positive(t, single, "by chance some runs have a fault that hit nobody")

	s.Defaults.Clients = 1
	s.Defaults.Faults = chaos.Plan{{At: 30 * time.Second, For: time.Second, Kind: chaos.Pause, On: chaos.Hosts("c1")}}
	all = Campaign{}
	for seed := range uint64(10) {
		all.Add(s.Run(Options{Seed: seed}))
	}
	require.Equal(t, properties.Inconclusive, all.Verdict())
	require.Contains(t, fmt.Sprint(all.Outcomes()), "pause c1 fired without effect")
}
