package logstore_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/logstore"
	"phoenix/nodes/nodetest"
	"phoenix/properties"
	"phoenix/sim"
	"phoenix/sim/disk"

	"github.com/stretchr/testify/require"
)

func TestTheStoreIsLinearizableAndGoesOnWheneverItCrashes(t *testing.T) {
	for name, with := range map[string]weather{
		"strict": strict, "ext4": ext4, "torn": strict.with(disk.Fault{Kind: disk.Torn}, disk.Fault{Kind: disk.Torn}),
	} {
		ok := 0
		for seed := range uint64(60) {
			o := storm(seed, with)
			require.Empty(t, o.found(), "%s, seed %d: %v", name, seed, o)
			require.Equal(t, properties.Pass, o.verdict)
			require.Zero(t, o.stops, "a torn tail is no reason to stop")
			ok += o.counts.OK
		}
		require.Greater(t, ok, 60*200, "of 243 operations the greater part ends well")
	}
}

// some strikes one operation or sector in ten, three times for a while.
func some(kind disk.FaultKind) []disk.Fault {
	f := disk.Fault{Kind: kind, Prob: network.ProbOf(0.1)}
	if kind == disk.Slow {
		f.Delay = 30 * ms
	}
	return []disk.Fault{f, f, f}
}

func TestTheStoreGoesOnAfterErrorsThatItsDiskReports(t *testing.T) {
	reported := []disk.FaultKind{disk.Full, disk.ReadError, disk.WriteError, disk.SyncError, disk.Slow, disk.Stall}
	for _, kind := range reported {
		for _, with := range []weather{strict, ext4} {
			effect := uint64(0)
			for seed := range uint64(20) {
				o := storm(seed, with.with(some(kind)...))
				require.Empty(t, o.found(), "%v, seed %d: %v", kind, seed, o)
				effect += o.effect
			}
			require.Positive(t, effect, kind)
		}
	}
}

// With a lost write in ten a record and its mark may both be lost, which nobody can
// notice: one in fifty is little enough.
func TestTheStoreRefusesWhatItsDiskHasDamagedAndGoesOnWhenItIsHealed(t *testing.T) {
	for _, kind := range []disk.FaultKind{disk.Rot, disk.Misdirected, disk.LostWrite, disk.LostRename} {
		faults := some(kind)
		if kind == disk.LostWrite {
			for i := range faults {
				faults[i].Prob = network.ProbOf(0.02)
			}
		}
		refused := 0
		for _, with := range []weather{strict, ext4} {
			for seed := range uint64(30) {
				o := storm(seed, with.with(faults...))
				require.Equal(t, properties.Pass, o.verdict, "%v, seed %d: %v", kind, seed, o)
				require.True(t, o.alive, "%v, seed %d: %v", kind, seed, o)
				if o.refused != nil {
					refused++
				}
			}
		}
		require.Positive(t, refused, kind)
	}
}

func TestEveryBugPlantedInTheStoreIsFound(t *testing.T) {
	rot := disk.Fault{Kind: disk.Rot, Prob: network.ProbOf(0.3)}
	rotten := strict.with(rot, rot, rot)
	rotten.keys = 20 // few writes are covered by later ones
	type discovery struct {
		seed uint64
		what string
	}
	found := map[string]discovery{}
	for _, bug := range logstore.Bugs() {
		with, what := strict, "history"
		switch bug {
		case logstore.NoChecksum, logstore.ReplayPastTorn:
			with = rotten // where the store should refuse
		case logstore.RenameBeforeSync:
			what = "refusal" // of what nothing has damaged
		}
		for seed := range uint64(60) {
			if got := storm(seed, with.on(bug)).found(); got == what {
				found[string(bug)] = discovery{seed, got}
				break
			}
			require.NotEqual(t, properties.Fail, storm(seed, with).verdict, "the store without its bug, seed %d", seed)
		}
	}
	require.Equal(t, map[string]discovery{
		"ack-before-sync": {2, "history"}, "rename-before-sync": {0, "refusal"}, "no-checksum": {8, "history"},
		"replay-past-torn": {9, "history"}, "retry-twice": {1, "history"}, "forgets-clients": {2, "history"},
	}, found)
}

// A rename over an older snapshot writes the content out on ext4, but not the first.
func TestExt4ForgivesARenameBeforeTheSyncButForTheFirst(t *testing.T) {
	refused := 0
	for seed := range uint64(60) {
		o := storm(seed, ext4.on(logstore.RenameBeforeSync))
		if o.refused != nil {
			require.ErrorContains(t, o.refused, "snapshot of 0 bytes")
			refused++
		}
	}
	require.Equal(t, 12, refused, "of 60")
}

