package network

import (
	"math/rand/v2"
	"reflect"

	"phoenix/sim"

	"github.com/zeebo/xxh3"
)

// ID numbers the nodes of a network: it is the number of their host.
type ID = sim.HostID

// Handler is what a node is once it has booted: it reacts to messages.
type Handler interface {
	// Receive handles one message. The message may be shared with other nodes
	// and copies still under way: it must not be changed.
	Receive(from ID, msg any)
}

// Boot starts a node, and starts it again after a crash: whatever is not on its
// disk is gone. All nodes of the network are known when it runs; timers are made
// and processes started here.
type Boot func(ep *Endpoint) Handler

// Config says what a Network is made from. The zero value is a perfect network
// without delay.
type Config struct {
	// Link is the model of every link without one of its own.
	Link Link
	// Regions gives links between (and within) regions their delays.
	Regions Regions
	// CheckMutation encodes each message when it is sent and again when it
	// arrives: a change in between ends the run with a Finding that names the
	// sender. It costs an encoding a message.
	CheckMutation bool
}

// Network connects the nodes of a world by one directed link for each ordered
// pair. All that happens on a link depends on the seed, the names of the two
// nodes and the number of the message on that link, and on nothing else.
type Network struct {
	w      *sim.World
	cfg    Config
	key    sim.Key
	nodes  []node
	region map[ID]string
	links  [][]*link // by sender and receiver, made on first use
	sink   sim.SinkID

	flights []flight
	free    []uint32

	messages   uint64 // sent so far
	operations uint64 // invoked so far

	src     rand.PCG
	rand    *rand.Rand // over src
	corrupt map[reflect.Type]func(*rand.Rand, any) any
	faults  linkFaults
}

type node struct {
	ep      *Endpoint
	handler Handler
}

// flight is a message under way.
type flight struct {
	msg       any
	link      *link
	id        uint64
	cause     uint64 // the event that sent it
	index     uint64 // its number on the link
	sum       uint64 // of its encoding, if mutation is checked
	copied    bool   // it is the second copy of a duplicated message
	corrupted bool
}

// New returns a network in w without nodes. It panics if a link is not valid.
func New(w *sim.World, cfg Config) *Network {
	cfg.Link.check()
	n := &Network{w: w, cfg: cfg, key: w.Key("network")}
	n.rand = rand.New(&n.src)
	n.faults.configure(w, &n.cfg.Link)
	n.sink = w.AddSink(arrivals{n})
	return n
}

// World returns the world that n is in.
func (n *Network) World() *sim.World { return n.w }

// Add adds a host to the world, with a node that boot starts.
func (n *Network) Add(name string, boot Boot) ID {
	h := n.w.AddHost(name, func(h *sim.Host) {
		ep := &Endpoint{net: n, host: h, id: h.ID(), epoch: h.Epoch()}
		n.grow(h.ID())
		n.nodes[h.ID()] = node{ep: ep}
		n.nodes[h.ID()].handler = boot(ep)
	})
	n.grow(h.ID())
	return h.ID()
}

func (n *Network) grow(id ID) {
	for int(id) >= len(n.nodes) {
		n.nodes = append(n.nodes, node{})
	}
}

// link returns the link from one node to another.
func (n *Network) link(from, to ID) *link {
	if int(from) < len(n.links) {
		if row := n.links[from]; int(to) < len(row) && row[to] != nil {
			return row[to]
		}
	}
	return n.makeLink(from, to)
}

// send is the way of a message up to when it is under way, or lost.
func (n *Network) send(from, to ID, msg any) {
	l := n.link(from, to)
	n.messages++
	index := l.sent
	l.sent++
	data := n.w.Encode(msg)
	f := flight{msg: msg, link: l, id: n.messages, index: index}
	if n.cfg.CheckMutation {
		f.sum = xxh3.Hash(data)
	}
	size := len(data)
	f.cause = n.w.Emit(sim.Event{Kind: sim.Send, Host: from, Peer: to, ID: f.id, Arg: uint64(size), Value: msg, Data: data})
	if len(l.cuts) > 0 {
		n.cut(&f)
		return
	}
	n.transmit(&f, size)
}

