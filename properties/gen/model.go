package gen

import (
	"fmt"
	"slices"

	"phoenix/nodes"
)

// Map is what a store should be for clients of which one at a time does something: a
// plain map. Only writes of unknown outcome set it apart: each may take effect at any
// time later, once, or never. The zero value is empty.
type Map struct {
	values map[string]int64
	late   map[string][]int64 // values of writes that may still take effect
}

// Ended is for Machine.Ended: it returns an error if the store answered what no map
// can. It knows reads, writes and CAS of which each leaves another value.
func (m *Map) Ended(op Operation) error {
	if m.values == nil {
		m.values, m.late = map[string]int64{}, map[string][]int64{}
	}
	switch {
	case op.Outcome == nodes.OutcomeInfo && op.Kind != nodes.Read:
		m.late[op.Key] = append(m.late[op.Key], op.Value)
	case op.Outcome == nodes.OutcomeOK && op.Kind == nodes.Read, op.Outcome == nodes.OutcomeFail && op.Result.OK:
		return m.saw(op.Key, op.Result.Value)
	case op.Outcome == nodes.OutcomeOK && op.Kind == nodes.CAS:
		if err := m.saw(op.Key, 0); err != nil { // a client of one operation expects nothing
			return err
		}
		m.values[op.Key] = op.Value
	case op.Outcome == nodes.OutcomeOK:
		m.values[op.Key] = op.Value
	}
	return nil
}

// saw notes that a key had a value.
func (m *Map) saw(key string, value int64) error {
	if value == m.values[key] {
		return nil
	}
	i := slices.Index(m.late[key], value)
	if i < 0 {
		return fmt.Errorf("%s was %s, expected %s", key, text(value), text(m.values[key]))
	}
	m.values[key] = value // the late write has taken effect
	m.late[key] = slices.Delete(m.late[key], i, i+1)
	return nil
}

func text(value int64) string { return nodes.Result{Value: value, OK: true}.String() }
