package cli

import (
	"context"
	"fmt"
	"io"

	"phoenix/properties/scenario"
	"phoenix/sim"
)

// conclude reports what is known of a campaign, interrupted or not, and then saves
// it in every form that was asked for. A form that cannot be written takes nothing
// from the others.
func (a *app) conclude(ctx context.Context, f *runFlags, c *campaign, dir *folder) error {
	c.saveFailures(f.failDir) // first: the report names the files
	rep := c.report(ctx.Err() != nil)
	tell := a.shrinkFirst(ctx, f, c, &rep)
	interrupted := ctx.Err() != nil // during the campaign or the shrinking
	if err := a.print(c, &rep); err != nil {
		return err
	}
	a.out.Write(tell)
	a.save(context.WithoutCancel(ctx), f, c, &rep)
	if dir != nil {
		a.finish(context.WithoutCancel(ctx), dir, c, &rep)
	}
	if !interrupted {
		a.hint(c)
		return a.exit(statusOf(rep.Verdict), c.unsaved...)
	}
	if rep.Resume != "" {
		fmt.Fprintf(a.err, "simulate: interrupted after %s; go on with: %s\n",
			plural(c.sum.Runs, "run"), c.command(rest(c.seeds, c.sum.Runs)))
	}
	return a.exit(status(exitInterrupted), c.unsaved...)
}

// hint says where a planted bug shows that did not: most need faults of their own.
func (a *app) hint(c *campaign) {
	name := c.sub.scenario.Name + ":" + c.sub.doc.Bug
	if c.sum.Failed == 0 && c.sub.doc.Bug != "" && c.sub.arg != name && plantedBug(name) != nil {
		fmt.Fprintf(a.err, "simulate: the planted bug did not show; %s run %s has the faults that bring it out\n", a.invocation, name)
	}
}

// print prints a campaign in the form that was asked for.
func (a *app) print(c *campaign, rep *runReport) error {
	if a.json {
		a.report(rep)
		return nil
	}
	text, err := c.text(a.out, rep)
	if err != nil {
		return err
	}
	a.out.Write(text) // a.out remembers whether it failed
	return nil
}

// save writes the reports for other programs.
func (a *app) save(ctx context.Context, f *runFlags, c *campaign, rep *runReport) {
	if f.junit != "" {
		if err := writeFile(f.junit, rep.writeJUnit); err != nil {
			c.unsaved = append(c.unsaved, usagef("--junit: %w", err))
		}
	}
	if f.html != "" {
		if err := a.writeHTML(ctx, f.html, c.pictured()); err != nil {
			c.unsaved = append(c.unsaved, usagef("--html: %w", err))
		}
	}
}

// finish fills the folder of results, and says where it is.
func (a *app) finish(ctx context.Context, dir *folder, c *campaign, rep *runReport) {
	if err := dir.finish(ctx, c, rep); err != nil {
		c.unsaved = append(c.unsaved, dir.blame(err))
		return
	}
	fmt.Fprintf(a.err, "simulate: results in %s\n", dir.path)
	if err := dir.link(); err != nil {
		fmt.Fprintf(a.err, "simulate: %s does not lead to them: %v\n", latest, err)
	}
}

// writeHTML writes the picture of a run, if there is one to show.
func (a *app) writeHTML(ctx context.Context, path string, r *scenario.Result) error {
	if r == nil {
		fmt.Fprintln(a.err, "simulate: no picture: no run failed, and there were several")
		return nil
	}
	return writeFile(path, func(w io.Writer) error { return r.WriteHTML(ctx, w) })
}

// rest is what is left of r after n of its seeds.
func rest(r sim.SeedRange, n int) sim.SeedRange {
	return sim.SeedRange{First: r.First + uint64(n), Count: r.Count - uint64(n)}
}
