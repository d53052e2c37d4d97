package cli

import (
	"fmt"
	"strings"

	"phoenix/properties"
)

// listedModel is a model in the JSON object of list models.
type listedModel struct {
	Name    string           `json:"name"`
	Doc     string           `json:"doc"`
	Options []string         `json:"options"`         // that it takes, by name
	Wrong   string           `json:"wrong,omitempty"` // without a bug being planted
	Bugs    []listedModelBug `json:"bugs"`
}

// listedModelBug is a bug that can be planted in a model.
type listedModelBug struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

func (a *app) listModels() error {
	all := []listedModel{}
	for _, known := range a.models {
		m := listedModel{Name: known.Name, Doc: known.About, Options: append([]string{}, known.takes()...),
			Wrong: known.Wrong, Bugs: []listedModelBug{}}
		for _, b := range known.Bugs {
			m.Bugs = append(m.Bugs, listedModelBug{b.Name, b.Wrong})
		}
		all = append(all, m)
	}
	if a.json {
		a.report(listReport{header: headed(properties.Pass), Models: all})
		return nil
	}
	for _, m := range all {
		fmt.Fprintf(a.out, "%s: %s\n", m.Name, m.Doc)
		if m.Wrong != "" {
			fmt.Fprintf(a.out, "  wrong as it is: %s\n", m.Wrong)
		}
		if len(m.Options) > 0 {
			fmt.Fprintf(a.out, "  --%s\n", strings.Join(m.Options, " --"))
		}
		for _, b := range m.Bugs {
			fmt.Fprintf(a.out, "  --bug %s: %s\n", b.Name, b.Doc)
		}
	}
	return nil
}
