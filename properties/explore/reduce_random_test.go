package explore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"phoenix/network"
	"phoenix/sim"
)

// lottery is a random model: what each node does with each token in each of its states, and
// in the last place with its timer.
type lottery struct {
	hosts, states, tokens int
	rules                 [][][][]reaction // by node, state and token, the ways to choose from
	starts                []reaction
	spare                 int // messages that a node may send besides those that it sends on
}

// reaction is what a node does. A token that it does not send on is gone, so that there are
// never more messages than at first and those to spare.
type reaction struct {
	next, token int
	to          []network.ID // none, whom it sends on to, whom a spare one to
	on          bool
	tells       bool
	ticks       bool // its timer runs then
}

func randomLottery(r *rand.Rand) *lottery {
	c := &lottery{hosts: 2 + r.IntN(2), states: 2 + r.IntN(3), tokens: 2, spare: r.IntN(2)}
	react := func() reaction {
		a := reaction{next: r.IntN(c.states), token: r.IntN(c.tokens), on: r.IntN(2) == 0, tells: r.IntN(5) == 0,
			ticks: r.IntN(6) == 0}
		for range r.IntN(3) {
			a.to = append(a.to, network.ID(r.IntN(c.hosts)))
		}
		return a
	}
	for range c.hosts {
		states := make([][][]reaction, c.states)
		for s := range states {
			for range c.tokens + 1 {
				ways := make([]reaction, [...]int{0, 0, 1, 1, 1, 2}[r.IntN(6)])
				for i := range ways {
					ways[i] = react()
				}
				states[s] = append(states[s], ways)
			}
		}
		c.rules = append(c.rules, states)
		c.starts = append(c.starts, react())
	}
	return c
}

// actor does what the rules say.
type actor struct {
	ep    *network.Endpoint
	c     *lottery `explore:"-"`
	timer *sim.Timer
	State int
	Spare int
}

func (c *lottery) boot(ep *network.Endpoint) network.Handler {
	a := &actor{ep: ep, c: c, Spare: c.spare + 1}
	a.timer = ep.Timer("tick", func() { a.act(c.tokens) })
	a.react(c.starts[ep.ID()], false)
	return a
}

func (a *actor) Receive(_ network.ID, msg any) { a.act(msg.(int)) }

func (a *actor) act(token int) {
	ways := a.c.rules[a.ep.ID()][a.State][token]
	if len(ways) == 0 {
		return
	}
	a.react(ways[a.ep.Choose("way", len(ways))], token < a.c.tokens)
}

func (a *actor) react(r reaction, on bool) {
	a.State = r.next
	for i, to := range r.to {
		switch {
		case i == 0 && on && r.on:
			a.ep.Send(to, r.token)
		case a.Spare > 0:
			a.Spare--
			a.ep.Send(to, r.token)
		}
	}
	if r.tells {
		a.ep.Note("%d", a.State)
	}
	if a.timer.Stop(); r.ticks {
		a.timer.Reset(1)
	}
}

// firsts is an observer of the order in which nodes tell something for the first time.
type firsts struct{ Order []network.ID }

func (f *firsts) Observe(e *Told) {
	if !slices.Contains(f.Order, e.Node) {
		f.Order = append(f.Order, e.Node)
	}
}

// sights is what a search has seen: what a reduction must not lose.
type sights struct {
	mu       sync.Mutex
	rests    map[uint64]bool // states at rest
	views    map[string]bool // what can be seen of the nodes that are read, and the observer
	verdicts []string
}

// model returns a model of c that notes in what is returned what is seen of it. Some nodes
// are read.
func (c *lottery) model(r *rand.Rand) (Model, *sights) {
	seen := &sights{rests: map[uint64]bool{}, views: map[string]bool{}}
	m := Model{Name: "random", Network: []Semantics{NonDuplicating, Ordered, Board}[r.IntN(3)],
		Observe: func() Observer { return &firsts{} }}
	m.Lossy = m.Network != Board && r.IntN(4) == 0
	for i := range c.hosts {
		m.Nodes = append(m.Nodes, Node{Name: fmt.Sprint("n", i), Boot: c.boot})
	}
	if r.IntN(3) == 0 {
		m.Faults = Budget{Crashes: 1, Restarts: r.IntN(2), Crashable: []network.ID{network.ID(c.hosts - 1)}}
	}
	var reads []network.ID
	for i := range r.IntN(3) {
		reads = append(reads, network.ID(i))
	}
	state, count := r.IntN(c.states), r.IntN(3)
	m.Properties = []Property{
		Always("seen", func(s *State) error { seen.note(seen.view(s, reads)); return nil }).Reads(reads...),
		AtRest("rest", func(s *State) error { return seen.rest(s) }),
		Observed("order", func(o Observer) error {
			if order := o.(*firsts).Order; len(order) > count && int(order[0]) == c.hosts-1 {
				return fmt.Errorf("the last node was first")
			}
			return nil
		}),
		Sometimes("state", func(s *State) bool {
			a, up := s.Node(0).(*actor)
			return up && a.State == state
		}).Reads(0),
	}
	if len(reads) == 0 {
		m.Properties = m.Properties[:3]
	}
	return m, seen
}

func (t *sights) note(view string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.views[view] = true
}

func (t *sights) rest(s *State) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rests[sumOf(s.row)] = true
	if a, up := s.Node(0).(*actor); up && a.State > 0 {
		return fmt.Errorf("node 0 ended in state %d", a.State)
	}
	return nil
}

// view is what can be seen.
func (t *sights) view(s *State, reads []network.ID) string {
	view := fmt.Sprint(s.Observer())
	for _, id := range reads {
		if a, up := s.Node(id).(*actor); up {
			view += fmt.Sprint("; ", id, " is ", a.State, " ", a.Spare, s.Timers(id))
		}
		for _, e := range s.Messages() {
			if e.To == id {
				view += fmt.Sprint(" ", e.From, ":", e.Msg)
			}
		}
	}
	return view
}
