package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"phoenix/properties/scenario"
	"phoenix/sim"
)

// invocation is how lines that reproduce something begin.
const invocation = "go run ./cmd/simulate"

// subject is what a command was asked to run: a scenario and its configuration.
type subject struct {
	scenario *scenario.Scenario
	doc      *scenario.Document
	arg      string // as it was named on the command line
}

// subject finds what an argument names: a scenario, a YAML document, or - for a
// document on standard input.
func (a *app) subject(arg string) (*subject, error) {
	if arg != stdin && !isDocument(arg) {
		s, err := a.find(arg)
		if err != nil {
			return nil, err
		}
		return &subject{s, &scenario.Document{Scenario: s.Name, Config: s.Defaults}, arg}, nil
	}
	name, data, err := a.read(arg, scenario.MaxDocument)
	if err != nil {
		return nil, badInput(err)
	}
	s, doc, err := scenario.ParseDocument(name, data, a.scenarios)
	if err != nil {
		return nil, badInput(err)
	}
	return &subject{s, doc, arg}, nil
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
	var names []string
	for _, s := range a.scenarios {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	hint := suggest(name, names)
	if hint == "" {
		hint = ", expected one of " + strings.Join(names, ", ") + " or a .yaml file"
	}
	return nil, usagef("there is no scenario %q%s", name, hint)
}

// read returns the content of a file of limited size, or of standard input for
// -, and what to call it in errors.
func (a *app) read(path string, limit int64) (name string, data []byte, err error) {
	in, name := a.in, "<stdin>"
	if path != stdin {
		file, err := os.Open(path)
		if err != nil {
			return path, nil, plainPath(err)
		}
		defer file.Close()
		in, name = file, path
	}
	data, err = io.ReadAll(io.LimitReader(in, limit+1)) // one more tells a file that is too large
	return name, data, plainPath(err)
}

// seedsFlags are the flags that choose seeds.
type seedsFlags struct{ seeds, seed string }

func (f *seedsFlags) add(fl *pflag.FlagSet, otherwise string) {
	fl.StringVar(&f.seeds, "seeds", "", "seeds to run: one, or FIRST..END (default "+otherwise+")")
	fl.StringVar(&f.seed, "seed", "", "the only seed to run")
}

// choose returns the seeds that the flags, the document or the command's default
// name, in this order.
func (f seedsFlags) choose(doc *scenario.Document, otherwise string) (sim.SeedRange, error) {
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

// command is the command line that runs seeds of s, without the invocation.
func (s *subject) command(seeds string) string {
	if s.arg == stdin {
		return "run - --seeds " + seeds + " < DOCUMENT"
	}
	return "run " + s.arg + " --seeds " + seeds
}
