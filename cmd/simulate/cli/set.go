package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"phoenix/properties/scenario"
)

// override returns a document with some fields set: each setting is a path and a
// YAML value, such as "workload.keys=3". The document is known to be valid.
func override(data []byte, settings []string) ([]byte, error) {
	var doc yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(data, &doc, yaml.UseOrderedMap()); err != nil {
		return nil, err
	}
	for _, s := range settings {
		path, text, ok := strings.Cut(s, "=")
		steps := strings.Split(path, ".")
		if !ok || slices.Contains(steps, "") {
			return nil, usagef("--set %s: expected FIELD=VALUE, such as workload.keys=3", quoted(s))
		}
		value, err := parseValue(text)
		if err == nil {
			doc, err = put(doc, steps, value)
		}
		if err != nil {
			return nil, usagef("--set %s: %v", quoted(s), err)
		}
	}
	return yaml.Marshal(doc)
}

// parseValue reads a YAML value: a scalar, or a list or mapping in brackets.
func parseValue(text string) (any, error) {
	if strings.ContainsAny(text, "&*!\n") || strings.Count(text, "[")+strings.Count(text, "{") > 100 {
		return nil, errors.New("expected a plain YAML value")
	}
	var value any
	if err := yaml.UnmarshalWithOptions([]byte(text), &value, yaml.UseOrderedMap()); err != nil {
		return nil, errors.New("expected a YAML value")
	}
	return value, nil
}

// put sets the value at the path of steps, making the mappings on the way.
func put(m yaml.MapSlice, steps []string, value any) (yaml.MapSlice, error) {
	i := slices.IndexFunc(m, func(item yaml.MapItem) bool { return item.Key == steps[0] })
	if i < 0 {
		i = len(m)
		m = append(m, yaml.MapItem{Key: steps[0]})
	}
	if len(steps) > 1 {
		inner, ok := m[i].Value.(yaml.MapSlice)
		if !ok && m[i].Value != nil {
			return nil, fmt.Errorf("%s has a value and no fields", steps[0])
		}
		below, err := put(inner, steps[1:], value)
		if err != nil {
			return nil, err
		}
		value = below
	}
	m[i].Value = value
	return m, nil
}

// with returns the subject that the document describes after the settings.
func (a *app) with(sub *subject, data []byte, settings []string) (*subject, error) {
	if len(settings) == 0 {
		return sub, nil
	}
	text, err := override(data, settings)
	if err != nil {
		return nil, err
	}
	s, doc, err := scenario.ParseDocument("--set", text, a.scenarios)
	if err != nil {
		var e *scenario.SyntaxError
		if errors.As(err, &e) {
			if strings.HasPrefix(e.Msg, "faults[") && strings.HasPrefix(settings[len(settings)-1], "faults=[\"") {
				return nil, usagef("--fault: %s", e.Msg) // that is what settings makes of it
			}
			return nil, usagef("--set%s: %s", a.culprit(data, settings, e.Msg), e.Msg)
		}
		return nil, usagef("%v", err)
	}
	return &subject{s, doc, sub.arg, settings}, nil
}

// culprit returns the first of the settings that brings about the error, with a space
// before it, or "" if the error names the field itself.
func (a *app) culprit(data []byte, settings []string, problem string) string {
	for i, setting := range settings {
		text, err := override(data, settings[:i+1])
		if err != nil {
			break
		}
		var e *scenario.SyntaxError
		if _, _, err = scenario.ParseDocument("--set", text, a.scenarios); errors.As(err, &e) && e.Msg == problem {
			field, _, _ := strings.Cut(setting, "=")
			if field, _, _ = strings.Cut(field, "."); strings.HasPrefix(problem, field) {
				break
			}
			return " " + quoted(setting)
		}
	}
	return ""
}

// quoted returns text as a shell takes it for one word.
func quoted(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,%@+"
	if text != "" && strings.Trim(text, plain) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
