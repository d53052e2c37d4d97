// Package consistency tells what a store gives that is not linearizable: how
// stale its registers were, whether some order explains what the clients saw if
// real time does not count, and which promises it kept to each client.
//
// # Levels
//
// Judge looks at the history of registers, CAS registers or a key-value store
// (reads, writes, compare-and-set; any number of keys) and gives each Level a
// verdict of its own. What implies what:
//
//	linearizable  =>  every other level
//	1-atomic       =  linearizable, but for failed CAS
//	k-atomic      =>  (k+1)-atomic
//
// Nothing else follows. Sequential consistency knows nothing of real time, so a
// client may fall behind by as many writes as you like; 2-atomicity knows
// nothing of clients, so one may see a new value and then the old one again; and
// each session guarantee can be broken alone. Sequential consistency implies the
// session guarantees only for the order of writes that it has in mind, which
// need not be the order in which they happened.
//
// # Which write a read returned
//
// Values tell, as far as the writes of a key that were read wrote different
// ones. Where several operations wrote what a read returned, staleness and
// session guarantees leave that read out: what they find is certain, and what
// they do not find is Inconclusive, not Pass. Sequential consistency searches
// among values and needs no unique writes. Pending operations, failed ones,
// initial values and reads of nil are as in package linear. In particular a
// client is one session and one program: one that goes on after a timeout under
// a new number is another client, of which nothing is known that the old one did
// or saw.
//
// # What the session guarantees mean
//
// They say that what a session reads is never older than what it is owed, so
// they need an order of the versions of each key. It is assumed that the store
// orders two writes as they happened if one had returned before the other was
// called. Of other pairs nothing is assumed: a write of unknown outcome is never
// older than another for its time. A Fail says that in any such order a session
// reads a version older than one that it
//
//   - read-your-writes: had written itself, with success;
//   - monotonic-reads: had read before;
//   - monotonic-writes: must see, because it had seen a later write, of
//     whatever key, of the client that wrote it;
//   - writes-follow-reads: must see, because it had seen a write of a client
//     that had read it before.
//
// Mostly a single read shows that; if not, it takes several that no order of
// the versions suits together: a client that reads 1, 2 and 1 again.
//
// Terry et al. tell of the last two by replica: one that has a write has what it
// rests on. A history does not say who answered, so a session is held to what
// it saw wherever it goes on: one that moves to a replica that lags behind
// breaks them here. In the terms of that paper, such a Fail says that the store
// does not give the guarantee together with monotonic reads of all keys.
//
// A Pass of the first two says that an order exists which keeps the guarantee, a
// Pass of the last two that none was found to be broken: where a session is owed
// several versions of a key, only the newest and the one it came to be owed last
// are compared. Finding.Tested tells how many reads a guarantee said anything of.
//
// # Staleness
//
// A CAS is taken to be exact: it met the latest write, however stale reads may
// be, because a store that compares with an old value does not have CAS at all:
// no k makes it k-atomic.
// Staleness has a certain bound from below for each key and the read that
// shows it, and says whether 1 or 2 is exact. A write that nobody is known to
// have read and whose outcome is unknown counts as not done.
//
// Nothing here reads a clock, draws random numbers or starts goroutines.
package consistency
