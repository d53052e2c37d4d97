package explore_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// glyph is the only message of tabular nodes.
type glyph uint8

// rule is what a tabular node does in one state with one event.
type rule struct {
	next      uint8
	sends     []sending
	set, stop uint8 // timers, by bit
	tell      uint8 // 0: nothing
}

type sending struct {
	to   network.ID
	kind glyph
}

// tabular is a cluster of nodes whose behaviour is a table. The explorer runs it as nodes,
// and the naive search below reads the table.
type tabular struct {
	hosts, states, kinds, timers int
	boots                        [][][]rule   // by node, parity of its boots: a choice of rules
	rules                        [][][][]rule // by node, state, event: a choice of rules
	refused                      [][][]bool   // by node, state, event: the guard
	guarded                      bool
	limit                        int // of messages under way; 0: the table bounds them
}

var timerNames = []string{"t0", "t1"}

// cell is a tabular node.
type cell struct {
	table  *tabular          `explore:"-"`
	ep     *network.Endpoint // what ties it to the world
	timers []*sim.Timer
	State  uint8
}

func (c *tabular) boot(ep *network.Endpoint) network.Handler {
	n := &cell{table: c, ep: ep}
	for i := range c.timers {
		n.timers = append(n.timers, ep.Timer(timerNames[i], func() {
			n.act(c.rules[ep.ID()][n.State][c.kinds+i])
		}))
	}
	n.act(c.boots[ep.ID()][ep.Boots()%2])
	return n
}

func (c *cell) Receive(_ network.ID, msg any) { c.act(c.table.rules[c.ep.ID()][c.State][msg.(glyph)]) }

func (c *cell) act(choice []rule) {
	r := choice[c.ep.Choose("rule", len(choice))]
	c.State = r.next
	for i, t := range c.timers {
		if r.stop>>i&1 == 1 {
			t.Stop()
		}
		if r.set>>i&1 == 1 {
			t.Reset(time.Second)
		}
	}
	for _, p := range r.sends {
		c.ep.Send(p.to, p.kind)
	}
	if r.tell != 0 {
		c.ep.Note("%d", r.tell)
	}
}

// dial is an observer of few states.
type dial struct{ At uint8 }

func (d *dial) Observe(e *explore.Told) { d.At = turned(d.At, e.Name[0]-'0') }

func turned(at, by uint8) uint8 { return (3*at + by) % 7 }

// model returns the cluster as a model. The rest of it is up to the caller.
func (c *tabular) model() explore.Model {
	m := explore.Model{Name: "tabular", Observe: func() explore.Observer { return &dial{} }}
	for i := range c.hosts {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprint("n", i), Boot: c.boot})
	}
	if c.guarded {
		m.Guard = func(h network.Handler, s explore.Step) bool {
			event := c.kinds
			if s.Kind == explore.StepDeliver {
				event = int(s.Msg.(glyph))
			} else {
				event += int(s.Name[1] - '0')
			}
			return !c.refused[s.Node][h.(*cell).State][event]
		}
	}
	if c.limit > 0 {
		m.Within = func(s *explore.State) bool { return len(s.Messages()) <= c.limit }
	}
	return m
}

// drawRule draws what happens in a state. Without a limit on messages a state sends only
// on the way to a higher one and never goes back, so that there is an end to it.
func (c *tabular) drawRule(t *rapid.T, from int) rule {
	low := 0
	if c.limit == 0 {
		low = from
	}
	r := rule{next: uint8(rapid.IntRange(low, c.states-1).Draw(t, "next"))}
	if all := uint8(1)<<c.timers - 1; all > 0 {
		r.set = rapid.Uint8().Draw(t, "set") & rapid.Uint8().Draw(t, "rarely") & all
		r.stop = rapid.Uint8().Draw(t, "stop") & all
	}
	if c.limit == 0 && int(r.next) == from {
		return r
	}
	for range rapid.IntRange(0, 2).Draw(t, "sends") {
		r.sends = append(r.sends, sending{network.ID(rapid.IntRange(0, c.hosts-1).Draw(t, "to")),
			glyph(rapid.IntRange(0, c.kinds-1).Draw(t, "kind"))})
	}
	if rapid.IntRange(0, 3).Draw(t, "tells") == 0 {
		r.tell = uint8(rapid.IntRange(1, 2).Draw(t, "tell"))
	}
	return r
}

func (c *tabular) drawChoice(t *rapid.T, from int) []rule {
	n := 1
	if rapid.IntRange(0, 4).Draw(t, "choice") == 0 {
		n = 2
	}
	var choice []rule
	for range n {
		choice = append(choice, c.drawRule(t, from))
	}
	return choice
}

// drawTabular draws a small cluster.
func drawTabular(t *rapid.T) *tabular {
	c := &tabular{hosts: rapid.IntRange(1, 3).Draw(t, "hosts"), states: rapid.IntRange(2, 3).Draw(t, "states"),
		kinds: rapid.IntRange(1, 2).Draw(t, "kinds"), timers: rapid.IntRange(0, 2).Draw(t, "timers"),
		guarded: rapid.IntRange(0, 3).Draw(t, "guarded") == 0}
	if rapid.Bool().Draw(t, "limited") {
		c.limit = rapid.IntRange(1, 3).Draw(t, "limit")
	}
	for range c.hosts {
		var states [][][]rule
		var refused [][]bool
		for state := range c.states {
			var events [][]rule
			var refusals []bool
			for range c.kinds + c.timers {
				events = append(events, c.drawChoice(t, state))
				refusals = append(refusals, rapid.IntRange(0, 4).Draw(t, "refused") == 0)
			}
			states, refused = append(states, events), append(refused, refusals)
		}
		c.rules, c.refused = append(c.rules, states), append(c.refused, refused)
		c.boots = append(c.boots, [][]rule{c.drawChoice(t, 0), c.drawChoice(t, 0)})
	}
	return c
}

