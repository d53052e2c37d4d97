package nodes

import (
	"fmt"

	"phoenix/network"
	"phoenix/sim"
)

// Workload says what clients do, as data. The zero value does nothing.
type Workload struct {
	// Operations is how many operations each client issues.
	Operations int
	// Keys is how many keys there are, each as likely as the others: x, y, z, k3,
	// k4 and so on. 0 means 1.
	Keys int
	// Reads is the probability that an operation is a read.
	Reads network.Prob
	// CAS is the probability that an operation that is not a read compares
	// before it writes.
	CAS network.Prob
	// Think is how long a client waits before each operation, the first one too.
	Think network.Delay
}

// KeyName returns the name of key i: x, y, z, k3, k4 and so on.
func KeyName(i int) string {
	if i >= 0 && i < 3 {
		return "xyz"[i : i+1]
	}
	return fmt.Sprintf("k%d", i)
}

// Script returns what client number client of clients does, a pure function of
// its arguments. Every draw is keyed by the client, the number of the operation
// and what it is for: more Operations leave the earlier ones as they are,
// another probability leaves the waits and the keys, another Think the rest.
// The values that writes and CAS leave are positive and differ over all clients
// and keys; they depend on client, clients and the operation's number only. It
// takes O(Operations) and panics unless 0 <= client < clients and no count is
// negative.
func (w Workload) Script(key sim.Key, client, clients int) []Op {
	if client < 0 || client >= clients || w.Operations < 0 || w.Keys < 0 {
		panic(fmt.Sprintf("nodes: script of client %d of %d, with %d operations on %d keys", client, clients, w.Operations, w.Keys))
	}
	key = key.Num(uint64(client))
	ops := make([]Op, w.Operations)
	for i := range ops {
		k := key.Num(uint64(i))
		op := &ops[i]
		op.Wait = w.Think.Sample(k.Sub("think").Uint64())
		op.Key = KeyName(k.Sub("key").Below(max(w.Keys, 1)))
		switch {
		case w.Reads.Hit(uint32(k.Sub("read").Uint64())):
			continue
		case w.CAS.Hit(uint32(k.Sub("cas").Uint64())):
			op.Kind = CAS
		default:
			op.Kind = Write
		}
		op.Value = int64(i)*int64(clients) + int64(client) + 1
	}
	return ops
}
