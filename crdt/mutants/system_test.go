package mutants_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/crdt"
	"phoenix/sim/simtest"
)

// Some defects are not of a type but of those who send it about. They are found in the same way, in the
// smallest system that can have them: three copies and what they do, as words.

// A system does operations and says what broke: "" if nothing did.
type system interface {
	do(op string) string
	// settle lets everybody tell everybody, without loss, and says what broke.
	settle() string
	// apart reports whether the copies differ.
	apart() bool
}

// shortest finds the shortest sequence of operations after which something is broken.
func shortest(alphabet string, limit int, broken func(ops []string) string) ([]string, string) {
	ops, why := simtest.Shortest(strings.Split(alphabet, "|"), limit, broken)
	return slices.Clone(ops), why
}

func run(s system, ops []string) string {
	for _, op := range ops {
		if why := s.do(op); why != "" {
			return why
		}
	}
	return s.settle()
}

// morgue is three copies of the seeds' heroes. With the defect M5 a tombstone is collected when it is stable
// among those that a copy has met, right is among all.
type morgue struct {
	bug    bool
	copies [3]crdt.TombstoneMap[string, crdt.GCounter]
	known  [3][3]*crdt.CausalContext // what i last heard of j
	buried [3]bool                   // who knows that the hero is dead
}

// do is "hit A": A's hero fights on; "kill A"; "A meets B": they merge each other's state; "A collects".
func (m *morgue) do(op string) string {
	words := strings.Fields(op)
	switch i := strings.IndexAny("ABC", words[0]); {
	case words[0] == "hit" || words[0] == "kill":
		i = strings.Index("ABC", words[1])
		r := crdt.Replica(i)
		if words[0] == "kill" {
			m.copies[i].Delete(r, "ada")
			m.buried[i] = true
		} else if !m.buried[i] {
			_, err := m.copies[i].Update(r, "ada", func(v *crdt.GCounter) *crdt.GCounter { return v.Add(r, 1) })
			if err != nil {
				return err.Error()
			}
		}
	case words[1] == "collects":
		m.collect(i)
	default:
		m.meet(i, strings.Index("ABC", words[2]))
	}
	return m.risen()
}

func (m *morgue) meet(i, j int) {
	m.copies[i].Merge(&m.copies[j])
	m.copies[j].Merge(&m.copies[i])
	m.buried[i] = m.buried[i] || m.buried[j]
	m.buried[j] = m.buried[i]
	m.known[i][j], m.known[j][i] = m.context(j), m.context(i)
}

func (m *morgue) context(i int) *crdt.CausalContext {
	c := &crdt.CausalContext{}
	c.Merge(m.copies[i].Context())
	return c
}

func (m *morgue) collect(i int) {
	stable := m.context(i)
	for j, heard := range m.known[i] {
		switch {
		case heard != nil:
			stable = stable.Meet(heard)
		case j != i && !m.bug:
			return
		}
	}
	m.copies[i].Collect(stable)
}

// risen says who sees a hero that it knows to be dead.
func (m *morgue) risen() string {
	for i := range m.copies {
		if _, alive := m.copies[i].Get("ada"); alive && m.buried[i] {
			return fmt.Sprintf("%c has ada alive, whom it knew dead", 'A'+i)
		}
	}
	return ""
}

func (m *morgue) settle() string {
	for range 2 {
		m.meet(0, 1)
		m.meet(1, 2)
	}
	return m.risen()
}

func (m *morgue) apart() bool {
	return !crdt.Same(&m.copies[0], &m.copies[1]) || !crdt.Same(&m.copies[1], &m.copies[2])
}

// chain is three copies in a row, A - B - C, that send each other the deltas that they have not yet had
// acknowledged. The defects M22: "sent" clears a buffer when it is sent, "received" clears those of whoever receives.
type chain struct {
	bug    string
	copies [3]crdt.GSet[string]
	buffer [3][3][]*crdt.GSet[string] // of i for j
	added  []string
}

// do is "A adds x"; "A sends B": what is buffered arrives, and so does the acknowledgement; "A sends B, lost".
func (c *chain) do(op string) string {
	words := strings.Fields(strings.ReplaceAll(op, ",", ""))
	i, last := strings.Index("ABC", words[0]), words[len(words)-1]
	if words[1] == "adds" {
		c.keep(i, i, c.copies[i].Add(last))
		c.added = append(c.added, last)
		return ""
	}
	c.send(i, strings.Index("ABC", words[2]), last == "lost")
	return ""
}

// keep puts a delta that i got from another, or made, into its buffers for the others.
func (c *chain) keep(i, from int, d *crdt.GSet[string]) {
	for _, j := range []int{i - 1, i + 1} {
		if j >= 0 && j < len(c.copies) && j != from {
			c.buffer[i][j] = append(c.buffer[i][j], d)
		}
	}
}

func (c *chain) send(i, j int, lost bool) {
	sent := c.buffer[i][j]
	if !lost || c.bug == "sent" {
		c.buffer[i][j] = nil
	}
	if lost {
		return
	}
	if c.bug == "received" && len(sent) > 0 {
		c.buffer[j] = [3][]*crdt.GSet[string]{}
	}
	for _, d := range sent {
		c.copies[j].Merge(d)
		c.keep(j, i, d)
	}
}

func (c *chain) settle() string {
	for range 2 {
		for _, pair := range [][2]int{{0, 1}, {1, 2}, {2, 1}, {1, 0}} {
			c.send(pair[0], pair[1], false)
		}
	}
	for i := range c.copies {
		for _, e := range c.added {
			if !c.copies[i].Contains(e) {
				return fmt.Sprintf("%c never gets %s", 'A'+i, e)
			}
		}
	}
	return ""
}

func (c *chain) apart() bool {
	return !crdt.Same(&c.copies[0], &c.copies[1]) || !crdt.Same(&c.copies[1], &c.copies[2])
}

const (
	morgueWords = "hit A|hit B|hit C|kill A|A meets B|A meets C|B meets C|A collects|B collects"
	chainWords  = "A adds x|B adds y|C adds z|A sends B|B sends A|B sends C|C sends B|A sends B, lost"
)

// systems are the defects of systems; make returns one with the defect or without.
var systems = []struct {
	id, bug, words string
	limit          int
	make           func(bug bool) system
}{
	{"M5", "a tombstone is collected over known peers only", morgueWords, 5,
		func(bug bool) system { return &morgue{bug: bug} }},
	{"M22", "a delta buffer is cleared without acknowledgement", chainWords, 4,
		func(bug bool) system { return &chain{bug: map[bool]string{true: "sent"}[bug]} }},
	{"M22", "a delta buffer is cleared on receive", chainWords, 4,
		func(bug bool) system { return &chain{bug: map[bool]string{true: "received"}[bug]} }},
}

func TestSystemsAreRightWithoutTheirDefects(t *testing.T) {
	for _, s := range systems {
		ops, why := shortest(s.words, s.limit, func(ops []string) string { return run(s.make(false), ops) })
		require.Empty(t, why, "%s: %q", s.bug, ops)
		ops, why = shortest(s.words, s.limit, func(ops []string) string { return run(s.make(true), ops) })
		t.Log(s.bug, ops, why)
	}
}
