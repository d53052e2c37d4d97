package explore

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/network"
	"phoenix/sim"
)

// fork is a member of a group of values.
type fork uint8

// setting names nodes and forks in every way that a value can.
type setting struct {
	me      network.ID
	turn    fork
	seats   []network.ID
	held    map[fork]network.ID
	friends map[network.ID]map[network.ID]bool
	pairs   map[[2]network.ID]int
	peers   []network.ID `explore:"set"`
	last    any
	n       int
	names   map[string]int
}

const philosophers, forks = 3, 2

func tableGroups(t require.TestingT) *groups {
	g, err := newGroups([]Group{{Nodes: []network.ID{1, 2, 3}}, {Of: fork(0), Size: forks}}, 5)
	require.NoError(t, err)
	return g
}

func settings() *rapid.Generator[setting] {
	ids := rapid.Map(rapid.IntRange(-1, 4), func(n int) network.ID { return network.ID(n) })
	fork := rapid.Map(rapid.IntRange(0, forks), func(n int) fork { return fork(n) })
	return rapid.Custom(func(t *rapid.T) setting {
		return setting{
			me: ids.Draw(t, "me"), turn: fork.Draw(t, "turn"), n: rapid.IntRange(0, 1).Draw(t, "n"),
			seats:   rapid.SliceOfN(ids, 0, 3).Draw(t, "seats"),
			peers:   rapid.SliceOfN(ids, 0, 3).Draw(t, "peers"),
			held:    rapid.MapOfN(fork, ids, 0, 2).Draw(t, "held"),
			friends: rapid.MapOfN(ids, rapid.MapOfN(ids, rapid.Bool(), 0, 2), 0, 3).Draw(t, "friends"),
			pairs: rapid.MapOfN(rapid.Custom(func(t *rapid.T) [2]network.ID {
				return [2]network.ID{ids.Draw(t, "a"), ids.Draw(t, "b")}
			}), rapid.IntRange(0, 1), 0, 3).Draw(t, "pairs"),
			last:  rapid.SampledFrom([]any{nil, 1, network.ID(1), network.ID(2)}).Draw(t, "last"),
			names: rapid.MapOfN(rapid.String(), rapid.Int(), 0, 3).Draw(t, "names"),
		}
	})
}

// renaming says what nodes and forks are called instead.
type renaming struct {
	node map[network.ID]network.ID
	fork map[fork]fork
}

func (r renaming) id(id network.ID) network.ID {
	if to, ok := r.node[id]; ok {
		return to
	}
	return id
}

func (r renaming) of(f fork) fork {
	if to, ok := r.fork[f]; ok {
		return to
	}
	return f
}

func (r renaming) setting(s setting) setting {
	to := setting{me: r.id(s.me), turn: r.of(s.turn), n: s.n, names: s.names, last: s.last,
		seats: []network.ID{}, peers: []network.ID{},
		held: map[fork]network.ID{}, friends: map[network.ID]map[network.ID]bool{}, pairs: map[[2]network.ID]int{}}
	for _, id := range s.seats {
		to.seats = append(to.seats, r.id(id))
	}
	for _, id := range s.peers {
		to.peers = append(to.peers, r.id(id))
	}
	slices.Reverse(to.peers)
	for f, id := range s.held {
		to.held[r.of(f)] = r.id(id)
	}
	for a, of := range s.friends {
		to.friends[r.id(a)] = map[network.ID]bool{}
		for b, is := range of {
			to.friends[r.id(a)][r.id(b)] = is
		}
	}
	for p, n := range s.pairs {
		to.pairs[[2]network.ID{r.id(p[0]), r.id(p[1])}] = n
	}
	if id, ok := s.last.(network.ID); ok {
		to.last = r.id(id)
	}
	return to
}

func renamings() *rapid.Generator[renaming] {
	return rapid.Custom(func(t *rapid.T) renaming {
		nodes := rapid.Permutation([]network.ID{1, 2, 3}).Draw(t, "nodes")
		forks := rapid.Permutation([]fork{0, 1}).Draw(t, "forks")
		return renaming{map[network.ID]network.ID{1: nodes[0], 2: nodes[1], 3: nodes[2]},
			map[fork]fork{0: forks[0], 1: forks[1]}}
	})
}

// labels are the names that members have under r.
func (r renaming) labels(g *groups) labels {
	own := make(labels, len(g.of))
	g.name(own)
	l := make(labels, len(g.of))
	for from, to := range r.node {
		l[from-1] = own[to-1]
	}
	for from, to := range r.fork {
		l[philosophers+from] = own[philosophers+to]
	}
	return l
}

