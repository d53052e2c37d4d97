package explore

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sketched is a graph that is written down. Its states are capital letters from A on, its
// classes small ones, and "!" is a fault.
type sketched struct {
	steps  [][]hop
	starts []uint32
	held   []bool
	ids    []uint64
	asked  int // how often for steps
	stops  bool
}

func (g *sketched) len() int               { return len(g.steps) }
func (g *sketched) initial() []uint32      { return g.starts }
func (g *sketched) holds(s uint32) bool    { return g.held[s] }
func (g *sketched) id(s uint32) uint64     { return g.ids[s] }
func (g *sketched) stop() bool             { return g.stops }
func (g *sketched) add(from uint32, h hop) { g.steps[from] = append(g.steps[from], h) }
func (g *sketched) each(s uint32, visit func(to, class uint32)) {
	g.asked++
	for _, h := range g.steps[s] {
		visit(h.to, h.class)
	}
}

// blank returns n states without steps, named by their numbers.
func blank(n int) *sketched {
	g := &sketched{steps: make([][]hop, n), held: make([]bool, n), ids: make([]uint64, n)}
	for i := range g.ids {
		g.ids[i] = uint64(i)
	}
	return g
}

// sketch reads "^A A-t>B B-!>? *B": A is initial, class t may step from A to B, a fault
// leads from B out of what was visited, and the condition holds in B.
func sketch(text string) *sketched {
	g := blank(int(slices.Max([]byte(strings.Map(func(r rune) rune {
		if r < 'A' || r > 'Z' {
			return -1
		}
		return r
	}, text)))-'A') + 1)
	for _, word := range strings.Fields(text) {
		switch word[0] {
		case '^':
			g.starts = append(g.starts, uint32(word[1]-'A'))
		case '*':
			g.held[word[1]-'A'] = true
		default:
			h := hop{uint32(word[2] - 'a'), uint32(word[4] - 'A')}
			if word[2] == '!' {
				h.class = unfair
			}
			if word[4] == '?' {
				h.to = noState
			}
			g.add(uint32(word[0]-'A'), h)
		}
	}
	return g
}

// tell writes a lasso as sketch reads it, with ids for states: the stem, "|" and the cycle.
func tell(g *sketched, l *lasso) string {
	if l == nil {
		return "holds"
	}
	name := func(s uint32) string { return string(rune('A' + g.ids[s])) }
	words, at := []string{"^" + name(l.start)}, l.start
	for i, h := range slices.Concat(l.stem, l.cycle) {
		if i == len(l.stem) {
			words = append(words, "|")
		}
		class := string(rune('a' + h.class))
		if h.class == unfair {
			class = "!"
		}
		words = append(words, name(at)+"-"+class+">"+name(h.to))
		at = h.to
	}
	return strings.Join(words, " ")
}

func TestEventually(t *testing.T) {
	for _, tc := range []struct{ claim, graph, want string }{
		{"a path may come to rest without it", "^A A-t>B", "^A A-t>B"},
		{"it may happen at rest", "^A A-t>B *B", "holds"},
		{"it may hold from the start", "^A *A A-t>B B-t>B", "holds"},
		{"after it happened all is allowed", "^A A-t>B *B B-t>C C-t>C", "holds"},
		{"of paths that join the one without it counts",
			"^A A-t>B A-t>C *B B-t>D C-t>D", "^A A-t>C C-t>D"},
		{"where they join makes no difference: it happened before on both",
			"^A A-t>B A-t>C *B *C B-t>D C-t>D", "holds"},
		{"a path may go round for ever", "^A A-t>B B-t>C C-t>B", "^A A-t>B | B-t>C C-t>B"},
		{"a step to the same state is a cycle", "^A A-t>A", "^A | A-t>A"},
		{"a cycle on which another is always able to step and never does is not fair",
			"^A A-t>A A-u>B *B", "holds"},
		{"whether it steps to one state or to another",
			"^A A-t>B B-t>A A-u>C B-u>D *C *D", "holds"},
		{"a cycle on which another is not always able to step is fair",
			"^A A-t>B B-t>A A-u>C *C", "^A | A-t>B B-t>A"},
		{"a cycle has a step of everyone who is always able to",
			"^A A-t>A A-u>A", "^A | A-t>A A-u>A"},
		{"what neither of two cycles is, both may be together: fair",
			"^A A-t>B B-v>A A-u>C C-v>A B-u>D C-t>D *D", "^A | A-t>B B-v>A A-u>C C-v>A"},
		{"faults are never owed in a cycle", "^A A-t>A A-!>B *B", "^A | A-t>A"},
		{"faults are never owed at rest", "^A A-t>B B-!>C *C", "^A A-t>B"},
		{"a path may rest between faults", "^A A-!>B B-!>A B-t>C *C", "^A"},
		{"faults may be what makes a cycle", "^A A-t>B B-!>A A-u>C B-t>C *C", "^A | A-t>B B-!>A"},
		{"a fault and a step alike are told as a step", "^A A-!>A A-t>A", "^A | A-t>A"},
		{"who is able to leave what was visited is not at rest", "^A A-t>?", "holds"},
		{"nor is a cycle fair to him", "^A A-t>A A-u>?", "holds"},
		{"a fault that leaves what was visited is not owed", "^A A-!>?", "^A"},
		{"a way through where it holds is no stem", "^A A-t>B *B B-t>C A-u>D *D", "holds"},
		{"any initial state may be where it starts", "^A ^B *A B-t>C C-t>C", "^B B-t>C | C-t>C"},
		{"the shorter of rest and cycle is told", "^A A-t>B B-t>B A-t>C C-t>D D-t>E", "^A A-t>B | B-t>B"},
		{"rest first if they are as long", "^A A-t>B B-t>B A-t>C C-t>D", "^A A-t>C C-t>D"},
		{"ids decide between paths as long", "^A A-t>C A-t>B B-t>D C-t>D", "^A A-t>B B-t>D"},
		{"what a cycle does not need is part of the stem",
			"^A A-t>B A-u>E B-t>C B-u>E C-u>C C-!>D D-t>A *E", "^A A-t>B B-t>C | C-u>C"},
	} {
		g := sketch(tc.graph)
		l, err := eventually(g)
		require.NoError(t, err, tc.claim)
		require.Equal(t, tc.want, tell(g, l), tc.claim)
		if l != nil {
			require.NoError(t, verifyLasso(g, l), tc.claim)
		}
	}
}

