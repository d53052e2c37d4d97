package models_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

// replicatedCounts are of all that two and three operations on three replicas can come to. On a
// Board each state also stands for those in which what is under way was lost or comes again.
var replicatedCounts = []struct {
	name   string
	params models.Params

	unique, generated, depth uint64

	long bool
}{
	{"crdt-counter", models.Params{Operations: 2}, 612, 1212, 7, false},
	{"crdt-counter", models.Params{}, 14724, 39166, 10, false},
	{"crdt-counter", models.Params{Network: "nonduplicating"}, 17754, 44158, 10, true},
	{"crdt-set", models.Params{Operations: 2}, 837, 1644, 7, false},
	{"crdt-set", models.Params{Replicas: 2}, 1268, 2012, 7, false},
	{"crdt-set", models.Params{}, 28192, 74791, 10, false},
	{"crdt-set", models.Params{Network: "nonduplicating"}, 28192, 74791, 10, true},
	{"crdt-set", models.Params{Network: "ordered"}, 18442, 42430, 10, true},
	{"crdt-set", models.Params{Network: "duplicating"}, 71395, 160924, 10, true},
	{"crdt-set", models.Params{Operations: 2, Lossy: true}, 11349, 33084, 11, true},
	{"crdt-set", models.Params{Operations: 2, Crashes: 1, Restarts: 1}, 64224, 169755, 13, true},
	{"crdt-set", models.Params{Operations: 2, Network: "nonduplicating", Drops: 1, Duplicates: 1}, 9813, 27300, 9, true},
	{"crdt-set/remove-wins", models.Params{Operations: 2}, 1410, 2841, 7, false},
	{"crdt-set/remove-wins", models.Params{}, 58978, 159364, 10, true},
	{"crdt-map", models.Params{Operations: 2}, 933, 1812, 7, false},
	{"crdt-map", models.Params{}, 34384, 90607, 10, true},
	{"crdt-map/lww", models.Params{Operations: 2}, 1470, 2901, 7, false},
	{"crdt-map/lww", models.Params{}, 62218, 165880, 10, true},
	{"crdt-heroes", models.Params{Operations: 2}, 1146, 2355, 7, false},
	{"crdt-heroes", models.Params{}, 34501, 95782, 10, true},
}

func TestReplicatedTypesKeepTheirSpecificationWhateverIsLostRepeatedAndReordered(t *testing.T) {
	for _, c := range replicatedCounts {
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

func replicated(t *testing.T, name string, p models.Params, cfg explore.Config) explore.Result {
	t.Helper()
	e, err := models.Find(name)
	require.NoError(t, err)
	m, err := e.Build(p)
	require.NoError(t, err)
	r, err := explore.Search(m, cfg)
	require.NoError(t, err)
	return r
}

const (
	specified, equal = models.CRDTSpecified, models.CRDTEqual
	catchUp, lost    = models.CRDTCatchUp, models.CRDTNothingLost
)

// crashed has a replica lose its state and go on under the identifier that it had.
var crashed = models.Params{Operations: 2, Crashes: 1, Restarts: 1, Bug: "reused-identifier"}

// replicatedBugs are found in the fewest steps, by the properties that are violated in so many.
var replicatedBugs = []struct {
	name   string
	params models.Params
	steps  int
	breaks []string
}{
	{"crdt-counter", models.Params{Bug: "adds-deltas"}, 2, []string{equal, catchUp, lost}},
	{"crdt-counter", crashed, 5, []string{lost}},
	{"crdt-set", models.Params{Bug: "maximum-context"}, 3, []string{catchUp, lost}},
	{"crdt-set", models.Params{Bug: "high-water-remove"}, 5, []string{specified, catchUp, lost}},
	{"crdt-set", models.Params{Bug: "in-both-so-keep"}, 4, []string{equal, catchUp}},
	{"crdt-set", crashed, 5, []string{catchUp, lost}},
	{"crdt-map", models.Params{Bug: "reset-only-if-gone"}, 5, []string{specified, catchUp}},
	{"crdt-map/lww", models.Params{Bug: "tie-by-arrival"}, 2, []string{catchUp, lost}},
	{"crdt-map/lww", models.Params{Bug: "own-count-stamp"}, 3, []string{specified, catchUp, lost}},
	{"crdt-heroes", models.Params{Bug: "early-collect"}, 2, []string{specified, catchUp, lost}},
	{"crdt-heroes", models.Params{Bug: "read-modify-write"}, 2, []string{catchUp, lost}},
}

func TestBugsOfReplicatedTypesAreFoundInTheFewestSteps(t *testing.T) {
	for _, b := range replicatedBugs {
		t.Run(b.name+" "+b.params.Bug, func(t *testing.T) {
			r := replicated(t, b.name, b.params, explore.Config{})
			require.Equal(t, properties.Fail, r.Verdict)
			var broken []string
			for _, o := range r.Outcomes {
				if o.Verdict == properties.Fail {
					broken = append(broken, o.Name)
					require.Len(t, moves(o.Path.Steps), b.steps, o.Name)
				}
			}
			require.Equal(t, b.breaks, broken)
		})
	}
}

func TestEveryBugOfAReplicatedTypeIsFound(t *testing.T) {
	found := map[string]bool{}
	for _, b := range replicatedBugs {
		found[b.name+" "+b.params.Bug] = true
	}
	for _, e := range models.All() {
		for _, b := range e.Bugs {
			if strings.HasPrefix(e.Name, "crdt-") {
				require.True(t, found[e.Name+" "+b.Name], "%s %s", e.Name, b.Name)
			}
		}
	}
}

// A replica that comes back under a new identifier loses what it had, and nothing else.
func TestAnIdentifierMayNotBeUsedAgainOnlyAfterACrash(t *testing.T) {
	p := crashed
	p.Crashes, p.Restarts = 0, 0
	for _, name := range []string{"crdt-counter", "crdt-set"} {
		require.Equal(t, properties.Pass, replicated(t, name, p, explore.Config{}).Verdict)
	}
}

// What the searches stand for, counted without them: the orders of operations on three replicas
// and of the deliveries of their deltas, of each at most one.
func TestHowManyInterleavingsThreeOperationsHave(t *testing.T) {
	all, lossless := uint64(0), uint64(0)
	for a := range 4 {
		for b := range 4 - a {
			some, none := interleavings([3]int{a, b, 3 - a - b}, 0)
			all, lossless = all+some, lossless+none
		}
	}
	require.Equal(t, [2]uint64{163431, 60480}, [2]uint64{all, lossless})
}

// interleavings counts the ways to go on with so many operations left on each replica and so
// many deliveries open: all that end when no operation is left, and those that also deliver all.
func interleavings(left [3]int, open int) (all, lossless uint64) {
	if left == [3]int{} {
		all++
		if open == 0 {
			lossless++
		}
	}
	for i := range left {
		if left[i] > 0 {
			rest := left
			rest[i]--
			some, none := interleavings(rest, open+2)
			all, lossless = all+some, lossless+none
		}
	}
	if open > 0 { // any of them
		some, none := interleavings(left, open-1)
		all, lossless = all+uint64(open)*some, lossless+uint64(open)*none
	}
	return all, lossless
}

func TestMoreReplicasThanEventsHaveNumbersAreRefused(t *testing.T) {
	require.PanicsWithValue(t, "models: crdt-set with 5 replicas and 3 operations, expected at most 4 and 4",
		func() { models.CRDTSet(models.CRDTConfig{Replicas: 5}) })
	require.PanicsWithValue(t, `models: crdt-map has no bug "typo"`,
		func() { models.CRDTMap(models.CRDTConfig{Bug: "typo"}) })
}
