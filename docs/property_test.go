package docs_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes/register"
	"phoenix/properties/gen"
	"phoenix/properties/scenario"
	"phoenix/sim"
	"phoenix/traces"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestABDUnderAnyPlan(t *testing.T) {
	sum := gen.Check(t, scenario.ABD(), gen.Options{Save: traces.Save})
	require.Zero(t, sum.Failed)
	require.Positive(t, sum.Runs)
}

func TestAStoreIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := sim.New(sim.Config{Chooser: gen.Chooser(t), Interleave: true})
		defer w.Close()
		net := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
		servers := []network.ID{0, 1, 2}
		for _, name := range []string{"s1", "s2", "s3"} {
			net.Add(name, register.ABD(register.Config{Servers: servers}))
		}
		m := gen.NewMachine(net, servers)
		m.Fragile = servers[:1] // a minority: ABD without disks forgets in a crash
		m.Ended = new(gen.Map).Ended
		t.Repeat(m.Actions())
	})
}

func TestTwoMessagesOfOneInstantComeInAnyOrder(t *testing.T) {
	orders := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		w := sim.New(sim.Config{Chooser: gen.Chooser(t), Interleave: true})
		defer w.Close()
		net := network.New(w, network.Config{})
		heard := ""
		net.Add("ear", func(*network.Endpoint) network.Handler {
			return listener(func(msg any) { heard += msg.(string) })
		})
		for _, name := range []string{"a", "b"} {
			net.Add(name, func(ep *network.Endpoint) network.Handler {
				ep.After(time.Second, func() { ep.Send(0, name) })
				return nil
			})
		}
		w.Run(sim.Limit{})
		orders[heard] = true
	})
	require.Equal(t, map[string]bool{"ab": true, "ba": true}, orders)
}

// listener is a node that only receives.
type listener func(msg any)

func (l listener) Receive(_ network.ID, msg any) { l(msg) }
