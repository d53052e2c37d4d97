package explore_test

import (
	"flag"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

var long = flag.Bool("explore.long", false, "also explore models of many traces, for seconds to minutes")

var traces = []struct {
	model            func(models.Harness) explore.Model
	name             string
	clients, servers int
	noHistory        bool
	runs             uint64
	long             bool
}{
	{models.Paxos, "paxos", 1, 3, false, 24, false},
	{models.Paxos, "paxos", 2, 3, false, 1_672, false},
	{models.Paxos, "paxos", 3, 3, true, 135_596, true},
	{models.ABD, "abd", 1, 3, false, 504, false},
	{models.ABD, "abd", 2, 2, false, 10_512, false},
	{models.SingleCopy, "single-copy", 3, 1, false, 3_606, false},
}

func TestTracesAreThoseOfTheNote(t *testing.T) {
	for _, c := range traces {
		t.Run(fmt.Sprintf("%s %d clients %d servers", c.name, c.clients, c.servers), func(t *testing.T) {
			if c.long && !*long {
				t.Skip("needs -explore.long")
			}
			m := c.model(models.Harness{Clients: c.clients, Servers: c.servers, NoHistory: c.noHistory})
			for _, reduction := range []explore.Reduction{explore.Optimal, explore.SleepSets} {
				r, err := explore.Stateless(m, explore.StatelessConfig{NoStop: true, Reduction: reduction})
				require.NoError(t, err)
				t.Log(reduction, r.Runs, r.Blocked, r.Steps, r.Depth)
				require.Equal(t, c.runs, r.Runs)
			}
		})
	}
}
