package chaos_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// mesh is a world of the hosts a to d, on links without delay. Each tells each
// other one something every 10 ms, first at 5 ms.
type mesh struct {
	world *sim.World
	net   *network.Network
	heard map[string]string // by pair such as "ab": a mark every 10 ms
}

type ear struct {
	m  *mesh
	ep *network.Endpoint
}

func (e ear) Receive(from network.ID, _ any) {
	pair := e.ep.NameOf(from) + e.ep.Name()
	row := []byte(e.m.heard[pair] + strings.Repeat(".", 20))[:20]
	if at := int(e.m.world.Now() / sim.Time(10*ms)); at < len(row) {
		row[at] = 'x'
	}
	e.m.heard[pair] = string(row)
}

func newMesh(t testing.TB, faults ...chaos.Fault) *mesh {
	m := &mesh{world: sim.New(sim.Config{}), heard: map[string]string{}}
	t.Cleanup(m.world.Close)
	m.net = network.New(m.world, network.Config{})
	for _, name := range hosts {
		m.net.Add(name, func(ep *network.Endpoint) network.Handler {
			var tick *sim.Timer
			tick = ep.Timer("tick", func() {
				for _, to := range ep.Nodes() {
					if to != ep.ID() {
						ep.Send(to, "hello")
					}
				}
				tick.Reset(10 * ms)
			})
			tick.Reset(10*ms - time.Duration(ep.Now()+sim.Time(5*ms))%(10*ms)) // at 5 ms, 15 ms, ...
			return ear{m, ep}
		})
	}
	chaos.Apply(m.net, faults)
	return m
}

// run runs for 100 ms and returns what was heard of the pairs, ten marks each.
func (m *mesh) run(pairs ...string) string {
	m.world.Run(sim.Limit{Until: sim.Time(100 * ms)})
	var b strings.Builder
	for _, p := range pairs {
		fmt.Fprintf(&b, "%s %s\n", p, (m.heard[p] + strings.Repeat(".", 10))[:10])
	}
	return b.String()
}

func at(millis int64, f chaos.Fault) chaos.Fault {
	f.At = time.Duration(millis) * ms
	return f
}

func lasting(millis int64, f chaos.Fault) chaos.Fault {
	f.For = time.Duration(millis) * ms
	return f
}

func TestACrashLastsUntilTheRestart(t *testing.T) {
	crash := chaos.Fault{Crash: []string{"a"}}
	for name, faults := range map[string][]chaos.Fault{
		"for a while":       {at(20, lasting(30, crash))},
		"until a restart":   {at(20, crash), at(50, chaos.Fault{Restart: []string{"a"}})},
		"the first one out": {at(20, lasting(30, crash)), at(30, lasting(60, crash))},
	} {
		m := newMesh(t, faults...)
		require.Equal(t, "ab xx...xxxxx\nba xx...xxxxx\nbc xxxxxxxxxx\n", m.run("ab", "ba", "bc"), name)
		require.EqualValues(t, 1, m.world.Lookup("a").Epoch(), name)
		require.Len(t, m.world.Hosts(), len(hosts))
	}
	m := newMesh(t, at(20, crash))
	require.Equal(t, "ab xx........\nba xx........\n", m.run("ab", "ba"), "for good")
}

func TestAPauseLosesNothing(t *testing.T) {
	pause := chaos.Fault{Pause: []string{"a", "b"}}
	for _, faults := range [][]chaos.Fault{
		{at(20, lasting(30, pause))},
		{at(20, pause), at(50, chaos.Fault{Resume: []string{"a", "b"}})},
	} {
		m := newMesh(t, faults...)
		require.Equal(t, "ac xx...xxxxx\nca xx...xxxxx\ncd xxxxxxxxxx\n", m.run("ac", "ca", "cd"))
		require.EqualValues(t, 0, m.world.Lookup("a").Epoch())
		for _, f := range properties.CoverageOf(m.world) {
			require.Equal(t, sim.FaultCount{Name: f.Name, Configured: 1, Fired: 1, Effect: 7}, f, "a timer, and three messages of c and of d")
		}
	}
}

