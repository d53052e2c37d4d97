package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"phoenix/properties/history"
	"phoenix/properties/scenario"
)

// runsFolder holds the folders of results that were not given a place.
const runsFolder = "runs"

// folder keeps what a campaign was and what came of it.
type folder struct {
	path    string
	fresh   bool // in runs, where no folder was named
	started time.Time
	text    []byte // the document that runs it again
}

// newFolder makes the folder out, or if that is "" a new one whose name tells the
// time and a hash of what is run. Errors are of usage.
func newFolder(out string, sub *subject, events bool) (*folder, error) {
	text, err := sub.doc.Text()
	if err != nil {
		return nil, err
	}
	d := &folder{path: out, fresh: out == "", started: time.Now(), text: text}
	if d.fresh {
		name := fmt.Sprintf("%s-%08x", d.started.Format("20060102-150405"), uint32(xxh3.Hash(text)))
		d.path, err = freshFolder(filepath.Join(runsFolder, filepath.FromSlash(sub.scenario.Name)), name)
	} else {
		err = os.MkdirAll(out, 0o777)
	}
	if err == nil && events {
		err = os.MkdirAll(filepath.Join(d.path, eventsFolder), 0o777)
	}
	if err == nil {
		err = writableDir(d.path)
	}
	if err != nil {
		return nil, d.blame(err)
	}
	return d, nil
}

// blame says of an error which folder it comes from, and what chose it.
func (d *folder) blame(err error) error {
	if d.fresh {
		return usagef("the folder of results: %w\n--out FOLDER names another, --no-out leaves it out", plainPath(err))
	}
	return usagef("--out: %w", plainPath(err))
}

// freshFolder makes a folder of that name, or with a number added if there is
// one: two runs of one second.
func freshFolder(parent, name string) (string, error) {
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return "", err
	}
	path := filepath.Join(parent, name)
	for i := 2; ; i++ {
		err := os.Mkdir(path, 0o777)
		if !errors.Is(err, fs.ErrExist) {
			return path, err
		}
		path = filepath.Join(parent, fmt.Sprintf("%s-%d", name, i))
	}
}

// meta tells where and when a campaign ran: what its results do not depend on.
type meta struct {
	Schema   int      `json:"schema"`
	Version  string   `json:"version"`
	Go       string   `json:"go"`
	Platform string   `json:"platform"`
	Command  []string `json:"command"`
	Started  string   `json:"started"`
	Seconds  float64  `json:"seconds"`
	Hash     string   `json:"scenario_hash"`
}

// finish writes the files of a campaign that is over.
func (d *folder) finish(ctx context.Context, c *campaign, rep *runReport) error {
	m := meta{
		Schema: schemaVersion, Version: version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Command: os.Args, Started: d.started.Format(time.RFC3339), Seconds: time.Since(d.started).Seconds(),
		Hash: c.sub.scenario.Hash(),
	}
	for _, f := range []struct {
		name    string
		content []byte
		mode    os.FileMode
	}{
		{"meta.json", marshal(m), 0o666},
		{"scenario.yaml", d.text, 0o666},
		{"results.json", marshal(rep), 0o666},
		{"repro.sh", []byte(c.reproScript(d)), 0o777},
	} {
		if err := os.WriteFile(filepath.Join(d.path, f.name), f.content, f.mode); err != nil {
			return plainPath(err)
		}
	}
	return d.finishRun(ctx, c)
}

// finishRun writes the events of the run that is worth it, and what its clients saw, if it had clients
// of a store.
func (d *folder) finishRun(ctx context.Context, c *campaign) error {
	r := c.pictured()
	if r == nil {
		return nil
	}
	if r.History != nil {
		if err := d.writeHistory(ctx, r); err != nil {
			return err
		}
	}
	return writeEvents(filepath.Join(d.path, "events.jsonl.zst"), c.sub, r.Seed)
}

func (d *folder) writeHistory(ctx context.Context, r *scenario.Result) error {
	history := func(w io.Writer) error { return history.WriteJSONL(w, r.History) }
	if err := writeFile(filepath.Join(d.path, "history.jsonl"), history); err != nil {
		return err
	}
	report := func(w io.Writer) error { return r.WriteHTML(ctx, w) }
	return writeFile(filepath.Join(d.path, "report.html"), report)
}

// reproScript is a script that runs the failures again that have a file, or the
// whole campaign if there are none.
func (c *campaign) reproScript(d *folder) string {
	var b strings.Builder
	b.WriteString("#!/bin/sh\n# To be run from the folder in which the campaign was run.\n")
	for _, f := range c.failures[:len(c.shown)] {
		fmt.Fprintf(&b, "%s\n", f.Replay)
	}
	if len(c.shown) == 0 {
		fmt.Fprintf(&b, "%s run %s\n", c.invocation, quoted(filepath.ToSlash(filepath.Join(d.path, "scenario.yaml"))))
	}
	return b.String()
}

// latest leads to the folder that was made last in runs.
var latest = filepath.Join(runsFolder, "latest")

// link has the link to the latest folder lead to this one, in one step, unless it
// is elsewhere.
func (d *folder) link() error {
	if !d.fresh {
		return nil
	}
	target, err := filepath.Rel(runsFolder, d.path)
	if err != nil {
		return err
	}
	next := filepath.Join(runsFolder, fmt.Sprintf(".latest-%d", os.Getpid()))
	if err := os.Symlink(target, next); err != nil {
		return err
	}
	if err := os.Rename(next, latest); err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return nil
}
