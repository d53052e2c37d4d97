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

// part returns a part of a state in which members are called as r says.
func (r renaming) part(t require.TestingT, g *groups, p abstract) part {
	s, err := g.shape(nil, r.setting(p.setting))
	require.NoError(t, err)
	return part{p.kind, r.id(p.from), r.id(p.to), p.n, s}
}

// abstract is a part before its shape is taken.
type abstract struct {
	kind     uint64
	from, to network.ID
	n        uint32
	setting
}

func abstracts() *rapid.Generator[[]abstract] {
	ids := rapid.Map(rapid.IntRange(-1, 4), func(n int) network.ID { return network.ID(n) })
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) abstract {
		a := abstract{kind: rapid.Uint64Range(1, 2).Draw(t, "kind"), from: ids.Draw(t, "from"), to: ids.Draw(t, "to"),
			n: rapid.Uint32Range(0, 1).Draw(t, "n")}
		if rapid.Bool().Draw(t, "rich") {
			a.setting = settings().Draw(t, "setting")
		}
		return a
	}), 0, 6)
}

func (r renaming) parts(t require.TestingT, g *groups, state []abstract) []part {
	var parts []part
	for _, a := range state {
		parts = append(parts, r.part(t, g, a))
	}
	return parts
}

// allRenamings are all 3! times 2!.
func allRenamings() []renaming {
	var all []renaming
	for _, n := range permutations(philosophers) {
		for _, f := range permutations(forks) {
			r := renaming{map[network.ID]network.ID{}, map[fork]fork{}}
			for i, to := range n {
				r.node[network.ID(i+1)] = network.ID(to + 1)
			}
			for i, to := range f {
				r.fork[fork(i)] = fork(to)
			}
			all = append(all, r)
		}
	}
	return all
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, p := range permutations(n - 1) {
		for i := range n {
			all = append(all, slices.Insert(slices.Clone(p), i, n-1))
		}
	}
	return all
}

// canonical is the least way to write a state, over all renamings: what is to be decided.
func canonical(t require.TestingT, state []abstract) string {
	least := ""
	for _, r := range allRenamings() {
		var lines []string
		for _, a := range state {
			b := encoded(t, []any{a.kind, r.id(a.from), r.id(a.to), a.n, r.setting(a.setting)})
			lines = append(lines, string(b))
		}
		slices.Sort(lines)
		if text := fmt.Sprintf("%q", lines); least == "" || text < least {
			least = text
		}
	}
	return least
}

func TestStatesHaveOneFingerprintExactlyIfARenamingLeadsFromOneToTheOther(t *testing.T) {
	g := tableGroups(t)
	y := newSymmetrizer(g)
	equal, different := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		a := abstracts().Draw(t, "state")
		b := slices.Clone(a) // a little different, and so like a up to the names sometimes
		for i := range b {
			r := renamings().Draw(t, "renaming")
			if rapid.Bool().Draw(t, "moved") {
				b[i].from, b[i].to, b[i].setting = r.id(b[i].from), r.id(b[i].to), r.setting(b[i].setting)
			}
		}
		same := canonical(t, a) == canonical(t, b)
		nobody := renaming{}
		require.Equal(t, same, y.fingerprint(nobody.parts(t, g, a)) == y.fingerprint(nobody.parts(t, g, b)))
		if same {
			equal++
		} else {
			different++
		}
	})
	require.Positive(t, equal)
	require.Positive(t, different)
}

func TestNoRenamingChangesTheFingerprint(t *testing.T) {
	g := tableGroups(t)
	y := newSymmetrizer(g)
	rapid.Check(t, func(t *rapid.T) {
		state := abstracts().Draw(t, "state")
		want := y.fingerprint(renaming{}.parts(t, g, state))
		for _, r := range allRenamings() {
			moved := r.parts(t, g, state)
			slices.Reverse(moved)
			require.Equal(t, want, y.fingerprint(moved))
		}
	})
}