func TestEachKindOfPartitionCutsItsLinks(t *testing.T) {
	a, b, c := []string{"a"}, []string{"b"}, []string{"c"}
	for _, k := range []struct {
		kind   chaos.Kind
		groups [][]string
		cut    string // pairs
	}{
		{"", [][]string{a, {"b", "c"}}, "ab ac ba ca"},
		{chaos.Complete, [][]string{a, b, c}, "ab ac ba bc ca cb"},
		{chaos.OneWay, [][]string{a, {"b", "c"}}, "ab ac"},
		{chaos.Bridge, [][]string{a, b, {"c", "d"}}, "ac ad ca da"},
		{chaos.Ring, [][]string{hosts}, "ac bd ca db"},
	} {
		m := newMesh(t, at(20, lasting(30, part("", k.kind, k.groups...))))
		m.run()
		var cut []string
		for _, from := range hosts {
			for _, to := range hosts {
				switch heard := m.heard[from+to]; {
				case from == to:
				case heard[:10] == "xx...xxxxx":
					cut = append(cut, from+to)
				default:
					require.Equal(t, "xxxxxxxxxx", heard[:10])
				}
			}
		}
		require.Equal(t, k.cut, strings.Join(cut, " "), k.kind)
	}
}

func TestPartitionsOverlapAndHealByName(t *testing.T) {
	m := newMesh(t,
		at(10, part("first", "", []string{"a"}, []string{"b"})),
		at(20, lasting(40, part("", "", []string{"a"}, []string{"b", "c"}))),
		at(40, chaos.Fault{Heal: "first"}),
		at(80, part("last", "", []string{"a"}, []string{"c"})),
		at(90, chaos.Fault{Heal: "last"}),
		at(95, chaos.Fault{Heal: "p2"})) // it has healed: nothing happens
	require.Equal(t, "ab x.....xxxx\nac xx....xx.x\nbc xxxxxxxxxx\n", m.run("ab", "ac", "bc"))
	require.Equal(t, properties.Coverage{
		{Name: "partition first", Configured: 1, Fired: 1, Effect: 6},
		{Name: "partition p2", Configured: 1, Fired: 1, Effect: 16},
		{Name: "partition last", Configured: 1, Fired: 1, Effect: 2},
	}, properties.CoverageOf(m.world))
}

func TestFaultsAreCountedAsConfiguredFiredAndEffective(t *testing.T) {
	m := newMesh(t,
		at(20, lasting(30, chaos.Fault{Crash: []string{"a", "b"}})),
		at(30, chaos.Fault{Crash: []string{"a"}}), // it is down: does not fire
		at(60, chaos.Fault{Pause: []string{"c"}}),
		at(61, chaos.Fault{Resume: []string{"c"}}), // nothing was due meanwhile
		at(200, part("late", "", []string{"a"}, []string{"b"})))
	m.run()
	cov := properties.CoverageOf(m.world)
	require.Equal(t, properties.Coverage{
		{Name: "crash a", Configured: 2, Fired: 1, Effect: 7}, // a timer, and 3 messages of c and of d
		{Name: "crash b", Configured: 1, Fired: 1, Effect: 7},
		{Name: "pause c", Configured: 1, Fired: 1},
		{Name: "partition late", Configured: 1},
		{Name: "restart a", Configured: 1, Fired: 1, Effect: 1},
		{Name: "restart b", Configured: 1, Fired: 1, Effect: 1},
	}, cov)
	require.Equal(t, "pause c fired without effect, partition late never fired", cov.Outcome().Detail)
}

func TestWhatHappensAtOneInstantDoesSoInOrderOfTheList(t *testing.T) {
	crash, restart := chaos.Fault{Crash: []string{"a"}}, chaos.Fault{Restart: []string{"a"}}
	m := newMesh(t, at(20, crash), at(20, restart))
	require.Equal(t, "ab xxxxxxxxxx\n", m.run("ab"))
	m = newMesh(t, at(20, restart), at(20, crash))
	require.Equal(t, "ab xx........\n", m.run("ab"))
}

func TestApplyPanicsWhereValidateRefuses(t *testing.T) {
	require.PanicsWithValue(t, `chaos: fault 1 names the host "e", expected one of a, b, c, d`, func() {
		newMesh(t, chaos.Fault{Crash: []string{"e"}})
	})
}

func TestWhatValidateAcceptsCanBeApplied(t *testing.T) {
	accepted := 0
	rapid.Check(t, func(r *rapid.T) {
		faults := rapid.SliceOfN(fault, 1, 3).Draw(r, "faults")
		if chaos.Validate(faults, hosts) != nil {
			return
		}
		accepted++
		m := newMesh(t, faults...)
		m.run()
		require.Empty(r, m.world.Findings())
		for _, f := range properties.CoverageOf(m.world) {
			require.LessOrEqual(r, f.Fired, f.Configured+uint64(len(faults)), f.Name)
			require.False(r, f.Fired == 0 && f.Effect > 0, f.Name)
		}
	})
	require.Positive(t, accepted)
}
