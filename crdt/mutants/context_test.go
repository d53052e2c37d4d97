package mutants_test

import (
	"slices"

	"phoenix/crdt"
)

// context is a causal context in the plainest way: per replica how far its dots are contiguous, and a
// cloud of dots. Merging folds the cloud into the marks, an own event only adds to the cloud.
type context struct {
	marks []crdt.Dot // {r, n}: the dots 1 to n of r; in order
	cloud []crdt.Dot // in order
}

func (c *context) mark(r crdt.Replica) uint64 {
	for _, m := range c.marks {
		if m.Replica == r {
			return m.Counter
		}
	}
	return 0
}

func (c *context) has(d crdt.Dot) bool {
	return d.Counter <= c.mark(d.Replica) || slices.Contains(c.cloud, d)
}

func (c *context) add(dots ...crdt.Dot) {
	for _, d := range dots {
		if !c.has(d) {
			c.cloud = inserted(c.cloud, d)
		}
	}
}

// max returns the highest counter of r.
func (c *context) max(r crdt.Replica) uint64 {
	n := c.mark(r)
	for _, d := range c.cloud {
		if d.Replica == r {
			n = max(n, d.Counter)
		}
	}
	return n
}

// contiguous returns the highest counter of r up to which c has all, folded or not.
func (c *context) contiguous(r crdt.Replica) uint64 {
	n := c.mark(r)
	for c.has(crdt.Dot{Replica: r, Counter: n + 1}) {
		n++
	}
	return n
}

// all returns the dots in order.
func (c *context) all() []crdt.Dot {
	out := slices.Clone(c.cloud)
	for _, m := range c.marks {
		for n := uint64(1); n <= m.Counter; n++ {
			out = append(out, crdt.Dot{Replica: m.Replica, Counter: n})
		}
	}
	slices.SortFunc(out, crdt.Dot.Compare)
	return out
}

// fold moves the cloud into the marks as far as there is no gap. The cloud is in order.
func (c *context) fold() {
	var left []crdt.Dot
	for _, d := range c.cloud {
		switch n := c.mark(d.Replica); {
		case d.Counter > n+1:
			left = append(left, d)
		case d.Counter == n+1:
			c.marks = slices.DeleteFunc(slices.Clone(c.marks), func(m crdt.Dot) bool { return m.Replica == d.Replica })
			c.marks = inserted(c.marks, d)
		}
	}
	c.cloud = left
}

func (c *context) merge(o *context) {
	c.add(o.all()...)
	c.fold()
}

// without returns the dots that o does not have. The dots of a cloud stay one.
func (c *context) without(o *context) context {
	var out context
	for _, d := range c.all() {
		if !o.has(d) {
			out.add(d)
		}
	}
	return out
}

func inserted(dots []crdt.Dot, d crdt.Dot) []crdt.Dot {
	i, _ := slices.BinarySearchFunc(dots, d, crdt.Dot.Compare)
	return slices.Insert(slices.Clone(dots), i, d)
}
