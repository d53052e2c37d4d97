// Package replicated has servers that each hold a replicated value of package crdt, take
// updates and answer reads without asking anybody, and tell each other by crdt/gossip;
// and clients that ask any of them.
//
//	client     #7 write x 3      to any server, again and again until answered
//	server     to its disk, or to some of the others: hold #12, held #12
//	           then #7 done      and by and by to all others: gossip
//
// What is promised. An update is carried out at most once, and one that is acknowledged
// is not lost: it is on the disk of its server (Config.Durable), or in the memory of as
// many others as Config.Acks says, so that it takes a crash of all of these at once
// before it has spread to others. A read shows what the type specifies of
// the updates that its server has seen, which may be old but are never taken back while
// the server is up. When messages get through for a while all servers are equal, and
// nothing more is sent.
//
// What is not: updates are carried out where they arrive, so two servers may show
// different values for a while, and a client that changes to another server may not see
// what it did before. An operation without an answer may have happened, once.
//
// A server that lost what it knew in a crash comes back under a new identifier and
// learns the rest from the others. It takes no request that was meant for an earlier
// boot, as it does not know whether it has carried it out. A durable server lets nobody
// hear of an update that is not on its disk; so what it forgets nobody knows.
//
// Four [Type]s are served: [Counter], [Set], [Map] and [Heroes]. Each has a
// specification: what is to be read, given which updates were seen and what those had
// seen when they were made (Burckhardt, "Principles of eventual consistency", 2014,
// chapter 4). A [Monitor] watches the servers of a world and judges each change of each
// state by it, and measures how far the servers are apart.
package replicated
