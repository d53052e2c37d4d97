package models_test

import (
	"fmt"
	"testing"

	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"

	"github.com/stretchr/testify/require"
)

// reduced are counts with ample sets. A single copy gains nothing: all that it is sent and all
// that clients hear depends on the rest.
var reduced = []struct {
	model            string
	clients, servers int
	network          explore.Semantics
	noHistory        bool
	unique           uint64
	generated        uint64
	long             bool
}{
	{"single-copy", 3, 1, nonDuplicating, false, 4243, 6778, false},
	{"single-copy", 3, 2, nonDuplicating, false, 2519, 4085, false},
	{"paxos", 1, 3, nonDuplicating, false, 155, 184, false},
	{"paxos", 2, 3, nonDuplicating, false, 10010, 13318, false},
	{"paxos", 2, 3, ordered, false, 7520, 11080, false},
	{"paxos", 3, 3, nonDuplicating, false, 725868, 1004872, true},
	{"abd", 1, 3, nonDuplicating, false, 1041, 1787, false},
	{"abd", 2, 2, nonDuplicating, false, 470, 721, false},
	{"abd", 3, 2, nonDuplicating, false, 27894, 47716, false},
	{"abd", 3, 2, nonDuplicating, true, 6638, 13315, false},
	{"abd", 2, 2, ordered, false, 494, 605, false},
	{"abd", 3, 2, ordered, false, 33360, 46408, false},
	{"primary-backup", 3, 2, nonDuplicating, false, 7716, 13757, false},
	{"primary-backup", 2, 3, nonDuplicating, false, 357, 647, false},
	{"primary-backup", 2, 2, ordered, false, 134, 172, false},
}

// What was at rest, and what observers knew, is the same with fewer states.
func TestCountsWithPartialOrderArePinned(t *testing.T) {
	for _, c := range reduced {
		name := fmt.Sprintf("%s %d clients %d servers %v %t", c.model, c.clients, c.servers, c.network, c.noHistory)
		t.Run(name, func(t *testing.T) {
			if c.long && !*long {
				t.Skip("needs -explore.long")
			}
			m := protocols[c.model](models.Harness{Clients: c.clients, Servers: c.servers, Network: c.network,
				NoHistory: c.noHistory})
			full, err := explore.Search(m, explore.Config{NoStop: true})
			require.NoError(t, err)
			for _, cfg := range []explore.Config{{Workers: 1}, {Workers: 4}, {Order: explore.DepthFirst, Workers: 4}} {
				cfg.NoStop, cfg.PartialOrder = true, true
				r, err := explore.Search(m, cfg)
				require.NoError(t, err)
				require.Empty(t, r.Unreduced)
				require.Equal(t, [2]uint64{c.unique, c.generated}, [2]uint64{r.Unique, r.Generated})
				require.Equal(t, [3]uint64{full.Terminal, uint64(full.Observers), uint64(full.Locals)},
					[3]uint64{r.Terminal, uint64(r.Observers), uint64(r.Locals)})
				require.Equal(t, verdicts(full), verdicts(r))
			}
		})
	}
}

func verdicts(r explore.Result) (all []properties.Verdict) {
	for _, o := range r.Outcomes {
		all = append(all, o.Verdict)
	}
	return all
}

// Bugs are tried in clusters that show them, and in ones that do not.
func TestPartialOrderFindsTheBugsThatThereAre(t *testing.T) {
	for _, name := range []string{"paxos", "abd", "primary-backup", "single-copy"} {
		entry, err := models.Find(name)
		require.NoError(t, err)
		for _, bug := range append(entry.Bugs, models.Bug{}) {
			for _, clients := range []int{1, 2} {
				for _, servers := range []int{2, 3} {
					if name == "abd" && clients*servers > 4 {
						continue // too many states without a reduction
					}
					m, err := entry.Build(models.Params{Clients: clients, Servers: servers, Bug: bug.Name})
					require.NoError(t, err)
					full, err := explore.Search(m, explore.Config{})
					require.NoError(t, err)
					r, err := explore.Search(m, explore.Config{PartialOrder: true})
					require.NoError(t, err)
					require.Empty(t, r.Unreduced)
					require.Equal(t, verdicts(full)[1:], verdicts(r)[1:], "%s %s %d %d", name, bug.Name, clients, servers)
					if p := r.Outcomes[1].Path; p != nil {
						require.GreaterOrEqual(t, p.Len(), full.Outcomes[1].Path.Len())
					}
				}
			}
		}
	}
}

// What is claimed of the store alone needs the steps of others in few of their orders.
func TestPartialOrderKeepsWhatAPropertyReads(t *testing.T) {
	count := func(bug string, cfg explore.Config) [2]uint64 {
		cfg.NoStop = true
		r, err := explore.Search(models.Lease(3, bug), cfg)
		require.NoError(t, err)
		require.Empty(t, r.Unreduced)
		require.Equal(t, bug != "", r.Outcomes[0].Verdict == properties.Fail)
		require.Equal(t, bug == "", r.Outcomes[1].Verdict == properties.Pass)
		return [2]uint64{r.Unique, r.Terminal}
	}
	bug := models.LeaseBugs()[0].Name
	require.Equal(t, [2]uint64{643, 24}, count("", explore.Config{}))
	require.Equal(t, [2]uint64{247, 24}, count("", explore.Config{PartialOrder: true}))
	require.Equal(t, [2]uint64{655, 30}, count(bug, explore.Config{}))
	require.Equal(t, [2]uint64{253, 30}, count(bug, explore.Config{PartialOrder: true}))
}
