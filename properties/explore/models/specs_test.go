package models_test

import (
	"fmt"
	"testing"

	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"

	"github.com/stretchr/testify/require"
)

// specs are models without a Harness, with the counts of a search that nothing stops. Those
// of 2pc, tcommit, increment, diehard and of chang-roberts with three nodes are what TLC and
// Stateright count for the same specifications; the others are ours. Orbits are the states
// modulo symmetry, 0 where a model declares none.
var specs = []struct {
	model             explore.Model
	size              int
	unique, generated uint64
	depth             int
	orbits            uint64
	long              bool
}{
	{models.TwoPhase(1, ""), 1, 12, 20, 5, 12, false},
	{models.TwoPhase(2, ""), 2, 56, 154, 8, 34, false},
	{models.TwoPhase(3, ""), 3, 288, 1146, 11, 80, false},
	{models.TwoPhase(4, ""), 4, 1568, 8258, 14, 166, false},
	{models.TwoPhase(5, ""), 5, 8832, 58146, 17, 314, false},
	{models.TwoPhase(6, ""), 6, 50816, 402306, 20, 553, false},
	{models.TwoPhase(7, ""), 7, 296448, 2744706, 23, 920, true},
	{models.TwoPhase(8, ""), 8, 1745408, 18507778, 26, 0, true},
	{models.TCommit(3), 3, 34, 94, 7, 13, false},
	{models.Increment(1, false), 1, 3, 3, 3, 3, false},
	{models.Increment(2, false), 2, 13, 15, 5, 8, false},
	{models.Increment(3, false), 3, 84, 112, 7, 22, false},
	{models.Increment(4, false), 4, 755, 1157, 9, 63, false},
	{models.Increment(5, false), 5, 8638, 15206, 11, 184, false},
	{models.Increment(1, true), 1, 5, 5, 5, 5, false},
	{models.Increment(2, true), 2, 17, 17, 9, 9, false},
	{models.Increment(3, true), 3, 61, 61, 13, 13, false},
	{models.Increment(4, true), 4, 257, 257, 17, 17, false},
	{models.Increment(5, true), 5, 1301, 1301, 21, 21, false},
	{models.Increment(6, true), 6, 7825, 7825, 25, 25, false},
	{models.DieHard(), 0, 16, 97, 8, 0, false},
	{models.ChangRoberts(1), 1, 5, 5, 3, 0, false},
	{models.ChangRoberts(2), 2, 25, 31, 6, 0, false},
	{models.ChangRoberts(3), 3, 137, 227, 10, 0, false},
	{models.ChangRoberts(4), 4, 823, 1791, 15, 0, false},
	{models.CommitCrash(2, 0, ""), 2, 31, 45, 7, 0, false},
	{models.CommitCrash(2, 1, ""), 2, 62, 104, 8, 0, false},
	{models.CommitCrash(3, 1, ""), 3, 358, 780, 11, 0, false},
	{models.Lease(2, ""), 2, 59, 107, 9, 30, false},
	{models.Lease(3, ""), 3, 643, 1495, 13, 111, false},
	{models.ExactlyOnce(1, ""), 1, 49, 76, 9, 49, false},
	{models.ExactlyOnce(2, ""), 2, 2401, 7351, 17, 1225, false},
	{models.Raft(models.RaftConfig{MaxTerm: 1}, explore.Budget{}), 3, 1643, 4285, 14, 277, false},
	{models.Raft(models.RaftConfig{MaxTerm: 2}, explore.Budget{}), 3, 352002, 852769, 23, 0, true},
	{models.Raft(models.RaftConfig{MaxTerm: 4, UnderWay: 2}, explore.Budget{}), 3, 299051, 621940, 42, 50002, false},
	{models.Raft(models.RaftConfig{MaxTerm: 2, MaxLog: 2, UnderWay: 2, Changes: 2, Spares: 1}, explore.Budget{}), 3,
		130170, 273946, 30, 21766, false},
	{models.Raft(models.RaftConfig{MaxTerm: 1}, explore.Budget{Crashes: 1, Restarts: 1}), 3, 24938, 75757, 16, 0, false},
}

func TestCountsOfSpecificationsAreThosePublished(t *testing.T) {
	for i, c := range specs {
		t.Run(fmt.Sprintf("%d %s of %d", i, c.model.Name, c.size), func(t *testing.T) {
			if c.long && !*long {
				t.Skip("needs -explore.long")
			}
			r, err := explore.Search(c.model, explore.Config{NoStop: true})
			require.NoError(t, err)
			require.Equal(t, []uint64{c.unique, c.generated, uint64(c.depth)},
				[]uint64{r.Unique, r.Generated, uint64(r.Depth)}, "unique, generated, depth")
			if c.orbits > 0 {
				r, err = explore.Search(c.model, explore.Config{NoStop: true, Symmetry: true})
				require.NoError(t, err)
				require.Equal(t, c.orbits, r.Unique, "modulo symmetry")
			}
		})
	}
}

