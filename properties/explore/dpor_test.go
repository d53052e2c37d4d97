package explore

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/network"
	"phoenix/sim"
)

// automaton is a node of a random model: what it does is in a table.
type automaton struct {
	ep    *network.Endpoint
	table *[]transition
	State int
	timer *sim.Timer

	counts bool // its steps, so that no message is ignored
	Count  int
	tells  bool // all that it does
}

// token is a message: the higher its level, the fewer can follow from it.
// With counts no two are equal.
type token struct{ Level, Kind, Number int }

// transition is what an automaton does. Which one it takes hangs on its state and the token.
type transition struct {
	Next   int
	Send   []sending
	Tell   bool
	Choose bool // between Next and Next+1
}

type sending struct {
	To    network.ID
	Token token
}

const (
	states = 3 // of an automaton
	kinds  = 2 // of tokens
	levels = 3
)

func (a *automaton) Receive(_ network.ID, msg any) {
	l := msg.(token)
	a.act((*a.table)[(a.State*levels+l.Level)*kinds+l.Kind])
}

func (a *automaton) act(t transition) {
	a.State = t.Next
	if a.counts {
		a.Count++
	}
	if t.Choose {
		a.State = (a.State + a.ep.Choose("state", 2)) % states
	}
	for i, p := range t.Send {
		if a.counts && p.To == a.ep.ID() {
			continue // in a world it would not be ordered
		}
		if a.counts {
			p.Token.Number = a.Count*levels + i
		}
		a.ep.Send(p.To, p.Token)
	}
	if t.Tell || a.tells {
		a.ep.Note("told %d", a.State)
	}
}

// diary is an observer that knows the order of all it is told.
type diary struct{ Lines []string }

func (d *diary) Observe(e *Told) { d.Lines = append(d.Lines, fmt.Sprint(e.Node, e.Name)) }

// randomModel draws a model whose runs end: tokens lead to tokens of higher levels only,
// and on networks that keep messages only a change of state does, to a higher state. With
// counts every delivery changes the node.
func randomModel(t *rapid.T, faults, counts bool) Model {
	networks := []Semantics{NonDuplicating, Ordered, NonDuplicating, Board, Duplicating}
	if counts {
		networks = networks[:2]
	}
	m := Model{Name: "random", Network: rapid.SampledFrom(networks).Draw(t, "network")}
	hosts := rapid.IntRange(2, 3).Draw(t, "hosts")
	keeps := m.Network == Board || m.Network == Duplicating
	for i := range hosts {
		table := make([]transition, states*levels*kinds)
		for at := range table {
			level := at / kinds % levels
			table[at] = randomTransition(t, hosts, level+1, at/kinds/levels, keeps)
		}
		boot := randomTransition(t, hosts, 0, 0, false)
		boot.Choose = false
		timer := rapid.IntRange(0, 3).Draw(t, "timer") == 0
		m.Nodes = append(m.Nodes, Node{Name: fmt.Sprint("n", i), Boot: func(ep *network.Endpoint) network.Handler {
			a := &automaton{ep: ep, table: &table, counts: counts}
			a.timer = ep.Timer("t", func() { a.act(table[a.State*levels*kinds]) })
			if timer {
				a.timer.Reset(1)
			}
			a.act(boot)
			return a
		}})
	}
	if rapid.Bool().Draw(t, "observed") {
		m.Observe = func() Observer { return &diary{} }
	}
	if faults {
		b := rapid.SliceOfN(rapid.IntRange(0, 1), 4, 4).Draw(t, "faults")
		m.Faults = Budget{Crashes: b[0], Restarts: b[0] * b[1], Drops: b[2], Partitions: b[3]}
		if !keeps {
			m.Faults.Duplicates = b[1]
		}
		m.Faults.Cuts = []NamedCut{{Name: "cut", Cut: network.Cut{{0, 1}}}}
	}
	return m
}

func randomTransition(t *rapid.T, hosts, level, state int, keeps bool) transition {
	tr := transition{Next: state}
	if rapid.Bool().Draw(t, "changes") {
		tr.Next = rapid.IntRange(0, states-1).Draw(t, "next")
	}
	if keeps {
		if tr.Next = max(tr.Next, state); tr.Next == state {
			return tr
		}
	} else {
		tr.Choose = rapid.IntRange(0, 7).Draw(t, "choose") == 0
	}
	tr.Tell = rapid.IntRange(0, 2).Draw(t, "tell") == 0
	if level < levels {
		for range rapid.IntRange(0, 2).Draw(t, "sends") {
			tr.Send = append(tr.Send, sending{network.ID(rapid.IntRange(0, hosts-1).Draw(t, "to")),
				token{Level: level, Kind: rapid.IntRange(0, kinds-1).Draw(t, "kind")}})
		}
	}
	return tr
}

