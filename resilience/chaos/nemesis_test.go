package chaos_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// clusterOf is a cluster that survives everything.
func clusterOf(servers, clients int) *chaos.Cluster {
	c := &chaos.Cluster{Survives: chaos.Classes()}
	for i := range servers {
		c.Servers = append(c.Servers, fmt.Sprintf("s%d", i+1))
	}
	for i := range clients {
		c.Clients = append(c.Clients, fmt.Sprintf("c%d", i+1))
	}
	return c
}

var anyCluster = rapid.Custom(func(t *rapid.T) *chaos.Cluster {
	c := clusterOf(rapid.IntRange(0, 7).Draw(t, "servers"), rapid.IntRange(0, 4).Draw(t, "clients"))
	c.Survives = rapid.SliceOfDistinct(rapid.SampledFrom(chaos.Classes()), rapid.ID).Draw(t, "survives")
	c.Forgetful = rapid.Bool().Draw(t, "forgetful")
	c.Drift = rapid.SampledFrom([]int64{0, 1, 1000, 5e9}).Draw(t, "drift")
	c.Disk = rapid.SampledFrom([][]string{nil, {"torn"}, {"lost-rename", "rot"}, {"full", "sync-error"}, {"slow", "stall",
		"misdirected", "lost-write", "read-error", "write-error"}}).Draw(t, "disk")
	c.Leader = rapid.SampledFrom([]string{"", "role:leader"}).Draw(t, "leader")
	return c
})

var anyNemesis = rapid.Custom(func(t *rapid.T) chaos.Nemesis {
	return chaos.Nemesis{
		Name:   rapid.SampledFrom(append(chaos.Nemeses(), "")).Draw(t, "name"),
		Faults: rapid.IntRange(0, 20).Draw(t, "faults"),
		Within: rapid.SampledFrom([]time.Duration{0, 1, 7 * ms, 600 * ms, time.Hour}).Draw(t, "within"),
	}
})

var anyKey = rapid.Custom(func(t *rapid.T) sim.Key { return sim.NewKey(rapid.Uint64().Draw(t, "seed")) })

// crashers returns who crashes in a plan.
func crashers(p chaos.Plan) map[string]bool {
	all := map[string]bool{}
	for _, f := range p {
		if f.Kind == chaos.Crash {
			for _, h := range f.On.Of {
				all[h] = true
			}
		}
	}
	return all
}

func TestDrawnPlansAreValidConcreteAndBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, n, key := anyCluster.Draw(t, "cluster"), anyNemesis.Draw(t, "nemesis"), anyKey.Draw(t, "key")
		p := n.Plan(key, c)
		names := slices.Concat(c.Servers, c.Clients)
		require.NoError(t, p.Validate(names, chaos.Cast{Roles: map[string]func() []string{"role:leader": nil}}), "%s", p)
		require.Equal(t, p, n.Plan(key, c), "a pure function of the key")
		require.Equal(t, p, p.Canonical())
		got, err := chaos.ParsePlan(p.String())
		require.NoError(t, err)
		require.Equal(t, p, got, "as a file has it")
		require.Equal(t, p, chaos.Merge(p), "in order of time")

		within := max(n.Within, ms)
		if n.Within == 0 {
			within = time.Second
		}
		last := within + within/4
		if class := chaos.NemesisDoc(n.Name); strings.HasSuffix(class, "times") || strings.HasSuffix(class, "twice") {
			last = max(last, time.Duration(n.Faults+1)*within/2)
		}
		for _, f := range p {
			require.Contains(t, c.Survives, f.Kind.Class(), "%s", f)
			require.LessOrEqual(t, f.At+f.For, last, "%s", f)
			require.Positive(t, f.At)
			require.True(t, f.For > 0 || f.Mode == "jump", "it ends: %s", f)
			require.LessOrEqual(t, f.For, within)
			require.Empty(t, f.Name)
		}
	})
}

func TestANemesisDrawsAsManyAsItIsTold(t *testing.T) {
	for _, name := range chaos.Nemeses() {
		for seed := range uint64(50) {
			c := clusterOf(5, 3)
			c.Disk = []string{"slow"}
			p := chaos.Nemesis{Name: name, Faults: 8}.Plan(sim.NewKey(seed), c)
			brought := 0 // slow hosts, for small inboxes
			for _, f := range p {
				if f.Kind == chaos.Exhaust && f.Mode == "" {
					brought++
				}
			}
			require.Len(t, p, 8+brought, name)
			require.NotEmpty(t, chaos.NemesisDoc(name))
		}
	}
	require.Empty(t, chaos.Nemesis{}.Plan(sim.Key{}, clusterOf(5, 3)))
}

