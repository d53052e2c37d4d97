package cli

import (
	"errors"
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
// budgets those of which there may be none.
var (
	modelSizes = []string{"clients", "servers", "rms", "threads", "nodes", "terms", "log", "heartbeats", "under-way",
		"changes", "spares", "replicas", "operations"}
	budgets = []string{"crashes", "restarts", "drops", "duplicates", "partitions"}
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
		{&f.Changes, "changes", "how many changes of the members there may be in a log"},
		{&f.Spares, "spares", "how many servers are no members at first"},
		{&f.Replicas, "replicas", "how many replicas of a data type"},
		{&f.Operations, "operations", "how many operations there are on a data type, by all replicas together"},
		{&f.Crashes, "crashes", "how many crashes there may be"},
		{&f.Restarts, "restarts", "how many nodes that crashed may start again"},
		{&f.Drops, "drops", "how many messages may be lost"},
		{&f.Duplicates, "duplicates", "how many messages may be doubled"},
		{&f.partitions, "partitions", "how often one node, any of them, may be cut off from all others for a while"},
	} {
		fl.IntVar(o.of, o.name, 0, o.about) // models have defaults of their own
	}
	fl.BoolVar(&f.Lock, "lock", false, "threads take a lock")
	fl.BoolVar(&f.NoHistory, "no-history", false, "leave out what clients saw, and whether it is linearizable")
	fl.StringVar(&f.Network, "network", "", "nonduplicating, duplicating, ordered or board (default is the model's own, mostly nonduplicating)")
	fl.BoolVar(&f.Lossy, "lossy", false, "every message may be lost")
	fl.StringVar(&f.Bug, "bug", "", "plant this bug: see list models")
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
func (f *modelFlags) model(known *Model, fl *pflag.FlagSet) (explore.Model, error) {
	var own pflag.FlagSet
	new(modelFlags).add(&own)
	var err error
	fl.Visit(func(o *pflag.Flag) {
		if err == nil && own.Lookup(o.Name) != nil {
			err = checkOption(known, o)
		}
	})
	if err != nil {
		return explore.Model{}, err
	}
	p := f.Params
	if fl.Changed("crashes") && p.Crashes == 0 {
		p.Crashes = -1 // none, also where some are the default
	}
	m, err := known.Build(p)
	if err != nil {
		return explore.Model{}, err
	}
	m.Name = known.Name // by which it is found again
	if f.partitions > 0 {
		m.Faults.Partitions = f.partitions
		if len(m.Faults.Cuts) == 0 {
			m.Faults.Cuts = isolations(m.Nodes)
		}
	}
	return m, f.checkFaults(&m)
}

// checkOption returns what is wrong with an option for a model.
func checkOption(m *Model, o *pflag.Flag) error {
	known := m.takes()
	switch n, _ := strconv.Atoi(o.Value.String()); {
	case !slices.Contains(known, o.Name):
		if len(known) == 0 {
			return fmt.Errorf("%s does not take --%s, nor any other option of models", m.Name, o.Name)
		}
		return fmt.Errorf("%s does not take --%s, expected of --%s", m.Name, o.Name, strings.Join(known, ", --"))
	case slices.Contains(modelSizes, o.Name) && n < 1:
		return fmt.Errorf("--%s is %s, expected 1 or more", o.Name, o.Value)
	case slices.Contains(budgets, o.Name) && (n < 0 || n > maxBudget):
		return fmt.Errorf("--%s is %s, expected 0 to %d", o.Name, o.Value, maxBudget)
	case o.Name == "bug":
		return checkBug(m, o.Value.String())
	}
	return nil
}

// checkFaults returns what is wrong with faults that could never strike, or that the network
// has anyway: most likely something else was meant.
func (f *modelFlags) checkFaults(m *explore.Model) error {
	switch {
	case f.Restarts > 0 && m.Faults.Crashes == 0:
		return errors.New("--restarts is for nodes that crashed, and none may: give --crashes, too")
	case f.Drops > 0 && m.Lossy:
		return errors.New("--drops is a budget, and every message may be lost anyway: leave out --drops or --lossy")
	case f.Duplicates > 0 && (m.Network == explore.Duplicating || m.Network == explore.Board):
		return fmt.Errorf("--duplicates is a budget, and on a network that is %s every message may come again anyway: "+
			"leave it out, or give --network nonduplicating", m.Network)
	}
	return nil
}

// maxBudget is how many faults of a kind the explorer can count.
const maxBudget = 255

func checkBug(m *Model, name string) error {
	var names []string
	for _, b := range m.Bugs {
		if b.Name == name {
			return nil
		}
		names = append(names, b.Name)
	}
	return fmt.Errorf("--bug: %s has no bug %q%s\nThe bugs of %s are: %s", m.Name, name, suggest(name, names), m.Name,
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