func TestPlaceLeadsToTheStateWithTheFingerprint(t *testing.T) {
	g, err := newGroups([]Group{{Nodes: []network.ID{1, 2, 3}}}, 5)
	require.NoError(t, err)
	y := newSymmetrizer(g)
	rapid.Check(t, func(t *rapid.T) {
		state := abstracts().Draw(t, "state")
		y.fingerprint(renaming{}.parts(t, g, state))
		want, r := y.best.fingerprint, renaming{node: map[network.ID]network.ID{}}
		for id := range network.ID(5) {
			r.node[id] = y.place(id)
		}
		require.Equal(t, network.ID(0), y.place(0))
		require.Equal(t, sim.NoHost, y.place(sim.NoHost))
		sum := uint64(0)
		for _, p := range r.parts(t, g, state) {
			v := y.view(p)
			sum += v.with(y.own, p.shape.own)
		}
		require.Equal(t, want, sum)
	})
}

// crowd makes a group of n nodes, and a symmetrizer for them.
func crowd(t require.TestingT, n int) (*groups, *symmetrizer) {
	var all []network.ID
	for i := range n {
		all = append(all, network.ID(i))
	}
	g, err := newGroups([]Group{{Nodes: all}}, n)
	require.NoError(t, err)
	return g, newSymmetrizer(g)
}

// arcs is a directed graph as messages between nodes.
func arcs(pairs ...[2]int) []part {
	var parts []part
	for _, p := range pairs {
		parts = append(parts, part{kind: hashMessage, from: network.ID(p[0]), to: network.ID(p[1]), n: 1})
	}
	return parts
}

// edges is an undirected graph as messages in both directions.
func edges(pairs ...[2]int) []part {
	for _, p := range pairs {
		pairs = append(pairs, [2]int{p[1], p[0]})
	}
	return arcs(pairs...)
}

// The numbers of graphs and digraphs on n nodes, A000088 and A000273 of the OEIS.
func TestGraphsAreToldApartExactlyUpToNames(t *testing.T) {
	for n, want := range []int{1, 1, 2, 4, 11, 34, 156} {
		require.Equal(t, want, countGraphs(t, n, edges, func(i, j int) bool { return i < j }), "graphs on %d", n)
	}
	for n, want := range []int{1, 1, 3, 16, 218} {
		require.Equal(t, want, countGraphs(t, n, arcs, func(i, j int) bool { return i != j }), "digraphs on %d", n)
	}
}

func countGraphs(t *testing.T, n int, graph func(...[2]int) []part, allowed func(i, j int) bool) int {
	var all [][2]int
	for i := range n {
		for j := range n {
			if allowed(i, j) {
				all = append(all, [2]int{i, j})
			}
		}
	}
	_, y := crowd(t, n)
	met := map[uint64]bool{}
	for set := range 1 << len(all) {
		var some [][2]int
		for k, p := range all {
			if set&(1<<k) != 0 {
				some = append(some, p)
			}
		}
		met[y.fingerprint(graph(some...))] = true
	}
	return len(met)
}

func TestTwoTrianglesAreNoHexagon(t *testing.T) {
	_, y := crowd(t, 6)
	triangles := y.fingerprint(edges([2]int{0, 1}, [2]int{1, 2}, [2]int{2, 0}, [2]int{3, 4}, [2]int{4, 5}, [2]int{5, 3}))
	hexagon := y.fingerprint(edges([2]int{0, 1}, [2]int{1, 2}, [2]int{2, 3}, [2]int{3, 4}, [2]int{4, 5}, [2]int{5, 0}))
	require.NotEqual(t, triangles, hexagon)
	require.Equal(t, triangles,
		y.fingerprint(edges([2]int{0, 2}, [2]int{2, 4}, [2]int{4, 0}, [2]int{3, 1}, [2]int{1, 5}, [2]int{5, 3})))
}

// petersen is the generalized Petersen graph of 2n nodes: a ring, and a star of step k in it.
func petersen(n, k int) [][2]int {
	var all [][2]int
	for i := range n {
		all = append(all, [2]int{i, (i + 1) % n}, [2]int{i, n + i}, [2]int{n + i, n + (i+k)%n})
	}
	return all
}

