package cli

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"phoenix/sim"
	"phoenix/traces"
)

// traceForms says which form of a log a trace has.
const traceForms = "NAME.txt for people, NAME.jsonl for programs, otherwise the binary log; compressed if .zst is added"

// trace is what is kept of a run to be written to a file, in the form that the
// name of the file asks for. Without a path nothing is kept.
type trace struct {
	path, form string
	content    bytes.Buffer // text for people, or the binary log
	log        eventLog
	record     func(*sim.World)
}

// newTrace returns the trace of a run of a scenario or model that is to begin.
func newTrace(path, name, seed string) *trace {
	t := &trace{path: path, form: filepath.Ext(strings.TrimSuffix(path, ".zst"))}
	t.log.out = bufio.NewWriter(&t.content)
	t.record = t.log.watch(name, seed)
	return t
}

// watch begins to keep what happens in a world.
func (t *trace) watch(w *sim.World) {
	switch {
	case t.path == "":
	case t.form == ".txt":
		tell(w, &t.content)
	default:
		t.record(w)
	}
}

// save writes the file when the world is done.
func (t *trace) save() error {
	if t.path == "" {
		return nil
	}
	if t.form != ".txt" {
		if err := t.log.close(); err != nil {
			return err
		}
	}
	if t.form == ".jsonl" {
		return saveJSONL(t.path, &t.content)
	}
	return writeFile(t.path, func(w io.Writer) error {
		if filepath.Ext(t.path) != ".zst" {
			_, err := t.content.WriteTo(w)
			return err
		}
		pack, err := zstd.NewWriter(w)
		if err != nil {
			return err
		}
		_, err = t.content.WriteTo(pack)
		return errors.Join(err, pack.Close())
	})
}

// tell writes the events of a world for people, one on a line. Messages look as
// their own String methods have it, which a log cannot know.
func tell(w *sim.World, out *bytes.Buffer) {
	var line []byte
	w.Observe(func(e *sim.Event) {
		line = append(e.AppendText(line[:0], w.HostName), '\n')
		out.Write(line)
	})
}

func saveJSONL(path string, log io.Reader) error {
	r, err := traces.NewReader(path, log)
	if err != nil {
		return err
	}
	defer r.Close()
	return plainPath(traces.SaveJSONL(path, r))
}
