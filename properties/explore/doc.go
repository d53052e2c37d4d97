// Package explore visits every interleaving of a bounded cluster of nodes: the same boot
// functions and handlers that run in a simulated world, exactly once for each distinct
// global state.
//
// # A model
//
// A Model is a few nodes, the semantics of the network between them, a budget of faults,
// and properties. Search goes through its states and says of each property whether it
// holds, with a shortest counterexample where it does not. Nothing has to be written for
// it but the model: the state of a node is read by reflection, from all fields of its
// handler, its timers that run and its disk, into a canonical encoding; and a node gets
// into a state again by booting afresh and being given the events that led there. What a
// node does with an event in a state is found out once and remembered, so that millions of
// global states cost a few thousand runs of node code.
//
// In an untimed search no time passes: a timer that runs may fire at any time, and a
// message may arrive at any time later. A delivery or timer that changes no state, sends
// nothing and tells nothing is no step. What nodes choose with Endpoint.Choose is explored
// in all ways.
//
// # What a node must be
//
// A node must be a plain handler whose fields say all: no functions, channels or cycles of
// pointers in them, no processes, no timers of Endpoint.After. Search refuses others with
// an error that names the field; a field with the tag `explore:"-"` is left out of the
// state, and one tagged `explore:"set"` has no order. Stateless explores nodes of any kind,
// by running them again and again. Reading a clock needs a Clock, which bounds it.
//
// # Verdicts
//
// Fail comes with a Path: a shortest one in a breadth-first search, a lasso for what is to
// happen eventually. Pass means that all states within the model were visited. A bound that
// ended the search, and a Sometimes that never happened, are Inconclusive. States are told
// apart by 64 bits of hash unless Config.Exact is set; Result.Collisions is the number of
// states to be expected lost to that.
//
// # Cost
//
// A state takes 8 bytes in a table that is at least 0.56 full, and the queue of a
// breadth-first search one row, of four bytes for each node and message under way. Workers
// share the table; counts, verdicts and counterexamples do not depend on how many there are.
package explore
