// Package history holds what clients saw of a system: a list of operations with
// the moments of their call and return, and how such lists are recorded, read
// and written. Packages linear and consistency judge them.
//
// A Recorder makes a History of events as they happen. ReadFile reads files in
// the formats EDN (of Jepsen, Knossos and Maelstrom), JepsenLog, Elle,
// PorcupineJSON and JSONL, compressed or not: it tells which from the content,
// and with KeyedAuto whether values are [key value] tuples. Find lists the
// histories of a folder, such as a store of Jepsen's, and WriteTo writes each of
// the formats; JSONL is the package's own. Wherever a history comes from, an
// operation ends in one of four ways:
//
//   - ok: it happened.
//   - fail: it did not and never will.
//   - info: nobody knows. It may take effect at any time after its call, or
//     never. Its process ends: a client that goes on after a timeout needs a
//     new process number.
//   - not at all, which means info.
//
// Real-time order is the order of events in the file or recording, whatever
// their times say. In PorcupineJSON and a History made by hand there are moments
// instead, which may tie: intervals are closed, so that operations that touch
// are concurrent.
//
// Nothing here reads a clock or draws random numbers, and everything but a
// Recorder in use may be shared between goroutines.
package history
