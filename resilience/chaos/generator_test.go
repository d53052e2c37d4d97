package chaos_test

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/resilience/chaos"
	"phoenix/sim"

	"pgregory.net/rapid"
)

// crew are whom the drawn faults can strike; some names need quotes.
var crew = []string{"a", "b", "c", "d", "e", "ring", "two words", "ü\n\"", "\xff"}

// others is whom they can name besides.
var others = chaos.Cast{
	Groups: map[string][]string{"servers": {"a", "b", "c", "d"}, "region:east": {"a", "ring"}},
	Roles:  map[string]func() []string{"role:leader": nil},
}

// randomTarget draws a target that Validate accepts.
func randomTarget(t *rapid.T, label string) chaos.Target {
	names := append([]string{"servers", "role:leader", "#3"}, crew...)
	target := chaos.Hosts(rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 4, rapid.ID).Draw(t, label)...)
	switch rapid.IntRange(0, 5).Draw(t, label+" how many") {
	case 0:
		target.Count = rapid.IntRange(1, 5).Draw(t, label+" count")
	case 1:
		target.Share = randomProb(t)
	}
	return target
}

func randomProb(t *rapid.T) sim.Prob {
	return rapid.OneOf(rapid.SampledFrom([]sim.Prob{1, sim.ProbOf(0.3), sim.Certain}),
		rapid.Custom(func(t *rapid.T) sim.Prob {
			return sim.Prob(rapid.Uint64Range(1, uint64(sim.Certain)).Draw(t, "p"))
		})).Draw(t, "prob")
}

func randomTime(t *rapid.T, label string, least, most time.Duration) time.Duration {
	return time.Duration(rapid.Int64Range(int64(least), int64(most)).Draw(t, label))
}

var delays = rapid.SampledFrom([]network.Delay{
	network.Constant(1), network.Uniform(0, time.Second), network.Exponential(time.Millisecond),
	network.LogNormal(time.Millisecond, 0.5), network.Empirical([]time.Duration{1, 2, 3}),
})

// randomFault draws a fault of a kind that Validate accepts; an End only if something is
// named "x" or otherwise as it says.
func randomFault(t *rapid.T, kind chaos.Kind) chaos.Fault {
	f := chaos.Fault{Kind: kind, At: randomTime(t, "at", 0, chaos.MaxTime)}
	lasts := rapid.Bool().Draw(t, "lasts")
	switch kind {
	case chaos.Crash:
		f.Mode = rapid.SampledFrom([]string{"", "some", "all", "nothing"}).Draw(t, "mode")
	case chaos.Restart:
		f.Mode, lasts = rapid.SampledFrom([]string{"", "wiped"}).Draw(t, "mode"), false
	case chaos.Resume:
		lasts = false
	case chaos.Slow:
		f.By = randomTime(t, "by", 1, network.MaxDelay)
	case chaos.Clock:
		f.Mode = rapid.SampledFrom([]string{"", "offset", "jump", "drift"}).Draw(t, "mode")
		lasts = lasts && f.Mode != "jump"
		if f.Mode == "drift" {
			f.N = rapid.Int64Range(1, 1e9).Draw(t, "n")
		} else {
			f.By = -randomTime(t, "by", 1, network.MaxDelay)
		}
	case chaos.Disk:
		randomDisk(t, &f)
	case chaos.Exhaust:
		f.Mode = rapid.SampledFrom([]string{"", "inbox", "bandwidth", "disk"}).Draw(t, "mode")
		f.N = rapid.Int64Range(1, 1e9).Draw(t, "n")
	case chaos.Byzantine:
		f.Mode = rapid.SampledFrom([]string{"", "equivocate", "lie", "silent", "replay", "corrupt"}).Draw(t, "mode")
		f.Prob = randomProb(t)
		if rapid.Bool().Draw(t, "some") {
			f.To = randomTarget(t, "to")
		}
	case chaos.Partition:
		randomPartition(t, &f)
	case chaos.Lose, chaos.Hold, chaos.Repeat:
		f.At, lasts = 0, false
		f.N, f.On, f.To = rapid.Int64Range(1, 1e15).Draw(t, "n"), chaos.Hosts("two words"), chaos.Hosts("#0")
		if kind != chaos.Lose {
			f.By = randomTime(t, "by", 1, network.MaxDelay)
		}
	case chaos.End:
		return chaos.Fault{Kind: chaos.End, At: chaos.MaxTime, Name: "x"}
	case chaos.Pause, chaos.Swizzle:
	default:
		randomLinks(t, &f)
	}
	if f.On.IsZero() && kind != chaos.Partition && f.Mode != chaos.Everywhere {
		f.On = randomTarget(t, "on")
	}
	if lasts && f.For == 0 {
		f.For = randomTime(t, "for", 1, chaos.MaxTime)
	}
	return f
}