// subject is a model that both searches explore.
type subject struct {
	*tabular
	m      explore.Model
	claims []claim // the properties of the model
}

// drawSubject draws a cluster and all that a model has besides.
func drawSubject(t *rapid.T) subject {
	c := drawTabular(t)
	m := c.model()
	m.Network = explore.Semantics(rapid.IntRange(0, 3).Draw(t, "network"))
	m.Lossy = rapid.IntRange(0, 3).Draw(t, "lossy") == 0
	m.Idle = rapid.IntRange(0, 2).Draw(t, "idle") == 0
	if rapid.Bool().Draw(t, "faults") {
		few := rapid.SampledFrom([]int{0, 0, 1, 2})
		m.Faults = explore.Budget{Crashes: few.Draw(t, "crashes"), Restarts: few.Draw(t, "restarts"),
			Drops: few.Draw(t, "drops"), Duplicates: few.Draw(t, "duplicates"), Partitions: few.Draw(t, "partitions"),
			Cuts: []explore.NamedCut{{Name: "away", Cut: network.OneWay([]network.ID{0}, []network.ID{network.ID(c.hosts - 1)})},
				{Name: "first", Cut: network.Complete([]network.ID{0}, []network.ID{network.ID(c.hosts - 1)})}}}
		if rapid.Bool().Draw(t, "crashable") {
			m.Faults.Crashable = []network.ID{0}
		}
		m.Faults = permitted(m)
	}
	claims := drawClaims(t, c)
	for _, cl := range claims {
		m.Properties = append(m.Properties, cl.property(c))
	}
	return subject{c, m, claims}
}

// view is what a property of a tabular model can see of a state.
type view struct {
	up     [3]bool
	state  [3]uint8
	timers [3]uint8 // those that run, by bit
	dial   uint8
	cut    string // its name
	net    []flying
}

type flying struct {
	from, to network.ID
	kind     glyph
}

// looked reads the view from a State.
func looked(c *tabular, s *explore.State) view {
	v := view{dial: s.Observer().(*dial).At, cut: s.Cut()}
	for i := range c.hosts {
		id := network.ID(i)
		if v.up[i] = s.Up(id); v.up[i] {
			v.state[i] = s.Node(id).(*cell).State
		} else if s.Node(id) != nil {
			panic("a node that is down has a handler")
		}
		for _, name := range s.Timers(id) {
			v.timers[i] |= 1 << (name[1] - '0')
		}
	}
	for _, e := range s.Messages() {
		v.net = append(v.net, flying{e.From, e.To, e.Msg.(glyph)})
	}
	return v
}

// wish is a random predicate of states: which of a few facts are to come together.
type wish struct {
	host, other uint8
	a, b        uint8
	busy        int
	dial        uint8
}

func (w wish) fulfilled(v view) bool {
	return (v.state[w.host] == w.a || !v.up[w.host]) && v.state[w.other] == w.b && len(v.net) >= w.busy
}

// claim is a property for both searches.
type claim struct {
	kind explore.Kind
	wish wish
}

func drawClaims(t *rapid.T, c *tabular) []claim {
	var all []claim
	kinds := []explore.Kind{explore.KindAlways, explore.KindSometimes, explore.KindAtRest, explore.KindObserved}
	for _, kind := range kinds {
		w := wish{host: uint8(rapid.IntRange(0, c.hosts-1).Draw(t, "host")),
			other: uint8(rapid.IntRange(0, c.hosts-1).Draw(t, "other")),
			a:     uint8(rapid.IntRange(0, c.states-1).Draw(t, "a")), b: uint8(rapid.IntRange(0, c.states-1).Draw(t, "b")),
			busy: rapid.IntRange(0, 3).Draw(t, "busy"), dial: uint8(rapid.IntRange(0, 6).Draw(t, "dial"))}
		if kind == explore.KindAtRest {
			w.busy = 0
		}
		all = append(all, claim{kind, w})
	}
	return all
}

func (cl claim) property(c *tabular) explore.Property {
	name := fmt.Sprintf("%v %+v", cl.kind, cl.wish)
	holds := func(s *explore.State) error {
		if cl.wish.fulfilled(looked(c, s)) {
			return fmt.Errorf("%+v", cl.wish)
		}
		return nil
	}
	switch cl.kind {
	case explore.KindAlways:
		return explore.Always(name, holds)
	case explore.KindAtRest:
		return explore.AtRest(name, holds)
	case explore.KindSometimes:
		return explore.Sometimes(name, func(s *explore.State) bool { return holds(s) != nil })
	}
	return explore.Observed(name, func(o explore.Observer) error {
		if at := o.(*dial).At; at == cl.wish.dial {
			return fmt.Errorf("at %d", at)
		}
		return nil
	})
}
