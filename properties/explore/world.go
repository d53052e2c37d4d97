package explore

import (
	"cmp"
	"fmt"

	"phoenix/network"
	"phoenix/sim"
)

// WorldConfig says in what kind of world a Model runs. The zero value is the untimed world
// of seed 0 with a random walk for its order.
type WorldConfig struct {
	Seed uint64
	// Chooser orders events, see Schedule, or replays; nil means sim.Seeded by Seed.
	Chooser sim.Chooser
	// Timed has messages arrive after their delays and timers fire when they are due; the
	// Chooser orders what is due at one instant. Otherwise all that is pending may be next.
	Timed bool
	// Delay of messages; the zero value means a millisecond.
	Delay network.Delay
	// Loss is the probability that a message of a Lossy model is lost; 0 means 1/16.
	Loss network.Prob
	// Duplicate is the probability that a message of a Duplicating or Board model comes
	// twice; 0 means 1/8.
	Duplicate network.Prob
	// Horizon is the time within which faults of the budget begin, and how long they last
	// at most, in a timed world; 0 means a second.
	Horizon sim.Duration
}

// WorldRun is a Model that runs as a world. Close its World at the end.
type WorldRun struct {
	World    *sim.World
	Network  *network.Network
	Observer Observer // of the model, nil if it has none

	m        Model
	violated string
	err      error

	began  []uint64          // operations that nodes of this boot began, by node
	number map[uint64]uint64 // the node's own number of an operation under way
}

// World makes a world of m: its nodes, booted before anything else happens, on a network
// like the model's, with its budget of faults. Where a model has all behaviours, a world has some of them:
//
//   - A message is consumed by its delivery, also where the node ignores it.
//   - A message of a Duplicating or Board network comes at most twice, and one of a Lossy
//     network is lost or not as it is sent, both with a probability.
//   - Drops and Duplicates of the budget strike messages drawn from the seed, by their
//     number on the link, and so may strike none. Crashes and partitions are pending events
//     of their own from the beginning, and so are restarts from the crash on.
//   - What a crash leaves of a disk is drawn, and clocks are those of the world.
//
// So a violation in a world is one of the model, unless a node hangs on its clock. Guard,
// Within, Clock, Idle and Symmetric do not count.
func (m Model) World(cfg WorldConfig) *WorldRun {
	if cfg.Delay.IsZero() {
		cfg.Delay = network.Constant(defaultWorldDelay)
	}
	if cfg.Loss == 0 {
		cfg.Loss = network.Certain / 16
	}
	if cfg.Duplicate == 0 {
		cfg.Duplicate = network.Certain / 8
	}
	if cfg.Horizon == 0 {
		cfg.Horizon = defaultHorizon
	}
	link := network.Link{Delay: cfg.Delay, Ordered: m.Network == Ordered}
	if m.Lossy {
		link.Loss = cfg.Loss
	}
	if m.Network == Duplicating || m.Network == Board {
		link.Duplicate = cfg.Duplicate
	}
	r := &WorldRun{m: m, began: make([]uint64, len(m.Nodes)), number: map[uint64]uint64{}}
	boots := newBoots(cfg)
	r.World = sim.New(sim.Config{Seed: cfg.Seed, Chooser: boots.chooser(), Untimed: !cfg.Timed, Interleave: true})
	r.Network = network.New(r.World, network.Config{Link: link, Disk: m.Disk})
	for _, n := range m.Nodes {
		r.Network.Add(n.Name, boots.counted(n.Boot))
	}
	if m.Observe != nil {
		r.Observer = m.Observe()
		r.World.Observe(r.tell)
	}
	f := &worldFaults{r: r, cfg: cfg, key: r.World.Key("faults")}
	f.strikes("drop", m.Faults.Drops, network.Lost)
	f.strikes("duplicate", m.Faults.Duplicates, network.Copied)
	boots.run(r.World)
	f.schedule()
	return r
}

const (
	defaultWorldDelay = 1e6 // nanoseconds
	defaultHorizon    = 1e9
)

// Run runs until a limit, or until a property is violated, and reports why it ended: for a
// violation that is sim.Stopped.
func (r *WorldRun) Run(l sim.Limit) sim.Reason {
	stop := l.Stop
	l.Stop = func() bool { return r.err != nil || stop != nil && stop() }
	return r.World.Run(l)
}