func randomDisk(t *rapid.T, f *chaos.Fault) {
	f.Mode = rapid.SampledFrom([]string{"", "torn", "misdirected", "rot", "lost-write", "lost-rename", "read-error",
		"write-error", "sync-error", "full", "slow", "stall"}).Draw(t, "mode")
	switch f.Mode {
	case "full", "stall":
	case "slow":
		f.By = randomTime(t, "by", 1, time.Hour)
	default:
		f.Prob = randomProb(t)
	}
}

func randomLinks(t *rapid.T, f *chaos.Fault) {
	f.Mode = rapid.SampledFrom([]string{"", "from", "between", "of", "everywhere"}).Draw(t, "mode")
	if f.Mode != chaos.Of && f.Mode != chaos.Everywhere {
		f.To = randomTarget(t, "to")
	}
	switch f.Kind {
	case chaos.Slowness:
		f.Delay = delays.Draw(t, "delay")
	case chaos.Clog:
	default:
		f.Prob = randomProb(t)
	}
	if f.Kind == chaos.Reorder && rapid.Bool().Draw(t, "by") {
		f.Delay = delays.Draw(t, "delay")
	}
}

func randomPartition(t *rapid.T, f *chaos.Fault) {
	f.Mode = rapid.SampledFrom([]string{"", "complete", "partial", "one-way", "bridge", "ring"}).Draw(t, "mode")
	groups := map[string]int{"one-way": 2, "bridge": 3, "ring": 1}[f.Mode]
	if groups == 0 {
		groups = rapid.IntRange(2, 4).Draw(t, "groups")
	}
	names := rapid.Permutation(crew).Draw(t, "names")
	for i := range groups {
		f.Groups = append(f.Groups, chaos.Hosts(names[i*len(names)/groups:(i+1)*len(names)/groups]...))
	}
	if rapid.Bool().Draw(t, "flapping") {
		f.Every = randomTime(t, "every", 1, time.Hour)
		f.For = f.Every + randomTime(t, "longer", 1, time.Hour)
		f.Every = max(f.Every, f.For/10_000+1)
	}
}

var anyKind = rapid.SampledFrom(chaos.Kinds())

// randomPlan draws a plan that Validate accepts.
func randomPlan(t *rapid.T) chaos.Plan {
	var p chaos.Plan
	var lasting []string // names of what lasts
	for i := range rapid.IntRange(0, 5).Draw(t, "faults") {
		f := randomFault(t, anyKind.Draw(t, "kind"))
		if f.Kind == chaos.End {
			if len(lasting) == 0 {
				continue
			}
			f.Name = rapid.SampledFrom(lasting).Draw(t, "ends")
		} else if rapid.Bool().Draw(t, "named") {
			f.Name = fmt.Sprintf([]string{"cut%d", "number %d", "\x00%d"}[i%3], i)
			if f.Kind != chaos.Restart && f.Kind != chaos.Resume && f.Mode != "jump" {
				lasting = append(lasting, f.Name)
			}
		}
		p = append(p, f)
	}
	return p
}
