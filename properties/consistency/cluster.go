package consistency

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"phoenix/properties/history"
)

// cluster is a write that certainly happened, with the reads that returned its
// version (Gibbons and Korach, SIAM J. Comput. 1997). All that an order of the
// writes must respect are three moments.
type cluster struct {
	node int32
	// call is the write's. sure is the first moment at which it had certainly
	// happened: the least return of the write and its readers. seen is the
	// greatest call of a reader, or math.MinInt64.
	call, sure, seen int64
	// early and late are the reads that gave sure and seen, or nothing.
	early, late int32
	// after is the node whose value the write, a CAS, replaced, or nothing.
	after int32
}

// clusters returns the clusters of key k by call, the initial one first, and
// the first operation that read what nobody wrote, or nothing.
func (v *versions) clusters(k int32) (cs []cluster, thin int32) {
	start := int32(len(v.ops)) + k
	cs = []cluster{{node: start, call: math.MinInt64, sure: math.MinInt64, seen: math.MinInt64,
		early: nothing, late: nothing, after: nothing}}
	v.place[start] = 0
	for _, i := range v.of[k] {
		if op := &v.ops[i]; v.happened[i] && writes(op) {
			v.place[i] = int32(len(cs))
			cs = append(cs, cluster{node: i, call: op.Call, sure: op.Return, seen: math.MinInt64,
				early: nothing, late: nothing, after: nothing})
		}
	}
	thin = nothing
	for _, i := range v.of[k] {
		switch op := &v.ops[i]; {
		case !v.happened[i] || v.from[i] == nothing || v.from[i] == ambiguous:
		case v.from[i] == unwritten:
			if thin == nothing {
				thin = i
			}
		case op.Kind == history.CAS:
			cs[v.place[i]].after = v.from[i]
		default:
			c := &cs[v.place[v.from[i]]]
			if op.Return < c.sure && v.flaw != flawOnlyReturned {
				c.sure, c.early = op.Return, i
			}
			if op.Call > c.seen {
				c.seen, c.late = op.Call, i
			}
		}
	}
	return cs, thin
}

// gap is how far behind a read was: newer versions that certainly replaced the
// one it returned before it was called.
type gap struct {
	read   int32 // nothing if no read was behind
	writes int   // that were wholly between
	since  int64 // when the first of them had certainly happened
	first  int32 // the operation whose return that was
	newer  []int32
	proof  []int32 // reads that prove when the writes had happened
}

// worstGap returns the widest gap of a read of the key whose clusters are
// given by call, the first of the widest. It is a lower bound: whichever order
// explains the history, the read's version comes before all those writes and
// they come before the read. O(n log n).
func (v *versions) worstGap(k int32, cs []cluster) gap {
	bySure := make([]int32, len(cs))
	for j, c := range cs {
		v.place[c.node], bySure[j] = int32(j), int32(j)
	}
	slices.SortStableFunc(bySure, func(a, b int32) int { return cmp.Compare(cs[a].sure, cs[b].sure) })
	counted, sums := 0, make(fenwick, len(cs)+1)
	worst, version := gap{read: nothing}, int32(0)
	for _, i := range v.of[k] {
		op := &v.ops[i]
		if op.Kind != history.Read || !v.happened[i] || v.from[i] < 0 {
			continue
		}
		for ; counted < len(cs) && cs[bySure[counted]].sure < op.Call; counted++ {
			sums.add(int(bySure[counted]))
		}
		j := v.place[v.from[i]]
		older := sort.Search(len(cs), func(at int) bool { return cs[at].call > cs[j].sure })
		if between := counted - sums.before(older); between > worst.writes {
			worst, version = gap{read: i, writes: between}, j
		}
	}
	if worst.read != nothing {
		v.describeGap(&worst, cs, version)
	}
	return worst
}

// describeGap fills in since, two of the writes between and their proofs.
func (v *versions) describeGap(g *gap, cs []cluster, version int32) {
	behind := cs[version]
	g.proof = append(g.proof, behind.early)
	var between []cluster
	for _, c := range cs {
		if c.call > behind.sure && c.sure < v.ops[g.read].Call {
			between = append(between, c)
		}
	}
	slices.SortStableFunc(between, func(a, b cluster) int { return cmp.Compare(a.sure, b.sure) })
	g.since, g.first = between[0].sure, between[0].early
	if g.first == nothing {
		g.first = between[0].node
	}
	for _, c := range between[:min(2, len(between))] {
		g.newer, g.proof = append(g.newer, c.node), append(g.proof, c.early)
	}
}

// fenwick counts marks of places below its length - 1 (Fenwick, Software:
// Practice and Experience 1994). Both methods are O(log length).
type fenwick []int

func (f fenwick) add(place int) {
	for i := place + 1; i < len(f); i += i & -i {
		f[i]++
	}
}

// before counts the marks at places below place.
func (f fenwick) before(place int) int {
	sum := 0
	for i := place; i > 0; i -= i & -i {
		sum += f[i]
	}
	return sum
}