// Violated returns the name of the property of kind Observed that was violated, and how;
// nil if none was. Properties of states are judged by Sample and Search: a world has no State.
func (r *WorldRun) Violated() (name string, err error) { return r.violated, r.err }

// tell passes an event to the observer, with the number that the node itself would give its
// operation, and asks the properties.
func (r *WorldRun) tell(e *sim.Event) {
	t := Told{Kind: e.Kind, Node: e.Host, Op: e.ID, Name: e.Name, Value: e.Value}
	switch e.Kind {
	case sim.Restart:
		r.began[e.Host] = 0
		return
	case sim.Invoke:
		r.began[e.Host]++
		r.number[e.ID] = r.began[e.Host]
		t.Op = r.number[e.ID]
	case sim.Return:
		t.Op = r.number[e.ID]
		delete(r.number, e.ID)
	case sim.Note:
	default:
		return
	}
	if r.err != nil || int(e.Host) < 0 || int(e.Host) >= len(r.m.Nodes) {
		return
	}
	r.Observer.Observe(&t)
	for i := range r.m.Properties {
		p := &r.m.Properties[i]
		if p.Kind != KindObserved {
			continue
		}
		err, failed := p.holdsOf(r.Observer)
		if r.err = cmp.Or(failed, err); r.err != nil {
			r.violated = p.Name
			return
		}
	}
}

// worldFaults puts the budget of a model into its world.
type worldFaults struct {
	r   *WorldRun
	cfg WorldConfig
	key sim.Key

	restarts, partitions int // begun so far
}

// schedule makes the crashes and partitions of the budget pending.
func (f *worldFaults) schedule() {
	b := f.r.m.Faults
	for i := range b.Crashes {
		f.later("crash", i, f.crash)
	}
	if b.Partitions > 0 {
		f.later("cut", 0, f.cut)
	}
}

// later has fn happen at any time, in a timed world within the horizon.
func (f *worldFaults) later(what string, i int, fn func()) {
	w := f.r.World
	at := w.Now()
	if f.cfg.Timed {
		at = at.Add(sim.Duration(f.key.Sub(what).Num(uint64(i)).Below(int(f.cfg.Horizon))))
	}
	w.At(at, fn)
}

// struckNumber bounds the numbers of the messages on a link that are struck.
const struckNumber = 8

// strikes draws messages to be struck.
func (f *worldFaults) strikes(what string, n int, kind network.NoiseKind) {
	nodes := len(f.r.m.Nodes)
	if nodes < 2 {
		return
	}
	for i := range n {
		key := f.key.Sub(what).Num(uint64(i))
		from := key.Sub("from").Below(nodes)
		to := (from + 1 + key.Sub("to").Below(nodes-1)) % nodes
		number := 1 + uint64(key.Sub("number").Below(struckNumber))
		f.r.Network.Strike(network.MessageFault{From: network.ID(from), To: network.ID(to), Number: number, Kind: kind})
	}
}

// crash crashes one of the nodes that may crash.
func (f *worldFaults) crash() {
	w := f.r.World
	var up []*sim.Host
	for i := range f.r.m.Nodes {
		if h := w.Host(sim.HostID(i)); h.Up() && f.r.m.mayCrash(h.ID()) {
			up = append(up, h)
		}
	}
	if len(up) == 0 {
		return
	}
	h := up[w.Choose("crash", len(up))]
	h.Crash()
	if f.restarts < f.r.m.Faults.Restarts {
		f.restarts++
		f.later("restart", f.restarts, h.Restart)
	}
}

// mayCrash reports whether the budget lets a node crash.
func (m *Model) mayCrash(id network.ID) bool {
	if len(m.Faults.Crashable) == 0 {
		return true
	}
	for _, c := range m.Faults.Crashable {
		if c == id {
			return true
		}
	}
	return false
}

// cut begins one of the partitions. As in the model, messages wait for its end.
func (f *worldFaults) cut() {
	w, b := f.r.World, f.r.m.Faults
	c := b.Cuts[w.Choose("cut", len(b.Cuts))]
	f.partitions++
	g := f.r.Network.ClogAll(fmt.Sprintf("%s %d", c.Name, f.partitions), c.Cut)
	f.later("mend", f.partitions, func() {
		g.End()
		if f.partitions < b.Partitions {
			f.later("cut", f.partitions, f.cut)
		}
	})
}
