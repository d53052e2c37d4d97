package gen_test

import (
	"slices"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/properties/gen"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"
	"phoenix/sim/disk"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// draws is how many values of each generator are looked at.
const draws = 10_000

// all has judge look at values of g.
func all[V any](t *testing.T, n string, g *rapid.Generator[V], judge func(t *rapid.T, v V)) {
	t.Helper()
	setFlag(t, "rapid.checks", n)
	f := inside(t, func(tb rapid.TB) {
		rapid.Check(tb, func(t *rapid.T) { judge(t, g.Draw(t, "value")) })
	})
	require.False(t, f.failed, f.log.String())
}

var (
	five = chaos.Cluster{Servers: []string{"s1", "s2", "s3", "s4", "s5"}, Clients: []string{"c1", "c2"}}
	cast = chaos.Cast{
		Groups: map[string][]string{"servers": five.Servers, "region:east": {"s1", "c1"}},
		Roles:  map[string]func() []string{"role:leader": nil},
	}
)

var kinds = []nodes.Kind{nodes.Read, nodes.Write, nodes.CAS}

func hosts(c chaos.Cluster) []string { return slices.Concat(c.Servers, c.Clients) }

func TestPlansAreValidAndSoAreTheirTexts(t *testing.T) {
	drawn, sorts := map[chaos.Kind]int{}, map[string]int{}
	plans := gen.Faults{Cluster: five, Cast: cast, Classes: chaos.Classes()}.Plans()
	all(t, "10000", plans, func(t *rapid.T, p chaos.Plan) {
		require.NoError(t, p.Validate(hosts(five), cast))
		parsed, err := chaos.ParsePlan(p.String())
		require.NoError(t, err)
		require.Equal(t, p.String(), parsed.String())
		require.True(t, slices.IsSortedFunc(p, func(a, b chaos.Fault) int { return int(a.At - b.At) }))
		for _, f := range p {
			drawn[f.Kind]++
			sorts[f.Sort()]++
		}
	})
	for _, k := range chaos.Kinds() {
		require.GreaterOrEqual(t, drawn[k], 50, "faults of kind %s in %d plans", k, draws)
	}
	for _, s := range []string{
		"clock offset", "clock jump", "clock drift", "exhaust inbox", "exhaust bandwidth", "exhaust disk",
		"byzantine equivocate", "byzantine lie", "byzantine silent", "byzantine replay", "byzantine corrupt",
		"disk torn", "disk misdirected", "disk rot", "disk lost-write", "disk lost-rename", "disk read-error",
		"disk write-error", "disk sync-error", "disk full", "disk slow", "disk stall",
	} {
		require.NotZero(t, sorts[s], "faults of sort %s in %d plans", s, draws)
	}
}

func TestPlansOfSmallClustersAreValid(t *testing.T) {
	for _, c := range []chaos.Cluster{
		{Servers: []string{"s1"}}, {Servers: []string{"s1", "s2"}}, {Servers: []string{"s1"}, Clients: []string{"c1", "c2"}},
	} {
		all(t, "2000", gen.Faults{Cluster: c, Classes: chaos.Classes()}.Plans(), func(t *rapid.T, p chaos.Plan) {
			require.NoError(t, p.Validate(hosts(c), chaos.Cast{}))
		})
	}
}

func TestPlansAreOfTheClassesGiven(t *testing.T) {
	for _, class := range chaos.Classes() {
		all(t, "500", gen.Faults{Cluster: five, Classes: []chaos.Class{class}}.Each(), func(t *rapid.T, f chaos.Fault) {
			require.Equal(t, class, f.Kind.Class())
		})
	}
}

func TestAClusterGetsWhatItSurvives(t *testing.T) {
	c := five
	c.Survives, c.Forgetful, c.Drift, c.Disk = chaos.Classes(), true, 100, []string{"torn"}
	all(t, "10000", gen.Faults{Cluster: c, Cast: cast}.Each(), func(t *rapid.T, f chaos.Fault) {
		switch f.Kind {
		case chaos.Crash, chaos.Restart:
			require.Subset(t, []string{"s1", "s2"}, f.On.Of, "a majority never crashes")
		case chaos.Clock:
			if f.Mode == "drift" {
				require.LessOrEqual(t, max(f.N, -f.N), int64(100))
			}
		case chaos.Disk:
			require.Equal(t, "torn", f.Mode)
		}
	})
	c.Forgetful = false
	all(t, "2000", gen.Faults{Cluster: c}.Each(), func(t *rapid.T, f chaos.Fault) {
		require.NotEqual(t, "wiped", f.Mode, "who has a disk does not survive to lose it")
	})
}

func TestNothingIsDrawnOfAClusterThatSurvivesNothing(t *testing.T) {
	all(t, "100", gen.Faults{Cluster: five}.Plans(), func(t *rapid.T, p chaos.Plan) { require.Empty(t, p) })
	require.PanicsWithValue(t, "gen: no fault of [] to draw for the servers [s1 s2 s3 s4 s5]",
		func() { gen.Faults{Cluster: five}.Each() })
}

func TestConfigurationsOfAllScenariosAreValid(t *testing.T) {
	for _, s := range scenario.All() {
		for _, b := range []gen.Bounds{{}, {Classes: chaos.Classes(), Faults: 8, Keys: 5}} {
			all(t, "800", gen.Cases(s, b), func(t *rapid.T, c gen.Case) {
				require.NoError(t, s.Validate(&c.Config), s.Name)
				require.Zero(t, c.Config.Nemesis)
				if s.Unscripted {
					require.Nil(t, c.Scripts)
					return
				}
				require.Len(t, c.Scripts, c.Config.Clients)
			})
		}
	}
}

func TestBoundsAreKept(t *testing.T) {
	b := gen.Bounds{
		Servers: gen.Range{Min: 2, Max: 3}, Clients: gen.Range{Min: 1, Max: 1}, Operations: 4, Keys: 1, Faults: 1,
	}
	all(t, "2000", gen.Cases(scenario.ABD(), b), func(t *rapid.T, c gen.Case) {
		require.GreaterOrEqual(t, c.Config.Servers, 2)
		require.LessOrEqual(t, c.Config.Servers, 3)
		require.Equal(t, 1, c.Config.Clients)
		require.LessOrEqual(t, len(c.Scripts[0]), 4)
		require.LessOrEqual(t, len(c.Config.Faults), 2) // one, and its end
		for _, op := range c.Scripts[0] {
			require.Equal(t, "x", op.Key)
			require.NotEqual(t, nodes.CAS, op.Kind, "a register has none")
		}
	})
}

func TestLinksTopologiesDisksAndWorkloadsAreValid(t *testing.T) {
	s := scenario.ABD()
	all(t, "10000", gen.Links(), func(t *rapid.T, l network.Link) {
		c := s.Defaults
		c.Links = l
		require.NoError(t, s.Validate(&c))
	})
	all(t, "10000", gen.Topologies(gen.Range{Min: 1, Max: 5}, gen.Range{Max: 3}), func(t *rapid.T, p gen.Topology) {
		c := s.Defaults
		c.Nemesis = chaos.Nemesis{}
		c.Servers, c.Clients, c.Regions = p.Servers, p.Clients, p.Regions
		require.NoError(t, s.Validate(&c))
	})
	all(t, "10000", gen.Disks(4096), func(t *rapid.T, d disk.Config) { require.NoError(t, d.Check()) })
	o := gen.Operations{Kinds: kinds, Most: 20, Keys: 3, Wait: 50 * time.Millisecond}
	all(t, "10000", o.Workloads(), func(t *rapid.T, w nodes.Workload) {
		require.LessOrEqual(t, max(w.Reads, w.CAS), sim.Certain)
		require.LessOrEqual(t, w.Operations, 20)
		require.GreaterOrEqual(t, w.Keys, 1)
	})
}

func TestScriptsWriteNoValueTwice(t *testing.T) {
	o := gen.Operations{Kinds: kinds, Most: 8, Keys: 3, Wait: 50 * time.Millisecond}
	all(t, "10000", o.Scripts(3), func(t *rapid.T, scripts [][]nodes.Op) {
		require.Len(t, scripts, 3)
		seen := map[int64]bool{0: true}
		for _, script := range scripts {
			require.LessOrEqual(t, len(script), 8)
			for _, op := range script {
				if parsed, err := nodes.ParseOp(op.String()); parsed != op || err != nil {
					t.Fatalf("%s parses as %s: %v", op, parsed, err)
				}
				if op.Kind != nodes.Read && seen[op.Value] {
					t.Fatalf("%s is a second one of its value", op)
				}
				seen[op.Value] = true
			}
		}
	})
}
