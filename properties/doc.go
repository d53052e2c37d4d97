// Package properties says what must hold in a run, and what became of it.
//
// A Set belongs to one world and holds named claims about it. Always is an
// invariant, asked after every step: the first step that violates it ends the
// run. Sometimes must happen in some run, and shows that the runs went where
// they were meant to. Eventually must hold once a run has come to rest.
//
// Judge gives one Outcome for each. Verdicts are values, ordered
//
//	pass < inconclusive < fail
//
// and a pass means something: what was not exercised is inconclusive. So the
// Coverage tells of every fault how often it was configured, fired and had an
// effect, and a partition that no message ran into is inconclusive too. Overall
// is the verdict of one run; Merge adds up those of many.
package properties
