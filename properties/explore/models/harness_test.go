package models_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
	"phoenix/properties/linear"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// bugs are the mistakes that breadth-first search finds, and in how many steps at least.
var bugs = []struct {
	model, bug       string
	clients, servers int
	steps            int
	why              string
}{
	{"single-copy", "", 1, 2, 4, "read of x returned nil after 65 was acknowledged"},
	{"single-copy", "", 2, 2, 4, "read of x returned nil after 65 was acknowledged"},
	{"paxos", "ignores-prepared", 2, 3, 17, "read of x returned 65 after 66 was acknowledged"},
	{"paxos", "accept-any-ballot", 2, 3, 17, "read of x returned 66 after an earlier read had returned the newer 65"},
	{"paxos", "promise-lower", 2, 3, 17, "read of x returned 66 after 65 was acknowledged"},
	{"primary-backup", "ack-before-replicate", 1, 2, 4, "read of x returned nil after 65 was acknowledged"},
	{"primary-backup", "read-at-backup", 3, 2, 14,
		"read of x returned 66 after an earlier read had returned the newer 67"},
}

func TestBugsOfRegistersAreFoundInTheFewestSteps(t *testing.T) {
	for _, b := range bugs {
		h := models.Harness{Clients: b.clients, Servers: b.servers, Bug: b.bug}
		r, err := explore.Search(protocols[b.model](h), explore.Config{})
		require.NoError(t, err)
		require.Equal(t, properties.Fail, r.Verdict, "%+v", b)
		o := propertyOf(t, r, models.Linearizable)
		require.Equal(t, b.why, o.Detail, "%+v", b)
		require.Len(t, o.Path.Steps, b.steps, "%+v", b)
	}
}

// harmless are mistakes that do no harm in small clusters, with all states that there are.
var harmless = []struct {
	model, bug       string
	clients, servers int
	unique           uint64
	long             bool
}{
	{"paxos", "lowest-vote", 2, 3, 16668, false}, // there is no second vote to choose from
	{"paxos", "stale-accepted", 2, 3, 40145, false},
	{"abd", "record-overwrites", 2, 2, 724, false},
	{"abd", "no-write-back", 2, 2, 360, false},
	{"abd", "local-sequence", 2, 2, 536, false},
	{"abd", "no-write-back", 2, 3, 2433797, true},
	{"abd", "local-sequence", 2, 3, 35570818, true},
	{"primary-backup", "read-at-backup", 2, 2, 150, false},
}

func TestBugsThatDoNoHarmInSmallClustersAreNotReported(t *testing.T) {
	for _, b := range harmless {
		t.Run(fmt.Sprintf("%s %s %d clients %d servers", b.model, b.bug, b.clients, b.servers), func(t *testing.T) {
			if b.long && !*long {
				t.Skip("needs -explore.long")
			}
			h := models.Harness{Clients: b.clients, Servers: b.servers, Bug: b.bug}
			r, err := explore.Search(protocols[b.model](h), explore.Config{Order: explore.DepthFirst})
			require.NoError(t, err)
			require.Equal(t, properties.Pass, r.Verdict)
			require.Equal(t, b.unique, r.Unique)
		})
	}
}

func TestBugsThatNeedManyStatesAreFound(t *testing.T) {
	if !*long {
		t.Skip("needs -explore.long")
	}
	r, err := explore.Search(models.Paxos(models.Harness{Clients: 3, Servers: 3, Bug: "lowest-vote"}), explore.Config{})
	require.NoError(t, err)
	o := propertyOf(t, r, models.Linearizable)
	require.Equal(t, properties.Fail, o.Verdict)
	require.Len(t, o.Path.Steps, 19)

	h := models.Harness{Clients: 2, Servers: 3, Bug: "record-overwrites"}
	r, err = explore.Search(models.ABD(h), explore.Config{Order: explore.DepthFirst})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, propertyOf(t, r, models.Linearizable).Verdict)
}

// Nearly all states that there are lie before the violation: 41 million without the bug.
func TestABDWhoseRecordsOverwriteFailsInTwentyFourStepsAtLeast(t *testing.T) {
	if !*huge {
		t.Skip("needs -explore.huge")
	}
	m := models.ABD(models.Harness{Clients: 2, Servers: 3, Bug: "record-overwrites"})
	r, err := explore.Search(m, explore.Config{Workers: 4})
	require.NoError(t, err)
	o := propertyOf(t, r, models.Linearizable)
	require.Equal(t, properties.Fail, o.Verdict)
	require.Equal(t, "read of x returned 65 after 66 was acknowledged", o.Detail)
	require.Len(t, moves(o.Path.Steps), 24)
	require.Equal(t, [3]uint64{38596659, 134463689, 25}, [3]uint64{r.Unique, r.Generated, uint64(r.Depth)})
}

