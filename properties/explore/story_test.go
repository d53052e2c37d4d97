package explore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"

	"github.com/stretchr/testify/require"
)

// violated explores a model and returns what is violated.
func violated(t testing.TB, m explore.Model) explore.Outcome {
	t.Helper()
	r, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	for _, o := range r.Outcomes {
		if o.Verdict == properties.Fail {
			return o
		}
	}
	require.Fail(t, "nothing is violated")
	return explore.Outcome{}
}

// told returns the story and the lanes of a path, each after a line break.
func told(t testing.TB, p *explore.Path) (story, lanes string) {
	t.Helper()
	s, err := p.Story()
	require.NoError(t, err)
	l, err := p.Lanes()
	require.NoError(t, err)
	for _, line := range append(s, l...) {
		require.LessOrEqual(t, utf8.RuneCountInString(line), 120, line)
	}
	return "\n" + strings.Join(s, "\n"), "\n" + strings.Join(l, "\n")
}

func TestAStoryTellsWhatIsDeliveredWhatComesOfItAndWhatChanges(t *testing.T) {
	o := violated(t, models.SingleCopy(models.Harness{Clients: 2, Servers: 2}))
	story, _ := told(t, o.Path)
	require.Equal(t, `
0  c2  starts, invokes write x 65, sends #2 put A to s0
0  c3  starts, invokes write x 66, sends #3 put B to s1
1  s0  receives #2 put A from c2 (0), answers #2 put ok  [value: nothing -> A]
2  c2  receives #2 put ok from s0 (1), returns ok 65, invokes read x, sends #4 get to s1
         [awaiting: #2 -> #4; begun: 1 -> 2; number: 1 -> 2]
3  s1  receives #4 get from c2 (2), answers #4 get ok: nothing
4  c2  receives #4 get ok: nothing from s1 (3), returns ok absent  [awaiting: #4 -> #0; number: 2 -> 0]`, story)
	require.Equal(t, 3, o.Path.Switches())
	require.Equal(t, "read of x returned nil after 65 was acknowledged", o.Detail)
}

func TestLanesDrawAnArrowForEachDelivery(t *testing.T) {
	_, lanes := told(t, violated(t, models.SingleCopy(models.Harness{Clients: 2, Servers: 2})).Path)
	require.Equal(t, `
      s0       s1       c2       c3
0      |        |        o        |      c2 invokes write x 65
0      |        |        |        o      c3 invokes write x 66
1      |<----------------|        |      #2 put A (0)
2      |---------------->|        |      #2 put ok (1); c2 returns ok 65; c2 invokes read x
3      |        |<-------|        |      #4 get (2)
4      |        |------->|        |      #4 get ok: nothing (3); c2 returns ok absent`, lanes)
}

func TestANodeThatGoesOnIsNotNamedAgain(t *testing.T) {
	story, _ := told(t, violated(t, models.DieHard()).Path)
	require.Equal(t, `
1  jugs  timer "fill big" fires  [big: 0 -> 5]
2        timer "big to small" fires  [small: 0 -> 3; big: 5 -> 2]
3        timer "empty small" fires  [small: 3 -> 0]
4        timer "big to small" fires  [small: 0 -> 2; big: 2 -> 0]
5        timer "fill big" fires  [big: 0 -> 5]
6        timer "big to small" fires  [small: 2 -> 3; big: 5 -> 4]`, story)
}

func TestAStoryWithManyWordsIsBrokenIntoLines(t *testing.T) {
	story, _ := told(t, violated(t, models.Paxos(models.Harness{Clients: 2, Servers: 3, Bug: "accept-any-ballot"})).Path)
	require.Greater(t, strings.Count(story, "\n"), 17+2)
}

// ward is a node to which everything happens: Anna sends two letters, Bert chooses what he
// thinks of them.
type ward struct {
	ep   *network.Endpoint
	seen map[string]bool
	log  []string
	last *missive
}

// missive is a message without a String method.
type missive struct {
	Text string
	from network.ID
	Tags map[string]int
}

