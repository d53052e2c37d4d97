package linear

import (
	"cmp"
	"math"
	"slices"

	"phoenix/properties"
	"phoenix/properties/history"
)

// growing reports whether a set is only added to and read as a whole.
func growing(ops []*history.Operation) bool {
	reads := false
	for _, op := range ops {
		reads = reads || op.Kind == history.Read
		if op.Kind != history.Add && op.Kind != history.Read {
			return false
		}
	}
	return reads
}

// monitorGrowingSet decides about a set to which each element is added once,
// none is removed from, and which is read as a whole, in O(n log n) and the
// length of all lists. It is Jepsen's set workload.
//
// What the reads saw must form a chain, each list part of the next. That fixes
// the order in blocks: the adds of what the first list has, the reads of that
// list, the adds of what the second list has beyond that, and so on; last come
// adds that returned and that no read saw. Adds that did not return and that
// nobody saw never happened. Within a block any order is right, so the history
// is linearizable if and only if no operation was called after one of a later
// block had returned.
//
// ok is false if an element is added twice, or to a set that has it.
func monitorGrowingSet(opt *Options, ops []*history.Operation) (d decision, ok bool) {
	g := growingSet{opt: opt, ops: ops}
	if !g.gather() {
		return decision{}, false
	}
	merged, ok := newInterleaving(ops)
	if !ok {
		return decision{}, false
	}
	g.readAll()
	if g.wrong.core == nil {
		g.chain()
	}
	if g.wrong.core == nil {
		g.fill()
		g.realTime()
	}
	if g.wrong.core != nil {
		return decision{verdict: properties.Fail, core: g.wrong.core}, true
	}
	merged.append(ops, g.order)
	for _, i := range g.blind {
		merged.append(ops, []int32{i})
	}
	return decision{verdict: properties.Pass, order: merged.order()}, true
}

type growingSet struct {
	opt     *Options
	ops     []*history.Operation
	index   *valueIndex
	initial int     // elements: those with the least numbers
	add     []int32 // of each element, or none
	block   []int32 // of each element: the first list that has it
	blind   []int32 // reads that say nothing
	reads   []setRead
	lists   []int32 // a read of each list of the chain, that which returned first
	order   []int32 // by block
	ends    []int32 // of the adds and of the reads of each list, in order
	wrong   violation
}

// setRead is a read and the elements that it saw.
type setRead struct {
	at   int32
	list int32 // in the chain
	saw  []int32
}

// gather numbers the elements.
func (g *growingSet) gather() bool {
	held, isList := g.opt.initial().Items()
	g.index = newValueIndex(len(held) + len(g.ops))
	for _, v := range held {
		if _, added := g.index.add(v); !added {
			return false
		}
	}
	g.initial = len(held)
	g.add = slices.Repeat([]int32{none}, len(held))
	for i, op := range g.ops {
		if op.Kind != history.Add {
			continue
		}
		lacked, answered := op.Out.Bool()
		if _, added := g.index.add(op.Arg); !added || answered && !lacked {
			return false
		}
		g.add = append(g.add, int32(i))
	}
	return isList
}

// readAll looks up what the reads saw. A read is wrong alone if it saw what was
// never added, or twice, or misses an initial element.
func (g *growingSet) readAll() {
	lastRead := make([]int32, len(g.add)) // that saw an element, plus 1
	for i, op := range g.ops {
		if op.Kind != history.Read {
			continue
		}
		if op.Out.IsNil() && g.opt.NilRead == NilIsAnything {
			g.blind = append(g.blind, int32(i))
			continue
		}
		items, isList := op.Out.Items()
		r := setRead{at: int32(i), saw: make([]int32, 0, len(items))}
		old := 0
		for _, v := range items {
			e, known := g.index.find(v)
			if !known || lastRead[e] == r.at+1 {
				isList = false
				break
			}
			lastRead[e] = r.at + 1
			r.saw = append(r.saw, e)
			if int(e) < g.initial {
				old++
			}
		}
		if !isList && !op.Out.IsNil() || old < g.initial {
			g.wrong.keepFirst(op.Return, func() []int32 { return []int32{r.at} })
		}
		g.reads = append(g.reads, r)
	}
}

// chain sorts the reads by what they saw, and finds the first block of each element.
func (g *growingSet) chain() {
	slices.SortStableFunc(g.reads, func(a, b setRead) int { return cmp.Compare(len(a.saw), len(b.saw)) })
	g.block = slices.Repeat([]int32{none}, len(g.add))
	for i := range g.reads {
		r := &g.reads[i]
		shared := 0
		for _, e := range r.saw {
			if g.block[e] != none {
				shared++
			}
		}
		if i > 0 && shared < len(g.reads[i-1].saw) {
			last := g.reads[i-1].at
			g.wrong.keepFirst(max(g.ops[r.at].Return, g.ops[last].Return), func() []int32 { return union(last, r.at) })
			return
		}
		if i == 0 || shared < len(r.saw) {
			g.lists = append(g.lists, r.at)
		}
		r.list = int32(len(g.lists) - 1)
		if first := &g.lists[r.list]; g.ops[r.at].Return < g.ops[*first].Return {
			*first = r.at
		}
		for _, e := range r.saw {
			if g.block[e] == none {
				g.block[e] = r.list
			}
		}
	}
}

// fill sorts the operations by block, and in a block by Call: the adds of list i
// are block 2i, and its reads are block 2i+1.
func (g *growingSet) fill() {
	var blocks []timed
	for e, at := range g.add {
		block := 2 * int64(g.block[e])
		if g.block[e] == none {
			block = 2 * int64(len(g.lists))
		}
		if at != none && (g.block[e] != none || g.ops[at].Return != history.Pending) {
			blocks = append(blocks, timed{block, at})
		}
	}
	for _, r := range g.reads {
		blocks = append(blocks, timed{2*int64(r.list) + 1, r.at})
	}
	for i, t := range byMoment(blocks) {
		g.order = append(g.order, t.id)
		for int64(len(g.ends)) < t.at {
			g.ends = append(g.ends, int32(i))
		}
	}
	g.ends = append(g.ends, int32(len(blocks)))
}

// realTime looks for an operation that returned before another of an earlier
// block was called: of those the one that was called last.
func (g *growingSet) realTime() {
	start := int32(0)
	latest, of := int32(none), 0 // and its block
	call := int64(math.MinInt64)
	for block, end := range g.ends {
		for _, i := range g.order[start:end] {
			if ret := g.ops[i].Return; latest != none && ret < call {
				g.late(latest, i, of/2)
			}
		}
		for _, i := range g.order[start:end] {
			if latest == none || g.ops[i].Call > call {
				latest, of, call = i, block, g.ops[i].Call
			}
		}
		start = end
	}
}

// late reports that an operation was called when the one that comes after it
// had returned. If both are adds then it takes a read that saw only the first to
// say which comes after which: one of the given list.
func (g *growingSet) late(op, after int32, list int) {
	core := []int32{op, after}
	end := g.ops[after].Return
	if g.ops[op].Kind == history.Add && g.ops[after].Kind == history.Add {
		core = append(core, g.lists[list])
		end = max(end, g.ops[g.lists[list]].Return)
	}
	if g.ops[op].Kind == history.Read {
		end = max(end, g.ops[op].Return)
	}
	g.wrong.keepFirst(end, func() []int32 { return union(core...) })
}