// Promise 2: an edit of a run does not draw the rest anew.
func TestADrawnFaultMoreLeavesTheOthersAsTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, n, key := anyCluster.Draw(t, "cluster"), anyNemesis.Draw(t, "nemesis"), anyKey.Draw(t, "key")
		few := n.Plan(key, c)
		n.Faults++
		more := n.Plan(key, c)
		for _, f := range few {
			i := slices.IndexFunc(more, func(g chaos.Fault) bool { return g.String() == f.String() })
			require.GreaterOrEqual(t, i, 0, "%s is not among\n%s", f, more)
			more = more.Without(i)
		}
		require.LessOrEqual(t, len(more), 3, "with what makes it felt")
	})
}

// Who was struck only because the server was taken may be another, and who struck it.
func TestAServerLessLeavesTheFaultsAsTheyAre(t *testing.T) {
	same, all := 0, 0
	for seed := range uint64(200) {
		n := chaos.Nemesis{Faults: 6, Classes: []chaos.Class{chaos.Crashes, chaos.Pauses, chaos.Disks}}
		few, many := n.Plan(sim.NewKey(seed), clusterOf(4, 2)), n.Plan(sim.NewKey(seed), clusterOf(5, 2))
		require.Len(t, few, len(many))
		for i, f := range many {
			if f.On.Of[0] == "s5" {
				continue
			}
			all++
			if f.On.Of[0] == few[i].On.Of[0] {
				same++
			}
			f.On = few[i].On
			require.Equal(t, few[i], f)
		}
	}
	require.Greater(t, 10*same, 8*all)
}

func TestOfAForgetfulClusterAMajorityNeverCrashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, n := anyCluster.Draw(t, "cluster"), anyNemesis.Draw(t, "nemesis")
		c.Forgetful, c.Survives = true, chaos.Classes()
		p := n.Plan(anyKey.Draw(t, "key"), c)
		crashed := crashers(p)
		require.LessOrEqual(t, 2*len(crashed), max(0, len(c.Servers)-1))
		for _, f := range p {
			if f.Kind.Class() == chaos.Pauses && n.Name != "one-node" {
				require.False(t, crashed[f.On.Of[0]], "who crashes does not pause as well")
			}
		}
	})
	forgetful := clusterOf(5, 2)
	forgetful.Forgetful = true
	roll := chaos.Nemesis{Name: "rolling-restart", Faults: 10}
	require.Len(t, crashers(roll.Plan(sim.NewKey(1), forgetful)), 2)
	require.Len(t, crashers(roll.Plan(sim.NewKey(1), clusterOf(5, 2))), 5)
}

func TestOnlyClassesThatTheClusterSurvivesAreDrawn(t *testing.T) {
	for _, name := range chaos.Nemeses() {
		for _, class := range chaos.Classes() {
			c := clusterOf(5, 2)
			c.Survives = []chaos.Class{class}
			c.Disk = []string{"slow", "torn"}
			p := chaos.Nemesis{Name: name, Faults: 5}.Plan(sim.NewKey(3), c)
			for _, f := range p {
				require.Equal(t, class, f.Kind.Class(), "%s: %s", name, f)
			}
			told := chaos.Nemesis{Name: name, Faults: 5, Classes: []chaos.Class{class}}.Plan(sim.NewKey(3), &chaos.Cluster{
				Servers: c.Servers, Clients: c.Clients, Disk: c.Disk,
			})
			require.Equal(t, p, told, "classes that are told need not be survived")
		}
		frail := &chaos.Cluster{Servers: []string{"s1", "s2"}}
		require.Empty(t, chaos.Nemesis{Name: name, Faults: 5}.Plan(sim.NewKey(3), frail))
	}
}

