package scenario

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"phoenix/resilience/chaos"

	"github.com/stretchr/testify/require"
)

// drawn returns what a nemesis draws for a cluster of some servers and clients.
func drawn(n Nemesis, seed uint64, servers, clients int) []chaos.Fault {
	c := Config{Servers: servers, Clients: clients, Nemesis: n}
	c, count := c.resolve(seed)
	if count != len(c.Faults) || c.Nemesis != (Nemesis{}) {
		panic("resolve counts wrongly")
	}
	return c.Faults
}

func hostsOf(servers, clients int) []string {
	c := Config{Servers: servers, Clients: clients}
	s, k := c.hosts()
	return slices.Concat(s, k)
}

func TestTheNemesisIsAPureFunctionOfItsKey(t *testing.T) {
	n := Nemesis{Crashes: 2, Restarts: 1, Pauses: 3, Partitions: 3, Within: time.Second}
	require.Equal(t, drawn(n, 7, 5, 3), drawn(n, 7, 5, 3))
	require.NotEqual(t, drawn(n, 7, 5, 3), drawn(n, 8, 5, 3))
	require.Equal(t, fmt.Sprint(drawn(n, 7, 5, 3)), "["+
		"at 131ms partition n3 complete s3 s4 c1 | s5 s1 s2 c2 c3 for 872ms "+
		"at 264ms pause s1 for 392ms "+
		"at 569ms pause s5 for 214ms "+
		"at 575ms partition n1 complete s5 s1 c1 c2 | s2 s4 s3 c3 for 765ms "+
		"at 625ms partition n2 complete s5 c1 c2 c3 | s4 s3 s2 s1 for 521ms "+
		"at 756ms pause s1 for 266ms "+
		"at 774ms crash s4 for 279ms "+
		"at 992ms crash s2]")
}

// Promise 2: an edit of a run does not draw the rest anew.
func TestAFaultMoreLeavesTheOthersAsTheyAre(t *testing.T) {
	for seed := range uint64(200) {
		few := Nemesis{Crashes: 1, Restarts: 1, Pauses: 1, Partitions: 1, Within: time.Second}
		before := drawn(few, seed, 5, 3)
		for name, more := range map[string]Nemesis{
			"crash":     {Crashes: 2, Restarts: 1, Pauses: 1, Partitions: 1, Within: time.Second},
			"pause":     {Crashes: 1, Restarts: 1, Pauses: 2, Partitions: 1, Within: time.Second},
			"partition": {Crashes: 1, Restarts: 1, Pauses: 1, Partitions: 2, Within: time.Second},
		} {
			after := drawn(more, seed, 5, 3)
			require.Len(t, after, len(before)+1)
			rest := slices.DeleteFunc(after, func(f chaos.Fault) bool {
				return !slices.ContainsFunc(before, func(g chaos.Fault) bool { return fmt.Sprint(f) == fmt.Sprint(g) })
			})
			require.Equal(t, before, rest, "a %s more, seed %d", name, seed)
		}
		without := drawn(Nemesis{Crashes: 1, Pauses: 1, Partitions: 1, Within: time.Second}, seed, 5, 3)
		for i := range before {
			if before[i].Crash != nil {
				before[i].For = 0
			}
		}
		require.Equal(t, before, without, "without a restart")
	}
}

func TestTheNemesisSparesAMajority(t *testing.T) {
	for seed := range uint64(1000) {
		servers := 1 + int(seed%7)
		n := Nemesis{Crashes: minority(servers), Restarts: int(seed) % (minority(servers) + 1), Pauses: 2, Partitions: 1}
		faults := drawn(n, seed, servers, 2)
		require.NoError(t, chaos.Validate(faults, hostsOf(servers, 2)))
		crashed := map[string]bool{}
		restarts := 0
		for _, f := range faults {
			for _, h := range f.Crash {
				require.False(t, crashed[h], "a server crashes once")
				crashed[h] = true
				if f.For > 0 {
					restarts++
				}
			}
		}
		require.Less(t, 2*len(crashed), servers)
		require.Len(t, crashed, n.Crashes)
		require.Equal(t, n.Restarts, restarts)
		for _, f := range faults {
			for _, h := range f.Pause {
				require.False(t, crashed[h], "who crashes is not paused")
			}
		}
	}
}

func TestFaultsBeginWithinTheirTimeAndInOrder(t *testing.T) {
	for seed := range uint64(300) {
		within := []time.Duration{time.Second, 50 * time.Millisecond, 3, time.Hour}[seed%4]
		last := time.Duration(0)
		for _, f := range drawn(Nemesis{Crashes: 2, Restarts: 2, Pauses: 2, Partitions: 2, Within: within}, seed, 5, 2) {
			require.GreaterOrEqual(t, f.At, last)
			require.GreaterOrEqual(t, f.At, within/10)
			require.LessOrEqual(t, f.At, within)
			require.LessOrEqual(t, f.For, within)
			last = f.At
		}
	}
	require.Equal(t, drawn(Nemesis{Pauses: 1}, 3, 3, 1), drawn(Nemesis{Pauses: 1, Within: time.Second}, 3, 3, 1), "0 is a second")
}

// shape tells what kind of partition it is.
func shape(p *chaos.Partition, servers, clients int) string {
	switch {
	case p.Kind != "":
		return string(p.Kind)
	case len(p.Groups[0]) == 1 && len(p.Groups[1]) == servers-1+clients:
		return "isolated"
	case len(p.Groups[0])+len(p.Groups[1]) == servers+clients:
		return "split"
	}
	return "other"
}

func TestEveryShapeOfPartitionOccurs(t *testing.T) {
	for servers, want := range map[int][]string{
		1: {"isolated"}, 2: {"isolated", "one-way", "split"}, 3: {"bridge", "isolated", "one-way", "split"},
		5: {"bridge", "isolated", "one-way", "ring", "split"},
	} {
		seen := map[string]int{}
		for seed := range uint64(1000) {
			faults := drawn(Nemesis{Partitions: 1}, seed, servers, 3)
			require.NoError(t, chaos.Validate(faults, hostsOf(servers, 3)))
			seen[shape(faults[0].Partition, servers, 3)]++
		}
		var shapes []string
		for s, n := range seen {
			shapes = append(shapes, s)
			require.Greater(t, n, 50, s)
		}
		slices.Sort(shapes)
		require.Equal(t, want, shapes, "%d servers", servers)
	}
}

func TestDrawnFaultsAreJudgedByKindAndListedOnesByName(t *testing.T) {
	c := ABD().Defaults
	c.Faults = []chaos.Fault{
		{At: time.Millisecond, For: time.Millisecond, Partition: &chaos.Partition{Name: "mine", Groups: [][]string{{"s1"}, {"s2"}}}},
	}
	r := ABD().Run(Options{Seed: 3, Config: &c})
	var names []string
	for _, f := range r.Judged {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{"loss", "duplicate", "reorder", "partition mine", "crash", "partition", "pause", "restart"}, names)
}
