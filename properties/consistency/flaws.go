package consistency

// flaw is a mistake in a judge. Tests make it on purpose and show that a
// history of few operations gives it away.
type flaw uint8

const (
	flawless flaw = iota

	// Who read what.
	flawNoInitial   // a key holds something before the first write
	flawNilIsValue  // a read of nil may say nothing
	flawAbsentText  // an absent key reads as an empty text
	flawPendingEnds // a write of unknown outcome is not over at once

	// The session guarantees.
	flawSessionTouch   // writes that merely touch have no order
	flawSameKey        // who sees a write is owed its client's writes to other keys
	flawReadsAreWrites // what a client had read is another guarantee than what it wrote
	flawHeardByAll     // each session has to hear of a client itself
	flawNoLinks        // what sessions see gives writes an order, too

	// 2-atomicity.
	flawAtomicTouch  // operations that merely touch have no order
	flawOnlyReturned // a write has happened once it was read
	flawManyBehind   // only one write may come between a write and its read
	flawLooseCAS     // a CAS meets the latest write

	// Sequential consistency.
	flawNoProgram   // a client's operations have an order
	flawReversed    // what is replaced comes before what replaces it
	flawFailedCAS   // a failed CAS met another value
	flawPendingMust // a write of unknown outcome need not happen
	lastFlaw        = flawPendingMust
)
