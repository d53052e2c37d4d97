package replicated

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"phoenix/crdt"
	"phoenix/nodes"
)

// The types as they are with a planted bug.

// A seconds is a map that stamps in whole seconds, and keeps on a tie what it has: the
// last write wins, whichever that was.
type seconds struct{ rows map[string]second }

type second struct {
	At    int64 // in seconds
	Here  bool
	Value int64
}

// Merge keeps of each key what is newer, and else its own.
func (s *seconds) Merge(o *seconds) {
	for key, w := range o.rows { // order: keys do not touch each other
		if old, ok := s.rows[key]; !ok || w.At > old.At {
			s.put(key, w)
		}
	}
}

func (s *seconds) put(key string, w second) {
	if s.rows == nil {
		s.rows = map[string]second{}
	}
	s.rows[key] = w
}

// AppendBinary appends the keys in order, each with its row.
func (s *seconds) AppendBinary(b []byte) ([]byte, error) { return appendRows(b, s.rows) }

// UnmarshalBinary reads what AppendBinary wrote.
func (s *seconds) UnmarshalBinary(data []byte) (err error) {
	s.rows, err = readRows[second](data)
	return err
}

// tieByArrival is Map with the bug of that name.
func tieByArrival() Type[seconds] {
	right := Map()
	return Type[seconds]{
		Name: right.Name, Spec: right.Spec, Bytes: right.Bytes,
		Update: func(s *seconds, h *hand, op nodes.Invocation) (*seconds, error) {
			w := second{int64(h.now / time.Second), op.Kind == nodes.Write, op.Value}
			h.stamp = crdt.Stamp{Time: w.At * int64(time.Second), Replica: h.by}
			if old, ok := s.rows[op.Key]; ok && old.At > w.At {
				return nil, errNothing
			}
			s.put(op.Key, w)
			return &seconds{map[string]second{op.Key: w}}, nil
		},
		Items: func(s *seconds) []Item {
			var all []Item
			for _, key := range slices.Sorted(maps.Keys(s.rows)) {
				if w := s.rows[key]; w.Here {
					all = append(all, Item{key, w.Value})
				}
			}
			return all
		},
	}
}

// A living is a map of the heroes that live. That one was deleted is said once, and not
// kept.
type living struct {
	rows map[string]*crdt.PNCounter
	gone string // who was deleted, of a delta
}

// Merge takes in whom it does not know: it takes what is absent for unknown.
func (s *living) Merge(o *living) {
	for _, key := range slices.Sorted(maps.Keys(o.rows)) {
		if s.rows == nil {
			s.rows = map[string]*crdt.PNCounter{}
		}
		if s.rows[key] == nil {
			s.rows[key] = &crdt.PNCounter{}
		}
		s.rows[key].Merge(o.rows[key])
	}
	delete(s.rows, o.gone)
}

// AppendBinary appends who was deleted and then the living.
func (s *living) AppendBinary(b []byte) ([]byte, error) {
	b = append(binary.AppendUvarint(b, uint64(len(s.gone))), s.gone...)
	for _, key := range slices.Sorted(maps.Keys(s.rows)) {
		b = append(binary.AppendUvarint(b, uint64(len(key))), key...)
		own, err := s.rows[key].AppendBinary(nil)
		if err != nil {
			return b, err
		}
		b = append(binary.AppendUvarint(b, uint64(len(own))), own...)
	}
	return b, nil
}

// UnmarshalBinary reads what AppendBinary wrote.
func (s *living) UnmarshalBinary(data []byte) error {
	gone, data, err := field(data)
	rows := map[string]*crdt.PNCounter{}
	for err == nil && len(data) > 0 {
		var key, own []byte
		if key, data, err = field(data); err == nil {
			if own, data, err = field(data); err == nil {
				rows[string(key)] = &crdt.PNCounter{}
				err = rows[string(key)].UnmarshalBinary(own)
			}
		}
	}
	if err == nil {
		*s = living{rows, string(gone)}
	}
	return err
}

// absentIsUnknown is Heroes with the bug of that name.
func absentIsUnknown() Type[living] {
	right := Heroes()
	return Type[living]{
		Name: right.Name, Spec: right.Spec, Bytes: right.Bytes,
		Update: func(s *living, h *hand, op nodes.Invocation) (*living, error) {
			n, alive := s.rows[op.Key]
			switch {
			case op.Kind == nodes.Write:
				if !alive {
					n = &crdt.PNCounter{}
				}
				d := &living{rows: map[string]*crdt.PNCounter{op.Key: n.Add(h.by, health(op))}}
				s.Merge(&living{rows: map[string]*crdt.PNCounter{op.Key: n}})
				return d, nil
			case !alive:
				return nil, errNothing
			}
			delete(s.rows, op.Key)
			return &living{gone: op.Key}, nil
		},
		Items: func(s *living) []Item {
			var all []Item
			for _, key := range slices.Sorted(maps.Keys(s.rows)) {
				all = append(all, Item{key, s.rows[key].Value()})
			}
			return all
		},
	}
}

// lastHealth is the state of heroes whose health is a number.
type lastHealth = crdt.TombstoneMap[string, crdt.LWWRegister[int64]]

// healthLastWrite is Heroes with the bug of that name: health is read, changed and
// written.
func healthLastWrite() Type[lastHealth] {
	right := Heroes()
	return Type[lastHealth]{
		Name: right.Name, Spec: right.Spec, Bytes: right.Bytes,
		Update: func(s *lastHealth, h *hand, op nodes.Invocation) (*lastHealth, error) {
			now, alive := s.Get(op.Key)
			switch {
			case op.Kind == nodes.Write:
				at := crdt.Stamp{}
				if alive {
					at = now.Stamp()
				}
				at = crdt.Stamp{Time: at.Time + 1, Replica: h.by}
				return s.Update(h.by, op.Key, func(n *crdt.LWWRegister[int64]) *crdt.LWWRegister[int64] {
					was, _ := n.Get()
					return n.Set(at, was+health(op))
				})
			case !alive:
				return nil, errNothing
			}
			return s.Delete(h.by, op.Key), nil
		},
		Items: func(s *lastHealth) []Item {
			var all []Item
			for key, n := range s.All() {
				value, _ := n.Get()
				all = append(all, Item{key, value})
			}
			return all
		},
		Deleted: func(s *lastHealth) []string { return slices.Collect(s.Tombstones()) },
		Collect: (*lastHealth).Collect,
	}
}

// field takes a number of bytes off the front of data.
func field(data []byte) (value, rest []byte, err error) {
	n, size := binary.Uvarint(data)
	if size <= 0 || n > uint64(len(data)-size) {
		return nil, nil, fmt.Errorf("replicated: %d bytes end too early", len(data))
	}
	return data[size : size+int(n)], data[size+int(n):], nil
}

// appendRows appends a map of structs of numbers, in order of the keys.
func appendRows[T any](b []byte, rows map[string]T) ([]byte, error) {
	var err error
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		b = append(binary.AppendUvarint(b, uint64(len(key))), key...)
		if b, err = binary.Append(b, binary.LittleEndian, rows[key]); err != nil {
			return b, err
		}
	}
	return b, nil
}

// readRows reads what appendRows wrote.
func readRows[T any](data []byte) (map[string]T, error) {
	rows := map[string]T{}
	for len(data) > 0 {
		key, rest, err := field(data)
		if err != nil {
			return nil, err
		}
		var row T
		n, err := binary.Decode(rest, binary.LittleEndian, &row)
		if err != nil {
			return nil, err
		}
		rows[string(key)], data = row, rest[n:]
	}
	return rows, nil
}
