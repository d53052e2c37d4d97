package network

import (
	"fmt"
	"math/rand/v2"
	"reflect"

	"phoenix/sim"
	"phoenix/sim/disk"

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
	// CheckMutation encodes each message when it is sent, when it arrives and when
	// its handler returns: a change ends the run with a Finding that names the
	// sender, or the receiver if it was seen to do it. It costs two encodings a
	// message. What has no canonical encoding (see sim.AppendValue) is not checked.
	CheckMutation bool
	// Disk says what the disks of the nodes are like.
	Disk disk.Config
}

// Network connects the nodes of a world by one directed link for each ordered
// pair. All that happens on a link depends on the seed, the names of the two
// nodes and the number of the message on that link, and on nothing else.
type Network struct {
	w     *sim.World
	cfg   Config
	key   sim.Key
	nodes []node
	links [][]*link // by sender and receiver, made on first use
	sink  sim.SinkID
	disks *disk.Array // made on first use

	flights []flight
	free    []uint32

	messages   uint64 // sent so far
	operations uint64 // invoked so far

	src     rand.PCG
	rand    *rand.Rand // over src
	corrupt map[reflect.Type]func(*rand.Rand, any) any
	faults  linkFaults
	calm    bool // Calm was called

	// Faults that somebody put into force, nil or empty unless used.
	inForce  []ender
	treasons [][]*Treason // by traitor
	inboxes  []int        // limits by host
	onNoise  []func(NoiseEvent)
	effects  []effect // scratch: of the message being sent
	solo     *Solo    // takes what is sent instead of the links, if not nil
	marks    marks
}

type node struct {
	ep      *Endpoint // of the last boot, nil before the first
	handler Handler
	added   bool // other hosts of the world are not nodes of the network
}

// flight is a message under way.
type flight struct {
	msg       any
	link      *link
	id        uint64
	cause     uint64 // the event that sent it
	index     uint64 // its number on the link
	sum       uint64 // of its encoding, if mutation is checked
	ordered   bool   // it goes in the line of its link
	reordered bool   // it was held back by the model
	copied    copyOf
	changed   change
	mark      uint32 // of the tallies that wait for its arrival, see marks
}

// copyOf tells what made a second copy of a message; 0 is the message itself.
type copyOf uint8

const (
	copiedByModel copyOf = iota + 1
	copiedByFault
)

// New returns a network in w without nodes. It panics if a link or the disks are not
// valid.
func New(w *sim.World, cfg Config) *Network {
	cfg.Link.check()
	if err := cfg.Disk.Check(); err != nil {
		panic(err.Error())
	}
	n := &Network{w: w, cfg: cfg, key: w.Key("network")}
	n.rand = rand.New(&n.src)
	n.faults.configure(w, &n.cfg.Link)
	n.sink = w.AddSink(arrivals{n})
	return n
}

// World returns the world that n is in.
func (n *Network) World() *sim.World { return n.w }

// Add adds a host to the world, with a node that boot starts. It panics if the
// name is empty or taken.
func (n *Network) Add(name string, boot Boot) ID {
	id := n.w.AddHost(name, func(h *sim.Host) {
		ep := &Endpoint{net: n, host: h, id: h.ID(), epoch: h.Epoch()}
		n.nodes[h.ID()] = node{ep: ep, added: true}
		handler := boot(ep)
		if ep.alive() {
			n.nodes[h.ID()].handler = handler
		}
	}).ID()
	for int(id) >= len(n.nodes) {
		n.nodes = append(n.nodes, node{})
	}
	n.nodes[id].added = true
	return id
}

func (n *Network) has(id ID) bool {
	return id >= 0 && int(id) < len(n.nodes) && n.nodes[id].added
}

// link returns the link from one node to another.
func (n *Network) link(from, to ID) *link {
	if uint(from) < uint(len(n.links)) {
		if row := n.links[from]; uint(to) < uint(len(row)) && row[to] != nil {
			return row[to]
		}
	}
	return n.makeLink(from, to)
}

// send is the way of a message up to when it is under way, or lost.
func (n *Network) send(from, to ID, msg any) {
	if n.solo != nil {
		n.solo.sent(from, to, msg)
		return
	}
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
	if n.treasons != nil {
		n.betray(&f)
	}
	n.transmit(&f, size)
}

// transmit applies the noise of the link to f. What each draw is for is fixed by
// its position, so switching one kind of noise off leaves the others as they are.
// The burst model goes on behind a partition and for what a traitor keeps back: it
// counts messages, and healing earlier must not re-roll it.
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
	lost := l.lost(draw[drawLoss], draw[drawBurst])
	var more []effect
	if l.over != nil {
		more = n.foresee(f, size)
	}
	switch {
	case f.changed >= keptBack:
		n.drop(f, f.changed.String())
		return
	case len(l.cuts) > 0:
		n.cut(f)
		return
	case lost:
		strike(n.faults.loss)
		n.tell(f, Lost, 0, "loss")
		n.drop(f, "loss")
		return
	case more != nil && n.loses(f, more):
		return
	case m.Corrupt.Hit(uint32(draw[drawNoise])):
		if !n.corruptByModel(f) {
			return
		}
	case more != nil && n.corrupts(f, more):
		return
	}
	leaves := n.w.Now()
	if m.Bandwidth > 0 {
		var ok bool
		if leaves, ok = n.sendOff(l, size); !ok {
			n.drop(f, "queue full")
			return
		}
	}
	if more != nil {
		leaves = n.delays(f, more, leaves)
	}
	at := leaves.Add(m.Delay.Sample(draw[drawDelay]))
	if m.Ordered {
		at = max(at, l.latest)
		l.latest = at
	}
	f.ordered = m.Ordered
	if more != nil || m.Reorder.Hit(uint32(draw[drawNoise]>>32)) || m.Duplicate.Hit(uint32(draw[drawLoss])) {
		n.propagate(f, &draw, more, leaves, at)
		return
	}
	n.depart(f, at)
}

