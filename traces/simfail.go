package traces

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"phoenix/nodes"
	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/sim"
)

// failVersion is the version of the .simfail format that this package writes.
const failVersion = 1

// Failure is a failing run as data: all that is needed to run it again. Its
// file, with the extension .simfail, is YAML with comments for people. Operations
// and faults stand in it as they were, so that it survives a change of how they
// are drawn.
type Failure struct {
	Version  int    `json:"simfail"`
	Scenario string `json:"scenario"`
	Hash     string `json:"hash"` // of the scenario, see scenario.Scenario.Hash
	Seed     string `json:"seed"`
	Property quoted `json:"property"`
	Detail   quoted `json:"detail"`
	Digest   string `json:"digest"` // of the event stream
	Events   uint64 `json:"events"`
	// Config has every parameter written out, and no nemesis: its faults are
	// among the faults.
	Config     scenario.Config `json:"config"`
	Operations []Script        `json:"operations"`
	Choices    []string        `json:"choices,omitempty"` // "picked of n label", in order
	// Shrink is nil unless something was shrunk to this.
	Shrink *Shrinking `json:"shrink,omitempty"`
}

// quoted is text that the file has in double quotes, so that YAML keeps every
// character of it.
type quoted string

// MarshalYAML returns q as a Go string, which is one of YAML too.
func (q quoted) MarshalYAML() ([]byte, error) { return []byte(strconv.Quote(string(q))), nil }

// valid returns text with bytes that are not UTF-8 replaced: Go and YAML have
// different ideas of their escapes.
func valid(text string) quoted { return quoted(strings.ToValidUTF8(text, "\ufffd")) }

// Script is what one client does.
type Script struct {
	Client string     `json:"client"`
	Do     []nodes.Op `json:"do"`
}

// NewFailure returns the failure of a run whose verdict is Fail. It panics if the
// run did not fail.
func NewFailure(s *scenario.Scenario, r *scenario.Result) *Failure {
	o := failed(r)
	f := &Failure{
		Version: failVersion, Scenario: s.Name, Hash: s.Hash(), Seed: fmt.Sprintf("0x%x", r.Seed),
		Property: valid(o.Name), Detail: valid(o.Detail), Digest: r.Digest.String(), Events: r.Events, Config: r.Config,
	}
	for i, script := range r.Scripts {
		f.Operations = append(f.Operations, Script{Client: clientName(i), Do: script})
	}
	for _, p := range r.Picks {
		f.Choices = append(f.Choices, choice(p))
	}
	return f
}

// FileName returns the name for f's file: the scenario and four digits of the
// digest, such as "single-copy-1f3a.simfail".
func (f *Failure) FileName() string {
	return fmt.Sprintf("%s-%.4s.simfail", path.Base(f.Scenario), f.Digest)
}

// Text returns the content of f's file.
func (f *Failure) Text() ([]byte, error) {
	var b bytes.Buffer
	comment := func(format string, args ...any) {
		fmt.Fprintln(&b, strings.TrimRight("# "+printable(fmt.Sprintf(format, args...)), " "))
	}
	comment("%s: %s", f.Scenario, f.Detail)
	comment("A failing run of a simulation. To see it again: simulate replay FILE")
	comment("")
	comment("The property that failed is %q; %d events happened.", f.Property, f.Events)
	for _, fault := range f.Config.Faults {
		comment("Fault: %s.", fault)
	}
	comment("Edit the configuration, the faults or the operations to see what the failure depends on:")
	comment("a changed file is run as it stands, and is called stale for its digest no longer fits.")
	text, err := scenario.Encode(f)
	if err != nil {
		return nil, fmt.Errorf("traces: %s: %w", f.FileName(), err)
	}
	b.Write(text)
	return b.Bytes(), nil
}

// ParseFailure reads a .simfail file: name stands for it in errors, and all are
// the scenarios it may come from. Errors are *scenario.SyntaxError. A file that is
// accepted can be run, by Failure.Replay.
func ParseFailure(name string, data []byte, all []*scenario.Scenario) (*scenario.Scenario, *Failure, error) {
	file, err := scenario.ParseFile(name, data)
	if err != nil {
		return nil, nil, err
	}
	f := new(Failure)
	if err := file.Decode(f); err != nil {
		return nil, nil, err
	}
	if f.Version != failVersion {
		return nil, nil, file.Errorf("$.simfail", "simfail is %d, expected %d", f.Version, failVersion)
	}
	s, err := scenario.Find(all, f.Scenario)
	if err != nil {
		return nil, nil, file.Errorf("$.scenario", "%v", err)
	}
	if err := cmp.Or(f.checkRun(file), f.checkConfig(file, s), f.checkOperations(file, s), f.checkShrink(file)); err != nil {
		return nil, nil, err
	}
	return s, f, nil
}

