package chaos_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// mesh is a world of the hosts a to d, on links without delay. Each tells each
// other one something every 10 ms, first at 5 ms.
type mesh struct {
	world *sim.World
	net   *network.Network
	plan  *chaos.Injection
	heard map[string]string // by pair such as "ab": a mark for every 10 ms
	boots []string          // what writers found on their disks
}

// turn is what hosts of the mesh tell: in which 10 ms they say it.
type turn struct{ Turn int }

const turns = 10 * time.Millisecond

func (m *mesh) now() int { return int(m.world.Now() / sim.Time(turns)) }

// mark notes what is heard: x what was just said, o what was not, and 2 where it is
// not the first.
func (m *mesh) mark(pair string, said turn) {
	row := []byte(m.heard[pair] + strings.Repeat(".", 20))[:20]
	at := m.now()
	switch {
	case at >= len(row):
		return
	case row[at] != '.':
		row[at] = '2'
	case said.Turn == at:
		row[at] = 'x'
	default:
		row[at] = 'o'
	}
	m.heard[pair] = string(row)
}

type ear struct {
	m  *mesh
	ep *network.Endpoint
}

func (e ear) Receive(from network.ID, msg any) {
	e.m.mark(e.ep.NameOf(from)+e.ep.Name(), msg.(turn))
}

// newMesh is a mesh that suffers the plan; b leads at first, c from 50 ms on.
func newMesh(t testing.TB, plan string) *mesh {
	w := sim.New(sim.Config{Seed: 1})
	t.Cleanup(w.Close)
	faults, err := chaos.ParsePlan(plan)
	require.NoError(t, err)
	return meshIn(w, faults)
}

func meshIn(w *sim.World, plan chaos.Plan) *mesh {
	m := &mesh{world: w, heard: map[string]string{}}
	m.net = network.New(w, network.Config{})
	for _, name := range []string{"a", "b", "c", "d"} {
		m.net.Add(name, m.boot)
	}
	m.plan = chaos.Apply(m.net, m.cast(), plan)
	return m
}

func (m *mesh) boot(ep *network.Endpoint) network.Handler {
	var tick *sim.Timer
	tick = ep.Timer("tick", func() {
		for _, to := range ep.Nodes() {
			if to != ep.ID() {
				ep.Send(to, turn{m.now()})
			}
		}
		tick.Reset(turns)
	})
	tick.Reset(turns - time.Duration(m.world.Now()+sim.Time(turns/2))%turns) // at 5 ms, 15 ms, ...
	return ear{m, ep}
}

func (m *mesh) cast() chaos.Cast {
	return chaos.Cast{
		Groups: map[string][]string{"everyone": {"a", "b", "c", "d"}},
		Roles: map[string]func() []string{
			"role:leader": func() []string {
				if m.world.Now() < sim.Time(50*time.Millisecond) {
					return []string{"b"}
				}
				return []string{"c"}
			},
			"role:nobody": func() []string { return nil },
		},
	}
}

// run runs for 100 ms and returns what was heard of the pairs, ten marks each, and
// what became of each fault.
func (m *mesh) run(pairs ...string) string {
	m.world.Run(sim.Limit{Until: sim.Time(100 * time.Millisecond)})
	var b strings.Builder
	for _, p := range pairs {
		fmt.Fprintf(&b, "%s %s\n", p, (m.heard[p] + strings.Repeat(".", 10))[:10])
	}
	for _, e := range m.plan.Effects() {
		fmt.Fprintf(&b, "%s: %d, %d touched\n", e.Label(), e.Fired, e.Touched)
	}
	return b.String()
}

func TestHealEndsAllAndLetsNothingBegin(t *testing.T) {
	m := newMesh(t, `
		at 20ms for 1h crash a
		at 20ms crash b
		at 20ms for 1h clog from c to d
		at 20ms pause c
		at 60ms crash d
		lose message 8 from d to c`)
	m.world.Run(sim.Limit{Until: sim.Time(40 * time.Millisecond)})
	m.plan.Heal()
	m.plan.Heal() // a second time nothing is left to heal
	require.Equal(t, `ac xx..xxxxxx
ca xx..xxxxxx
cd xx..xxxxxx
dc xx..2xxxxx
ab xx........
crash a: 1, 3 touched
crash b: 1, 22 touched
clog from c to d: 1, 0 touched
pause c: 1, 3 touched
crash d: 0, 0 touched
lose message 8 from d to c: 0, 0 touched
`, m.run("ac", "ca", "cd", "dc", "ab"))
}

func TestOverIsWhenTheLastFaultBeginsOrEnds(t *testing.T) {
	for plan, want := range map[string]time.Duration{
		"":                                    0,
		"at 3s crash a\nat 1s for 1s crash a": 3 * time.Second,
		"at 1s crash a\nat 1s for 1s crash a": 2 * time.Second,
		"lose message 3 from a to b":          0,
	} {
		p, err := chaos.ParsePlan(plan)
		require.NoError(t, err)
		require.Equal(t, want, p.Over(), plan)
	}
}

func TestAnEffectNamesWhomARoleOrANumberOfHostsMeant(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	n := network.New(w, network.Config{})
	for _, name := range []string{"a", "b", "c"} {
		n.Add(name, func(*network.Endpoint) network.Handler { return nil })
	}
	plan, err := chaos.ParsePlan("at 1s pause role:boss\nat 2s slow b c by 1ms\nat 3s crash 2 of a b c")
	require.NoError(t, err)
	in := chaos.Apply(n, chaos.Cast{Roles: map[string]func() []string{"role:boss": func() []string { return []string{"b"} }}}, plan)
	w.Run(sim.Limit{})
	all := in.Effects()
	require.Equal(t, []string{"b"}, all[0].Hosts)
	require.Empty(t, all[1].Hosts, "the text says it")
	require.Len(t, all[2].Hosts, 2)
}
