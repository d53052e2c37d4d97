package cli_test

import (
	"fmt"
	"os"

	"phoenix/cmd/simulate/cli"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
)

// A program of one's own is the same command with one more scenario.
func Example() {
	mine := scenario.ABD()
	mine.Name, mine.Doc = "mine/lone", "the replicated register on a single server"
	mine.Defaults.Servers, mine.Defaults.Nemesis = 1, chaos.Nemesis{}

	os.Args = []string{"simulate", "list"} // as a shell would
	code := cli.Main(append(scenario.Registers()[:1], mine)...)
	fmt.Println("exit code", code)
	// Output:
	// register/single-copy  each server has a copy of its own: linearizable with one server, wrong with more (planted bug)
	// mine/lone             the replicated register on a single server
	// exit code 0
}
