package scenario_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"

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
nemesis: {crashes: 1, restarts: 1, within: 2s}
faults:
  - {at: 1s, pause: [s1], for: 500ms}
  - at: 2s
    partition: {name: west, kind: one-way, groups: [[s1], [s2, s3]]}
  - {at: 3s, heal: west}
until: 1m
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
		Nemesis: scenario.Nemesis{Crashes: 1, Restarts: 1, Partitions: 1, Within: 2 * time.Second},
		Faults: []chaos.Fault{
			{At: time.Second, For: 500 * time.Millisecond, Pause: []string{"s1"}},
			{At: 2 * time.Second, Partition: &chaos.Partition{Name: "west", Kind: chaos.OneWay, Groups: [][]string{{"s1"}, {"s2", "s3"}}}},
			{At: 3 * time.Second, Heal: "west"},
		},
		Until: time.Minute, Events: 5000, Interleave: true, CheckMutation: true,
	}, doc.Config)
}

func prob(t *testing.T, text string) network.Prob {
	p, err := network.ParseProb(text)
	require.NoError(t, err)
	return p
}

func TestFaultsThatAreListedTakeThePlaceOfTheNemesis(t *testing.T) {
	nemesis := scenario.ABD().Defaults.Nemesis
	for text, want := range map[string]scenario.Nemesis{
		"":                                   nemesis,
		"faults: []":                         {},
		"faults:\n  - {at: 1s, crash: [s1]}": {},
		"faults: []\nnemesis: {pauses: 2}":   {Crashes: 2, Restarts: 1, Partitions: 1, Pauses: 2, Within: nemesis.Within},
		"nemesis: {crashes: 0, restarts: 0}": {Pauses: 1, Partitions: 1, Within: nemesis.Within},
		"faults: [{at: 0s, pause: [c1]}]\nnemesis: {}": nemesis,
	} {
		require.Equal(t, want, document(t, "scenario: register/abd\n"+text).Nemesis, text)
	}
}

func TestTheTextOfADocumentStandsForItWhateverTheDefaultsBecome(t *testing.T) {
	for _, text := range []string{
		"scenario: register/abd",
		"scenario: register/abd\nlinks: {loss: 0, duplicate: 0, reorder: 0, delay: 0s, reorder_by: 0s}\nfaults: []\nregions: null",
		"scenario: register/abd\nregions:\n  hosts: {eu: [s1], us: []}\n  latency: []\nfaults: [{at: 1s, crash: [s1], for: 1s}]\nbug: local-sequence\nseeds: 5..9",
		"scenario: register/abd\nnemesis: {pauses: 0, partitions: 0, crashes: 0, restarts: 0, within: 0s}",
	} {
		doc := document(t, text)
		again, err := doc.Text()
		require.NoError(t, err)
		other := scenario.PrimaryBackup() // its defaults differ
		other.Name, other.Bugs = "register/abd", scenario.ABD().Bugs
		other.Defaults.Faults = []chaos.Fault{{Crash: []string{"s3"}}}
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
	text, err := document(t, "scenario: register/abd\nfaults:\n  - {at: 1s, for: 1s, partition: {groups: [[s1], [s2, s3]]}}").Text()
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
nemesis:
  crashes: 0
  restarts: 0
  pauses: 0
  partitions: 0
  within: 0s
faults:
  - at: 1s
    for: 1s
    partition:
      groups: [[s1], [s2, s3]]
until: 1m0s
events: 1000000
interleave: false
check_mutation: false
bug: ""
`, string(text))
}
