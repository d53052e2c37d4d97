package resilience

import (
	"fmt"
	"slices"
	"time"
)

// A poolOp is one thing that happens to a pool.
type poolOp struct {
	do string
	n  int // who, of those who came; seconds
}

func (op poolOp) String() string {
	switch op.do {
	case "died":
		return fmt.Sprintf("died(%d)", op.n)
	case "tick":
		return fmt.Sprintf("tick(%ds)", op.n)
	}
	return op.do
}

// A plainPool says what a pool does, if opening, checking and closing take no time: all who came, in a list, and
// their fate; what is idle, in a list; and how many there are.
type plainPool struct {
	max, initial, queue int // initial 0 is none
	maxWait, lease      time.Duration
	reset               bool // there is a Reset

	bug string // one defect

	now          time.Duration
	down, broken bool // Open fails; the breaker is open
	shut         bool
	came         []plainBorrower
	idle         []bool // whether it is sick
	size         int
	closes       int
	resets       int
	answer       []string // of this step
}

type plainBorrower struct {
	since time.Duration // of the wait, or of the loan
	fate  string        // "waits", "out", "back", "revoked", or why not
	sick  bool          // what it has
	ghost bool          // a defect remembers it
}

func (m *plainPool) first(fate string) int {
	return slices.IndexFunc(m.came, func(b plainBorrower) bool { return b.fate == fate })
}

func (m *plainPool) count(fate string) (n int) {
	for _, b := range m.came {
		if b.fate == fate {
			n++
		}
	}
	return n
}

// state is what PoolStats says.
func (m *plainPool) state() string {
	if m.max == 0 {
		return "division by zero"
	}
	return fmt.Sprintf("%d idle, %d out, %d wait, %d %%, %d resets, %d closed",
		len(m.idle), m.count("out"), m.count("waits"), m.utilisation(), m.resets, m.closes)
}

func (m *plainPool) utilisation() int {
	out := m.count("out")
	if m.bug == "a returned loan still counts" {
		out += m.count("back")
	}
	return out * 100 / m.max
}

func (m *plainPool) tell(i int, fate string) {
	b := &m.came[i]
	b.since = m.now
	if !b.ghost {
		m.answer = append(m.answer, fmt.Sprintf("%d %s", i, fate))
	}
	b.fate = fate
}

// apply does one step, and returns what was said to whom.
func (m *plainPool) apply(op poolOp) []string {
	m.answer = nil
	switch op.do {
	case "come":
		m.come()
	case "return", "fail", "discard":
		if i := m.first("out"); i >= 0 {
			m.came[i].fate, m.came[i].ghost = "back", m.bug == "a return keeps the monitor"
			m.comesBack(op.do, m.came[i].sick)
		}
	case "late":
		if i := m.first("revoked"); i >= 0 {
			m.came[i].fate = "back"
			if m.bug == "a revoked loan still returns" {
				m.keep(m.came[i].sick)
			}
		}
	case "died":
		m.died(op.n)
	case "tick":
		m.tick(time.Duration(op.n) * time.Second)
	case "maintain":
		m.maintain()
	case "close":
		m.shut = true
		for i, b := range m.came {
			if b.fate == "waits" {
				m.tell(i, ErrClosed.Error())
			}
		}
		m.closes, m.size, m.idle = m.closes+len(m.idle), m.size-len(m.idle), nil
	case "down", "up":
		m.down = op.do == "down"
	case "trip", "mend":
		m.broken = op.do == "trip"
	case "sick":
		for i := range m.idle {
			m.idle[i] = true
		}
	}
	slices.Sort(m.answer)
	return m.answer
}

func (m *plainPool) refuses() bool { return m.broken && m.bug != "the breaker is not asked" }

func (m *plainPool) come() {
	i := len(m.came)
	m.came = append(m.came, plainBorrower{since: m.now, fate: "comes"})
	if len(m.idle) == 0 {
		m.reap()
	}
	room := m.size < m.max && m.first("waits") < 0
	switch {
	case m.shut:
		m.tell(i, ErrClosed.Error())
	case len(m.idle) > 0:
		m.lend(i)
	case room && m.refuses() && m.size == 0:
		m.tell(i, ErrOpen.Error())
	case room && !m.refuses():
		m.open(i)
	case m.count("waits") >= m.queue:
		m.tell(i, ErrFull.Error())
		m.offer()
	default:
		m.came[i].fate = "waits"
		m.offer()
	}
}

