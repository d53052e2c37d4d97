package chaos

import (
	"fmt"
	"slices"
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// Effect is what became of a fault of a plan.
type Effect struct {
	Fault Fault
	// Fired is how often it began: 1, or 0 if it did not come to it, because nobody
	// was its target then, or the one message that it is about was never sent.
	Fired uint64
	// Touched is how many messages, tasks, timers, writes, reads or hosts it had an
	// effect on; properties.Coverage knows of each kind which. What two faults that
	// overlap do together, such as two that slow one host, counts for both.
	Touched uint64
	// Hosts are whom it struck, where that was open until it began: of a role, a group
	// or a number of hosts.
	Hosts []string
}

// Injection is a plan in force in a world.
type Injection struct {
	net      *network.Network
	w        *sim.World
	cast     Cast
	plan     Plan
	live     []live // by number of the fault
	healed   bool
	claimed  map[string]bool            // counters of the world that tell of faults of the plan
	holders  map[string]*share          // who has what a counter says, see take
	skews    map[*sim.Host]sim.Duration // of monotonic clocks as they were before they drifted
	standing map[spot][]*Fault          // see stand
	rooms    map[sim.HostID][]*room     // of disks, nil unless used; see fill
}

// live is a fault of the plan in its world.
type live struct {
	// name is unique, and names all that is drawn for the fault.
	name string
	// hosts are those that it struck.
	hosts []*sim.Host
	begun bool
	ended bool
	// ends undo the fault, in order.
	ends []func()
	// heals undo what lasts longer than the fault.
	heals []func()
	// counts are added up to what the fault touched.
	counts []func() uint64
	// fired says whether it came to it; nil: it has if it has begun.
	fired func() bool
}

func (l *live) onEnd(fn func())        { l.ends = append(l.ends, fn) }
func (l *live) onHeal(fn func())       { l.heals = append(l.heals, fn) }
func (l *live) count(fn func() uint64) { l.counts = append(l.counts, fn) }
func (l *live) touch(n uint64)         { l.count(func() uint64 { return n }) }
func (l *live) tally(t *network.Tally) { l.count(func() uint64 { return t.Effect }) }
func (l *live) inForce() bool          { return l.begun && !l.ended }

// Apply puts a plan into force in the world of n, all hosts of which exist and are
// nodes of n. It panics if Validate refuses the plan. A fault that has not begun
// costs an entry in the queue of events, and nothing else.
func Apply(n *network.Network, c Cast, p Plan) *Injection {
	w := n.World()
	var names []string
	for _, h := range w.Hosts() {
		names = append(names, h.Name())
	}
	if err := p.Validate(names, c); err != nil {
		panic("chaos: " + err.Error())
	}
	in := &Injection{
		net: n, w: w, cast: c, plan: p, live: make([]live, len(p)),
		claimed: map[string]bool{}, holders: map[string]*share{}, skews: map[*sim.Host]sim.Duration{},
		standing: map[spot][]*Fault{},
	}
	said := map[string]int{}
	for i := range p {
		name := p[i].identity()
		if said[name]++; said[name] > 1 {
			name = fmt.Sprintf("%s (%d)", name, said[name])
		}
		in.live[i].name = name
		in.schedule(i)
	}
	return in
}

// identity returns a name for all that is drawn for a fault. It does not depend on
// other faults, nor on how long this one lasts: without another one, or in a shorter
// time, it strikes as it did. Only those that say the same have numbers.
func (f *Fault) identity() string {
	if f.Name != "" {
		return f.label() // no other has it
	}
	g := *f
	g.For = 0
	return g.String()
}

// schedule has fault i begin, and end.
func (in *Injection) schedule(i int) {
	f := &in.plan[i]
	if f.atOnce() {
		in.begin(i) // it waits for its message
		return
	}
	at := sim.Time(f.At)
	in.w.At(at, func() { in.begin(i) })
	if f.For > 0 {
		in.w.At(at.Add(f.For), func() { in.end(i) })
	}
}

// begin has fault i strike.
func (in *Injection) begin(i int) {
	if in.healed {
		return
	}
	l := &in.live[i]
	strike[in.plan[i].Kind](in, &in.plan[i], l)
}

// end has fault i be over, and reports whether it was in force.
func (in *Injection) end(i int) bool {
	l := &in.live[i]
	if !l.inForce() {
		return false
	}
	l.ended = true
	for _, fn := range l.ends {
		fn()
	}
	return true
}

// Heal ends all faults that are in force, and lets none begin any more. It restarts
// those that crashed for a while, and undoes what faults left behind that a repair
// would: clocks that jumped are set right, and what disks damaged or lost of synced
// data is there again. Hosts that crashed for good stay down, and what crashes took
// of unsynced data is gone. Hosts boot and go on last, when nothing else is in force;
// tasks and syncs that a slow host or disk has in hand end as they would without it.
func (in *Injection) Heal() {
	if in.healed {
		return
	}
	in.healed = true
	in.endAll(func(k Kind) bool { return !k.wakes() })
	for i := range in.live {
		for _, fn := range in.live[i].heals {
			fn()
		}
	}
	in.endAll(Kind.wakes)
	for i := range in.plan {
		if in.plan[i].Kind == Slow {
			for _, h := range in.live[i].hosts {
				h.Hurry()
			}
		}
	}
}

// endAll ends the faults of some kinds, in order of the plan.
func (in *Injection) endAll(of func(Kind) bool) {
	for i := range in.live {
		if of(in.plan[i].Kind) {
			in.end(i)
		}
	}
}

// wakes reports whether hosts run code as such a fault ends.
func (k Kind) wakes() bool { return k == Crash || k == Pause || k == Slow }

// Effects returns what became of each fault so far, in order of the plan.
func (in *Injection) Effects() []Effect {
	all := make([]Effect, len(in.plan))
	for i, f := range in.plan {
		l := &in.live[i]
		all[i] = Effect{Fault: f}
		for _, h := range l.hosts {
			if !slices.Contains(f.On.Of, h.Name()) || f.On.Count > 0 || f.On.Share > 0 {
				all[i].Hosts = append(all[i].Hosts, h.Name())
			}
		}
		if l.begun && (l.fired == nil || l.fired()) {
			all[i].Fired = 1
		}
		for _, count := range l.counts {
			all[i].Touched += count()
		}
	}
	return all
}

// Label is what reports call the fault: its kind and name, or what it does to whom.
func (e Effect) Label() string { return e.Fault.label() }

// Claims reports whether a counter of the world, by its name, tells of faults of
// the plan: Effects has them one by one. What else happened to the same host, such
// as the restarts of a supervisor, is in that counter too.
func (in *Injection) Claims(counter string) bool { return in.claimed[counter] }

// counter returns a counter of the world, and claims it.
func (in *Injection) counter(name string) *sim.FaultCount {
	in.claimed[name] = true
	return in.w.FaultCount(name)
}

// hosts resolves a target now. What is drawn depends on the seed and on the fault
// itself: another one more or less changes nothing.
func (in *Injection) hosts(l *live, t Target, part string) []*sim.Host {
	return in.cast.resolve(in.w, t, in.key(l).Sub(part))
}

// ids is hosts, as the network names them.
func (in *Injection) ids(l *live, t Target, part string) []network.ID {
	all := []network.ID{}
	for _, h := range in.hosts(l, t, part) {
		all = append(all, h.ID())
	}
	return all
}

func (in *Injection) key(l *live) sim.Key { return in.w.Key("plan").Sub(l.name) }

// victims resolves whom a fault strikes; it has begun if there are any.
func (in *Injection) victims(f *Fault, l *live) []*sim.Host {
	l.hosts = in.hosts(l, f.On, "on")
	l.begun = len(l.hosts) > 0
	return l.hosts
}

// strike begins a fault of each kind: it sets what ends it and what tells of its
// effect.
var strike = map[Kind]func(in *Injection, f *Fault, l *live){
	Crash:     strikeCrash,
	Restart:   strikeRestart,
	Pause:     strikePause,
	Resume:    strikeResume,
	Slow:      strikeSlow,
	Clock:     strikeClock,
	Disk:      strikeDisk,
	Exhaust:   strikeExhaust,
	Byzantine: strikeByzantine,
	Loss:      strikeNoise,
	Slowness:  strikeNoise,
	Duplicate: strikeNoise,
	Reorder:   strikeNoise,
	Corrupt:   strikeNoise,
	Clog:      strikeClog,
	Swizzle:   strikeSwizzle,
	Partition: strikePartition,
	Lose:      strikeMessage,
	Hold:      strikeMessage,
	Repeat:    strikeMessage,
	End:       strikeEnd,
}

// strikeEnd ends the fault of that name.
func strikeEnd(in *Injection, f *Fault, l *live) {
	l.begun = true
	for j := range in.plan {
		if in.plan[j].Name == f.Name && in.plan[j].Kind != End && in.end(j) {
			l.touch(1)
		}
	}
}

// Over returns when the last fault of the plan begins or ends of itself.
func (p Plan) Over() time.Duration {
	var last sim.Time
	for _, f := range p {
		last = max(last, sim.Time(f.At).Add(f.For))
	}
	return time.Duration(last)
}
