package scenario

import (
	"phoenix/network"
	"phoenix/resilience/chaos"
)

func replicatedBugs() []Planted {
	alone := func(c *Config) { // it updates before the others can tell it what it knew
		c.Workload.Reads = 0
		c.Nemesis, c.Faults = chaos.Nemesis{}, plan("at 200ms for 400ms partition complete s1 c1 c2 | s2 s3 c3\nat 210ms for 20ms crash s1")
	}
	losing := func(c *Config) { c.Workload.Keys, c.Links.Loss, c.Nemesis = 6, network.ProbOf(0.05), chaos.Nemesis{} }
	apart := func(c *Config) {
		c.Workload.Keys, c.Workload.Reads, c.Workload.CAS = 1, 0, network.ProbOf(0.3)
		c.Nemesis, c.Faults = chaos.Nemesis{}, plan("at 100ms for 800ms partition complete s1 c1 | s2 s3 c2 c3")
	}
	return []Planted{
		plant(ReplicatedCounter(), "acknowledges-early", 50, "an update is acknowledged before another server holds it", nil),
		plant(ReplicatedCounter(), "reuses-identifier", 50, "a server that forgot all counts on under its old name", alone),
		plant(ReplicatedSet(), "reuses-identifier", 50, "a server that forgot all names new events as it did old ones", alone),
		plant(ReplicatedMap(), "tie-by-arrival", 50, "of two writes of one second that counts which came first", nil),
		plant(ReplicatedMap(), "acknowledges-early", 50, "an update is acknowledged before it is on the disk", nil),
		plant(ReplicatedHeroes(), "forgets-unacknowledged", 50, "what was sent once is not sent again, arrived or not", losing),
		plant(ReplicatedHeroes(), "health-last-write", 50, "health is read, changed and written, and the last write wins", nil),
		plant(ReplicatedHeroes(), "absent-is-unknown", 50, "who still has a deleted hero brings it back", nil),
		plant(ReplicatedHeroes(), "collects-early", 50, "a deletion is forgotten once all have it that were heard of lately", apart),
	}
}
