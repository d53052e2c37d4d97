package simtest

import (
	"fmt"
	"strings"
	"testing"

	"phoenix/sim"
)

// Options say how Run and Twice go about it. The zero value runs the seeds 0 to 99,
// one after the other, and takes every panic of node code for a failure.
type Options struct {
	// Seeds to run unless flags say otherwise. A Count of 0 means 100.
	Seeds sim.SeedRange
	// Interleave is that of sim.Config.
	Interleave bool
	// AllowPanics leaves it to the body to judge what World.Findings says.
	AllowPanics bool
	// Parallel has Run's seeds run side by side. Bodies then must not share what
	// they write; worlds share nothing.
	Parallel bool
}

func (opt Options) world(seed uint64) *sim.World {
	return sim.New(sim.Config{Seed: seed, Interleave: opt.Interleave})
}

// T is the test of one seed.
type T struct {
	*testing.T
	World *sim.World // made from Seed; closed after the body
	Seed  uint64
}

// shownFailures is how many failing seeds of a test are told with the line that
// reproduces them. All are run.
const shownFailures = 3

// Run calls body for each seed, as a subtest called "seed=0x2a". The seed fails if
// body says so, or if node code panicked. After the last one, t tells how to
// reproduce the first three failures.
func Run(t *testing.T, opt Options, body func(t *T)) {
	t.Helper()
	var all []*outcome
	t.Cleanup(func() {
		if text := summary(t.Name(), all); text != "" {
			t.Log(text)
		}
	})
	for seed := range opt.Range().All() {
		o := &outcome{seed: seed}
		all = append(all, o)
		t.Run(fmt.Sprintf("seed=%#x", seed), func(sub *testing.T) {
			if opt.Parallel {
				sub.Parallel()
			}
			o.run(sub, opt, body)
		})
	}
}

// outcome is how the run of a seed ended.
type outcome struct {
	seed   uint64
	failed bool
	told   string // "seed 0x2a  events 61  virtual 1.84s  digest ..."
}

// run is the subtest of one seed. What a FailNow or a panic in the body would skip
// is deferred.
func (o *outcome) run(t *testing.T, opt Options, body func(t *T)) {
	w := opt.world(o.seed)
	var events *tail
	if recording() {
		events = record(w)
	}
	finished := false
	defer func() {
		w.Close()
		if !opt.AllowPanics {
			judge(t, w)
		}
		o.told = fmt.Sprintf("seed %#x  events %d  virtual %s  digest %s", o.seed, w.Events(), w.Now(), w.Digest())
		o.failed = t.Failed() || !finished && !t.Skipped()
		if onlySeed != nil {
			t.Log(o.told)
		}
		if o.failed && events != nil {
			events.keep(t, o.told)
		}
	}()
	body(&T{T: t, World: w, Seed: o.seed})
	finished = true
}

// judge fails t for each panic of node code.
func judge(t testing.TB, w *sim.World) {
	t.Helper()
	for _, f := range w.Findings() {
		t.Errorf("%s panicked at %s after event %d: %s\n\t%s",
			w.HostName(f.Host), f.At, f.Event, f.Message, strings.Join(f.Stack, "\n\t"))
	}
}

// summary tells the first failures of a test, or is empty if there was none.
func summary(test string, all []*outcome) string {
	var b strings.Builder
	failed := 0
	for _, o := range all {
		if !o.failed {
			continue
		}
		if failed++; failed <= shownFailures {
			fmt.Fprintf(&b, "\nFAIL %s\n  %s", o.told, reproduction(test, o.seed))
		}
	}
	if failed == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d seeds failed%s", failed, len(all), b.String())
}
