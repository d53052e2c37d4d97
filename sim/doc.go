// Package sim is the kernel of a deterministic simulation: hosts that run code in
// virtual time, and one stream of events that tells all they did.
//
// A World is made from a seed. Hosts are added to it, each with a boot function
// that makes timers and starts processes; what node code cannot do by itself, such
// as sending messages, a layer above adds. Run then takes what is due next, one
// thing at a time, and moves virtual time to it. Nothing else moves time, so an
// idle world costs the same for a second and for a year.
//
// Everything that happens is an Event with a number and the number of the event
// that caused it. World.Digest is a hash of all of them: equal digests mean that
// two runs did the same. Observers see the events; without observers they are
// hashed and gone.
//
// # Units
//
// Time is in nanoseconds since the world began, a Duration is time.Duration. A
// drift is in parts per billion. Events, hosts, messages, processes and operations
// are numbered; events, processes and operations from 1, hosts from 0.
//
// # Randomness and choices
//
// Noise, such as the latency of a message, is drawn from a stream that a Key names
// by what it is for: the seed, the host, the purpose, the number of the message.
// What is drawn for one purpose does not depend on draws for another, so an edit to
// a run leaves the rest of it as it was. Choices, such as which of two events of
// one instant comes first, are made by a Chooser under a label and recorded;
// Replay plays the record. Config.Reroll keeps a run up to a time and draws all
// that comes after anew.
//
// With Config.Interleave the Chooser orders the events of one instant, and with
// Config.Untimed all that are pending, whatever their times: what such a run finds
// does not hang on delays and timeouts. A Chooser that is a Scheduler is shown
// what it orders. World.Manual leaves all of it to the caller, who fires timers and
// gives tasks one at a time: an explorer of states drives nodes so.
//
// # What node code must not do
//
// Equal seeds give equal events on any machine and at any GOMAXPROCS if node code
//
//   - asks its host for time (Host.Now, Host.Monotonic), never package time;
//   - draws from Host.Rand or a Key, never from a global source;
//   - starts processes with Host.Go, and uses no goroutines, channels, locks or select;
//   - lets no result depend on the order of a map, or on an address;
//   - keeps what it shares with other hosts, or other boots of its own, out of
//     variables: a crash loses memory, and so must the code;
//   - does not change a value after giving it to an Event.
//
// Package sim/simtest checks this by running a world twice.
//
// # Hosts and faults
//
// A host runs one task at a time: a message, a timer, a step of a process. It can
// crash and restart (Crash, Restart: timers, processes and waiting tasks are gone),
// pause and resume (tasks wait), be slow (each task takes a time, others queue),
// and have a clock that is off, jumps or drifts. Timers run on the host's monotonic
// clock: they follow its drift and do not heed jumps. Each fault counts what it
// touched, see World.Faults.
//
// A process is a coroutine: it may block in virtual time, in Proc.Sleep, Proc.Wait
// and Future.Await. When its host crashes, it is unwound: deferred calls run, but
// nothing they do has an effect. A process that recovers is unwound again at its
// next block; one that recovers for ever hangs the program, as in any Go program.
//
// A panic of node code is a Finding and crashes its host; the run ends with
// Panicked and may be continued. The message is part of the digest: it should not
// hold an address.
//
// # Layers above
//
// A layer above registers a Sink and schedules arrivals for it; its Fire hands them
// to hosts as a Task with Host.Submit, so that pauses, slowness and crashes hold
// for them; the Task begins with World.Begin, the event that is the cause of what
// the host does then. Nothing of that allocates.
//
// # Limits
//
// A world is used by one goroutine; any number of worlds may run side by side. It
// has up to a million hosts, 250 sinks and 16 million timers at a time, and 2^56
// values for the argument of a Sink. An event costs tens of nanoseconds, hardly
// more with a million pending ones than with a thousand.
package sim
