package commit_test

import (
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/commit"
	"phoenix/sim"
	"phoenix/sim/disk"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

// calm is when the faults of a storm are over.
const calm = 2 * time.Second

// outcome is what came of a storm.
type outcome struct {
	split, settled error
	committed      int
	digest         sim.Digest
}

// storm has three clients submit transactions to a coordinator and three
// participants while these crash, pause and drift, disks fail and the network does
// what networks do; then all is well again.
func storm(seed uint64, bug commit.Bug) outcome {
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	n := network.New(w, network.Config{
		CheckMutation: true,
		Link: network.Link{
			Delay: network.Exponential(4 * ms), Loss: network.ProbOf(0.05), Duplicate: network.ProbOf(0.05),
			Reorder: network.ProbOf(0.05),
		},
		Disk: disk.Config{Sync: disk.Latency{Min: ms, Max: 6 * ms}},
	})
	cfg := commit.Config{Coordinator: 0, Participants: []network.ID{1, 2, 3}, Refuse: sim.ProbOf(0.1), Bug: bug}
	n.Add("coordinator", commit.Coordinator(cfg))
	for i := range cfg.Participants {
		n.Add(fmt.Sprintf("p%d", i+1), commit.Participant(cfg))
	}
	servers := w.Hosts()
	load := nodes.Workload{Operations: 20, Think: network.Exponential(20 * ms)}
	for i := range 3 {
		n.Add(fmt.Sprintf("c%d", i+1), nodes.Client(nodes.ClientConfig{
			Servers: []network.ID{cfg.Coordinator}, Script: load.Script(w.Key("workload"), i, 3),
			Timeout: 300 * ms, Retransmit: 100 * ms,
		}))
	}
	m := commit.Watch(w, cfg)
	for _, h := range servers {
		key := w.Key("weather").Sub(h.Name())
		h.SetDrift(int64(key.Sub("drift").Below(3)-1) * 50_000_000)
		for i := range uint64(2) {
			spell(w, key.Sub("crash").Num(i), 300*ms, func() func() { h.Crash(); return h.Restart })
			spell(w, key.Sub("pause").Num(i), 300*ms, func() func() { h.Pause(); return h.Resume })
		}
		n.Disk(h.ID()).Inject(disk.Fault{Kind: disk.Torn, Prob: sim.ProbOf(0.5)})
		spell(w, key.Sub("fail"), 100*ms, func() func() { return fail(n, h) })
	}
	for i := range uint64(3) {
		k := w.Key("split").Num(i)
		victim := network.ID(k.Sub("victim").Below(4))
		spell(w, k, 500*ms, func() func() {
			return n.Partition(fmt.Sprint("split ", i), network.Complete([]network.ID{victim}, others(victim))).Heal
		})
	}
	end := w.Run(sim.Limit{Until: sim.Time(calm + 10*time.Second), Stop: func() bool { return m.Agreement() != nil }})
	if end == sim.Panicked {
		panic(w.Findings()[0].String())
	}
	return outcome{m.Agreement(), m.Settled(), m.Committed(), w.Digest()}
}

// fail has syncs of a disk fail, until somebody restarts its node.
func fail(n *network.Network, h *sim.Host) func() {
	fault := n.Disk(h.ID()).Inject(disk.Fault{Kind: disk.SyncError, Prob: sim.ProbOf(0.3)})
	return func() {
		fault.End()
		h.Crash()
		h.Restart()
	}
}

// spell begins something at a time that it draws, and ends it within most.
func spell(w *sim.World, key sim.Key, most time.Duration, begin func() func()) {
	at := time.Duration(key.Sub("at").Below(int(calm - most)))
	w.At(sim.Time(at), func() {
		w.At(w.Now().Add(time.Duration(key.Sub("for").Below(int(most)))), begin())
	})
}

func others(id network.ID) []network.ID {
	var all []network.ID
	for other := range network.ID(4) {
		if other != id {
			all = append(all, other)
		}
	}
	return all
}

func TestTransactionsEndTheSameForAllAndAllEnd(t *testing.T) {
	done := 0
	for seed := range uint64(300) {
		o := storm(seed, commit.NoBug)
		require.NoError(t, o.split, "seed %d", seed)
		require.NoError(t, o.settled, "seed %d", seed)
		done += o.committed
	}
	require.Greater(t, done, 300*20, "of 60 transactions of a run, a good part is committed")
}

func TestEveryBugPlantedInTheCommitIsFound(t *testing.T) {
	const seeds = 50 // the correct form passes these: see above
	found := map[string]uint64{}
	for _, bug := range commit.Bugs() {
		for seed := range uint64(seeds) {
			if storm(seed, bug).split != nil {
				found[string(bug)] = seed
				break
			}
		}
	}
	require.Equal(t, map[string]uint64{
		"lost-decision": 1, "unilateral-abort": 1, "presumed-commit": 0, "forgets-prepare": 3,
	}, found)
}

func TestAStormIsTheSameTwice(t *testing.T) {
	for _, bug := range append(commit.Bugs(), commit.NoBug) {
		require.Equal(t, storm(7, bug), storm(7, bug))
	}
}
