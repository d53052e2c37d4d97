package explore

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/sim"
)

// hoarder keeps what it is given in memory that it shares with its messages, within itself
// and with a function of its timer. Along every path it keeps to the rule that nobody changes
// what was sent; between paths it does not.
type hoarder struct {
	ep    *network.Endpoint
	log   []int
	last  *int // in log
	seen  map[int][]int
	retry *sim.Timer
	clone bool // of what it sends
}

type parcel struct{ Items []int }

func hoarding(clone, led bool, size int) Model {
	boot := func(ep *network.Endpoint) network.Handler {
		h := &hoarder{ep: ep, seen: map[int][]int{}, log: make([]int, 0, 8), clone: clone}
		h.retry = ep.Timer("retry", func() { h.Receive(ep.ID(), parcel{[]int{9}}) })
		h.retry.Reset(sim.Duration(5))
		return h
	}
	if led {
		inner := boot
		boot = func(ep *network.Endpoint) network.Handler {
			return &ledHoarder{hoarder: inner(ep).(*hoarder), ran: new(int)}
		}
	}
	sender := func(ep *network.Endpoint) network.Handler {
		for i := range size {
			ep.Send(0, parcel{[]int{i}})
		}
		return quiet{}
	}
	return Model{Nodes: []Node{{Name: "hoarder", Boot: boot}, {Name: "sender", Boot: sender}}}
}

type quiet struct{}

func (quiet) Receive(network.ID, any) {}

// ledHoarder has a field that keeps it from being taken back.
type ledHoarder struct {
	*hoarder
	ran *int `explore:"-"`
}

func (h *hoarder) Receive(_ network.ID, msg any) {
	p := msg.(parcel)
	h.log = append(h.log, p.Items...)
	h.last = &h.log[len(h.log)-1]
	if len(h.log) > 1 {
		*h.last += h.log[len(h.log)-2] // nobody has it yet
	}
	h.seen[*h.last] = h.log[:1]
	if *h.last%2 == 0 {
		h.retry.Reset(sim.Duration(5))
	}
	if len(h.log)%3 != 0 {
		return // it can be taken back
	}
	items := h.log
	if h.clone {
		items = slices.Clone(items)
	}
	h.ep.Send(1, parcel{items})
}

func TestMemoryThatIsSharedWithMessagesSurvivesThatANodeIsTakenBack(t *testing.T) {
	want, err := Search(hoarding(true, true, 4), Config{Workers: 1, NoStop: true})
	require.NoError(t, err)
	require.Greater(t, want.Unique, uint64(1000))
	for _, m := range []Model{hoarding(true, false, 4), hoarding(false, false, 4), hoarding(false, true, 4)} {
		for _, cfg := range []Config{{Workers: 1}, {Workers: 4}, {Workers: 1, Order: DepthFirst}, {Workers: 1, Exact: true}} {
			cfg.NoStop = true
			r, err := Search(m, cfg)
			require.NoError(t, err)
			require.Equal(t, counts(want), counts(r), "%+v", cfg)
		}
	}
}

func counts(r Result) string {
	return fmt.Sprint(r.Unique, r.Generated, r.Depth, r.Terminal, r.Handlers, r.Locals, r.Messages, r.Observers)
}

func TestMessagesRemainWhatTheyWereWhenANodeIsTakenBack(t *testing.T) {
	sys, err := newSystem(hoarding(false, false, 4), false)
	require.NoError(t, err)
	s, err := newSearch(sys, Config{Workers: 1, NoStop: true})
	require.NoError(t, err)
	require.NoError(t, s.run())
	for id := uint32(1); id <= uint32(sys.messages.len()); id++ {
		m := sys.messages.at(id)
		content, err := encode(addressed(nil, m.from, m.to), m.msg)
		require.NoError(t, err)
		require.Equal(t, m.key, string(content), "message %d: %v", id, m.msg)
	}
}

func TestHowManyNodesAreKeptToBeLookedAtMakesNoDifference(t *testing.T) {
	m := hoarding(false, false, 3)
	longest := 0
	m.Properties = []Property{
		Always("short", func(s *State) error {
			if h := s.Node(0).(*hoarder); len(h.log) > 3 {
				return fmt.Errorf("%v", h.log)
			}
			return nil
		}),
		AtRest("all", func(s *State) error {
			longest = max(longest, len(s.Node(0).(*hoarder).log))
			return nil
		}),
	}
	var want Result
	for _, most := range []uint32{keptLive, 1, 2, 100} {
		for _, order := range []Order{BreadthFirst, DepthFirst} {
			sys, err := newSystem(m, false)
			require.NoError(t, err)
			sys.kept.most = most
			s, err := newSearch(sys, Config{Workers: 1, NoStop: true, Order: order})
			require.NoError(t, err)
			require.NoError(t, s.run())
			require.NoError(t, s.shorten())
			r, err := s.result()
			require.NoError(t, err)
			if want.Unique == 0 {
				want = r
			}
			require.Equal(t, want.Unique, r.Unique)
			require.Equal(t, want.Outcomes[0].Detail, r.Outcomes[0].Detail)
			require.Equal(t, want.Outcomes[0].Path.Lines(), r.Outcomes[0].Path.Lines())
			require.LessOrEqual(t, len(sys.kept.ring), int(most))
		}
	}
	require.Greater(t, longest, 3)
}

// fickle does something else once its code has run so often, anywhere.
type fickle struct {
	Seen  [12]bool
	Wrong bool
	runs  func() int `explore:"-"`
}

func (f *fickle) Receive(_ network.ID, msg any) {
	f.Seen[msg.(int)] = true
	f.Wrong = f.runs() > 3000
}

// plainFickle is one that can be taken back.
type plainFickle struct {
	Seen  [12]bool
	Wrong bool
}

var fickleRuns atomic.Int64

func (f *plainFickle) Receive(_ network.ID, msg any) {
	f.Seen[msg.(int)] = true
	f.Wrong = fickleRuns.Add(1) > 3000
}

func TestANodeThatDoesSomethingElseLaterOnIsFoundOut(t *testing.T) {
	send := func(ep *network.Endpoint) network.Handler {
		for i := range 12 {
			ep.Send(0, i)
		}
		return quiet{}
	}
	ran := 0
	for _, boot := range []network.Boot{
		func(ep *network.Endpoint) network.Handler {
			return &fickle{runs: func() int { ran++; return ran }}
		},
		func(*network.Endpoint) network.Handler { return &plainFickle{} },
	} {
		_, err := Search(Model{Nodes: []Node{{Name: "fickle", Boot: boot}, {Name: "sender", Boot: send}}},
			Config{Workers: 1})
		require.ErrorIs(t, err, ErrModel)
		require.ErrorContains(t, err, "did not do the same twice")
	}
}
