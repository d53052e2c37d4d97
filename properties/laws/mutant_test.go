package laws_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"slices"

	"phoenix/crdt"
	"phoenix/properties/laws"
)

// bug is a type whose name says which law a mutant breaks.
type bug interface{ law() laws.Law }

// mutant is an add-wins set with some things beside it, which are right unless its bug says otherwise.
type mutant[B bug] struct {
	set  crdt.AddWinsSet[string]
	side side
}

// side is what is beside the set. Each part belongs to one or two bugs.
type side struct {
	N     int      // laws 1, 3, 4, 5, 17
	Last  string   // law 2
	Order []string // law 21
	All   []string // law 19
	bag   map[string]bool
}

func breaks[B bug](l laws.Law) bool {
	var b B
	return b.law() == l
}

func (m *mutant[B]) Merge(o *mutant[B]) {
	switch {
	case breaks[B](12) && !m.reaches(o):
		return // a delta beyond a gap is dropped
	case breaks[B](1):
		m.side.N += o.side.N
	case breaks[B](3):
		m.side.N = duel(m.side.N, o.side.N)
	case breaks[B](4) && o.isBottom():
		m.side.N = 0
	case !breaks[B](17):
		m.side.N = max(m.side.N, o.side.N)
	}
	if m.side.Last == "" || !breaks[B](2) {
		m.side.Last = max(m.side.Last, o.side.Last)
	}
	for _, e := range o.side.Order {
		if !slices.Contains(m.side.Order, e) {
			m.side.Order = append(m.side.Order, e)
		}
	}
	m.side.All = slices.Compact(slices.Sorted(slices.Values(slices.Concat(m.side.All, o.side.All))))
	m.set.Merge(&o.set)
	if o.side.bag != nil {
		if m.side.bag == nil && breaks[B](22) {
			m.side.bag = o.side.bag
		} else {
			m.carry(maps.Keys(o.side.bag))
		}
	}
}

func (m *mutant[B]) carry(keys iter.Seq[string]) {
	if m.side.bag == nil {
		m.side.bag = map[string]bool{}
	}
	for k := range keys {
		m.side.bag[k] = true
	}
}

func (m *mutant[B]) isBottom() bool { return m.set.Context().IsEmpty() && m.side.N == 0 }

// reaches reports whether no dot of one replica is missing between what m has seen and what o brings.
func (m *mutant[B]) reaches(o *mutant[B]) bool {
	mine := m.set.Context()
	for d := range o.set.Context().All() {
		if before := (crdt.Dot{Replica: d.Replica, Counter: d.Counter - 1}); d.Counter > 1 &&
			!mine.Contains(before) && !o.set.Context().Contains(before) {
			return false
		}
	}
	return true
}

// duel has 1 beat 3, 2 beat 1 and 3 beat 2: commutative and idempotent, and not associative.
func duel(a, b int) int {
	if lo, hi := min(a, b), max(a, b); lo == 1 && hi == 3 {
		return 1
	}
	return max(a, b)
}

func (m *mutant[B]) do(e *laws.Event) *mutant[B] {
	r := e.Replica
	if breaks[B](10) {
		r = crdt.Replica(e.Copy) // the same after a crash
	}
	d := &mutant[B]{}
	old := crdt.Clone(&m.set)
	if e.Kind == "add" {
		d.set = *m.set.Add(r, e.Key)
	} else {
		d.set = *m.set.Remove(r, e.Key)
	}
	switch {
	case breaks[B](1), breaks[B](4):
		m.side.N, d.side.N = m.side.N+1, 1
	case breaks[B](3):
		d.side.N = slices.Index([]string{"a", "b", "c"}, e.Key) + 1
		m.side.N = duel(m.side.N, d.side.N)
	case breaks[B](5):
		m.side.N = 2 - min(1, m.side.N)
	case breaks[B](17):
		m.side.N = e.ID
	case breaks[B](2):
		d.side.Last = e.Key
		m.side.Last = e.Key
	case breaks[B](6) && e.Kind == "remove", breaks[B](15) && e.Key == "c":
		return &mutant[B]{}
	case breaks[B](11):
		for k := range old.All() {
			old.Remove(r, k)
		}
		d.set.Merge(old)
	case breaks[B](19):
		d.side.All = []string{e.Op + string(rune('0'+e.ID))}
		m.side.All = slices.Sorted(slices.Values(append(m.side.All, d.side.All...)))
	case breaks[B](21):
		m.Merge(&mutant[B]{side: side{Order: []string{e.Key}}})
		d.side.Order = []string{e.Key}
	case breaks[B](22), breaks[B](23):
		m.carry(slices.Values([]string{e.Key, e.Op}))
		d.carry(slices.Values([]string{e.Key, e.Op}))
	}
	return d
}

