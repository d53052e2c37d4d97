package gen

import (
	"slices"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"

	"pgregory.net/rapid"
)

// Operations says which operations to draw. The zero value draws none but reads of
// one key, without waits.
type Operations struct {
	// Kinds are those to draw from; none means reads.
	Kinds []nodes.Kind
	// Most is how many operations a client has at most.
	Most int
	// Keys is how many keys there are; 0 means 1.
	Keys int
	// Wait is the longest wait before an operation.
	Wait time.Duration
}

// Scripts draws a script for each of so many clients: no operations first, then few,
// without waits, on the first key, of the first kind. No value is written twice.
func (o Operations) Scripts(clients int) *rapid.Generator[[][]nodes.Op] {
	return rapid.Custom(func(t *rapid.T) [][]nodes.Op {
		all := make([][]nodes.Op, clients)
		value := int64(0)
		for i := range all {
			all[i] = o.script(t)
			for j := range all[i] {
				if op := &all[i][j]; op.Kind != nodes.Read {
					value++
					op.Value = value
				}
			}
		}
		if clients == 0 {
			below(t, 1) // a generator has to draw something
		}
		return all
	})
}

// script draws what one client does, in bursts: rapid's slices have five elements on
// average, and what it can leave out as a whole shrinks fast.
func (o Operations) script(t *rapid.T) []nodes.Op {
	const burst = 10
	ops := slices.Concat(rapid.SliceOfN(rapid.SliceOfN(o.Each(), 0, burst), 0, burst).Draw(t, "script")...)
	return ops[:min(len(ops), o.Most)]
}

// Each draws one operation; one that leaves a value leaves 1.
func (o Operations) Each() *rapid.Generator[nodes.Op] {
	kinds := o.Kinds
	if len(kinds) == 0 {
		kinds = []nodes.Kind{nodes.Read}
	}
	return rapid.Custom(func(t *rapid.T) nodes.Op {
		op := nodes.Op{Kind: pick(t, kinds...), Key: nodes.KeyName(below(t, max(1, o.Keys)))}
		if o.Wait > 0 && below(t, 4) == 3 {
			op.Wait = span(t, time.Millisecond, o.Wait)
		}
		if op.Kind != nodes.Read {
			op.Value = 1
		}
		return op
	})
}

// Workloads draws workloads: few operations on few keys first, all reads, without
// thinking. They have operations of the kinds that o has.
func (o Operations) Workloads() *rapid.Generator[nodes.Workload] {
	has := func(k nodes.Kind) bool { return len(o.Kinds) == 0 && k == nodes.Read || slices.Contains(o.Kinds, k) }
	return rapid.Custom(func(t *rapid.T) nodes.Workload {
		w := nodes.Workload{Operations: between(t, 0, o.Most), Keys: between(t, 1, max(1, o.Keys))}
		writes, cas := has(nodes.Write), has(nodes.CAS)
		if has(nodes.Read) {
			w.Reads = sim.Certain
			if writes || cas {
				w.Reads = sim.Certain * sim.Prob(100-below(t, 100)) / 100
			}
		}
		if cas {
			w.CAS = part(t, sim.Certain)
		}
		if cas && !writes {
			w.CAS = sim.Certain
		}
		if o.Wait > 0 && coin(t) {
			w.Think = network.Exponential(span(t, time.Millisecond, o.Wait))
		}
		return w
	})
}
