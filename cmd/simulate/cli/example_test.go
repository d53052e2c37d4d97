package cli_test

import (
	"cmp"
	"fmt"
	"os"

	"phoenix/cmd/simulate/cli"
	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
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

// tally counts what it is sent.
type tally struct{ Count int }

func (t *tally) Receive(network.ID, any) { t.Count++ }

// A model of one's own is explored, walked through and replayed by its name, too.
func ExampleCommand() {
	counting := func(p models.Params) (explore.Model, error) {
		m := explore.Model{Nodes: []explore.Node{{Name: "tally", Boot: func(*network.Endpoint) network.Handler {
			return &tally{}
		}}}}
		for i := range cmp.Or(p.Clients, 2) {
			m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprint("c", i), Boot: func(ep *network.Endpoint) network.Handler {
				ep.Send(0, "one more")
				return nil
			}})
		}
		m.Properties = []explore.Property{explore.Sometimes("all are counted", func(s *explore.State) bool {
			return s.Node(0).(*tally).Count == len(m.Nodes)-1
		})}
		return m, nil
	}
	mine := cli.Model{Name: "mine/tally", About: "all is counted", Takes: []string{"clients"}, Build: counting}

	os.Args = []string{"simulate", "list", "models"} // as a shell would; then: simulate explore mine/tally --clients 3
	code := cli.Command{Models: append(cli.Models()[:1], mine)}.Main()
	fmt.Println("exit code", code)
	// Output:
	// 2pc: two-phase commit
	//   --rms --bug
	//   --bug commit-without-all: the manager commits when all but one have prepared
	// mine/tally: all is counted
	//   --clients
	// exit code 0
}
