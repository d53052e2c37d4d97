// Package laws checks replicated data types, those of package crdt and one's own,
// against the laws that they must keep on every state that a history can reach, and
// against a specification of what each read must return. That copies converge says
// little: a set that loses every add converges too.
//
// Only tests may import it: it links rapid, which registers flags.
//
//	func TestCart(t *testing.T) { laws.Test(t, cartType()) }
//
// # A type of one's own
//
// The type is a struct whose zero value is bottom and whose pointer is a crdt.State:
// Merge, AppendBinary, UnmarshalBinary. Methods Diff and Split (crdt.Splitter), and
// Context and Delta (crdt.Causal), are found and checked if it has them. A [Type] says
// the rest:
//
//   - Ops, a finite alphabet of operations. Each has an [Event], as the specification
//     sees it, and Do, which runs the mutator and returns its delta, or nil if the type
//     has no deltas: then whole states are sent.
//   - Read, what a state says.
//   - Spec, what it should say, from a [View]: the events visible to it and which of
//     them saw which. It never looks at a state.
//   - Covers, where events take away the effect of others; View.Alive are those left.
//
// An operation that has no effect in some states says so in Op.When, from the view
// and not from the state: so a write that a wrong state refuses is noticed. The
// catalogue in this package, [AddWinsSet] and its neighbours, is one example for each kind.
//
// # Histories
//
// A [History] is a list of steps of some copies: operations, deltas that arrive late,
// again or never, merges, catching up, saving, and crashes, after which a copy goes on
// from what it saved, under a new identifier. It prints and parses; what a [Failure]
// prints is given to [Replay] as it is.
//
//   - [Test] is the one call for a test: Bulk, Churn, and histories that rapid draws.
//   - [Bulk] checks seeded random histories, tens of thousands a second of a small type.
//   - [Shortest] goes through all histories by length, and finds the shortest that
//     breaks a law. That is how mutants are killed.
//   - [Churn] repeats all operations for long, and looks at the size.
//   - [Digest] is pinned in a test, for equal bytes on all machines.
//
// A run says how often it asked each law where the answer might have been no. If that
// is never, or if no delta came late or twice, no operations were concurrent or no crash
// lost anything, it is inconclusive, and Test fails.
//
// # The laws
//
// Algebra: 1 idempotent, 2 commutative, 3 associative, 4 bottom, 5 mutators inflate,
// 6 m(x) = x join mDelta(x), 7 minimal differences, 8 irredundant decomposition.
// Causality: 9 contexts contain the dots, 10 a dot is minted once, 11 deltas claim no
// more than they carry or remove, 12 any order, repetition and gap of deltas.
// Specification: 13 reads, 14 nested resets, 15 no acknowledged write lost, 16 total
// order of last writers. System, as far as copies without a network show it: 17
// convergence, 18 silence between equals, 19 bounded size, 20 crash and restore, 21
// canonical encoding, 22 no aliasing, 23 no order of maps. Law 0 is that nothing
// panics. [Law.Sentence] says each in a sentence.
//
// The specification of a read is that of Burckhardt et al., "Replicated data types:
// specification, verification, optimality" (POPL 2014): a function of the visible events
// and of visibility among them. Decomposition and differences are those of Enes et
// al. (ICDE 2019).
//
// # Limits
//
// A history has at most 64 operations and 8 copies. Law 23 is asked by running a
// history again, so a map of two keys shows its order in half of the cases. What a type does with
// time, and when a tombstone may be collected, is not in a history.
package laws
