package election_test

import (
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes/election"
	"phoenix/sim"
	"phoenix/sim/disk"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

// calm is when the faults of a storm are over.
const calm = 3 * time.Second

// outcome is what came of a storm.
type outcome struct {
	twice, settled error
	terms          int // that had a leader
	digest         sim.Digest
}

// storm has servers elect a leader while hosts crash, pause and drift, disks fail and
// the network loses, doubles and holds back messages, in some worlds for as long as a
// timeout; then all is well again.
func storm(seed uint64, servers int, bug election.Bug) outcome {
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	n := network.New(w, network.Config{
		CheckMutation: true,
		Link: network.Link{
			Delay: network.Exponential([]time.Duration{5 * ms, 80 * ms, 160 * ms}[w.Key("delay").Below(3)]),
			Loss:  network.ProbOf(0.05), Duplicate: network.ProbOf(0.1), Reorder: network.ProbOf(0.1),
		},
		Disk: disk.Config{Sync: disk.Latency{Min: ms, Max: 4 * ms}},
	})
	cfg := election.Config{Bug: bug}
	for i := range servers {
		cfg.Servers = append(cfg.Servers, network.ID(i))
	}
	for i := range servers {
		n.Add(fmt.Sprintf("s%d", i), election.Server(cfg))
	}
	m := election.Watch(w, cfg.Servers)
	for _, h := range w.Hosts() {
		key := w.Key("weather").Sub(h.Name())
		h.SetDrift(int64(key.Sub("drift").Below(3)-1) * 50_000_000)
		for i := range uint64(4) {
			spell(w, key.Sub("crash").Num(i), 60*ms, func() func() { h.Crash(); return h.Restart })
		}
		spell(w, key.Sub("pause"), 400*ms, func() func() { h.Pause(); return h.Resume })
		n.Disk(h.ID()).Inject(disk.Fault{Kind: disk.Torn, Prob: sim.ProbOf(0.5)})
		spell(w, key.Sub("fail"), 100*ms, func() func() { return fail(n, h) })
	}
	for i := range uint64(5) {
		k := w.Key("split").Num(i)
		order := k.Sub("order").Rand().Perm(servers)
		at := 1 + k.Sub("size").Below(servers-1)
		spell(w, k, 600*ms, func() func() {
			return n.Partition(fmt.Sprint("split ", i), network.Complete(ids(order[:at]), ids(order[at:]))).Heal
		})
	}
	w.At(sim.Time(calm), func() {
		for _, from := range cfg.Servers {
			for _, to := range cfg.Servers {
				n.SetLink(from, to, network.Link{Delay: network.Exponential(5 * ms)})
			}
		}
	})
	end := w.Run(sim.Limit{Until: sim.Time(calm + 10*time.Second), Stop: func() bool {
		return m.AtMostOneLeader() != nil || w.Now() > sim.Time(calm+700*ms) && m.Settled() == nil
	}})
	if end == sim.Panicked {
		panic(w.Findings()[0].String())
	}
	return outcome{m.AtMostOneLeader(), m.Settled(), m.Terms(), w.Digest()}
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

func ids(places []int) []network.ID {
	var all []network.ID
	for _, i := range places {
		all = append(all, network.ID(i))
	}
	return all
}

func TestNoTermHasTwoLeadersAndInTheEndAllFollowOne(t *testing.T) {
	terms := 0
	for seed := range uint64(300) {
		for _, servers := range []int{3, 5} {
			o := storm(seed, servers, election.NoBug)
			require.NoError(t, o.twice, "seed %d", seed)
			require.NoError(t, o.settled, "seed %d", seed)
			terms += o.terms
		}
	}
	require.Greater(t, terms, 2*300*3, "leadership goes over")
}

func TestEveryBugPlantedInTheElectionIsFound(t *testing.T) {
	const seeds = 50 // the correct form passes these: see above
	found := map[string]uint64{}
	for _, bug := range election.Bugs() {
		for seed := range uint64(seeds) {
			if storm(seed, 5, bug).twice != nil {
				found[string(bug)] = seed
				break
			}
		}
	}
	require.Equal(t, map[string]uint64{
		"forgets-vote": 13, "votes-by-message": 2, "half-is-enough": 1, "stale-term": 0,
	}, found)
}

func TestAStormIsTheSameTwice(t *testing.T) {
	for _, bug := range append(election.Bugs(), election.NoBug) {
		require.Equal(t, storm(7, 5, bug), storm(7, 5, bug))
	}
}
