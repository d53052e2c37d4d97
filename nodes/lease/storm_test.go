package lease_test

import (
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes/lease"
	"phoenix/sim"
	"phoenix/sim/disk"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

// calm is when the faults of a storm are over.
const calm = 3 * time.Second

// outcome is what came of a storm.
type outcome struct {
	exclusion, fencing, settled error
	held, refused               int // how often the lock was taken, and a write came too late
	digest                      sim.Digest
}

// storm has four clients want one lock while hosts crash, pause and drift as much as
// they may, wall clocks jump, disks fail and the network does what networks do; then
// all is well again.
func storm(seed uint64, bug lease.Bug) outcome {
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	n := network.New(w, network.Config{
		CheckMutation: true,
		Link: network.Link{
			Delay: network.Exponential(3 * ms), Loss: network.ProbOf(0.03), Duplicate: network.ProbOf(0.05),
			Reorder: network.ProbOf(0.05), ReorderBy: network.Uniform(0, 100*ms),
		},
		Disk: disk.Config{Sync: disk.Latency{Min: ms, Max: 4 * ms}},
	})
	cfg := lease.Config{Server: 0, Resource: 1, Lease: 150 * ms, Rounds: 6, Bug: bug}
	n.Add("server", lease.Server(cfg))
	n.Add("resource", lease.Resource(cfg))
	var clients []network.ID
	for i := range 4 {
		cfg.Writes = 2 + 3*i // the lease is long enough for some, and not for others
		clients = append(clients, n.Add(fmt.Sprintf("c%d", i), lease.Client(cfg, "x")))
	}
	m := lease.Watch(w, clients)
	for _, h := range w.Hosts() {
		weather(w, h)
	}
	for _, id := range []network.ID{cfg.Server, cfg.Resource} {
		n.Disk(id).Inject(disk.Fault{Kind: disk.Torn, Prob: sim.ProbOf(0.5)})
		spell(w, w.Key("fail").Num(uint64(id)), 100*ms, func() func() { return fail(n, w.Host(id)) })
	}
	for i := range uint64(3) {
		k := w.Key("split").Num(i)
		victim := network.ID(k.Sub("victim").Below(len(w.Hosts())))
		spell(w, k, 400*ms, func() func() {
			return n.Partition(fmt.Sprint("split ", i), network.Complete([]network.ID{victim}, others(w, victim))).Heal
		})
	}
	end := w.Run(sim.Limit{Until: sim.Time(calm + 20*time.Second), Stop: func() bool {
		return m.MutualExclusion() != nil || m.Fencing() != nil || w.Now() > sim.Time(calm+500*ms) && m.Settled() == nil
	}})
	if end == sim.Panicked {
		panic(w.Findings()[0].String())
	}
	return outcome{m.MutualExclusion(), m.Fencing(), m.Settled(), m.Held(), m.Refused(), w.Digest()}
}

// weather draws what happens to one host.
func weather(w *sim.World, h *sim.Host) {
	key := w.Key("weather").Sub(h.Name())
	h.SetDrift(int64(key.Sub("drift").Below(3)-1) * lease.DefaultDrift)
	for i := range uint64(2) {
		spell(w, key.Sub("crash").Num(i), 200*ms, func() func() { h.Crash(); return h.Restart })
		spell(w, key.Sub("pause").Num(i), 500*ms, func() func() { h.Pause(); return h.Resume })
		spell(w, key.Sub("jump").Num(i), ms, func() func() { h.Jump(-200 * ms); return func() {} })
	}
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

func others(w *sim.World, id network.ID) []network.ID {
	var all []network.ID
	for _, h := range w.Hosts() {
		if h.ID() != id {
			all = append(all, h.ID())
		}
	}
	return all
}

// found returns what a storm has brought to light.
func (o outcome) found() string {
	switch {
	case o.exclusion != nil:
		return "exclusion"
	case o.fencing != nil:
		return "fencing"
	}
	return ""
}

func TestLocksAreHeldByOneAndEverybodyGetsThemInTheEnd(t *testing.T) {
	held, refused := 0, 0
	for seed := range uint64(300) {
		o := storm(seed, lease.NoBug)
		require.NoError(t, o.exclusion, "seed %d", seed)
		require.NoError(t, o.fencing, "seed %d", seed)
		require.NoError(t, o.settled, "seed %d", seed)
		held += o.held
		refused += o.refused
	}
	require.Greater(t, held, 300*4*6, "some clients crash, and begin again")
	require.Greater(t, refused, 300, "fencing is needed")
}

func TestEveryBugPlantedInTheLeasesIsFound(t *testing.T) {
	const seeds = 50 // the correct form passes these: see above
	type discovery struct {
		seed uint64
		what string
	}
	found := map[string]discovery{}
	for _, bug := range lease.Bugs() {
		for seed := range uint64(seeds) {
			if what := storm(seed, bug).found(); what != "" {
				found[string(bug)] = discovery{seed, what}
				break
			}
		}
	}
	require.Equal(t, map[string]discovery{
		"no-drift-margin": {4, "exclusion"}, "wall-clock": {0, "exclusion"}, "no-fencing": {1, "fencing"},
		"stale-release": {0, "exclusion"}, "forgets-grant": {1, "exclusion"},
	}, found)
}

func TestAStormIsTheSameTwice(t *testing.T) {
	for _, bug := range append(lease.Bugs(), lease.NoBug) {
		require.Equal(t, storm(7, bug), storm(7, bug))
	}
}
