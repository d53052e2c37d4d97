// Package cli is the command of the project as a package, so that a program of
// a user's own can be the same command with more scenarios:
//
//	func main() { os.Exit(cli.Main(append(scenario.Registers(), mine.Scenario())...)) }
//
// or with models for explore as well, see Command.
//
// # Streams and exit codes
//
// Results go to standard output; progress and logs go to standard error. Every
// command that has results takes --json and then prints one JSON object with
// "schema":1 and "verdict"; seeds in it are texts such as "0x2a", because not all
// readers keep 64 bits of a number. Colour is used on a terminal only, and not if
// NO_COLOR is set.
//
// The exit code is the verdict, or what was in the way of one:
//
//	0 pass, 1 violation, 2 inconclusive, 3 nondeterminism,
//	64 usage, 65 bad input, 70 internal error, 130 interrupted
//
// A file that a flag names and that cannot be written is an error of usage, told
// before anything runs where that can be known. What goes wrong afterwards takes
// nothing from the report: it is told, all else is written, and the exit code is
// 64 unless it says something worse than pass or inconclusive.
//
// A first interrupt (Ctrl-C) finishes what has begun and reports what is known;
// a second one kills.
//
// # Reproducibility
//
// What a command prints on standard output does not depend on how many workers
// it uses: worlds run side by side, one on each, and results are added up in
// the order of seeds. What depends on the machine or the time (paths of
// reports, progress) is on standard error, but for the time and the memory that
// explore reports among its results.
package cli
