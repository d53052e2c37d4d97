package logstore_test

import (
	"context"
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/logstore"
	"phoenix/properties"
	"phoenix/properties/linear"
	"phoenix/sim"
	"phoenix/sim/disk"
)

const ms = time.Millisecond

// calm is when the faults of a storm are over.
const calm = 1500 * ms

// weather is what a storm is made of, beside crashes.
type weather struct {
	bug    logstore.Bug
	disk   disk.Config
	faults []disk.Fault // each in force for a while
	keys   int          // 0: 3
}

var (
	upTo4  = disk.Latency{Max: 4 * ms}
	strict = weather{disk: disk.Config{Sync: upTo4, Write: disk.Latency{Max: ms / 2}}}
	ext4   = weather{disk: disk.Config{Model: disk.Ext4, Sync: upTo4, Write: disk.Latency{Max: ms / 2}}}
)

// with returns the weather with more faults.
func (w weather) with(faults ...disk.Fault) weather {
	w.faults = append(w.faults[:len(w.faults):len(w.faults)], faults...)
	return w
}

// on returns the weather for a store with a bug.
func (w weather) on(bug logstore.Bug) weather {
	w.bug = bug
	return w
}

// outcome is what came of a storm.
type outcome struct {
	verdict properties.Verdict
	counts  linear.Counts
	refused error
	stops   int    // times that the store stopped
	alive   bool   // it answered in the end
	effect  uint64 // of the faults of the disk
	digest  sim.Digest
}

// found returns what a storm has brought to light.
func (o outcome) found() string {
	switch {
	case o.verdict == properties.Fail:
		return "history"
	case o.refused != nil:
		return "refusal"
	case !o.alive:
		return "silence"
	}
	return ""
}

// storm has four clients work on a store that crashes six times, on a network that
// loses, doubles and reorders; then a fifth asks for every key until it is answered.
func storm(seed uint64, with weather) outcome {
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	n := network.New(w, network.Config{CheckMutation: true, Disk: with.disk, Link: network.Link{
		Delay: network.Exponential(3 * ms), Loss: network.ProbOf(0.03), Duplicate: network.ProbOf(0.05),
		Reorder: network.ProbOf(0.03), ReorderBy: network.Uniform(0, 50*ms),
	}})
	store := n.Add("store", logstore.Server(logstore.Config{LogLimit: 1200, Bug: with.bug}))
	if with.keys == 0 {
		with.keys = 3
	}
	probe := populate(n, store, with.keys)
	host := w.Host(store)
	for i := range uint64(6) {
		key := w.Key("crash").Num(i)
		at := sim.Time(key.Sub("at").Below(int(calm - 100*ms)))
		w.At(at, host.Crash)
		w.At(at.Add(time.Duration(key.Sub("for").Below(int(60*ms)))), host.Restart)
	}
	faults := trouble(w, n.Disk(store), with.faults)
	watcher, monitor, answers := linear.Watch(w), logstore.Watch(w), 0
	w.Observe(func(e *sim.Event) {
		if e.Kind == sim.Return && e.Host == probe && e.Name == nodes.OutcomeOK {
			answers++
		}
	})
	w.RunFor(10 * time.Second)
	if len(w.Findings()) > 0 {
		panic(w.Findings()[0].String())
	}
	o := outcome{refused: monitor.Refused(), counts: watcher.Counts(), digest: w.Digest()}
	o.stops, _ = monitor.Stopped()
	for _, f := range *faults {
		o.effect += f.Effect
	}
	result, err := watcher.Check(context.Background(), linear.Options{Model: linear.CASRegister})
	if err != nil {
		panic(err)
	}
	o.verdict, o.alive = result.Verdict, answers == with.keys && o.counts.Ended() == o.counts.Invoked
	return o
}

// populate adds four clients and the probe, which it returns.
func populate(n *network.Network, store network.ID, keys int) network.ID {
	servers := []network.ID{store}
	load := nodes.Workload{Operations: 60, Keys: keys, Reads: network.ProbOf(0.4), CAS: network.ProbOf(0.3),
		Think: network.Exponential(8 * ms)}
	for i := range 4 {
		n.Add(fmt.Sprintf("c%d", i), nodes.Client(nodes.ClientConfig{
			Servers: servers, Script: load.Script(n.World().Key("workload"), i, 4), Timeout: 300 * ms, Retransmit: 20 * ms,
		}))
	}
	all := make([]nodes.Op, keys)
	for i := range all {
		all[i].Key = nodes.KeyName(i)
	}
	return n.Add("probe", nodes.Client(nodes.ClientConfig{
		Servers: servers, Script: all, Start: calm + 100*ms, Persist: true, Timeout: 200 * ms}))
}

// trouble injects the faults of the disk, each for a while, and undoes the damage in
// the end.
func trouble(w *sim.World, d *disk.Disk, faults []disk.Fault) *[]*disk.Injected {
	all := new([]*disk.Injected)
	for i, f := range faults {
		key := w.Key("trouble").Num(uint64(i))
		f.Name = fmt.Sprint(i)
		at := sim.Time(key.Sub("at").Below(int(calm - 400*ms)))
		w.At(at, func() {
			injected := d.Inject(f)
			*all = append(*all, injected)
			w.At(at.Add(time.Duration(key.Sub("for").Below(int(400*ms)))), injected.End)
		})
	}
	w.At(sim.Time(calm), d.HealMedium)
	return all
}
