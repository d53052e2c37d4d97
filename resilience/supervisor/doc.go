// Package supervisor keeps things running: it starts its children, notices when one ends, and starts
// it again, alone or with others, as Erlang/OTP's supervisors do. When restarting does not help any
// more (more than so many restarts within a period) it ends its children and itself, and whoever
// supervises it decides: a failure goes up the tree until somebody starts from a state that works.
//
// One Supervisor serves three places, by how it is made and what its children are:
//
//	New(clock, cfg, children...)      goroutines (Go), in production
//	NewNode(ep, cfg, children...)     processes (Process) of one node of a world
//	NewWorld(w, cfg, children...)     whole hosts (Host) of a world, from outside
//
// and Tree makes another supervisor a child in any of them. All decisions are taken by one state
// machine without I/O, which the tests hold to a plain model of supervisor.erl.
//
// Semantics follow Erlang/OTP 28, lib/stdlib/src/supervisor.erl and its documentation; what differs
// is listed in docs/patterns/supervisor.md.
package supervisor