func (m *mutant[B]) Context() *crdt.CausalContext {
	c := m.set.Context()
	if breaks[B](9) && c.Len() > 1 {
		c = c.Without(contextOf(slices.Collect(c.All())[1]))
	}
	return c
}

func contextOf(dots ...crdt.Dot) *crdt.CausalContext {
	c := &crdt.CausalContext{}
	for _, d := range dots {
		c.Add(d)
	}
	return c
}

func (m *mutant[B]) Delta(since *crdt.CausalContext) *mutant[B] {
	if breaks[B](18) && m.set.Len() > 1 {
		since = &crdt.CausalContext{}
	}
	return &mutant[B]{set: *m.set.Delta(since), side: m.side}
}

func (m *mutant[B]) Diff(o *mutant[B]) *mutant[B] {
	d := &mutant[B]{set: *m.set.Diff(&o.set)}
	if breaks[B](7) && !d.set.Context().IsEmpty() {
		d.set = *crdt.Clone(&m.set)
	}
	return d
}

func (m *mutant[B]) Split() iter.Seq[*mutant[B]] {
	return func(yield func(*mutant[B]) bool) {
		n := 0
		for piece := range m.set.Split() {
			n++
			if !yield(&mutant[B]{set: *piece}) {
				return
			}
		}
		if n > 1 && breaks[B](8) {
			yield(&mutant[B]{set: *crdt.Clone(&m.set)})
		}
	}
}

func (m *mutant[B]) AppendBinary(b []byte) ([]byte, error) {
	set, err := m.set.AppendBinary(nil)
	bag := slices.Collect(maps.Keys(m.side.bag))
	if !breaks[B](23) {
		slices.Sort(bag)
	}
	text, _ := json.Marshal([]any{set, m.side, bag})
	return append(b, text...), err
}

func (m *mutant[B]) UnmarshalBinary(data []byte) error {
	var out mutant[B]
	var set []byte
	var bag []string
	err := json.Unmarshal(data, &[]any{&set, &out.side, &bag})
	if bag != nil {
		out.carry(slices.Values(bag))
	}
	if breaks[B](0) && bytes.Count(data, []byte("a")) > 100 {
		panic("too long")
	}
	err = errors.Join(err, out.set.UnmarshalBinary(set))
	if breaks[B](20) && out.set.Len() > 1 {
		out.set = crdt.AddWinsSet[string]{}
	}
	*m = out
	return err
}

// typeOf specifies the mutant as the set that it should be.
func typeOf[B bug]() laws.Type[mutant[B]] {
	right := laws.AddWinsSet()
	var b B
	typ := laws.Type[mutant[B]]{
		Name:   "mutant of " + b.law().String(),
		Covers: right.Covers,
		Spec:   right.Spec,
		Read:   func(m *mutant[B]) []string { return right.Read(&m.set) },
	}
	for _, o := range right.Ops {
		typ.Ops = append(typ.Ops, laws.Op[mutant[B]]{
			Name: o.Name, Event: o.Event, When: o.When,
			Do: func(m *mutant[B], e *laws.Event) *mutant[B] {
				if breaks[B](0) && m.set.Len() == 3 {
					panic("too many elements")
				}
				return m.do(e)
			},
		})
	}
	typ.Bound = func(laws.View) int { return 400 } // it is JSON
	if breaks[B](13) {                             // what it does is add-wins, and what it should be is the opposite
		typ.Spec = func(v laws.View) []string {
			removed := v.Keys(v.Where(v.Alive(), func(e *laws.Event) bool { return e.Kind == "remove" }))
			return slices.DeleteFunc(right.Spec(v), func(k string) bool { return slices.Contains(removed, k) })
		}
	}
	return typ
}
