// Package commit has two-phase commit: a coordinator and participants that carry
// out a transaction everywhere or nowhere (Gray, "Notes on data base operating
// systems", 1978, section 5.8.3.3; Bernstein, Hadzilacos and Goodman, "Concurrency
// control and recovery in database systems", 1987, section 7.4).
//
//	client       a nodes.Request that writes
//	coordinator  begun to disk, prepare to all participants
//	participant  prepared to disk, vote yes; or aborted to disk, vote no
//	coordinator  committed to disk if all voted yes, else aborted; decision to all, reply
//	participant  the decision to disk, acknowledged
//
// What a node has said it has on its disk before, so it says the same after a crash.
// Messages are sent again until they are answered. A coordinator that comes back
// aborts what it had begun and not decided, and one that waits too long for a vote
// does so too. A participant that voted no, or has never heard of a transaction, has
// aborted it; one that voted yes waits for the decision, and asks the coordinator for
// it: there is no other way to end (coordinator-only termination), so it is blocked
// while the coordinator is down. A decision about what a participant never prepared
// can only be to abort.
//
// No participant commits what another aborts, nothing is committed that somebody
// voted against, and a client is told what was decided, whatever messages are lost,
// late, doubled or cut off, whatever hosts crash, pause or have wrong clocks, while
// disks keep what they synced. A node whose disk fails stops until it boots again.
// Everything is decided everywhere once all nodes are up and can talk.
//
// What a transaction does to data is no matter here, nor is isolation: a participant
// votes no to a fraction of transactions that is drawn for each.
//
// A Bug plants one mistake. A Monitor judges a world.
package commit