// rook and shrikhande are graphs of 4 by 4 nodes in which all counts of common neighbours
// are the same: the squares of a rook's moves, and a torus with diagonals.
func rook() (all [][2]int) {
	for i := range 16 {
		for j := range i {
			if i/4 == j/4 || i%4 == j%4 {
				all = append(all, [2]int{i, j})
			}
		}
	}
	return all
}

func shrikhande() (all [][2]int) {
	for i := range 16 {
		x, y := i/4, i%4
		for _, to := range [][2]int{{x + 1, y}, {x, y + 1}, {x + 1, y + 1}} {
			all = append(all, [2]int{i, to[0]%4*4 + to[1]%4})
		}
	}
	return all
}

func TestGraphsOfOneDegreeAreToldApartUnderAnyNames(t *testing.T) {
	_, y := crowd(t, 16)
	graphs := [][][2]int{petersen(8, 1), petersen(8, 2), petersen(8, 3), rook(), shrikhande()}
	met := map[uint64]bool{}
	for i, graph := range graphs {
		want := y.fingerprint(edges(graph...))
		met[want] = true
		rapid.Check(t, func(t *rapid.T) {
			names := make([]int, 16)
			for i := range names {
				names[i] = i
			}
			names = rapid.Permutation(names).Draw(t, "names")
			var renamed [][2]int
			for _, e := range graph {
				renamed = append(renamed, [2]int{names[e[0]], names[e[1]]})
			}
			require.Equal(t, want, y.fingerprint(edges(renamed...)), "graph %d", i)
			require.LessOrEqual(t, y.leaves, 40)
		})
	}
	require.Len(t, met, len(graphs))
}

// Of 16 members there are 2e13 permutations; the leaves of the search are few.
func TestTheSearchIsShortWhereMuchIsAlike(t *testing.T) {
	var ring, pairs, cube, all [][2]int
	for i := range 16 {
		ring = append(ring, [2]int{i, (i + 1) % 16})
		pairs = append(pairs, [2]int{i, i ^ 1})
		for b := range 4 {
			cube = append(cube, [2]int{i, i ^ 1<<b})
		}
		for j := range 16 {
			all = append(all, [2]int{i, j})
		}
	}
	_, y := crowd(t, 16)
	for _, c := range []struct {
		name   string
		arcs   [][2]int
		leaves int
	}{
		{"nothing", nil, 1}, {"everybody with everybody", all, 1}, {"a ring", ring, 2},
		{"pairs", pairs, 8}, {"the cube of four dimensions", cube, 5},
	} {
		y.fingerprint(arcs(c.arcs...))
		require.LessOrEqual(t, y.leaves, c.leaves, c.name)
	}
}

// The counts are those of the orbits of the full state spaces, see the explorer's models.
func TestOrbitsOfTwoPhaseCommit(t *testing.T) {
	for i, want := range []int{12, 34, 80, 166, 314, 553, 920} {
		require.Equal(t, want, countOrbits(t, i+1, twoPhase{}), "%d resource managers", i+1)
	}
}

func TestOrbitsOfIncrement(t *testing.T) {
	for i, want := range []int{3, 8, 22, 63, 184} {
		require.Equal(t, want, countOrbits(t, i+1, increment{}), "%d threads", i+1)
	}
}

// toy is a state of a small system whose members are the bytes of each.
type toy struct {
	shared string
	each   string
	posted string // of each
	known  string // of each
}

type toySystem interface {
	initial(n int) toy
	next(s toy) []toy
	parts(t require.TestingT, g *groups, s toy) []part
}

func countOrbits(t *testing.T, n int, m toySystem) int {
	g, y := crowd(t, n)
	met := map[uint64]bool{}
	queue := []toy{m.initial(n)}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		if fp := y.fingerprint(m.parts(t, g, s)); !met[fp] {
			met[fp] = true
			queue = append(queue, m.next(s)...)
		}
	}
	return len(met)
}

func with(s string, i int, b byte) string { return s[:i] + string(b) + s[i+1:] }