// A specification that is solved: breadth-first search ends with the depth of the answer.
func TestTheRiddleOfDieHardIsSolvedInSixSteps(t *testing.T) {
	r, err := explore.Search(models.DieHard(), explore.Config{})
	require.NoError(t, err)
	require.Equal(t, []uint64{14, 73, 7}, []uint64{r.Unique, r.Generated, uint64(r.Depth)})
	require.Equal(t, properties.Fail, r.Verdict)
	var names []string
	for _, s := range r.Outcomes[0].Path.Steps {
		if s.Kind == explore.StepTimer {
			names = append(names, s.Name)
		}
	}
	require.Equal(t,
		[]string{"fill big", "big to small", "empty small", "big to small", "fill big", "big to small"}, names)
}

func TestBugsOfProtocolsAreFoundInTheFewestSteps(t *testing.T) {
	restart := explore.Budget{Crashes: 1, Restarts: 1}
	for _, c := range []struct {
		name     string
		model    explore.Model
		property string
		steps    int
	}{
		{"2pc commit-without-all", models.TwoPhase(3, "commit-without-all"), "consistent", 7},
		{"commit-crash impatient", models.CommitCrash(2, 0, "impatient"), "consistent", 6},
		{"commit-crash blocks", models.CommitCrash(2, 1, ""), "nobody is blocked", 3},
		{"increment without a lock", models.Increment(2, false), "fin", 4},
		{"lease no-fencing", models.Lease(2, "no-fencing"), "in order of leases", 7},
		{"exactly-once no-table", models.ExactlyOnce(1, "no-table"), "exactly once", 3},
		{"raft double-vote", raftWith("double-vote", 1, 0, explore.Budget{}), "election safety", 6},
		{"raft vote-not-persisted", raftWith("vote-not-persisted", 1, 0, restart), "election safety", 8},
		{"raft blind-vote", raftWith("blind-vote", 2, 0, explore.Budget{}), "leader completeness", 9},
		{"raft figure-8", raftWith("figure-8", 4, 2, explore.Budget{}), "leader completeness", 31},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := explore.Search(c.model, explore.Config{})
			require.NoError(t, err)
			o := propertyOf(t, r, c.property)
			require.Equal(t, properties.Fail, o.Verdict)
			require.Len(t, moves(o.Path.Steps), c.steps)
		})
	}
}

// moves are the steps after all nodes have booted.
func moves(steps []explore.Step) []explore.Step {
	var after []explore.Step
	for _, s := range steps {
		if s.Kind != explore.StepBoot {
			after = append(after, s)
		}
	}
	return after
}

func raftWith(bug string, terms, underWay int, faults explore.Budget) explore.Model {
	return models.Raft(models.RaftConfig{MaxTerm: terms, UnderWay: underWay, Bug: bug}, faults)
}

// membersOfRaft is Raft of some servers of which one may be removed.
func membersOfRaft(bug string, servers, log int) explore.Model {
	return models.Raft(models.RaftConfig{Servers: servers, MaxTerm: 3, MaxLog: log, UnderWay: servers - 1, Changes: 1,
		Bug: bug}, explore.Budget{})
}

func TestAnEarlyChangeOfMembersIsFoundAmongAllStatesOfFourServers(t *testing.T) {
	if !*long {
		t.Skip("needs -explore.long")
	}
	r, err := explore.Search(membersOfRaft("early-change", 4, 2), explore.Config{Symmetry: true})
	require.NoError(t, err)
	o := propertyOf(t, r, "leader completeness")
	require.Equal(t, properties.Fail, o.Verdict)
	require.Len(t, moves(o.Path.Steps), 28)

	r, err = explore.Search(membersOfRaft("", 4, 2), explore.Config{Symmetry: true})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, r.Verdict)
	require.Equal(t, [3]uint64{7073486, 20690549, 59}, [3]uint64{r.Unique, r.Generated, uint64(r.Depth)})
}

// The bugs of Raft need what the claims about them say: without it they do no harm.
func TestBugsOfRaftAreNotReportedWhereTheyDoNoHarm(t *testing.T) {
	for name, m := range map[string]explore.Model{
		"vote-not-persisted without a restart": raftWith("vote-not-persisted", 1, 0, explore.Budget{Crashes: 1}),
		"blind-vote in one term":               raftWith("blind-vote", 1, 0, explore.Budget{}),
		"early-change of three servers":        membersOfRaft("early-change", 3, 1),
		"figure-8 in three terms":              raftWith("figure-8", 3, 2, explore.Budget{}),
	} {
		t.Run(name, func(t *testing.T) {
			r, err := explore.Search(m, explore.Config{})
			require.NoError(t, err)
			require.Equal(t, properties.Pass, r.Verdict)
		})
	}
}

func TestTwoPhaseCommitBlocksOnlyIfItsCoordinatorMayCrash(t *testing.T) {
	for crashes, verdict := range []properties.Verdict{properties.Pass, properties.Fail} {
		r, err := explore.Search(models.CommitCrash(2, crashes, ""), explore.Config{NoStop: true})
		require.NoError(t, err)
		require.Equal(t, verdict, propertyOf(t, r, "all decide").Verdict, "%d crashes", crashes)
		require.Equal(t, verdict, propertyOf(t, r, "nobody is blocked").Verdict, "%d crashes", crashes)
		require.Equal(t, properties.Pass, propertyOf(t, r, "consistent").Verdict)
	}
}

func TestARingElectsItsLowestCandidate(t *testing.T) {
	r, err := explore.Search(models.ChangRoberts(4), explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, propertyOf(t, r, "elected").Verdict)
	require.Equal(t, properties.Pass, propertyOf(t, r, "correct").Verdict)
}
