package explore_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// actor is a node made of functions that a test gives.
type actor struct {
	ep      *network.Endpoint
	receive func(a *actor, from network.ID, msg any) `explore:"-"`
	N       int
	State   any
}

func (a *actor) Receive(from network.ID, msg any) { a.receive(a, from, msg) }

// acting is a boot function of actors. A nil function does nothing.
func acting(boot func(*actor), receive func(a *actor, from network.ID, msg any)) network.Boot {
	return func(ep *network.Endpoint) network.Handler {
		a := &actor{ep: ep, receive: receive}
		if receive == nil {
			a.receive = func(*actor, network.ID, any) {}
		}
		if boot != nil {
			boot(a)
		}
		return a
	}
}

// asked is a node that is sent the number 7 by another one, twice if it is to be.
func asked(boot func(*actor), receive func(a *actor, from network.ID, msg any)) explore.Model {
	ask := func(a *actor) {
		for range 2 {
			a.ep.Send(0, 7)
		}
	}
	return explore.Model{Nodes: []explore.Node{{Name: "subject", Boot: acting(boot, receive)},
		{Name: "asker", Boot: acting(ask, nil)}}}
}

type loop struct{ Next *loop }

type tells struct{ what any }

func (tells) Observe(*explore.Told) {}

var outside int // of all nodes

func TestAModelThatCannotBeExploredIsRefusedByName(t *testing.T) {
	holds := func(*explore.State) error { return nil }
	for _, c := range []struct {
		want  string
		model func() explore.Model
	}{
		{"it has no nodes", func() explore.Model { return explore.Model{} }},
		{`node 1, "a", has no boot function, or no name of its own`, func() explore.Model {
			return explore.Model{Nodes: []explore.Node{{Name: "a", Boot: acting(nil, nil)},
				{Name: "a", Boot: acting(nil, nil)}}}
		}},
		{`node 0, "a", has no boot function`, func() explore.Model {
			return explore.Model{Nodes: []explore.Node{{Name: "a"}}}
		}},
		{"node subject: explore_test.actor.State.(func()): a function", func() explore.Model {
			return asked(func(a *actor) { a.State = func() {} }, nil)
		}},
		{"node subject: explore_test.actor.State.(chan int): a channel", func() explore.Model {
			return asked(nil, func(a *actor, _ network.ID, _ any) { a.State = make(chan int) })
		}},
		{"a cycle: it leads back to the *explore_test.loop", func() explore.Model {
			l := &loop{}
			l.Next = l
			return asked(func(a *actor) { a.State = l }, nil)
		}},
		{"subject uses After", func() explore.Model {
			return asked(func(a *actor) { a.ep.After(time.Second, func() {}) }, nil)
		}},
		{"subject starts processes", func() explore.Model {
			return asked(nil, func(a *actor, _ network.ID, _ any) {
				a.ep.Go("p", func(p *network.Proc) { p.Sleep(time.Second) })
			})
		}},
		{"subject reads its clock", func() explore.Model {
			return asked(nil, func(a *actor, _ network.ID, _ any) { a.N = int(a.ep.Now()) })
		}},
		{"subject reads its clock", func() explore.Model {
			return asked(func(a *actor) { a.N = int(a.ep.Monotonic()) }, nil)
		}},
		{`subject has two timers "tick"`, func() explore.Model {
			return asked(func(a *actor) {
				a.ep.Timer("tick", func() {}).Reset(1)
				a.ep.Timer("tick", func() {}).Reset(1)
			}, nil)
		}},
		{"subject did not do the same twice", func() explore.Model {
			return asked(nil, func(a *actor, _ network.ID, _ any) {
				outside++
				a.N = outside
			})
		}},
		{"message struct { F func() } from subject: struct { F func() }.F: a function", func() explore.Model {
			return asked(func(a *actor) { a.ep.Send(1, struct{ F func() }{func() {}}) }, nil)
		}},
		{"the observer: explore_test.tells.what.(func()): a function", func() explore.Model {
			m := asked(nil, nil)
			m.Observe = func() explore.Observer { return tells{func() {}} }
			return m
		}},
		{"what subject tells: ", func() explore.Model {
			m := asked(func(a *actor) { a.ep.Invoke(make(chan int)) }, nil)
			m.Observe = func() explore.Observer { return tells{} }
			return m
		}},
		{"a budget of -1 faults, expected 0 to 255", func() explore.Model {
			m := asked(nil, nil)
			m.Faults.Drops = -1
			return m
		}},
		{"a budget of 256 faults, expected 0 to 255", func() explore.Model {
			m := asked(nil, nil)
			m.Faults.Crashes = 256
			return m
		}},
		{"partitions are allowed, but no cut is given", func() explore.Model {
			m := asked(nil, nil)
			m.Faults.Partitions = 1
			return m
		}},
		{`cut "off" is of a link from 0 to 2, but there are 2 nodes`, func() explore.Model {
			m := asked(nil, nil)
			m.Faults = explore.Budget{Partitions: 1, Cuts: []explore.NamedCut{{Name: "off", Cut: network.Cut{{0, 2}}}}}
			return m
		}},
		{"node 2 may crash, but there are 2", func() explore.Model {
			m := asked(nil, nil)
			m.Faults = explore.Budget{Crashes: 1, Crashable: []network.ID{2}}
			return m
		}},
		{"a clock of steps of 0 up to 5", func() explore.Model {
			m := asked(nil, nil)
			m.Clock = &explore.Clock{Max: 5}
			return m
		}},
		{`property 0, "", claims nothing`, func() explore.Model {
			m := asked(nil, nil)
			m.Properties = []explore.Property{{}}
			return m
		}},
		{`property 1, "no panic", has no name of its own`, func() explore.Model {
			m := asked(nil, nil)
			m.Properties = []explore.Property{explore.Always("x", holds), explore.AtRest("no panic", holds)}
			return m
		}},
		{`property "seen" is about an observer, and there is none`, func() explore.Model {
			m := asked(nil, nil)
			m.Properties = []explore.Property{explore.Observed("seen", func(explore.Observer) error { return nil })}
			return m
		}},
	} {
		for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
			_, err := explore.Search(c.model(), explore.Config{Order: order, Workers: 2})
			require.ErrorIs(t, err, explore.ErrModel, c.want)
			require.ErrorContains(t, err, c.want)
		}
	}
}

