package network

import (
	"math/rand/v2"
	"time"

	"phoenix/sim"
	"phoenix/sim/disk"
)

// Endpoint is a node's whole world: its clock, randomness, timers, processes and
// the network. It belongs to one boot; after a crash it does nothing any more.
type Endpoint struct {
	net   *Network
	host  *sim.Host
	id    ID
	epoch uint32
	calls calls
	disk  *disk.Disk // made on first use
}

// ID returns the number of the node.
func (ep *Endpoint) ID() ID { return ep.id }

// Name returns the name of the node.
func (ep *Endpoint) Name() string { return ep.host.Name() }

// Boots returns how often the node has crashed before this boot. A node without a
// disk cannot know more of its past.
func (ep *Endpoint) Boots() uint32 { return ep.epoch }

// Now returns the wall clock of the node, which may be wrong and may jump.
func (ep *Endpoint) Now() sim.Time { return ep.host.Now() }

// Monotonic returns a clock that never jumps; timers run on it.
func (ep *Endpoint) Monotonic() sim.Time { return ep.host.Monotonic() }

// Rand returns the node's stream of randomness for a purpose, from its start.
func (ep *Endpoint) Rand(purpose string) *rand.Rand { return ep.host.Rand(purpose) }

// Key returns the key of the node's randomness for a purpose.
func (ep *Endpoint) Key(purpose string) sim.Key { return ep.host.Key(purpose) }

// Choose asks the world's Chooser for a number in [0, n). Nothing is asked and it
// is 0 where n is below 2, and after a crash.
func (ep *Endpoint) Choose(label string, n int) int {
	if !ep.alive() {
		return 0
	}
	return ep.host.World().Choose(label, n)
}

// Note adds a remark to the event stream.
func (ep *Endpoint) Note(format string, args ...any) {
	if ep.alive() {
		ep.host.Note(format, args...)
	}
}

// Timer makes a named timer, stopped: to be called at boot. After a crash, that of
// an Endpoint from before can never be started.
func (ep *Endpoint) Timer(name string, fn func()) *sim.Timer {
	if !ep.alive() {
		return deadTimer
	}
	return ep.host.Timer(name, fn)
}

// After runs fn once after d, unless the node crashes before.
func (ep *Endpoint) After(d time.Duration, fn func()) *sim.Timer {
	if !ep.alive() {
		return deadTimer
	}
	return ep.host.After(d, fn)
}

// deadTimer is what an Endpoint of an earlier boot hands out: a timer of a world
// that has ended, which nothing starts. Its host would take a new one for a timer
// of its current boot.
var deadTimer = func() *sim.Timer {
	w := sim.New(sim.Config{})
	defer w.Close()
	return w.AddHost("ended", nil).Timer("ended", nil)
}()

// Nodes returns the numbers of all nodes of the network, in order, in a new slice.
func (ep *Endpoint) Nodes() []ID {
	all := make([]ID, 0, len(ep.net.nodes))
	for i, to := range ep.net.nodes {
		if to.added {
			all = append(all, ID(i))
		}
	}
	return all
}

// Lookup returns the number of the node of that name, and whether there is one.
func (ep *Endpoint) Lookup(name string) (ID, bool) {
	h := ep.net.w.Lookup(name)
	if h == nil || !ep.net.has(h.ID()) {
		return sim.NoHost, false
	}
	return h.ID(), true
}

// NameOf returns the name of a node.
func (ep *Endpoint) NameOf(id ID) string { return ep.net.w.HostName(id) }

// Send sends a message: it may be lost, late, doubled or overtaken. The message
// is a value that nobody changes after this. What a node sends to itself arrives
// at once, within the current instant, and is never lost. Send panics if there is
// no such node.
func (ep *Endpoint) Send(to ID, msg any) {
	if ep.alive() {
		ep.net.send(ep.id, to, msg)
	}
}

// alive reports whether the boot that ep belongs to still runs.
func (ep *Endpoint) alive() bool { return ep.host.Epoch() == ep.epoch }

// Invoke puts the beginning of a client's operation into the event stream and
// returns the operation's number, from 1 on in the whole network; 0 after a crash.
func (ep *Endpoint) Invoke(op any) uint64 {
	if !ep.alive() {
		return 0
	}
	ep.net.operations++
	id := ep.net.operations
	ep.host.World().Begin(sim.Event{Kind: sim.Invoke, Host: ep.id, Peer: sim.NoHost, ID: id, Value: op})
	return id
}

// Return puts the end of an operation into the event stream: the number that
// Invoke gave it, a word for how it ended, and its result.
func (ep *Endpoint) Return(id uint64, outcome string, result any) {
	if ep.alive() {
		ep.host.World().Emit(sim.Event{Kind: sim.Return, Host: ep.id, Peer: sim.NoHost, ID: id, Name: outcome, Value: result})
	}
}

// Go starts a process of the node: a function that may block. See sim.Proc. What it
// returns serves to Kill the process; after a crash nothing starts and it is nil.
func (ep *Endpoint) Go(name string, fn func(p *Proc)) *sim.Proc {
	if !ep.alive() {
		return nil
	}
	return ep.host.Go(name, func(p *sim.Proc) { fn(&Proc{Proc: p, ep: ep}) })
}
