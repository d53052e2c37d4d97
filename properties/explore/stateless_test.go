package explore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/register"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// The messages of a counter that is read and then written, each in a call.
type (
	load  struct{}
	store struct{ N int }
)

// shared is a counter that is called.
type shared struct {
	ep *network.Endpoint
	n  int
}

func (c *shared) Receive(from network.ID, msg any) {
	r := msg.(network.Request)
	if s, ok := r.Body.(store); ok {
		c.n = s.N
	}
	c.ep.Reply(from, r, c.n)
}

// incrementers is a cluster of a counter and processes that each increment it; check is
// for what it holds in the end.
func incrementers(clients int) (explore.Model, func(*sim.World) error) {
	var last *shared
	counter := func(ep *network.Endpoint) network.Handler {
		last = &shared{ep: ep}
		return last
	}
	client := func(ep *network.Endpoint) network.Handler {
		ep.Go("increment", func(p *network.Proc) {
			n, _ := p.Call(0, load{}, 0)
			_, _ = p.Call(0, store{n.(int) + 1}, 0)
		})
		return nil
	}
	m := explore.Model{Name: "counter", Nodes: []explore.Node{{Name: "counter", Boot: counter}}}
	for i := range clients {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprint("client", i), Boot: client})
	}
	return m, func(*sim.World) error {
		if last.n != clients {
			return fmt.Errorf("%d increments have made %d", clients, last.n)
		}
		return nil
	}
}

// Clients whose code blocks are explored by running them again and again. Two of them may
// both read before either writes.
func ExampleStateless() {
	m, check := incrementers(2)
	r, err := explore.Stateless(m, explore.StatelessConfig{Replay: true, Check: check})
	if err != nil {
		panic(err)
	}
	o := r.Outcomes[1]
	fmt.Println(r.Verdict, "after", r.Runs, "runs:", o.Detail)
	for _, s := range o.Path.Steps {
		if r, ok := s.Msg.(network.Request); ok {
			fmt.Printf("%s asks for %T\n", o.Path.Name(s.From), r.Body)
		} else {
			fmt.Printf("%s is told %d\n", o.Path.Name(s.Node), s.Msg.(network.Response).Body)
		}
	}
	// Output:
	// fail after 1 runs: 2 increments have made 1
	// client0 asks for explore_test.load
	// client1 asks for explore_test.load
	// client0 is told 0
	// client1 is told 0
	// client0 asks for explore_test.store
	// client1 asks for explore_test.store
	// client0 is told 1
	// client1 is told 1
}

// Each of k clients has two requests at the counter, whose order is all that matters:
// (2k)!/2^k traces.
func TestProcessesAreExploredOnceForEachOrderOfTheirCalls(t *testing.T) {
	for _, c := range []struct {
		clients int
		runs    uint64
	}{{1, 1}, {2, 6}, {3, 90}} {
		m, check := incrementers(c.clients)
		for _, reduction := range []explore.Reduction{explore.Optimal, explore.SleepSets} {
			cfg := explore.StatelessConfig{Replay: true, NoStop: true, Reduction: reduction, Check: check}
			r, err := explore.Stateless(m, cfg)
			require.NoError(t, err)
			require.Equal(t, c.runs, r.Runs)
			require.Equal(t, c.clients > 1, r.Verdict == properties.Fail)
			require.Equal(t, 4*c.clients, r.Depth)
		}
	}
}