// unsteady hangs on the order of a map.
func unsteady(a *actor, _ network.ID, _ any) {
	all := map[int]bool{}
	for i := range 40 {
		all[i] = true
	}
	for i := range all { // order: that is what is wrong with it
		a.N = 41*a.N%1_000_003 + i
	}
}

func TestANodeThatHangsOnTheOrderOfAMapIsRefused(t *testing.T) {
	m := asked(nil, unsteady)
	m.Properties = []explore.Property{explore.Always("read", func(s *explore.State) error {
		if s.Node(0).(*actor).N < 0 {
			return errors.New("negative")
		}
		return nil
	})}
	m.Nodes = append(m.Nodes, explore.Node{Name: "another", Boot: acting(func(a *actor) { a.ep.Send(0, 8) }, nil)})
	_, err := explore.Search(m, explore.Config{})
	require.ErrorIs(t, err, explore.ErrModel)
	require.ErrorContains(t, err, "subject did not do the same twice")
}

func TestAllReadingsOfABoundedClockAreExplored(t *testing.T) {
	m := asked(nil, func(a *actor, _ network.ID, _ any) {
		seen, _ := a.State.([]sim.Time)
		a.State = append(slices.Clone(seen), a.ep.Now())
	})
	m.Clock = &explore.Clock{Step: 10, Max: 25}
	seen := map[string]bool{}
	m.Properties = []explore.Property{explore.AtRest("read", func(s *explore.State) error {
		seen[fmt.Sprint(s.Node(0).(*actor).State)] = true
		return nil
	})}
	res, err := explore.Search(m, explore.Config{Workers: 1})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, res.Verdict)
	want := map[string]bool{}
	for i := 0; i <= 20; i += 10 {
		for j := i; j <= 20; j += 10 {
			want[fmt.Sprint([]sim.Time{sim.Time(i), sim.Time(j)})] = true
		}
	}
	require.Equal(t, want, seen, "in order, up to the greatest")
}

func TestAPanicOfNodeCodeIsAViolationWithItsPath(t *testing.T) {
	m := asked(nil, func(a *actor, _ network.ID, _ any) {
		if a.N++; a.N == 2 {
			panic("too much")
		}
	})
	for _, cfg := range []explore.Config{
		{Workers: 1}, {Workers: 3}, {NoStop: true}, {Exact: true}, {Order: explore.DepthFirst},
	} {
		res, err := explore.Search(m, cfg)
		require.NoError(t, err)
		require.Equal(t, properties.Fail, res.Verdict)
		require.Len(t, res.Outcomes, 1)
		o := res.Outcomes[0]
		require.Equal(t, "no panic", o.Name)
		require.Contains(t, o.Detail, "subject: too much at ")
		require.Equal(t, []string{"deliver asker -> subject 7", "deliver asker -> subject 7"}, o.Path.Lines())
		require.False(t, o.Path.State(2).Up(0), "it is down for good")
		why, err := o.Path.Violates("no panic")
		require.NoError(t, err)
		require.Equal(t, o.Detail, why)
		require.EqualValues(t, 3, res.Unique)
	}
	m = asked(func(*actor) { panic("at boot") }, nil)
	res, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Contains(t, res.Outcomes[0].Detail, "at boot")
	require.Equal(t, 1, res.Outcomes[0].Path.Len())
	m = asked(nil, func(a *actor, _ network.ID, _ any) { a.ep.Send(5, 1) })
	res, err = explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Contains(t, res.Outcomes[0].Detail, "sends to 5, which is not a node")
}

// A node in one local state does the same, whichever way led there: what it draws is the
// same from its start in each event, and timers are those of its fields.
func TestHandlersRunOncePerLocalStateAndEvent(t *testing.T) {
	res, err := explore.Search(asked(nil, func(a *actor, _ network.ID, _ any) { a.N++ }), explore.Config{Workers: 1})
	require.NoError(t, err)
	require.EqualValues(t, 3, res.Unique)
	require.EqualValues(t, 4, res.Handlers, "two boots and two deliveries")
	require.Equal(t, 4, res.Locals)
}
