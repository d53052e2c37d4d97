package register_test

import (
	"fmt"
	"testing"

	"phoenix/network"
	"phoenix/nodes/nodetest"
	"phoenix/nodes/register"

	"github.com/stretchr/testify/require"
)

// store returns a store for the conformance test.
func store(name string, servers int, boot func(register.Config) network.Boot, bug register.Bug) nodetest.Store {
	return nodetest.Store{
		Name: name, Servers: servers, CAS: name != "abd",
		Boot: func(ids []network.ID) network.Boot { return boot(register.Config{Servers: ids, Bug: bug}) },
	}
}

func TestTheStoresKeepTheRequestProtocol(t *testing.T) {
	t.Run("single-copy 1", func(t *testing.T) {
		nodetest.Conformance(t, store("single-copy", 1, register.SingleCopy, register.NoBug))
	})
	for _, n := range []int{1, 2, 3, 5} {
		t.Run(fmt.Sprintf("primary-backup %d", n), func(t *testing.T) {
			nodetest.Conformance(t, store("primary-backup", n, register.PrimaryBackup, register.NoBug))
		})
		t.Run(fmt.Sprintf("abd %d", n), func(t *testing.T) {
			nodetest.Conformance(t, store("abd", n, register.ABD, register.NoBug))
		})
	}
}

// The mistakes planted in ABD need faults to show: where nothing goes wrong they
// look like stores.
func TestPlantedBugsOfABDPassWhereNothingGoesWrong(t *testing.T) {
	for _, bug := range register.Bugs() {
		require.NoError(t, nodetest.Check(store("abd", 3, register.ABD, bug)), bug)
	}
}

func TestASingleCopyOnTwoServersIsFoundOut(t *testing.T) {
	for _, n := range []int{2, 3} {
		err := nodetest.Check(store("single-copy", n, register.SingleCopy, register.NoBug))
		require.EqualError(t, err, "single-copy: a put is read through every server: through s1: "+
			`read x was answered by "ok" 0, expected "ok" 1`)
	}
}
