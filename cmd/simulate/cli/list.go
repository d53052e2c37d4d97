package cli

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
)

func (a *app) listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list [scenarios|bugs|faults|nemeses|models]",
		Short: "List the scenarios, the planted bugs, the faults, the nemeses or the models",
		Long: `List the scenarios: name and what it is. Those marked "planted bug" are wrong on
purpose: a checker must find it. Or list the planted bugs, with what to run to find
each and within how many seeds it is found; the faults that a plan can have, with how
they are written, what they do and an example; the nemeses that draw plans; or the models
that explore takes, with the options and the bugs of each.

In front of every fault may stand "at DURATION" (when it begins, 0s unless said) and
"for DURATION" (after which it ends; without it, it lasts as long as the chaos), and
behind it "as NAME", for "end NAME".`,
		Example: `  simulate list
  simulate list bugs
  simulate list faults
  simulate list nemeses --json
  simulate list models`,
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"scenarios", "bugs", "faults", "nemeses", "models"},
		RunE: func(_ *cobra.Command, args []string) error {
			switch cmp.Or(append(args, "")...) {
			case "bugs":
				return a.listBugs()
			case "faults":
				return a.listFaults()
			case "nemeses":
				return a.listNemeses()
			case "models":
				return a.listModels()
			}
			return a.list()
		},
	}
	a.jsonFlag(cmd)
	return cmd
}

// listed is a scenario in the JSON object of list.
type listed struct {
	Name    string   `json:"name"`
	Doc     string   `json:"doc"`
	Planted bool     `json:"planted"`
	Bugs    []string `json:"bugs,omitempty"`
	Hash    string   `json:"hash"`
}

func (a *app) list() error {
	if a.json {
		all := []listed{}
		for _, s := range a.scenarios {
			all = append(all, listed{s.Name, s.Doc, s.Planted, s.Bugs, s.Hash()})
		}
		a.report(struct {
			header
			Scenarios []listed `json:"scenarios"`
		}{headed(properties.Pass), all})
		return nil
	}
	tab := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, s := range a.scenarios {
		mark := ""
		if s.Planted {
			mark = " (planted bug)"
		}
		fmt.Fprintf(tab, "%s\t%s%s\n", s.Name, s.Doc, mark)
	}
	return tab.Flush()
}

// listedBug is a planted bug in the JSON object of list bugs.
type listedBug struct {
	Name     string `json:"name"` // what run takes
	Scenario string `json:"scenario"`
	Bug      string `json:"bug,omitempty"`
	Doc      string `json:"doc"`
	Worlds   int    `json:"worlds"` // it is found within so many seeds
}

func (a *app) listBugs() error {
	all := []listedBug{}
	for _, b := range scenario.Bugs() {
		all = append(all, listedBug{b.Name, b.Scenario.Name, b.Config.Bug, b.Doc, b.Worlds})
	}
	return listOut(a, listReport{header: headed(properties.Pass), Bugs: all}, all, func(b listedBug) []string {
		return []string{b.Name, fmt.Sprintf("within %d worlds", b.Worlds), b.Doc}
	})
}

// listedFault is a kind of fault in the JSON object of list faults.
type listedFault struct {
	Kind    chaos.Kind  `json:"kind"`
	Class   chaos.Class `json:"class,omitempty"`
	Text    string      `json:"text"`
	Doc     string      `json:"doc"`
	Example string      `json:"example"`
}

func (a *app) listFaults() error {
	all := []listedFault{}
	for _, f := range chaos.Forms() {
		all = append(all, listedFault{f.Kind, f.Class, f.Written, f.Does, f.Example})
		if !a.json {
			fmt.Fprintln(a.out, f)
		}
	}
	if a.json {
		a.report(listReport{header: headed(properties.Pass), Faults: all})
	}
	return nil
}

// listedNemesis is a nemesis in the JSON object of list nemeses.
type listedNemesis struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

func (a *app) listNemeses() error {
	all := []listedNemesis{}
	for _, name := range chaos.Nemeses() {
		all = append(all, listedNemesis{name, chaos.NemesisDoc(name)})
	}
	return listOut(a, listReport{header: headed(properties.Pass), Nemeses: all}, all, func(n listedNemesis) []string { return []string{n.Name, n.Doc} })
}

// listReport is the JSON object of list bugs, list faults, list nemeses and list models.
type listReport struct {
	header
	Bugs    []listedBug     `json:"bugs,omitempty"`
	Faults  []listedFault   `json:"faults,omitempty"`
	Nemeses []listedNemesis `json:"nemeses,omitempty"`
	Models  []listedModel   `json:"models,omitempty"`
}

// listOut prints a list: as JSON, or with a line for each in columns.
func listOut[T any](a *app, rep listReport, all []T, columns func(T) []string) error {
	if a.json {
		a.report(rep)
		return nil
	}
	tab := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, v := range all {
		fmt.Fprintln(tab, strings.Join(columns(v), "\t"))
	}
	return tab.Flush()
}
