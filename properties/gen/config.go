package gen

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim/disk"

	"pgregory.net/rapid"
)

// Bounds say how large the cases of a scenario get. The zero value suits searches for
// bugs: small cases that take about a millisecond.
type Bounds struct {
	// Servers and Clients are how many there are; the zero value means from the least
	// that the scenario takes to DefaultServers, and 1 to DefaultClients.
	Servers, Clients Range
	// Operations is how many a client has at most; 0 means DefaultOperations.
	Operations int
	// Keys is how many keys there are at most; 0 means 2.
	Keys int
	// Faults, Classes and Within are those of Faults: Most, Classes and Within.
	Faults  int
	Classes []chaos.Class
	Within  time.Duration
	// Bug is the planted bug of the scenario to switch on; "" is that of its defaults.
	Bug string
}

// What Bounds mean where they do not say.
const (
	DefaultServers    = 5
	DefaultClients    = 3
	DefaultOperations = 20
)

// fit returns b with its defaults, within what s takes.
func (b Bounds) fit(s *scenario.Scenario) Bounds {
	if b.Servers == (Range{}) {
		b.Servers = Range{1, DefaultServers}
	}
	b.Servers.Min = max(b.Servers.Min, s.MinServers, 1)
	b.Servers.Max = max(b.Servers.Max, b.Servers.Min)
	if s.MaxServers > 0 {
		b.Servers.Max = min(b.Servers.Max, s.MaxServers)
		b.Servers.Min = min(b.Servers.Min, b.Servers.Max)
	}
	if b.Clients == (Range{}) && s.Defaults.Clients > 0 {
		b.Clients = Range{1, DefaultClients}
	}
	b.Operations = cmp.Or(b.Operations, DefaultOperations)
	b.Keys = cmp.Or(b.Keys, 2)
	b.Within = cmp.Or(b.Within, 200*time.Millisecond)
	b.Bug = cmp.Or(b.Bug, s.Defaults.Bug)
	return b
}

// Configs draws configurations of s, all of which s.Validate accepts: its defaults with
// another topology, links, workload, disk and plan, and no nemesis. What is drawn is no
// worse than what the scenario is meant for: links have the kinds of noise that its
// defaults have, disks are slow only if they are there, and faults are those of Faults.
func Configs(s *scenario.Scenario, b Bounds) *rapid.Generator[scenario.Config] {
	b = b.fit(s)
	return rapid.Custom(func(t *rapid.T) scenario.Config {
		c := s.Defaults
		c.Nemesis, c.Bug = chaos.Nemesis{}, b.Bug
		p := Topologies(b.Servers, b.Clients).Draw(t, "topology")
		c.Servers, c.Clients, c.Regions = p.Servers, p.Clients, p.Regions
		c.Links = linksUpTo(kindsOf(s.Defaults.Links), DefaultDelay).Draw(t, "links")
		c.Workload.Keys = between(t, 1, b.Keys)
		c.Workload.Operations = 0
		if s.Unscripted {
			c.Workload.Operations = between(t, 1, b.Operations)
		}
		if b := s.Defaults.Disk.Budget; s.Defaults.Disk.Sync != (disk.Latency{}) {
			c.Disk = Disks(0).Draw(t, "disk")
			c.Disk.Budget = b
		}
		c.Faults = b.faults(s, p).Plans().Draw(t, "faults")
		c.Interleave = coin(t)
		return c
	})
}

// kindsOf returns a link with the kinds of noise that l has, each up to half.
func kindsOf(l network.Link) network.Link {
	for _, p := range []*network.Prob{&l.Loss, &l.Burst.ToBad, &l.Duplicate, &l.Reorder, &l.Corrupt} {
		if *p > 0 {
			*p = network.Certain / 2
		}
	}
	return l
}

// faults returns which faults to draw of s.
func (b Bounds) faults(s *scenario.Scenario, p Topology) Faults {
	servers, clients := p.Names()
	cast := chaos.Cast{
		Groups: map[string][]string{"servers": servers, "clients": clients, "everyone": slices.Concat(servers, clients)},
		Roles:  map[string]func() []string{},
	}
	if p.Regions != nil {
		for _, name := range slices.Sorted(maps.Keys(p.Regions.Hosts)) {
			cast.Groups["region:"+name] = p.Regions.Hosts[name]
		}
	}
	for name := range s.Roles {
		cast.Roles[name] = nil
	}
	cluster := chaos.Cluster{
		Servers: servers, Clients: clients, Survives: s.Survives, Forgetful: s.Forgetful, Disk: s.DiskModes,
	}
	return Faults{Cluster: cluster, Cast: cast, Classes: b.Classes, Most: b.Faults, Within: b.Within}
}

// operations returns which operations the clients of s do.
func (b Bounds) operations(s *scenario.Scenario, keys int) Operations {
	w := &s.Defaults.Workload
	o := Operations{Most: b.Operations, Keys: keys, Wait: w.Think.Quantile(0.9).Round(time.Millisecond)}
	if w.Reads > 0 {
		o.Kinds = append(o.Kinds, nodes.Read)
	}
	if w.Reads < network.Certain {
		o.Kinds = append(o.Kinds, nodes.Write)
	}
	if s.HasCAS {
		o.Kinds = append(o.Kinds, nodes.CAS)
	}
	return o
}

// Case is all that a run of a scenario is made from, but for its choices.
type Case struct {
	Config scenario.Config
	// Scripts are what the clients do; nil if the scenario has none for them.
	Scripts [][]nodes.Op
	Seed    uint64
}

// Cases draws cases of s: the seed is drawn last.
func Cases(s *scenario.Scenario, b Bounds) *rapid.Generator[Case] {
	b = b.fit(s)
	return rapid.Custom(func(t *rapid.T) Case {
		c := Case{Config: Configs(s, b).Draw(t, "config")}
		if !s.Unscripted {
			c.Scripts = b.operations(s, c.Config.Workload.Keys).Scripts(c.Config.Clients).Draw(t, "scripts")
		}
		c.Seed = Seeds().Draw(t, "seed")
		return c
	})
}

// GoString returns the case as a few lines of text: what rapid shows of it.
func (c Case) GoString() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d servers, %d clients, seed %#x, links with %s",
		c.Config.Servers, c.Config.Clients, c.Seed, about(&c.Config.Links))
	if c.Config.Interleave {
		b.WriteString(", interleaved")
	}
	if r := c.Config.Regions; r != nil {
		fmt.Fprintf(&b, ", in %d regions", len(r.Hosts))
	}
	for i, script := range c.Scripts {
		for _, op := range script {
			fmt.Fprintf(&b, "\n    c%d: %s", i+1, op)
		}
	}
	for _, f := range c.Config.Faults {
		fmt.Fprintf(&b, "\n    %s", f)
	}
	return b.String()
}

// about tells what a link does.
func about(l *network.Link) string {
	words := []string{"delay " + l.Delay.String()}
	for _, p := range []struct {
		name string
		prob network.Prob
	}{
		{"loss", l.Loss}, {"bursts of loss", l.Burst.ToBad}, {"duplicate", l.Duplicate}, {"reorder", l.Reorder},
		{"corrupt", l.Corrupt},
	} {
		if p.prob > 0 {
			words = append(words, p.name+" "+p.prob.String())
		}
	}
	if l.Ordered {
		words = append(words, "in order")
	}
	return strings.Join(words, " ")
}
