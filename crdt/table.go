package crdt

import "slices"

// A table holds the live dots of keys, each with a value: the dot stores of
// Almeida et al. 2018, section 7.2, in one. DotSet is a table with one key and
// no values, DotFun one with one key, DotMap over DotSet one without values.
//
// Up to smallTable rows lie in a slice and are searched one by one. Beyond that
// they lie in an index. Rows are in no order that matters.
type table[K comparable, P any] struct {
	rows []row[K, P]  // while small; all of them live
	big  *index[K, P] // nil while small; then rows is nil
}

// row is one live dot. The value does not change while it is in a table, so tables may share it.
type row[K comparable, P any] struct {
	key  K
	hash uint32 // of the key, and beside it: to find a key reads one place in memory
	next int32  // place+1 of the next row of the key, or the next free row
	val  P      // not the last: a struct{} there would take 8 bytes
	dot  Dot    // counter 0: the row is free
}

func newRow[K comparable, P any](key K, d Dot, val P) row[K, P] {
	return row[K, P]{key: key, val: val, dot: d, hash: hashOf(&key)}
}

const smallTable = 8

func (t *table[K, P]) row(place int32) *row[K, P] {
	if t.big == nil {
		return &t.rows[place]
	}
	return t.big.row(place)
}

// live returns the number of rows.
func (t *table[K, P]) live() int {
	if t.big == nil {
		return len(t.rows)
	}
	return t.big.live
}

// all yields the rows with their places: for use where order does not matter.
func (t *table[K, P]) all(yield func(int32, *row[K, P]) bool) {
	if t.big != nil {
		t.big.all(yield)
		return
	}
	for i := range t.rows {
		if !yield(int32(i), &t.rows[i]) {
			return
		}
	}
}

// dots yields the live dots: for use where order does not matter.
func (t *table[K, P]) dots(yield func(Dot) bool) {
	for _, r := range t.all {
		if !yield(r.dot) {
			return
		}
	}
}

// places appends the places of key's rows to buf, rising while the table is small.
func (t *table[K, P]) places(buf []int32, hash uint32, key K) []int32 {
	if t.big == nil {
		for i := range t.rows {
			if t.rows[i].hash == hash && t.rows[i].key == key {
				buf = append(buf, int32(i))
			}
		}
		return buf
	}
	for p := t.big.head(hash, &key); p >= 0; p = t.big.row(p).next - 1 {
		buf = append(buf, p)
	}
	return buf
}

// of returns the places of key's rows.
func (t *table[K, P]) of(key K) []int32 { return t.places(nil, hashOf(&key), key) }

func (t *table[K, P]) has(key K) bool {
	if t.big != nil {
		return t.big.head(hashOf(&key), &key) >= 0
	}
	return slices.ContainsFunc(t.rows, func(r row[K, P]) bool { return r.key == key })
}

// lookup returns the place of d's row, or -1.
func (t *table[K, P]) lookup(d Dot) int32 {
	if t.big != nil {
		return t.big.lookup(d)
	}
	for i := range t.rows {
		if t.rows[i].dot == d {
			return int32(i)
		}
	}
	return -1
}

// insert adds a row. Its dot must not be live.
func (t *table[K, P]) insert(r *row[K, P]) {
	if t.big == nil && len(t.rows) < smallTable {
		t.rows = append(t.rows, *r)
		return
	}
	t.enlarge()
	t.big.insert(r)
}

// renew puts the dot and the value of r, which has the same key, into the row at place.
func (t *table[K, P]) renew(place int32, r *row[K, P]) {
	old := t.row(place)
	if t.big != nil {
		t.big.loosen(old.dot)
		t.big.strandFor(r.dot.Replica).insert(r.dot, place)
	}
	old.dot, old.val = r.dot, r.val
}

// enlarge makes the index, if there is none.
func (t *table[K, P]) enlarge() {
	if t.big != nil {
		return
	}
	t.big = &index[K, P]{}
	for i := range t.rows {
		t.big.insert(&t.rows[i])
	}
	t.rows = nil
}

// load fills an empty table and reports whether every dot is there once only. It keeps rows.
func (t *table[K, P]) load(rows []row[K, P]) bool {
	if len(rows) > smallTable {
		t.big = &index[K, P]{}
		return t.big.load(rows)
	}
	t.rows = rows
	for i := range rows {
		if t.lookup(rows[i].dot) < int32(i) {
			return false
		}
	}
	return true
}

// remove takes the rows at places out. While the table is small the places must rise.
func (t *table[K, P]) remove(places ...int32) {
	if t.big != nil {
		for _, p := range places {
			t.big.remove(p)
		}
		return
	}
	for _, p := range slices.Backward(places) {
		last := len(t.rows) - 1
		t.rows[p] = t.rows[last]
		t.rows[last] = row[K, P]{}
		t.rows = t.rows[:last]
	}
}

// liveDots returns the live dots as a set.
func (t *table[K, P]) liveDots() *CausalContext {
	c := &CausalContext{}
	if t.big == nil {
		for d := range t.dots {
			c.Add(d)
		}
		return c
	}
	for i := range t.big.strands {
		s := &t.big.strands[i]
		k := clock{replica: s.replica}
		for j, p := range s.places {
			if p >= 0 {
				k.spans = addSpan(k.spans, span{s.counter(j), s.counter(j)})
			}
		}
		c.clocks = append(c.clocks, k)
	}
	return c
}

// copyWithin copies the rows whose dots are in ctx to d, which is empty.
func (t *table[K, P]) copyWithin(ctx *CausalContext, d *table[K, P]) {
	var places []int32
	if t.big == nil {
		for i := range t.rows {
			if ctx.Contains(t.rows[i].dot) {
				places = append(places, int32(i))
			}
		}
	} else {
		for _, c := range ctx.clocks {
			if s := t.big.strandOf(c.replica); s != nil {
				places = slices.AppendSeq(places, s.within(c.spans))
			}
		}
	}
	d.apply(t, changes{new: places})
}

// sorted returns the rows in order of key, then dot. They are for reading, until the next change.
func (t *table[K, P]) sorted() []*row[K, P] {
	rows := make([]*row[K, P], 0, t.live())
	for _, r := range t.all {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b *row[K, P]) int {
		if c := compareValues(&a.key, &b.key); c != 0 {
			return c
		}
		return a.dot.Compare(b.dot)
	})
	return rows
}

// sortedKeys returns the keys that have a row for which ok holds, in order.
func (t *table[K, P]) sortedKeys(ok func(P) bool) []K {
	var keys []K
	for _, r := range t.sorted() {
		if ok(r.val) && (len(keys) == 0 || keys[len(keys)-1] != r.key) {
			keys = append(keys, r.key)
		}
	}
	return keys
}
