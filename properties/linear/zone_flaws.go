package linear

// registerFlaw is a mistake in the monitor of registers. Tests make it on
// purpose and show that a history of few operations gives it away.
type registerFlaw uint8

const (
	flawless registerFlaw = iota

	// Where operations merely touch, one is said to precede the other.
	flawReadTouch     // a read, and its write
	flawChainTouch    // a CAS, and what saw the value before
	flawOverlapTouch  // two forward zones
	flawInsideTouch   // a backward zone, and the end of a forward one
	flawForwardFirst  // and its beginning
	flawMismatchTouch // a failed CAS, and the zone of the value it did not find

	// What is forgotten.
	flawInitial      // what Options say of the initial value
	flawReadFirst    // a read may not return before its write is called
	flawOverlap      // forward zones may not overlap
	flawInside       // nor contain backward ones
	flawZoneOfReads  // the return of a writer, in f
	flawFork         // only one CAS may replace a value
	flawCycle        // values may not come from each other
	flawChainForgets // in a chain, what comes before a cluster
	flawRewrites     // a value may have two writers
	flawAbsentText   // an absent key reads as an empty text
	flawNilIsValue   // a read of nil may say nothing
	flawMismatch     // a failed CAS says what a register did not hold
	flawFloor        // what changes nothing has an order, too

	// What becomes of pending operations.
	flawPendingLost    // none happens
	flawPendingEnds    // they return at once
	flawPendingCAS     // every CAS happens
	flawPendingCASLost // no CAS happens
	flawPendingCASOnce // only if somebody who returned saw what it wrote
)

// less is a < b, or a <= b where the monitor has that flaw.
func (m *registerMonitor) less(a, b int64, flaw registerFlaw) bool {
	return a < b || (a == b && m.flaw == flaw)
}
