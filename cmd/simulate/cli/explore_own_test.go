package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
	"phoenix/properties/scenario"

	"github.com/stretchr/testify/require"
)

// tally counts what it is sent.
type tally struct{ Count int }

func (t *tally) Receive(network.ID, any) { t.Count++ }

// tallying is a model as a program of one's own has it: two of its claims are wrong, have
// nearly the same name and are violated in the same state, with details of two lines.
func tallying() Model {
	return Model{
		Name: "test/tally", About: "what clients send is counted", Takes: []string{"clients", "crashes", "restarts"},
		Build: func(p models.Params) (explore.Model, error) {
			if p.Clients > 9 {
				return explore.Model{}, errors.New("--clients is more than 9")
			}
			m := explore.Model{Faults: explore.Budget{Crashes: p.Crashes, Restarts: p.Restarts, Crashable: []network.ID{0}}}
			m.Nodes = []explore.Node{{Name: "tally", Boot: func(*network.Endpoint) network.Handler { return &tally{} }}}
			for i := range cmp.Or(p.Clients, 2) {
				m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprint("c", i),
					Boot: func(ep *network.Endpoint) network.Handler { ep.Send(0, "one"); return nil }})
			}
			few := func(s *explore.State) error {
				if t, up := s.Node(0).(*tally); up && t.Count > 1 {
					return fmt.Errorf("%d were counted\nexpected 1 at most", t.Count)
				}
				return nil
			}
			m.Properties = []explore.Property{explore.Always("one counted", few), explore.Always("one-counted", few)}
			return m, nil
		},
	}
}

func TestAModelThatCannotBeAsItIsIsNotRegistered(t *testing.T) {
	nameless, buildless, choosy := tallying(), tallying(), tallying()
	nameless.Name, buildless.Build, choosy.Takes = "my tally", nil, []string{"clients", "colour"}
	for want, all := range map[string][]Model{
		"cli: two models are named test/tally":                                        {tallying(), tallying()},
		`cli: model "my tally": expected a name without spaces, and what builds it`:   {nameless},
		`cli: model "test/tally": expected a name without spaces, and what builds it`: {buildless},
		"cli: model test/tally takes --colour, which is no option of models":          {choosy},
	} {
		require.PanicsWithValue(t, want, func() { checkModels(all) })
	}
	require.NotPanics(t, func() { checkModels(append(Models(), tallying())) })
}

func TestWhatIsSaidOfAStatelessSearchIsAboutFlags(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"chang-roberts", "lease", "2pc", "tcommit"} {
		code, stdout, stderr := call(t, context.Background(), scenario.Registers(), "explore", name, "--search", "stateless")
		require.Contains(t, []int{exitPass, exitFail, exitInconclusive}, code)
		require.NotContains(t, stdout+stderr, "Config")
		require.Contains(t, stdout, "with --reduction none all are, and --search bfs visits all states")
	}
}

// What of a detail is not in the table stands below it, if there is no story that ends with it.
func TestAllLinesOfADetailArePrinted(t *testing.T) {
	x := &exploration{flags: &exploreFlags{}}
	x.states = &explore.Result{}
	x.outcomes = []explore.Outcome{{Name: "sound", Kind: explore.KindAlways, Verdict: properties.Inconclusive,
		Detail: "nobody knows\nfor two reasons\nor three\n"}}
	text, err := x.text(newSink(closed{}))
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(string(text), `
  inconclusive  always  sound  nobody knows

sound: nobody knows
  for two reasons
  or three
`), "%s", text)
}

func TestManyCutsAreToldShortly(t *testing.T) {
	var cuts []explore.NamedCut
	for _, want := range []string{"", "a", "a, b", "a, b, c", "a, b, c, d", "a, b, ..., e", "a, b, ..., f"} {
		require.Equal(t, want, cutNames(cuts))
		cuts = append(cuts, explore.NamedCut{Name: string(rune('a' + len(cuts)))})
	}
}

// TestTheExamplesOfExploreWork runs each line of the help that explores or lists models.
func TestTheExamplesOfExploreWork(t *testing.T) {
	if testing.Short() {
		t.Skip("runs whole commands, of which the scripts run the like")
	}
	t.Chdir(t.TempDir())
	ran := 0
	for _, cmd := range newApp(nil, closed{}, closed{}, nil).root().Commands() {
		for line := range strings.Lines(cmd.Example) {
			args := words(line)
			if args[1] != "explore" && args[1] != "list" {
				continue
			}
			ctx, interrupt := context.WithCancel(context.Background())
			if args[len(args)-1] == "--serve" {
				interrupt() // which is how it ends
			}
			code, stdout, stderr := call(t, ctx, scenario.All(), args[1:]...)
			interrupt()
			require.Contains(t, []int{exitPass, exitFail, exitInconclusive}, code, "%s\n%s", line, stderr)
			require.NotEmpty(t, stdout, line)
			ran++
		}
	}
	require.Greater(t, ran, 10)
}
