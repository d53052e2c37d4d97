// Package cli is the command of the project as a package, so that a program of
// a user's own can be the same command with more scenarios:
//
//	func main() { os.Exit(cli.Main(append(scenario.Registers(), mine.Scenario())...)) }
//
// # Streams and exit codes
//
// Results go to standard output; progress and logs go to standard error. Every
// command that has results takes --json and then prints one JSON object, the
// last thing it does, with "schema":1 and "verdict". Colour is used on a
// terminal only, and not if NO_COLOR is set.
//
// The exit code is the verdict, or what was in the way of one:
//
//	0 pass, 1 violation, 2 inconclusive, 3 nondeterminism,
//	64 usage, 65 bad input, 70 internal error, 130 interrupted
//
// A first interrupt (Ctrl-C) finishes what has begun and reports what is known;
// a second one kills.
//
// # Reproducibility
//
// What a command prints on standard output does not depend on how many workers
// it uses: worlds run side by side, one on each, and results are added up in
// the order of seeds. What depends on the machine or the time (paths of
// reports, progress) is on standard error.
package cli
