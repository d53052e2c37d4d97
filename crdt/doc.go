// Package crdt has replicated data types: values that copies change without asking
// each other and that come out equal once all has been said to all, in any order
// and any number of times.
//
// They are pure values. Nothing here sends, waits, reads a clock or starts a
// goroutine: time is an argument, and so is the [Replica] that acts. Copies are not
// safe for use by several goroutines at once.
//
// # One shape
//
// The zero value of every type is the bottom of its semilattice, ready to use. All
// have, on the pointer:
//
//   - mutators, which change the state and return the delta: m(x) = x join mDelta(x).
//     A delta is a state of the same type. Send it to the others, in any order; or
//     drop it and let anti-entropy do it.
//   - Merge(*S), the join.
//   - AppendBinary and UnmarshalBinary, which with Merge make a [State]. Equal states
//     have equal bytes on every machine ([Same], [Digest]). Bytes from elsewhere that
//     are no canonical encoding are an error, never a panic or a large allocation.
//   - Diff(*S), the least delta that brings one other state up, and Split, the
//     irredundant join decomposition (Enes et al., ICDE 2019).
//   - reads in a defined order, as iter.Seq.
//
// Types with dots are [Causal] as well: Context says which events a state has seen,
// and Delta(since) what a state with that context lacks, whole events with all they
// did. That is the way to catch up a peer of which only the context is known, and for a
// delta on its way, d.Delta(own.Context()) leaves out the events known already and
// keeps the others whole.
//
// What Diff and Split give is less: the least that is missing, in pieces that are dots
// and not events. The piece of an event does not say what the event took away; that
// is another piece. Whoever merges one without the other has a context that claims more
// than was seen, and no Delta will bring the rest. It cannot be made safe here: which
// event took what is forgotten in time, or contexts would grow with each. So, who
// ships pieces, as BP+RR does, sends each until it is acknowledged and compares
// digests, not contexts.
//
// The plain types need no Delta: of a counter the counts are the vector, and Diff with
// a counter that has the peer's is the delta. An LWWMap has none by stamps either: a
// stamp says when something was written, not that all that is older has arrived.
//
// # Which type
//
//   - GCounter, PNCounter; BoundedCounter if it must not fall below 0.
//   - AddWinsSet as the set of first choice; RemoveWinsSet if a removal must hold;
//     GSet if nothing is removed; TwoPhaseSet if nothing comes back.
//   - EnableWinsFlag, DisableWinsFlag.
//   - MVRegister shows concurrent writes; LWWRegister and LWWMap choose one by
//     the stamps of a [HybridClock].
//   - ORMap nests causal types, with reset-remove; Cell makes any State nestable.
//   - TombstoneMap: the dead stay dead until the deletion is causally stable.
//
// Elements, keys and values are strings, integers, bools, []byte, or types with a
// [Codec]. Whoever lost a state comes back as a new Replica.
package crdt
