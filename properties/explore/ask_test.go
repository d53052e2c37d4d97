package explore_test

import (
	"strings"
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

// A bound and a condition are asked for every state and step, so that any search meets them.
func TestABoundOrAGuardThatPanicsIsAnErrorThatNamesIt(t *testing.T) {
	for name, breaks := range map[string]func(*explore.Model){
		`bound "Within"`: func(m *explore.Model) {
			m.Within = func(s *explore.State) bool {
				if s.Messages()[0].From == 0 {
					panic("no good")
				}
				return true
			}
		},
		`bound "Within" at once`: func(m *explore.Model) { m.Within = func(*explore.State) bool { panic("no good") } },
		`condition "Guard"`: func(m *explore.Model) {
			m.Guard = func(_ network.Handler, s explore.Step) bool { panic("no good") }
		},
	} {
		m := models.SingleCopy(models.Harness{Clients: 1, Servers: 1})
		breaks(&m)
		refuses := func(err error) {
			t.Helper()
			require.ErrorIs(t, err, explore.ErrModel, name)
			require.ErrorContains(t, err, strings.TrimSuffix(name, " at once")+" panics: no good, at ask_test.go:", name)
		}
		for _, workers := range []int{1, 4} {
			for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
				_, err := explore.Search(m, explore.Config{Order: order, Workers: workers})
				refuses(err)
			}
		}
		_, err := explore.Search(m, explore.Config{Exact: true})
		refuses(err)
		_, err = explore.Sample(m, explore.SampleConfig{Runs: 10})
		refuses(err)
		w, err := explore.NewWalk(m)
		if err == nil {
			_, err = w.Next([]uint64{w.Initial()[0].Fingerprint})
		}
		refuses(err)
		if m.Guard != nil { // no stateless search has a bound
			_, err = explore.Stateless(m, explore.StatelessConfig{})
			refuses(err)
		}
	}
}

// What is outside of every bound has no end.
func TestABoundThatPanicsEndsASearchWithoutAnEnd(t *testing.T) {
	m := models.Registers("primary-backup", models.Harness{Clients: 2, Servers: 2, Network: explore.Board})
	states := 0
	m.Within = func(*explore.State) bool {
		if states++; states == 1000 {
			panic("no good")
		}
		return true
	}
	for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
		states = 0
		_, err := explore.Search(m, explore.Config{Order: order, Workers: 1, NoStop: true})
		require.ErrorIs(t, err, explore.ErrModel)
		require.Equal(t, 1000, states, "it is not asked again")
	}
}
