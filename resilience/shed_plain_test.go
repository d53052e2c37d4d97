package resilience

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/sim/simtest"
)

// A plainShedder remembers who came in a window, one by one.
type plainShedder struct {
	cfg  ShedderConfig
	bug  string
	now  time.Duration
	ends time.Duration

	level int
	came  []plainRequest
	waits []time.Duration
}

type plainRequest struct {
	level    int // compound
	admitted bool
}

func newPlainShedder(cfg ShedderConfig, bug string) *plainShedder {
	return &plainShedder{cfg: cfg, bug: bug, ends: cfg.Window}
}

// A shedderOp is one thing that happens to a Shedder.
type shedderOp struct {
	do string // "come", "wait", "tick"
	n  int    // priority; milliseconds
	by uint64 // user
}

func (op shedderOp) String() string {
	if op.do == "come" {
		return fmt.Sprintf("come(%d, user %d)", op.n, op.by)
	}
	return fmt.Sprintf("%s(%d ms)", op.do, op.n)
}

// apply does one step and reports whether one who came was admitted.
func (m *plainShedder) apply(op shedderOp) bool {
	if op.do == "tick" {
		m.now += time.Duration(op.n) * time.Millisecond
		return false
	}
	if m.now >= m.ends || len(m.came) >= m.cfg.Requests {
		m.end()
	}
	if op.do == "wait" {
		m.waits = append(m.waits, time.Duration(op.n)*time.Millisecond)
		return false
	}
	level := (op.n+128)*128 + int(shuffle(op.by^shuffle(uint64(m.now/m.cfg.Reshuffle)))%128)
	admitted := level >= m.level
	if m.bug == "priorities are ignored" {
		admitted = level%128 >= m.level%128
	}
	m.came = append(m.came, plainRequest{level, admitted})
	return admitted
}

func (m *plainShedder) end() {
	idle := m.now >= m.ends+m.cfg.Window
	var admitted, came int
	var sum time.Duration
	for _, r := range m.came {
		came++
		if r.admitted {
			admitted++
		}
	}
	for _, w := range m.waits {
		sum += w
	}
	mean := 0.0
	if len(m.waits) > 0 {
		mean = float64(sum) / float64(len(m.waits))
	}
	overloaded := mean > float64(m.cfg.Target)
	if m.bug == "the target itself is an overload" {
		overloaded = mean >= float64(m.cfg.Target)
	}
	expected := admitted
	switch {
	case overloaded:
		expected -= admitted * m.cfg.Down / 100
	case m.bug != "what was shed stays shed":
		expected += (came*m.cfg.Up + 99) / 100
	}
	switch {
	case idle && m.bug != "what was shed stays shed":
		m.level = 0
	case overloaded || m.bug == "what was shed stays shed" || m.bug == "what is more than a step stays shed":
		m.level = m.least(expected)
	default:
		m.level = m.enough(expected)
	}
	m.came, m.ends = nil, m.now+m.cfg.Window
	if m.bug != "waits of earlier windows count" {
		m.waits = nil
	}
}

// reach returns how many came of that level or above.
func (m *plainShedder) reach(level int) (n int) {
	for _, r := range m.came {
		if r.level >= level && (r.admitted || m.bug != "only the admitted are counted") {
			n++
		}
	}
	return n
}

// least returns the lowest level that no more than expected reach.
func (m *plainShedder) least(expected int) int {
	if m.reach(0) <= expected {
		return 0
	}
	best := 256 * 128
	for _, r := range m.came {
		if m.reach(r.level+1) <= expected {
			best = min(best, r.level+1)
		}
	}
	return best
}

// enough returns the lowest level that as few reach as may be, but expected or all.
func (m *plainShedder) enough(expected int) int {
	fewest := m.reach(0)
	for _, r := range m.came {
		if n := m.reach(r.level); n >= expected {
			fewest = min(fewest, n)
		}
	}
	return m.least(fewest)
}

// A realShedder does the same with a Shedder.
type realShedder struct {
	*Shedder
	clock bulkheadClock
}

func newRealShedder(cfg ShedderConfig) *realShedder {
	r := &realShedder{}
	r.Shedder = NewShedder(&r.clock, cfg)
	return r
}

func (r *realShedder) apply(op shedderOp) bool {
	switch op.do {
	case "tick":
		r.clock.now = r.clock.now.Add(time.Duration(op.n) * time.Millisecond)
	case "wait":
		r.Queued(time.Duration(op.n) * time.Millisecond)
	case "come":
		return r.AdmitUser(Priority(op.n), op.by) == nil
	}
	return false
}

func TestAShedderDoesWhatThePlainOneDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := ShedderConfig{
			Target: 20 * time.Millisecond, Window: time.Second, Requests: rapid.IntRange(1, 30).Draw(t, "requests"),
			Down: rapid.IntRange(1, 100).Draw(t, "down"), Up: rapid.IntRange(1, 100).Draw(t, "up"), Reshuffle: 10 * time.Second,
		}
		m, r := newPlainShedder(cfg, ""), newRealShedder(cfg)
		admitted, shed := uint64(0), uint64(0)
		for range rapid.IntRange(0, 150).Draw(t, "steps") {
			op := shedderOp{do: rapid.SampledFrom([]string{"come", "come", "come", "come", "wait", "tick"}).Draw(t, "do")}
			switch op.do {
			case "come":
				op.n, op.by = rapid.IntRange(-128, 127).Draw(t, "priority"), rapid.Uint64Range(0, 20).Draw(t, "user")
			case "wait":
				op.n = rapid.IntRange(0, 60).Draw(t, "ms")
			case "tick":
				op.n = rapid.IntRange(0, 1500).Draw(t, "ms")
			}
			got := r.apply(op)
			require.Equal(t, m.apply(op), got, "%v", op)
			require.Equal(t, m.level, r.level)
			if op.do == "come" && got {
				admitted++
			} else if op.do == "come" {
				shed++
			}
			s := r.Stats()
			require.Equal(t, admitted, s.Admitted)
			require.Equal(t, shed, s.Shed)
		}
	})
}

// What is admitted of a window is what the level says: everybody above, nobody below.
func TestNobodyIsShedForOneOfLowerPriority(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRealShedder(ShedderConfig{Down: 40, Requests: 1 << 20})
		highest, lowest := -129, 128 // shed, admitted
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			if rapid.IntRange(0, 30).Draw(t, "end") == 0 {
				r.Queued(time.Duration(rapid.IntRange(0, 40).Draw(t, "ms")) * time.Millisecond)
				r.clock.now = r.clock.now.Add(time.Second)
				highest, lowest = -129, 128
			}
			p := rapid.IntRange(-3, 3).Draw(t, "priority")
			if r.Admit(WithPriority(t.Context(), Priority(p))) == nil {
				lowest = min(lowest, p)
			} else {
				highest = max(highest, p)
			}
			require.LessOrEqual(t, highest, lowest)
		}
	})
}

var shedderMutants = []struct{ bug, from, want string }{
	{"priorities are ignored", "GD shedding",
		"[come(0, user 2) come(0, user 2) wait(60 ms) tick(1000 ms) come(1, user 1)]"},
	{"what was shed stays shed", "GD-7",
		"[come(0, user 2) come(0, user 2) wait(60 ms) tick(1000 ms) tick(1000 ms) come(0, user 2)]"},
	{"waits of earlier windows count", "GD-8",
		"[wait(60 ms) tick(1000 ms) come(0, user 2) come(0, user 2) tick(1000 ms) come(0, user 2)]"},
	{"only the admitted are counted", "GD-7, flaps",
		"[come(0, user 2) come(0, user 2) wait(60 ms) tick(1000 ms) " +
			"come(0, user 2) wait(60 ms) tick(1000 ms) come(0, user 2)]"},
	{"what is more than a step stays shed", "rounded down",
		"[come(0, user 2) come(0, user 2) wait(60 ms) tick(1000 ms) " +
			"come(0, user 2) come(0, user 2) tick(1000 ms) come(0, user 2)]"},
	{"the target itself is an overload", "boundary",
		"[come(0, user 2) come(0, user 2) wait(20 ms) tick(1000 ms) come(0, user 2)]"},
}

func TestEachDefectOfAShedderIsFound(t *testing.T) {
	cfg := ShedderConfig{
		Target: 20 * time.Millisecond, Window: time.Second, Requests: 2000, Down: 50, Up: 1, Reshuffle: time.Hour,
	}
	alphabet := []shedderOp{{"come", 0, 2}, {"come", 1, 1}, {"wait", 20, 0}, {"wait", 60, 0}, {"tick", 1000, 0}}
	var found []mutant
	for _, s := range shedderMutants {
		shortest, why := simtest.Shortest(alphabet, 8, func(ops []shedderOp) string {
			m, r := newPlainShedder(cfg, s.bug), newRealShedder(cfg)
			for _, op := range ops {
				if was, right := m.apply(op), r.apply(op); was != right {
					return fmt.Sprintf("admitted is %v, right is %v", was, right)
				}
			}
			return ""
		})
		require.Equal(t, s.want, fmt.Sprint(shortest), s.bug)
		found = append(found, mutant{s.from, s.bug, asStrings(shortest), why})
	}
	requireMutants(t, "shedding", found)
}