// checkRun returns an error at the first field that says wrongly which run it was.
func (f *Failure) checkRun(file *scenario.File) error {
	_, err := sim.ParseSeed(f.Seed)
	for _, c := range []struct {
		field, value string
		ok           bool
		want         string
	}{
		{"hash", f.Hash, isHex(f.Hash, 16), "16 hexadecimal digits"},
		{"seed", f.Seed, err == nil, "a seed such as 0x2a"},
		{"property", string(f.Property), f.Property != "", "the name of a property"},
		{"digest", f.Digest, isHex(f.Digest, 32), "32 hexadecimal digits"},
	} {
		if !c.ok {
			return file.Errorf("$."+c.field, "%s is %.60q, expected %s", c.field, c.value, c.want)
		}
	}
	if f.Events == 0 {
		return file.Errorf("$.events", "events is 0, expected how many events happened")
	}
	for i, text := range f.Choices {
		if _, ok := parseChoice(text); !ok {
			return file.Errorf(fmt.Sprintf("$.choices[%d]", i), "choices[%d] is %.60q, expected such as \"1 of 3 next\"", i, text)
		}
	}
	return nil
}

func (f *Failure) checkConfig(file *scenario.File, s *scenario.Scenario) error {
	if f.Config.Nemesis.Faults > 0 {
		return file.Errorf("$.config.nemesis", "config.nemesis is set, expected what it did among config.faults")
	}
	if err := s.Validate(&f.Config); err != nil {
		return file.Invalid("$.config", err)
	}
	return nil
}

func (f *Failure) checkOperations(file *scenario.File, s *scenario.Scenario) error {
	if len(f.Operations) != f.Config.Clients {
		return file.Errorf("$.operations", "operations has %d entries, expected one for each of the %d clients", len(f.Operations), f.Config.Clients)
	}
	for i, o := range f.Operations {
		if want := clientName(i); o.Client != want {
			return file.Errorf(fmt.Sprintf("$.operations[%d].client", i), "operations[%d].client is %.60q, expected %q", i, o.Client, want)
		}
		for j, op := range o.Do {
			if op.Kind == nodes.CAS && !s.HasCAS {
				return file.Errorf(fmt.Sprintf("$.operations[%d].do[%d]", i, j), "operations[%d].do[%d] is %.60q, but %s has no compare-and-set", i, j, op, s.Name)
			}
		}
	}
	return nil
}

// checkShrink returns an error at the first number of a shrinking that none can have.
func (f *Failure) checkShrink(file *scenario.File) error {
	if f.Shrink == nil {
		return nil
	}
	if of := f.Shrink.Of; !isHex(of, 32) {
		return file.Errorf("$.shrink.of", "shrink.of is %.60q, expected 32 hexadecimal digits", of)
	}
	from := &f.Shrink.From
	for _, c := range []struct {
		field string
		n     int
	}{
		{"from.faults", from.Faults}, {"from.operations", from.Operations}, {"from.hosts", from.Hosts},
		{"runs", f.Shrink.Runs}, {"pass", f.Shrink.Pass}, {"idle", f.Shrink.Idle}, {"step", f.Shrink.Step},
	} {
		if c.n < 0 {
			return file.Errorf("$.shrink."+c.field, "shrink.%s is %d, expected 0 or more", c.field, c.n)
		}
	}
	return nil
}

// clientName is the name of the i-th client, from 0.
func clientName(i int) string { return fmt.Sprintf("c%d", i+1) }

// choice writes a decision as a line, such as "1 of 3 next". The label is a Go
// string where it does not print or might be taken for one.
func choice(p sim.Pick) string {
	label := printable(p.Label)
	if label == "" || p.Label[0] == '"' {
		label = strconv.Quote(p.Label)
	}
	return fmt.Sprintf("%d of %d %s", p.Picked, p.N, label)
}

// parseChoice reads what choice wrote.
func parseChoice(text string) (p sim.Pick, ok bool) {
	words := strings.SplitN(text, " ", 4)
	if len(words) != 4 || words[1] != "of" {
		return p, false
	}
	var errs [3]error
	p.Picked, errs[0] = strconv.Atoi(words[0])
	p.N, errs[1] = strconv.Atoi(words[2])
	p.Label = words[3]
	if strings.HasPrefix(p.Label, `"`) {
		p.Label, errs[2] = strconv.Unquote(p.Label)
	}
	return p, errs == [3]error{} && 0 <= p.Picked && p.Picked < p.N && text == printable(text)
}

