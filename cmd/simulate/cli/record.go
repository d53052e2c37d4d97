package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"phoenix/properties/scenario"
	"phoenix/sim"
	"phoenix/traces"
)

// eventsFolder holds the logs of --record within a folder of results.
const eventsFolder = "events"

func (d *folder) eventLog(seed uint64) string {
	return filepath.Join(d.path, eventsFolder, fmt.Sprintf("0x%x.log", seed))
}

// recordTo runs a scenario and writes the log of its events to a file.
func recordTo(path string, s *scenario.Scenario, o scenario.Options) (r *scenario.Result, err error) {
	err = writeFile(path, func(w io.Writer) error {
		r, err = record(w, s, o)
		return err
	})
	return r, err
}

// record runs a scenario and writes the log of its events to out.
func record(out io.Writer, s *scenario.Scenario, o scenario.Options) (*scenario.Result, error) {
	log := eventLog{out: bufio.NewWriter(out)}
	o.Watch = log.watch(s, fmt.Sprintf("0x%x", o.Seed))
	r := s.Run(o)
	return r, log.close()
}

// eventLog is the log of a world.
type eventLog struct {
	out *bufio.Writer
	rec *traces.Recorder
	err error
}

// watch returns what begins the log when the world is there.
func (l *eventLog) watch(s *scenario.Scenario, seed string) func(*sim.World) {
	return func(w *sim.World) {
		l.rec, l.err = traces.NewRecorder(w, l.out, traces.Header{Scenario: s.Name, Seed: seed})
	}
}

// close ends the log when the world is done.
func (l *eventLog) close() error {
	if l.err != nil {
		return l.err
	}
	return errors.Join(l.rec.Close(), l.out.Flush())
}

// traceForms says which form of a log saveLog writes.
const traceForms = "NAME.txt for people, NAME.jsonl or NAME.jsonl.zst for programs, otherwise the binary log"

// tell writes the events of a world for people, one on a line. Messages look as
// their own String methods have it, which a log cannot know.
func tell(w *sim.World, out *bytes.Buffer) {
	var line []byte
	w.Observe(func(e *sim.Event) {
		line = append(e.AppendText(line[:0], w.HostName), '\n')
		out.Write(line)
	})
}

// saveLog writes the events of a run to a file, in the form that its name asks
// for: log is the binary form, and story that for people.
func saveLog(path string, log, story []byte) error {
	switch filepath.Ext(strings.TrimSuffix(path, ".zst")) {
	case ".txt":
		return plainPath(os.WriteFile(path, story, 0o666))
	case ".jsonl":
		return saveJSONL(path, log)
	}
	return plainPath(os.WriteFile(path, log, 0o666))
}

func saveJSONL(path string, log []byte) error {
	r, err := traces.NewReader(path, bytes.NewReader(log))
	if err != nil {
		return err
	}
	defer r.Close()
	return plainPath(traces.SaveJSONL(path, r))
}

// writeEvents runs a seed again and writes its events to a file.
func writeEvents(path string, sub *subject, seed uint64) error {
	var log bytes.Buffer
	if _, err := record(&log, sub.scenario, scenario.Options{Seed: seed, Config: &sub.doc.Config}); err != nil {
		return err
	}
	return saveJSONL(path, log.Bytes())
}
