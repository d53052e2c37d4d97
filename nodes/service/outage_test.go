package service_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"phoenix/nodes/service"
	"phoenix/resilience"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("service.update", false, "write the table of docs/patterns/outage.md")

const page = "../../docs/patterns/outage"

// A result is what is kept of a run.
type result struct {
	log    *service.Log
	ended  map[uint64]int // Return events, by operation
	digest sim.Digest
}

func outage(o service.Outage, seed uint64) (*result, error) {
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	r := &result{log: o.Start(w), ended: map[uint64]int{}}
	w.Observe(func(e *sim.Event) {
		if e.Kind == sim.Return {
			r.ended[e.ID]++
		}
	})
	if why := w.Run(sim.Limit{}); why != sim.Quiescent || len(w.Findings()) > 0 {
		return nil, fmt.Errorf("the run ended %v with %v", why, w.Findings())
	}
	r.digest = w.Digest()
	return r, nil
}

var (
	naked   = service.Outage{Policy: threeTimes}
	guarded = service.Outage{Policy: clientBoundary(nil), Guard: serverBoundary(nil)}
)

// Runs of seed 1 that several tests look at.
var (
	nakedRun   = sync.OnceValues(func() (*result, error) { return outage(naked, 1) })
	guardedRun = sync.OnceValues(func() (*result, error) { return outage(guarded, 1) })
)

// get returns a run that ended well.
func get(t testing.TB, run func() (*result, error)) *result {
	t.Helper()
	r, err := run()
	require.NoError(t, err)
	return r
}

// The claim of the scenario, and the exact numbers: requests of priority that were answered within their
// deadline, of all of them.
func TestBoundariesKeepPriorityTrafficWithinItsDeadlineInAnOutage(t *testing.T) {
	for _, c := range []struct {
		seed          uint64
		asked         int
		none, guarded int
	}{
		{1, 1571, 275, 1569},
		{2, 1524, 268, 1524},
		{3, 1499, 272, 1499},
	} {
		t.Run(fmt.Sprintf("seed %d", c.seed), func(t *testing.T) {
			t.Parallel()
			run := func(o service.Outage, first func() (*result, error)) service.Count {
				if c.seed != 1 {
					first = func() (*result, error) { return outage(o, c.seed) }
				}
				return get(t, first).log.Total(service.Priority)
			}
			none, both := run(naked, nakedRun), run(guarded, guardedRun)
			require.Less(t, none.Percent(), 50.0)
			require.GreaterOrEqual(t, both.Percent(), 99.0)
			require.Equal(t, []int{c.asked, c.asked}, []int{none.Asked, both.Asked}, "who asks when is not re-rolled")
			require.Equal(t, []int{c.none, c.guarded}, []int{none.OK, both.OK})
		})
	}
}

// watched is a guarded run of seed 1 that keeps the transitions of the breakers and the bulkhead of the
// server.
type watched struct {
	*result
	transitions map[string][]resilience.Transition
	bulkhead    *resilience.Bulkhead
}

var watchedRun = sync.OnceValues(func() (w *watched, err error) {
	w = &watched{transitions: map[string][]resilience.Transition{}}
	w.result, err = outage(service.Outage{
		Policy: clientBoundary(func(of string, tr resilience.Transition) {
			w.transitions[of] = append(w.transitions[of], tr)
		}),
		Guard: serverBoundary(&w.bulkhead),
	}, 1)
	return w, err
})

