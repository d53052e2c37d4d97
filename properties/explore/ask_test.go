package explore_test

import (
	"testing"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"

	"github.com/stretchr/testify/require"
)

// broken are properties of each kind that panic, once the first write has been answered.
func broken() map[string]explore.Property {
	bad := func(s *explore.State) bool {
		if len(s.Messages()) > 0 && s.Messages()[0].From == 0 {
			panic("no good")
		}
		return false
	}
	holds := func(s *explore.State) error { bad(s); return nil }
	var nothing map[string]int
	return map[string]explore.Property{
		"always": explore.Always("bad", holds), "sometimes": explore.Sometimes("bad", bad),
		"eventually": explore.Eventually("bad", bad), "leads to": explore.LeadsTo("bad", bad, func(*explore.State) bool { return false }),
		"at rest":  explore.AtRest("bad", func(s *explore.State) error { panic(s.Node(0)) }),
		"observed": explore.Observed("bad", func(explore.Observer) error { nothing["a"]++; return nil }),
	}
}

// what a panic is told as.
var brokenText = map[string]string{"at rest": "with a *models.", "observed": "assignment to entry in nil map"}

func TestAPropertyThatPanicsIsAnErrorThatNamesIt(t *testing.T) {
	for kind, p := range broken() {
		m := models.SingleCopy(models.Harness{Clients: 1, Servers: 1})
		m.Properties = []explore.Property{p}
		text := brokenText[kind]
		if text == "" {
			text = "no good"
		}
		refuses := func(err error) {
			t.Helper()
			require.ErrorIs(t, err, explore.ErrModel, kind)
			require.ErrorContains(t, err, `property "bad" panics: `+text, kind)
			require.ErrorContains(t, err, "at ask_test.go:", kind)
		}
		for _, workers := range []int{1, 4} {
			for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
				_, err := explore.Search(m, explore.Config{Order: order, Workers: workers})
				refuses(err)
			}
		}
		if p.Kind == explore.KindEventually {
			continue // others do not ask
		}
		_, err := explore.Sample(m, explore.SampleConfig{Runs: 10})
		refuses(err)
		_, err = explore.Stateless(m, explore.StatelessConfig{})
		refuses(err)
		if p.Kind == explore.KindObserved {
			_, err = explore.Stateless(m, explore.StatelessConfig{Replay: true, Clients: []network.ID{1}})
			refuses(err)
		}
	}
}

func TestAPropertyThatPanicsSaysAtWhatDepth(t *testing.T) {
	m := models.SingleCopy(models.Harness{Clients: 1, Servers: 1})
	m.Properties = []explore.Property{broken()["always"]}
	_, err := explore.Search(m, explore.Config{})
	require.ErrorContains(t, err, ", in a state at depth 2")
	_, err = explore.Sample(m, explore.SampleConfig{})
	require.ErrorContains(t, err, ", in a state at depth 2")
}
