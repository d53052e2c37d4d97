package mutants_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/crdt"
	"phoenix/properties/laws"
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

// run does the operations and lets the system settle.
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
	contexts := []*crdt.CausalContext{m.context(i)}
	for j, heard := range m.known[i] {
		switch {
		case heard != nil:
			contexts = append(contexts, heard)
		case j != i && !m.bug:
			return
		}
	}
	m.copies[i].Collect(crdt.Replica(i), contexts...)
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

// puller is two copies of the plain set. A copy asks another for what its context lacks, as long as it
// lacks something.
type puller[B any] struct{ copies [2]store[B] }

// do is "A adds x", "A removes x", or "B asks A".
func (p *puller[B]) do(op string) string {
	words := strings.Fields(op)
	i := strings.Index("AB", words[0])
	switch words[1] {
	case "adds":
		p.copies[i].add(crdt.Replica(i+1), words[2])
	case "removes":
		p.copies[i].remove(crdt.Replica(i+1), words[2])
	default:
		p.ask(i)
	}
	return ""
}

func (p *puller[B]) ask(i int) {
	me, other := &p.copies[i], &p.copies[1-i]
	me.Merge(other.Delta(me.Context()))
}

func (p *puller[B]) settle() string {
	for range 3 {
		p.ask(0)
		p.ask(1)
	}
	for i := range p.copies {
		me, other := &p.copies[i], &p.copies[1-i]
		if lacks := other.Context().Without(me.Context()); !lacks.IsEmpty() {
			return fmt.Sprintf("%c asks for %v again and again", 'A'+i, lacks)
		}
	}
	return ""
}

func (p *puller[B]) apart() bool { return !crdt.Same(&p.copies[0], &p.copies[1]) }

const (
	morgueWords = "hit A|hit B|hit C|kill A|A meets B|A meets C|B meets C|A collects|B collects"
	pullWords   = "A adds x|A adds y|A removes x|B adds x|B asks A"
	chainWords  = "A adds x|B adds y|C adds z|A sends B|B sends A|B sends C|C sends B|A sends B, lost"
)

// systems are the defects of systems; a system is made with its defect or without.
var systems = []struct {
	id, bug, words string
	law            laws.Law
	limit          int
	make           func(bug bool) system
}{
	{"M5", "a tombstone is collected over known peers only", morgueWords, 15, 4,
		func(bug bool) system { return &morgue{bug: bug} }},
	{"M7", "a delta leaves out the dots that are superseded", pullWords, 18, 4, func(bug bool) system {
		if bug {
			return &puller[m7]{}
		}
		return &puller[right]{}
	}},
	{"M22", "a delta buffer is cleared without acknowledgement", chainWords, 15, 4,
		func(bug bool) system { return &chain{bug: map[bool]string{true: "sent"}[bug]} }},
	{"M22", "a delta buffer is cleared on receive", chainWords, 15, 4,
		func(bug bool) system { return &chain{bug: map[bool]string{true: "received"}[bug]} }},
}

// findSystem finds the shortest way to the defect of a system, which without it is right up to its limit.
func findSystem(t *testing.T, i int) mutant {
	t.Helper()
	s := systems[i]
	words := strings.Split(s.words, "|")
	ops, why := simtest.Shortest(words, s.limit, func(ops []string) string { return run(s.make(false), ops) })
	require.Empty(t, why, "%s: without the defect: %q", s.bug, ops)
	ops, why = simtest.Shortest(words, s.limit, func(ops []string) string { return run(s.make(true), ops) })
	require.NotEmpty(t, why, "%s survives", s.bug)
	_, apart := simtest.Shortest(words, s.limit, func(ops []string) string {
		m := s.make(true)
		if run(m, ops); m.apart() {
			return "apart"
		}
		return ""
	})
	return mutant{s.id, s.bug, s.law, strings.Join(ops, "; "), why, apart != ""}
}