// twoPhase is two-phase commit: w(orking), p(repared), c(ommitted), a(borted).
type twoPhase struct{}

func (twoPhase) initial(n int) toy {
	no := strings.Repeat("-", n)
	return toy{"i-", strings.Repeat("w", n), no, no}
}

func (twoPhase) next(s toy) []toy {
	var all []toy
	if s.shared[0] == 'i' {
		if !strings.Contains(s.known, "-") {
			all = append(all, toy{"cc", s.each, s.posted, s.known})
		}
		all = append(all, toy{"aa", s.each, s.posted, s.known})
	}
	for i := range s.each {
		if s.shared[0] == 'i' && s.posted[i] == '+' {
			all = append(all, toy{s.shared, s.each, s.posted, with(s.known, i, '+')})
		}
		if s.each[i] == 'w' {
			all = append(all, toy{s.shared, with(s.each, i, 'p'), with(s.posted, i, '+'), s.known},
				toy{s.shared, with(s.each, i, 'a'), s.posted, s.known})
		}
		if s.shared[1] != '-' {
			all = append(all, toy{s.shared, with(s.each, i, s.shared[1]), s.posted, s.known})
		}
	}
	return all
}

func (twoPhase) parts(t require.TestingT, g *groups, s toy) []part {
	known := map[network.ID]bool{}
	var parts []part
	for i := range s.each {
		id := network.ID(i)
		local, err := g.shape([]byte{s.each[i]}, id)
		require.NoError(t, err)
		parts = append(parts, part{hashLocal, id, sim.NoHost, 0, local})
		if s.posted[i] == '+' {
			parts = append(parts, part{hashMessage, id, network.ID(len(s.each)), 1, nil})
		}
		known[id] = s.known[i] == '+'
	}
	manager, err := g.shape([]byte(s.shared), known)
	require.NoError(t, err)
	return append(parts, part{hashLocal, network.ID(len(s.each)), sim.NoHost, 0, manager})
}

// increment is threads that read a number and then write one more: each is 0 (not begun),
// 1 (has read) or 2 (done), and knows what it read.
type increment struct{}

func (increment) initial(n int) toy {
	return toy{shared: "0", each: strings.Repeat("0", n), known: strings.Repeat("0", n)}
}

func (increment) next(s toy) []toy {
	var all []toy
	for i := range s.each {
		switch s.each[i] {
		case '0':
			all = append(all, toy{shared: s.shared, each: with(s.each, i, '1'), known: with(s.known, i, s.shared[0])})
		case '1':
			all = append(all, toy{shared: string(s.known[i] + 1), each: with(s.each, i, '2'), known: s.known})
		}
	}
	return all
}

func (increment) parts(t require.TestingT, g *groups, s toy) []part {
	shared, err := g.shape(nil, s.shared)
	require.NoError(t, err)
	parts := []part{{hashObserver, sim.NoHost, sim.NoHost, 0, shared}}
	for i := range s.each {
		local, err := g.shape(nil, []any{s.each[i], s.known[i]})
		require.NoError(t, err)
		parts = append(parts, part{hashLocal, network.ID(i), sim.NoHost, 0, local})
	}
	return parts
}

// phases is a state of two-phase commit with 8 resource managers in some variety.
func phases(t require.TestingT) (*symmetrizer, []part) {
	g, y := crowd(t, 8)
	return y, twoPhase{}.parts(t, g, toy{"i-", "wwpppaaw", "--+++---", "---++---"})
}

func TestFingerprintsAllocateNothing(t *testing.T) {
	y, parts := phases(t)
	ring := edges([2]int{0, 1}, [2]int{1, 2}, [2]int{2, 3}, [2]int{3, 0}, [2]int{4, 5}, [2]int{6, 7})
	require.Zero(t, testing.AllocsPerRun(100, func() {
		y.fingerprint(parts)
		y.fingerprint(ring)
	}))
}

func BenchmarkFingerprint(b *testing.B) {
	y, parts := phases(b)
	b.ReportAllocs()
	for b.Loop() {
		y.fingerprint(parts)
	}
}
