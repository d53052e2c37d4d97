package register_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/register"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

// story is a small world whose links take 1 ms: servers 0, 1, 2 ... and behind
// them clients that follow scripts, the first at server 0, the second at 1 ...
type story struct {
	t       *testing.T
	world   *sim.World
	net     *network.Network
	servers []network.ID
	told    []string // how operations ended, in order
}

// tell makes a story. The scripts are operations, one a string.
func tell(t *testing.T, servers int, boot func(register.Config) network.Boot, bug register.Bug, scripts ...[]string) *story {
	t.Helper()
	s := &story{t: t, world: sim.New(sim.Config{Seed: 1})}
	t.Cleanup(s.world.Close)
	s.net = network.New(s.world, network.Config{Link: network.Link{Delay: network.Constant(ms)}, CheckMutation: true})
	for i := range servers {
		s.servers = append(s.servers, network.ID(i))
	}
	b := boot(register.Config{Servers: s.servers, Bug: bug})
	for i := range servers {
		s.net.Add(fmt.Sprintf("s%d", i), b)
	}
	for i, lines := range scripts {
		var script []nodes.Op
		for _, line := range lines {
			op, err := nodes.ParseOp(line)
			require.NoError(t, err)
			script = append(script, op)
		}
		s.net.Add(fmt.Sprintf("c%d", i), nodes.Client(nodes.ClientConfig{Servers: s.servers, Home: i, Script: script}))
	}
	calls := map[uint64]any{}
	s.world.Observe(func(e *sim.Event) {
		switch e.Kind {
		case sim.Invoke:
			calls[e.ID] = e.Value
		case sim.Return:
			s.told = append(s.told, fmt.Sprintf("%s %s: %s %v", s.world.HostName(e.Host), calls[e.ID], e.Name, e.Value))
		}
	})
	return s
}

// at plans something for a time in milliseconds.
func (s *story) at(millis float64, do func()) {
	s.world.At(sim.Time(millis*float64(ms)), do)
}

// cut takes the links between two nodes away for a while, both ways.
func (s *story) cut(from, to float64, a, b network.ID) {
	s.cutOff(from, to, []network.ID{a}, []network.ID{b})
}

// cutOff takes the links between two groups away for a while, both ways.
func (s *story) cutOff(from, to float64, a, b []network.ID) {
	s.at(from, func() {
		p := s.net.Partition(fmt.Sprint(a, b), network.Complete(a, b))
		s.at(to, p.Heal)
	})
}

// clog holds what one node sends to another for a while.
func (s *story) clog(from, to float64, a, b network.ID) {
	s.at(from, func() { s.at(to, s.net.Clog(a, b)) })
}

// send adds a node that sends requests to a server at times in milliseconds, and
// returns the answers that it will have received.
func (s *story) send(to network.ID, at map[float64]nodes.Request) *[]string {
	var answers []string
	s.net.Add("raw", func(ep *network.Endpoint) network.Handler {
		for _, millis := range slices.Sorted(maps.Keys(at)) {
			ep.After(time.Duration(millis*float64(ms)), func() { ep.Send(to, at[millis]) })
		}
		return receiver(func(msg any) { answers = append(answers, fmt.Sprint(msg)) })
	})
	return &answers
}

// notes returns the remarks of the servers that there will have been.
func (s *story) notes() *[]string {
	var notes []string
	s.world.Observe(func(e *sim.Event) {
		if e.Kind == sim.Note {
			notes = append(notes, fmt.Sprintf("%s %s %s", e.At, s.world.HostName(e.Host), e.Name))
		}
	})
	return &notes
}

type receiver func(msg any)

func (r receiver) Receive(_ network.ID, msg any) { r(msg) }

// crash crashes a server, and restarts it later unless that is 0.
func (s *story) crash(at, restart float64, id network.ID) {
	s.at(at, s.world.Host(id).Crash)
	if restart > 0 {
		s.at(restart, s.world.Host(id).Restart)
	}
}

// ends runs the story and compares how its operations ended.
func (s *story) ends(want ...string) {
	s.t.Helper()
	s.world.RunFor(5 * time.Second)
	require.Empty(s.t, s.world.Findings())
	require.NoError(s.t, s.world.Opaque())
	require.Equal(s.t, want, s.told)
	for _, f := range s.world.Faults() {
		if !strings.HasPrefix(f.Name, "crash") { // what a server forgets is not counted
			require.Positive(s.t, f.Effect, "%s was to have an effect", f.Name)
		}
	}
}
