package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

// Model is what explore, explore --serve, replay and list models know by a name. Name and
// Build are required.
type Model struct {
	Name  string // may have slashes, such as "mine/counter"
	About string // a line of what it is
	Wrong string // what is wrong with it without a bug being planted, if anything is

	// Takes are the flags of explore that say what of it is explored, such as "clients": those
	// that stand for a field of models.Params, without "bug", which all have that have Bugs.
	// Who takes "crashes" also gets "partitions", of one node from all others unless the model
	// has cuts of its own.
	Takes []string
	Bugs  []models.Bug

	// Build makes the model. Of Params only what Takes has is ever set, and sizes that are
	// given are 1 or more. Errors are of usage and say what was expected. It must build the
	// same from the same: what explore leaves in a file is replayed in a model built again.
	Build func(models.Params) (explore.Model, error)
}

// Models returns the catalogue of package models, in the order in which it is best read.
func Models() []Model {
	var all []Model
	for _, e := range models.All() {
		all = append(all, Model{e.Name, e.About, e.Wrong, e.Takes, e.Bugs, e.Build})
	}
	return all
}

// checkModels panics if a model cannot be registered.
func checkModels(all []Model) {
	var known pflag.FlagSet
	new(modelFlags).add(&known)
	names := map[string]bool{}
	for _, m := range all {
		switch {
		case m.Name == "" || strings.ContainsAny(m.Name, " \n") || m.Build == nil:
			panic(fmt.Sprintf("cli: model %q: expected a name without spaces, and what builds it", m.Name))
		case names[m.Name]:
			panic("cli: two models are named " + m.Name)
		}
		names[m.Name] = true
		for _, name := range m.Takes {
			if known.Lookup(name) == nil {
				panic(fmt.Sprintf("cli: model %s takes --%s, which is no option of models", m.Name, name))
			}
		}
	}
}

// takes returns the options of a model.
func (m *Model) takes() []string {
	names := slices.Clone(m.Takes)
	if slices.Contains(names, "crashes") {
		names = append(names, "partitions")
	}
	if len(m.Bugs) > 0 {
		names = append(names, "bug")
	}
	return names
}

// bug returns the bug of that name, the zero value if there is none.
func (m *Model) bug(name string) models.Bug {
	for _, b := range m.Bugs {
		if b.Name == name {
			return b
		}
	}
	return models.Bug{}
}

// findModel returns the model of that name.
func (a *app) findModel(name string) (*Model, error) {
	var names []string
	for i := range a.models {
		if a.models[i].Name == name {
			return &a.models[i], nil
		}
		names = append(names, a.models[i].Name)
	}
	return nil, fmt.Errorf("there is no model %q%s\nThe models are: %s", name, suggest(name, names),
		strings.Join(names, ", "))
}

// oneModel wants exactly one argument, and names the models if there is none.
func (a *app) oneModel(_ *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	text := fmt.Sprintf("expected one model, found %d. The models are:", len(args))
	for _, m := range a.models {
		text += "\n  " + m.Name
	}
	return usagef("%s", text)
}

// completeModels tells shells the models.
func (a *app) completeModels(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, m := range a.models {
		if len(args) == 0 {
			names = append(names, m.Name+"\t"+m.About)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// modelOf returns what makes the model of a name from options as given returned them: what
// a file of a counterexample says.
func (a *app) modelOf(name string) (func(options []string) (explore.Model, error), error) {
	known, err := a.findModel(name)
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
		return f.model(known, fl)
	}, nil
}
