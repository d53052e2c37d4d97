package register_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/nodetest"
	"phoenix/nodes/register"
	"phoenix/properties"
	"phoenix/properties/linear"
	"phoenix/sim"
	"phoenix/sim/disk"

	"github.com/stretchr/testify/require"
)

// blackouts says what a cluster with disks suffers.
type blackouts struct {
	servers int
	limit   int // of the log in bytes; at 1 every batch is a snapshot
	disk    disk.Config
	all     bool // servers crash all at once, else each by itself
	bug     register.Bug
	faults  []disk.Fault // of every disk, for a while
}

// result is what came of it.
type result struct {
	verdict properties.Verdict
	counts  linear.Counts
	alive   bool // in the end every server answered a write and a read
	digest  sim.Digest
}

// suffer has five clients work while every server crashes three times, and the
// network loses, doubles and reorders; then probes ask until they are answered.
func suffer(seed uint64, with blackouts) result {
	const calm = 1200 * ms
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	n := network.New(w, network.Config{CheckMutation: true, Disk: with.disk, Link: network.Link{
		Delay: network.Exponential(4 * ms), Loss: network.ProbOf(0.03), Duplicate: network.ProbOf(0.1),
		Reorder: network.ProbOf(0.05), ReorderBy: network.Uniform(0, 60*ms),
	}})
	var servers []network.ID
	for i := range with.servers {
		servers = append(servers, network.ID(i))
	}
	boot := register.ABD(register.Config{Servers: servers, Durable: true, LogLimit: with.limit, Bug: with.bug})
	for i := range servers {
		n.Add(fmt.Sprintf("s%d", i), boot)
	}
	load := nodes.Workload{Operations: 30, Keys: 2, Reads: network.ProbOf(0.5), Think: network.Exponential(10 * ms)}
	for i := range 5 {
		n.Add(fmt.Sprintf("c%d", i), nodes.Client(nodes.ClientConfig{
			Servers: servers, Home: i, Script: load.Script(w.Key("workload"), i, 5), Timeout: 200 * ms, Retransmit: 40 * ms,
		}))
	}
	probes := map[network.ID]bool{}
	for i := range servers {
		probes[n.Add(fmt.Sprintf("p%d", i), nodes.Client(nodes.ClientConfig{
			Servers: servers[i : i+1], Start: calm + 100*ms, Persist: true, Timeout: 500 * ms,
			Script: []nodes.Op{{Kind: nodes.Write, Key: fmt.Sprint("p", i), Value: 1}, {Key: "x"}, {Key: "y"}},
		}))] = true
	}
	for i := range uint64(3) {
		for _, id := range servers {
			key := w.Key("blackout").Num(i)
			if !with.all {
				key = key.Sub(w.HostName(id))
			}
			at := sim.Time(50*ms) + sim.Time(key.Sub("at").Below(int(calm-200*ms)))
			w.At(at, w.Host(id).Crash)
			w.At(at.Add(time.Duration(key.Sub(w.HostName(id)).Sub("for").Below(int(50*ms)))), w.Host(id).Restart)
		}
	}
	for i, f := range with.faults {
		for _, id := range servers {
			f.Name = fmt.Sprint(i)
			at := sim.Time(w.Key("trouble").Num(uint64(i)).Sub(w.HostName(id)).Below(int(calm - 300*ms)))
			w.At(at, func() { w.At(at.Add(200*ms), n.Disk(id).Inject(f).Heal) })
		}
	}
	watcher, answers := linear.Watch(w), 0
	w.Observe(func(e *sim.Event) {
		if e.Kind == sim.Return && probes[e.Host] && e.Name == nodes.OutcomeOK {
			answers++
		}
	})
	w.RunFor(20 * time.Second)
	if len(w.Findings()) > 0 {
		panic(w.Findings()[0].String())
	}
	history, err := watcher.History()
	if err != nil {
		panic(err)
	}
	checked, err := linear.Check(context.Background(), history, linear.Options{})
	if err != nil {
		panic(err)
	}
	return result{checked.Verdict, watcher.Counts(), answers == 3*len(servers), w.Digest()}
}

var (
	strictDisks = disk.Config{Sync: disk.Latency{Max: 5 * ms}, Write: disk.Latency{Max: ms}}
	ext4Disks   = disk.Config{Model: disk.Ext4, Sync: disk.Latency{Max: 5 * ms}}
)

func TestDurableABDIsLinearizableAndGoesOnWheneverServersCrash(t *testing.T) {
	for _, disks := range []disk.Config{strictDisks, ext4Disks} {
		for _, servers := range []int{1, 3, 5} {
			ok := 0
			for seed := range uint64(10) {
				for _, with := range []blackouts{{limit: 1}, {limit: 700}, {limit: 1, all: true}, {limit: 700, all: true}} {
					with.servers, with.disk = servers, disks
					r := suffer(seed, with)
					require.Equal(t, properties.Pass, r.verdict, "seed %d, %+v", seed, with)
					require.True(t, r.alive, "seed %d, %+v", seed, with)
					ok += r.counts.OK
				}
			}
			require.Greater(t, ok, 10*4*125, "of 150 operations the greater part ends well")
		}
	}
}

