package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"phoenix/properties/scenario"
	"phoenix/sim"
	"phoenix/traces"
)

// eventsFolder holds the logs of --record within a folder of results.
const eventsFolder = "events"

func (d *folder) eventLog(seed uint64) string {
	return filepath.Join(d.path, eventsFolder, fmt.Sprintf("0x%x.log", seed))
}

// recordTo runs a seed and writes the log of its events to a file. There is a
// result also if that fails.
func recordTo(path string, sub *subject, seed uint64) (r *scenario.Result, err error) {
	err = writeFile(path, func(w io.Writer) error {
		r, err = record(w, sub.scenario, scenario.Options{Seed: seed, Config: &sub.doc.Config})
		return err
	})
	if r == nil {
		r = sub.run(seed)
	}
	return r, err
}

// record runs a scenario and writes the log of its events to out.
func record(out io.Writer, s *scenario.Scenario, o scenario.Options) (*scenario.Result, error) {
	log := eventLog{out: bufio.NewWriter(out)}
	o.Watch = log.watch(s.Name, fmt.Sprintf("0x%x", o.Seed))
	r := s.Run(o)
	return r, log.close()
}

// eventLog is the log of a world.
type eventLog struct {
	out *bufio.Writer
	rec *traces.Recorder
	err error
}

// watch returns what begins the log when the world is there: that of a scenario or model.
func (l *eventLog) watch(name, seed string) func(*sim.World) {
	return func(w *sim.World) {
		l.rec, l.err = traces.NewRecorder(w, l.out, traces.Header{Scenario: name, Seed: seed})
	}
}

// close ends the log when the world is done.
func (l *eventLog) close() error {
	if l.err != nil {
		return l.err
	}
	return errors.Join(l.rec.Close(), l.out.Flush())
}

// writeEvents runs a seed again and writes its events to a file.
func writeEvents(path string, sub *subject, seed uint64) error {
	var log bytes.Buffer
	if _, err := record(&log, sub.scenario, scenario.Options{Seed: seed, Config: &sub.doc.Config}); err != nil {
		return err
	}
	return saveJSONL(path, &log)
}
