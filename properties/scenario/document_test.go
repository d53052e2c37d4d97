package scenario_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim/disk"

	"github.com/stretchr/testify/require"
)

// document parses what has to be right.
func document(t *testing.T, text string) *scenario.Document {
	t.Helper()
	s, doc, err := scenario.ParseDocument("doc.yaml", []byte(text), scenario.Registers())
	require.NoError(t, err)
	require.Equal(t, s.Name, doc.Scenario)
	return doc
}

func TestADocumentKeepsTheDefaultsThatItDoesNotMention(t *testing.T) {
	require.Equal(t, scenario.ABD().Defaults, document(t, "scenario: register/abd").Config)

	doc := document(t, "scenario: register/abd\nseeds: 0..100\nworkload: {keys: 7, reads: 0.9}\nlinks:\n  loss: 0\n  delay: exp(5ms)\n")
	require.Equal(t, "0..100", doc.Seeds)
	want := scenario.ABD().Defaults
	want.Workload.Keys = 7
	want.Workload.Reads = network.ProbOf(0.9)
	want.Links.Loss = 0
	want.Links.Delay = network.Exponential(5 * time.Millisecond)
	require.Equal(t, want, doc.Config)
}

func TestADocumentSetsEverything(t *testing.T) {
	doc := document(t, `
scenario: register/single-copy
seeds: 42
servers: 3
clients: 4
workload: {operations: 5, keys: 2, reads: 10%, cas: 1/3, think: "uniform(1ms, 2ms)", timeout: 1s}
links:
  delay: 3ms
  burst: {to_bad: 1%, to_good: 10%, loss_bad: 90%}
  ordered: true
  bandwidth: 1000000
regions:
  hosts:
    eu: [s1, c1]
    us: [s2]
  latency:
    - {between: [eu, us], delay: 40ms}
nemesis: {name: random, faults: 3, classes: [crash, partition], within: 2s}
faults:
  - at 1s for 500ms pause s1
  - at 2s partition one-way region:eu | s2 s3 as west
  - at 3s end west
disk: {model: ext4, sector: 4096, sync: {min: 1ms, max: 4ms}}
until: 1m
heal: 10s
events: 5000
interleave: true
check_mutation: true
`)
	require.Equal(t, "42", doc.Seeds)
	require.Equal(t, scenario.Config{
		Servers: 3, Clients: 4,
		Workload: scenario.Workload{Operations: 5, Keys: 2, Reads: network.ProbOf(0.1), CAS: prob(t, "1/3"),
			Think: network.Uniform(time.Millisecond, 2*time.Millisecond), Timeout: time.Second},
		Links: network.Link{Delay: network.Constant(3 * time.Millisecond), Ordered: true, Bandwidth: 1_000_000,
			Burst: network.GilbertElliott{ToBad: network.ProbOf(0.01), ToGood: network.ProbOf(0.1), LossBad: network.ProbOf(0.9)}},
		Regions: &scenario.Regions{
			Hosts:   map[string][]string{"eu": {"s1", "c1"}, "us": {"s2"}},
			Latency: []scenario.Latency{{Between: [2]string{"eu", "us"}, Delay: network.Constant(40 * time.Millisecond)}},
		},
		Nemesis: chaos.Nemesis{Name: chaos.Random, Faults: 3, Classes: []chaos.Class{chaos.Crashes, chaos.Partitions}, Within: 2 * time.Second},
		Faults: chaos.Plan{
			{At: time.Second, For: 500 * time.Millisecond, Kind: chaos.Pause, On: chaos.Hosts("s1")},
			{At: 2 * time.Second, Kind: chaos.Partition, Mode: chaos.OneWay, Name: "west",
				Groups: []chaos.Target{chaos.Hosts("region:eu"), chaos.Hosts("s2", "s3")}},
			{At: 3 * time.Second, Kind: chaos.End, Name: "west"},
		},
		Disk:  disk.Config{Model: disk.Ext4, Sector: 4096, Sync: disk.Latency{Min: time.Millisecond, Max: 4 * time.Millisecond}},
		Until: time.Minute, Heal: 10 * time.Second, Events: 5000, Interleave: true, CheckMutation: true,
	}, doc.Config)
}

func prob(t *testing.T, text string) network.Prob {
	p, err := network.ParseProb(text)
	require.NoError(t, err)
	return p
}