func TestDurableABDIsLinearizableOnDisksThatFail(t *testing.T) {
	for _, kind := range disk.FaultKinds() {
		f := disk.Fault{Kind: kind, Prob: network.ProbOf(0.02)}
		if kind == disk.Slow {
			f.Delay = 20 * ms
		}
		for seed := range uint64(10) {
			r := suffer(seed, blackouts{servers: 5, limit: 700, disk: strictDisks, faults: []disk.Fault{f, f}})
			require.Equal(t, properties.Pass, r.verdict, "%v, seed %d", kind, seed)
			require.True(t, r.alive, "%v, seed %d", kind, seed)
		}
	}
}

func TestAnAcknowledgementBeforeTheSyncIsFoundOutWhenServersCrashAtOnce(t *testing.T) {
	found := map[disk.Model]uint64{}
	for _, disks := range []disk.Config{strictDisks, ext4Disks} {
		for seed := range uint64(100) {
			with := blackouts{servers: 3, limit: 700, disk: disks, all: true, bug: register.AckBeforeSync}
			if suffer(seed, with).verdict == properties.Fail {
				found[disks.Model] = seed
				break
			}
		}
	}
	require.Equal(t, map[disk.Model]uint64{disk.Strict: 19, disk.Ext4: 41}, found)
}

func TestBlackoutsAreTheSameTwice(t *testing.T) {
	for seed := range uint64(3) {
		errors := disk.Fault{Kind: disk.SyncError, Prob: network.ProbOf(0.1)}
		with := blackouts{servers: 3, limit: 700, disk: strictDisks, faults: []disk.Fault{errors}}
		require.Equal(t, suffer(seed, with), suffer(seed, with))
	}
}

// durable is ABD on disks.
func durable(cfg register.Config) network.Boot {
	cfg.Durable = true
	return register.ABD(cfg)
}

func TestDurableABDKeepsTheRequestProtocol(t *testing.T) {
	for _, n := range []int{1, 3} {
		nodetest.Conformance(t, store("abd", n, durable, register.NoBug))
		require.NoError(t, nodetest.Check(store("abd", n, durable, register.AckBeforeSync)))
	}
}

// remembered has one of the two servers that know of a write crash and come back;
// meanwhile something happens to its disk.
func remembered(t *testing.T, bug register.Bug, meanwhile func(*disk.Disk)) *story {
	s := tell(t, 3, durable, bug,
		[]string{"write x 1"},
		nil,
		[]string{"after 30ms read x", "after 1s read x"})
	s.cutOff(0, 10, s.servers[2:], s.servers[:2])
	s.crash(15, 20, 1)
	s.at(17, func() { meanwhile(s.net.Disk(1)) })
	s.cut(15, 1500, 0, 2) // the first read asks servers 1 and 2
	return s
}

func TestADurableServerVotesAgain(t *testing.T) {
	remembered(t, register.NoBug, func(*disk.Disk) {}).ends("c0 write x 1: ok 1", "c2 read x: ok 1", "c2 read x: ok 1")
}

func TestAServerWhoseDiskWasWipedMustNotVote(t *testing.T) {
	remembered(t, register.AmnesiacVotes, (*disk.Disk).Wipe).
		ends("c0 write x 1: ok 1", "c2 read x: ok absent", "c2 read x: ok absent")
	remembered(t, register.NoBug, (*disk.Disk).Wipe).
		ends("c0 write x 1: ok 1", "c2 read x: info unknown", "c2 read x: ok 1")
}

func TestAServerWhoseDiskIsDamagedVotesWhenItIsHealed(t *testing.T) {
	var injected *disk.Injected
	rot := func(d *disk.Disk) { injected = d.Inject(disk.Fault{Kind: disk.Rot}) }
	remembered(t, register.NoBug, rot).ends("c0 write x 1: ok 1", "c2 read x: info unknown", "c2 read x: ok 1")
	s := remembered(t, register.NoBug, rot)
	s.at(200, func() { injected.Heal() })
	s.ends("c0 write x 1: ok 1", "c2 read x: ok 1", "c2 read x: ok 1")
}

func TestAllServersMayCrashAtOnce(t *testing.T) {
	snapshots := func(cfg register.Config) network.Boot {
		cfg.LogLimit = 1 // each record becomes part of a snapshot at once
		return durable(cfg)
	}
	for _, boot := range []func(register.Config) network.Boot{durable, snapshots} {
		s := tell(t, 3, boot, register.NoBug, []string{"write x 1", "after 30ms read x", "write x 2", "read x"})
		for _, id := range s.servers {
			s.crash(10, 15, id)
		}
		s.ends("c0 write x 1: ok 1", "c0 read x: ok 1", "c0 write x 2: ok 2", "c0 read x: ok 2")
	}
}

// A copy of a write that arrives after its durable server crashed does not act again;
// a later write through that server does.
func TestADurableServerServesNewWritesAfterACrashAndNoOldOnes(t *testing.T) {
	s := tell(t, 3, durable, register.NoBug, nil,
		[]string{"after 30ms write x 2", "after 20ms read x", "after 30ms read x"})
	answers := s.send(0, map[float64]nodes.Request{
		0: nodes.Put(1, "x", 1), 40: nodes.Put(1, "x", 1), 70: nodes.Put(2, "x", 3), 80: nodes.Put(1, "x", 1)})
	s.crash(20, 25, 0)
	s.ends("c1 write x 2: ok 2", "c1 read x: ok 2", "c1 read x: ok 3")
	require.Equal(t, []string{"#1 ok", "#1 unknown", "#2 ok"}, *answers)
}
