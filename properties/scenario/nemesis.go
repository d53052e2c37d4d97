package scenario

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"time"

	"phoenix/properties"
	"phoenix/resilience/chaos"
	"phoenix/sim"
)

// plan returns the faults that n draws from the key, in order of time. Each is
// drawn from a key of its own: one fault more or less leaves the others as they
// are. For the same reason pauses hit those servers only that never crash,
// however many crashes there are: a majority.
func (n Nemesis) plan(key sim.Key, servers, clients []string) []chaos.Fault {
	within := cmp.Or(n.Within, time.Second)
	at := func(k sim.Key) time.Duration { return span(k.Sub("at"), within/10, within) }
	victims := shuffled(key.Sub("victims"), servers)
	spared := victims[minority(len(servers)):]
	var faults []chaos.Fault
	for i := range n.Crashes {
		k := key.Sub("crash").Num(uint64(i))
		f := chaos.Fault{At: at(k), Crash: victims[i : i+1]}
		if i < n.Restarts {
			f.For = span(k.Sub("for"), within/10, within/2)
		}
		faults = append(faults, f)
	}
	for i := range n.Pauses {
		k := key.Sub("pause").Num(uint64(i))
		victim := spared[k.Sub("victim").Below(len(spared))]
		faults = append(faults, chaos.Fault{At: at(k), For: span(k.Sub("for"), within/8, within/2), Pause: []string{victim}})
	}
	for i := range n.Partitions {
		k := key.Sub("partition").Num(uint64(i))
		p := partition(k, servers, clients)
		p.Name = fmt.Sprintf("n%d", i+1) // n for nemesis: documents have names of their own
		faults = append(faults, chaos.Fault{At: at(k), For: span(k.Sub("for"), within/5, within), Partition: p})
	}
	slices.SortStableFunc(faults, func(a, b chaos.Fault) int { return cmp.Compare(a.At, b.At) })
	return faults
}

// nemesisName is what the nemesis calls its partitions.
var nemesisName = regexp.MustCompile(`^n[0-9]+$`)

// partition draws who is cut off from whom: in half of the cases the servers are
// split in two and each client is on one side; otherwise one server is isolated
// (most real partitions are of this kind: Alquraan et al., "An analysis of
// network-partitioning failures in cloud systems", OSDI 2018), or the cut is
// one-way, a bridge or a ring.
func partition(k sim.Key, servers, clients []string) *chaos.Partition {
	all := shuffled(k.Sub("order"), servers)
	n := len(all)
	shape := k.Sub("shape").Below(8)
	switch {
	case n < 2:
		return &chaos.Partition{Groups: [][]string{all, clients}}
	case shape == 0 && n >= 3:
		return &chaos.Partition{Kind: chaos.Bridge, Groups: [][]string{all[1 : 1+(n-1)/2], all[:1], all[1+(n-1)/2:]}}
	case shape == 1 && n >= 4:
		return &chaos.Partition{Kind: chaos.Ring, Groups: [][]string{all}}
	case shape <= 2:
		return &chaos.Partition{Kind: chaos.OneWay, Groups: [][]string{all[:1], all[1:]}}
	case shape == 3:
		return &chaos.Partition{Groups: [][]string{all[:1], slices.Concat(all[1:], clients)}}
	}
	size := 1 + k.Sub("size").Below(n-1)
	left, right := slices.Clone(all[:size]), slices.Clone(all[size:])
	for i, c := range clients {
		if k.Sub("side").Num(uint64(i)).Below(2) == 0 {
			left = append(left, c)
		} else {
			right = append(right, c)
		}
	}
	return &chaos.Partition{Groups: [][]string{left, right}}
}

// span draws a duration from lo to hi, in whole milliseconds where that leaves a
// choice: people read these.
func span(k sim.Key, lo, hi time.Duration) time.Duration {
	unit := time.Millisecond
	if hi-lo < 100*unit {
		unit = 1
	}
	return lo + time.Duration(k.Below(int((hi-lo)/unit)+1))*unit
}

// shuffled returns the names in an order that depends on k.
func shuffled(k sim.Key, names []string) []string {
	all := slices.Clone(names)
	k.Rand().Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// judged adds up the counts of drawn faults by kind, in the place of the first.
func judged(c properties.Coverage, drawn []chaos.Fault) properties.Coverage {
	kinds := map[string]string{} // by name of the count
	for _, f := range drawn {
		for _, host := range slices.Concat(f.Crash, f.Pause) {
			for _, kind := range []string{"crash", "restart", "pause"} {
				kinds[kind+" "+host] = kind
			}
		}
		if f.Partition != nil {
			kinds["partition "+f.Partition.Name] = "partition"
		}
	}
	var sum properties.Coverage
	for _, f := range c {
		if kind := kinds[f.Name]; kind != "" {
			f.Name = kind
		}
		sum = sum.Add(properties.Coverage{f})
	}
	return sum
}
