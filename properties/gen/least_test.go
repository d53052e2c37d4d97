package gen_test

import (
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/properties/gen"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim/disk"

	"github.com/stretchr/testify/require"
)

func TestTheLeastOfEachIsTheMostBoring(t *testing.T) {
	require.Equal(t, "1ms", least(t, gen.Delays(time.Second), never).String())
	link := least(t, gen.Links(), never)
	require.Equal(t, "1ms", link.Delay.String())
	link.Delay = network.Delay{}
	require.Zero(t, link)
	topologies := gen.Topologies(gen.Range{Min: 1, Max: 9}, gen.Range{Max: 9})
	require.Equal(t, gen.Topology{Servers: 1}, least(t, topologies, never))
	require.Equal(t, disk.Config{}, least(t, gen.Disks(4096), never))
	require.Zero(t, least(t, gen.Seeds(), never))
	o := gen.Operations{Kinds: []nodes.Kind{nodes.Read, nodes.Write}, Most: 20, Keys: 3, Wait: time.Second}
	require.Equal(t, [][]nodes.Op{nil, nil}, least(t, o.Scripts(2), never))
	require.Equal(t, "read x", least(t, o.Each(), never).String())
	require.Equal(t, nodes.Workload{Keys: 1, Reads: network.Certain}, least(t, o.Workloads(), never))
	require.Empty(t, least(t, gen.Faults{Cluster: five, Classes: chaos.Classes()}.Plans(), never))
	require.Equal(t, "1 servers, 1 clients, seed 0x0, links with delay 1ms",
		fmt.Sprintf("%#v", least(t, gen.Cases(scenario.ABD(), gen.Bounds{}), never)))
}

func TestPlansShrinkToFewEarlyShortFaultsOfTheFirstHost(t *testing.T) {
	count := func(p chaos.Plan, kind chaos.Kind) (n int) {
		for _, f := range p {
			if f.Kind == kind {
				n++
			}
		}
		return n
	}
	plans := gen.Faults{Cluster: five, Cast: cast, Classes: chaos.Classes(), Most: 8}.Plans()
	for _, c := range []struct {
		kind chaos.Kind
		n    int
		want string
	}{
		{chaos.Crash, 3, "at 0s for 1ms crash s1\nat 0s for 1ms crash s1\nat 0s for 1ms crash s1\n"},
		{chaos.Partition, 1, "at 0s for 1ms partition complete s1 | s2\n"},
		{chaos.Loss, 1, "at 0s for 1ms loss 1% from s1 to s2\n"},
		{chaos.Clock, 1, "at 0s clock s1 jump 1ms\n"},
		{chaos.Disk, 1, "at 0s for 1ms disk s1 stall\n"},
		{chaos.Lose, 1, "lose message 1 from s1 to s2\n"},
		{chaos.End, 1, "at 0s pause s1 as f1\nat 1ms end f1\n"},
	} {
		got := least(t, plans, func(p chaos.Plan) bool { return count(p, c.kind) < c.n })
		require.Equal(t, c.want, got.String())
	}
}

func TestFaultsShrinkToTheTimeThatMatters(t *testing.T) {
	late := least(t, gen.Faults{Cluster: five, Classes: []chaos.Class{chaos.Pauses}}.Plans(), func(p chaos.Plan) bool {
		for _, f := range p {
			if f.Kind == chaos.Pause && f.At > 100*time.Millisecond && f.For >= 300*time.Millisecond {
				return false
			}
		}
		return true
	})
	require.Equal(t, "at 101ms for 300ms pause s1\n", late.String())
}

func TestScriptsShrinkToFewOperationsOfTheFirstKey(t *testing.T) {
	o := gen.Operations{Kinds: []nodes.Kind{nodes.Read, nodes.Write}, Most: 40, Keys: 5, Wait: time.Second}
	got := least(t, o.Scripts(3), func(scripts [][]nodes.Op) bool {
		writes := 0
		for _, op := range scripts[1] {
			if op.Kind == nodes.Write {
				writes++
			}
		}
		return writes < 2 || len(scripts[2]) < 1
	})
	require.Equal(t, "[[] [write x 1 write x 2] [read x]]", fmt.Sprint(got))
}