// propagate puts f, and second copies of it, under way as drawn: f leaves at a time and
// would arrive at another.
func (n *Network) propagate(f *flight, draw *[drawCount]uint64, more []effect, leaves, at sim.Time) {
	l := f.link
	m := l.model
	marked := len(n.marks.of(f.mark)) // by what concerns second copies too
	if m.Reorder.Hit(uint32(draw[drawNoise] >> 32)) {
		n.faults.reorder.Fired++
		extra := m.extra(draw[drawExtra])
		n.tell(f, Held, extra, "reorder")
		f.reordered, f.ordered = true, false
		at = at.Add(extra)
	}
	at = n.holds(f, more, at)
	n.depart(f, at)
	if m.Duplicate.Hit(uint32(draw[drawLoss])) {
		n.faults.duplicate.Fired++
		at = leaves.Add(m.Delay.Sample(draw[drawCopy]))
		if m.Ordered {
			at = max(at, l.latest)
		}
		n.tell(f, Copied, at.Sub(n.w.Now()), "duplicate")
		n.repeat(f, at, copiedByModel, n.marks.of(f.mark)[:marked])
	}
	n.copies(f, more, leaves, marked)
}

// repeat puts a second copy of f under way, for which tallies wait.
func (n *Network) repeat(f *flight, at sim.Time, by copyOf, tallies []*Tally) {
	second := *f
	second.copied, second.ordered, second.reordered = by, false, false
	second.mark = 0
	for _, t := range tallies {
		second.mark = n.marks.add(second.mark, t)
	}
	n.depart(&second, at)
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
	if f.ordered {
		f.link.line.Push(*f)
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
	f := &n.flights[arg]
	l := f.link
	if f.ordered {
		// Where several are due at this instant the world may take any first; what
		// arrives is always the head of the line, which is due too.
		*f = l.line.Pop()
	}
	if len(l.cuts) == 0 && (len(l.clogs) > 0 || len(l.held) > 0) { // the held go first, even if released
		l.held = append(l.held, uint32(arg))
		l.clogged()
		return
	}
	n.arrive(l, arg)
}

// arrive gives a flight to its host, or loses it to a partition.
func (n *Network) arrive(l *link, arg uint64) {
	if len(l.cuts) > 0 {
		f := n.land(arg)
		n.cut(&f)
		return
	}
	if n.inboxes != nil && n.inboxFull(l) {
		f := n.land(arg)
		n.overflow(&f)
		return
	}
	l.receiver.Submit(deliveries{n}, arg)
}

// deliveries is the task of a host that receives a message.
type deliveries struct{ n *Network }

// Run hands the message to the node.
func (d deliveries) Run(arg uint64) {
	n := d.n
	f := n.land(arg)
	l := f.link
	to := &n.nodes[l.to]
	if to.ep == nil { // a Chooser put the arrival before the first boot
		n.drop(&f, "host down")
		return
	}
	n.tally(&f)
	e := sim.Event{Kind: sim.Deliver, Host: l.to, Peer: l.from, ID: f.id, Cause: f.cause}
	if f.changed != 0 {
		e.Value, e.Name = f.msg, f.changed.String()
	}
	n.w.Begin(e)
	if n.cfg.CheckMutation {
		n.checked(&f, to)
		return
	}
	to.receive(l.from, f.msg)
}

func (to *node) receive(from ID, msg any) {
	if r, ok := msg.(Response); ok {
		to.ep.resolve(r)
	} else if to.handler != nil {
		to.handler.Receive(from, msg)
	}
}

// tally counts what noise did to a message that arrives.
func (n *Network) tally(f *flight) {
	l := f.link
	switch {
	case f.copied != 0:
		if f.copied == copiedByModel {
			n.faults.duplicate.Effect++
		}
	case f.index >= l.newest:
		l.newest = f.index
	case f.reordered:
		n.faults.reorder.Effect++ // it arrived after a later one of its link
	}
	if f.changed == corruptedByModel {
		n.faults.corrupt.Effect++
	}
	if f.mark != 0 {
		for _, t := range n.marks.drop(f.mark) {
			t.bite()
		}
	}
}

// checked is receive, with f compared to what was sent before and after.
func (n *Network) checked(f *flight, to *node) {
	if n.changed(f) {
		n.blame(f, f.link.from, "was changed after it was sent")
		to.receive(f.link.from, f.msg)
		return
	}
	to.receive(f.link.from, f.msg)
	if n.changed(f) {
		n.blame(f, f.link.to, "was changed by its receiver")
	}
}

func (n *Network) changed(f *flight) bool { return xxh3.Hash(n.w.Encode(f.msg)) != f.sum }

// Discard loses a message whose host is down.
func (d deliveries) Discard(arg uint64) {
	f := d.n.land(arg)
	f.link.receiver.DownDrop()
	d.n.drop(&f, "host down")
}

// drop tells that f was lost, and with it what faults did to it.
func (n *Network) drop(f *flight, why string) {
	if f.mark != 0 {
		n.marks.drop(f.mark)
	}
	n.w.Emit(sim.Event{Kind: sim.Drop, Host: f.link.from, Peer: f.link.to, ID: f.id, Cause: f.cause, Name: why})
}

// blame ends the run because a node changed f.
func (n *Network) blame(f *flight, who ID, what string) {
	n.w.Find(sim.Finding{
		Host: who, Event: f.cause, At: n.w.Now(),
		Message: fmt.Sprintf("message %T from %s to %s %s",
			f.msg, n.w.HostName(f.link.from), n.w.HostName(f.link.to), what),
	})
}
