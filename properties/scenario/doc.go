// Package scenario runs named experiments: a cluster of servers, clients that
// issue operations, noise and faults from a seed, and the verdict on what the
// clients saw. A scenario is a Go value with defaults; a document in YAML sets
// its parameters; a run is a pure function of scenario, configuration and seed.
//
// # Documents
//
// A document names a scenario, and says what differs from its defaults:
//
//	scenario: register/abd
//	seeds: 0..1000
//	servers: 7
//	workload: {keys: 1, reads: 70%}
//	faults:
//	  - {at: 200ms, crash: [s1], for: 1s}
//	  - {at: 500ms, partition: {name: west, groups: [[s1, s2], [s3, s4, s5]]}}
//	  - {at: 2s, heal: west}
//
// A document that lists faults has no nemesis, which would draw others, unless it
// says so. Where a document lowers the number of servers, a nemesis of the
// defaults crashes a minority of these. Schema is the form of documents for
// editors; an error tells line and column, and shows the line with a caret.
// Anchors, aliases, merge keys, tags and directives are refused.
//
// # Verdicts
//
// Every run is judged by the properties "no panic" and "linearizable", and by
// whether the run could have shown anything: whether operations overlapped,
// answers were checked, every operation ended, and the faults had an effect. What
// a single run may miss, many may not: see Campaign.
//
// # Metrics
//
// A scenario may measure its runs, see Scenario.Measure: how far servers are apart and
// for how long, what they send. That judges nothing. A Campaign has the least, the
// median, the 99th percentile and the greatest over its runs.
//
// # Tests
//
// The events of twenty seeds of each scenario are pinned in testdata. The tests
// run 200 seeds of each twice, and 10,000 with the flag -sim.long of
// phoenix/sim/simtest; -sim.update pins anew.
package scenario
