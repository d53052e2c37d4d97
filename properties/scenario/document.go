package scenario

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"phoenix/network"
	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"github.com/google/jsonschema-go/jsonschema"
)

// Document is a scenario file: the name of a scenario and what differs from its
// defaults.
type Document struct {
	Scenario string `json:"scenario" jsonschema:"name of a scenario: see the list command"`
	// Seeds is a seed or a range, such as 0..1000.
	Seeds  string `json:"seeds,omitempty"`
	Config `yaml:",inline"`
}

// MaxDocument is the largest size in bytes of a file that Decode accepts.
const MaxDocument = 64 << 20

// A SyntaxError says where and why a YAML file was refused.
type SyntaxError struct {
	File      string
	Line, Col int // from 1; 0 where the whole file is meant
	Msg       string
	Excerpt   string // the lines around, with a caret; may be empty
}

// Error returns "file:line:column: message" and the excerpt below it.
func (e *SyntaxError) Error() string {
	where := e.File
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Col)
	}
	text := where + ": " + e.Msg
	if e.Excerpt != "" {
		text += "\n" + strings.TrimRight(e.Excerpt, "\n")
	}
	return text
}

// ParseDocument reads a scenario file: file names it in errors, and all are the
// scenarios that it may name. Fields that it leaves out get the scenario's
// defaults. Errors are *SyntaxError.
func ParseDocument(file string, data []byte, all []*Scenario) (*Scenario, *Document, error) {
	y, err := parseYAML(file, data)
	if err != nil {
		return nil, nil, err
	}
	var named struct {
		Scenario string `json:"scenario"`
	}
	if err := y.decode(&named, false); err != nil {
		return nil, nil, err
	}
	if named.Scenario == "" {
		return nil, nil, y.fail("$", errNoScenario.Error())
	}
	s, err := Find(all, named.Scenario)
	if err != nil {
		return nil, nil, y.fail("$.scenario", err.Error())
	}
	doc := &Document{Config: s.Defaults}
	if y.has("$.faults") && !y.has("$.nemesis") {
		doc.Nemesis = Nemesis{}
	}
	doc.Faults = nil
	if !y.has("$.faults") {
		doc.Faults = s.Defaults.Faults
	}
	if err := y.decode(doc, true); err != nil {
		return nil, nil, err
	}
	if err := y.obey(); err != nil {
		return nil, nil, err
	}
	if doc.Seeds != "" {
		if _, err := sim.ParseSeeds(doc.Seeds); err != nil {
			return nil, nil, y.fail("$.seeds", err.Error())
		}
	}
	if err := s.Validate(&doc.Config); err != nil {
		var invalid *Invalid
		if errors.As(err, &invalid) {
			return nil, nil, y.fail("$."+invalid.Field, invalid.Error())
		}
		return nil, nil, y.fail("$", err.Error())
	}
	return s, doc, nil
}

// Decode reads a YAML file into v, whose fields are named by their json tags,
// and refuses fields that v does not have. Errors are *SyntaxError.
func Decode(file string, data []byte, v any) error {
	y, err := parseYAML(file, data)
	if err != nil {
		return err
	}
	return y.decode(v, true)
}

// Encode writes v as YAML that Decode reads.
func Encode(v any) ([]byte, error) {
	return yaml.MarshalWithOptions(v, yaml.IndentSequence(true))
}

func marshalConfig(c *Config) ([]byte, error) { return Encode(c) }

// document is a YAML file and its syntax tree.
type document struct {
	file string
	data []byte
	tree *ast.File
}

// maxNesting bounds how deep a document may nest: the parser is recursive.
const maxNesting = 50

func parseYAML(file string, data []byte) (*document, error) {
	y := &document{file: file, data: data}
	switch {
	case len(data) > MaxDocument:
		return nil, &SyntaxError{File: file, Msg: fmt.Sprintf("is %d bytes long, expected at most %d", len(data), MaxDocument)}
	case strings.ContainsRune(string(data), 0):
		return nil, &SyntaxError{File: file, Msg: "holds a zero byte, expected YAML text"}
	}
	if line := tooDeep(data); line > 0 {
		return nil, &SyntaxError{File: file, Line: line, Col: 1, Msg: fmt.Sprintf("nests deeper than %d levels", maxNesting)}
	}
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, y.wrap(err)
	}
	if len(tree.Docs) > 1 {
		return nil, y.at(tree.Docs[1].Start, "begins a second document, expected one")
	}
	y.tree = tree
	for _, doc := range tree.Docs {
		if doc.Body == nil {
			continue
		}
		var v refusal
		ast.Walk(&v, doc.Body)
		if v.token != nil {
			return nil, y.at(v.token, "anchors, aliases and tags are not supported here")
		}
	}
	return y, nil
}

// refusal finds what would let a small file stand for a huge value.
type refusal struct{ token *token.Token }

func (r *refusal) Visit(n ast.Node) ast.Visitor {
	switch n.Type() {
	case ast.AnchorType, ast.AliasType, ast.MergeKeyType, ast.TagType:
		r.token = n.GetToken()
		return nil
	}
	return r
}

// tooDeep returns the line on which brackets, dashes or indentation nest too
// deep, or 0. It counts more than a YAML parser would, never less.
func tooDeep(data []byte) int {
	depth := 0
	for i, line := range strings.Split(string(data), "\n") {
		text := strings.TrimLeft(line, " ")
		if len(line)-len(text) > 4*maxNesting || strings.Count(line, "- ") > maxNesting || strings.Count(line, "? ") > maxNesting {
			return i + 1
		}
		depth = max(0, depth+strings.Count(line, "[")+strings.Count(line, "{")-strings.Count(line, "]")-strings.Count(line, "}"))
		if depth > maxNesting || strings.Count(line, "[") > 200 || strings.Count(line, "{") > 200 {
			return i + 1
		}
	}
	return 0
}

