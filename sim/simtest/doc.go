// Package simtest runs simulated worlds under go test.
//
// Run gives a test a fresh world for each of many seeds. A seed that fails, by the
// test's own judgement or because node code panicked, is reported with the line
// that reproduces it:
//
//	test:    go test ./nodes/register -run '^TestSingleCopy$' -sim.seed=0x2a
//
// Twice checks that a world is deterministic: it runs each seed twice, on one and
// on four processors, and shows the first event in which two runs differ. Golden
// pins the digests of some seeds in a file, so that a run stays the same on every
// machine and after every refactoring.
//
// # Flags
//
// Importing this package, from tests only, gives go test these flags:
//
//	-sim.seed SEED     run this seed only, and tell its events if it fails; a decimal
//	                   number, 0x2a, or a commit of 40 hexadecimal digits
//	-sim.seeds SEEDS   run so many seeds (200) or a range (0..1000, without its end)
//	-sim.long          run 50 times as many seeds as the test asks for
//	-sim.update        have Golden write its files instead of comparing
//
// With -artifacts, a failing seed leaves its events in events.txt in the artifact
// directory of its subtest. Events are recorded only with that flag or -sim.seed:
// otherwise runs have no observer but the test's own.
package simtest
