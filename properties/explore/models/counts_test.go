package models_test

import (
	"flag"
	"fmt"
	"testing"

	"phoenix/properties/explore"
	"phoenix/properties/explore/models"

	"github.com/stretchr/testify/require"
)

var (
	long = flag.Bool("explore.long", false, "also explore models of many states, for seconds to minutes")
	huge = flag.Bool("explore.huge", false, "also explore ABD breadth-first up to its bug, 39 million states")
)

// protocols are the models of a Harness.
var protocols = map[string]func(models.Harness) explore.Model{
	"paxos": models.Paxos, "abd": models.ABD, "single-copy": models.SingleCopy, "primary-backup": models.PrimaryBackup,
}

const (
	nonDuplicating = explore.NonDuplicating
	duplicating    = explore.Duplicating
	ordered        = explore.Ordered
)

// counts are those that Stateright 0.31 finds for the same protocols, where it has them.
// Generated counts the initial state and every step taken. Depth counts states on the
// longest of the shortest paths: Stateright's depth-first search goes down to 20 for the
// single copy on a network that duplicates.
var counts = []struct {
	model            string
	clients, servers int
	network          explore.Semantics
	unique           uint64
	generated        uint64
	depth            int
	long             bool
}{
	{"single-copy", 1, 1, nonDuplicating, 5, 5, 5, false},
	{"single-copy", 2, 1, nonDuplicating, 93, 121, 9, false},
	{"single-copy", 2, 2, nonDuplicating, 62, 81, 9, false},
	{"single-copy", 2, 3, nonDuplicating, 51, 69, 9, false},
	{"single-copy", 3, 1, nonDuplicating, 4243, 6778, 13, false},
	{"single-copy", 3, 2, nonDuplicating, 2519, 4085, 13, false},
	{"single-copy", 4, 2, nonDuplicating, 235725, 440977, 17, false},
	{"single-copy", 2, 1, duplicating, 1323, 6219, 14, false},
	{"paxos", 1, 2, nonDuplicating, 11, 12, 10, false},
	{"paxos", 1, 3, nonDuplicating, 265, 482, 14, false},
	{"paxos", 2, 2, nonDuplicating, 111, 137, 14, false},
	{"paxos", 2, 3, nonDuplicating, 16668, 32971, 21, false},
	{"paxos", 3, 2, nonDuplicating, 211, 262, 14, false},
	{"paxos", 3, 3, nonDuplicating, 1194428, 2420477, 28, true},
	{"paxos", 1, 3, duplicating, 634, 1783, 15, false},
	{"abd", 1, 2, nonDuplicating, 13, 13, 13, false},
	{"abd", 1, 3, nonDuplicating, 1449, 3728, 17, false},
	{"abd", 2, 2, nonDuplicating, 544, 875, 25, false},
	{"abd", 3, 2, nonDuplicating, 35009, 68115, 37, false},
	{"abd", 2, 2, ordered, 620, 883, 25, false},
	{"abd", 3, 2, ordered, 46516, 82294, 37, false},
	{"primary-backup", 1, 1, nonDuplicating, 5, 5, 5, false},
	{"primary-backup", 1, 2, nonDuplicating, 8, 8, 8, false},
	{"primary-backup", 2, 2, nonDuplicating, 177, 268, 15, false},
	{"primary-backup", 2, 3, nonDuplicating, 487, 1080, 20, false},
	{"primary-backup", 3, 2, nonDuplicating, 9463, 18526, 22, false},
	{"primary-backup", 2, 2, duplicating, 764, 3694, 16, false},
	{"primary-backup", 2, 2, ordered, 160, 228, 15, false},
}

func TestCountsOfRegistersArePinned(t *testing.T) {
	for _, c := range counts {
		name := fmt.Sprintf("%s %d clients %d servers %v", c.model, c.clients, c.servers, c.network)
		t.Run(name, func(t *testing.T) {
			if c.long && !*long {
				t.Skip("needs -explore.long")
			}
			h := models.Harness{Clients: c.clients, Servers: c.servers, Network: c.network}
			r, err := explore.Search(protocols[c.model](h), explore.Config{NoStop: true})
			require.NoError(t, err)
			require.Equal(t, []uint64{c.unique, c.generated, uint64(c.depth)},
				[]uint64{r.Unique, r.Generated, uint64(r.Depth)})
		})
	}
}
