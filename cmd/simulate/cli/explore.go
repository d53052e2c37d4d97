package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

func (a *app) exploreCommand() *cobra.Command {
	var f exploreFlags
	cmd := &cobra.Command{
		Use:   "explore MODEL",
		Short: "Visit every state that a small cluster can get into",
		Long: `Visit every state that a small cluster can get into, by all orders of its steps and all
faults that are allowed, each state once, and judge them all.

Names a model (see list models). The nodes of a model run the same code in a world. Which
options it takes depends on the model; what it does not take is refused.

The search is breadth-first, and ends with the depth at which a property is violated, so
that the counterexample is a shortest one. It is told as a story and drawn in lanes, one for
each node, and left in a file that replay takes. Bounds (--max-depth, --max-states,
--max-bytes) end a search as inconclusive with what was visited up to then, and so does an
interrupt. With --search stateless it takes one run for each order of steps that depend on
each other, and remembers no states; a sample of runs takes random ones, and shows no more
than that there is a violation. A model need not have an end: bound it then.

With --serve it shows the states in a browser, on this machine only: where to go next, what
a step changes, the way up to here as a diagram.`,
		Example: `  simulate explore paxos --clients 2 --servers 3
  simulate explore paxos --clients 2 --servers 3 --bug accept-any-ballot
  simulate explore 2pc --rms 7 --symmetry
  simulate explore abd --clients 1 --servers 3 --search stateless
  simulate explore paxos --clients 3 --bug lowest-vote --search pos --schedules 50000
  simulate explore single-copy --clients 2 --servers 2 --network ordered --lossy
  simulate explore raft --crashes 1 --restarts 1 --max-states 100000 --json
  simulate explore paxos --bug accept-any-ballot --serve`,
		Args:              a.oneModel,
		ValidArgsFunction: a.completeModels,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.explore(cmd, &f, args[0])
		},
	}
	f.add(cmd.Flags())
	a.jsonFlag(cmd)
	completes(cmd, "search", searches...)
	completes(cmd, "reduction", reductionNames...)
	completes(cmd, "network", "nonduplicating", "duplicating", "ordered", "board")
	return cmd
}

// explore explores a model and reports what it found.
func (a *app) explore(cmd *cobra.Command, f *exploreFlags, name string) error {
	known, err := a.findModel(name)
	if err != nil {
		return usagef("%w", err)
	}
	m, err := f.model(known, cmd.Flags())
	if err != nil {
		return usagef("%w", err)
	}
	err = f.check(a, cmd.Flags())
	if err == nil {
		err = a.checkSymmetry(f, &m)
	}
	if err == nil {
		err = checkFailDir(f.failDir)
	}
	if err != nil {
		return err
	}
	x := &exploration{model: m, bug: known.bug(f.Bug), options: f.given(cmd.Flags()), flags: f}
	if f.serve {
		return a.serve(cmd.Context(), f, x)
	}
	fmt.Fprintf(a.err, "simulate: %s; search %s\n", x.subject(), f.search)
	if x.findings, err = a.search(cmd.Context(), f, m); err != nil {
		return unexplorable(&m, err)
	}
	return a.concludeExploration(cmd.Context(), x)
}

// checkSymmetry refuses --symmetry for a model without: it would make no difference.
func (a *app) checkSymmetry(f *exploreFlags, m *explore.Model) error {
	if !f.config.Symmetry || len(m.Symmetric) > 0 {
		return nil
	}
	var have []string
	for _, known := range a.models {
		if other, err := known.Build(models.Params{}); err == nil && len(other.Symmetric) > 0 {
			have = append(have, known.Name)
		}
	}
	return usagef("--symmetry: %s declares nothing interchangeable, so it would make no difference. Models that do: %s",
		m.Name, strings.Join(have, ", "))
}

// unexplorable is the error of a model that the explorer does not take.
func unexplorable(m *explore.Model, err error) error {
	if errors.Is(err, explore.ErrModel) { // which begins by saying the same
		err = errors.New(strings.TrimPrefix(err.Error(), explore.ErrModel.Error()+": "))
	}
	return usagef("%s cannot be explored so: %w", m.Name, err)
}

// exploration is what explore was asked for and what it found.
type exploration struct {
	model   explore.Model
	bug     models.Bug
	options []string // of the model, as on a command line
	flags   *exploreFlags
	findings
	replay []string // the commands that replay the violations, as far as they are saved
}