func TestFaultsThatAreListedTakeThePlaceOfTheNemesis(t *testing.T) {
	nemesis := scenario.ABD().Defaults.Nemesis
	for text, want := range map[string]chaos.Nemesis{
		"":                                      nemesis,
		"faults: []":                            {},
		"faults:\n  - at 1s crash s1":           {},
		"faults: []\nnemesis: {faults: 9}":      {Faults: 9, Within: nemesis.Within},
		"nemesis: {classes: [pause]}":           {Faults: nemesis.Faults, Classes: []chaos.Class{chaos.Pauses}, Within: nemesis.Within},
		"faults: [at 0s pause c1]\nnemesis: {}": nemesis,
	} {
		require.Equal(t, want, document(t, "scenario: register/abd\n"+text).Nemesis, text)
	}
}

func TestTheTextOfADocumentStandsForItWhateverTheDefaultsBecome(t *testing.T) {
	for _, text := range []string{
		"scenario: register/abd",
		"scenario: register/abd\nlinks: {loss: 0, duplicate: 0, reorder: 0, delay: 0s, reorder_by: 0s}\nfaults: []\nregions: null",
		"scenario: register/abd\nregions:\n  hosts: {eu: [s1], us: []}\n  latency: []\nfaults: [at 1s for 1s crash s1]\nbug: local-sequence\nseeds: 5..9",
		"scenario: register/abd\nnemesis: {name: random, faults: 0, classes: [], within: 0s}\nheal: 0s",
		"scenario: register/abd\nfaults: ['at 1s crash #3', 'lose message 1 from s1 to s2', 'at 0s end \"a: b\"', 'at 0s clog everywhere as \"a: b\"']",
	} {
		doc := document(t, text)
		again, err := doc.Text()
		require.NoError(t, err)
		other := scenario.PrimaryBackup() // its defaults differ
		other.Name, other.Bugs = "register/abd", scenario.ABD().Bugs
		other.Defaults.Faults = chaos.Plan{{Kind: chaos.Crash, On: chaos.Hosts("s3")}}
		other.Defaults.Disk.Sync.Max = time.Second
		_, back, err := scenario.ParseDocument("again.yaml", again, []*scenario.Scenario{other})
		require.NoError(t, err, "%s", again)
		back.Config = same(back.Config)
		doc.Config = same(doc.Config)
		require.Equal(t, doc, back, "%s", again)
	}
}

// same has no difference between a list that is empty and none.
func same(c scenario.Config) scenario.Config {
	if len(c.Faults) == 0 {
		c.Faults = nil
	}
	if len(c.Racks) == 0 {
		c.Racks = nil
	}
	if len(c.Nemesis.Classes) == 0 {
		c.Nemesis.Classes = nil
	}
	if len(c.Disk.Budget.Groups) == 0 {
		c.Disk.Budget.Groups = nil
	}
	if c.Regions == nil {
		return c
	}
	r := scenario.Regions{Hosts: map[string][]string{}, Latency: append([]scenario.Latency{}, c.Regions.Latency...)}
	for name, hosts := range c.Regions.Hosts {
		r.Hosts[name] = append([]string{}, hosts...)
	}
	c.Regions = &r
	return c
}

func TestTheTextOfADocumentIsReadable(t *testing.T) {
	text, err := document(t, "scenario: register/abd\nfaults:\n  - at 1s for 1s partition complete s1 | s2 s3").Text()
	require.NoError(t, err)
	require.Equal(t, `scenario: register/abd
seeds: ""
servers: 5
clients: 3
workload:
  operations: 30
  keys: 2
  reads: 50%
  cas: 0%
  think: exp(20ms)
  timeout: 300ms
links:
  delay: uniform(1ms, 10ms)
  loss: 2%
  burst:
    to_bad: 0%
    to_good: 0%
    loss_good: 0%
    loss_bad: 0%
  duplicate: 2%
  reorder: 5%
  reorder_by: uniform(20ms, 60ms)
  corrupt: 0%
  ordered: false
  bandwidth: 0
  queue: 0
regions: null
racks: {}
nemesis:
  name: ""
  faults: 0
  classes: []
  within: 0s
faults:
  - at 1s for 1s partition complete s1 | s2 s3
disk:
  model: strict
  sector: 0
  capacity: 0
  sync:
    min: 0s
    max: 0s
  write:
    min: 0s
    max: 0s
  budget:
    groups: []
    good: 0
    scope: disk
until: 1m0s
heal: 30s
events: 1000000
interleave: false
check_mutation: false
bug: ""
`, string(text))
}
