package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
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

// eventLog is a log of the first world that it watches.
type eventLog struct {
	out *bufio.Writer
	rec *traces.Recorder
	err error
}

// watch returns what begins the log of a world.
func (l *eventLog) watch(s *scenario.Scenario, seed string) func(*sim.World) {
	return func(w *sim.World) {
		l.rec, l.err = traces.NewRecorder(w, l.out, traces.Header{Scenario: s.Name, Seed: seed})
	}
}

func (l *eventLog) close() error {
	if l.err != nil {
		return l.err
	}
	return errors.Join(l.rec.Close(), l.out.Flush())
}
