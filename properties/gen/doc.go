// Package gen has rapid draw what worlds are made from: topologies, links, disks,
// faults, workloads, whole configurations of scenarios, the choices of a run and the
// actions of a state machine. What fails, rapid shrinks: to few and early faults, few
// operations on one key, boring links and the first alternative of every choice.
//
// Only tests may import it: rapid registers flags. They say how much is done and
// repeat a failure:
//
//	-rapid.checks N     draw N cases; 100 unless told
//	-rapid.seed N       draw the cases of this seed: other ones every time unless told
//	-rapid.steps N      about so many actions of a state machine; 30 unless told
//	-rapid.failfile F   run the case of this file only
//
// [Check] tries a scenario on many cases; [Run] runs one, within a rapid.Check of the
// caller's own. [Chooser] hands the decisions of any world to rapid, and [Machine]
// drives one by hand, action by action.
//
// # What a failure leaves
//
// rapid writes testdata/rapid/TEST/*.fail and prints the flag that runs it again; any
// later run of the test tries these files first. Options.Save adds a failing run in a
// form that needs no rapid, such as the .simfail file of package traces: one for each
// test, of the smallest case that failed.
//
// # How things shrink
//
// The first alternative of each draw is the most boring one, and rapid looks for the
// shortest, then the least sequence of draws that fails at the same line of code. So
// what a case has many of (faults, operations, actions) is drawn one by one, each with
// all that belongs to it, that one can be left out without a change to the others.
// Seeds come last of all, and are small.
package gen