// A deadline may pass at any time, so a call that has one may fail although it had effect.
func TestTimeoutsOfCallsMayPassAtAnyTime(t *testing.T) {
	outcomes := map[string]int{}
	var last *shared
	var ended error
	m := explore.Model{Nodes: []explore.Node{
		{Name: "counter", Boot: func(ep *network.Endpoint) network.Handler {
			last = &shared{ep: ep}
			return last
		}},
		{Name: "client", Boot: func(ep *network.Endpoint) network.Handler {
			ep.Go("store", func(p *network.Proc) { _, ended = p.Call(0, store{1}, time.Second) })
			return nil
		}},
	}}
	r, err := explore.Stateless(m, explore.StatelessConfig{Replay: true, Check: func(*sim.World) error {
		outcomes[fmt.Sprint(last.n, errors.Is(ended, sim.ErrTimeout))]++
		return nil
	}})
	require.NoError(t, err)
	require.Equal(t, map[string]int{"1 false": 1, "1 true": 1}, outcomes)
	require.Equal(t, properties.Pass, r.Verdict)
}

// saver keeps functions, which have no encoding, and syncs its disk.
type saver struct {
	ep    *network.Endpoint
	acts  []func()
	trail *string
}

func (s *saver) Receive(_ network.ID, msg any) {
	*s.trail += msg.(string)
	for _, act := range s.acts {
		act()
	}
	s.acts = nil
}

// A message, a timer of After and a disk at work may come in any order, and what is chosen is
// explored.
func TestDisksFunctionsAndChoicesAreExploredInWorlds(t *testing.T) {
	var trail string
	trails := map[string]int{}
	m := explore.Model{Nodes: []explore.Node{
		{Name: "saver", Boot: func(ep *network.Endpoint) network.Handler {
			trail = ""
			s := &saver{ep: ep, trail: &trail}
			s.acts = append(s.acts, func() { trail += fmt.Sprint(ep.Choose("which", 2)) })
			ep.After(time.Second, func() { trail += "t" })
			ep.Go("sync", func(p *network.Proc) {
				_ = ep.Disk().Append("log", []byte("x"))
				_ = p.Sync("log")
				trail += "s"
			})
			return s
		}},
		{Name: "sender", Boot: func(ep *network.Endpoint) network.Handler {
			ep.Send(0, "m")
			return nil
		}},
	}}
	_, err := explore.Stateless(m, explore.StatelessConfig{})
	require.ErrorIs(t, err, explore.ErrModel)
	for _, reduction := range []explore.Reduction{explore.Optimal, explore.SleepSets, explore.Unreduced} {
		clear(trails)
		cfg := explore.StatelessConfig{Replay: true, Reduction: reduction, Check: func(*sim.World) error {
			trails[trail]++
			return nil
		}}
		r, err := explore.Stateless(m, cfg)
		require.NoError(t, err)
		require.Equal(t, uint64(12), r.Runs)
		require.Len(t, trails, 12, "m, t and s in any order, with 0 or 1 after m: %v", trails)
	}
}

// The register of a single copy is explored as it is, with its clients and their timers.
// With one server it holds, in all 11 traces. With two, a client that gave up an operation
// goes on at the other one, and may read there what is older.
func TestTheSimulatorsRegistersAreExploredInWorlds(t *testing.T) {
	r, err := explore.Stateless(registers(1, 1), explore.StatelessConfig{Replay: true, Clients: []network.ID{1}})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, r.Verdict)
	require.Equal(t, [3]uint64{11, 0, 0}, [3]uint64{r.Runs, r.Blocked, r.Cut})

	r, err = explore.Stateless(registers(2, 2), explore.StatelessConfig{Replay: true, Clients: []network.ID{2, 3}})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, r.Verdict)
	require.Equal(t, uint64(3_128), r.Runs)
	require.Equal(t, "read of x returned nil after an earlier read had returned the newer 65", r.Outcomes[0].Detail)
	require.Len(t, r.Outcomes[0].Path.Lines(), 13)
	require.Equal(t, properties.Inconclusive, r.Outcomes[1].Verdict, "the search ended before it was sure of others")
}