func (w *ward) Receive(_ network.ID, msg any) {
	n := msg.(missive)
	if n.Text == "bad" {
		panic("cannot bear it")
	}
	w.seen[n.Text] = true
	w.log = append(w.log, [...]string{"fine", "odd"}[w.ep.Choose("opinion", 2)])
	w.last = &n
	w.ep.Note("has %d", len(w.log))
}

// fateful is a model with a property that holds until the state that a story is to end in.
func fateful(semantics explore.Semantics, faults explore.Budget, end func(*explore.State) bool) explore.Model {
	boot := func(ep *network.Endpoint) network.Handler {
		switch {
		case ep.ID() == 0 && ep.Boots() == 0:
			ep.Send(1, missive{Text: "one", from: ep.ID(), Tags: map[string]int{"b": 2, "a": 1}})
			ep.Send(1, missive{Text: "two\n", from: ep.ID()})
		case ep.ID() == 0:
			ep.Send(1, missive{Text: "bad", from: ep.ID()})
		}
		return &ward{ep: ep, seen: map[string]bool{}}
	}
	return explore.Model{
		Name: "fateful", Network: semantics, Faults: faults, Observe: explore.NewHistory,
		Nodes: []explore.Node{{Name: "anna", Boot: boot}, {Name: "bert", Boot: boot}},
		Properties: []explore.Property{explore.Always("not the end", func(s *explore.State) error {
			if end(s) {
				return errors.New("it has come to that")
			}
			return nil
		})},
	}
}

func bert(s *explore.State) *ward {
	w, _ := s.Node(1).(*ward)
	return w
}

func TestValuesAreToldByTheirContentAndChoicesByTheirAnswers(t *testing.T) {
	story, lanes := told(t, violated(t, fateful(explore.NonDuplicating, explore.Budget{}, func(s *explore.State) bool {
		return bert(s).seen["one"] && bert(s).log[0] == "odd"
	})).Path)
	require.Equal(t, `
0  anna  starts, sends missive{Text: one, from: anna, Tags: {a: 1, b: 2}} to bert, sends missive{Text: "two\n", from:
           anna, Tags: {}} to bert
1  bert  receives missive{Text: one, from: anna, Tags: {a: 1, b: 2}} from anna (0), choosing 1, notes has 1
           [seen gets one; log: [] -> [odd]; last: nil -> {Text: one, from: anna, Tags: {a: 1, b: 2}}]`, story)
	require.Equal(t, `
     anna     bert
1      |------->|      missive{Text: one, from: anna, Tags: {a: 1, b: 2}} (0); bert notes has 1`, lanes)
}

func TestCrashesRestartsAndPanicsAreTold(t *testing.T) {
	faults := explore.Budget{Crashes: 1, Restarts: 1, Crashable: []network.ID{0}}
	story, lanes := told(t, violated(t, fateful(explore.NonDuplicating, faults, func(s *explore.State) bool {
		return !s.Up(1)
	})).Path)
	require.Regexp(t, `^
0  anna  starts, sends .* to bert, sends .*
 .*
1  anna  crashes
2        starts again, sends missive{Text: bad, from: anna, Tags: {}} to bert
3  bert  receives missive{Text: bad, .*} from anna \(2\), and its code panics: cannot bear it at
           .*\(\*ward\).Receive \(.*\)$`, story)
	require.Equal(t, `
     anna     bert
1      x        |      crash
2      o        |      restart
3      |------->x      missive{Text: bad, from: anna, Tags: {}} (2); panic`, lanes)
}

