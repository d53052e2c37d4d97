package explore

import (
	"reflect"
	"slices"
	"unsafe"
)

// memory is what a node's handler and all that it leads to held at one moment, to be
// written back in place: the node then is in the state that it was in, in the same world,
// whatever it has done since. Pointers remain what they were, so that what is shared within
// the node, or with functions that it gave to timers, still is. What ties the node to its
// world is not followed. What has not changed is not written: it may be shared by nodes.
type memory struct {
	cells []cell
	maps  []mapCell
	bytes int // that it takes, about
}

// cell is a variable that a pointer leads to, or the elements of a slice.
type cell struct {
	live, saved reflect.Value
	at, was     unsafe.Pointer // of the two
	size        uintptr
	list        bool
}

// mapCell is a map, and what its entries were.
type mapCell struct {
	live         reflect.Value
	keys, values reflect.Value // one more than there are entries: for looking at one
	n            int
}

// takeMemory returns what is behind a handler, nil if it cannot be written back: for what
// is in a channel, in the variables of a function or in a field that is no state cannot be
// seen, and a map with keys that may not be equal to themselves could not be filled again.
func takeMemory(handler any) *memory {
	m := &memory{}
	if handler != nil && !followBoxed(m, reflect.ValueOf(handler)) {
		return nil
	}
	return m
}

// intact reports whether all is as it was.
func (m *memory) intact() bool {
	for i := range m.cells {
		if !m.cells[i].intact() {
			return false
		}
	}
	for i := range m.maps {
		if !m.maps[i].intact() {
			return false
		}
	}
	return true
}

// restore makes all be as it was.
func (m *memory) restore() {
	for i := range m.cells {
		switch c := &m.cells[i]; {
		case c.intact():
		case c.list:
			reflect.Copy(c.live, c.saved)
		default:
			c.live.Set(c.saved)
		}
	}
	for i := range m.maps {
		m.maps[i].restore()
	}
}

func (c *cell) intact() bool { return sameBytes(c.at, c.was, c.size) }

func sameBytes(a, b unsafe.Pointer, n uintptr) bool {
	return unsafe.String((*byte)(a), n) == unsafe.String((*byte)(b), n)
}

// intact looks for each entry among those that were, first at the place behind the last
// one: a map that has not changed goes through its entries in turn, from any of them.
func (c *mapCell) intact() bool {
	if c.live.Len() != c.n {
		return false
	}
	if c.n == 0 {
		return true
	}
	key, value := c.keys.Index(c.n), c.values.Index(c.n)
	k, v := key.Addr().UnsafePointer(), value.Addr().UnsafePointer()
	firstKey, firstValue := c.keys.UnsafePointer(), c.values.UnsafePointer()
	next := 0
	for it := c.live.MapRange(); it.Next(); { // order: entries are looked for one by one
		key.SetIterKey(it)
		value.SetIterValue(it)
		tries := 0
		for ; tries < c.n; tries++ {
			i := uintptr(next)
			if next++; next == c.n {
				next = 0
			}
			if sameBytes(k, unsafe.Add(firstKey, i*key.Type().Size()), key.Type().Size()) {
				if !sameBytes(v, unsafe.Add(firstValue, i*value.Type().Size()), value.Type().Size()) {
					return false
				}
				break
			}
		}
		if tries == c.n {
			return false
		}
	}
	return true
}

func (c *mapCell) restore() {
	if c.intact() {
		return
	}
	c.live.Clear()
	for i := range c.n {
		c.live.SetMapIndex(c.keys.Index(i), c.values.Index(i))
	}
}

// object takes down the variable at p.
func (m *memory) object(t reflect.Type, p unsafe.Pointer) bool {
	for i := range m.cells {
		if c := &m.cells[i]; c.at == p && !c.list && c.live.Type() == t {
			return true
		}
	}
	if !m.room(t.Size()) {
		return false
	}
	c := cell{live: reflect.NewAt(t, p).Elem(), saved: reflect.New(t).Elem(), at: p, size: t.Size()}
	c.saved.Set(c.live)
	c.was = c.saved.Addr().UnsafePointer()
	m.cells = append(m.cells, c)
	return reachOf(t).follow(m, c.was)
}

// Bounds of what a node may lead to: its parts are looked through for each of them.
const (
	maxCells = 512
	maxBytes = 1 << 16
	perCell  = 120 // bytes
)

// room counts another part of a size, and reports whether there is room for it.
func (m *memory) room(size uintptr) bool {
	if size >= maxBytes {
		return false
	}
	m.bytes += int(size) + perCell
	return m.bytes < maxBytes && len(m.cells)+len(m.maps) < maxCells
}

// list takes down the elements of a slice that is not empty.
func (m *memory) list(v reflect.Value) bool {
	at := v.UnsafePointer()
	for i := range m.cells {
		if c := &m.cells[i]; c.at == at && c.list && c.live.Type() == v.Type() && c.live.Len() == v.Len() {
			return true
		}
	}
	n, elem := v.Len(), v.Type().Elem()
	if !m.room(uintptr(n) * elem.Size()) {
		return false
	}
	c := cell{live: v.Slice(0, n), saved: reflect.MakeSlice(v.Type(), n, n), at: at, list: true}
	c.size = uintptr(n) * elem.Size()
	reflect.Copy(c.saved, v)
	c.was = c.saved.UnsafePointer()
	m.cells = append(m.cells, c)
	return followAll(m, elem, c.was, n)
}

// table takes down the entries of a map that is not nil.
func (m *memory) table(v reflect.Value, keys, values reflect.Type) bool {
	for i := range m.maps {
		if m.maps[i].live.UnsafePointer() == v.UnsafePointer() {
			return true
		}
	}
	n := v.Len()
	if !m.room(uintptr(n) * (keys.Elem().Size() + values.Elem().Size())) {
		return false
	}
	c := mapCell{live: reflect.New(v.Type()).Elem(), n: n,
		keys: reflect.MakeSlice(keys, n+1, n+1), values: reflect.MakeSlice(values, n+1, n+1)}
	c.live.Set(v)
	i := 0
	for it := v.MapRange(); it.Next(); i++ { // order: it is a map again when it is restored
		c.keys.Index(i).SetIterKey(it)
		c.values.Index(i).SetIterValue(it)
	}
	m.maps = append(m.maps, c)
	return followAll(m, keys.Elem(), c.keys.UnsafePointer(), n) && followAll(m, values.Elem(), c.values.UnsafePointer(), n)
}

// followAll follows what a number of values in a row lead to.
func followAll(m *memory, t reflect.Type, first unsafe.Pointer, n int) bool {
	w := reachOf(t)
	if w.flat {
		return true
	}
	for i := range n {
		if !w.follow(m, unsafe.Add(first, uintptr(i)*t.Size())) {
			return false
		}
	}
	return true
}

// followBoxed follows what a value in an interface leads to. The box itself never changes.
func followBoxed(m *memory, v reflect.Value) bool {
	w := reachOf(v.Type())
	if w.flat {
		return true
	}
	box := reflect.New(v.Type())
	box.Elem().Set(v)
	return w.follow(m, box.UnsafePointer())
}

// isTie reports whether values of a type are of a node's world, or never change.
func isTie(t reflect.Type) bool { return t == location || slices.Contains(ties, t) }
