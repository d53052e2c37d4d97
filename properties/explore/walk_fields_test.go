package explore

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"

	"phoenix/network"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// desk is a node with parts of all sorts.
type desk struct {
	number  int
	drawers map[string][]int
	lamp    *lamp
	note    []byte
	pens    []int `explore:"set"`
	peer    network.ID
	any     any
	left    func() `explore:"-"`
}

// lamp tells less of itself than it is.
type lamp struct{ On, Warm bool }

// torch has the fields of a lamp.
type torch lamp

func (l *lamp) String() string { return fmt.Sprintf("on %t", l.On) }

func drawDesk(t *rapid.T, label string) *desk {
	small := rapid.IntRange(0, 2)
	d := &desk{number: small.Draw(t, label), peer: network.ID(small.Draw(t, "peer"))}
	labels := rapid.SampledFrom([]string{"a", "b"})
	d.drawers = rapid.MapOfN(labels, rapid.SliceOfN(small, 1, 3), 1, 2).Draw(t, "drawers")
	if rapid.Bool().Draw(t, "has a lamp") {
		d.lamp = &lamp{rapid.Bool().Draw(t, "on"), rapid.Bool().Draw(t, "warm")}
	}
	d.note = []byte(rapid.SampledFrom([]string{"x", "y"}).Draw(t, "note"))
	d.pens = rapid.SliceOfN(small, 1, 3).Draw(t, "pens")
	if rapid.Bool().Draw(t, "any") {
		d.any = lamp{On: rapid.Bool().Draw(t, "any on")}
		if rapid.Bool().Draw(t, "of another type") {
			d.any = torch{On: d.any.(lamp).On}
		}
	}
	return d
}

// drawNear draws a desk that differs from another in little or nothing.
func drawNear(t *rapid.T, d *desk) *desk {
	near, other := *d, drawDesk(t, "other")
	near.pens = rapid.Permutation(d.pens).Draw(t, "permuted")
	switch rapid.IntRange(0, 7).Draw(t, "what differs") {
	case 1:
		near.number = other.number
	case 2:
		near.drawers = other.drawers
	case 3:
		near.lamp = other.lamp
	case 4:
		near.note = other.note
	case 5:
		near.pens = other.pens
	case 6:
		near.peer = other.peer
	case 7:
		near.any = other.any
	}
	return &near
}

// anyChange reports whether a field or one in it is marked.
func anyChange(fields []Field) bool {
	for _, f := range fields {
		if f.Change != "" || anyChange(f.Parts) {
			return true
		}
	}
	return false
}

// TestWhatDiffersIsMarkedAndNothingElse holds the marks to the canonical encoding: two states
// are told apart if and only if the search tells them apart.
func TestWhatDiffersIsMarkedAndNothingElse(t *testing.T) {
	w := words{name: func(id network.ID) string { return fmt.Sprintf("n%d", id) }}
	rapid.Check(t, func(t *rapid.T) {
		a := drawDesk(t, "a")
		b := drawNear(t, a)
		x, err := encode(nil, a)
		require.NoError(t, err)
		y, err := encode(nil, b)
		require.NoError(t, err)
		marked, differs := compareFields(w.content(a), w.content(b))
		require.Equal(t, !bytes.Equal(x, y), differs, "%v", marked)
		require.Equal(t, differs, anyChange(marked))
		require.Equal(t, w.content(b), unmarked(marked), "nothing of the state is lost")
	})
}

// unmarked returns fields as they are without what they are compared with.
func unmarked(fields []Field) []Field {
	var all []Field
	for _, f := range fields {
		if f.Change != "gone" {
			f.Change, f.Was, f.Parts = "", "", unmarked(f.Parts)
			all = append(all, f)
		}
	}
	return all
}

func TestFieldsAreToldInTheirOrder(t *testing.T) {
	w := words{name: func(id network.ID) string { return fmt.Sprintf("n%d", id) }}
	d := &desk{number: 1, drawers: map[string][]int{"b": nil, "a": {7}}, lamp: &lamp{On: true}, note: []byte("<x>"),
		pens: []int{3, 1}, peer: 2, any: lamp{}, left: func() {}}
	require.Equal(t, []Field{
		{Name: "number", Text: "1"},
		{Name: "drawers", Text: "{a: [7], b: []}", Parts: []Field{
			{Name: "[a]", Text: "[7]", Parts: []Field{{Name: "[0]", Text: "7"}}}, {Name: "[b]", Text: "[]"}}},
		{Name: "lamp", Text: "on true", Parts: []Field{{Name: "On", Text: "true"}, {Name: "Warm", Text: "false"}}},
		{Name: "note", Text: `"<x>"`},
		{Name: "pens", Text: "[3, 1]", Parts: []Field{{Name: "[0]", Text: "1"}, {Name: "[1]", Text: "3"}}},
		{Name: "peer", Text: "n2"},
		{Name: "any", Text: "lamp{On: false, Warm: false}", of: "explore.lamp", Parts: []Field{
			{Name: "On", Text: "false"}, {Name: "Warm", Text: "false"}}},
	}, w.content(d))
	require.Nil(t, w.fields(reflect.ValueOf((*desk)(nil))))
	require.Equal(t, []Field{{Name: "int", Text: "5"}}, w.content(5))
	require.Nil(t, w.content(struct{}{}))
}
