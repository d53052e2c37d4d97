package scenario

import (
	"encoding"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// fits returns an error at the first value, in order of the file, that cannot be
// decoded into a type: the YAML library would tell of Go types, and not always
// where. What is below a list has no defaults: there fields without omitempty
// have to be given.
func (f *File) fits(n ast.Node, t reflect.Type, listed bool) error {
	if n.Type() == ast.NullType && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map) {
		return nil
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == faultType:
		return f.fitsFault(n)
	case t == durationType || reflect.PointerTo(t).Implements(textType):
		return f.fitsText(n, t)
	case isPlainStruct(t):
		return f.fitsStruct(n, t, listed)
	case t.Kind() == reflect.Map:
		return f.eachValue(n, true, func(string, ast.Node) (reflect.Type, error) { return t.Elem(), nil })
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		return f.fitsList(n, t)
	}
	return f.fitsScalar(n, t)
}

// eachValue checks the values of a mapping against the types that typeOf returns
// for their keys.
func (f *File) eachValue(n ast.Node, listed bool, typeOf func(name string, key ast.Node) (reflect.Type, error)) error {
	m, ok := n.(ast.MapNode)
	if !ok {
		return f.at(start(n), "expected a mapping of names to values"+got(n))
	}
	for it := m.MapRange(); it.Next(); {
		key := it.Key()
		name, ok := key.(*ast.StringNode)
		if !ok {
			return f.at(key.GetToken(), "expected a name before the colon")
		}
		t, err := typeOf(name.Value, key)
		if err == nil {
			err = f.fits(it.Value(), t, listed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *File) fitsStruct(n ast.Node, t reflect.Type, listed bool) error {
	types := map[string]reflect.Type{}
	var missing []string
	for _, field := range reflect.VisibleFields(t) {
		name, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || field.Anonymous {
			continue
		}
		types[name] = field.Type
		if listed && option != "omitempty" {
			missing = append(missing, name)
		}
	}
	err := f.eachValue(n, listed, func(name string, key ast.Node) (reflect.Type, error) {
		t, ok := types[name]
		if !ok {
			return nil, f.at(key.GetToken(), fmt.Sprintf("unknown field %.60q", name))
		}
		missing = slices.DeleteFunc(missing, func(m string) bool { return m == name })
		return t, nil
	})
	if err == nil && len(missing) > 0 {
		return f.at(start(n), fmt.Sprintf("expected a field %q here", missing[0]))
	}
	return err
}

func (f *File) fitsList(n ast.Node, t reflect.Type) error {
	list, ok := n.(*ast.SequenceNode)
	switch {
	case !ok:
		return f.at(start(n), "expected a list"+got(n))
	case t.Kind() == reflect.Array && len(list.Values) != t.Len():
		return f.at(start(n), fmt.Sprintf("expected a list of %d, got %d", t.Len(), len(list.Values)))
	}
	for _, v := range list.Values {
		if err := f.fits(v, t.Elem(), true); err != nil {
			return err
		}
	}
	return nil
}

// scalars are the nodes that hold one value as text.
var scalars = []ast.NodeType{ast.StringType, ast.LiteralType, ast.IntegerType, ast.FloatType, ast.BoolType}

// fitsText tries a value that is read from its text.
func (f *File) fitsText(n ast.Node, t reflect.Type) error {
	what := "text"
	if t == durationType {
		what = "a duration such as 1.5s or 200ms"
	}
	if !slices.Contains(scalars, n.Type()) {
		return f.at(start(n), "expected "+what+got(n))
	}
	err := yaml.NodeToValue(n, reflect.New(t).Interface())
	switch {
	case err == nil:
		return nil
	case t == durationType:
		return f.at(start(n), "expected "+what+got(n))
	}
	return f.at(start(n), err.Error())
}

// fitsScalar checks a number, a truth value or a text.
func (f *File) fitsScalar(n ast.Node, t reflect.Type) error {
	what := "text"
	kinds := []ast.NodeType{ast.StringType, ast.LiteralType, ast.IntegerType} // seeds: 42
	switch {
	case t.Kind() == reflect.Bool:
		what, kinds = "true or false", []ast.NodeType{ast.BoolType}
	case t.Kind() != reflect.String:
		what, kinds = "a whole number", []ast.NodeType{ast.IntegerType}
	}
	if !slices.Contains(kinds, n.Type()) {
		return f.at(start(n), "expected "+what+got(n))
	}
	if number, ok := n.(*ast.IntegerNode); ok && t.Kind() != reflect.String && !inRange(number, t) {
		return f.at(start(n), fmt.Sprintf("%s is out of range", start(n).Value))
	}
	return nil
}

// inRange reports whether an integer type holds a number.
func inRange(n *ast.IntegerNode, t reflect.Type) bool {
	i, ok := new(big.Int).SetString(fmt.Sprint(n.Value), 10)
	if !ok {
		return false
	}
	v := reflect.New(t).Elem()
	if v.CanUint() {
		return i.IsUint64() && !v.OverflowUint(i.Uint64())
	}
	return i.IsInt64() && !v.OverflowInt(i.Int64())
}

// got tells what a value is that was not expected.
func got(n ast.Node) string {
	switch {
	case n.Type() == ast.NullType:
		return ", got nothing"
	case slices.Contains(scalars, n.Type()), n.Type() == ast.InfinityType, n.Type() == ast.NanType:
		return fmt.Sprintf(", got %.60q", n.GetToken().Value)
	case n.Type() == ast.SequenceType:
		return ", got a list"
	}
	return ", got a mapping"
}
