package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"

	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/sim"
	"phoenix/traces"
)

// shownFailures is how many failing runs are printed, and left as files.
const shownFailures = 3

// failure is a failing run in the JSON object of run.
type failure struct {
	Seed     string             `json:"seed"` // such as 0x2a: not all programs keep 64 bits of a number
	Verdict  properties.Verdict `json:"verdict"`
	Property string             `json:"property"`
	Detail   string             `json:"detail"`
	Digest   sim.Digest         `json:"digest"`
	Replay   string             `json:"replay"` // a command

	saved string // its .simfail file, which Replay names; "" if there is none
}

// newFailure describes a failing run, and the command that runs its seed again.
func newFailure(r *scenario.Result, again string) failure {
	o := r.Failed()
	return failure{
		Seed: seedText(r.Seed), Verdict: r.Verdict, Property: o.Name, Detail: o.Detail, Digest: r.Digest, Replay: again,
	}
}

// replayedBy notes that there is a file which replays f.
func (f *failure) replayedBy(invocation, file string) {
	f.Replay, f.saved = invocation+" replay "+quoted(file), file
}

// replayLine is the command that replays f from its file, or "" if it has none.
func (f *failure) replayLine() string {
	if f.saved == "" {
		return ""
	}
	return f.Replay
}

// writeBlock prints a failure, with the command that replays it if that is not "".
// The go test line is left out unless the scenario's defaults lead to this very
// run: they are what the test runs. More lines may stand in it.
func writeBlock(w io.Writer, s *scenario.Scenario, r *scenario.Result, replay string, more ...string) error {
	if s.Test != "" && s.Run(scenario.Options{Seed: r.Seed}).Digest != r.Digest {
		untested := *s
		untested.Test = ""
		s = &untested
	}
	return traces.WriteBlock(w, s, r, replay, more...)
}

// Where failing runs are left unless --fail-dir says otherwise.
const defaultFailDir = "testdata/sim"

// checkFailDir returns an error of usage if a folder for failures was named in
// which nothing can be written. Whether the usual one can be is asked when there
// is a failure.
func checkFailDir(dir string) error {
	if dir == defaultFailDir {
		return nil
	}
	if err := writableDir(dir); err != nil {
		return usagef("--fail-dir: %w", err)
	}
	return nil
}

// saveFailure writes the .simfail file of a failing run and returns its path, or
// "" with an error of usage.
func saveFailure(dir string, s *scenario.Scenario, r *scenario.Result) (string, error) {
	f := traces.NewFailure(s, r)
	text, err := f.Text()
	if err != nil {
		return "", err
	}
	path, err := saveIn(dir, f.FileName(), f.Digest, text, func(there []byte) bool {
		return bytes.Contains(there, []byte(f.Digest))
	})
	if err != nil {
		return "", usagef("--fail-dir: the failure of seed 0x%x is not saved: %w", r.Seed, plainPath(err))
	}
	return path, nil
}

// saveIn writes a file of a failure into a folder and returns its path: see failurePath.
func saveIn(dir, name, digest string, text []byte, own func(there []byte) bool) (string, error) {
	path := failurePath(dir, name, digest, own)
	err := os.MkdirAll(dir, 0o777)
	if err == nil {
		// A full disk must leave neither half a file nor an empty one under this name.
		if err = os.WriteFile(path+".part", text, 0o666); err == nil {
			err = os.Rename(path+".part", path)
		}
		if err != nil {
			os.Remove(path + ".part")
		}
	}
	return path, err
}

// failurePath is where in dir a file belongs that is called name and has four digits of
// digest in its name: it gets as many as tell it from the failures that are there, own
// telling which of them is the same one.
func failurePath(dir, name, digest string, own func(there []byte) bool) string {
	const ext = ".simfail"
	stem := strings.TrimSuffix(name, ext)
	for digits := 4; ; digits *= 2 {
		path := filepath.Join(dir, stem+digest[4:digits]+ext)
		there, err := os.ReadFile(path)
		if err != nil || digits == len(digest) || own(there) {
			return path
		}
	}
}
