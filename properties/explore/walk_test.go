package explore_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// post is a node that writes letters to node 1 when its timer fires, and keeps the first two that it gets.
type post struct {
	ep      *network.Endpoint
	sent    int
	got     map[network.ID][]letter
	last    any
	opened  bool
	skipped int `explore:"-"`
	tick    *sim.Timer
}

type letter struct {
	Number int
	hidden string
}

func (p *post) write() {
	p.sent++
	p.ep.Note("writes %d", p.sent)
	p.ep.Send(1, letter{p.sent, "<b>"})
	if p.sent < 2 {
		p.tick.Reset(1)
	}
}

func (p *post) Receive(from network.ID, msg any) {
	p.skipped++
	if len(p.got[from]) == 2 {
		return
	}
	if p.got == nil {
		p.got = map[network.ID][]letter{}
	}
	p.got[from] = append(p.got[from], msg.(letter))
	p.last, p.opened = msg, p.ep.Choose("open", 2) == 1
}

// tally counts what is told.
type tally struct{ Notes int }

func (t *tally) Observe(*explore.Told) { t.Notes++ }

// letters are a writer and a reader, with one fault of each kind.
func letters(net explore.Semantics) explore.Model {
	m := explore.Model{
		Name: "letters", Network: net,
		Nodes: []explore.Node{{Name: "writer", Boot: func(ep *network.Endpoint) network.Handler {
			p := &post{ep: ep}
			p.tick = ep.Timer("tick", p.write)
			p.tick.Reset(1)
			return p
		}}, {Name: "reader", Boot: func(ep *network.Endpoint) network.Handler { return &post{ep: ep} }}},
		Observe: func() explore.Observer { return &tally{} },
		Faults: explore.Budget{Crashes: 1, Restarts: 1, Drops: 1, Duplicates: 1, Partitions: 1,
			Crashable: []network.ID{1},
			Cuts:      []explore.NamedCut{{Name: "split", Cut: network.Cut{{0, 1}}}}},
		Properties: []explore.Property{
			explore.Always("nothing is opened", func(s *explore.State) error {
				if p, ok := s.Node(1).(*post); ok && p.opened {
					return errors.New("a letter is open")
				}
				return nil
			}),
			explore.Sometimes("the reader is down", func(s *explore.State) bool { return !s.Up(1) }),
			explore.AtRest("both were written", func(s *explore.State) error {
				if n := s.Node(0).(*post).sent; n != 2 {
					return fmt.Errorf("%d were", n)
				}
				return nil
			}),
			explore.Observed("few notes", func(explore.Observer) error { return nil }),
		},
	}
	m.Faults = permitted(m)
	return m
}

func walkOf(t *testing.T, m explore.Model) *explore.Walk {
	t.Helper()
	w, err := explore.NewWalk(m)
	require.NoError(t, err)
	return w
}

// take goes on from a path by the steps with these words in their lines, one after another.
func take(t *testing.T, w *explore.Walk, words ...string) []uint64 {
	t.Helper()
	path := []uint64{w.Initial()[0].Fingerprint}
	for _, word := range words {
		next, err := w.Next(path)
		require.NoError(t, err)
		i := slices.IndexFunc(next, func(s explore.Stop) bool { return strings.Contains(s.Line, word) })
		require.GreaterOrEqual(t, i, 0, "%q in %v", word, next)
		path = append(path, next[i].Fingerprint)
	}
	return path
}

func sceneOf(t *testing.T, w *explore.Walk, path []uint64) *explore.Scene {
	t.Helper()
	p, err := w.Path(path)
	require.NoError(t, err)
	scene, err := p.Scene(p.Len() - 1)
	require.NoError(t, err)
	return scene
}

// The letters, as they are told.
const (
	first  = "letter{Number: 1, hidden: <b>}"
	second = "letter{Number: 2, hidden: <b>}"
)

// changed is a field without parts that has changed.
func changed(name, was, is string) explore.Field {
	return explore.Field{Name: name, Text: is, Change: "changed", Was: was}
}

// find returns the field of that name.
func find(t *testing.T, fields []explore.Field, name string) explore.Field {
	t.Helper()
	i := slices.IndexFunc(fields, func(f explore.Field) bool { return f.Name == name })
	require.GreaterOrEqual(t, i, 0, "%s in %v", name, fields)
	return fields[i]
}

