// Package history holds what clients saw of a system: a list of operations with
// the moments of their call and return, and how such lists are recorded, read
// and written. Packages linear and consistency judge them.
//
// A Recorder makes a History of events as they happen. ReadFile reads files:
// Jepsen and Knossos EDN, old Jepsen logs, porcupine's key-value files and the
// package's own JSON lines, which WriteJSONL writes. Either way an operation
// ends in one of four ways:
//
//   - ok: it happened.
//   - fail: it did not and never will.
//   - info: nobody knows. It may take effect at any time after its call, or
//     never. Its process ends: a client that goes on after a timeout needs a
//     new process number.
//   - not at all, which means info.
//
// Real-time order is the order of events in the file or recording, whatever
// their times say. In a History made by hand, where moments may tie, intervals
// are closed: operations that touch are concurrent.
//
// Nothing here reads a clock or draws random numbers, and everything but a
// Recorder in use may be shared between goroutines.
package history