// decode reads the document into v.
func (y *document) decode(v any, strict bool) error {
	opts := []yaml.DecodeOption{}
	if strict {
		opts = append(opts, yaml.Strict())
	}
	if len(y.tree.Docs) == 0 || y.tree.Docs[0].Body == nil {
		return &SyntaxError{File: y.file, Msg: "is empty, expected YAML"}
	}
	if err := yaml.NodeToValue(y.tree.Docs[0].Body, v, opts...); err != nil {
		return y.wrap(err)
	}
	return nil
}

// wrap gives an error of the YAML library a place: its own, or that of the value
// that it quotes.
func (y *document) wrap(err error) error {
	var e yaml.Error
	if errors.As(err, &e) && e.GetToken() != nil {
		return y.at(e.GetToken(), e.GetMessage())
	}
	msg := strings.TrimSpace(err.Error())
	if y.tree != nil {
		for t := y.first(); t != nil; t = t.Next {
			if t.Value != "" && strings.Contains(msg, strconv.Quote(t.Value)) {
				return y.at(t, msg)
			}
		}
	}
	return &SyntaxError{File: y.file, Msg: msg}
}

func (y *document) first() *token.Token {
	if len(y.tree.Docs) == 0 || y.tree.Docs[0].Body == nil {
		return nil
	}
	t := y.tree.Docs[0].Body.GetToken()
	for t != nil && t.Prev != nil {
		t = t.Prev
	}
	return t
}

// at returns an error at a token.
func (y *document) at(t *token.Token, msg string) error {
	e := &SyntaxError{File: y.file, Msg: strings.TrimSpace(msg)}
	if t == nil || t.Position == nil {
		return e
	}
	e.Line, e.Col = t.Position.Line, t.Position.Column
	lines := strings.Split(string(y.data), "\n")
	if e.Line >= 1 && e.Line <= len(lines) {
		line := strings.ToValidUTF8(strings.TrimRight(lines[e.Line-1], "\r"), "�")
		if len(line) <= 200 {
			number := strconv.Itoa(e.Line)
			caret := strings.Repeat(" ", max(0, e.Col-1)) + "^"
			e.Excerpt = fmt.Sprintf("  %s | %s\n  %s | %s", number, line, strings.Repeat(" ", len(number)), caret)
		}
	}
	return e
}

// fail returns an error at a path such as $.workload.keys, or at the nearest part
// of it that the document has.
func (y *document) fail(path, msg string) error {
	for ; path != ""; path = path[:max(0, strings.LastIndexByte(path, '.'))] {
		if n := y.node(path); n != nil {
			t := n.GetToken()
			if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
				t = m.Values[0].Key.GetToken()
			}
			return y.at(t, msg)
		}
	}
	return &SyntaxError{File: y.file, Msg: msg}
}

func (y *document) has(path string) bool { return y.node(path) != nil }

func (y *document) node(path string) ast.Node {
	p, err := yaml.PathString(path)
	if err != nil {
		return nil
	}
	n, err := p.FilterFile(y.tree)
	if err != nil {
		return nil
	}
	return n
}

// obey checks the document against the schema that is handed out, so that the
// two cannot disagree unnoticed.
func (y *document) obey() error {
	var instance any
	if err := y.decode(&instance, false); err != nil {
		return err
	}
	plain, err := json.Marshal(instance)
	if err != nil {
		return y.fail("$", err.Error())
	}
	var value any
	if err := json.Unmarshal(plain, &value); err != nil {
		return y.fail("$", err.Error())
	}
	if err := resolved().Validate(value); err != nil {
		return y.fail("$", "does not fit the schema: "+err.Error())
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

// Schema returns the JSON Schema of scenario documents, made from Document.
func Schema() *jsonschema.Schema {
	text := func(pattern, description string) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: pattern, Description: description}
	}
	kinds := make([]any, 0, len(chaos.Kinds()))
	for _, k := range chaos.Kinds() {
		kinds = append(kinds, string(k))
	}
	s, err := jsonschema.For[Document](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[time.Duration](): text(`^-?([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)|^-?0$`, "a duration such as 1.5s or 200ms"),
		reflect.TypeFor[network.Delay](): text("", "a delay such as 5ms, uniform(1ms, 10ms), exp(20ms), lognormal(2ms, 0.5)"),
		reflect.TypeFor[network.Prob]():  {Types: []string{"string", "number"}, Description: "a probability such as 1%, 0.01 or 1/100"},
		reflect.TypeFor[chaos.Kind]():    {Type: "string", Enum: kinds},
	}})
	if err != nil {
		panic("scenario: no schema for documents: " + err.Error())
	}
	s.Title = "Phoenix scenario"
	relax(s)
	s.Required = []string{"scenario"}
	s.Properties["faults"].Items.Required = []string{"at"}
	return s
}

// relax lets a document leave out what has a default, and null what it may omit.
func relax(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	s.Required = nil
	for _, p := range s.Properties { // order: each is changed alone
		relax(p)
	}
	relax(s.Items)
}

// Text returns the document as YAML, with everything that differs from nothing
// written out: what a run was, whatever defaults become later.
func (d *Document) Text() ([]byte, error) {
	text, err := Encode(d)
	if err != nil {
		return nil, fmt.Errorf("scenario: %s: %w", cmp.Or(d.Scenario, "document"), err)
	}
	return text, nil
}
