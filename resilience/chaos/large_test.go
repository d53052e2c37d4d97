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

// idle puts a plan into force among so many hosts that do nothing, h1, h2 and so on,
// and returns how often its faults began.
func idle(t *testing.T, hosts int, plan string) (fired int) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{})
	all := make([]string, hosts)
	for i := range all {
		all[i] = fmt.Sprintf("h%d", i+1)
		n.Add(all[i], func(*network.Endpoint) network.Handler { return nil })
	}
	p, err := chaos.ParsePlan(plan)
	require.NoError(t, err)
	in := chaos.Apply(n, chaos.Cast{Groups: map[string][]string{"everyone": all}}, p)
	w.Run(sim.Limit{Until: sim.Time(time.Second)})
	in.Heal()
	w.Run(sim.Limit{})
	for _, e := range in.Effects() {
		fired += int(e.Fired)
	}
	return fired
}

// What a fault costs is in proportion to the links and hosts that it concerns: were it
// to their square, this would take minutes.
func TestFaultsOfManyHostsAreLinearInTheirLinks(t *testing.T) {
	for _, body := range []string{
		"loss 10% everywhere", "clog of everyone", "exhaust everyone bandwidth 1", "partition ring everyone",
		"slow everyone by 1ms", "exhaust everyone disk 512", "swizzle 10% of everyone",
	} {
		require.Equal(t, 1, idle(t, 400, "at 1ms for 2s "+body), body)
	}
}

func TestAPlanCanHaveItsMostFaultsAllAtOnce(t *testing.T) {
	for _, body := range []string{
		"slow h1 by 1ms", "clock h1 drift 10", "clog from h1 to h2", "partition partial h1 | h2", "exhaust h1 disk 512",
	} {
		var plan strings.Builder
		for i := range chaos.MaxFaults {
			fmt.Fprintf(&plan, "at 1ms for %dns %s as x%d\n", time.Second+time.Duration(i), body, i)
		}
		require.Equal(t, chaos.MaxFaults, idle(t, 3, plan.String()), body)
	}
}