func TestEveryBugIsNamedAndPhrased(t *testing.T) {
	lists := map[string][]models.Bug{"paxos": models.PaxosBugs(), "abd": models.ABDBugs(),
		"primary-backup": models.PrimaryBackupBugs()}
	for name, list := range lists {
		for _, b := range list {
			require.NotEmpty(t, b.Wrong)
			require.NotPanics(t, func() { protocols[name](models.Harness{Clients: 1, Servers: 3, Bug: b.Name}) })
		}
	}
}

func TestAHarnessThatMakesNoSensePanics(t *testing.T) {
	require.PanicsWithValue(t, `models: paxos has no bug "typo"`,
		func() { models.Paxos(models.Harness{Servers: 3, Bug: "typo"}) })
	require.PanicsWithValue(t, "models: abd with 0 servers, expected at least 1",
		func() { models.ABD(models.Harness{Clients: 1}) })
}

func TestWithoutAHistoryThereAreFewerStatesAndNothingToLinearize(t *testing.T) {
	h := models.Harness{Clients: 2, Servers: 2, NoHistory: true}
	m := models.SingleCopy(h)
	require.Nil(t, m.Observe)
	r, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, r.Verdict)
	require.Len(t, r.Outcomes, 1)
	require.Less(t, r.Unique, uint64(62))
}

func TestAValueIsChosenSometimesUnlessNobodyCanAnswer(t *testing.T) {
	for name, model := range protocols {
		r, err := explore.Search(model(models.Harness{Clients: 1, Servers: 3, NoHistory: true}), explore.Config{})
		require.NoError(t, err)
		want := properties.Pass
		if name == "single-copy" {
			want = properties.Inconclusive // it reads at another server than it wrote at
		}
		require.Equal(t, want, propertyOf(t, r, models.ValueChosen).Verdict, name)
	}
}

func propertyOf(t *testing.T, r explore.Result, name string) explore.Outcome {
	t.Helper()
	for _, o := range r.Outcomes {
		if o.Name == name {
			return o
		}
	}
	require.Fail(t, "no property "+name)
	return explore.Outcome{}
}

// run runs the nodes of a model in a world with random delays, and returns what package
// linear and the model's own observer and property say of it.
func run(t *testing.T, m explore.Model, seed uint64) (judged linear.Result, seen *explore.History) {
	t.Helper()
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	link := network.Link{Delay: network.Uniform(time.Millisecond, 20*time.Millisecond)}
	n := network.New(w, network.Config{Link: link, CheckMutation: true})
	for _, node := range m.Nodes {
		n.Add(node.Name, node.Boot)
	}
	watcher := linear.Watch(w)
	seen = m.Observe().(*explore.History)
	w.Observe(func(e *sim.Event) {
		seen.Observe(&explore.Told{Kind: e.Kind, Node: e.Host, Op: e.ID, Name: e.Name, Value: e.Value})
	})
	w.Run(sim.Limit{Until: sim.Time(time.Minute)})
	require.Empty(t, w.Findings())
	judged, err := watcher.Check(context.Background(), linear.Options{})
	require.NoError(t, err)
	return judged, seen
}

func TestTheSameNodesRunInAWorld(t *testing.T) {
	for name, model := range protocols {
		servers := 3
		if name == "single-copy" {
			servers = 1
		}
		completed, overlapped := 0, 0
		for seed := range uint64(50) {
			judged, seen := run(t, model(models.Harness{Clients: 3, Servers: servers}), seed)
			require.Equal(t, properties.Pass, judged.Verdict, "%s, seed %d: %s", name, seed, judged.Explanation)
			require.NoError(t, seen.Check())
			overlapped += judged.Overlapping
			completed += strings.Count(seen.String(), "ok") + strings.Count(seen.String(), "read x 6")
		}
		require.Greater(t, completed, 50, name)
		// Of Paxos one client is answered at most, and it overlaps with nobody who is.
		require.Equal(t, name != "paxos", overlapped > 0, name)
	}
}

func TestWorldsMeetTheBugsToo(t *testing.T) {
	planted := map[string]string{"single-copy": "", "primary-backup": "ack-before-replicate", "abd": "record-overwrites"}
	met := map[string]bool{}
	for name, bug := range planted {
		for seed := range uint64(50) {
			judged, seen := run(t, protocols[name](models.Harness{Clients: 2, Servers: 3, Bug: bug}), seed)
			require.Equal(t, judged.Verdict == properties.Pass, seen.Check() == nil, "%s, seed %d", name, seed)
			met[name] = met[name] || judged.Verdict == properties.Fail
		}
	}
	require.Equal(t, map[string]bool{"single-copy": true, "primary-backup": true, "abd": true}, met)
}