// transmit applies the noise of the link to f. What each draw is for is fixed by
// its position, so switching one kind of noise off leaves the others as they are.
func (n *Network) transmit(f *flight, size int) {
	l := f.link
	m := l.model
	var draw [drawCount]uint64
	if l.draws > 0 {
		l.key.Seed(&n.src, f.index)
		for i := range l.draws {
			draw[i] = n.src.Uint64()
		}
	}
	if l.lost(draw[drawLoss], draw[drawBurst]) {
		n.faults.loss.Fired++
		n.faults.loss.Effect++
		n.drop(f, "loss")
		return
	}
	if m.Corrupt.Hit(uint32(draw[drawNoise])) {
		if !n.spoil(f) {
			n.drop(f, "corrupt")
			return
		}
	}
	at, ok := l.sendOff(n.w.Now(), size)
	if !ok {
		n.faults.queue.Fired++
		n.faults.queue.Effect++
		n.drop(f, "queue full")
		return
	}
	if m.Duplicate.Hit(uint32(draw[drawLoss])) {
		n.faults.duplicate.Fired++
		copied := *f
		copied.copied = true
		n.depart(&copied, at.Add(m.Delay.Sample(draw[drawCopy])))
	}
	at = at.Add(m.Delay.Sample(draw[drawDelay]))
	switch {
	case m.Reorder.Hit(uint32(draw[drawNoise] >> 32)):
		n.faults.reorder.Fired++
		at = at.Add(m.extra(draw[drawExtra]))
	case m.Ordered:
		at = max(at, l.latest)
		l.latest = at
	}
	n.depart(f, at)
}

// depart puts f under way.
func (n *Network) depart(f *flight, at sim.Time) {
	var i uint32
	if k := len(n.free); k > 0 {
		i = n.free[k-1]
		n.free = n.free[:k-1]
		n.flights[i] = *f
	} else {
		i = uint32(len(n.flights))
		n.flights = append(n.flights, *f)
	}
	n.w.Schedule(at, n.sink, uint64(i))
}

// land takes f off the way, and returns it.
func (n *Network) land(arg uint64) flight {
	f := n.flights[arg]
	n.flights[arg].msg = nil
	n.free = append(n.free, uint32(arg))
	return f
}

// arrivals is what a world calls when a message reaches its destination.
type arrivals struct{ n *Network }

// Fire is the end of the way: the message stands before its host.
func (a arrivals) Fire(arg uint64) {
	n := a.n
	l := n.flights[arg].link
	switch {
	case len(l.cuts) > 0:
		f := n.land(arg)
		n.cut(&f)
	case l.clogs > 0:
		n.faults.clog.Effect++
		l.held = append(l.held, uint32(arg))
	default:
		l.receiver.Submit(deliveries{n}, arg)
	}
}

// deliveries is the task of a host that receives a message.
type deliveries struct{ n *Network }

// Run hands the message to the node.
func (d deliveries) Run(arg uint64) {
	n := d.n
	f := n.land(arg)
	l := f.link
	switch {
	case f.copied:
		n.faults.duplicate.Effect++
	case f.index < l.newest:
		n.faults.reorder.Effect++ // it arrived after a later one of its link
	default:
		l.newest = f.index
	}
	e := sim.Event{Kind: sim.Deliver, Host: l.to, Peer: l.from, ID: f.id, Cause: f.cause}
	if f.corrupted {
		e.Value, e.Name = f.msg, "corrupted"
	}
	n.w.Begin(e)
	if n.cfg.CheckMutation && !f.corrupted && xxh3.Hash(n.w.Encode(f.msg)) != f.sum {
		n.blame(&f)
	}
	to := &n.nodes[l.to]
	switch msg := f.msg.(type) {
	case Response:
		to.ep.resolve(msg)
	default:
		if to.handler != nil {
			to.handler.Receive(l.from, f.msg)
		}
	}
}

// Discard loses a message whose host is down.
func (d deliveries) Discard(arg uint64) {
	f := d.n.land(arg)
	f.link.receiver.DownDrop()
	d.n.drop(&f, "host down")
}

// drop tells that f was lost.
func (n *Network) drop(f *flight, why string) {
	n.w.Emit(sim.Event{Kind: sim.Drop, Host: f.link.from, Peer: f.link.to, ID: f.id, Cause: f.cause, Name: why})
}

// blame ends the run because the sender of f changed it after sending.
func (n *Network) blame(f *flight) {
	n.w.Find(sim.Finding{
		Host: f.link.from, Event: f.cause, At: n.w.Now(),
		Message: "message " + typeName(f.msg) + " from " + n.w.HostName(f.link.from) + " to " +
			n.w.HostName(f.link.to) + " was changed after it was sent",
	})
}

func typeName(msg any) string {
	if msg == nil {
		return "nil"
	}
	return reflect.TypeOf(msg).String()
}
