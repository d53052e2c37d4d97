package models

import (
	"fmt"
	"slices"
	"time"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// handlers returns those nodes of a state that are of type T and up, in order.
func handlers[T network.Handler](s *explore.State, nodes int) []T {
	var found []T
	for id := range nodes {
		if h, ok := s.Node(network.ID(id)).(T); ok {
			found = append(found, h)
		}
	}
	return found
}

// arm has t run exactly while enabled is true. In a world it fires after d.
func arm(t *sim.Timer, enabled bool, d time.Duration) {
	switch {
	case !enabled:
		t.Stop()
	case !t.Running():
		t.Reset(d)
	}
}

// pace is how long a step takes in a world: up to 20 ms, drawn for the node and the purpose.
// It is of no account to an explorer.
func pace(ep *network.Endpoint, purpose string) time.Duration {
	return time.Duration(1+ep.Key(purpose).Below(20)) * time.Millisecond
}

// demand panics unless a model has the bug that it is asked for; "" is none.
func demand(model, bug string, bugs []Bug) {
	if bug != "" && !slices.ContainsFunc(bugs, func(b Bug) bool { return b.Name == bug }) {
		panic(fmt.Sprintf("models: %s has no bug %q", model, bug))
	}
}

// atLeast panics if a size of a model is below what it needs.
func atLeast(model, what string, n, least int) {
	if n < least {
		panic(fmt.Sprintf("models: %s with %d %s, expected at least %d", model, n, what, least))
	}
}

// ids returns the numbers of n nodes from first on.
func ids(first, n int) []network.ID {
	list := make([]network.ID, n)
	for i := range list {
		list[i] = network.ID(first + i)
	}
	return list
}
