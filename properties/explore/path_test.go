package explore_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

// parcel is a message with a pointer in it, which is at another address in each run.
type parcel struct{ Inside *letterInside }

type letterInside struct{ Text string }

func TestThePathIsToldByContentAndNotByAddress(t *testing.T) {
	m := asked(nil, func(a *actor, _ network.ID, msg any) { a.N++ })
	m.Nodes[1].Boot = acting(func(a *actor) {
		for _, text := range []string{"b", "a"} {
			a.ep.Send(0, parcel{&letterInside{text}})
		}
	}, nil)
	m.Properties = []explore.Property{explore.Always("few", func(s *explore.State) error {
		if s.Node(0).(*actor).N == 2 {
			return errors.New("two")
		}
		return nil
	})}
	for range 10 {
		res, err := explore.Search(m, explore.Config{})
		require.NoError(t, err)
		require.EqualValues(t, 4, res.Unique)
		lines := res.Outcomes[0].Path.Lines()
		require.Len(t, lines, 2)
		require.Contains(t, lines[0], "deliver asker -> subject parcel{Inside: {Text: ")
		require.NotContains(t, lines[0]+lines[1], "0x")
	}
}

// Every step of a path is one of the first state's successors, and so on; the last state is
// the one that the claim is about.
func TestAPathLeadsFromAFirstStateToTheViolation(t *testing.T) {
	m := models.Paxos(models.Harness{Clients: 2, Servers: 3, Bug: models.PaxosBugs()[0].Name})
	res, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, res.Verdict)
	for _, o := range res.Outcomes {
		if o.Verdict != properties.Fail {
			continue
		}
		require.Equal(t, 17, len(o.Path.Steps), "as deep as the note has it")
		require.Equal(t, 18, o.Path.Len())
		require.Equal(t, -1, o.Path.Loop())
		why, err := o.Path.Violates(o.Name)
		require.NoError(t, err)
		require.Equal(t, o.Detail, why)
		for i, st := range o.Path.Steps {
			require.Equal(t, explore.StepDeliver, st.Kind)
			require.Contains(t, o.Path.State(i).Messages(), explore.Envelope{From: st.From, To: st.Node, Msg: st.Msg})
		}
	}
}

func TestAPathIsFoundToWhatHappensSometimesIfAskedFor(t *testing.T) {
	m := models.Paxos(models.Harness{Clients: 2, Servers: 3})
	for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
		for _, examples := range []bool{false, true} {
			res, err := explore.Search(m, explore.Config{Order: order, Examples: examples})
			require.NoError(t, err)
			require.Equal(t, properties.Pass, res.Verdict)
			require.Equal(t, examples, res.Outcomes[0].Path != nil)
			if examples {
				require.Equal(t, 9, res.Outcomes[0].Path.Len(), "a shortest one, in both orders")
			}
		}
	}
}

func TestAPathOfNoneHasNoStates(t *testing.T) {
	var p *explore.Path
	require.Zero(t, p.Len())
}

// Without the memory to look again breadth-first, a depth-first search tells the way that
// it went.
func TestACounterexampleThatCannotBeMadeShortestIsOneAllTheSame(t *testing.T) {
	m := models.SingleCopy(models.Harness{Clients: 3, Servers: 2})
	for _, exact := range []bool{false, true} {
		res, err := explore.Search(m, explore.Config{Order: explore.DepthFirst, Workers: 1, MaxBytes: 1, Exact: exact})
		require.NoError(t, err)
		require.Equal(t, properties.Fail, res.Verdict)
		for _, o := range res.Outcomes {
			if o.Verdict != properties.Fail {
				continue
			}
			require.GreaterOrEqual(t, o.Path.Len(), 5)
			why, err := o.Path.Violates(o.Name)
			require.NoError(t, err)
			require.Equal(t, o.Detail, why)
		}
	}
}
