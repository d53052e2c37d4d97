package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// MaxDocument is the largest size in bytes of a file that is read as YAML.
const MaxDocument = 8 << 20

// Bounds of what a file may hold: the parser is recursive, and takes time that
// grows with the square of the keys of a mapping.
const (
	maxNesting = 50
	maxFields  = 1000 // of one mapping
)

// A SyntaxError says where and why a YAML file was refused.
type SyntaxError struct {
	File      string
	Line, Col int // from 1; 0 where the whole file is meant
	Msg       string
	Excerpt   string // the line, and a caret below the place; may be empty
}

// Error returns "file:line:column: message" and the excerpt below it.
func (e *SyntaxError) Error() string {
	where := e.File
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Col)
	}
	text := where + ": " + e.Msg
	if e.Excerpt != "" {
		text += "\n" + e.Excerpt
	}
	return text
}

// File is a YAML file, parsed, that knows where its values stand. It holds one
// document without anchors, aliases, tags and directives.
type File struct {
	name string
	data []byte
	body ast.Node
}

// ParseFile reads YAML; name stands for the file in errors, which are
// *SyntaxError.
func ParseFile(name string, data []byte) (*File, error) {
	f := &File{name: name, data: data}
	switch {
	case len(data) > MaxDocument:
		return nil, f.at(nil, fmt.Sprintf("is %d bytes long, expected at most %d", len(data), MaxDocument))
	case bytes.IndexByte(data, 0) >= 0:
		return nil, f.at(nil, "holds a zero byte, expected YAML text")
	case !utf8.Valid(data):
		return nil, f.at(nil, "is not UTF-8, expected YAML text")
	}
	tokens := lexer.Tokenize(string(data))
	if t, msg := refused(tokens); t != nil {
		return nil, f.at(t, msg)
	}
	tree, err := parser.Parse(tokens, 0)
	switch {
	case err != nil:
		return nil, f.wrap(err)
	case len(tree.Docs) > 1:
		return nil, f.at(tree.Docs[1].Start, "begins a second document, expected one")
	case len(tree.Docs) == 0 || tree.Docs[0].Body == nil || tree.Docs[0].Body.Type() == ast.NullType:
		return nil, f.at(nil, "is empty, expected YAML")
	}
	f.body = tree.Docs[0].Body
	part(tokens)
	return f, nil
}

// part cuts the chain of tokens before each entry of a list: the library follows it to
// both ends for each value that is read from its text, of which long lists have many.
func part(tokens token.Tokens) {
	for _, t := range tokens {
		if t.Type == token.SequenceEntryType && t.Prev != nil {
			t.Prev.Next, t.Prev = nil, nil
		}
	}
}

// refused returns the first token of what is not supported, and why.
func refused(tokens token.Tokens) (*token.Token, string) {
	var o outline
	for _, t := range tokens {
		switch t.Type {
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.DirectiveType:
			return t, "anchors, aliases, merge keys, tags and directives are not supported here"
		}
		switch fields := o.add(t); {
		case len(o.block)+len(o.flow) > maxNesting:
			return t, fmt.Sprintf("nests deeper than %d levels", maxNesting)
		case fields > maxFields:
			return t, fmt.Sprintf("expected at most %d fields here", maxFields)
		}
	}
	return nil, ""
}

// outline is where in a file a token stands. It has at least half of the levels
// that the parser will see.
type outline struct {
	block []level // of keys and dashes, by rising column
	flow  []int   // fields in the brackets that are open
}

// level is a mapping or a list by its indentation.
type level struct{ column, fields int }

// add goes on to a token, and returns how many fields are so far in the mapping
// of which it is a field; 0 if it is none.
func (o *outline) add(t *token.Token) (fields int) {
	inside := len(o.flow) > 0
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		o.flow = append(o.flow, 0)
	case token.SequenceEndType, token.MappingEndType:
		o.flow = o.flow[:max(0, len(o.flow)-1)]
	case token.MappingValueType:
		if inside {
			top := &o.flow[len(o.flow)-1]
			*top++
			return *top
		}
		column := t.Position.Column
		if t.Prev != nil && t.Prev.Position.Line == t.Position.Line {
			column = t.Prev.Position.Column // of the key
		}
		top := o.indent(column)
		top.fields++
		return top.fields
	case token.SequenceEntryType, token.MappingKeyType:
		if !inside {
			o.indent(t.Position.Column)
		}
	}
	return 0
}

