package explore

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// ErrWorldDiffers is wrapped by errors of Follow about a world that does not do what the
// path says.
var ErrWorldDiffers = errors.New("as a world it goes differently")

// Followed is what a path did as a world.
type Followed struct {
	Digest sim.Digest // of its events
	Events uint64
}

// Follow runs the path as an untimed world: the same nodes on a simulated network with
// disks, in which what is pending happens in the order of the path. If the model is Timed,
// its time is that of the world: it passes at the ticks, as long as no disk takes any. Crashes, losses, copies
// and partitions are faults of that world, and a crash leaves of a disk what it leaves in
// the path. At the end every node must be in the state that it has at the end of the path,
// by its canonical encoding, with the same timers running, due at the same ticks if the time
// is still that of the path, and the same content of its disk,
// and so must be the observer. Else, or where a step is not pending, the error wraps
// ErrWorldDiffers and says where.
//
// watch is called with the world before anything happens in it; it may be nil.
func (p *Path) Follow(watch func(*sim.World)) (Followed, error) {
	all, err := p.account()
	if err != nil {
		return Followed{}, err
	}
	f := newFollower(p)
	defer f.w.Close()
	if watch != nil {
		watch(f.w)
	}
	for _, l := range all.mail.letters {
		f.strike(l)
	}
	for i := range all.boot {
		if err := f.take(&all.boot[i], 0); err != nil {
			return Followed{}, fmt.Errorf("%w: at boot: %w", ErrWorldDiffers, err)
		}
	}
	for i := range all.steps {
		if err := f.take(&all.steps[i], i+1); err != nil {
			return Followed{}, fmt.Errorf("%w: in step %d: %w", ErrWorldDiffers, i+1, err)
		}
	}
	if err := f.compare(p.Len() - 1); err != nil {
		return Followed{}, fmt.Errorf("%w: at the end %w", ErrWorldDiffers, err)
	}
	return Followed{Digest: f.w.Digest(), Events: f.w.Events()}, nil
}

// follower has a world do what a path says. It is the world's sim.Scheduler.
type follower struct {
	p        *Path
	w        *sim.World
	net      *network.Network
	ends     []*network.Endpoint
	handlers []network.Handler
	observer Observer

	wanted func(*sim.Pending) bool // what comes next
	found  bool                    // it was pending
	picks  []int                   // what nodes choose, from now on

	operations []uint64        // the last number that each node gave
	reads      []sim.Time      // what the clock of each node showed last
	copies     map[*letter]int // handed out of messages to oneself
	cut        *network.Clogging
	delay      time.Duration // of messages
	time       sim.Time      // on the path, if Timed
	at         network.ID    // whose step it is
	told, sent int           // by it in the step
}

func newFollower(p *Path) *follower {
	m, n := &p.sys.m, p.sys.hosts
	f := &follower{p: p, ends: make([]*network.Endpoint, n), handlers: make([]network.Handler, n),
		operations: make([]uint64, n), reads: make([]sim.Time, n), copies: map[*letter]int{}, delay: defaultWorldDelay}
	f.w = sim.New(sim.Config{Seed: m.Seed, Chooser: f, Untimed: true})
	f.w.Manual(f.clock)
	if m.Timed != nil {
		f.delay = m.Timed.Min // it may be delivered from then on
	}
	link := network.Link{Delay: network.Constant(f.delay), Ordered: m.Network == Ordered}
	f.net = network.New(f.w, network.Config{Link: link, Disk: m.Disk})
	for i, node := range m.Nodes {
		f.net.Add(node.Name, func(ep *network.Endpoint) network.Handler {
			f.ends[i], f.handlers[i] = ep, nil
			f.handlers[i] = node.Boot(ep)
			return f.handlers[i]
		})
	}
	if m.Observe != nil {
		f.observer = m.Observe()
	}
	f.w.Observe(f.observe)
	return f
}

// observe passes on what nodes tell, and counts.
func (f *follower) observe(e *sim.Event) {
	switch e.Kind {
	case sim.Send:
		if e.Host == f.at {
			f.sent++
		}
	case sim.Invoke, sim.Return, sim.Note:
		if e.Host == f.at {
			f.told++
			if f.observer != nil {
				f.observer.Observe(&Told{Kind: e.Kind, Node: e.Host, Op: e.ID, Name: e.Name, Value: e.Value})
			}
		}
	}
}

// Choose implements sim.Chooser: nodes choose as in the path.
func (f *follower) Choose(_ string, n int) int {
	if len(f.picks) == 0 {
		return 0
	}
	pick := f.picks[0]
	f.picks = f.picks[1:]
	return min(pick, n-1)
}

// Next implements sim.Scheduler.
func (f *follower) Next(options []sim.Pending) int {
	i := slices.IndexFunc(options, func(o sim.Pending) bool { return f.wanted(&o) })
	f.found = i >= 0
	return max(i, 0)
}

// clock answers as the explorer does, see run.clock.
func (f *follower) clock(h *sim.Host) sim.Time {
	c := f.p.sys.m.Clock
	if t := f.p.sys.m.Timed; t != nil && t.Clocks {
		return f.w.Now()
	}
	if c == nil || int(h.ID()) >= len(f.reads) {
		return 0
	}
	read := &f.reads[h.ID()]
	if left := (c.Max - int64(*read)) / max(c.Step, 1); left > 0 {
		*read += sim.Time(int64(f.Choose("clock", int(left)+1)) * max(c.Step, 1))
	}
	return *read
}
