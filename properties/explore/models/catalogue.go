package models

import (
	"fmt"
	"slices"
	"strings"

	"phoenix/properties/explore"
)

// Params are the options of a model as a command line gives them. A zero value is the model's
// default.
type Params struct {
	Clients, Servers int // of registers, and the like
	RMs              int // resource managers, or participants of a commit
	Threads          int
	Nodes            int // of a ring
	Terms            int // greatest term of an election
	Log              int // greatest length of a log
	Heartbeats       int // of a leader in each term
	UnderWay         int // how many messages may be under way
	Changes          int // of the members, in a log
	Spares           int // servers that are no members at first
	Replicas         int // of a replicated data type
	Operations       int // on it, in all
	Lock             bool
	NoHistory        bool // leave out what clients saw

	Network string // a name that explore.ParseSemantics reads
	Lossy   bool
	// Budgets of faults. Below 0 is none, for models whose default is not.
	Crashes, Restarts, Drops, Duplicates int

	Bug string // the name of one of the entry's Bugs
}

// Entry is a model of the catalogue.
type Entry struct {
	Name  string
	About string
	Bugs  []Bug
	// Takes are the options that the model has, by their names on the command line, such as
	// "clients". All have "bug" if they have Bugs.
	Takes []string
	// Wrong says what is wrong without any bug being planted, "" if nothing is.
	Wrong string

	build func(Params) explore.Model
}

// Build makes the model. An option that it does not have, a bug that it cannot have and a
// size that makes no sense are errors that tell what is expected.
func (e Entry) Build(p Params) (explore.Model, error) {
	for _, o := range p.options() {
		switch {
		case o.name == "bug" || !o.given():
		case !slices.Contains(e.Takes, o.name):
			return explore.Model{}, fmt.Errorf("model %s does not take %s, %s",
				e.Name, o.name, only(e.Takes, "it has no options"))
		case o.size != nil && (*o.size < 0 || *o.size > maxSize):
			return explore.Model{}, fmt.Errorf("model %s: %s %d, expected 1 to %d", e.Name, o.name, *o.size, maxSize)
		}
	}
	if p.Bug != "" && !slices.ContainsFunc(e.Bugs, func(b Bug) bool { return b.Name == p.Bug }) {
		return explore.Model{}, fmt.Errorf("model %s has no bug %q, %s", e.Name, p.Bug, only(e.bugNames(), "it has none"))
	}
	network, err := explore.ParseSemantics(p.Network)
	if p.Network != "" && err != nil {
		return explore.Model{}, fmt.Errorf("model %s: %w", e.Name, err)
	}
	m := e.build(p)
	if p.Network != "" {
		m.Network = network
	}
	m.Lossy = m.Lossy || p.Lossy
	return m, nil
}

// maxSize bounds the sizes of models: those that can be explored at all are far smaller.
const maxSize = 32

// option is one field of Params.
type option struct {
	name   string
	size   *int // of a cluster or the like: at least 1 if given
	budget int
	text   string
	on     bool
}

func (o option) given() bool {
	return o.size != nil && *o.size != 0 || o.budget != 0 || o.text != "" || o.on
}

func (p Params) options() []option {
	return []option{
		{name: "clients", size: &p.Clients}, {name: "servers", size: &p.Servers}, {name: "rms", size: &p.RMs},
		{name: "threads", size: &p.Threads}, {name: "nodes", size: &p.Nodes}, {name: "terms", size: &p.Terms},
		{name: "log", size: &p.Log}, {name: "heartbeats", size: &p.Heartbeats}, {name: "under-way", size: &p.UnderWay},
		{name: "changes", size: &p.Changes}, {name: "spares", size: &p.Spares},
		{name: "replicas", size: &p.Replicas}, {name: "operations", size: &p.Operations},
		{name: "lock", on: p.Lock}, {name: "no-history", on: p.NoHistory},
		{name: "network", text: p.Network}, {name: "lossy", on: p.Lossy},
		{name: "crashes", budget: p.Crashes}, {name: "restarts", budget: p.Restarts},
		{name: "drops", budget: p.Drops}, {name: "duplicates", budget: p.Duplicates},
		{name: "bug", text: p.Bug},
	}
}

// budget returns the faults of p.
func (p Params) budget() explore.Budget {
	return explore.Budget{Crashes: max(p.Crashes, 0), Restarts: max(p.Restarts, 0), Drops: max(p.Drops, 0),
		Duplicates: max(p.Duplicates, 0)}
}

// only tells what there is, or that there is nothing.
func only(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return "only " + strings.Join(names, ", ")
}

func (e Entry) bugNames() []string {
	var names []string
	for _, b := range e.Bugs {
		names = append(names, b.Name)
	}
	return names
}

// Find returns the model of a name. The error names those that there are.
func Find(name string) (Entry, error) {
	var names []string
	for _, e := range All() {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return Entry{}, fmt.Errorf("no model %q, only %s", name, strings.Join(names, ", "))
}
