package scenario

import (
	"errors"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"phoenix/resilience/chaos"

	"github.com/goccy/go-yaml/ast"
)

var faultType = reflect.TypeFor[chaos.Fault]()

// faultHelp is what is said to be expected in the place of a fault.
const faultHelp = "a fault such as at 1s for 500ms crash s1"

// fitsFault reads a fault, and points at the word of it that is wrong.
func (f *File) fitsFault(n ast.Node) error {
	if n.Type() != ast.StringType && n.Type() != ast.LiteralType {
		return f.at(start(n), "expected "+faultHelp+got(n))
	}
	text := scalar(n)
	_, err := chaos.ParseFault(text)
	var e *chaos.WordError
	if !errors.As(err, &e) {
		return nil
	}
	msg := strings.TrimPrefix(err.Error(), faultPrefix(err))
	if e.Offset == len(text) && strings.Contains(f.line(start(n).Position.Line), text+" #") {
		msg += "; what follows # is a comment unless the fault is in quotes"
	}
	return f.inside(n, text, e.Offset, msg)
}

// faultPrefix returns what an error of ParseFault repeats of the text, which is
// shown below it anyway.
func faultPrefix(err error) string {
	if inner := errors.Unwrap(err); inner != nil {
		return strings.TrimSuffix(err.Error(), inner.Error())
	}
	return ""
}

// scalar returns the text that a node holds.
func scalar(n ast.Node) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	}
	return ""
}

// Invalid returns an error of Scenario.Validate at the field that it names, of a
// Config that stands at a path such as "$" or "$.config"; of a fault, at the word.
func (f *File) Invalid(path string, err error) error {
	msg := err.Error()
	if inner, ok := strings.CutPrefix(path, "$."); ok {
		msg = inner + "." + msg
	}
	var e *Invalid
	if !errors.As(err, &e) {
		return f.Errorf(path, "%s", msg)
	}
	path += "." + e.Field
	n := f.node(path)
	if n == nil || !strings.HasPrefix(e.Field, "faults[") {
		return f.Errorf(path, "%s", msg)
	}
	text := scalar(n)
	return f.inside(n, text, blamed(text, e.Problem), msg)
}

// blamed returns where in a text the word stands that a problem has in quotes, 0 if
// there is none.
func blamed(text, problem string) int {
	_, rest, _ := strings.Cut(problem, `"`)
	quoted, err := strconv.QuotedPrefix(`"` + rest)
	if err != nil {
		return 0
	}
	word, _ := strconv.Unquote(quoted)
	places := regexp.MustCompile(`(?:^|\s)("?`+regexp.QuoteMeta(word)+`"?)(?:\s|$)`).FindAllStringSubmatchIndex(text, -1)
	if len(places) == 0 {
		return 0
	}
	return places[len(places)-1][2] // a name that is there twice is one too many
}

// inside returns an error at an offset in bytes of the text that a node holds; at
// the beginning of the node if the file does not show the text as it is.
func (f *File) inside(n ast.Node, text string, offset int, msg string) error {
	t := *start(n)
	column := t.Position.Column - 1
	line := []rune(f.line(t.Position.Line))
	if column < 0 || column >= len(line) {
		return f.at(&t, msg)
	}
	if line[column] == '\'' || line[column] == '"' {
		column++
	}
	if strings.HasPrefix(string(line[column:]), text) {
		place := *t.Position
		place.Column = 1 + column + utf8.RuneCountInString(text[:min(offset, len(text))])
		t.Position = &place
	}
	return f.at(&t, msg)
}
