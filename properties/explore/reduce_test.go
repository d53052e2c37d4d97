package explore

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/network"
	"phoenix/properties"
)

// see explores the random model of a seed. It returns nil if that has too many states.
func see(t require.TestingT, seed uint64, cfg Config, check provisos) (*sights, Result) {
	r := rand.New(rand.NewPCG(seed, 0))
	m, seen := randomLottery(r).model(r)
	cfg.NoStop, cfg.MaxStates = true, 5000
	sys, err := newSystem(m, false)
	require.NoError(t, err)
	s, err := newSearch(sys, cfg)
	require.NoError(t, err)
	s, err = s.explore(check)
	require.NoError(t, err)
	result, err := s.result()
	require.NoError(t, err)
	require.Empty(t, result.Unreduced)
	if result.Limit != "" {
		return nil, result
	}
	for _, o := range result.Outcomes {
		seen.verdicts = append(seen.verdicts, o.Name+" "+o.Verdict.String())
	}
	return seen, result
}

// lost returns what a search with less than all provisos does not see of a random model,
// and how many states it saves.
func lost(t require.TestingT, seed uint64, check provisos) (what string, saved uint64) {
	all, full := see(t, seed, Config{Workers: 1}, allProvisos)
	if all == nil {
		return "", 0
	}
	some, fewer := see(t, seed, Config{Workers: 1, PartialOrder: true}, check)
	require.NotNil(t, some)
	require.LessOrEqual(t, fewer.Unique, full.Unique)
	switch {
	case len(all.rests) != len(some.rests):
		what = "a state at rest"
	case len(all.views) != len(some.views):
		what = "something that is read"
	}
	if what == "" { // what is seen with fewer steps is seen with all
		require.Equal(t, all.rests, some.rests)
		require.Equal(t, all.views, some.views)
		require.Equal(t, all.verdicts, some.verdicts)
		require.Equal(t, full.Terminal, fewer.Terminal)
	}
	return what, full.Unique - fewer.Unique
}

func TestPartialOrderLosesNothingThatIsSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		what, _ := lost(t, rapid.Uint64().Draw(t, "seed"), allProvisos)
		require.Empty(t, what)
	})
}

func TestPartialOrderSavesStates(t *testing.T) {
	models, states := 0, uint64(0)
	for seed := range uint64(200) {
		what, saved := lost(t, seed, allProvisos)
		require.Empty(t, what)
		states += saved
		if saved > 0 {
			models++
		}
	}
	require.Equal(t, [2]uint64{74, 2143}, [2]uint64{uint64(models), states})
}

func TestPartialOrderCountsAlikeWithAnyWorkersAndInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		one, first := see(t, seed, Config{Workers: 1, PartialOrder: true}, allProvisos)
		if one == nil {
			return
		}
		for _, cfg := range []Config{{Workers: 4}, {Order: DepthFirst, Workers: 1}, {Order: DepthFirst, Workers: 4},
			{Exact: true, Workers: 2}} {
			cfg.PartialOrder = true
			again, r := see(t, seed, cfg, allProvisos)
			require.Equal(t, [4]uint64{first.Unique, first.Generated, first.Terminal, uint64(first.Rounds)},
				[4]uint64{r.Unique, r.Generated, r.Terminal, uint64(r.Rounds)}, "%+v", cfg)
			require.Equal(t, one.rests, again.rests)
			require.Equal(t, one.views, again.views)
		}
	})
}

// Each proviso is dropped in turn, and something is lost then.
func TestEachProvisoIsNeeded(t *testing.T) {
	for _, dropped := range []struct {
		proviso provisos
		seed    uint64
		lost    string
	}{
		{provisoC1, 1, "a state at rest"},
		{provisoC2, 0, "something that is read"},
		{provisoC3, 5, "something that is read"},
		{provisoKnown, 1, "a state at rest"},
	} {
		what, _ := lost(t, dropped.seed, allProvisos)
		require.Empty(t, what)
		what, _ = lost(t, dropped.seed, allProvisos&^dropped.proviso)
		require.Equal(t, dropped.lost, what)
	}
}

// listener is a node that tells something when it is sent anything.
type listener struct{ ep *network.Endpoint }

func (n listener) Receive(network.ID, any) { n.ep.Note("heard") }

// bell rings itself for ever.
type bell struct{ ep *network.Endpoint }

func (b bell) Receive(_ network.ID, msg any) { b.ep.Send(b.ep.ID(), msg) }

func TestWhatGoesRoundForEverDoesNotMakeOthersWait(t *testing.T) {
	ringing := func(ep *network.Endpoint) network.Handler {
		ep.Send(ep.ID(), "ring")
		return bell{ep}
	}
	telling := func(ep *network.Endpoint) network.Handler {
		ep.Send(ep.ID(), "tell")
		return listener{ep}
	}
	m := Model{Nodes: []Node{{"bell", ringing}, {"teller", telling}}, Observe: func() Observer { return &firsts{} },
		Properties: []Property{Observed("silent", func(o Observer) error {
			if len(o.(*firsts).Order) > 0 {
				return errTold
			}
			return nil
		})}}
	r, err := Search(m, Config{PartialOrder: true})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, r.Verdict)
	require.Equal(t, 2, r.Outcomes[0].Path.Len())
}

var errTold = errors.New("something was told")

func TestModelsThatCannotBeReducedSayWhy(t *testing.T) {
	node := []Node{{"n", func(ep *network.Endpoint) network.Handler { return listener{ep} }}}
	fine := func(*State) error { return nil }
	happens := func(*State) bool { return true }
	for _, c := range []struct {
		m    Model
		cfg  Config
		says string
	}{
		{Model{Network: Duplicating}, Config{}, "delivered last"},
		{Model{Network: Board, Lossy: true}, Config{}, "off the board"},
		{Model{Within: happens}, Config{}, "bound on states"},
		{Model{Timed: &Timed{Tick: 1, Max: 2}}, Config{}, "time passes"},
		{Model{Symmetric: []Group{{Nodes: []network.ID{0}}}}, Config{Symmetry: true}, "symmetry"},
		{Model{Properties: []Property{Eventually("late", happens)}}, Config{}, `"late" is to happen eventually`},
		{Model{Properties: []Property{Always("fine", fine)}}, Config{}, `"fine" does not declare what it reads`},
		{Model{Properties: []Property{Sometimes("fine", happens)}}, Config{}, `"fine" does not declare what it reads`},
		{Model{Properties: []Property{Always("fine", fine).Reads(), AtRest("rest", fine)}}, Config{}, ""},
	} {
		c.m.Nodes, c.cfg.PartialOrder = node, true
		r, err := Search(c.m, c.cfg)
		require.NoError(t, err)
		require.Contains(t, r.Unreduced, c.says)
		require.Equal(t, c.says == "", r.Unreduced == "")
		require.Equal(t, c.says == "", r.Rounds > 0)
	}
}
