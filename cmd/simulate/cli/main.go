package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"phoenix/properties/scenario"
)

// Main runs the command with the arguments of the process and returns its exit
// code. The scenarios are those that it knows; it panics if two have one name, or
// if the defaults of one are not valid. The models are those of the catalogue.
func Main(scenarios ...*scenario.Scenario) int { return Command{Scenarios: scenarios}.Main() }

// Command is the command and what it knows by name.
type Command struct {
	Scenarios []*scenario.Scenario
	Models    []Model // nil: those of the catalogue, Models()
}

// Main runs the command as the function Main does. It also panics if two models have one
// name, or if one cannot be as it is.
func (c Command) Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), interrupts...)
	defer stop()
	defer context.AfterFunc(ctx, func() {
		stop() // the next interrupt kills
		fmt.Fprintln(os.Stderr, "simulate: interrupted, finishing what has begun; a second interrupt kills")
	})()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	a := newApp(os.Stdin, os.Stdout, os.Stderr, c.Scenarios)
	if c.Models != nil {
		a.models = c.Models
	}
	checkModels(a.models)
	a.invocation = invocation()
	return a.execute(ctx, os.Args[1:])
}

// interrupts are the signals that have a command finish what has begun and report it: Ctrl-C,
// and what process managers, timeout(1) and containers send before they kill.
var interrupts = []os.Signal{os.Interrupt, syscall.SIGTERM}

// gcPercent lets the heap grow more than usual between collections, unless GOGC
// says something: worlds are small, and come and go on all cores.
const gcPercent = 400

// app is one invocation of the command.
type app struct {
	in         io.Reader
	out        *sink // results
	err        *sink // progress and logs
	scenarios  []*scenario.Scenario
	models     []Model
	invocation string // how command lines begin that are printed
	maxHistory int64  // bytes of a history
	json       bool   // print one object instead of text
	reported   bool   // the object is printed
}

func newApp(in io.Reader, out, err io.Writer, scenarios []*scenario.Scenario) *app {
	names := map[string]bool{}
	for _, s := range scenarios {
		if names[s.Name] {
			panic("cli: two scenarios are named " + s.Name)
		}
		names[s.Name] = true
		if err := s.Validate(&s.Defaults); err != nil {
			panic(fmt.Sprintf("cli: the defaults of scenario %s: %v", s.Name, err))
		}
	}
	return &app{
		in: in, out: newSink(out), err: newSink(err), scenarios: scenarios, models: Models(),
		invocation: "simulate", maxHistory: maxHistory,
	}
}

// execute runs the command line and returns the exit code.
func (a *app) execute(ctx context.Context, args []string) (code int) {
	defer func() {
		if r := recover(); r != nil {
			code = a.crashed(r, debug.Stack())
		}
	}()
	root := a.root()
	strict(root)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var s status
	if err != nil && !errors.As(err, &s) {
		a.json = a.json || wantsJSON(args)
		a.complain(err)
	}
	if a.out.failed != nil {
		fmt.Fprintf(a.err, "simulate: the results could not be written: %v\n", a.out.failed)
		return exitInternal
	}
	return exitCode(err)
}

// complain prints an error, and with --json the object that stands for a report.
func (a *app) complain(err error) {
	fmt.Fprintf(a.err, "simulate: %v\n", err)
	if a.json && !a.reported {
		a.report(failed{unknown(), err.Error()})
	}
}

// failed is the JSON object of a command that has no results.
type failed struct {
	header
	Error string `json:"error"`
}

// crashed reports a panic of the command itself.
func (a *app) crashed(r any, stack []byte) int {
	if p, ok := r.(workerPanic); ok {
		r, stack = p.value, p.stack
	}
	fmt.Fprintf(a.err, "simulate: internal error: %v\n", r)
	fmt.Fprintf(a.err, "This is a bug of simulate. Please report it with the command line, the version (%s, %s) and this:\n\n%s",
		version(), runtime.Version(), stack)
	if a.json && !a.reported {
		a.report(failed{unknown(), fmt.Sprintf("internal error: %v", r)})
	}
	return exitInternal
}

// root returns the command with all of its subcommands.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "simulate",
		Short: "Run distributed systems in a deterministic world, and judge what happened",
		Long: `Run distributed systems in a deterministic world, and judge what happened.

A scenario is a cluster of nodes, clients that use it, and faults; with a seed it
decides everything. A failing run prints one line that reproduces it.

Exit code: 0 pass, 1 violation, 2 inconclusive, 3 nondeterminism, 64 usage,
65 bad input, 70 internal error, 130 interrupted.`,
		Example: `  simulate demo
  simulate list
  simulate run register/abd --seeds 0..1000
  simulate shrink testdata/sim/single-copy-9d10.simfail
  simulate explore paxos --clients 2 --servers 3
  simulate check history.edn --model cas-register`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%v\nSee: %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(a.demoCommand(), a.runCommand(), a.exploreCommand(), a.replayCommand(), a.shrinkCommand(),
		a.checkCommand(), a.exportCommand(), a.doctorCommand(), a.listCommand(), a.schemaCommand())
	cobra.EnableCommandSorting = false
	return root
}

// completes tells shells the values of a flag.
func completes(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic("cli: " + err.Error())
	}
}

// completeScenarios tells shells the scenarios, and that it may also be a file.
func (a *app) completeScenarios(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, s := range a.scenarios {
		names = append(names, s.Name+"\t"+s.Doc)
	}
	for _, b := range scenario.Bugs() {
		if strings.Contains(b.Name, ":") { // others are scenarios
			names = append(names, b.Name+"\t"+b.Doc)
		}
	}
	return names, cobra.ShellCompDirectiveDefault
}

// jsonFlag adds --json to a command.
func (a *app) jsonFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.json, "json", false, "print the results as one JSON object")
}

// version tells which build this is: the module's version, or the revision it
// was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	text := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && !strings.Contains(text, s.Value[:min(12, len(s.Value))]) {
			text += " " + s.Value[:min(12, len(s.Value))]
		}
	}
	return strings.TrimSpace(text)
}
