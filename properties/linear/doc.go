// Package linear judges whether what clients saw of an object is linearizable:
// whether it could have come from one copy that does one operation at a time,
// each between its call and its return (Herlihy and Wing, Linearizability, TOPLAS
// 1990). Each verdict comes with a proof.
//
// Histories are those of package history, which reads and writes files; Watch
// makes one of what happens in a simulated world. What a store gives that is not
// linearizable, package consistency tells.
//
// # Models
//
// Register, CASRegister, KV, Queue, Stack, Set, Multiset, Mutex and Lock are the
// objects that are known; Options.Step specifies any other. Every key is an
// object of its own and judged alone. What counts of a history is
//
//   - what is ok: it happened and gave this answer.
//   - what failed: it never happens, and says nothing. Only a failed CAS says that
//     the register did not hold the expected value, unless Options.FailedCAS
//     drops it.
//   - what is of unknown outcome: it may take effect at any time after its call,
//     or never.
//
// Intervals are closed. Operations that touch are concurrent: one precedes
// another only if it returned at a moment less than that of the other's call.
// In a history made of events no two moments tie.
//
// # Engines
//
// Near-linear monitors decide in O(n log n), at any concurrency and with any
// number of pending operations, about
//
//   - registers of all kinds, as long as nobody saw a value that was written twice,
//     but not about appends, and not about every failed CAS;
//   - queues whose elements are unique and not nil;
//   - sets with at most ten operations on each element, and sets that only grow
//     and are read as a whole.
//
// A general search decides about the rest: Wing and Gong's with Lowe's cache. It
// remembers dead configurations by 128 bits and tries several orders in turns. It
// takes exponential time and memory in the worst case in the operations
// concurrent on a key, above all those of unknown outcome. Options.Steps and
// Options.Memory bound it; when they are reached the verdict is Inconclusive.
//
// The engine Porcupine is the package of that name, within the same bounds: an
// independent opinion. Tests hold the others to it.
//
// # Proofs
//
// A Pass comes with an Order of the operations of each key. Check has verified all
// of them, with code that shares nothing with the engines but the definition of
// the model: there is no Pass without that, and no wrong one but by an error in
// the definition. VerifyOrder does it again.
//
// A Fail comes with the Culprit, whose return ends the shortest failing prefix,
// and with a Contradiction: a few operations that no order explains, a sentence,
// a table and lanes. Check has verified it by trying every order of them, and
// Contradiction.Verify does it again. What it takes to find and to verify one is
// bounded, too; beyond that a Fail stands without, on the word of the engine. The
// monitors' word is a theorem. The search's could be wrong if two configurations
// had the same 128 bits, which is less than once in 10^22 searches at
// DefaultMemory.
//
// # Limits
//
// A Pass of a history in which nothing overlapped says little; Result.Overlapping
// tells. Values are equal or not: a register that answers with something derived
// from what was written needs a Step. A multiset with several dequeues of unknown
// outcome soon may hold too many things. A failing key about which the search must
// decide is searched some thirty times over to find the Culprit.
//
// Nothing here reads a clock or draws random numbers, and everything but a Watcher
// in use may be shared between goroutines.
package linear