func TestAWalkReachesTheStatesThatASearchCounts(t *testing.T) {
	bounded, err := models.All()[0].Build(models.Params{RMs: 2})
	require.NoError(t, err)
	within := letters(explore.NonDuplicating)
	within.Within = func(s *explore.State) bool { return len(s.Messages()) < 2 }
	for _, m := range []explore.Model{bounded, models.DieHard(),
		letters(explore.NonDuplicating), letters(explore.Ordered), letters(explore.Duplicating), letters(explore.Board), within} {
		res, err := explore.Search(m, explore.Config{NoStop: true})
		require.NoError(t, err)
		w := walkOf(t, m)
		paths := [][]uint64{}
		seen := map[uint64]bool{}
		add := func(path []uint64, stops []explore.Stop) {
			for _, s := range stops {
				if !seen[s.Fingerprint] {
					seen[s.Fingerprint] = true
					paths = append(paths, append(slices.Clone(path), s.Fingerprint))
				}
			}
		}
		add(nil, w.Initial())
		for i := 0; i < len(paths); i++ {
			next, err := w.Next(paths[i])
			require.NoError(t, err)
			add(paths[i], next)
		}
		require.Equal(t, int(res.Unique), len(seen), "%s %v", m.Name, m.Network)
	}
}

func TestACounterexampleOfASearchCanBeWalked(t *testing.T) {
	m := models.DieHard()
	res, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	found := res.Outcomes[0].Path
	p, err := walkOf(t, m).Path(found.Fingerprints())
	require.NoError(t, err)
	require.Equal(t, 7, p.Len())
	require.Equal(t, found.Fingerprints(), p.Fingerprints())
	require.Equal(t, found.Lines(), p.Lines())
	scene, err := p.Scene(6)
	require.NoError(t, err)
	require.Equal(t, []explore.Claim{{Name: "not 4 gallons", Kind: "always", Status: "violated",
		Detail: "four gallons are in the big jug"}}, scene.Claims)
}

func TestFingerprintsDoNotDependOnWhatWasLookedAtBefore(t *testing.T) {
	m := letters(explore.NonDuplicating)
	direct, strolled := walkOf(t, m), walkOf(t, m)
	take(t, strolled, "crash", "restart", "tick", "tick", "split")
	words := []string{"tick", "duplicate", "choosing [1]", "tick", "crash reader", "drop"}
	require.Equal(t, take(t, direct, words...), take(t, strolled, words...))
}

func TestAPathThatLeadsNowhereIsRefusedWithThePlace(t *testing.T) {
	w := walkOf(t, letters(explore.NonDuplicating))
	path := take(t, w, "tick", "tick")
	for _, c := range []struct {
		path []uint64
		want string
	}{
		{nil, "an empty path, expected the fingerprint of an initial state"},
		{[]uint64{0xab}, "place 1 of the path of 1, 00000000000000ab: it is not an initial state"},
		{[]uint64{path[0], path[2], path[1]}, "place 2 of the path of 3"},
		{append(slices.Clone(path), 0xcd), "place 4 of the path of 4, 00000000000000cd: no step of this model"},
	} {
		_, err := w.Path(c.path)
		require.ErrorIs(t, err, explore.ErrNoState)
		require.ErrorContains(t, err, c.want)
		if len(c.path) > 0 {
			_, err = w.Next(c.path)
			require.ErrorIs(t, err, explore.ErrNoState)
		}
	}
}

func TestAModelThatCannotBeExploredCannotBeWalked(t *testing.T) {
	_, err := explore.NewWalk(explore.Model{})
	require.ErrorIs(t, err, explore.ErrModel)
}

