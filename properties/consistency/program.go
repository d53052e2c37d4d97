package consistency

import (
	"slices"

	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// programs are the clients' operations, each client's in the order in which it
// did them: all that sequential consistency knows of time. The operations are
// renumbered, client by client, as events.
type programs struct {
	v      *versions
	op     []int32 // of each event, its operation
	client []int32 // of each event
	start  []int32 // of each client, its first event; and the number of events
	event  []int32 // of each operation that has one, its event
	// writing are the events that write and certainly happened, by key, client
	// and place; groups are the stretches of one key and one client, and those
	// of key k are groups[groupsOf[k]:groupsOf[k+1]].
	writing  []int32
	groups   []group
	groupsOf []int32
	// readers are, for each event and then each key, the last reader of its (or
	// the initial) version among each client's events.
	readers [][]int32
}

// group is writing[lo:hi], the writes of one client to one key.
type group struct{ client, lo, hi int32 }

// newPrograms arranges the operations that say anything. A pending write that
// is not known to have happened is left out unless it may help: a CAS of its
// key failed, which may have met it, or a read of unknown source may be of it.
func (v *versions) newPrograms() *programs {
	p := &programs{v: v, event: make([]int32, len(v.ops))}
	operations := v.relevant()
	helps := make([]bool, len(v.keys))
	for _, i := range operations {
		if v.ops[i].Outcome == history.Failed || v.from[i] == ambiguous {
			helps[v.key[i]] = true
		}
	}
	index := make(map[int]int32)
	var of [][]int32
	for _, i := range operations {
		if v.ops[i].Outcome == history.Unknown && !v.happened[i] && !helps[v.key[i]] {
			continue
		}
		c, ok := index[v.ops[i].Client]
		if !ok || v.flaw == flawNoProgram {
			c = int32(len(of))
			index[v.ops[i].Client] = c
			of = append(of, nil)
		}
		of[c] = append(of[c], i)
	}
	for c, list := range of {
		p.start = append(p.start, int32(len(p.op)))
		for _, i := range list {
			p.event[i] = int32(len(p.op))
			p.op, p.client = append(p.op, i), append(p.client, int32(c))
		}
	}
	p.start = append(p.start, int32(len(p.op)))
	p.sortWrites()
	p.sortReads()
	return p
}

func (p *programs) sortWrites() {
	v := p.v
	for e, i := range p.op {
		if v.happened[i] && writes(&v.ops[i]) {
			p.writing = append(p.writing, int32(e))
		}
	}
	slices.SortStableFunc(p.writing, func(a, b int32) int { return int(v.key[p.op[a]] - v.key[p.op[b]]) })
	p.groupsOf = make([]int32, len(v.keys)+1)
	for at, e := range p.writing {
		k, last := v.key[p.op[e]], len(p.groups)-1
		if at == 0 || v.key[p.op[p.writing[at-1]]] != k || p.groups[last].client != p.client[e] {
			p.groups = append(p.groups, group{client: p.client[e], lo: int32(at)})
			last++
		}
		p.groups[last].hi = int32(at + 1)
		p.groupsOf[k+1] = int32(last + 1)
	}
	for k := range v.keys {
		p.groupsOf[k+1] = max(p.groupsOf[k+1], p.groupsOf[k])
	}
}

func (p *programs) sortReads() {
	p.readers = make([][]int32, len(p.op)+len(p.v.keys))
	for e := range p.op {
		w, reads := p.read(int32(e))
		if !reads {
			continue
		}
		list := p.readers[w]
		if last := len(list) - 1; last >= 0 && p.client[list[last]] == p.client[e] {
			list[last] = int32(e)
			continue
		}
		p.readers[w] = append(list, int32(e))
	}
}

// read returns the event whose version event e certainly read, or for an
// initial version the number of events plus the key.
func (p *programs) read(e int32) (w int32, reads bool) {
	i := p.op[e]
	from := p.v.from[i]
	switch {
	case from < 0 || !p.v.happened[i]:
		return 0, false
	case p.v.initial(from):
		return int32(len(p.op)) + p.v.key[i], true
	}
	return p.event[from], true
}

// place is how many events of its client come before e.
func (p *programs) place(e int32) int32 { return e - p.start[p.client[e]] }

// relevant are the operations that sequential consistency is about, ascending:
// not the failed ones, save a CAS that tells of a mismatch, nor lookups that
// nobody saw the result of.
func (v *versions) relevant() []int32 {
	var list []int32
	for i := range v.ops {
		op := &v.ops[i]
		dropped := op.Outcome == history.Failed && (op.Kind != history.CAS || v.opt.FailedCAS == linear.FailedCASDropped)
		if !dropped && (writes(op) || v.from[i] != nothing || op.Outcome == history.Failed) {
			list = append(list, int32(i))
		}
	}
	return list
}
