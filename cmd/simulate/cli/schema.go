package cli

import (
	"github.com/spf13/cobra"

	"phoenix/properties/scenario"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of scenario documents",
		Long: `Print the JSON Schema of scenario documents, the YAML files that run takes. An
editor that knows it completes and checks them as they are written.`,
		Example: `  simulate schema > scenario.schema.json`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a.out.Write(marshal(scenario.Schema()))
			return nil
		},
	}
}
