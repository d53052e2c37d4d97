package register_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/register"
	"phoenix/sim"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// one is a register under one key, as a sequential program.
var one = porcupine.Model{
	Init: func() any { return int64(0) },
	Step: func(value, in, out any) (bool, any) {
		call, result := in.(nodes.Invocation), out.(nodes.Result)
		if call.Kind == nodes.Read {
			return result.Value == value, value
		}
		return true, call.Value
	},
	Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[string][]porcupine.Operation{}
		for _, op := range all {
			key := op.Input.(nodes.Invocation).Key
			byKey[key] = append(byKey[key], op)
		}
		var parts [][]porcupine.Operation
		for i := range 2 {
			parts = append(parts, byKey[nodes.KeyName(i)])
		}
		return parts
	},
}

// history collects the operations of a world. What failed did not happen; what
// did not end, or was given up, may happen until the end of time, reads aside.
func history(w *sim.World) func() []porcupine.Operation {
	var ops []porcupine.Operation
	ended := map[uint64]string{}
	w.Observe(func(e *sim.Event) {
		switch e.Kind {
		case sim.Invoke:
			ops = append(ops, porcupine.Operation{Input: e.Value, Call: int64(e.Seq), Return: int64(sim.Forever), Output: nodes.Result{}})
		case sim.Return:
			ended[e.ID] = e.Name
			if e.Name == nodes.OutcomeOK {
				ops[e.ID-1].Return, ops[e.ID-1].Output = int64(e.Seq), e.Value
			}
		}
	})
	return func() []porcupine.Operation {
		var kept []porcupine.Operation
		for i, op := range ops {
			outcome := ended[uint64(i)+1]
			unknown := outcome != nodes.OutcomeOK && outcome != nodes.OutcomeFail
			if outcome == nodes.OutcomeOK || unknown && op.Input.(nodes.Invocation).Kind != nodes.Read {
				op.ClientId = i // unknown outcomes overlap all that follows
				kept = append(kept, op)
			}
		}
		return kept
	}
}

// outcome is what came of a storm.
type outcome struct {
	linearizable bool
	ok           int // operations that ended well
	digest       sim.Digest
}

// storm runs five servers and five clients in bad weather, in which two servers
// crash once and come back.
func storm(seed uint64, boot func(register.Config) network.Boot, bug register.Bug) outcome {
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	percent := network.ProbOf(0.03)
	n := network.New(w, network.Config{CheckMutation: true, Link: network.Link{
		Delay: network.Exponential(8 * ms), Loss: percent, Duplicate: 3 * percent, Reorder: 2 * percent,
	}})
	servers := []network.ID{0, 1, 2, 3, 4}
	load := nodes.Workload{Operations: 25, Keys: 2, Reads: network.ProbOf(0.5), Think: network.Exponential(15 * ms)}
	b := boot(register.Config{Servers: servers, Bug: bug})
	for i := range servers {
		n.Add(fmt.Sprintf("s%d", i), b)
	}
	for i := range servers {
		n.Add(fmt.Sprintf("c%d", i), nodes.Client(nodes.ClientConfig{
			Servers: servers, Home: i, Script: load.Script(w.Key("workload"), i, len(servers)), Timeout: 300 * ms,
		}))
	}
	draw := w.Key("weather").Rand()
	for _, victim := range draw.Perm(5)[:2] {
		at := sim.Time(draw.Int64N(int64(time.Second)))
		w.At(at, w.Host(network.ID(victim)).Crash)
		w.At(at.Add(time.Duration(draw.Int64N(int64(100*ms)))), w.Host(network.ID(victim)).Restart)
	}
	for i := range 3 {
		w.At(sim.Time(i)*sim.Time(400*ms), func() { split(w, n, draw, servers) })
	}
	recorded := history(w)
	w.RunFor(20 * time.Second)
	if len(w.Findings()) > 0 {
		panic(w.Findings()[0].String())
	}
	ops := recorded()
	o := outcome{linearizable: porcupine.CheckOperations(one, ops), digest: w.Digest()}
	for _, op := range ops {
		if op.Return < int64(sim.Forever) {
			o.ok++
		}
	}
	return o
}

// split cuts the servers in two for a while.
func split(w *sim.World, n *network.Network, draw *rand.Rand, servers []network.ID) {
	order := draw.Perm(len(servers))
	at := 1 + draw.IntN(2)
	var a, b []network.ID
	for i, s := range order {
		if i < at {
			a = append(a, servers[s])
		} else {
			b = append(b, servers[s])
		}
	}
	p := n.Partition(fmt.Sprint("split ", w.Now()), network.Complete(a, b))
	w.At(w.Now().Add(time.Duration(draw.Int64N(int64(350*ms)))), p.Heal)
}

func TestABDIsLinearizableInBadWeather(t *testing.T) {
	total := 0
	for seed := range uint64(200) {
		o := storm(seed, register.ABD, register.NoBug)
		require.True(t, o.linearizable, "seed %d", seed)
		total += o.ok
	}
	require.Greater(t, total, 200*100, "of 125 operations of a run, the greater part ends well")
}

// NoWriteBack takes thousands of seeds here: it has a script of its own, see
// TestWithoutWriteBackALaterReadSeesAnOlderValue.
func TestBadWeatherBringsPlantedBugsToLight(t *testing.T) {
	for _, planted := range []struct {
		boot  func(register.Config) network.Boot
		bug   register.Bug
		seeds uint64 // enough, with some to spare
	}{
		{register.SingleCopy, register.NoBug, 5},
		{register.PrimaryBackup, register.NoBug, 20},
		{register.ABD, register.RecordOverwrites, 20},
		{register.ABD, register.LocalSequence, 200},
		{register.ABD, register.AmnesiacVotes, 1000},
	} {
		found := false
		for seed := uint64(0); seed < planted.seeds && !found; seed++ {
			found = !storm(seed, planted.boot, planted.bug).linearizable
		}
		require.True(t, found, "%v in %d seeds", planted.bug, planted.seeds)
	}
}

func TestAStormIsTheSameTwice(t *testing.T) {
	for _, boot := range []func(register.Config) network.Boot{register.SingleCopy, register.PrimaryBackup, register.ABD} {
		for seed := range uint64(5) {
			require.Equal(t, storm(seed, boot, register.NoBug), storm(seed, boot, register.NoBug))
		}
	}
}
