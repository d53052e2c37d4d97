// Package nodes has what the simulated systems and their clients share: the
// key-value request protocol, operations as data that prints and parses,
// workloads that make scripts of operations, and the client that works through a
// script and tells what it saw.
//
// A server is any network.Handler that answers a Request with a Reply; the
// stores of nodes/register are such, and nodes/nodetest judges whether another
// one is. A Client sends one operation at a time. The beginning and the end of
// each stand in the event stream as an Invocation and a Result, from which a
// checker takes the history:
//
//	invoke  Invocation{Kind, Key, Value, Old}
//	return  OutcomeOK, OutcomeFail or OutcomeInfo, and Result{Value, OK}
//
// A script is a []Op, made by a Workload or written by hand. As text it is one
// operation a line, which is how .simfail files hold it:
//
//	write x 7
//	after 12ms cas x 8
//	read x
//
// Two logs keep what a node must not forget. A [Journal] is for a few facts of fixed
// length that are only ever added, a vote or a token: a file, one sync a record, no
// state to build. It grows without end, believes that the disk keeps what it synced,
// and when the disk fails the node stops until it boots again. A [WAL] is for a state
// that is large or changes without end, of a node that has to survive its disk: it has
// records of any length, snapshots in which they end, tells damage from a torn tail, and
// reads the disk again after a failure. For that it takes two syncs a batch and five to
// boot, and the node must be able to begin from its state at any time. Whoever needs
// that takes a WAL; a Journal on top of one would pay all of it for nothing.
package nodes