func TestStepsAreInOrderOfNodesAndToldByContent(t *testing.T) {
	w := walkOf(t, letters(explore.NonDuplicating))
	next, err := w.Next(take(t, w, "tick"))
	require.NoError(t, err)
	var lines []string
	for _, s := range next {
		lines = append(lines, s.Line)
	}
	require.Equal(t, []string{
		"cut split",
		`timer "tick" of writer`,
		"deliver writer -> reader letter{Number: 1, hidden: <b>} choosing [0]",
		"deliver writer -> reader letter{Number: 1, hidden: <b>} choosing [1]",
		"crash reader",
		"drop writer -> reader letter{Number: 1, hidden: <b>}",
		"duplicate writer -> reader letter{Number: 1, hidden: <b>}",
	}, lines)
	require.Equal(t, "letter{Number: 1, hidden: <b>}", next[2].About)
	require.Equal(t, "tick", next[1].About)
}

// twin has two timers that do the same.
type twin struct{ fired bool }

func (*twin) Receive(network.ID, any) {}

func TestStepsToOneStateAreOneStop(t *testing.T) {
	w := walkOf(t, explore.Model{Nodes: []explore.Node{{Name: "twin", Boot: func(ep *network.Endpoint) network.Handler {
		n := &twin{}
		var left, right *sim.Timer
		fire := func() { n.fired = true; left.Stop(); right.Stop() }
		left, right = ep.Timer("left", fire), ep.Timer("right", fire)
		left.Reset(1)
		right.Reset(1)
		return n
	}}}})
	next, err := w.Next(take(t, w))
	require.NoError(t, err)
	require.Len(t, next, 1)
	require.Equal(t, `timer "left" of twin`, next[0].Line)
	require.Equal(t, []string{`timer "right" of twin`}, next[0].Others)
	p, err := w.Path([]uint64{w.Initial()[0].Fingerprint, next[0].Fingerprint})
	require.NoError(t, err)
	require.Equal(t, []string{next[0].Line}, p.Lines())
}

func TestInitialStatesAreToldApart(t *testing.T) {
	w := walkOf(t, explore.Model{Nodes: []explore.Node{{Name: "n", Boot: func(ep *network.Endpoint) network.Handler {
		return &twin{fired: ep.Choose("fired", 2) == 1}
	}}}})
	next, err := w.Next(nil)
	require.NoError(t, err)
	require.Equal(t, w.Initial(), next)
	require.Len(t, next, 2)
	require.Less(t, next[0].Fingerprint, next[1].Fingerprint)
	require.Equal(t, "boot, way 2 of 2", next[1].Line)
}

func TestASceneTellsWhatTheLastStepChanged(t *testing.T) {
	w := walkOf(t, letters(explore.NonDuplicating))
	scene := sceneOf(t, w, take(t, w, "tick"))
	writer := scene.Nodes[0]
	require.True(t, writer.Acted && writer.Up)
	require.Equal(t, changed("sent", "0", "1"), find(t, writer.Fields, "sent"))
	require.Equal(t, []explore.Field{{Name: "tick"}}, writer.Timers)
	require.False(t, scene.Nodes[1].Acted)
	require.Equal(t, []explore.MessageScene{{From: "writer", To: "reader", Text: first, Copies: 1, New: true}}, scene.Messages)
	require.Equal(t, []explore.Field{changed("Notes", "0", "1")}, scene.Observer)
	for _, f := range writer.Fields {
		require.NotContains(t, []string{"ep", "tick", "skipped"}, f.Name, "no state")
	}

	scene = sceneOf(t, w, take(t, w, "tick", "tick", "Number: 2, hidden: <b>} choosing [1]"))
	require.Equal(t, []explore.Field{}, append([]explore.Field{}, scene.Nodes[0].Timers...), "it was gone before")
	got := find(t, scene.Nodes[1].Fields, "got")
	require.Equal(t, "changed", got.Change)
	require.Equal(t, "[writer]", got.Parts[0].Name)
	require.Equal(t, "new", got.Parts[0].Change)
	require.Equal(t, explore.Field{Name: "hidden", Text: "<b>"}, got.Parts[0].Parts[0].Parts[1])
	require.Equal(t, second, find(t, scene.Nodes[1].Fields, "last").Text)
	require.Equal(t, changed("opened", "false", "true"), find(t, scene.Nodes[1].Fields, "opened"))
	require.Equal(t, explore.Claim{Name: "nothing is opened", Kind: "always", Status: "violated",
		Detail: "a letter is open"}, scene.Claims[0])
	scene = sceneOf(t, w, take(t, w, "tick", "tick"))
	require.Equal(t, []explore.Field{{Name: "tick", Change: "gone"}}, scene.Nodes[0].Timers)
}

