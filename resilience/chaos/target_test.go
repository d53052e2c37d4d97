package chaos

import (
	"fmt"
	"slices"
	"testing"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// picked are the names of the hosts that a target is in a world of those hosts.
func picked(text string, hosts ...string) []string {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	for _, h := range hosts {
		w.AddHost(h, nil)
	}
	f, err := ParseFault("crash " + text)
	if err != nil {
		panic(err)
	}
	var names []string
	for _, h := range (Cast{Groups: map[string][]string{"servers": hosts}}).resolve(w, f.On, w.Key("test")) {
		names = append(names, h.Name())
	}
	return names
}

// Promise 2: a cluster without one of its hosts has the others chosen that were.
func TestAHostLessLeavesTheChoiceOfTheOthers(t *testing.T) {
	var hosts []string
	for i := range 9 {
		hosts = append(hosts, fmt.Sprintf("s%d", i+1))
	}
	for _, text := range []string{"4 of servers", "40% of servers"} {
		before := picked(text, hosts...)
		require.Len(t, before, 4)
		for i, gone := range hosts {
			after := picked(text, slices.Concat(hosts[:i:i], hosts[i+1:])...)
			require.Len(t, after, 4)
			for _, h := range before {
				require.True(t, h == gone || slices.Contains(after, h), "%s without %s: %v, was %v", text, gone, after, before)
			}
		}
	}
}
