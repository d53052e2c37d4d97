// Package chaos holds faults as data: what happens to which hosts, when, and for
// how long. A Plan of faults is part of a scenario document, of a failure file and of
// what a search varies; Apply puts it into force in a world.
//
// A fault is a line of text, and a plan is lines:
//
//	at 1s for 500ms crash s1
//	at 1.2s for 2s partition partial s1 c1 | s2 s3 c2 flapping 100ms
//	at 2s for 1s loss 20% from servers to role:leader as storm
//	at 2.5s end storm
//	hold message 3 from s2 to s3 by 40ms
//
// Forms tells how each kind is written. What a plan prints is what ParsePlan reads,
// and of each fault there is one text. Times are virtual, from the beginning of the
// world. Hosts are named, so that a plan stays true when the numbering of hosts
// changes; a Cast adds groups, places and roles.
//
// A Nemesis draws a plan from a seed, for a Cluster and what that survives: the names
// of hosts and all sizes are settled then, so the plan says what a run suffered
// without the seed. Each fault comes from randomness of its own.
//
// Plans are edited without drawing anything anew: Merge, Plan.Without,
// Plan.Keep, Plan.Rename.
package chaos
