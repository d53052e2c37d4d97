package scenario

import (
	"slices"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/replicated"
	"phoenix/properties"
	"phoenix/resilience/chaos"
	"phoenix/sim/disk"
)

// Replicated returns the scenarios of replicated values on servers that gossip.
func Replicated() []*Scenario {
	return []*Scenario{ReplicatedCounter(), ReplicatedSet(), ReplicatedMap(), ReplicatedHeroes()}
}

// ReplicatedCounter returns the scenario of a counter on servers without disks.
func ReplicatedCounter() *Scenario {
	s := replica("crdt/counter", "a counter that goes up and down on servers without disks: what was acknowledged is counted once", false,
		replicated.ServeCounter)
	s.Defaults.Workload.Keys = 1
	s.Bugs = names([]replicated.Bug{replicated.AcknowledgesEarly, replicated.ReusesIdentifier})
	return s
}

// ReplicatedSet returns the scenario of an add-wins set on servers without disks.
func ReplicatedSet() *Scenario {
	s := replica("crdt/set", "a set in which an add wins over removals that did not see it, on servers without disks", false,
		replicated.ServeSet)
	s.Bugs = names([]replicated.Bug{replicated.ReusesIdentifier})
	return s
}

// ReplicatedMap returns the scenario of a map in which the last write wins, by hybrid
// clocks.
func ReplicatedMap() *Scenario {
	s := replica("crdt/map", "a map in which the last write wins by hybrid clocks, on clocks that are off and jump", true,
		replicated.ServeMap)
	s.Bugs = names([]replicated.Bug{replicated.TieByArrival, replicated.AcknowledgesEarly})
	return s
}

// ReplicatedHeroes returns the scenario of heroes with health, of whom some are deleted.
func ReplicatedHeroes() *Scenario {
	s := replica("crdt/heroes", "heroes whose health is counted, and who stay deleted; what all know to be deleted is forgotten", true,
		replicated.ServeHeroes)
	s.Bugs = names([]replicated.Bug{replicated.ForgetsUnacknowledged, replicated.HealthLastWrite,
		replicated.AbsentIsUnknown, replicated.CollectsEarly})
	s.Defaults.Workload.Keys, s.Defaults.Workload.CAS = 3, network.ProbOf(0.15)
	return s
}

// serve returns how to boot a server.
type serve func(replicated.Config, *replicated.Monitor) network.Boot

// replica is what the scenarios of replicated values have in common. Servers without
// disks lose what they know in a crash, so that others must hold an update before it is
// acknowledged: as many as may crash.
func replica(name, doc string, disks bool, server serve) *Scenario {
	cfg := base()
	cfg.Workload.Operations, cfg.Workload.CAS = 20, network.ProbOf(0.3)
	cfg.Workload.Reads = network.ProbOf(0.3)
	cfg.Nemesis = chaos.Nemesis{Faults: 6, Within: time.Second}
	s := &Scenario{
		Name:       name,
		Doc:        doc,
		Defaults:   cfg,
		Survives:   []chaos.Class{chaos.Crashes, chaos.Partitions, chaos.Pauses, chaos.Clocks, chaos.Noise},
		Forgetful:  !disks,
		MaxServers: maxServers,
		HasCAS:     true,
		NeedsAll:   true, // what one has on its disk the others may not have
		NoStore:    true,
		Test:       "./nodes/replicated",
		Client: func(c *Cluster, i int, script []nodes.Op) network.Boot {
			return replicated.Client(replicated.ClientConfig{Servers: c.Servers, Home: i, Script: script,
				Timeout: c.Config.Workload.Timeout, Retransmit: retransmit})
		},
		Node: func(c *Cluster) network.Boot {
			return func(ep *network.Endpoint) network.Handler {
				return server(replicas(c, disks), c.Watched.(*replicated.Monitor))(ep)
			}
		},
		Declare: func(s *properties.Set, c *Cluster) {
			m := replicated.Watch(c.World, replicas(c, disks))
			c.Watched = m
			s.Always("a state is what the updates seen make of it", m.Specified)
			s.Always("a request is carried out once", m.Once)
			s.Always("stamps and states keep within bounds", m.Bounded)
			if !damages(c.Config.Faults) {
				s.Always("no acknowledged update is lost", m.Kept)
			}
			s.Always("servers are equal soon after the faults", m.InTime)
			s.Sometimes("updates were concurrent", m.Concurrent)
			s.Eventually("all servers have all acknowledged updates", m.Equal)
			s.Eventually("nobody has anything to tell", m.Silent)
		},
		Measure: divergence,
	}
	if disks {
		s.Defaults.Nemesis.Faults = 8
		s.Defaults.Disk = disk.Config{Sync: disk.Latency{Min: 2 * time.Millisecond, Max: 8 * time.Millisecond}}
		s.Defaults.Workload.Think = network.Exponential(10 * time.Millisecond) // so that disks are mostly busy
		s.Survives = durable()
		// Torn too, but each server writes so little that hardly one would be felt.
		s.DiskModes = slices.DeleteFunc(storageModes(), func(mode string) bool { return mode == "torn" })
	}
	return s
}

// divergence is how far servers were apart, and what they sent to be equal again; and, if
// the run came to the end of the faults, how long that took from there on.
func divergence(c *Cluster) []Metric {
	m := c.Watched.(*replicated.Monitor)
	d, sent := m.Divergence(c.World.Now()), m.Gossiped()
	all := []Metric{
		{Name: "updates carried out", Unit: "updates", Value: int64(m.Updates())},
		{Name: "servers apart", Unit: Nanoseconds, Value: int64(d.Apart)},
		{Name: "longest apart at a stretch", Unit: Nanoseconds, Value: int64(d.Longest)},
		{Name: "most updates missing at once", Unit: "updates", Value: int64(d.Missing)},
		{Name: "updates missing × time", Unit: Nanoseconds, Value: int64(d.Lag)},
		{Name: "gossip sent", Unit: "messages", Value: int64(sent.Messages)},
		{Name: "gossip payload", Unit: "bytes", Value: int64(sent.Payload)},
		{Name: "gossip metadata", Unit: "bytes", Value: int64(sent.Metadata)},
	}
	if after, ok := m.Settled(c.World.Now()); ok {
		all = append(all, Metric{Name: "equal after the faults", Unit: Nanoseconds, Value: int64(after)})
	}
	return all
}

// replicas is how the servers of a cluster are set up.
func replicas(c *Cluster, disks bool) replicated.Config {
	cfg := replicated.Config{Servers: c.Servers, Durable: disks, Bug: replicated.Bug(c.Config.Bug)}
	if !disks {
		cfg.Acks = (len(c.Servers) - 1) / 2
	}
	return cfg
}
