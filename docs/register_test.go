package docs_test

import (
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/register"
	"phoenix/properties"
	"phoenix/properties/linear"
	"phoenix/sim"
	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
)

// TestRegisterSurvivesPartition is the test of the README.
func TestRegisterSurvivesPartition(t *testing.T) {
	simtest.Run(t, simtest.Options{}, func(t *simtest.T) { // a world for each of 100 seeds
		net := network.New(t.World, network.Config{Link: network.Link{
			Delay: network.Uniform(time.Millisecond, 10*time.Millisecond), Loss: network.ProbOf(0.02)}})
		servers := []network.ID{0, 1, 2}
		work := nodes.Workload{Operations: 20, Reads: network.ProbOf(0.5), Think: network.Exponential(20 * time.Millisecond)}
		for i := range 3 {
			net.Add(fmt.Sprint("server", i), register.ABD(register.Config{Servers: servers}))
		}
		for i := range 2 {
			script := work.Script(t.World.Key("work"), i, 2)
			net.Add(fmt.Sprint("client", i), nodes.Client(nodes.ClientConfig{Servers: servers, Home: i, Script: script}))
		}
		seen := linear.Watch(t.World)
		t.World.At(sim.Time(100*time.Millisecond), func() { net.Partition("p", network.Complete(servers[:1], servers[1:])) })
		t.World.RunFor(10 * time.Second)
		verdict, err := seen.Check(t.Context(), linear.Options{Model: linear.KV})
		require.NoError(t, err)
		require.Equal(t, properties.Pass, verdict.Verdict, verdict.Explanation)
	})
}
