package resilience

import (
	"fmt"
	"slices"
	"time"

	"phoenix/sim"
)

// A bulkheadClock is a clock that a test moves.
type bulkheadClock struct{ now sim.Time }

func (c *bulkheadClock) Monotonic() sim.Time { return c.now }

// A bulkheadOp is one thing that happens to a bulkhead.
type bulkheadOp struct {
	do string // "come", "release", "cancel", "tick", "limit"
	n  int    // priority; which of those who came; seconds; the limit
}

func (op bulkheadOp) String() string {
	switch op.do {
	case "release":
		return op.do
	case "come":
		return fmt.Sprintf("come(%d)", op.n)
	case "tick":
		return fmt.Sprintf("tick(%ds)", op.n)
	}
	return fmt.Sprintf("%s(%d)", op.do, op.n)
}

// A plainBulkhead says what a bulkhead does: all who came, in a list, and their fate.
type plainBulkhead struct {
	limit, queue int
	maxWait      time.Duration
	target       time.Duration // of CoDel
	interval     time.Duration

	bug string // one defect

	now    time.Duration
	came   []plainCaller
	codel  time.Duration   // when the interval ends
	waits  []time.Duration // of the interval
	slow   bool
	answer []string // of this step
}

type plainCaller struct {
	priority int
	since    time.Duration
	fate     string // "waits", "out", "back", or why not
	ghost    bool   // gave up, but a defect keeps it in the queue
}

func (m *plainBulkhead) count(fate string) (n int) {
	for _, c := range m.came {
		if c.fate == fate {
			n++
		}
	}
	return n
}

// turns returns who waits, in the order of their turns.
func (m *plainBulkhead) turns() (who []int) {
	for i, c := range m.came {
		if c.fate == "waits" {
			who = append(who, i)
		}
	}
	slices.SortStableFunc(who, func(a, b int) int {
		if m.bug == "first come, first served" {
			return 0
		}
		return m.came[b].priority - m.came[a].priority
	})
	if m.bug == "last come, first served" {
		slices.Reverse(who)
	}
	return who
}

func (m *plainBulkhead) tell(i int, fate string) {
	c := &m.came[i]
	if !c.ghost {
		m.answer = append(m.answer, fmt.Sprintf("%d %s", i, fate))
	}
	c.fate = fate
}

// apply does one step, and returns what was said to whom.
func (m *plainBulkhead) apply(op bulkheadOp) []string {
	m.answer = nil
	switch op.do {
	case "come":
		m.come(op.n)
	case "release":
		m.release()
	case "cancel":
		if op.n < len(m.came) && m.came[op.n].fate == "waits" {
			m.giveUp(op.n, "cancelled")
		}
	case "tick":
		m.now += time.Duration(op.n) * time.Second
		for i, c := range m.came {
			if c.fate == "waits" && m.maxWait > 0 && m.now-c.since >= m.maxWait {
				m.giveUp(i, ErrWaited.Error())
			}
		}
	case "limit":
		m.limit = op.n
		for m.bug != "a raised limit wakes nobody" && m.count("out") < m.limit && len(m.turns()) > 0 {
			m.serve()
		}
	}
	slices.Sort(m.answer)
	return m.answer
}

// giveUp is the end of a wait without a slot.
func (m *plainBulkhead) giveUp(i int, fate string) {
	m.tell(i, fate)
	if m.bug == "who timed out stays in the queue" && fate != "cancelled" ||
		m.bug == "who cancelled stays in the queue" && fate == "cancelled" {
		m.came[i].fate, m.came[i].ghost = "waits", true
	}
}