// A server that keeps what it acknowledges on a disk asks again as often as its timer fires
// before the disk is done: its runs have no end, and a bound makes the search inconclusive.
func TestADurableRegisterIsExploredAsDeepAsTheBoundAllows(t *testing.T) {
	m := registers(1, 1)
	m.Nodes[0].Boot = register.ABD(register.Config{Servers: []network.ID{0}, Durable: true})
	r, err := explore.Stateless(m, explore.StatelessConfig{Replay: true, Clients: []network.ID{1},
		Reduction: explore.SleepSets, MaxDepth: 12})
	require.NoError(t, err)
	require.Equal(t, properties.Inconclusive, r.Verdict)
	require.Equal(t, "depth", r.Limit)
	require.Equal(t, [3]uint64{42, 43, 34}, [3]uint64{r.Runs, r.Blocked, r.Cut})
}

// registers is a cluster of servers, and of clients that write and then read.
func registers(servers, clients int) explore.Model {
	m := explore.Model{Observe: explore.NewHistory, Properties: []explore.Property{explore.Linearizable("linearizable")}}
	cfg := register.Config{}
	for i := range servers {
		cfg.Servers = append(cfg.Servers, network.ID(i))
	}
	for i := range servers {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprint("s", i), Boot: register.SingleCopy(cfg)})
	}
	for i := range clients {
		script := []nodes.Op{{Kind: nodes.Write, Key: "x", Value: int64('A' + i)}, {Kind: nodes.Read, Key: "x"}}
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprint("c", i),
			Boot: nodes.Client(nodes.ClientConfig{Servers: cfg.Servers, Home: i, Script: script})})
	}
	return m
}

// fallible panics at its second message.
type fallible struct{ got int }

func (f *fallible) Receive(network.ID, any) {
	if f.got++; f.got == 2 {
		panic("the second")
	}
}

func TestAPanicInAWorldIsAViolation(t *testing.T) {
	m := explore.Model{Nodes: []explore.Node{
		{Name: "a", Boot: func(*network.Endpoint) network.Handler { return &fallible{} }}}}
	for i := range 3 {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprint("b", i), Boot: func(ep *network.Endpoint) network.Handler {
			ep.Send(0, i)
			return nil
		}})
	}
	r, err := explore.Stateless(m, explore.StatelessConfig{Replay: true, NoStop: true})
	require.NoError(t, err)
	require.Equal(t, uint64(6), r.Runs, "what comes to a node that is down comes in all orders too")
	require.Equal(t, properties.Fail, r.Outcomes[0].Verdict)
	require.Contains(t, r.Outcomes[0].Detail, "the second")
	require.Len(t, r.Outcomes[0].Path.Lines(), 2)
}

func TestWhatAStatelessSearchCannotDoIsRefused(t *testing.T) {
	idle := func(*network.Endpoint) network.Handler { return nil }
	noting := func(ep *network.Endpoint) network.Handler { ep.Note("x"); return nil }
	choosing := func(ep *network.Endpoint) network.Handler { ep.Choose("x", 2); return nil }
	guard := func(network.Handler, explore.Step) bool { return true }
	worlds := explore.StatelessConfig{Replay: true}
	always := []explore.Property{explore.Always("a", func(*explore.State) error { return nil })}
	node := func(boot network.Boot) []explore.Node { return []explore.Node{{Name: "n", Boot: boot}} }
	for want, c := range map[string]struct {
		m   explore.Model
		cfg explore.StatelessConfig
	}{
		"neither Within nor Timed": {explore.Model{Nodes: node(idle), Within: func(*explore.State) bool { return true }},
			explore.StatelessConfig{}},
		"no Guard":                          {explore.Model{Nodes: node(idle), Guard: guard}, worlds},
		"about states":                      {explore.Model{Nodes: node(idle), Properties: always}, worlds},
		"no faults":                         {explore.Model{Nodes: node(idle), Faults: explore.Budget{Crashes: 1}}, worlds},
		"not board":                         {explore.Model{Nodes: node(idle), Network: explore.Board}, worlds},
		"chooses at boot":                   {explore.Model{Nodes: node(choosing)}, worlds},
		"not among StatelessConfig.Clients": {explore.Model{Nodes: node(noting), Observe: explore.NewHistory}, worlds},
	} {
		_, err := explore.Stateless(c.m, c.cfg)
		require.ErrorIs(t, err, explore.ErrModel)
		require.ErrorContains(t, err, want)
	}
	_, err := explore.Stateless(explore.Model{Nodes: node(idle)}, explore.StatelessConfig{MaxDepth: -1})
	require.ErrorContains(t, err, "expected a depth")
}