func TestLeadsTo(t *testing.T) {
	for _, tc := range []struct{ claim, p, graph, want string }{
		{"p may come late, the way to it is part of the stem", "C", "^A A-t>B B-t>C C-t>D", "^A A-t>B B-t>C C-t>D"},
		{"that q held before does not count", "C", "^A A-t>B *B B-t>C C-t>C", "^A A-t>B B-t>C | C-t>C"},
		{"q in the same state counts", "B", "^A A-t>B *B B-t>C C-t>C", "holds"},
		{"q later counts", "A", "^A A-t>B B-t>C *C", "holds"},
		{"without p nothing is due", "Z", "^A A-t>A", "holds"},
		{"each time p comes it is due again", "A", "^A A-t>B *B B-u>A A-u>C C-t>C", "^A A-u>C | C-t>C"},
	} {
		g := sketch(tc.graph)
		l, err := leadsTo(g, func(s uint32) bool { return s == uint32(tc.p[0]-'A') })
		require.NoError(t, err, tc.claim)
		require.Equal(t, tc.want, tell(g, l), tc.claim)
		if l != nil {
			require.NoError(t, verifyLasso(g, l), tc.claim)
		}
	}
}

func TestAStoppedSearchSaysSo(t *testing.T) {
	g := sketch("^A A-t>A")
	g.stops = true
	_, err := eventually(g)
	require.ErrorIs(t, err, errLivenessStopped)
	_, err = leadsTo(g, func(uint32) bool { return true })
	require.ErrorIs(t, err, errLivenessStopped)
}

func TestVerifyLassoFindsWhatIsWrong(t *testing.T) {
	never := func(s int) string {
		return fmt.Sprintf("1 classes are always able to take a step after state %d and never do", s)
	}
	const tu, none = "^A A-t>B B-t>A B-u>C C-t>A C-!>C A-u>D *D", ""
	for _, tc := range []struct {
		graph, lasso string
		since        int
		want         string
	}{
		{tu, "^A | A-t>B B-t>A", 0, never(0)},
		{tu, "^A A-t>B | B-t>A A-t>B", 0, never(1)},
		{tu, "^A | A-t>B B-u>C C-t>A", 0, none},
		{tu, "^A A-t>B B-u>C | C-t>A A-t>B B-u>C", 0, none},
		{tu, "^A A-t>B B-u>C | C-!>C", 0, never(2)},
		{tu, "^A A-t>B B-u>C", 0, never(2)},
		{"^A A-u>B B-t>B B-u>C *C", "^A A-u>B | B-t>B", 0, never(1)},
		{"^A A-t>B B-t>B B-u>C *C", "^A A-t>B | B-t>B", 0, never(1)},
		{tu, "^B | B-u>C C-t>A A-t>B", 0, "state 1 is not initial"},
		{tu, "^A | A-t>B B-u>C", 0, "the cycle of state 0 ends in state 2"},
		{tu, "^A A-u>B", 0, "no step of class 20 leads from state 0 to 1, after 0 steps"},
		{tu, "^A | A-t>B B-t>C C-t>A", 0, "no step of class 19 leads from state 1 to 2, after 1 steps"},
		{tu, "^A A-u>D", 0, "what must happen happens in state 3, after 1 steps"},
		{"^A A-t>B *A", "^A A-t>B", 0, "what must happen happens in state 0, after 0 steps"},
		{"^A A-t>B *A", "^A A-t>B", 1, none},
		{"^A A-t>B *A", "^A A-t>B", 2, "due after 2 of 1 steps"},
		{"^A A-t>?", "^A A-t>?", 0, "no step of class 19 leads from state 0 to 4294967295, after 0 steps"},
	} {
		err := verifyLasso(sketch(tc.graph), readLasso(tc.lasso, tc.since))
		if tc.want == none {
			require.NoError(t, err, tc.lasso)
		} else {
			require.EqualError(t, err, tc.want, tc.lasso)
		}
	}
}