// enumeration is every order of steps of a model, by itself: what a stateless search is
// measured against.
type enumeration struct {
	c      *rowCluster
	words  uint64
	traces map[string]bool // by their Foata normal form
	rests  map[string]bool // states at rest
	word   []move
}

// enumerate takes every run of a model; it returns nil if there are more than limit.
func enumerate(t require.TestingT, m Model, refine bool, limit uint64) *enumeration {
	sys, err := newSystem(m, false)
	require.NoError(t, err)
	initial, err := sys.initial()
	require.NoError(t, err)
	require.Len(t, initial, 1)
	e := &enumeration{traces: map[string]bool{}, rests: map[string]bool{}}
	e.c = &rowCluster{sys: sys, x: newExpander(sys), refine: refine && m.Network != Ordered}
	if !e.from(t, initial[0], limit) {
		return nil
	}
	return e
}

func (e *enumeration) from(t require.TestingT, r row, limit uint64) bool {
	x := newExpander(e.c.sys)
	require.NoError(t, x.expand(r))
	if !x.owed {
		e.words++
		e.traces[foata(e.word)] = true
		e.rests[atRest(e.c.sys, r)] = true
	}
	for i := range x.succs {
		s := &x.succs[i]
		e.word = append(e.word, e.c.move(r, s.kind, s.host, s.arg, s.out))
		ok := e.from(t, x.make(nil, s), limit)
		e.word = e.word[:len(e.word)-1]
		if !ok || e.words > limit {
			return false
		}
	}
	return true
}

// atRest tells a state, apart from what was delivered last.
func atRest(sys *system, r row) string {
	r = slices.Clone(r)
	r[0], r[1], r[sys.lastAt()] = 0, 0, 0
	return fmt.Sprint(r)
}

// foata is the normal form of a trace (Cartier and Foata, 1969): each step as early as what
// it depends on allows, in layers of steps that are independent of each other.
func foata(word []move) string {
	var layers [][]string
	level := make([]int, len(word))
	for i := range word {
		for j := range i {
			if word[j].depends(&word[i]) {
				level[i] = max(level[i], level[j]+1)
			}
		}
		if level[i] == len(layers) {
			layers = append(layers, nil)
		}
		layers[level[i]] = append(layers[level[i]], fmt.Sprint(word[i].label))
	}
	for _, l := range layers {
		slices.Sort(l)
	}
	return fmt.Sprint(layers)
}

// explored is what a stateless search of m comes to, and the states at rest that it saw.
func explored(t require.TestingT, m Model, cfg StatelessConfig) (StatelessResult, map[string]bool) {
	rests := map[string]bool{}
	m.Properties = []Property{AtRest("seen", func(s *State) error {
		var b strings.Builder
		for i := range m.Nodes {
			l := s.local(network.ID(i))
			fmt.Fprintf(&b, "%x ", l.key)
		}
		fmt.Fprint(&b, s.Messages(), s.Observer(), s.sys.faults.at(s.row[s.sys.faultsAt()]).hash)
		rests[b.String()] = true
		return nil
	})}
	r, err := Stateless(m, cfg)
	require.NoError(t, err)
	return r, rests
}

func checkAgainstEnumeration(t *testing.T, faults bool) {
	judged := 0
	rapid.Check(t, func(t *rapid.T) {
		m := randomModel(t, faults, false)
		refine := rapid.Bool().Draw(t, "refine")
		all := enumerate(t, m, refine, 500)
		if all == nil {
			return // too many runs to be taken one by one
		}
		judged++
		r, rests := explored(t, m, StatelessConfig{Refine: refine})
		require.Equal(t, uint64(len(all.traces)), r.Runs)
		require.Zero(t, r.Blocked, "wakeup trees lead to no run in vain")
		require.Len(t, rests, len(all.rests))
		require.Empty(t, r.Limit)

		s, sleeping := explored(t, m, StatelessConfig{Refine: refine, Reduction: SleepSets})
		require.Equal(t, r.Runs, s.Runs)
		require.Equal(t, rests, sleeping)
		u, unreduced := explored(t, m, StatelessConfig{Reduction: Unreduced})
		require.Equal(t, all.words, u.Runs)
		require.Equal(t, rests, unreduced)
		found, err := Search(m, Config{NoStop: true, Workers: 1})
		require.NoError(t, err)
		if m.Network != Duplicating { // there it counts what was delivered last
			require.Equal(t, uint64(len(rests)), found.Terminal)
		}
	})
	require.Greater(t, judged, 20)
}

func TestOneRunIsTakenForEachTraceOfARandomModel(t *testing.T) { checkAgainstEnumeration(t, false) }

func TestOneRunIsTakenForEachTraceOfARandomModelWithFaults(t *testing.T) {
	checkAgainstEnumeration(t, true)
}
