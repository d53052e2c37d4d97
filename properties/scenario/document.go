package scenario

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"

	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/goccy/go-yaml"
)

// Document is a scenario file: the name of a scenario and what differs from its
// defaults.
type Document struct {
	Scenario string `json:"scenario" jsonschema:"name of a scenario: see the list command"`
	// Seeds is a seed or a range, such as 0..1000.
	Seeds  string `json:"seeds,omitempty"`
	Config `yaml:",inline"`
}

// ParseDocument reads a scenario file: file names it in errors, and all are the
// scenarios that it may name. Fields that it leaves out get the scenario's
// defaults. Errors are *SyntaxError.
func ParseDocument(file string, data []byte, all []*Scenario) (*Scenario, *Document, error) {
	f, err := ParseFile(file, data)
	if err != nil {
		return nil, nil, err
	}
	s, err := f.scenario(all)
	if err != nil {
		return nil, nil, err
	}
	doc := &Document{Config: s.Defaults}
	if f.has("$.faults") {
		doc.Faults = nil
		if !f.has("$.nemesis") {
			doc.Nemesis = chaos.Nemesis{}
		}
	}
	if err := f.Decode(doc); err != nil {
		return nil, nil, err
	}
	if doc.Seeds != "" {
		if _, err := sim.ParseSeeds(doc.Seeds); err != nil {
			return nil, nil, f.Errorf("$.seeds", "%v", err)
		}
	}
	if err := s.Validate(&doc.Config); err != nil {
		return nil, nil, f.Invalid("$", err)
	}
	if err := f.obeys(); err != nil {
		return nil, nil, err
	}
	return s, doc, nil
}

// scenario returns the scenario that the file names.
func (f *File) scenario(all []*Scenario) (*Scenario, error) {
	n := f.node("$.scenario")
	if n == nil {
		return nil, f.Errorf("$", "names no scenario, expected a line such as \"scenario: register/abd\"")
	}
	if err := f.fits(n, reflect.TypeFor[string](), false); err != nil {
		return nil, err
	}
	var name string
	if err := yaml.NodeToValue(n, &name); err != nil {
		return nil, f.wrap(err)
	}
	s, err := Find(all, name)
	if err != nil {
		return nil, f.Errorf("$.scenario", "%v", err)
	}
	return s, nil
}

// Text returns the document as YAML, with every field written out, zero or not:
// it stands for the same run whatever the defaults become.
func (d *Document) Text() ([]byte, error) {
	text, err := Encode(complete(reflect.ValueOf(*d)))
	if err != nil {
		return nil, fmt.Errorf("scenario: %s: %w", cmp.Or(d.Scenario, "document"), err)
	}
	return text, nil
}

// complete returns a struct as an ordered mapping of all fields, also of the
// structs in it, no matter that some would be left out if empty.
func complete(v reflect.Value) yaml.MapSlice {
	var all yaml.MapSlice
	for _, field := range reflect.VisibleFields(v.Type()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || field.Anonymous {
			continue
		}
		value := v.FieldByIndex(field.Index)
		item := yaml.MapItem{Key: name, Value: value.Interface()}
		switch {
		case isPlainStruct(field.Type):
			item.Value = complete(value)
		case field.Type.Kind() == reflect.Slice && value.IsNil():
			item.Value = reflect.MakeSlice(field.Type, 0, 0).Interface()
		}
		all = append(all, item)
	}
	return all
}

// isPlainStruct reports whether a type is written field by field.
func isPlainStruct(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(textType)
}