// readLasso reads what tell writes.
func readLasso(text string, since int) *lasso {
	words := strings.Fields(text)
	l := &lasso{start: sketch(words[0]).starts[0], since: since}
	for i, steps := range strings.SplitN(strings.Join(words[1:], " "), "|", 2) {
		for _, step := range strings.Fields(steps) {
			h := sketch(step).steps[step[0]-'A'][0]
			if i == 0 {
				l.stem = append(l.stem, h)
			} else {
				l.cycle = append(l.cycle, h)
			}
		}
	}
	return l
}

// drawGraph draws a small graph, dense enough for cycles that owe and sparse enough for
// some that do not. Its ids are its numbers.
func drawGraph(t *rapid.T) *sketched {
	n := rapid.IntRange(1, 7).Draw(t, "states")
	g := blank(n)
	for s := range g.held {
		g.held[s] = rapid.IntRange(0, 4).Draw(t, "holds") == 0
	}
	g.starts = rapid.SliceOfNDistinct(rapid.Uint32Range(0, uint32(n-1)), 1, min(n, 2), rapid.ID).Draw(t, "initial")
	classes := []uint32{0, 0, 1, 1, 2, unfair}
	for range rapid.IntRange(0, 3*n).Draw(t, "steps") {
		to := rapid.Uint32Range(0, uint32(n)).Draw(t, "to")
		if to == uint32(n) {
			to = noState
		}
		g.add(rapid.Uint32Range(0, uint32(n-1)).Draw(t, "from"), hop{rapid.SampledFrom(classes).Draw(t, "class"), to})
	}
	return g
}

// shortestLasso is what eventually claims, by definition and in exponential time: for each
// state that is reached, a search in breadth through pairs of a state and the set of
// classes that were not able to take a step, or took one, since. It returns the number of
// steps of the shortest lasso, or -1 if there is none.
func shortestLasso(g *sketched) int {
	const all = 1<<3 - 1
	idle := func(s uint32) int {
		set := all
		for _, h := range g.steps[s] {
			if h.class != unfair {
				set &^= 1 << h.class
			}
		}
		return set
	}
	type place struct {
		at, settled uint32
	}
	// distances from sources, all of which are 0 steps away
	breadth := func(level []place, settle func(place, hop) uint32, arrived func(place, int)) {
		seen := map[place]bool{}
		for steps := 0; len(level) > 0; steps++ {
			var next []place
			for _, p := range level {
				if seen[p] || g.held[p.at] {
					continue
				}
				seen[p] = true
				arrived(p, steps)
				for _, h := range g.steps[p.at] {
					if h.to != noState {
						next = append(next, place{h.to, settle(p, h)})
					}
				}
			}
			level = next
		}
	}
	best := -1
	better := func(steps int) {
		if best < 0 || steps < best {
			best = steps
		}
	}
	var starts []place
	for _, s := range g.starts {
		starts = append(starts, place{at: s})
	}
	breadth(starts, func(place, hop) uint32 { return 0 }, func(p place, stem int) {
		if idle(p.at) == all {
			better(stem)
		}
		settle := func(q place, h hop) uint32 {
			settled := q.settled | uint32(idle(h.to))
			if h.class != unfair {
				settled |= 1 << h.class
			}
			return settled
		}
		begin := place{p.at, uint32(idle(p.at))}
		var first []place
		for _, h := range g.steps[p.at] {
			if h.to != noState {
				first = append(first, place{h.to, settle(begin, h)})
			}
		}
		breadth(first, settle, func(q place, steps int) {
			if q.at == p.at && q.settled == all {
				better(stem + 1 + steps)
			}
		})
	})
	return best
}

