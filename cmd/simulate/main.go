// Command simulate runs distributed systems in a deterministic world and judges
// what happened: see package cli.
package main

import (
	"os"

	"phoenix/cmd/simulate/cli"
	"phoenix/properties/scenario"
)

func main() { os.Exit(cli.Main(scenario.All()...)) }
