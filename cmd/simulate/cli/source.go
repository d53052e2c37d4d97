package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"
)

// subject is what a command was asked to run: a scenario and its configuration.
type subject struct {
	scenario *scenario.Scenario
	doc      *scenario.Document
	arg      string   // as it was named on the command line
	settings []string // what --set changed
}

// subject finds what an argument names, a scenario, a YAML document or - for a
// document on standard input, and changes the fields that settings name.
func (a *app) subject(ctx context.Context, arg string, settings []string) (*subject, error) {
	if b := plantedBug(arg); b != nil {
		doc := &scenario.Document{Scenario: b.Scenario.Name, Config: b.Config}
		text, err := doc.Text()
		if err != nil {
			return nil, err
		}
		return a.with(&subject{scenario: b.Scenario, doc: doc, arg: arg}, text, settings)
	}
	if arg != stdin && !isDocument(arg) {
		s, err := a.find(arg)
		if err != nil {
			return nil, err
		}
		sub := &subject{scenario: s, doc: &scenario.Document{Scenario: s.Name, Config: s.Defaults}, arg: arg}
		return a.with(sub, fmt.Appendf(nil, "scenario: %s\n", s.Name), settings)
	}
	name, data, err := a.read(ctx, arg, scenario.MaxDocument)
	if err != nil {
		return nil, err
	}
	s, doc, err := scenario.ParseDocument(name, data, a.scenarios)
	if err != nil {
		return nil, badInput(err)
	}
	return a.with(&subject{scenario: s, doc: doc, arg: arg}, data, settings)
}

// plantedBug returns the planted bug of that name, which has a colon in it, or nil.
func plantedBug(name string) *scenario.Planted {
	for _, b := range scenario.Bugs() {
		if b.Name == name && strings.Contains(name, ":") {
			return &b
		}
	}
	return nil
}

// isDocument tells a file from the name of a scenario.
func isDocument(arg string) bool {
	if ext := filepath.Ext(arg); ext == ".yaml" || ext == ".yml" {
		return true
	}
	info, err := os.Stat(arg)
	return err == nil && info.Mode().IsRegular()
}

// find returns the scenario of that name.
func (a *app) find(name string) (*scenario.Scenario, error) {
	s, err := scenario.Find(a.scenarios, name)
	if err == nil {
		return s, nil
	}
	var names []string
	for _, s := range a.scenarios {
		names = append(names, s.Name)
	}
	for _, b := range scenario.Bugs() {
		names = append(names, b.Name)
	}
	return nil, usagef("%w%s", err, suggest(name, names))
}

// subjectFlags are the flags that choose seeds and change what is run.
type subjectFlags struct {
	seeds, seed string
	set         []string
	faults      []string
	nemesis     string
}

// settings returns what the flags set in the document, as --set has it.
func (f *subjectFlags) settings() []string {
	all := slices.Clone(f.set)
	if f.nemesis != "" {
		all = append(all, "nemesis.name="+f.nemesis)
	}
	if len(f.faults) > 0 {
		lines := make([]string, len(f.faults))
		for i, line := range f.faults {
			lines[i] = strconv.Quote(line)
		}
		all = append(all, "faults=["+strings.Join(lines, ", ")+"]")
	}
	return all
}

func (f *subjectFlags) add(fl *pflag.FlagSet, otherwise string) {
	fl.StringVar(&f.seeds, "seeds", "", "seeds to run: one, or FIRST..END (default "+otherwise+")")
	fl.StringVar(&f.seed, "seed", "", "the only seed to run")
	fl.StringArrayVar(&f.set, "set", nil, "set a field of the document, such as workload.keys=3 (may be repeated)")
	fl.StringArrayVar(&f.faults, "fault", nil, "a fault in the place of the nemesis's, such as 'at 300ms for 1s crash s1' (may be repeated; see list faults)")
	fl.StringVar(&f.nemesis, "nemesis", "", "what draws the faults: see list nemeses")
}

// checkFaults returns an error of usage for a fault that cannot be read.
func (f *subjectFlags) checkFaults() error {
	for _, line := range f.faults {
		if _, err := chaos.ParseFault(line); err != nil {
			return usagef("--fault: %v; simulate list faults tells how faults are written", err)
		}
	}
	return nil
}

// choose returns the seeds that the flags, the document or the command's default
// name, in this order.
func (f *subjectFlags) choose(doc *scenario.Document, otherwise string) (sim.SeedRange, error) {
	if f.seeds != "" && f.seed != "" {
		return sim.SeedRange{}, usagef("--seed and --seeds are both given, expected one of them")
	}
	if f.seed != "" {
		seed, err := sim.ParseSeed(f.seed)
		if err != nil {
			return sim.SeedRange{}, usagef("--seed: %v", err)
		}
		return sim.SeedRange{First: seed, Count: 1}, nil
	}
	text := f.seeds
	if text == "" {
		text = doc.Seeds
	}
	if text == "" {
		text = otherwise
	}
	seeds, err := sim.ParseSeeds(text)
	if err != nil {
		return sim.SeedRange{}, usagef("--seeds: %v", err)
	}
	return seeds, nil
}

// command is what follows "run " to run some seeds of s.
func (s *subject) command(seeds sim.SeedRange) string {
	text := quoted(s.arg)
	for _, set := range s.settings {
		text += " --set " + quoted(set)
	}
	if seeds.Count == 1 {
		text += " --seed " + seedText(seeds.First)
	} else {
		text += " --seeds " + seeds.String()
	}
	if s.arg == stdin {
		text += " < DOCUMENT"
	}
	return text
}
