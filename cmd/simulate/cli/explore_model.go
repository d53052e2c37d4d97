package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

// modelFlags are the options that say what of a model is explored. Files of
// counterexamples hold them as they are on the command line.
type modelFlags struct {
	models.Params
	partitions int
}

// modelSizes are the options that count something that there must be at least one of, and
// modelBudgets those of which there may be none.
var (
	modelSizes = []string{"clients", "servers", "rms", "threads", "nodes", "terms", "log", "heartbeats", "under-way"}
	budgets    = []string{"crashes", "restarts", "drops", "duplicates", "partitions"}
)

func (f *modelFlags) add(fl *pflag.FlagSet) {
	for _, o := range []struct {
		of          *int
		name, about string
	}{
		{&f.Clients, "clients", "how many clients"},
		{&f.Servers, "servers", "how many servers"},
		{&f.RMs, "rms", "how many resource managers, or participants of a commit"},
		{&f.Threads, "threads", "how many threads"},
		{&f.Nodes, "nodes", "how many nodes of a ring"},
		{&f.Terms, "terms", "greatest term of an election"},
		{&f.Log, "log", "greatest length of a log"},
		{&f.Heartbeats, "heartbeats", "how often a leader repeats itself in each term"},
		{&f.UnderWay, "under-way", "how many messages may be under way at a time"},
		{&f.Crashes, "crashes", "how many crashes there may be"},
		{&f.Restarts, "restarts", "how many nodes that crashed may start again"},
		{&f.Drops, "drops", "how many messages may be lost"},
		{&f.Duplicates, "duplicates", "how many messages may be doubled"},
		{&f.partitions, "partitions", "how often one node may be cut off from all others"},
	} {
		fl.IntVar(o.of, o.name, 0, o.about) // models have defaults of their own
	}
	fl.BoolVar(&f.Lock, "lock", false, "threads take a lock")
	fl.BoolVar(&f.NoHistory, "no-history", false, "leave out what clients saw, and whether it is linearizable")
	fl.StringVar(&f.Network, "network", "", "nonduplicating, duplicating or ordered (default nonduplicating)")
	fl.BoolVar(&f.Lossy, "lossy", false, "every message may be lost")
	fl.StringVar(&f.Bug, "bug", "", "plant this bug: see list models")
}

// takes returns the options of a model.
func takes(e *models.Entry) []string {
	names := slices.Clone(e.Takes)
	if slices.Contains(names, "crashes") {
		names = append(names, "partitions")
	}
	if len(e.Bugs) > 0 {
		names = append(names, "bug")
	}
	return names
}

// findModel returns the model of that name.
func findModel(name string) (*models.Entry, error) {
	var names []string
	for _, e := range models.All() {
		if e.Name == name {
			return &e, nil
		}
		names = append(names, e.Name)
	}
	return nil, fmt.Errorf("there is no model %q%s\nThe models are: %s", name, suggest(name, names),
		strings.Join(names, ", "))
}

// given are the options of a model that were given, as on a command line.
func (f *modelFlags) given(fl *pflag.FlagSet) []string {
	var own pflag.FlagSet
	new(modelFlags).add(&own)
	var all []string
	fl.Visit(func(o *pflag.Flag) {
		if own.Lookup(o.Name) != nil {
			all = append(all, "--"+o.Name+"="+o.Value.String())
		}
	})
	return all
}

// model makes the model. Errors say what was expected.
func (f *modelFlags) model(e *models.Entry, fl *pflag.FlagSet) (explore.Model, error) {
	var own pflag.FlagSet
	new(modelFlags).add(&own)
	var err error
	fl.Visit(func(o *pflag.Flag) {
		if err == nil && own.Lookup(o.Name) != nil {
			err = checkOption(e, o)
		}
	})
	if err != nil {
		return explore.Model{}, err
	}
	p := f.Params
	if fl.Changed("crashes") && p.Crashes == 0 {
		p.Crashes = -1 // none, also where some are the default
	}
	m, err := e.Build(p)
	if err != nil {
		return explore.Model{}, err
	}
	if f.partitions > 0 {
		m.Faults.Partitions, m.Faults.Cuts = f.partitions, isolations(m.Nodes)
	}
	return m, nil
}

// checkOption returns what is wrong with an option for a model.
func checkOption(e *models.Entry, o *pflag.Flag) error {
	known := takes(e)
	switch n, _ := strconv.Atoi(o.Value.String()); {
	case !slices.Contains(known, o.Name):
		if len(known) == 0 {
			return fmt.Errorf("%s does not take --%s, nor any other option of models", e.Name, o.Name)
		}
		return fmt.Errorf("%s does not take --%s, expected of --%s", e.Name, o.Name, strings.Join(known, ", --"))
	case slices.Contains(modelSizes, o.Name) && n < 1:
		return fmt.Errorf("--%s is %s, expected 1 or more", o.Name, o.Value)
	case slices.Contains(budgets, o.Name) && (n < 0 || n > maxBudget):
		return fmt.Errorf("--%s is %s, expected 0 to %d", o.Name, o.Value, maxBudget)
	case o.Name == "bug":
		return checkBug(e, o.Value.String())
	}
	return nil
}

// maxBudget is how many faults of a kind the explorer can count.
const maxBudget = 255

func checkBug(e *models.Entry, name string) error {
	var names []string
	for _, b := range e.Bugs {
		if b.Name == name {
			return nil
		}
		names = append(names, b.Name)
	}
	return fmt.Errorf("--bug: %s has no bug %q%s\nThe bugs of %s are: %s", e.Name, name, suggest(name, names), e.Name,
		strings.Join(names, ", "))
}

// isolations are the partitions of one node from all others.
func isolations(nodes []explore.Node) []explore.NamedCut {
	var cuts []explore.NamedCut
	for i, n := range nodes {
		var others []network.ID
		for j := range nodes {
			if j != i {
				others = append(others, network.ID(j))
			}
		}
		cut := network.Complete([]network.ID{network.ID(i)}, others)
		cuts = append(cuts, explore.NamedCut{Name: n.Name + " alone", Cut: cut})
	}
	return cuts
}

// modelOf returns what makes the model of a name from options as given returned them: what
// a file of a counterexample says.
func modelOf(name string) (func(options []string) (explore.Model, error), error) {
	e, err := findModel(name)
	if err != nil {
		return nil, err
	}
	return func(options []string) (explore.Model, error) {
		var f modelFlags
		fl := pflag.NewFlagSet(name, pflag.ContinueOnError)
		fl.Usage = func() {}
		f.add(fl)
		if err := fl.Parse(options); err != nil {
			return explore.Model{}, err
		}
		if fl.NArg() > 0 {
			return explore.Model{}, fmt.Errorf("%q is no option, expected such as --clients=2", fl.Arg(0))
		}
		return f.model(e, fl)
	}, nil
}
