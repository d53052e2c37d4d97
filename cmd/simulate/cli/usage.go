package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// strict has every command below root, also help and completion which the
// framework adds, refuse what it does not understand.
func strict(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch {
		case cmd.Name() == "help":
			cmd.Args = helpTopic
		case cmd.HasSubCommands():
			cmd.Args = noCommand
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			for _, below := range cmd.Commands() {
				guard(below)
			}
		default:
			guard(cmd)
		}
	}
}

// noCommand refuses arguments of a command that has others below it: they are none.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return usagef("there is no command %q%s\nSee: %s --help", args[0], suggest(args[0], names), cmd.CommandPath())
}

// helpTopic refuses arguments of help that lead to no command.
func helpTopic(cmd *cobra.Command, args []string) error {
	found, left, err := cmd.Root().Find(args)
	if err != nil {
		return usagef("%v", err)
	}
	return noCommand(found, left)
}

// guard makes a wrong number of arguments an error of usage that says what is
// expected, and so a flag that is given as an empty text: most likely a variable
// of the shell was not set. Only for --init that is a value.
func guard(cmd *cobra.Command) {
	accepts := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) (err error) {
		cmd.Flags().Visit(func(f *pflag.Flag) {
			if f.Value.Type() == "string" && f.Value.String() == "" && f.Name != "init" {
				err = usagef("--%s is empty, expected a value", f.Name)
			}
		})
		if err != nil {
			return err
		}
		if err := accepts(cmd, args); err != nil {
			return usagef("%w\nUsage: %s", err, cmd.UseLine())
		}
		return nil
	}
}

// wantsJSON tells from arguments that could not be understood whether --json is
// among them.
func wantsJSON(args []string) bool {
	for _, arg := range args {
		if arg == "--" {
			return false
		}
		if arg == "--json" || strings.HasPrefix(arg, "--json=") && arg != "--json=false" {
			return true
		}
	}
	return false
}
