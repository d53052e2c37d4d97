package models_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"phoenix/properties/explore"
	"phoenix/properties/explore/models"

	"github.com/stretchr/testify/require"
)

// asleep are steps taken with sleep sets, and those left out.
var asleep = []struct {
	model            string
	clients, servers int
	network          explore.Semantics
	faults           explore.Budget
	generated, left  uint64
	long             bool
}{
	{"single-copy", 3, 2, nonDuplicating, explore.Budget{}, 3037, 1048, false},
	{"single-copy", 4, 2, nonDuplicating, explore.Budget{}, 314109, 126868, true},
	{"paxos", 1, 3, nonDuplicating, explore.Budget{}, 267, 215, false},
	{"paxos", 2, 3, nonDuplicating, explore.Budget{}, 16747, 16224, false},
	{"paxos", 2, 3, ordered, explore.Budget{}, 45492, 64724, false},
	{"paxos", 1, 3, nonDuplicating, explore.Budget{Crashes: 1, Drops: 1, Duplicates: 1}, 98548, 164696, false},
	{"paxos", 3, 3, nonDuplicating, explore.Budget{}, 1203421, 1217056, true},
	{"abd", 2, 2, nonDuplicating, explore.Budget{}, 720, 155, false},
	{"abd", 3, 2, nonDuplicating, explore.Budget{}, 46635, 21480, false},
	{"abd", 3, 2, ordered, explore.Budget{}, 54874, 27420, false},
	{"primary-backup", 3, 2, nonDuplicating, explore.Budget{}, 12690, 5836, false},
	{"primary-backup", 2, 2, ordered, explore.Budget{}, 174, 54, false},
}

func TestCountsWithSleepSetsArePinned(t *testing.T) {
	for _, c := range asleep {
		name := fmt.Sprintf("%s %d clients %d servers %v %v", c.model, c.clients, c.servers, c.network, c.faults.Crashes)
		t.Run(name, func(t *testing.T) {
			if c.long && !*long {
				t.Skip("needs -explore.long")
			}
			h := models.Harness{Clients: c.clients, Servers: c.servers, Network: c.network, Faults: c.faults}
			left := agreesAsleep(t, protocols[c.model](h), explore.Config{NoStop: true}, 1, 2, 3, 4)
			require.Equal(t, [2]uint64{c.generated, c.left}, left)
		})
	}
}

// agreesAsleep searches a model with sleep sets, by several numbers of workers: all that is
// found is what a search without finds. It returns the steps taken, and those left out.
func agreesAsleep(t *testing.T, m explore.Model, cfg explore.Config, workers ...int) (counts [2]uint64) {
	t.Helper()
	full, err := explore.Search(m, cfg)
	require.NoError(t, err)
	cfg.SleepSets = true
	for i, n := range workers {
		cfg.Workers = n
		r, err := explore.Search(m, cfg)
		require.NoError(t, err)
		if i == 0 {
			counts = [2]uint64{r.Generated, r.Asleep}
		}
		require.Equal(t, counts, [2]uint64{r.Generated, r.Asleep})
		require.Equal(t, full.Generated, r.Generated+r.Asleep)
		require.Equal(t, found(t, full), found(t, r))
	}
	return counts
}

// found is all that a search reports, but for how many steps it took and the memory: counts
// and verdicts, and the steps of the counterexamples.
func found(t *testing.T, r explore.Result) string {
	r.Generated, r.Asleep, r.Bytes, r.SetBytes = 0, 0, 0, 0
	text, err := json.Marshal(r)
	require.NoError(t, err)
	for _, o := range r.Outcomes {
		if o.Path != nil {
			text = fmt.Append(text, "\n", o.Path.Lines())
		}
	}
	return string(text)
}

func TestSleepSetsFindTheBugsThatThereAreInTheFewestSteps(t *testing.T) {
	for _, b := range bugs {
		h := models.Harness{Clients: b.clients, Servers: b.servers, Bug: b.bug}
		agreesAsleep(t, protocols[b.model](h), explore.Config{}, 1, 3)
	}
	for _, b := range harmless {
		if !b.long {
			h := models.Harness{Clients: b.clients, Servers: b.servers, Bug: b.bug}
			agreesAsleep(t, protocols[b.model](h), explore.Config{}, 1, 3)
		}
	}
	agreesAsleep(t, raftWith("vote-not-persisted", 1, 0, explore.Budget{Crashes: 1, Restarts: 1}), explore.Config{}, 1, 3)
	slow := []string{"raft vote-not-persisted", "raft figure-8", "raft "}
	for _, e := range models.All() {
		for _, b := range append(e.Bugs, models.Bug{}) {
			if e.Name == "abd" && b.Name != "" {
				continue // 2 clients and 3 servers: too many states
			}
			m, err := e.Build(models.Params{Bug: b.Name})
			require.NoError(t, err)
			if name := e.Name + " " + b.Name; m.Within == nil && (*long || !slices.Contains(slow, name)) {
				t.Run(name, func(t *testing.T) { agreesAsleep(t, m, explore.Config{Examples: true}, 1, 3) })
			}
		}
	}
}

func TestSleepSetsLoseNoStatesOfSpecifications(t *testing.T) {
	for i, c := range specs {
		slow := c.long || c.model.Name == "increment" && c.size > 4 // nodes with many states
		if slow && !*long || c.model.Within != nil {
			continue
		}
		t.Run(fmt.Sprintf("%d %s of %d", i, c.model.Name, c.size), func(t *testing.T) {
			agreesAsleep(t, c.model, explore.Config{NoStop: true}, 1, 3)
		})
	}
}
