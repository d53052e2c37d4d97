package resilience

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/sim"
)

func TestEverySeverityAndScopeHasAResponse(t *testing.T) {
	seed := map[[2]uint8]Response{
		{uint8(CriticalSeverity), uint8(GlobalScope)}:  EmergencyResponse,
		{uint8(CriticalSeverity), uint8(ClusterScope)}: ClusterFailover,
		{uint8(HighSeverity), uint8(NodeScope)}:        NodeIsolation,
		{uint8(MediumSeverity), uint8(LocalScope)}:     LocalRestart,
		{uint8(LowSeverity), uint8(LocalScope)}:        GracefulDegradation,
		{uint8(LowSeverity), uint8(GlobalScope)}:       GracefulDegradation,
	}
	for severity := LowSeverity; severity <= CriticalSeverity; severity++ {
		for scope := LocalScope; scope <= GlobalScope; scope++ {
			got := ResponseTo(severity, scope)
			if want, pinned := seed[[2]uint8{uint8(severity), uint8(scope)}]; pinned {
				require.Equal(t, want, got, "%v, %v", severity, scope)
			}
			if severity > LowSeverity {
				require.GreaterOrEqual(t, got, ResponseTo(severity-1, scope), "%v, %v is milder than less", severity, scope)
			}
		}
	}
	require.Panics(t, func() { ResponseTo(CriticalSeverity+1, LocalScope) })
}

func TestAResponseThatCannotBeCarriedOutGivesWayToTheNext(t *testing.T) {
	broken := errors.New("no such process")
	var did []string
	rs := Responders{
		LocalRestart:  ResponderFunc(func(Incident) error { did = append(did, "restart"); return broken }),
		NodeIsolation: ResponderFunc(func(Incident) error { did = append(did, "isolate"); return nil }),
	}
	response, err := rs.Respond(Incident{Severity: MediumSeverity, Scope: LocalScope})
	require.NoError(t, err)
	require.Equal(t, NodeIsolation, response)
	require.Equal(t, []string{"restart", "isolate"}, did)

	rs[NodeIsolation] = nil
	_, err = rs.Respond(Incident{Severity: MediumSeverity, Scope: LocalScope})
	require.ErrorIs(t, err, broken)
	require.ErrorIs(t, err, ErrNoResponder)
	require.ErrorContains(t, err, "local restart: no such process")
}

// three nodes that greet each other every second, and what a Cluster may do to them.
type greeters struct {
	world *sim.World
	net   *network.Network
	ids   []network.ID
	heard map[string]int
	boots map[string]int
}

type greeter struct{ hear func() }

func (g greeter) Receive(network.ID, any) { g.hear() }

func newGreeters() *greeters {
	g := &greeters{world: sim.New(sim.Config{Seed: 1}), heard: map[string]int{}, boots: map[string]int{}}
	g.net = network.New(g.world, network.Config{})
	for _, name := range []string{"a", "b", "c"} {
		g.ids = append(g.ids, g.net.Add(name, g.boot))
	}
	return g
}

func (g *greeters) boot(ep *network.Endpoint) network.Handler {
	g.boots[ep.Name()]++
	var beat *sim.Timer
	beat = ep.Timer("beat", func() {
		for _, id := range ep.Nodes() {
			if id != ep.ID() {
				ep.Send(id, "hello")
			}
		}
		beat.Reset(time.Second)
	})
	beat.Reset(time.Second)
	return greeter{func() { g.heard[ep.Name()]++ }}
}

// hears returns who hears something in the next second and a half.
func (g *greeters) hears() map[string]bool {
	clear(g.heard)
	g.world.RunFor(1500 * time.Millisecond)
	out := map[string]bool{}
	for name, n := range g.heard {
		out[name] = n > 0
	}
	return out
}

func about(component string, severity Severity, scope Scope) Incident {
	return Incident{Affected: []string{component}, Severity: severity, Scope: scope}
}

func TestResponsesActOnTheNodesOfAWorld(t *testing.T) {
	g := newGreeters()
	defer g.world.Close()
	promoted := []network.ID{}
	cluster := &Cluster{Network: g.net, Standbys: g.ids[1:], Promote: func(id network.ID) { promoted = append(promoted, id) }}
	rs := cluster.Responders()
	everybody := map[string]bool{"a": true, "b": true, "c": true}
	require.Equal(t, everybody, g.hears())

	response, err := rs.Respond(about("a", MediumSeverity, LocalScope))
	require.NoError(t, err)
	require.Equal(t, LocalRestart, response)
	require.Equal(t, everybody, g.hears())
	require.Equal(t, map[string]int{"a": 2, "b": 1, "c": 1}, g.boots)

	_, err = rs.Respond(about("a", HighSeverity, NodeScope))
	require.NoError(t, err)
	require.True(t, cluster.Isolated(g.ids[0]))
	require.Equal(t, map[string]bool{"b": true, "c": true}, g.hears())
	cluster.Readmit(g.ids[0])
	require.Equal(t, everybody, g.hears())

	_, err = rs.Respond(about("b", CriticalSeverity, ClusterScope))
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"a": true, "c": true}, g.hears(), "the failed node is fenced before another takes over")
	require.Equal(t, g.ids[2:], promoted, "the first standby has failed")

	_, err = rs.Respond(about("c", CriticalSeverity, GlobalScope))
	require.NoError(t, err)
	require.Empty(t, g.hears())
}

func TestAClusterSaysWhyItCannotRespond(t *testing.T) {
	g := newGreeters()
	defer g.world.Close()
	g.world.RunFor(time.Second)
	cluster := &Cluster{Network: g.net, Standbys: g.ids[:1], Promote: func(network.ID) {}}
	rs := cluster.Responders()
	require.ErrorIs(t, rs[LocalRestart].Respond(about("nobody", MediumSeverity, LocalScope)), ErrNoNode)
	require.ErrorIs(t, rs[NodeIsolation].Respond(about("nobody", HighSeverity, NodeScope)), ErrNoNode)
	require.ErrorIs(t, rs[ClusterFailover].Respond(about("a", HighSeverity, ClusterScope)), ErrNoStandby)
	cluster.Standbys, cluster.Promote = g.ids[1:], nil
	require.ErrorIs(t, rs[ClusterFailover].Respond(about("a", HighSeverity, ClusterScope)), ErrNoResponder)
	require.Nil(t, rs[GracefulDegradation], "nobody degrades unless it is set")
}

func TestASupervisorIsAskedBeforeANodeRestarts(t *testing.T) {
	g := newGreeters()
	defer g.world.Close()
	g.world.RunFor(time.Second)
	cluster := &Cluster{Network: g.net, Restart: func(component string) bool { return component == "a" }}
	require.NoError(t, cluster.Responders()[LocalRestart].Respond(Incident{Affected: []string{"a", "b", "b"}}))
	g.world.RunFor(time.Second)
	require.Equal(t, map[string]int{"a": 1, "b": 2, "c": 1}, g.boots)
}
