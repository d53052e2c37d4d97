// Package logstore is a key-value store of one server that keeps what it knows on its
// disk, in a write-ahead log: the target of the disk faults. It speaks the request
// protocol of package nodes, with compare and set.
//
// A request that changes something, or that fails to, is carried out in memory and
// appended to the log together with who asked and the answer; the answer is sent when
// the record is durable. What arrives meanwhile shares the next sync. A read is
// answered when all that it may have seen is durable. The newest request of each
// client and its answer are part of the state, so a copy of a request, sent again
// before or after a restart, acts once and gets the answer that it had. How the log
// and the snapshots are written, and what recovery takes for damage, says nodes.WAL.
//
// The store is linearizable and makes progress under crashes and restarts at any time,
// torn sectors, a disk that is slow, full or stalls, errors that the disk reports, and
// any loss, delay and duplication of messages. If the disk has damaged what was
// confirmed (bit-rot, a misdirected or lost write, a lost rename) it refuses: it
// answers nothing, says why in a Note, and goes on when the disk gives again what it
// should. It does not tolerate a disk that is wiped, on which it starts empty, nor
// several damages that hide each other; with one server nothing can.
//
// A Bug switches on one planted mistake.
package logstore
