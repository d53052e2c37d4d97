package explore_test

import (
	"flag"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

var long = flag.Bool("explore.long", false, "also explore models of many traces, for seconds")

// harness makes the model of a protocol.
type harness func(models.Harness) explore.Model

// traces are those of the register models. Refined are those with StatelessConfig.Refine,
// blocked the runs that sleep sets take in vain, orders all orders of steps; 0 where there
// are too many.
var traces = []struct {
	name                           string
	model                          harness
	clients, servers               int
	noHistory                      bool
	runs, refined, blocked, orders uint64
	long                           bool
}{
	{"paxos", models.Paxos, 1, 3, false, 24, 24, 72, 2_802, false},
	{"paxos", models.Paxos, 2, 3, false, 1_672, 1_672, 6_499, 4_038_823, false},
	{"paxos", models.Paxos, 3, 3, true, 135_596, 135_596, 598_574, 0, true},
	{"abd", models.ABD, 1, 3, false, 504, 202, 1_461, 80_640, false},
	{"abd", models.ABD, 2, 2, false, 10_512, 10_512, 10_692, 1_585_610, false},
	{"single-copy", models.SingleCopy, 3, 1, false, 3_606, 1_494, 1_533, 34_650, false},
	{"single-copy", models.SingleCopy, 2, 2, false, 12, 12, 8, 70, false},
	{"primary-backup", models.PrimaryBackup, 2, 2, false, 229, 210, 157, 3_432, false},
}

func TestOneRunIsTakenForEachTraceOfTheRegisters(t *testing.T) {
	for _, c := range traces {
		t.Run(fmt.Sprintf("%s %d clients %d servers", c.name, c.clients, c.servers), func(t *testing.T) {
			if c.long && !*long {
				t.Skip("needs -explore.long")
			}
			m := c.model(models.Harness{Clients: c.clients, Servers: c.servers, NoHistory: c.noHistory})
			taken := func(cfg explore.StatelessConfig) [2]uint64 {
				cfg.NoStop = true
				r, err := explore.Stateless(m, cfg)
				require.NoError(t, err)
				require.Empty(t, r.Limit)
				return [2]uint64{r.Runs, r.Blocked}
			}
			require.Equal(t, [2]uint64{c.runs, 0}, taken(explore.StatelessConfig{}))
			require.Equal(t, [2]uint64{c.refined, 0}, taken(explore.StatelessConfig{Refine: true}))
			require.Equal(t, [2]uint64{c.runs, c.blocked}, taken(explore.StatelessConfig{Reduction: explore.SleepSets}))
			if c.orders > 0 {
				n, err := explore.Interleavings(m)
				require.NoError(t, err)
				require.Equal(t, c.orders, n)
			}
			if c.orders > 0 && c.orders < 100_000 {
				require.Equal(t, [2]uint64{c.orders, 0}, taken(explore.StatelessConfig{Reduction: explore.Unreduced}))
			}
		})
	}
}

// The bugs of Paxos that two clients and three servers show are found within a few hundred
// runs, with a counterexample as long as the shortest; the others, and none, do no harm.
func TestPlantedBugsOfPaxosAreFoundWithoutRememberingStates(t *testing.T) {
	runs := map[string]uint64{"ignores-prepared": 75, "accept-any-ballot": 92, "promise-lower": 324,
		"lowest-vote": 1_672, "stale-accepted": 7_124, "": 1_672}
	for _, bug := range append(models.PaxosBugs(), models.Bug{}) {
		m := models.Paxos(models.Harness{Clients: 2, Servers: 3, Bug: bug.Name})
		all, err := explore.Search(m, explore.Config{})
		require.NoError(t, err)
		r, err := explore.Stateless(m, explore.StatelessConfig{})
		require.NoError(t, err)
		require.Equal(t, all.Verdict, r.Verdict, bug.Name)
		require.Equal(t, runs[bug.Name], r.Runs, bug.Name)
		for i, o := range r.Outcomes {
			if o.Name == models.Linearizable {
				require.Equal(t, all.Outcomes[i].Verdict, o.Verdict)
				require.Equal(t, all.Outcomes[i].Path.Len(), o.Path.Len())
			}
			if o.Verdict == properties.Fail {
				require.Equal(t, 18, o.Path.Len())
				h := o.Path.State(17).Observer().(*explore.History)
				require.NotEmpty(t, h.String())
				require.Len(t, o.Path.Lines(), 17)
			}
		}
	}
}

// A search that a bound has ended proves nothing.
func TestABoundedStatelessSearchIsInconclusive(t *testing.T) {
	m := models.Paxos(models.Harness{Clients: 2, Servers: 3})
	for _, c := range []struct {
		cfg   explore.StatelessConfig
		limit string
	}{
		{explore.StatelessConfig{MaxDepth: 19}, "depth"},
		{explore.StatelessConfig{MaxRuns: 100}, "runs"},
		{explore.StatelessConfig{Stop: func() bool { return true }}, "interrupted"},
	} {
		r, err := explore.Stateless(m, c.cfg)
		require.NoError(t, err)
		require.Equal(t, properties.Inconclusive, r.Verdict)
		require.Equal(t, c.limit, r.Limit)
	}
}

// Of runs that are cut off, sleep sets take one for each trace; races that come after the
// cut are not there to tell optimal reduction where to go.
func TestSleepSetsMissNothingWithinABoundOfDepth(t *testing.T) {
	bad := models.SingleCopy(models.Harness{Clients: 2, Servers: 2})
	for _, c := range []struct {
		depth           int
		optimal, asleep properties.Verdict
	}{
		{3, properties.Inconclusive, properties.Inconclusive},
		{4, properties.Inconclusive, properties.Fail},
		{7, properties.Inconclusive, properties.Fail},
		{8, properties.Fail, properties.Fail},
	} {
		for reduction, verdict := range []properties.Verdict{c.optimal, c.asleep} {
			r, err := explore.Stateless(bad, explore.StatelessConfig{MaxDepth: c.depth, Reduction: explore.Reduction(reduction)})
			require.NoError(t, err)
			require.Equal(t, verdict, r.Verdict, "depth %d, %v", c.depth, explore.Reduction(reduction))
		}
	}
}

// Both searches come to rest in the same states, with faults and disks too. A fault is
// independent of nothing, so traces are many.
func TestBothSearchesComeToRestInTheSameStates(t *testing.T) {
	registers := func(model harness, h models.Harness, faults explore.Budget) explore.Model {
		h.Faults = faults
		return model(h)
	}
	one := models.Harness{Clients: 1, Servers: 3}
	two := models.Harness{Clients: 2, Servers: 1}
	lossy, ordered := two, two
	lossy.Lossy, ordered.Network = true, explore.Ordered
	for _, c := range []struct {
		name          string
		m             explore.Model
		rests         int
		runs, refined uint64
	}{
		{"paxos, a drop", registers(models.Paxos, one, explore.Budget{Drops: 1}), 109, 1309, 1309},
		{"paxos, a crash", registers(models.Paxos, one, explore.Budget{Crashes: 1}), 207, 1829, 1829},
		{"single copy, lossy", registers(models.SingleCopy, lossy, explore.Budget{}), 45, 328, 296},
		{"single copy, ordered", registers(models.SingleCopy, ordered, explore.Budget{Duplicates: 1}), 26, 554, 554},
		{"primary-backup, a crash", registers(models.PrimaryBackup, models.Harness{Clients: 1, Servers: 2},
			explore.Budget{Crashes: 1}), 11, 25, 25},
		{"commit, a crash", models.CommitCrash(1, 1, ""), 6, 9, 9},
		{"leases", models.Lease(2, ""), 4, 8, 8},
		{"exactly once", models.ExactlyOnce(1, ""), 6, 11, 10},
		{"tcommit", models.TCommit(3), 2, 258, 258},
		{"2pc", models.TwoPhase(3, ""), 0, 84, 84}, // some step always leads back: it is never at rest
		{"chang-roberts", models.ChangRoberts(3), 8, 26, 22},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, seen := c.m, map[uint64]bool{}
			m.Properties = []explore.Property{explore.AtRest("seen", func(s *explore.State) error {
				seen[explore.Fingerprint(s)] = true
				return nil
			})}
			all, err := explore.Search(m, explore.Config{NoStop: true, Workers: 1})
			require.NoError(t, err)
			require.Len(t, seen, int(all.Terminal))
			require.Len(t, seen, c.rests)
			want := seen
			for i, runs := range []uint64{c.runs, c.refined} {
				seen = map[uint64]bool{}
				r, err := explore.Stateless(m, explore.StatelessConfig{Refine: i == 1})
				require.NoError(t, err)
				require.Equal(t, [3]uint64{runs, 0, 0}, [3]uint64{r.Runs, r.Blocked, r.Cut})
				require.Equal(t, want, seen)
			}
		})
	}
}
