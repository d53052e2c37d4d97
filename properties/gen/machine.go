package gen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"

	"pgregory.net/rapid"
)

// Machine is a store in a world that rapid drives action by action: operations of
// clients that are waited for, time that passes, hosts that crash, links that are cut.
// Make it with NewMachine, set what is to be tested, and give Actions to rapid's
// T.Repeat, with more of one's own or without some.
//
//	m := gen.NewMachine(net, servers)
//	m.Ended = new(gen.Map).Ended
//	t.Repeat(m.Actions())
type Machine struct {
	// Fragile are the servers that may crash; none unless set.
	Fragile []network.ID
	// Keys is how many keys operations use; 0 means 1.
	Keys int
	// Timeout is after how long an operation is given up, its outcome unknown; 0 means
	// nodes.DefaultTimeout.
	Timeout time.Duration
	// Longest is how long a wait may last, in whole milliseconds; 0 means 100ms.
	Longest time.Duration
	// Ended is told of each operation as it ends, and returns what is wrong with that;
	// it may be nil.
	Ended func(Operation) error
	// Check is asked after each action and returns what is wrong; it may be nil.
	Check func() error

	net     *network.Network
	servers []network.ID
	cut     *network.Partition // nil if there is none
	ended   map[network.ID]Operation
	issued  int
	story   []string
	wrong   error
}

// Operation is one of a Machine that has ended.
type Operation struct {
	nodes.Op
	Outcome string // nodes.OutcomeOK and so on
	Result  nodes.Result
}

// NewMachine returns a Machine of the world of n, in which there are the servers of a
// store, and perhaps others: it lets them boot. Its operations are those of clients that
// it adds.
func NewMachine(n *network.Network, servers []network.ID) *Machine {
	m := &Machine{net: n, servers: servers, ended: map[network.ID]Operation{}}
	n.World().Observe(func(e *sim.Event) {
		if e.Kind == sim.Return {
			result, _ := e.Value.(nodes.Result)
			m.ended[e.Host] = Operation{Outcome: e.Name, Result: result}
		}
	})
	n.World().RunFor(0)
	return m
}

// Story returns what was done so far, an action in each line.
func (m *Machine) Story() string { return strings.Join(m.story, "\n") }

// Actions returns the actions of the machine, and the check, by name: what rapid's
// T.Repeat takes. An action that is not possible is left out: a crash of a host that is
// down, a second cut.
func (m *Machine) Actions() map[string]func(*rapid.T) {
	actions := map[string]func(*rapid.T){
		"":      m.check,
		"read":  func(t *rapid.T) { m.operate(t, nodes.Op{}) },
		"write": func(t *rapid.T) { m.operate(t, nodes.Op{Kind: nodes.Write}) },
		"wait":  m.wait,
		"step":  m.step,
	}
	if len(m.Fragile) > 0 {
		actions["crash"] = m.crash
		actions["restart"] = m.restart
	}
	if len(m.servers) > 1 {
		actions["cut"] = m.isolate
		actions["heal"] = m.heal
	}
	return actions
}

// operate has a new client ask a server, and waits for the end.
func (m *Machine) operate(t *rapid.T, op nodes.Op) {
	home := below(t, len(m.servers))
	op.Key = nodes.KeyName(below(t, max(1, m.Keys)))
	m.issued++
	if op.Kind != nodes.Read {
		op.Value = int64(m.issued)
	}
	timeout := cmp.Or(m.Timeout, nodes.DefaultTimeout)
	id := m.net.Add(fmt.Sprintf("client %d", m.issued), nodes.Client(nodes.ClientConfig{
		Servers: m.servers, Home: home, Script: []nodes.Op{op}, Timeout: timeout,
	}))
	w := m.net.World()
	ended := func() bool { return m.ended[id].Outcome != "" || len(w.Findings()) > 0 }
	w.Run(sim.Limit{Until: w.Now().Add(2 * timeout), Stop: ended})
	done := m.ended[id]
	done.Op = op
	m.tell("%s at %s: %s", op, w.HostName(m.servers[home]), done.told())
	if m.Ended != nil && done.Outcome != "" {
		m.wrong = cmp.Or(m.wrong, m.Ended(done))
	}
}

// told returns how the operation ended.
func (o Operation) told() string {
	if o.Kind == nodes.Read && o.Outcome == nodes.OutcomeOK {
		return o.Result.String()
	}
	return cmp.Or(o.Outcome, "no end")
}

// wait lets time pass.
func (m *Machine) wait(t *rapid.T) {
	d := span(t, time.Millisecond, cmp.Or(m.Longest, 100*time.Millisecond))
	m.net.World().RunFor(d)
	m.tell("wait %s", d)
}

// step lets the next event happen; in a world that interleaves, its Chooser says which.
func (m *Machine) step(t *rapid.T) {
	w := m.net.World()
	before := w.Events()
	if w.Run(sim.Limit{Events: before + 1}) == sim.Quiescent && w.Events() == before {
		t.Skip("nothing is left to happen")
	}
	m.tell("step")
}

// crash takes one of the fragile servers down.
func (m *Machine) crash(t *rapid.T) {
	h := m.one(t, func(h *sim.Host) bool { return h.Up() })
	h.Crash()
	m.tell("crash %s", h.Name())
}

// restart boots one that is down.
func (m *Machine) restart(t *rapid.T) {
	h := m.one(t, func(h *sim.Host) bool { return !h.Up() })
	h.Restart()
	m.tell("restart %s", h.Name())
}

// one draws a fragile server that is in a state.
func (m *Machine) one(t *rapid.T, is func(*sim.Host) bool) *sim.Host {
	var all []*sim.Host
	for _, id := range m.Fragile {
		if h := m.net.World().Host(id); is(h) {
			all = append(all, h)
		}
	}
	if len(all) == 0 {
		t.Skip("no server is in the state for it")
	}
	return pick(t, all...)
}

// isolate cuts one server off from the other servers; clients reach all.
func (m *Machine) isolate(t *rapid.T) {
	if m.cut != nil {
		t.Skip("there is a cut already")
	}
	i := below(t, len(m.servers))
	alone := m.servers[i : i+1]
	m.cut = m.net.Partition("machine", network.Complete(alone, slices.Delete(slices.Clone(m.servers), i, i+1)))
	m.tell("cut off %s", m.net.World().HostName(alone[0]))
}

// heal ends the cut.
func (m *Machine) heal(t *rapid.T) {
	if m.cut == nil {
		t.Skip("there is no cut")
	}
	m.cut.Heal()
	m.cut = nil
	m.tell("heal")
}

func (m *Machine) tell(format string, args ...any) {
	m.story = append(m.story, fmt.Sprintf(format, args...))
}

// check fails t for what is wrong by now.
func (m *Machine) check(t *rapid.T) {
	if all := m.net.World().Findings(); len(all) > 0 {
		m.wrong = cmp.Or(m.wrong, fmt.Errorf("panic: %s", all[0]))
	}
	if m.Check != nil {
		m.wrong = cmp.Or(m.wrong, m.Check())
	}
	if m.wrong != nil {
		t.Fatalf("%v, after\n%s", m.wrong, m.Story())
	}
}
