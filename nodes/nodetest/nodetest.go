package nodetest

import (
	"fmt"
	"testing"

	"phoenix/network"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// Store is a store to be judged.
type Store struct {
	// Name stands in the messages of failures.
	Name string
	// Servers is the size of the cluster, at least 1.
	Servers int
	// CAS says that the store offers compare and set.
	CAS bool
	// Boot returns the boot function of each server of a cluster.
	Boot func(servers []network.ID) network.Boot
}

// Conformance tests that s keeps the request protocol, one subtest for each
// claim. Every claim is played twice, and both runs must be the same event by
// event. A store that is not linearizable may pass: the network is quiet.
func Conformance(t *testing.T, s Store) {
	t.Helper()
	for _, c := range claims {
		t.Run(c.says, func(t *testing.T) {
			first, err := play(s, c)
			require.NoError(t, err)
			second, err := play(s, c)
			require.NoError(t, err)
			require.Equal(t, first, second, "two runs of %s differ: its nodes are not deterministic", s.Name)
		})
	}
}

// Check returns what Conformance finds first, nil if nothing: for stores that are
// wrong on purpose, and have to be found out.
func Check(s Store) error {
	for _, c := range claims {
		first, err := play(s, c)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", s.Name, c.says, err)
		}
		if second, _ := play(s, c); second != first {
			return fmt.Errorf("%s: %s: two runs differ", s.Name, c.says)
		}
	}
	return nil
}

// play runs a claim in a world of its own.
func play(s Store, c claim) (sim.Digest, error) {
	k := newCluster(s)
	defer k.world.Close()
	err := c.holds(k)
	if found := k.world.Findings(); len(found) > 0 {
		err = fmt.Errorf("%s: %s", k.world.HostName(found[0].Host), found[0]) // why there was no answer
	}
	if err == nil {
		err = k.world.Opaque()
	}
	return k.world.Digest(), err
}