// After the recovery every request has ended once, no attempt ran twice, no slot is out, nobody waits,
// every breaker has closed.
func TestNothingIsLeftOverAfterAnOutage(t *testing.T) {
	t.Parallel()
	r, err := watchedRun()
	require.NoError(t, err)
	require.Equal(t, get(t, guardedRun).digest, r.digest, "a second run, which is also watched")
	require.NoError(t, r.log.AtMostOnce())
	for op, times := range r.ended {
		require.Equal(t, 1, times, "operation %d", op)
	}
	asked := 0
	for _, kind := range r.log.Kinds() {
		c := r.log.Total(kind)
		require.Equal(t, c.Asked, c.OK+c.Late+c.Failed+c.TimedOut+c.Rejected, kind)
		require.Zero(t, c.Late, kind)
		asked += c.Asked
	}
	require.Len(t, r.ended, asked)
	stats := r.bulkhead.Stats()
	require.Equal(t, []int{0, 0}, []int{stats.Out, stats.Waiting})
	require.Len(t, r.transitions, 10, "of each node that for ordinary requests; those for priority never opened")
	for of, all := range r.transitions {
		last := all[len(all)-1]
		require.Equal(t, resilience.Closed, last.To, of)
		require.Less(t, time.Duration(last.At), service.OutageUntil+5*time.Second, of)
	}
}

// A server without a guard works through its queue after its clients gave up; a guarded one does not.
func TestWithoutProtectionTheServerIsBusyWithWorkThatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	require.Equal(t, service.Runs{Sent: 40227, Begun: 40227, Wasted: 37627}, sum(get(t, nakedRun).log))
	require.Equal(t, service.Runs{Sent: 11453, Begun: 10727}, sum(get(t, guardedRun).log))
}

func sum(l *service.Log) (s service.Runs) {
	for _, r := range l.Runs() {
		s.Sent += r.Sent
		s.Begun += r.Begun
		s.Wasted += r.Wasted
	}
	return s
}

// row is a line of the table of the page.
func row(t testing.TB, v variant) string {
	r := get(t, v.run)
	during := func(kind string) service.Count { return r.log.Between(kind, service.OutageFrom, service.OutageUntil) }
	after := func(kind string) service.Count { return r.log.Between(kind, service.OutageUntil, service.OutageEnd) }
	runs, p, o := sum(r.log), service.Priority, service.Ordinary
	slowest := "–"
	if d, ok := r.log.Latency(p, 99); ok {
		slowest = d.Round(time.Millisecond).String()
	}
	return fmt.Sprintf("| %s | **%.1f** | %.1f | %.1f | %.1f | %.1f | %.1f | %s | %.1f | %d |\n", v.name,
		r.log.Total(p).Percent(), during(p).Percent(), after(p).Percent(),
		r.log.Total(o).Percent(), during(o).Percent(), after(o).Percent(),
		slowest, float64(runs.Sent)/float64(r.log.Total(p).Asked+r.log.Total(o).Asked), 100*runs.Wasted/max(1, runs.Begun))
}

func TestTheTableOfThePageIsWhatTheRunsGive(t *testing.T) {
	t.Parallel()
	all := variants()
	rows := make([]string, len(all))
	t.Run("rows", func(t *testing.T) {
		for i, v := range all {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				rows[i] = row(t, v)
			})
		}
	})
	text, err := os.ReadFile(page + ".md")
	require.NoError(t, err)
	before, rest, ok := bytes.Cut(text, []byte("|---|---|---|---|---|---|---|---|---|---|\n"))
	require.True(t, ok, "the page has no table of ten columns")
	table, after, _ := bytes.Cut(rest, []byte("\n\n"))
	want := strings.Join(rows, "")
	if *update {
		text = fmt.Appendf(nil, "%s|---|---|---|---|---|---|---|---|---|---|\n%s\n%s", before, want, after)
		require.NoError(t, os.WriteFile(page+".md", text, 0o666))
		return
	}
	require.Equal(t, want, string(table)+"\n", "-service.update writes the table")
}

// The benchmark prints both percentages.
func BenchmarkOutage(b *testing.B) {
	for _, v := range []variant{{name: "none", outage: naked}, {name: "boundaries", outage: guarded}} {
		b.Run(v.name, func(b *testing.B) {
			var sum service.Count
			for i := range b.N {
				c := get(b, func() (*result, error) { return outage(v.outage, uint64(i+1)) }).log.Total(service.Priority)
				sum.OK, sum.Asked = sum.OK+c.OK, sum.Asked+c.Asked
			}
			b.ReportMetric(sum.Percent(), "%priority")
		})
	}
}
