package models_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

// gossipCounts are of the replicas of package gossip as worlds run them: changes to a replica
// that make more or fewer states are to be explained.
var gossipCounts = []struct {
	name   string
	params models.Params

	unique, generated, depth uint64

	long bool
}{
	{"gossip/delta-intervals", models.Params{}, 1833, 4029, 22, false},
	{"gossip/delta-intervals", models.Params{UnderWay: 3}, 35025, 101973, 24, false},
	{"gossip/delta-intervals", models.Params{Drops: 1, Duplicates: 1}, 29205, 73977, 25, false},
	{"gossip/delta-intervals", models.Params{Lossy: true}, 119721, 451203, 29, true},
	{"gossip/delta-intervals", models.Params{Operations: 2}, 74469, 175530, 37, true},
	{"gossip/delta-intervals", models.Params{Replicas: 2, Operations: 3}, 264962, 574652, 25, true},
	{"gossip/bp+rr", models.Params{}, 5493, 13245, 18, false},
	{"gossip/bp+rr", models.Params{Drops: 1, Duplicates: 1}, 55269, 153063, 22, true},
	{"gossip/bp+rr", models.Params{Operations: 2}, 350005, 890475, 30, true},
	{"gossip/catch-up", models.Params{}, 6885, 15645, 25, false},
	{"gossip/catch-up", models.Params{Drops: 1, Duplicates: 1}, 156489, 408879, 29, true},
	{"gossip/catch-up", models.Params{Operations: 2}, 1122921, 2737020, 42, true},
}

func TestGossipConvergesAtRestAndDeliversCausally(t *testing.T) {
	for _, c := range gossipCounts {
		t.Run(fmt.Sprintf("%s %+v", c.name, c.params), func(t *testing.T) {
			if c.long && !*long {
				t.Skip("needs -explore.long")
			}
			r := replicated(t, c.name, c.params, explore.Config{NoStop: true})
			require.Equal(t, properties.Pass, r.Verdict, "%v", r.Outcomes)
			require.Equal(t, [3]uint64{c.unique, c.generated, c.depth}, [3]uint64{r.Unique, r.Generated, uint64(r.Depth)})
		})
	}
}

// On a Board everything that was ever sent may come again, any number of times and in any order.
func TestGossipDeliversCausallyWhateverComesAgain(t *testing.T) {
	e, err := models.Find("gossip/delta-intervals")
	require.NoError(t, err)
	m, err := e.Build(models.Params{UnderWay: 32, Network: "board"})
	require.NoError(t, err)
	r, err := explore.Search(m, explore.Config{NoStop: true})
	require.NoError(t, err)
	for _, o := range r.Outcomes {
		expected := properties.Pass
		if o.Kind == explore.KindAtRest {
			expected = properties.Inconclusive // it never rests
		}
		require.Equal(t, expected, o.Verdict, "%s: %s", o.Name, o.Detail)
	}
	require.Equal(t, [3]uint64{16791, 174705, 20}, [3]uint64{r.Unique, r.Generated, uint64(r.Depth)})
}

// A third replica would pass on what was lost on the way to the second.
func TestGossipThatIsNotAcknowledgedLosesWhatIsLostOnce(t *testing.T) {
	p := models.Params{Replicas: 2, Drops: 1, Bug: "unacknowledged"}
	for _, name := range []string{"gossip/delta-intervals", "gossip/bp+rr", "gossip/catch-up"} {
		o := propertyOf(t, replicated(t, name, p, explore.Config{}), models.CRDTConverged)
		require.Equal(t, properties.Fail, o.Verdict, name)
		require.Len(t, moves(o.Path.Steps), 3, name)
	}
	p.Bug = ""
	r := replicated(t, "gossip/delta-intervals", p, explore.Config{})
	require.Equal(t, properties.Pass, r.Verdict)

	p = models.Params{Replicas: 2, Operations: 2, Bug: "unacknowledged"} // nothing is lost but order
	o := propertyOf(t, replicated(t, "gossip/delta-intervals", p, explore.Config{}), models.CRDTSpecified)
	require.Equal(t, properties.Fail, o.Verdict)
	require.Len(t, moves(o.Path.Steps), 5)
}