func TestLossesCopiesAndPartitionsAreTold(t *testing.T) {
	faults := explore.Budget{Drops: 1, Duplicates: 1, Partitions: 1,
		Cuts: []explore.NamedCut{{Name: "no way", Cut: network.OneWay([]network.ID{0}, []network.ID{1})}}}
	story, lanes := told(t, violated(t, fateful(explore.Ordered, faults, func(s *explore.State) bool {
		return s.Cut() != "" && len(bert(s).log) == 2 && len(s.Messages()) == 0 && bert(s).log[1] == "odd" && !bert(s).seen["one"]
	})).Path)
	require.Equal(t, `
0  anna     starts, sends missive{Text: one, from: anna, Tags: {a: 1, b: 2}} to bert, sends missive{Text: "two\n",
              from: anna, Tags: {}} to bert
1  bert     never gets missive{Text: one, from: anna, Tags: {a: 1, b: 2}} from anna (0): it is lost
2           may get missive{Text: "two\n", from: anna, Tags: {}} from anna (0) once more: it is doubled
3           receives missive{Text: "two\n", from: anna, Tags: {}} from anna (0), choosing 0, notes has 1
              [seen gets "two\n"; log: [] -> [fine]; last: nil -> {Text: "two\n", from: anna, Tags: {}}]
4           receives missive{Text: "two\n", from: anna, Tags: {}} from anna (0), choosing 1, notes has 2
              [log: [fine] -> [fine, odd]]
5  network  partition "no way" begins`, story)
	require.Equal(t, `
     anna     bert
1      |-------x|      lost: missive{Text: one, from: anna, Tags: {a: 1, b: 2}} (0)
2      |=======>|      doubled: missive{Text: "two\n", from: anna, Tags: {}} (0)
3      |------->|      missive{Text: "two\n", from: anna, Tags: {}} (0); bert notes has 1
4      |------->|      missive{Text: "two\n", from: anna, Tags: {}} (0); bert notes has 2
5  ~~~~|~~~~~~~~|~~~~  partition: no way`, lanes)
}

func TestManyNodesAreDrawnInNarrowLanesAndOnlyIfTheyTakePart(t *testing.T) {
	for _, c := range []struct {
		nodes  int
		drawn  int // lanes
		header int // lines of names
	}{{3, 3, 1}, {12, 12, 1}, {20, 20, 2}, {28, 28, 2}, {40, 2, 1}} {
		m := fateful(explore.NonDuplicating, explore.Budget{}, func(s *explore.State) bool { return len(bert(s).log) > 0 })
		for i := 2; i < c.nodes; i++ {
			m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprintf("n%d", i), Boot: func(ep *network.Endpoint) network.Handler {
				return &ward{ep: ep}
			}})
		}
		_, lanes := told(t, violated(t, m).Path)
		lines := strings.Split(lanes, "\n")[1:]
		require.Len(t, lines, c.header+1, "%d nodes", c.nodes)
		row := strings.ReplaceAll(lines[c.header], ">|", "|")
		require.Equal(t, c.drawn, strings.Count(row[:strings.Index(row, "missive")], "|"), "%d nodes", c.nodes)
	}
}

// What a client sends to the server that has just answered is its next request, whether it
// tells somebody of the answer or not.
func TestOnlyAMessageBackByANodeThatTellsNothingIsAnAnswerAndNotToAnAnswer(t *testing.T) {
	for _, listening := range []bool{true, false} {
		m := models.SingleCopy(models.Harness{Clients: 1, Servers: 1})
		want := []string{
			"0  c1  starts, invokes write x 65, sends #1 put A to s0",
			"1  s0  receives #1 put A from c1 (0), answers #1 put ok  [value: nothing -> A]",
			"2  c1  receives #1 put ok from s0 (1), returns ok 65, invokes read x, sends #2 get to s0",
		}
		if !listening {
			m.Observe, m.Properties = nil, nil
			want[0], want[2] = "0  c1  starts, sends #1 put A to s0", "2  c1  receives #1 put ok from s0 (1), sends #2 get to s0"
		}
		w, err := explore.NewWalk(m)
		require.NoError(t, err)
		path := []uint64{w.Initial()[0].Fingerprint}
		for range 2 {
			next, err := w.Next(path)
			require.NoError(t, err)
			path = append(path, next[0].Fingerprint)
		}
		p, err := w.Path(path)
		require.NoError(t, err)
		story, err := p.Story()
		require.NoError(t, err)
		for i, line := range want {
			require.True(t, strings.HasPrefix(story[i], line), story[i])
		}
	}
}