func TestTurnsDoNotOverlap(t *testing.T) {
	for _, name := range []string{"majority", "bridge", "ring", "flapping", "isolate", "rolling-restart", "swizzle"} {
		for seed := range uint64(100) {
			over := time.Duration(0)
			within := []time.Duration{time.Second, 600 * ms, 20 * ms, 1}[seed%4]
			for _, f := range (chaos.Nemesis{Name: name, Faults: 10, Within: within}).Plan(sim.NewKey(seed), clusterOf(5, 3)) {
				require.Greater(t, f.At, over, name)
				over = f.At + f.For
			}
		}
	}
}

func TestASwarmSwitchesEachClassOffInHalfOfTheSeeds(t *testing.T) {
	const seeds = 1000
	on := map[chaos.Class]int{}
	c := clusterOf(5, 3)
	c.Disk = []string{"slow"}
	for seed := range uint64(seeds) {
		drawn := map[chaos.Class]bool{}
		for _, f := range (chaos.Nemesis{Name: "swarm", Faults: 16}).Plan(sim.NewKey(seed), c) {
			drawn[f.Kind.Class()] = true
		}
		require.NotEmpty(t, drawn)
		for class := range drawn {
			on[class]++
		}
	}
	for _, class := range chaos.Classes() {
		require.InDelta(t, seeds/2, on[class], 60, class)
	}
}

func TestOneNodeSuffersAlone(t *testing.T) {
	for seed := range uint64(300) {
		c := clusterOf(1+int(seed%5), 1+int(seed%3))
		c.Forgetful = seed%2 == 0
		victim := ""
		for _, f := range (chaos.Nemesis{Name: "one-node", Faults: 16}).Plan(sim.NewKey(seed), c) {
			on := f.On.Of
			switch {
			case f.Kind == chaos.Partition && len(f.Groups[0].Of) > 1:
				on = f.Groups[1].Of // it hears nothing
			case f.Kind == chaos.Partition:
				on = f.Groups[0].Of
			case len(on) > 1 || len(on) == 1 && on[0][0] == 'c':
				on = f.To.Of
			}
			if f.Kind == chaos.Partition && len(c.Servers)+len(c.Clients) == 2 {
				continue // of two hosts each is alone
			}
			require.Len(t, on, 1, "%s", f)
			if victim == "" {
				victim = on[0]
			}
			if len(c.Servers)+len(c.Clients) > 2 {
				require.Equal(t, victim, on[0], "%s", f)
			}
		}
	}
}

func TestClientsAreOnBothSidesOfASplit(t *testing.T) {
	for _, name := range []string{"majority", "flapping", "bridge"} {
		for seed := range uint64(200) {
			c := clusterOf(3+int(seed%4), 2+int(seed%3))
			for _, f := range (chaos.Nemesis{Name: name, Faults: 3}).Plan(sim.NewKey(seed), c) {
				for _, side := range []chaos.Target{f.Groups[0], f.Groups[len(f.Groups)-1]} {
					require.True(t, slices.ContainsFunc(side.Of, func(h string) bool { return h[0] == 'c' }), "%s", f)
					require.True(t, slices.ContainsFunc(side.Of, func(h string) bool { return h[0] == 's' }), "%s", f)
				}
			}
		}
	}
}

// shape tells what kind of partition it is, of a cluster of some hosts.
func shape(f chaos.Fault, hosts int) string {
	switch sides := len(f.Groups); {
	case f.Every > 0:
		return "flapping"
	case f.Mode != chaos.Partial:
		return f.Mode
	case len(f.Groups[0].Of)+len(f.Groups[sides-1].Of) < hosts:
		return "pair"
	case len(f.Groups[0].Of) == 1:
		return "alone"
	}
	return "split"
}

func TestEveryShapeOfPartitionIsDrawn(t *testing.T) {
	for servers, want := range map[int][]string{
		1: {"alone", "flapping"}, 2: {"alone", "flapping", "one-way", "split"},
		3: {"alone", "bridge", "flapping", "one-way", "pair", "split"},
		5: {"alone", "bridge", "flapping", "one-way", "pair", "ring", "split"},
	} {
		seen := map[string]int{}
		for seed := range uint64(1000) {
			n := chaos.Nemesis{Faults: 1, Classes: []chaos.Class{chaos.Partitions}}
			seen[shape(n.Plan(sim.NewKey(seed), clusterOf(servers, 3))[0], servers+3)]++
		}
		var shapes []string
		for s, n := range seen {
			shapes = append(shapes, s)
			require.Greater(t, n, 30, "%d servers, %s", servers, s)
		}
		slices.Sort(shapes)
		require.Equal(t, want, shapes, "%d servers", servers)
	}
}