func TestAStormIsTheSameTwice(t *testing.T) {
	for _, bug := range append(logstore.Bugs(), logstore.NoBug) {
		with := strict.with(some(disk.SyncError)...).on(bug)
		require.Equal(t, storm(7, with), storm(7, with))
	}
}

func store(bug logstore.Bug) nodetest.Store {
	return nodetest.Store{Name: "logstore", Servers: 1, CAS: true, Boot: func([]network.ID) network.Boot {
		return logstore.Server(logstore.Config{LogLimit: 500, Bug: bug})
	}}
}

func TestTheStoreKeepsTheRequestProtocol(t *testing.T) {
	nodetest.Conformance(t, store(logstore.NoBug))
}

func TestABugShowsWithoutFaultsOnlyIfItMissesCopies(t *testing.T) {
	for _, bug := range logstore.Bugs() {
		err := nodetest.Check(store(bug))
		if bug == logstore.RetryTwice {
			require.EqualError(t, err, "logstore: a request that arrives twice acts once: after a late copy of the put before: "+
				`read x was answered by "ok" 2, expected "ok" 3`)
			continue
		}
		require.NoError(t, err, bug)
	}
}

// told runs a store whose disk does a sync in 1 ms, with one client, and returns what
// the client receives. Requests are sent at times in milliseconds.
func told(t *testing.T, requests map[int]nodes.Request, arrange func(*sim.World, *sim.Host, *disk.Disk)) []string {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{Disk: disk.Config{Sync: disk.Latency{Min: ms, Max: ms}}})
	id := n.Add("store", logstore.Server(logstore.Config{}))
	var log []string
	n.Add("client", func(ep *network.Endpoint) network.Handler {
		for _, at := range slices.Sorted(maps.Keys(requests)) {
			ep.After(time.Duration(at)*ms, func() { ep.Send(id, requests[at]) })
		}
		return receiver(func(msg any) { log = append(log, w.Now().String()+" "+msg.(nodes.Reply).String()) })
	})
	arrange(w, w.Host(id), n.Disk(id))
	w.RunFor(time.Second)
	require.Empty(t, w.Findings())
	return log
}

type receiver func(msg any)

func (r receiver) Receive(_ network.ID, msg any) { r(msg) }

func TestAnAnswerComesWhenItIsDurableAndIsTheSameAfterACrash(t *testing.T) {
	got := told(t, map[int]nodes.Request{
		10: nodes.CompareAndSet(1, "x", 0, 5),
		11: nodes.CompareAndSet(1, "x", 0, 5), // a copy, before the answer
		30: nodes.CompareAndSet(1, "x", 0, 5), // after it
		40: nodes.CompareAndSet(1, "x", 0, 5), // and after a crash
		50: nodes.CompareAndSet(2, "x", 0, 6),
		70: nodes.CompareAndSet(2, "x", 0, 6),
		80: nodes.CompareAndSet(1, "x", 0, 5),
		90: nodes.Get(3, "x"),
	}, func(w *sim.World, store *sim.Host, d *disk.Disk) {
		for _, at := range []time.Duration{32, 62} {
			w.At(sim.Time(at*ms), func() { store.Crash(); store.Restart() })
		}
	})
	require.Equal(t, []string{
		"12ms #1 ok", "30ms #1 ok", "40ms #1 ok", "52ms #2 cas failed 5", "70ms #2 cas failed 5", "90ms #3 ok 5",
	}, got)
}

func TestAReadWaitsForWhatItHasSeen(t *testing.T) {
	got := told(t, map[int]nodes.Request{10: nodes.Put(1, "x", 5), 11: nodes.Get(2, "x"), 20: nodes.Get(3, "x")},
		func(*sim.World, *sim.Host, *disk.Disk) {})
	require.Equal(t, []string{"12ms #1 ok", "12ms #2 ok 5", "20ms #3 ok 5"}, got)
}

func TestAStoreThatCrashedInTheMiddleOfASyncForgetsWhatItDidNotAnswer(t *testing.T) {
	got := told(t, map[int]nodes.Request{10: nodes.Put(1, "x", 5), 30: nodes.Get(2, "x")},
		func(w *sim.World, store *sim.Host, d *disk.Disk) {
			d.OnCrash(disk.KeepNothing)
			w.At(sim.Time(10*ms+ms/2), func() { store.Crash(); store.Restart() })
		})
	require.Equal(t, []string{"30ms #2 ok"}, got)
}
