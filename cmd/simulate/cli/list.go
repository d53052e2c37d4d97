package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"phoenix/properties"
)

func (a *app) listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the scenarios",
		Long: `List the scenarios: name and what it is. Those marked "planted bug" are wrong on
purpose: a checker must find it.`,
		Example: `  simulate list
  simulate list --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.list() },
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
