package scenario

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"time"

	"phoenix/network"
	"phoenix/resilience/chaos"
	"phoenix/sim/disk"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"
)

// obeys checks a document against the schema that is handed out, so that the two
// cannot disagree unnoticed: what an editor marks as wrong is not accepted here.
func (f *File) obeys() error {
	var instance any
	if err := yaml.NodeToValue(f.body, &instance); err != nil {
		return f.wrap(err)
	}
	plain, err := json.Marshal(instance)
	if err != nil {
		return f.Errorf("$", "%v", err)
	}
	var value any
	if err := json.Unmarshal(plain, &value); err != nil {
		return f.Errorf("$", "%v", err)
	}
	if err := resolved().Validate(value); err != nil {
		return f.Errorf("$", "does not fit the schema: %v", err)
	}
	return nil
}

var resolved = sync.OnceValue(func() *jsonschema.Resolved {
	r, err := Schema().Resolve(nil)
	if err != nil {
		panic("scenario: the generated schema is wrong: " + err.Error())
	}
	return r
})

// Schema returns the JSON Schema of scenario documents, made from Document. It
// knows of the form only: what hosts there are, say, depends on the document.
func Schema() *jsonschema.Schema {
	s, err := jsonschema.For[Document](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[time.Duration](): {Type: "string", Description: "a duration such as 1.5s or 200ms",
			Pattern: `^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`},
		reflect.TypeFor[string](): {Types: []string{"string", "integer"}}, // YAML takes 42 for a number
		reflect.TypeFor[network.Delay](): {Types: []string{"string", "number"},
			Description: "a delay such as 5ms, uniform(1ms, 10ms), exp(20ms), lognormal(2ms, 0.5)"},
		reflect.TypeFor[network.Prob](): {Types: []string{"string", "number"}, Description: "a probability such as 1%, 0.01 or 1/100"},
		faultType:                       faultSchema(),
		reflect.TypeFor[chaos.Class]():  {Type: "string", Enum: enum(chaos.Classes())},
		reflect.TypeFor[disk.Model]():   {Type: "string", Enum: []any{disk.Strict.String(), disk.Ext4.String()}},
		reflect.TypeFor[disk.Scope]():   {Type: "string", Enum: []any{disk.WholeDisk.String(), disk.WholeFile.String(), disk.OneSector.String()}},
	}})
	if err != nil {
		panic("scenario: no schema for documents: " + err.Error())
	}
	s.Title = "Phoenix scenario"
	s.Properties["nemesis"].Properties["name"] = &jsonschema.Schema{
		Type: "string", Enum: enum(append([]string{""}, chaos.Nemeses()...)), Description: "how the faults are drawn; random unless it is said",
	}
	relax(s)
	s.Required = []string{"scenario"}
	return s
}

// faultSchema describes the text of a fault: its time, its kind, and what belongs
// to the kind.
func faultSchema() *jsonschema.Schema {
	kinds := make([]string, 0, len(chaos.Kinds()))
	for _, k := range chaos.Kinds() {
		kinds = append(kinds, regexp.QuoteMeta(string(k)))
	}
	return &jsonschema.Schema{Type: "string",
		Description: faultHelp + ", at 2s for 1s partition complete s1 | s2 s3, at 0s for 5s loss 10% everywhere",
		Pattern:     `^\s*(at\s+\S+\s+)?(for\s+\S+\s+)?(` + strings.Join(kinds, "|") + `)(\s|$)`,
	}
}

// enum returns names as a schema lists them.
func enum[T ~string](names []T) []any {
	all := make([]any, len(names))
	for i, name := range names {
		all[i] = string(name)
	}
	return all
}

// relax lets a document leave out what has a default. What is below a list has
// none.
func relax(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	s.Required = nil
	for _, p := range s.Properties { // order: each is changed alone
		relax(p)
	}
}
