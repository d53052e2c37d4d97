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
	Property string `json:"property"`
	Detail   string `json:"detail"`
	Digest   string `json:"digest"` // of the event stream
	Events   uint64 `json:"events"`
	// Config has every parameter written out, and no nemesis: its faults are
	// among the faults.
	Config     scenario.Config `json:"config"`
	Operations []Script        `json:"operations"`
	Choices    []string        `json:"choices,omitempty"` // "picked of n label", in order
}

// Script is what one client does.
type Script struct {
	Client string     `json:"client"`
	Do     []nodes.Op `json:"do"`
}

// NewFailure returns the failure of a run whose verdict is Fail. It panics if the
// run did not fail.
func NewFailure(s *scenario.Scenario, r *scenario.Result) *Failure {
	o := r.Failed()
	if o == nil {
		panic("traces: a failure of a run that did not fail")
	}
	f := &Failure{
		Version: failVersion, Scenario: s.Name, Hash: s.Hash(), Seed: fmt.Sprintf("0x%x", r.Seed),
		Property: o.Name, Detail: o.Detail, Digest: r.Digest.String(), Events: r.Events, Config: r.Config,
	}
	for i, script := range r.Scripts {
		f.Operations = append(f.Operations, Script{Client: fmt.Sprintf("c%d", i+1), Do: script})
	}
	for _, p := range r.Picks {
		f.Choices = append(f.Choices, fmt.Sprintf("%d of %d %s", p.Picked, p.N, p.Label))
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
		for _, line := range strings.Split(fmt.Sprintf(format, args...), "\n") {
			fmt.Fprintln(&b, strings.TrimRight("# "+line, " "))
		}
	}
	comment("%s: %s", f.Scenario, f.Detail)
	comment("A failing run of a simulation. Replay it with: go run ./cmd/simulate replay %s", f.FileName())
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
// the scenarios it may come from. Errors are *scenario.SyntaxError.
func ParseFailure(name string, data []byte, all []*scenario.Scenario) (*scenario.Scenario, *Failure, error) {
	f := new(Failure)
	fail := func(format string, args ...any) (*scenario.Scenario, *Failure, error) {
		return nil, nil, &scenario.SyntaxError{File: name, Msg: fmt.Sprintf(format, args...)}
	}
	if err := scenario.Decode(name, data, f); err != nil {
		return nil, nil, err
	}
	if f.Version != failVersion {
		return fail("has the version simfail: %d, expected %d", f.Version, failVersion)
	}
	s, err := scenario.Find(all, f.Scenario)
	if err != nil {
		return fail("%v", err)
	}
	if _, err := sim.ParseSeed(f.Seed); err != nil {
		return fail("seed: %v", err)
	}
	if err := new(sim.Digest).UnmarshalText([]byte(f.Digest)); err != nil {
		return fail("%v", err)
	}
	if _, err := f.picks(); err != nil {
		return fail("%v", err)
	}
	if f.Config.Nemesis != (scenario.Nemesis{}) {
		return fail("config.nemesis is set, expected its faults among the faults")
	}
	if err := s.Validate(&f.Config); err != nil {
		return fail("config.%v", err)
	}
	if len(f.Operations) != f.Config.Clients {
		return fail("operations has %d entries, expected one for each of the %d clients", len(f.Operations), f.Config.Clients)
	}
	for i, o := range f.Operations {
		if want := fmt.Sprintf("c%d", i+1); o.Client != want {
			return fail("operations: entry %d is of client %q, expected %q", i+1, o.Client, want)
		}
	}
	return s, f, nil
}

// picks parses the choices.
func (f *Failure) picks() ([]sim.Pick, error) {
	var picks []sim.Pick
	for i, text := range f.Choices {
		words := strings.SplitN(text, " ", 4)
		if len(words) == 4 && words[1] == "of" {
			picked, err1 := strconv.Atoi(words[0])
			n, err2 := strconv.Atoi(words[2])
			if err1 == nil && err2 == nil && 0 <= picked && picked < n {
				picks = append(picks, sim.Pick{Label: words[3], N: n, Picked: picked})
				continue
			}
		}
		return nil, fmt.Errorf("choice %d is %q, expected such as \"1 of 3 next\"", i+1, text)
	}
	return picks, nil
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
		out.Reason = tape.Err().Error()
	default:
		out.Reason = "the same seed now leads to other events: the code under test, or the file, has changed"
	}
	return out
}

func (f *Failure) run(s *scenario.Scenario, watch func(*sim.World)) (*scenario.Result, *sim.Tape) {
	seed, _ := sim.ParseSeed(f.Seed) // ParseFailure has accepted both
	picks, _ := f.picks()
	tape := sim.Replay(picks)
	scripts := make([][]nodes.Op, len(f.Operations))
	for i, o := range f.Operations {
		scripts[i] = o.Do
	}
	cfg := f.Config
	return s.Run(scenario.Options{Seed: seed, Config: &cfg, Scripts: scripts, Chooser: tape, Watch: watch}), tape
}

// WriteBlock prints the failure of a run for people: what failed, when, under
// which faults, and how to see it again. File is where its .simfail is; "" leaves
// the replay line out.
func WriteBlock(w io.Writer, s *scenario.Scenario, r *scenario.Result, file string) error {
	var b bytes.Buffer
	o := r.Failed()
	fmt.Fprintf(&b, "FAIL %s: %s\n", s.Name, describe(o))
	faults := cmp.Or(properties.Coverage(r.Faults).String(), "none")
	fmt.Fprintf(&b, "  seed 0x%x  events %d  virtual %s  faults: %s\n", r.Seed, r.Events, time.Duration(r.Virtual).Round(time.Millisecond), faults)
	if file != "" {
		fmt.Fprintf(&b, "  replay:  go run ./cmd/simulate replay %s\n", file)
	}
	if s.Test != "" {
		fmt.Fprintf(&b, "  test:    go test %s -sim.seed=0x%x\n", s.Test, r.Seed)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func describe(o *properties.Outcome) string {
	if o.Name == scenario.LinearizableName {
		return o.Detail // it says so itself
	}
	return o.Name + ": " + o.Detail
}
