package models_test

import (
	"fmt"
	"testing"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"

	"github.com/stretchr/testify/require"
)

// asTheyAre are searches of the simulator's registers, with all that fails in them.
var asTheyAre = []struct {
	protocol         string
	clients, servers int
	faults           explore.Budget
	bug              string
	unique           uint64
	generated        uint64
	depth            int
	steps            int // of the counterexample; 0: it is linearizable
}{
	{protocol: "single-copy", clients: 1, servers: 1, unique: 21, generated: 43, depth: 7},
	{protocol: "single-copy", clients: 2, servers: 1, unique: 6794, generated: 24867, depth: 13},
	{protocol: "single-copy", clients: 2, servers: 2, unique: 2099, generated: 5593, depth: 10, steps: 9},
	{protocol: "single-copy", clients: 1, servers: 1, faults: restartOfFirst, unique: 93, generated: 182, depth: 9, steps: 8},
	{protocol: "abd", clients: 1, servers: 1, unique: 21, generated: 43, depth: 7},
	{protocol: "abd", clients: 1, servers: 2, unique: 304, generated: 1959, depth: 17},
	{protocol: "abd", clients: 1, servers: 3, unique: 29806, generated: 339504, depth: 23},
	{protocol: "abd", clients: 1, servers: 3, faults: restartOfFirst, unique: 502455, generated: 6282303, depth: 34},
	{protocol: "abd", clients: 1, servers: 3, faults: restartOfFirst, bug: "amnesiac-votes",
		unique: 144057, generated: 833508, depth: 17, steps: 16},
	{protocol: "abd", clients: 1, servers: 3, bug: "no-write-back", unique: 6292, generated: 60414, depth: 20},
	{protocol: "abd", clients: 1, servers: 3, bug: "record-overwrites", unique: 50506, generated: 588660, depth: 23},
	{protocol: "abd", clients: 1, servers: 3, bug: "local-sequence", unique: 3064, generated: 28492, depth: 18},
	{protocol: "primary-backup", clients: 1, servers: 2, unique: 5060, generated: 14790, depth: 10, steps: 9},
	{protocol: "primary-backup", clients: 2, servers: 2, unique: 34790, generated: 104267, depth: 10, steps: 9},
}

var restartOfFirst = explore.Budget{Crashes: 1, Restarts: 1, Crashable: []network.ID{0}}

func TestCountsOfTheSimulatorsRegistersArePinned(t *testing.T) {
	for _, c := range asTheyAre {
		t.Run(fmt.Sprintf("%s %d clients %d servers %s", c.protocol, c.clients, c.servers, c.bug), func(t *testing.T) {
			m := models.Registers(c.protocol, models.Harness{Clients: c.clients, Servers: c.servers,
				Network: explore.Board, Faults: c.faults, Bug: c.bug})
			r, err := explore.Search(m, explore.Config{})
			require.NoError(t, err)
			require.Equal(t, []uint64{c.unique, c.generated, uint64(c.depth)}, []uint64{r.Unique, r.Generated, uint64(r.Depth)})
			if c.steps == 0 {
				require.Equal(t, properties.Pass, r.Verdict)
				return
			}
			require.Equal(t, properties.Fail, r.Verdict)
			require.Len(t, r.Outcomes[0].Path.Steps, c.steps, "%v", r.Outcomes[0].Path.Lines())
		})
	}
}
