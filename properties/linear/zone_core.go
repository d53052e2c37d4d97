package linear

import (
	"math"

	"phoenix/properties/history"
)

// The functions here say why there is no order, when it has been noticed that
// there is none. Each finds the operations of one kind of contradiction that
// was complete first: of a prefix of the history that ends with the last of
// their returns the same can be said. Writers are left out where what they
// wrote was seen by one that is named, for all that matters of such a writer is
// its call.

// readers are the operations that read each cluster.
type readers struct {
	start []int32 // of the reads of cluster i in list; start[i+1] is their end
	list  []int32 // by cluster and Call
}

// reads lists the operations that read a cluster, by Call. The first time is O(n).
func (m *registerMonitor) reads(at int32) []int32 {
	r := &m.readers
	if r.start == nil {
		r.start = make([]int32, len(m.clusters)+1)
		for i := range m.clusters {
			r.start[i+1] = r.start[i] + m.clusters[i].reads
		}
		r.list = make([]int32, r.start[len(m.clusters)])
		next := append([]int32(nil), r.start...)
		for i, of := range m.readOf {
			if of != none {
				r.list[next[of]] = int32(i)
				next[of]++
			}
		}
	}
	return r.list[r.start[at]:r.start[at+1]]
}

// chain lists the clusters from one on to the end of its chain, or once around.
func (m *registerMonitor) chain(from int32) (chain []int32) {
	chain = append(chain, from)
	for at := m.clusters[from].next; at != none && at != from; at = m.clusters[at].next {
		chain = append(chain, at)
	}
	return chain
}

// witness is an operation in a chain that returned. It ties together the
// clusters of the chain from one place to another.
type witness struct {
	op       int32
	from, to int
	ret      int64
}

var nobody = witness{op: none, ret: math.MaxInt64}

// earliest returns what returned first of a chain.
func (m *registerMonitor) earliest(chain []int32) witness {
	w := nobody
	for i, at := range chain {
		c := &m.clusters[at]
		if c.ret < w.ret {
			w = witness{c.writer, i, i, c.ret}
		}
		if c.first < w.ret {
			w = witness{m.firstRead(at), i, i, c.first}
		}
	}
	return w
}

// firstRead returns the read of a cluster that returned first.
func (m *registerMonitor) firstRead(at int32) int32 {
	for _, r := range m.reads(at) {
		if m.ops[r].Return == m.clusters[at].first {
			return r
		}
	}
	return none
}

// calledAfter returns what returned first of those in a chain that were called
// after moment t, or come after a writer that was.
func (m *registerMonitor) calledAfter(chain []int32, t int64) witness {
	w, late := nobody, none
	for i, at := range chain {
		c := &m.clusters[at]
		if c.call > t {
			late = i
		}
		if late != none && c.ret < w.ret {
			w = witness{c.writer, late, i, c.ret}
		}
		for _, r := range m.reads(at) {
			op := m.ops[r]
			switch {
			case op.Return >= w.ret:
			case op.Call > t:
				w = witness{r, i, i, op.Return}
			case late != none:
				w = witness{r, late, i, op.Return}
			}
		}
	}
	return w
}

// tie returns the witnesses and what ties the clusters they speak of together:
// the CASes from behind the first to the last of those.
func (m *registerMonitor) tie(chain []int32, witnesses ...witness) (core []int32) {
	from, to := len(chain), 0
	for _, w := range witnesses {
		core = append(core, w.op)
		from, to = min(from, w.from), max(to, w.to)
	}
	for i := from + 1; i <= to; i++ {
		core = append(core, m.clusters[chain[i]].writer)
	}
	return core
}

// foundPair has found two chains each of which must come before the other. The
// best of their operations are looked for as long as that is cheap on the
// whole: there may be as many pairs as chains.
func (m *registerMonitor) foundPair(a, b zone) {
	if m.wrong.core != nil && (m.effort < 0 || m.wrong.at <= max(a.f, b.f)) {
		return
	}
	inA, inB := m.chain(a.head), m.chain(b.head)
	for _, chain := range [...][]int32{inA, inB} {
		for _, at := range chain {
			m.effort -= 1 + int(m.clusters[at].reads)
		}
	}
	firstA, firstB := m.earliest(inA), m.earliest(inB)
	thenA, thenB := m.calledAfter(inA, b.f), m.calledAfter(inB, a.f)
	m.wrong.keepFirst(max(firstA.ret, firstB.ret, thenA.ret, thenB.ret), func() []int32 {
		return union(append(m.tie(inA, firstA, thenA), m.tie(inB, firstB, thenB)...)...)
	})
}

