// Package linear judges whether what clients saw of registers and key-value
// stores is linearizable: whether it could have come from one copy that does
// one operation at a time, each between its call and its return (Herlihy and
// Wing, Linearizability, TOPLAS 1990).
//
// # Histories
//
// A History is a list of operations with the moments of their call and return.
// Live, a Recorder makes it of events; from files, ReadFile does: Jepsen and
// Knossos EDN, old Jepsen logs, porcupine's key-value files and the package's
// own JSON lines, which WriteJSONL writes. Either way an operation ends in one
// of four ways:
//
//   - ok: it happened.
//   - fail: it did not and never will. A failed read or write says nothing; a
//     failed CAS says that the register did not hold the expected value, unless
//     Options.FailedCAS drops it.
//   - info: nobody knows. It may take effect at any time after its call, or
//     never. Its process ends: a client that goes on after a timeout needs a
//     new process number.
//   - not at all, which means info.
//
// Real-time order is the order of events in the file or recording, whatever
// their times say. In a History made by hand, where moments may tie, intervals
// are closed: operations that touch are concurrent.
//
// # Verdicts
//
// Check gives Pass, Fail, or Inconclusive when its bounds on work were reached.
// A Fail comes with the operation at which it became certain and a sentence
// that is true of the history. A Pass of a history in which nothing overlapped
// says little; Result.Overlapping tells.
//
// The search is porcupine's, bounded by counting steps instead of time, so that
// a verdict does not depend on the machine. Each key is searched alone. The
// search is exponential in the operations concurrent on one key, above all
// those of unknown outcome.
//
// Nothing here reads a clock or draws random numbers, and everything but a
// Recorder in use may be shared between goroutines.
package linear