// indent goes on to a column, and returns its level.
func (o *outline) indent(column int) *level {
	n := len(o.block)
	for n > 0 && o.block[n-1].column > column {
		n--
	}
	o.block = o.block[:n]
	if n == 0 || o.block[n-1].column < column {
		o.block = append(o.block, level{column: column})
	}
	return &o.block[len(o.block)-1]
}

// Decode reads the file into what v points to: structs, whose fields are named by
// their json tags, and what they are made of. It refuses fields that v does not
// have, and values that do not fit. What the file leaves out stays as it is.
// Errors are *SyntaxError.
func (f *File) Decode(v any) error {
	if err := f.fits(f.body, reflect.TypeOf(v), false); err != nil {
		return err
	}
	if err := yaml.NodeToValue(f.body, v, yaml.Strict()); err != nil {
		return f.wrap(err)
	}
	return nil
}

// Errorf returns a *SyntaxError at the value of a path such as
// "$.workload.keys" or "$.faults[0]", or at the nearest part of the path that the
// file has.
func (f *File) Errorf(path, format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	for ; path != ""; path = path[:max(0, strings.LastIndexAny(path, ".["))] {
		if n := f.node(path); n != nil {
			return f.at(start(n), msg)
		}
	}
	return f.at(nil, msg)
}

// has reports whether the file has something at a path.
func (f *File) has(path string) bool { return f.node(path) != nil }

func (f *File) node(path string) ast.Node {
	p, err := yaml.PathString(path)
	if err != nil {
		return nil
	}
	n, err := p.FilterNode(f.body)
	if err != nil {
		return nil
	}
	return n
}

// start returns the token with which a node begins.
func start(n ast.Node) *token.Token {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return m.Values[0].Key.GetToken()
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		return m.Key.GetToken()
	}
	return n.GetToken()
}

// wrap gives an error of the YAML library its place.
func (f *File) wrap(err error) error {
	var e yaml.Error
	if errors.As(err, &e) {
		return f.at(e.GetToken(), e.GetMessage())
	}
	return f.at(nil, err.Error())
}

// at returns an error at a token, or of the whole file if t is nil.
func (f *File) at(t *token.Token, msg string) error {
	e := &SyntaxError{File: f.name, Msg: printable(strings.TrimSpace(msg))}
	if t == nil || t.Position == nil {
		return e
	}
	e.Line, e.Col = t.Position.Line, t.Position.Column
	const longest = 200 // a longer line would not help
	if line := f.line(e.Line); line != "" && len(line) <= longest {
		number := strconv.Itoa(e.Line)
		e.Excerpt = fmt.Sprintf("  %s | %s\n  %s | %s^", number, printable(line), strings.Repeat(" ", len(number)), strings.Repeat(" ", max(0, e.Col-1)))
	}
	return e
}

// line returns a line by its number from 1, "" if there is none. YAML ends lines
// with a line feed, a carriage return, or both.
func (f *File) line(number int) string {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(f.data))
	for line := range strings.SplitSeq(text, "\n") {
		if number--; number == 0 {
			return line
		}
	}
	return ""
}

// printable replaces what would move the cursor of a terminal, by one character
// each: carets stay where they belong.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return utf8.RuneError
	}, text)
}

// Decode reads a YAML file into what v points to: see File.Decode.
func Decode(file string, data []byte, v any) error {
	f, err := ParseFile(file, data)
	if err != nil {
		return err
	}
	return f.Decode(v)
}

// Encode writes v as YAML that Decode reads.
func Encode(v any) ([]byte, error) {
	return yaml.MarshalWithOptions(v, yaml.IndentSequence(true))
}
