// Package lease has a lock service with leases and fencing: a server that grants
// locks for a time, clients that take a lock, work and give it back, and a resource
// that the work is done on.
//
//	client     acquire x (#7)       to the server, again and again until granted
//	server     token 12 to disk, granted x token 12 (#7)
//	client     checks its lease, works, write x token 12      to the resource
//	client     release x token 12
//
// A lease ends by itself, so that a client that crashed keeps nobody waiting (Gray
// and Cheriton, "Leases: an efficient fault-tolerant mechanism for distributed file
// cache consistency", SOSP 1989). The server counts from when it grants, the holder
// from when it asked, each on its own monotonic clock; the holder counts less, by
// as much as two clocks may differ that both keep within Config.Drift of true
// time. So no two clients believe at the same time that they hold a lock.
//
// To believe is not enough: between a check and the write that it allows a client
// may pause, and a write may be late. Each grant has a token above all before, and
// the resource refuses tokens below the greatest it has seen (sequencers: Burrows,
// "The Chubby lock service for loosely-coupled distributed systems", OSDI 2006,
// section 2.4). What the resource accepts is in the order of the tokens, and of
// each from the client that it was granted to.
//
// The server has tokens on its disk before it grants them, and nothing else: who
// holds what it forgets in a crash, so it grants nothing for the longest time that
// a lease from before may last. The resource has the greatest token on its disk
// before it accepts.
//
// All this holds whatever messages are lost, late, doubled or cut off, whatever
// hosts crash, pause or are slow, however wall clocks jump, while clocks drift by
// Config.Drift at most and disks keep what they synced. A node whose disk fails
// stops until it boots again. While the server is down nobody gets a lock: it is
// not replicated. Leases are not renewed.
//
// A Bug plants one mistake. A Monitor judges a world.
package lease