func TestAShapeHashesAsTheRenamedValue(t *testing.T) {
	g := tableGroups(t)
	rapid.Check(t, func(t *rapid.T) {
		v, r := settings().Draw(t, "value"), renamings().Draw(t, "renaming")
		before, err := g.shape(nil, []any{"x", &v})
		require.NoError(t, err)
		to := r.setting(v)
		after, err := g.shape(nil, []any{"x", &to})
		require.NoError(t, err)
		require.Equal(t, after.own, before.hash(r.labels(g)))
	})
}

func TestShapesHashAlikeExactlyIfValuesAreAlike(t *testing.T) {
	g := tableGroups(t)
	rapid.Check(t, func(t *rapid.T) {
		v, r := settings().Draw(t, "value"), renamings().Draw(t, "renaming")
		w := r.setting(v)
		a, err := g.shape(nil, v)
		require.NoError(t, err)
		b, err := g.shape(nil, w)
		require.NoError(t, err)
		require.Equal(t, string(encoded(t, v)) == string(encoded(t, w)), a.own == b.own)
		w.n++
		b, err = g.shape(nil, w)
		require.NoError(t, err)
		require.NotEqual(t, a.own, b.own)
	})
}

func TestWhatIsBeforeAShapeCounts(t *testing.T) {
	g := tableGroups(t)
	a, err := g.shape([]byte{1}, network.ID(1))
	require.NoError(t, err)
	b, err := g.shape([]byte{2}, network.ID(1))
	require.NoError(t, err)
	require.NotEqual(t, a.own, b.own)
	require.NotEqual(t, a.blank, b.blank)
}

func TestAShapeKnowsWhomItMentions(t *testing.T) {
	g := tableGroups(t)
	for _, c := range []struct {
		v    any
		want uint64
	}{
		{nil, 0}, {1, 0}, {int32(1), 0}, {uint8(1), 0}, {network.ID(0), 0}, {network.ID(4), 0}, {sim.NoHost, 0},
		{network.ID(1), 1 << 0}, {network.ID(3), 1 << 2}, {fork(1), 1 << 4}, {fork(2), 0},
		{map[network.ID]fork{2: 0, 4: 2}, 1<<1 | 1<<3},
		{[]any{map[string]network.ID{"a": 1}, [2]network.ID{3, 3}}, 1<<0 | 1<<2},
	} {
		s, err := g.shape(nil, c.v)
		require.NoError(t, err)
		require.Equal(t, c.want, s.mentions, "%#v", c.v)
		l := make(labels, len(g.of))
		for m := range g.of {
			g.blank(l)
			l[m] ^= marker
			require.Equal(t, s.hash(l), s.markedBy(m))
		}
	}
}

func TestAShapeOfWhatCannotBeSeenIsRefused(t *testing.T) {
	_, err := tableGroups(t).shape(nil, map[network.ID]func(){1: func() {}})
	require.ErrorIs(t, err, sim.ErrUnencodable)
	require.ErrorContains(t, err, "[1]: a function")
}

func TestGroupsThatMakeNoSenseAreRefused(t *testing.T) {
	var many [maxMembers + 1]network.ID
	for i := range many {
		many[i] = network.ID(i)
	}
	for _, c := range []struct {
		groups []Group
		want   string
	}{
		{[]Group{{Nodes: []network.ID{0, 3}}}, "group 0: node 3, but there are 3"},
		{[]Group{{Nodes: []network.ID{-1}}}, "node -1"},
		{[]Group{{Nodes: []network.ID{0, 1}}, {Nodes: []network.ID{2, 1}}}, "group 1: node 1 is there twice"},
		{[]Group{{Nodes: []network.ID{0, 0}}}, "node 0 is there twice"},
		{[]Group{{Nodes: []network.ID{0}, Size: 2}}, "size 2 of 1 nodes"},
		{[]Group{{Of: 1, Size: 2}}, "values of type int, expected a named integer type"},
		{[]Group{{Of: "x", Size: 2}}, "values of type string"},
		{[]Group{{Of: network.ID(0), Size: 2}}, "values of type sim.HostID"},
		{[]Group{{Of: fork(0), Size: -1}}, "size -1"},
		{[]Group{{Of: fork(0), Size: 1, Nodes: []network.ID{0}}}, "both nodes and values"},
		{[]Group{{Of: fork(0), Size: 1}, {Of: fork(0), Size: 1}}, "type explore.fork is there twice"},
		{[]Group{{Of: fork(0), Size: 65}}, "more than 64 members"},
	} {
		_, err := newGroups(c.groups, 3)
		require.ErrorIs(t, err, ErrModel)
		require.ErrorContains(t, err, c.want)
	}
	_, err := newGroups([]Group{{Nodes: many[:]}}, len(many))
	require.ErrorContains(t, err, "more than 64 members")
	_, err = newGroups([]Group{{Nodes: many[:maxMembers]}, {}}, len(many))
	require.NoError(t, err)
}