func TestASceneTellsOfFaultsAndOfRest(t *testing.T) {
	w := walkOf(t, letters(explore.NonDuplicating))
	scene := sceneOf(t, w, take(t, w, "tick", "tick", "drop", "duplicate", "split", "crash"))
	require.False(t, scene.Nodes[1].Up)
	require.Nil(t, scene.Nodes[1].Fields)
	require.Equal(t, 2, scene.Messages[0].Copies)
	require.Equal(t, changed("crashes", "1 of 1 left", "0 of 1 left"), find(t, scene.Faults, "crashes"))
	require.Equal(t, explore.Field{Name: "partition", Text: "split"}, find(t, scene.Faults, "partition"))
	require.Equal(t, "happens", scene.Claims[1].Status)
	require.Equal(t, "not asked of such a state", scene.Claims[2].Status)
	require.Equal(t, "holds", scene.Claims[3].Status)
	require.False(t, scene.Rest, "the partition ends at some time")

	scene = sceneOf(t, w, take(t, w, "tick", "tick", "crash"))
	require.True(t, scene.Rest)
	require.Equal(t, "holds", scene.Claims[2].Status)
}

func TestACourseFollowsEachMessage(t *testing.T) {
	w := walkOf(t, letters(explore.NonDuplicating))
	p, err := w.Path(take(t, w, "tick", "duplicate", "tick", "drop writer -> reader "+first, second+" choosing [0]"))
	require.NoError(t, err)
	c, err := p.Course()
	require.NoError(t, err)
	require.Equal(t, []explore.Flight{
		{From: 0, To: 1, Text: first, Sent: 1, Done: 4, How: explore.StepDrop},
		{From: 0, To: 1, Text: second, Sent: 3, Done: 5, How: explore.StepDeliver},
		{From: 0, To: 1, Text: first, Sent: 1},
	}, c.Flights)
	require.Equal(t, []explore.Telling{{Node: 0, Step: 1, Text: "notes writes 1"},
		{Node: 0, Step: 3, Text: "notes writes 2"}}, c.Tellings)

	w = walkOf(t, letters(explore.Duplicating))
	p, err = w.Path(take(t, w, "tick", "choosing [0]", "choosing [1]"))
	require.NoError(t, err)
	c, err = p.Course()
	require.NoError(t, err)
	require.Equal(t, []explore.Flight{
		{From: 0, To: 1, Text: first, Sent: 1, Done: 2, How: explore.StepDeliver},
		{From: 0, To: 1, Text: first, Sent: 1, Done: 3, How: explore.StepDeliver},
	}, c.Flights)
}

func TestPathsOfEverySearchCanBeWalked(t *testing.T) {
	for _, c := range []struct {
		model  string
		params models.Params
		cfg    explore.Config
		paths  int
	}{
		{"2pc", models.Params{RMs: 3}, explore.Config{Symmetry: true, Examples: true}, 2},
		{"raft", models.Params{Bug: "double-vote"}, explore.Config{Symmetry: true}, 1},
		{"increment", models.Params{}, explore.Config{Order: explore.DepthFirst, Workers: 1}, 1},
		{"increment", models.Params{}, explore.Config{Exact: true}, 1},
		{"commit-crash", models.Params{}, explore.Config{NoStop: true}, 2}, // one of something that never happens
	} {
		i := slices.IndexFunc(models.All(), func(e models.Entry) bool { return e.Name == c.model })
		m, err := models.All()[i].Build(c.params)
		require.NoError(t, err)
		res, err := explore.Search(m, c.cfg)
		require.NoError(t, err)
		w := walkOf(t, m)
		paths := 0
		for _, o := range res.Outcomes {
			if o.Path == nil {
				continue
			}
			paths++
			p, err := w.Path(o.Path.Fingerprints())
			require.NoError(t, err, "%s: %s", c.model, o.Name)
			require.Equal(t, o.Path.Len(), p.Len())
			_, err = p.Course()
			require.NoError(t, err)
			for i := range p.Len() {
				_, err := p.Scene(i)
				require.NoError(t, err)
			}
		}
		require.Equal(t, c.paths, paths, c.model)
	}
}
