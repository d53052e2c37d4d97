package traces

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path"
	"strings"

	"phoenix/properties/explore"
	"phoenix/properties/scenario"
	"phoenix/sim"
)

// Counterexample is a path on which a property of a model is violated, as data: what the
// explorer found. Its file is a .simfail, too: YAML with comments for people. It has a model
// where that of a Failure has a scenario.
type Counterexample struct {
	Version int    `json:"simfail"`
	Model   string `json:"model"`
	// Options of the model, as on a command line, such as "--clients=2".
	Options  []quoted `json:"options"`
	Property quoted   `json:"property"`
	Detail   quoted   `json:"detail"`
	// Path is what explore.Path.Script returns: a line for the first state and for each
	// step, each with the fingerprint of the state that it leads to.
	Path []quoted `json:"path"`

	story []string // what happens, for the comments
}

// NewCounterexample returns the counterexample of an outcome, which must have a path.
func NewCounterexample(model string, options []string, o *explore.Outcome) (*Counterexample, error) {
	story, err := o.Path.Story()
	if err != nil {
		return nil, err
	}
	c := &Counterexample{Version: failVersion, Model: model, Options: []quoted{}, Property: valid(o.Name),
		Detail: valid(o.Detail), story: story}
	for _, option := range options {
		c.Options = append(c.Options, valid(option))
	}
	for _, line := range o.Path.Script() {
		c.Path = append(c.Path, valid(line))
	}
	return c, nil
}

// State returns the fingerprint of the last state, in 16 hexadecimal digits.
func (c *Counterexample) State() string {
	last := string(c.Path[len(c.Path)-1])
	return last[len(last)-16:]
}

// FileName returns the name for c's file: the model, the property and four digits of the
// fingerprint of the last state, such as "paxos-linearizable-1f3a.simfail".
func (c *Counterexample) FileName() string {
	property := unsafeInName.ReplaceAllString(string(c.Property), "-")
	return fmt.Sprintf("%s-%s-%.4s.simfail", path.Base(c.Model), property, c.State())
}

// Text returns the content of c's file.
func (c *Counterexample) Text() ([]byte, error) {
	var b bytes.Buffer
	comment := func(text string) {
		for line := range strings.SplitSeq(text, "\n") {
			fmt.Fprintln(&b, strings.TrimRight("# "+printable(line), " "))
		}
	}
	comment(fmt.Sprintf("%s: %s: %s", c.Model, c.Property, c.Detail))
	comment("A path to a state that must not be, found by an exploration. To see it again: simulate replay FILE")
	comment("")
	for _, line := range c.story {
		comment(line)
	}
	if len(c.story) > 0 {
		comment("")
	}
	comment("Each line of the path is a step and the fingerprint of the state that it leads to.")
	comment("The file is called stale once the model has no such path any more.")
	text, err := scenario.Encode(c)
	if err != nil {
		return nil, fmt.Errorf("traces: %s: %w", c.FileName(), err)
	}
	b.Write(text)
	return b.Bytes(), nil
}

// Strings returns the options and the path as plain text.
func (c *Counterexample) Strings() (options, script []string) {
	for _, o := range c.Options {
		options = append(options, string(o))
	}
	for _, line := range c.Path {
		script = append(script, string(line))
	}
	return options, script
}

// IsCounterexample reports whether a .simfail file is that of a Counterexample: whether it
// has a model. A file that is no YAML is none.
func IsCounterexample(data []byte) bool {
	for line := range bytes.Lines(data) {
		if bytes.HasPrefix(line, []byte("model:")) {
			return true
		}
	}
	return false
}

// ParseCounterexample reads the file of a counterexample: name stands for it in errors, and
// find returns what makes the model of a name from options. Errors are
// *scenario.SyntaxError. Whether the model still has such a path, Counterexample.Replay tells.
func ParseCounterexample(name string, data []byte, find FindModel) (*Counterexample, explore.Model, error) {
	c, none := new(Counterexample), explore.Model{}
	file, err := scenario.ParseFile(name, data)
	if err != nil {
		return nil, none, err
	}
	if err := file.Decode(c); err != nil {
		return nil, none, err
	}
	if err := cmp.Or(c.check(file), c.checkPath(file)); err != nil {
		return nil, none, err
	}
	build, err := find(c.Model)
	if err != nil {
		return nil, none, file.Errorf("$.model", "%v", err)
	}
	options, _ := c.Strings()
	m, err := build(options)
	if err != nil {
		return nil, none, file.Errorf("$.options", "%v", err)
	}
	return c, m, nil
}

// FindModel returns what makes the model of a name from its options.
type FindModel func(name string) (build func(options []string) (explore.Model, error), err error)

// check returns an error at the first field that is wrong.
func (c *Counterexample) check(file *scenario.File) error {
	switch {
	case c.Version != failVersion:
		return file.Errorf("$.simfail", "simfail is %d, expected %d", c.Version, failVersion)
	case c.Model == "":
		return file.Errorf("$.model", "model is empty, expected the name of a model")
	case c.Property == "":
		return file.Errorf("$.property", "property is empty, expected the name of a property")
	case len(c.Path) == 0:
		return file.Errorf("$.path", "path is empty, expected a line for the first state and for each step")
	}
	return nil
}

func (c *Counterexample) checkPath(file *scenario.File) error {
	for i, line := range c.Path {
		if _, _, err := explore.ParseScriptLine(string(line)); err != nil {
			return file.Errorf(fmt.Sprintf("$.path[%d]", i), "path[%d] is %.100q, %v", i, line, err)
		}
	}
	return nil
}

// Retraced is what became of a replay of a Counterexample.
type Retraced struct {
	Status Status // Reproduced or Stale
	Reason string // why, if it is stale
	Path   *explore.Path
	Detail string // how the property is violated now
	// World is what the path did as a world, and Differs why it did not, if it did not.
	World   explore.Followed
	Differs error
}

// Replay follows c in its model, step by step, and then as a world, unless it is stale. watch
// is given the world before anything happens in it; it may be nil. The error is that of a
// model that cannot be explored.
func (c *Counterexample) Replay(m explore.Model, watch func(*sim.World)) (*Retraced, error) {
	_, script := c.Strings()
	stale := func(err error) (*Retraced, error) {
		if !errors.Is(err, explore.ErrStale) {
			return nil, err
		}
		return &Retraced{Status: Stale, Reason: err.Error()}, nil
	}
	p, err := explore.Replay(m, script)
	if err != nil {
		return stale(err)
	}
	out := &Retraced{Status: Reproduced, Path: p}
	if out.Detail, err = p.Violates(string(c.Property)); err != nil {
		return stale(err)
	}
	if out.Detail == "" {
		out.Status = Stale
		out.Reason = fmt.Sprintf("the path is there, but %s is no longer judged violated at its end", c.Property)
		return out, nil
	}
	if out.World, out.Differs = p.Follow(watch); out.Differs != nil && !errors.Is(out.Differs, explore.ErrWorldDiffers) {
		return nil, out.Differs
	}
	return out, nil
}