// lend lends the one that was used last.
func (m *plainPool) lend(i int) {
	last := len(m.idle) - 1
	m.came[i].sick = m.idle[last]
	m.idle = m.idle[:last]
	m.tell(i, "out")
}

// open opens one for i.
func (m *plainPool) open(i int) bool {
	if m.down {
		m.tell(i, errPoolDown.Error())
		return false
	}
	m.size++
	m.came[i].sick = false
	m.tell(i, "out")
	return true
}

// offer lets those who wait open their own where there is room.
func (m *plainPool) offer() {
	if m.bug == "a death serves nobody" {
		return
	}
	for m.size < m.max && m.first("waits") >= 0 && !m.shut {
		if m.refuses() {
			for i, b := range m.came {
				if b.fate == "waits" && m.size == 0 {
					m.tell(i, ErrOpen.Error())
				}
			}
			return
		}
		m.open(m.first("waits"))
	}
}

// comesBack is the end of a loan.
func (m *plainPool) comesBack(how string, sick bool) {
	switch {
	case how == "return", how == "fail" && m.bug == "a dirty resource is used again":
		m.keep(sick)
	case how == "fail" && m.reset:
		m.resets++
		m.keep(sick)
	default:
		m.scrap()
	}
}

// keep gives a resource to the next, or to the idle ones.
func (m *plainPool) keep(sick bool) {
	if m.shut {
		m.scrap()
		return
	}
	m.idle = append(m.idle, sick)
	if i := m.first("waits"); i >= 0 {
		m.lend(i)
	}
}

func (m *plainPool) scrap() {
	m.closes++
	m.size--
	m.offer()
}

func (m *plainPool) died(i int) {
	if i >= len(m.came) {
		return
	}
	if m.came[i].fate == "back" && m.came[i].ghost {
		m.came[i].ghost = false
		m.idle = append(m.idle, m.came[i].sick) // once more
	}
	switch m.came[i].fate {
	case "waits":
		if m.bug == "the dead stay in the queue" {
			m.came[i].ghost = true
			m.answer = append(m.answer, fmt.Sprintf("%d context canceled", i))
			return
		}
		m.tell(i, "context canceled")
	case "out":
		m.came[i].fate = "revoked"
		if m.bug == "a death serves nobody" {
			m.resets++
			m.idle = append(m.idle, m.came[i].sick)
			return
		}
		m.comesBack("fail", m.came[i].sick)
	}
}

func (m *plainPool) tick(d time.Duration) {
	m.now += d
	for i, b := range m.came {
		if b.fate == "waits" && m.maxWait > 0 && m.now-b.since >= m.maxWait {
			since := b.since
			m.tell(i, ErrWaited.Error())
			if m.bug == "who timed out stays in the queue" {
				m.came[i].fate, m.came[i].ghost, m.came[i].since = "waits", true, since
			}
		}
	}
}

// reap takes away what is lent beyond its lease.
func (m *plainPool) reap() {
	for i, b := range m.came {
		if m.lease > 0 && b.fate == "out" && m.now-b.since >= m.lease {
			m.came[i].fate = "revoked"
			m.scrap()
		}
	}
}

func (m *plainPool) maintain() {
	m.reap()
	for n := len(m.idle); n > 0 && m.bug != "a sick one stays"; n-- {
		sick := m.idle[0]
		m.idle = m.idle[1:]
		if sick {
			m.scrap()
		} else {
			m.idle = append(m.idle, sick)
		}
	}
	m.offer()
	initial := m.initial
	if initial == 0 && m.bug == "initial 0 makes 2" {
		initial = 2
	}
	for m.size < initial && !m.shut && !m.refuses() && !m.down {
		m.size++
		m.idle = append(m.idle, false)
	}
}