// foundTangle has found a chain that has no order.
func (m *registerMonitor) foundTangle(head int32) {
	chain := m.chain(head)
	m.calledLate(chain)
	least := nobody // of what comes later
	for i := len(chain) - 1; i >= 0; i-- {
		c := &m.clusters[chain[i]]
		for _, r := range m.reads(chain[i]) {
			if op := m.ops[r]; m.less(least.ret, op.Call, flawChainTouch) {
				m.wrong.keepFirst(op.Return, func() []int32 {
					return union(m.tie(chain, witness{op: r, from: i, to: i}, least)...)
				})
			}
		}
		if c.first < least.ret {
			least = witness{m.firstRead(chain[i]), i, i, c.first}
		}
		if c.ret < least.ret {
			least = witness{c.writer, i, i, c.ret}
		}
	}
}

// calledLate looks in a chain for a writer that was called after one that comes
// later had returned. This one saw a value when nobody had written it, or what
// it comes from.
func (m *registerMonitor) calledLate(chain []int32) {
	late := 0 // the writer called last so far
	for i, at := range chain {
		c := &m.clusters[at]
		if i > 0 && m.less(c.ret, m.clusters[chain[late]].call, flawChainTouch) {
			m.wrong.keepFirst(c.ret, func() []int32 { return union(m.tie(chain, witness{c.writer, late, i, c.ret})...) })
		}
		if c.call > m.clusters[chain[late]].call {
			late = i
		}
		if m.less(c.first, m.clusters[chain[late]].call, flawReadTouch) && m.flaw != flawReadFirst {
			m.wrong.keepFirst(c.first, func() []int32 {
				return union(m.tie(chain, witness{m.firstRead(at), late, i, c.first})...)
			})
		}
	}
}

// foundNowhere has found that a value was seen which nobody wrote.
func (m *registerMonitor) foundNowhere(head int32) {
	chain := m.chain(head)
	seen := m.earliest(chain)
	seen.from = 0
	m.wrong.keepFirst(seen.ret, func() []int32 { return union(m.tie(chain, seen)...) })
}

// foundForks shows of each value that two CASes replaced that they happened.
func (m *registerMonitor) foundForks() {
	for _, at := range m.forks {
		other := m.clusters[m.clusters[at].prev].next
		core, complete := []int32{m.clusters[at].writer, m.clusters[other].writer}, farPast
		for _, from := range [...]int32{at, other} {
			chain := m.chain(from)
			w := m.earliest(chain)
			w.from = 0
			core, complete = append(core, m.tie(chain, w)...), max(complete, w.ret)
		}
		m.wrong.keepFirst(complete, func() []int32 { return union(core...) })
	}
}

// findCircles looks for values that come from each other by CAS. O(n).
func (m *registerMonitor) findCircles() {
	round := make([]int32, len(m.clusters)) // in which a cluster was visited
	for _, start := range m.cas {
		at := start
		for at != none && round[at] == 0 {
			round[at] = start + 1
			at = m.clusters[at].next
		}
		if at == start && round[at] == start+1 {
			chain := m.chain(start)
			w := m.earliest(chain)
			core := []int32{w.op}
			for _, i := range chain {
				core = append(core, m.clusters[i].writer)
			}
			m.wrong.keepFirst(w.ret, func() []int32 { return union(core...) })
		}
	}
}

// findMismatches looks for a CAS that failed although the register held what it
// expected all the time: between what knew the value before and after it.
func (m *registerMonitor) findMismatches() {
	if len(m.loose) == 0 {
		return
	}
	rewritten := make([]bool, len(m.clusters))
	for _, i := range m.rewrites {
		at, _ := m.index.find(m.ops[i].Arg)
		rewritten[at] = true
	}
	for _, i := range m.loose {
		if op := m.ops[i]; op.Kind == history.CAS {
			at, known := m.index.find(op.Old)
			if known && m.clusters[at].written() && m.clusters[at].happened() && !rewritten[at] {
				m.findMismatch(i, at)
			}
		}
	}
}

func (m *registerMonitor) findMismatch(i, at int32) {
	c, op := &m.clusters[at], m.ops[i]
	until := c.last
	if c.next != none {
		until = max(until, m.clusters[c.next].call)
	}
	if !m.less(min(c.ret, c.first), op.Call, flawMismatchTouch) || !m.less(op.Return, until, flawMismatchTouch) {
		return
	}
	if m.effort < 0 && m.wrong.core != nil {
		return
	}
	m.effort -= 1 + int(c.reads)
	first, then := m.earliest([]int32{at}), m.calledAfter([]int32{at}, op.Return)
	core := []int32{i, first.op, then.op}
	if then.op == none && c.next != none {
		chain := m.chain(c.next)
		m.effort -= len(chain)
		then = m.earliest(chain)
		then.from = 0
		core = append(append(core, m.clusters[c.next].writer), m.tie(chain, then)...)
	}
	m.wrong.keepFirst(max(op.Return, first.ret, then.ret), func() []int32 { return union(core...) })
}
