package resilience

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/sim/simtest"
)

func TestABulkheadDoesWhatThePlainOneDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &plainBulkhead{
			limit:    rapid.IntRange(1, 3).Draw(t, "limit"),
			queue:    rapid.IntRange(0, 4).Draw(t, "queue"),
			maxWait:  time.Duration(rapid.IntRange(0, 9).Draw(t, "maxWait")) * time.Second,
			target:   time.Duration(rapid.IntRange(0, 2).Draw(t, "target")) * time.Second,
			interval: time.Duration(rapid.IntRange(1, 5).Draw(t, "interval")) * time.Second,
		}
		r := newRealBulkhead(m)
		laws := bulkheadLaws{limit: m.limit, queue: m.queue}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			op := drawBulkheadOp(t, len(m.came))
			want, got := m.apply(op), r.apply(op)
			require.Equal(t, want, got, "%v", op)
			stats := r.Stats()
			require.Equal(t, m.count("out"), stats.Out)
			require.Equal(t, m.count("waits"), stats.Waiting)
			require.Equal(t, r.out, stats.Out, "slots that are out have owners")
			require.Empty(t, laws.broken(op, got, stats))
		}
		for r.out > 0 {
			require.Equal(t, m.apply(bulkheadOp{do: "release"}), r.apply(bulkheadOp{do: "release"}))
		}
		stats := r.Stats()
		require.Zero(t, stats.Out, "all slots return")
		require.Zero(t, stats.Waiting, "and nobody waits then")
		require.Panics(t, r.Release)
	})
}

func drawBulkheadOp(t *rapid.T, came int) bulkheadOp {
	all := []string{"come", "come", "come", "release", "release", "cancel", "tick", "limit"}
	do := rapid.SampledFrom(all).Draw(t, "do")
	n := 0
	switch do {
	case "come":
		n = rapid.IntRange(-1, 1).Draw(t, "priority")
	case "cancel":
		n = rapid.IntRange(0, max(came-1, 0)).Draw(t, "who")
	case "tick":
		n = rapid.IntRange(0, 3).Draw(t, "seconds")
	case "limit":
		n = rapid.IntRange(1, 4).Draw(t, "limit")
	}
	return bulkheadOp{do, n}
}

// bulkheadLaws are the invariants, told from outside.
type bulkheadLaws struct {
	limit, queue int
	priority     []int // of those who came
	answered     []bool
	lastOut      int
}

func (l *bulkheadLaws) broken(op bulkheadOp, answers []string, stats BulkheadStats) string {
	switch op.do {
	case "come":
		l.priority, l.answered = append(l.priority, op.n), append(l.answered, false)
	case "limit":
		l.limit = op.n
	}
	var served []int
	for _, a := range answers {
		var i int
		var fate string
		if _, err := fmt.Sscanf(a, "%d %s", &i, &fate); err != nil || l.answered[i] {
			return fmt.Sprintf("%q: answered twice", a)
		}
		l.answered[i] = true
		if fate == "out" {
			served = append(served, i)
		}
	}
	for _, i := range served {
		for j, done := range l.answered {
			if !done && (l.priority[j] > l.priority[i] || j < i && l.priority[j] == l.priority[i]) {
				return fmt.Sprintf("%d was served before %d", i, j)
			}
		}
	}
	if len(l.priority) != stats.Waiting+countTrue(l.answered) {
		return "somebody neither waits nor was answered"
	}
	grew := stats.Out > l.lastOut
	l.lastOut = stats.Out
	switch {
	case stats.Out > l.limit && grew:
		return "more out than the limit"
	case stats.Waiting > l.queue:
		return "more wait than there is room for"
	case stats.Waiting > 0 && stats.Out < l.limit:
		return "somebody waits for a slot that is free"
	}
	return ""
}

func countTrue(all []bool) (n int) {
	for _, v := range all {
		if v {
			n++
		}
	}
	return n
}

// bulkheadMutants are bulkheads with one defect each, the operations that show it, and the
// shortest sequence of them that does.
var bulkheadMutants = []struct {
	bug      string
	from     string // whose defect it is
	alphabet []bulkheadOp
	want     string
}{
	{"who timed out stays in the queue", "RP-3", []bulkheadOp{{"come", 0}, {"tick", 4}, {"release", 0}},
		"[come(0) come(0) tick(4s) release]"},
	{"who cancelled stays in the queue", "RP-3", []bulkheadOp{{"come", 0}, {"cancel", 1}, {"release", 0}},
		"[come(0) come(0) cancel(1) release]"},
	{"the queue has no bound", "RP-3, failsafe-go", []bulkheadOp{{"come", 0}, {"release", 0}},
		"[come(0) come(0) come(0) come(0)]"},
	{"first come, first served", "IB-5", []bulkheadOp{{"come", 0}, {"release", 0}, {"come", 1}},
		"[come(0) come(0) come(1) release]"},
	{"last come, first served", "order", []bulkheadOp{{"come", 0}, {"release", 0}},
		"[come(0) come(0) come(0) release]"},
	{"the oldest makes room", "IB-5", []bulkheadOp{{"come", 0}, {"come", 1}},
		"[come(0) come(0) come(0) come(1)]"},
	{"a raised limit wakes nobody", "limit", []bulkheadOp{{"come", 0}, {"limit", 2}, {"release", 0}},
		"[come(0) come(0) limit(2)]"},
	{"a lowered limit does not count", "limit",
		[]bulkheadOp{{"come", 0}, {"limit", 1}, {"limit", 2}, {"release", 0}},
		"[come(0) come(0) come(0) limit(2) limit(1) release]"},
	{"the longest wait decides", "CoDel", []bulkheadOp{{"come", 0}, {"tick", 2}, {"release", 0}},
		"[come(0) come(0) come(0) come(0) release tick(2s) release tick(2s) release]"},
}

// differs applies the operations to both and tells the first difference.
func (m *plainBulkhead) differs(ops []bulkheadOp) string {
	r := newRealBulkhead(m)
	for _, op := range ops {
		want, got := m.apply(op), r.apply(op)
		if !slices.Equal(want, got) {
			return fmt.Sprintf("said %q, right is %q", want, got)
		}
		if out := r.Stats().Out; m.count("out") != out {
			return fmt.Sprintf("%d out, right is %d", m.count("out"), out)
		}
	}
	return ""
}

// bulkheadMutant has one slot, two places to wait for 3 s, and, for its defect, CoDel with 1 s and 4 s.
func bulkheadMutant(bug string) *plainBulkhead {
	m := &plainBulkhead{limit: 1, queue: 2, maxWait: 3 * time.Second, interval: 4 * time.Second, bug: bug}
	if bug == "the longest wait decides" {
		m.maxWait, m.target, m.queue = 0, time.Second, 4
	}
	return m
}

func TestEachDefectOfABulkheadIsFound(t *testing.T) {
	var found []mutant
	for _, m := range bulkheadMutants {
		shortest, why := simtest.Shortest(m.alphabet, 9, func(ops []bulkheadOp) string {
			return bulkheadMutant(m.bug).differs(ops)
		})
		require.Equal(t, m.want, fmt.Sprint(shortest), m.bug)
		found = append(found, mutant{m.from, m.bug, asStrings(shortest), why})
	}
	requireMutants(t, "bulkhead", found)
}

func asStrings[T fmt.Stringer](all []T) (text []string) {
	for _, v := range all {
		text = append(text, v.String())
	}
	return text
}