// The second node sends in its first world only.
func TestANodeThatDoesNotDoTheSameTwiceIsRefused(t *testing.T) {
	boots := 0
	m := explore.Model{Nodes: []explore.Node{
		{Name: "a", Boot: func(*network.Endpoint) network.Handler { return &fallible{got: 5} }},
		{Name: "b", Boot: func(ep *network.Endpoint) network.Handler {
			if boots++; boots == 1 {
				ep.Send(0, 1)
				ep.Send(0, 2)
			}
			return nil
		}},
	}}
	_, err := explore.Stateless(m, explore.StatelessConfig{Replay: true})
	require.ErrorIs(t, err, explore.ErrModel)
	require.ErrorContains(t, err, "did not do the same twice")
}

// A claim about several nodes may fail only in states that the orders taken pass by.
func TestAlwaysIsSureOnlyOfOneNodeAtATime(t *testing.T) {
	m := pair()
	r, err := explore.Stateless(m, explore.StatelessConfig{})
	require.NoError(t, err)
	require.Equal(t, properties.Inconclusive, r.Outcomes[0].Verdict)
	require.Contains(t, r.Outcomes[0].Detail, "Local")
	for _, cfg := range []explore.StatelessConfig{{Local: true}, {Reduction: explore.Unreduced}} {
		r, err = explore.Stateless(m, cfg)
		require.NoError(t, err)
		require.Equal(t, properties.Pass, r.Verdict)
	}
}

// pair is two nodes that get a message each.
func pair() explore.Model {
	m := explore.Model{Properties: []explore.Property{
		explore.Always("at most one", func(s *explore.State) error {
			for _, id := range []network.ID{0, 1} {
				if n := s.Node(id).(*fallible).got; n > 1 {
					return fmt.Errorf("%d", n)
				}
			}
			return nil
		})}}
	for i := range 2 {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprint("n", i), Boot: func(ep *network.Endpoint) network.Handler {
			ep.Send(1-ep.ID(), "once")
			return &fallible{}
		}})
	}
	return m
}

// echo answers each message with one to another node, and does not change.
type echo struct {
	ep   *network.Endpoint
	same bool // whatever it gets, it sends the same
}

func (e *echo) Receive(from network.ID, _ any) {
	if e.same {
		from = 1
	}
	e.ep.Send(from+2, "echo")
}

// Two reads are independent, unless they send the same message: then it matters which of
// them a delivery needs.
func TestReadsAreIndependentIfTheySendDifferentMessages(t *testing.T) {
	runs := func(same, refine bool) uint64 {
		m := explore.Model{}
		boots := []network.Boot{func(ep *network.Endpoint) network.Handler { return &echo{ep, same} }}
		for range 2 {
			boots = append(boots, func(ep *network.Endpoint) network.Handler { ep.Send(0, "call"); return nil })
		}
		for range 2 {
			boots = append(boots, func(*network.Endpoint) network.Handler { return &fallible{got: 5} })
		}
		for i, boot := range boots {
			m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprint("n", i), Boot: boot})
		}
		r, err := explore.Stateless(m, explore.StatelessConfig{Refine: refine})
		require.NoError(t, err)
		return r.Runs
	}
	require.Equal(t, []uint64{2, 1, 2, 2},
		[]uint64{runs(false, false), runs(false, true), runs(true, false), runs(true, true)})
}