func (m *plainBulkhead) come(priority int) {
	m.shed()
	i := len(m.came)
	m.came = append(m.came, plainCaller{priority: priority, since: m.now})
	turns := m.turns()
	switch {
	case m.count("out") < m.limit && (len(turns) == 0 || m.bug == "a raised limit wakes nobody"):
		m.tell(i, "out")
		return
	case len(turns) >= m.queue && m.bug != "the queue has no bound":
		last := m.lowest(turns)
		if len(turns) == 0 || m.came[last].priority >= priority {
			m.tell(i, ErrFull.Error())
			return
		}
		m.tell(last, ErrFull.Error())
	}
	if len(m.turns()) == 0 {
		m.slow, m.waits, m.codel = false, nil, m.now+m.interval
	}
	m.came[i].fate = "waits"
}

// lowest returns the one who makes room for a higher priority.
func (m *plainBulkhead) lowest(turns []int) int {
	if len(turns) == 0 {
		return -1
	}
	last := turns[len(turns)-1]
	if m.bug == "the oldest makes room" {
		for _, i := range turns {
			if m.came[i].priority == m.came[last].priority {
				return i
			}
		}
	}
	return last
}

func (m *plainBulkhead) release() {
	for i, c := range m.came {
		if c.fate == "out" && !c.ghost {
			m.came[i].fate = "back"
			if m.count("out") < m.limit || m.bug == "a lowered limit does not count" {
				m.serve()
			}
			return
		}
	}
}

// serve gives a free slot to the next.
func (m *plainBulkhead) serve() {
	if turns := m.turns(); len(turns) > 0 {
		m.judge(m.now - m.came[turns[0]].since)
		m.shed()
	}
	if turns := m.turns(); len(turns) > 0 {
		m.tell(turns[0], "out")
	}
}

// judge notes a wait, and at the end of an interval whether the queue stood.
func (m *plainBulkhead) judge(wait time.Duration) {
	if m.target == 0 {
		return
	}
	if m.now >= m.codel {
		m.slow = len(m.waits) > 0 && slices.Min(m.waits) > m.target
		if m.bug == "the longest wait decides" {
			m.slow = len(m.waits) > 0 && slices.Max(m.waits) > m.target
		}
		m.waits, m.codel = nil, m.now+m.interval
	}
	m.waits = append(m.waits, wait)
}

func (m *plainBulkhead) shed() {
	for i, c := range m.came {
		if c.fate == "waits" && m.slow && m.now-c.since > 2*m.target {
			m.tell(i, ErrShed.Error())
		}
	}
}

// A realBulkhead does the same with a Bulkhead.
type realBulkhead struct {
	*Bulkhead
	clock  bulkheadClock
	cancel []func() bool
	out    int
	answer []string
}

func newRealBulkhead(m *plainBulkhead) *realBulkhead {
	r := &realBulkhead{}
	r.Bulkhead = NewBulkhead(&r.clock, BulkheadConfig{
		Limit: m.limit, Queue: negativeIfZero(m.queue), MaxWait: m.maxWait,
		Target: time.Duration(negativeIfZero(int(m.target))), Interval: m.interval,
	})
	return r
}

// negativeIfZero is for configurations where zero is the default, and negative is none.
func negativeIfZero(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

func (r *realBulkhead) apply(op bulkheadOp) []string {
	r.answer = nil
	switch op.do {
	case "come":
		i := len(r.cancel)
		r.cancel = append(r.cancel, nil)
		r.cancel[i] = r.AcquireFunc(Priority(op.n), func(err error) { r.told(i, err) })
	case "release":
		if r.out > 0 {
			r.out--
			r.Release()
		}
	case "cancel":
		if op.n < len(r.cancel) && r.cancel[op.n]() {
			r.answer = append(r.answer, fmt.Sprintf("%d cancelled", op.n))
		}
	case "tick":
		r.clock.now = r.clock.now.Add(time.Duration(op.n) * time.Second)
		r.Expire()
	case "limit":
		r.SetLimit(op.n)
	}
	slices.Sort(r.answer)
	return r.answer
}

func (r *realBulkhead) told(i int, err error) {
	fate := "out"
	if err == nil {
		r.out++
	} else {
		fate = err.(*Rejection).Reason.Error()
	}
	r.answer = append(r.answer, fmt.Sprintf("%d %s", i, fate))
}
