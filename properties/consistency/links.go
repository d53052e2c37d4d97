package consistency

import (
	"cmp"
	"fmt"
	"slices"
)

// link is a read that was owed a version: so that version comes before the one
// that was read, in any order of the versions of their key that keeps the
// guarantee.
type link struct {
	owed, read, cause, write, via int32 // of the debt, and the operation that read
}

// link adds what a read demands of the order of versions to links, unless it
// says nothing or real time says so.
func (v *versions) link(links []link, read int32, debts ...*debt) []link {
	from := v.from[read]
	for at, d := range debts {
		if d.version == from || v.ret(d.version) < v.call(from) || at > 0 && d.version == debts[0].version {
			continue
		}
		links = append(links, link{d.version, read, d.cause, d.write, d.via})
	}
	return links
}

// contradiction returns links that no order of the versions follows which also
// respects that a write which returned before another was called is older; nil
// if an order follows all links. They are as few as leaving out makes them.
func (v *versions) contradiction(links []link) []link {
	circle := v.circle(links)
	steps := cycleSteps
	return shrink(circle, func(few []link) bool {
		steps -= len(few)
		return steps >= 0 && v.circle(few) != nil
	})
}

// circle returns the links of a cycle. Of a shortest cycle through links and
// real time at most one edge is of real time: of two, a before b and c before d,
// either a is before d or c before b, which cuts it short. So it is enough to
// follow links, and to compare what each version comes after on its way with
// itself. O(l log l).
func (v *versions) circle(links []link) []link {
	w := newWalk(v, links)
	var ready []int32
	for n := range w.nodes {
		if w.waits[n] == 0 {
			ready = append(ready, int32(n))
		}
	}
	for ; len(ready) > 0; ready = ready[1:] {
		n := ready[0]
		w.waits[n] = nothing // done
		for at := w.first[n]; at < w.first[n+1]; at++ {
			to := v.place[v.from[w.links[at].read]]
			if w.latest[n] > w.latest[to] {
				w.latest[to], w.through[to] = w.latest[n], at
			}
			if w.latest[to] > v.ret(w.nodes[to]) {
				return w.back(to)
			}
			if w.waits[to]--; w.waits[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
	return w.stuck()
}

// walk is over the versions that links join.
type walk struct {
	v     *versions
	links []link  // by the version owed
	nodes []int32 // the versions, whose places are their numbers here
	first []int32 // of each node, the first link on from it; and how many links there are
	waits []int32 // of each node, how many links to it were not followed yet
	// latest is the latest call of a node and those before it on its links;
	// through the link by which that came, or nothing.
	latest  []int64
	through []int32
}

func newWalk(v *versions, links []link) *walk {
	w := &walk{v: v, links: slices.Clone(links)}
	slices.SortStableFunc(w.links, func(a, b link) int {
		return cmp.Or(cmp.Compare(a.owed, b.owed), cmp.Compare(v.from[a.read], v.from[b.read]))
	})
	w.links = slices.CompactFunc(w.links, func(a, b link) bool { return a.owed == b.owed && v.from[a.read] == v.from[b.read] })
	for _, l := range w.links {
		w.nodes = append(w.nodes, l.owed, v.from[l.read])
	}
	slices.Sort(w.nodes)
	w.nodes = slices.Compact(w.nodes)
	w.waits, w.through = make([]int32, len(w.nodes)), filled(len(w.nodes))
	for at, node := range w.nodes {
		v.place[node] = int32(at)
		w.latest = append(w.latest, v.call(node))
	}
	at := 0
	for n := range w.nodes {
		w.first = append(w.first, int32(at))
		for ; at < len(w.links) && v.place[w.links[at].owed] == int32(n); at++ {
			w.waits[v.place[v.from[w.links[at].read]]]++
		}
	}
	w.first = append(w.first, int32(at))
	return w
}

// back returns the links by which the latest call came to node n.
func (w *walk) back(n int32) (circle []link) {
	for at := w.through[n]; at != nothing; at = w.through[w.v.place[w.links[at].owed]] {
		circle = append(circle, w.links[at])
	}
	return circle
}

// stuck returns a cycle of links alone if nodes wait for each other, or nil.
func (w *walk) stuck() []link {
	into := filled(len(w.nodes))
	n := nothing
	for at, l := range w.links {
		if to := w.v.place[w.v.from[l.read]]; w.waits[w.v.place[l.owed]] > 0 {
			into[to], n = int32(at), to
		}
	}
	if n == nothing {
		return nil
	}
	before := func(n int32) int32 { return w.v.place[w.links[into[n]].owed] }
	for range w.nodes {
		n = before(n) // until it is in a cycle
	}
	var circle []link
	for last := n; len(circle) == 0 || n != last; n = before(n) {
		circle = append(circle, w.links[into[n]])
	}
	return circle
}

// failures say what happened if no order of versions keeps a guarantee.
var failures = [levels]string{
	ReadYourWrites:    "a client missed its own write",
	MonotonicReads:    "a client saw something older than it had seen",
	MonotonicWrites:   "a client saw a write but missed what its writer had written before",
	WritesFollowReads: "a client saw a write but missed what its writer had read before",
}

// circular tells of links that no order follows.
func (v *versions) circular(level Level, circle []link) Finding {
	var nodes []int32
	for _, l := range circle {
		nodes = append(nodes, l.owed, v.from[l.read], l.read, l.cause, l.write, l.via)
	}
	few := v.positions(nodes...)
	key := v.ops[circle[0].read].Key
	f := v.violation(level, fmt.Sprintf("whatever the order of the versions%s, %s: %s", inKey(key), failures[level], v.stories(few)), few...)
	f.Key = key
	return f
}