// fairSubset is the same by components: whether some set of states without the condition,
// all reached, is strongly connected and fair, maximal or not, or is one state at rest.
func fairSubset(g *sketched) bool {
	n := len(g.steps)
	connect := func(in func(uint32) bool) [][]bool { // by one step or more
		reach := make([][]bool, n)
		for s := range reach {
			reach[s] = make([]bool, n)
			for _, h := range g.steps[s] {
				if h.to != noState && in(uint32(s)) && in(h.to) {
					reach[s][h.to] = true
				}
			}
		}
		for via := range n {
			for from := range n {
				for to := range n {
					reach[from][to] = reach[from][to] || reach[from][via] && reach[via][to]
				}
			}
		}
		return reach
	}
	clear := connect(func(s uint32) bool { return !g.held[s] })
	reached := func(s uint32) bool {
		return !g.held[s] && slices.ContainsFunc(g.starts, func(from uint32) bool { return from == s || clear[from][s] })
	}
	for set := 1; set < 1<<n; set++ {
		in := func(s uint32) bool { return set>>s&1 == 1 }
		connected, within := true, connect(in)
		owed, single := uint32(0b111), set&(set-1) == 0
		for s := range uint32(n) {
			if !in(s) {
				continue
			}
			able := uint32(0)
			connected = connected && reached(s)
			for to := range uint32(n) {
				connected = connected && (!in(to) || within[s][to] || single)
			}
			for _, h := range g.steps[s] {
				if h.class != unfair {
					able |= 1 << h.class
				}
			}
			owed &= able
		}
		for s := range uint32(n) {
			for _, h := range g.steps[s] {
				if in(s) && h.to != noState && in(h.to) && h.class != unfair {
					owed &^= 1 << h.class
				}
			}
		}
		if connected && owed == 0 {
			return true
		}
	}
	return false
}

func TestEventuallyAgreesWithItsDefinition(t *testing.T) {
	found, held := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		l, err := eventually(g)
		require.NoError(t, err)
		shortest := shortestLasso(g)
		require.Equal(t, fairSubset(g), shortest >= 0)
		if shortest < 0 {
			held++
			require.Nil(t, l)
			return
		}
		found++
		require.NotNil(t, l)
		require.NoError(t, verifyLasso(g, l))
		require.GreaterOrEqual(t, l.length(), shortest)
	})
	require.Positive(t, found)
	require.Positive(t, held)
}

func TestLeadsToAgreesWithItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		due := reachable(g)
		for s := range due {
			due[s] = due[s] && rapid.Bool().Draw(t, "p")
		}
		l, err := leadsTo(g, func(s uint32) bool { return due[s] })
		require.NoError(t, err)
		later := *g
		later.starts = nil
		for s, is := range due {
			if is {
				later.starts = append(later.starts, uint32(s))
			}
		}
		require.Equal(t, shortestLasso(&later) >= 0, l != nil)
		if l != nil {
			require.NoError(t, verifyLasso(g, l))
			require.True(t, due[(&lasso{start: l.start, stem: l.stem[:l.since]}).end()])
		}
	})
}

// reachable tells which states can be reached.
func reachable(g *sketched) []bool {
	is, queue := make([]bool, g.len()), slices.Clone(g.starts)
	for ; len(queue) > 0; queue = queue[1:] {
		if s := queue[0]; !is[s] {
			is[s] = true
			g.each(s, func(to, _ uint32) {
				if to != noState {
					queue = append(queue, to)
				}
			})
		}
	}
	return is
}

func TestLassosDoNotDependOnNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		order := make([]uint32, g.len())
		for s := range order {
			order[s] = uint32(s)
		}
		order = rapid.Permutation(order).Draw(t, "order")
		h := blank(g.len())
		for s, to := range order {
			h.ids[to], h.held[to] = g.ids[s], g.held[s]
			for _, step := range rapid.Permutation(g.steps[s]).Draw(t, "steps") {
				if step.to != noState {
					step.to = order[step.to]
				}
				h.add(to, step)
			}
		}
		for _, s := range rapid.Permutation(g.starts).Draw(t, "initial") {
			h.starts = append(h.starts, order[s])
		}
		one, err := eventually(g)
		require.NoError(t, err)
		other, err := eventually(h)
		require.NoError(t, err)
		require.Equal(t, tell(g, one), tell(h, other))

		all := reachable(g)
		one, err = leadsTo(g, func(s uint32) bool { return all[s] && g.ids[s]%2 == 0 })
		require.NoError(t, err)
		all = reachable(h)
		other, err = leadsTo(h, func(s uint32) bool { return all[s] && h.ids[s]%2 == 0 })
		require.NoError(t, err)
		require.Equal(t, tell(g, one), tell(h, other))
	})
}
