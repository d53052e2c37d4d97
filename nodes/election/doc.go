// Package election has servers that elect a leader by majority vote, one at most
// for each term: section 5.2 of Ongaro and Ousterhout, "In search of an
// understandable consensus algorithm", USENIX ATC 2014 (Raft), without its log.
//
// A server that hears no heartbeat for a random time begins a new term, votes for
// itself and asks the others. A server votes once in a term, for the first that
// asks, and has the term and the vote on its disk before it answers. Whom a
// majority elected sends heartbeats; others follow it. Whoever hears of a later
// term goes over to it, and is no leader any more. A term in which no vote was
// cast is not written down: forgetting it costs a round, not safety.
//
// In no term there are two leaders, whatever messages are lost, late, doubled or
// cut off by partitions, whatever servers crash, pause or have wrong clocks, as
// long as what a disk has synced stays there. A server whose disk fails stops
// until it boots again. A leader that is cut off leads on in its term, beside one
// of a later term: to act on that, leaders need leases or fencing (package
// lease). There is one leader that all follow once a majority can talk for several
// timeouts, and messages take much less than a timeout.
//
// A Bug plants one mistake. A Monitor judges a world.
package election
