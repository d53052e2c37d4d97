package consistency

import (
	"math"
	"slices"

	"phoenix/properties"
)

// coreSteps bounds the clusters placed to make a core small.
const coreSteps = 1 << 20

// core returns a few of the clusters, which have no order for k, that have none
// either, and spares what they do not need of their reads. It is as small as
// leaving out one by one makes it, within coreSteps.
func (v *versions) core(clusters []cluster, k int) []cluster {
	o := v.newOrderer(clusters, k)
	o.order()
	m := minimizer{v: v, k: k, steps: coreSteps, kept: o.stuck()}
	shrink(m.kept, m.try)
	for i := range m.kept {
		m.spare(i, func(c *cluster) { c.seen, c.late = math.MinInt64, nothing })
		m.spare(i, func(c *cluster) { c.sure, c.early = v.ret(c.node), nothing })
	}
	return m.kept
}

// shrink leaves out of items what it can so that fails still holds of the
// rest, which it returns: halves, quarters and so on, then one by one.
func shrink[T any](items []T, fails func([]T) bool) []T {
	for size := (len(items) + 1) / 2; size > 0; size /= 2 {
		for at := 0; at < len(items); {
			without := slices.Delete(slices.Clone(items), at, min(at+size, len(items)))
			if fails(without) {
				items = without
			} else {
				at += size
			}
		}
	}
	return items
}

// stuck returns the clusters that were looked at in vain when every candidate
// of what remains was tried: nothing else was needed to see that there is no
// order, so they alone have none.
func (o *orderer) stuck() []cluster {
	if o.twins != nil {
		return o.pick(o.twins)
	}
	o.part, o.steps = make([]bool, len(o.cs)), math.MaxInt64
	for w := range o.candidates() {
		o.epoch(w, len(o.cs))
	}
	return o.pick(o.touched)
}

// pick returns the clusters with the given numbers by call, each once.
func (o *orderer) pick(numbers []int32) []cluster {
	numbers = slices.Clone(numbers)
	slices.Sort(numbers)
	var out []cluster
	for _, i := range slices.Compact(numbers) {
		if int(i) < len(o.cs)-1 {
			out = append(out, o.cs[i])
		}
	}
	return out
}

// minimizer keeps the smallest set of clusters found that has no order.
type minimizer struct {
	v     *versions
	k     int
	steps int64
	kept  []cluster
}

// try keeps fewer instead if that has no order either.
func (m *minimizer) try(fewer []cluster) bool {
	if m.steps -= int64(len(fewer)); m.steps < 0 {
		return false
	}
	o := m.v.newOrderer(fewer, m.k)
	o.steps = m.steps
	verdict := o.order()
	if m.steps = o.steps; verdict != properties.Fail {
		return false
	}
	m.kept = fewer
	return true
}

// spare weakens cluster i if what is kept has no order even so.
func (m *minimizer) spare(i int, weaken func(*cluster)) {
	fewer := slices.Clone(m.kept)
	weaken(&fewer[i])
	m.try(fewer)
}

// operations returns those of a core, ascending: its writes and the reads that
// matter.
func (v *versions) operations(core []cluster) []int32 {
	var nodes []int32
	for _, c := range core {
		nodes = append(nodes, c.node, c.early, c.late)
	}
	return v.positions(nodes...)
}