func TestEveryKindThatANemesisKnowsIsDrawn(t *testing.T) {
	c := clusterOf(5, 3)
	c.Disk = strings.Fields("torn misdirected rot lost-write lost-rename read-error write-error sync-error " +
		"full slow stall")
	sorts := map[string]bool{}
	for seed := range uint64(300) {
		for _, f := range (chaos.Nemesis{Faults: 16}).Plan(sim.NewKey(seed), c) {
			sorts[f.Sort()] = true
		}
	}
	for _, sort := range strings.Split("crash,pause,slow,clock offset,clock jump,clock drift,disk torn,disk misdirected,"+
		"disk rot,disk lost-write,disk lost-rename,disk read-error,disk write-error,disk sync-error,disk full,disk slow,"+
		"disk stall,exhaust inbox,exhaust bandwidth,exhaust disk,byzantine equivocate,byzantine lie,byzantine silent,"+
		"byzantine replay,byzantine corrupt,loss,delay,duplicate,reorder,corrupt,clog,swizzle,partition", ",") {
		require.True(t, sorts[sort], sort)
		delete(sorts, sort)
	}
	require.Empty(t, sorts)
}

func TestClocksDriftByTheBoundOfTheClusterAtMost(t *testing.T) {
	for seed := range uint64(200) {
		c := clusterOf(3, 2)
		c.Drift = 1000
		drifts := map[string]int{}
		for _, f := range (chaos.Nemesis{Faults: 20, Classes: []chaos.Class{chaos.Clocks}}).Plan(sim.NewKey(seed), c) {
			if f.Mode == "drift" {
				require.LessOrEqual(t, max(f.N, -f.N), c.Drift)
				drifts[f.On.Of[0]]++
				require.Equal(t, 1, drifts[f.On.Of[0]], "two could add up to more")
			}
		}
	}
}

func TestTornSectorsComeWithTheCrashThatTearsThem(t *testing.T) {
	c := clusterOf(3, 2)
	c.Disk, c.Survives = []string{"torn"}, []chaos.Class{chaos.Disks, chaos.Crashes}
	for seed := range uint64(100) {
		p := chaos.Nemesis{Faults: 2}.Plan(sim.NewKey(seed), c)
		torn := slices.IndexFunc(p, func(f chaos.Fault) bool { return f.Kind == chaos.Disk })
		require.True(t, slices.ContainsFunc(p, func(f chaos.Fault) bool {
			return f.Kind == chaos.Crash && f.On.Of[0] == p[torn].On.Of[0] && f.At > p[torn].At && f.At < p[torn].At+p[torn].For
		}), "%s", p)
	}
	c.Survives = []chaos.Class{chaos.Disks}
	require.Empty(t, chaos.Nemesis{Faults: 2}.Plan(sim.NewKey(1), c))
}

func TestANemesisThatIsNoneIsRefused(t *testing.T) {
	for _, c := range []struct {
		n    chaos.Nemesis
		want string
	}{
		{chaos.Nemesis{Name: "storm"}, `is named "storm", expected one of random, one-node, swarm, majority, bridge, ` +
			"ring, flapping, isolate, rolling-restart, swizzle"},
		{chaos.Nemesis{Classes: []chaos.Class{"meteor"}}, `has the class "meteor", expected one of ` +
			"[crash pause clock disk noise partition resource byzantine]"},
		{chaos.Nemesis{Faults: 1001}, "draws 1001 faults, expected 0 to 1000"},
		{chaos.Nemesis{Faults: -1}, "draws -1 faults, expected 0 to 1000"},
		{chaos.Nemesis{Within: -time.Second}, "draws them within -1s, expected 0 (that is 1s) to 1000h0m0s"},
	} {
		require.EqualError(t, c.n.Check(), c.want)
		require.PanicsWithValue(t, "chaos: the nemesis "+c.want, func() { c.n.Plan(sim.Key{}, clusterOf(1, 1)) })
	}
	longest := chaos.Nemesis{Name: "flapping", Faults: 1000, Within: 1000 * time.Hour}
	require.NoError(t, longest.Plan(sim.Key{}, clusterOf(2, 1)).Validate([]string{"s1", "s2", "c1"}, chaos.Cast{}))
}
