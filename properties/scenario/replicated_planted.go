package scenario

func replicatedBugs() []Planted {
	return []Planted{
		plant(ReplicatedCounter(), "acknowledges-early", 50, "an update is acknowledged before another server holds it", nil),
		plant(ReplicatedCounter(), "reuses-identifier", 50, "a server that forgot all counts on under its old name", nil),
		plant(ReplicatedSet(), "reuses-identifier", 50, "a server that forgot all names new events as it did old ones", nil),
		plant(ReplicatedMap(), "tie-by-arrival", 50, "of two writes of one second that counts which came first", nil),
		plant(ReplicatedMap(), "forgets-unacknowledged", 50, "what was sent once is not sent again, arrived or not", nil),
		plant(ReplicatedMap(), "acknowledges-early", 100, "an update is acknowledged before it is on the disk", nil),
		plant(ReplicatedHeroes(), "health-last-write", 50, "health is read, changed and written, and the last write wins", nil),
		plant(ReplicatedHeroes(), "absent-is-unknown", 50, "who still has a deleted hero brings it back", nil),
		plant(ReplicatedHeroes(), "collects-early", 50, "a deletion is forgotten once all have it that were heard of", nil),
		plant(ReplicatedHeroes(), "revives-early", 50, "a hero is made anew while others still forget the old one", nil),
	}
}
