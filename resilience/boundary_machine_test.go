package resilience

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/sim/simtest"
)

func TestABoundaryDoesWhatThePlainOneDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain, real := newPlainBoundary(""), newRealBoundary()
		for range rapid.IntRange(0, 80).Draw(t, "steps") {
			op := drawBoundaryOp(t, len(real.came))
			before := real.held()
			want, got := plain.apply(op), real.apply(op)
			require.Equal(t, want, got, "%v", op)
			require.Equal(t, plain.held(), real.held(), "%v", op)
			require.Empty(t, real.broken(op, got, before))
		}
		for i := range real.came {
			real.apply(boundaryOp{do: "ok", n: i})
		}
		for _, u := range real.Metrics().Use {
			require.Zero(t, u.Used, "all is given back")
		}
		require.Zero(t, real.Bulkhead().Stats().Out)
	})
}

func drawBoundaryOp(t *rapid.T, came int) boundaryOp {
	o := boundaryOp{do: rapid.SampledFrom([]string{
		"call", "call", "call", "call", "ok", "ok", "fail", "cancel", "tick", "tick", "force", "auto"}).Draw(t, "do")}
	switch o.do {
	case "call":
		o.call = rapid.SampledFrom([]string{"a", "b", "ab", "low", "-"}).Draw(t, "call")
	case "tick":
		o.n = rapid.IntRange(1, 4).Draw(t, "seconds")
	case "ok", "fail", "cancel":
		o.n = rapid.IntRange(max(0, came-3), max(0, came-1)).Draw(t, "who")
	}
	return o
}

// broken says which invariant does not hold, told from outside.
func (r *realBoundary) broken(op boundaryOp, answer, before string) string {
	sum, running := map[string]int64{}, uint64(0)
	for i, o := range r.asked {
		if r.ended[i] {
			continue
		}
		running++
		for _, a := range o.Resources {
			sum[a.Resource] += a.N
		}
	}
	m := r.Metrics()
	for resource, u := range m.Use {
		if u.Used > u.Quota || u.Used != sum[resource] || u.Peak < u.Used {
			return fmt.Sprintf("%d of %s are reserved: %+v", sum[resource], resource, u)
		}
	}
	c := m.Total
	if c.Executions != c.Successes+c.Failures+running {
		return fmt.Sprintf("%d run: %+v", running, c)
	}
	if op.do == "call" && answer != "admitted" && before != r.held() {
		return fmt.Sprintf("a rejected call took something: %s, then %s", before, r.held())
	}
	return ""
}

func TestEveryMutantOfABoundaryIsFound(t *testing.T) {
	call := func(name string) boundaryOp { return boundaryOp{do: "call", call: name} }
	ask := func(name string) boundaryOp { return boundaryOp{do: "ask", call: name} }
	tick := boundaryOp{do: "tick", n: 3}
	fail, ok := boundaryOp{do: "fail"}, boundaryOp{do: "ok"}
	force := boundaryOp{do: "force"}
	var rows []mutant
	for _, m := range []struct {
		row, bug string
		alphabet []boundaryOp
	}{
		{"IB-1", "the name is not stored", []boundaryOp{call("-"), force}},
		{"IB-2", "checks first, reserves later", []boundaryOp{ask("b"), ask("ab"), call("b"), call("ab")}},
		{"IB-2", "a token is burnt when the breaker rejects", []boundaryOp{call("-"), fail, tick}},
		{"IB-2", "a token is burnt when the quota rejects", []boundaryOp{call("b"), ok}},
		{"IB-2", "a slot is burnt when the rate rejects", []boundaryOp{call("-"), ok, {do: "ok", n: 1}, {do: "ok", n: 2}}},
		{"IB-2", "a probe is burnt when the quota rejects",
			[]boundaryOp{call("b"), call("-"), fail, {do: "fail", n: 1}, tick}},
		{"IB-2", "forced-open passes", []boundaryOp{call("-"), force}},
		{"IB-2", "open is left by nobody", []boundaryOp{call("-"), fail, tick}},
		{"IB-3", "the reservation is lost", []boundaryOp{call("a"), call("b"), ok}},
		{"IB-3", "some of the amounts are kept", []boundaryOp{call("b"), call("ab"), ok}},
		{"IB-3", "what is ended twice is given back twice", []boundaryOp{call("a"), ok}},
		{"IB-5", "a low priority takes all", []boundaryOp{call("a"), call("low"), ok}},
	} {
		shortest, why := simtest.Shortest(m.alphabet, 6, func(ops []boundaryOp) string {
			wrong, real := newPlainBoundary(m.bug), newRealBoundary()
			for _, op := range ops {
				got, want := wrong.apply(op), real.apply(op)
				if got != want {
					return fmt.Sprintf("it says %q instead of %q", got, want)
				}
				if got, want := wrong.held(), real.held(); got != want {
					return fmt.Sprintf("it holds %s instead of %s", got, want)
				}
			}
			return ""
		})
		require.NotEmpty(t, shortest, m.bug)
		rows = append(rows, mutant{m.row, m.bug, opStrings(shortest), why})
	}
	requireMutants(t, "boundary", rows)
}