// isHex reports whether text is n hexadecimal digits, as they are written here.
func isHex(text string, n int) bool {
	return len(text) == n && strings.Trim(text, "0123456789abcdef") == ""
}

// printable returns text as it is if that is one line which prints, else as a Go
// string, for places that have no quotes: comments and choices.
func printable(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	return strconv.Quote(text)
}

// Replayed is what became of a replay.
type Replayed struct {
	Result *scenario.Result
	Status Status
	Reason string // why, unless the run was reproduced
}

// Status says whether a replay showed what its file holds.
type Status uint8

const (
	// Reproduced: the same events happened, to the last one.
	Reproduced Status = iota + 1
	// Stale: other events happened, each time the same ones. The scenario, the
	// code under test or the file has changed: the file proves nothing now.
	Stale
	// Nondeterministic: two runs of one file differ.
	Nondeterministic
)

var statusNames = [...]string{"", "reproduced", "stale", "nondeterministic"}

// String returns "reproduced", "stale" or "nondeterministic".
func (s Status) String() string {
	if s >= Reproduced && s <= Nondeterministic {
		return statusNames[s]
	}
	return fmt.Sprintf("status(%d)", uint8(s))
}

// Replay runs f, which ParseFailure returned together with s. watch is called
// with the world before it runs; it may be nil.
func (f *Failure) Replay(s *scenario.Scenario, watch func(*sim.World)) *Replayed {
	r, tape := f.run(s, watch)
	out := &Replayed{Result: r, Status: Reproduced}
	same := r.Digest.String() == f.Digest
	if same && s.Hash() == f.Hash {
		return out
	}
	out.Status = Stale
	switch again, _ := f.run(s, nil); {
	case again.Digest != r.Digest:
		out.Status = Nondeterministic
		out.Reason = fmt.Sprintf("two runs of this file differ: digest %s, then %s", r.Digest, again.Digest)
	case s.Hash() != f.Hash:
		out.Reason = "the scenario " + s.Name + " has changed since the file was written"
	case tape.Err() != nil:
		out.Reason = "the choices no longer fit: " + strings.TrimPrefix(tape.Err().Error(), "sim: ")
	default:
		out.Reason = "the same seed now leads to other events: the code under test, or the file, has changed"
	}
	return out
}

func (f *Failure) run(s *scenario.Scenario, watch func(*sim.World)) (*scenario.Result, *sim.Tape) {
	seed, picks, scripts := f.parts()
	tape := sim.Replay(picks)
	cfg := f.Config
	return s.Run(scenario.Options{Seed: seed, Config: &cfg, Scripts: scripts, Chooser: tape, Watch: watch}), tape
}

// parts returns what stands in f as text: ParseFailure has accepted it.
func (f *Failure) parts() (seed uint64, picks []sim.Pick, scripts [][]nodes.Op) {
	seed, _ = sim.ParseSeed(f.Seed)
	picks = make([]sim.Pick, len(f.Choices))
	for i, text := range f.Choices {
		picks[i], _ = parseChoice(text)
	}
	scripts = make([][]nodes.Op, len(f.Operations))
	for i, o := range f.Operations {
		scripts[i] = o.Do
	}
	return seed, picks, scripts
}

// WriteBlock prints the failure of a run for people: what failed, when, under
// which faults, and how to see it again. Replay is the command that replays it from
// its file; "" leaves that line out. More lines come before it. WriteBlock panics if the run did not fail.
func WriteBlock(w io.Writer, s *scenario.Scenario, r *scenario.Result, replay string, more ...string) error {
	var b bytes.Buffer
	o := failed(r)
	fmt.Fprintf(&b, "FAIL %s: %s\n", s.Name, describe(o))
	faults := cmp.Or(properties.Coverage(r.Faults).String(), "none")
	fmt.Fprintf(&b, "  seed 0x%x  events %d  virtual %s  faults: %s\n", r.Seed, r.Events, time.Duration(r.Virtual).Round(time.Millisecond), faults)
	for _, line := range more {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	if replay != "" {
		fmt.Fprintf(&b, "  replay:  %s\n", replay)
	}
	if s.Test != "" {
		fmt.Fprintf(&b, "  test:    go test %s -sim.seed=0x%x\n", s.Test, r.Seed)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// failed returns what failed in a run.
func failed(r *scenario.Result) *properties.Outcome {
	o := r.Failed()
	if o == nil {
		panic("traces: a failure of a run that did not fail")
	}
	return o
}

func describe(o *properties.Outcome) string {
	if o.Name == scenario.LinearizableName {
		return o.Detail // it says so itself
	}
	return o.Name + ": " + o.Detail
}
