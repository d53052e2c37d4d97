package scenario

import (
	"strings"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/properties"
	"phoenix/properties/linear"
	"phoenix/resilience/chaos"
	"phoenix/sim"
)

// phases runs a scenario: first the chaos, in which safety is tried, then a healed
// cluster, in which liveness is judged (as TigerBeetle's simulator has it). A fault
// can make a protocol wait for ever; that it still waits when all faults are over
// is a bug.
type phases struct {
	s     *Scenario
	r     *Result
	c     *Cluster
	set   *properties.Set
	hist  *linear.Watcher
	plan  *chaos.Injection
	probe *probe // nil without a store, and without a healed phase
	state serverState
}

// run returns why the run ended, and whether what was to hold eventually had its
// chance in a healed phase.
func (p *phases) run() (end sim.Reason, healed bool) {
	end, over := p.chaos()
	p.r.chaos = end
	if p.c.Config.Heal == 0 || !over {
		return end, false
	}
	return p.healed()
}

// chaos runs until the faults are over and the operations have ended, or until
// Config.Until. It returns why it ended, and whether the run goes on: not if a
// property failed, or the number of events is reached.
func (p *phases) chaos() (end sim.Reason, over bool) {
	cfg, w := p.c.Config, p.c.World
	faults, planned := p.faults(), p.r.planned()
	busy := func() bool {
		return w.Now() < faults || p.hist.Counts().Ended() < planned || p.s.Unscripted && !p.set.Settled()
	}
	end = w.Run(sim.Limit{Events: cfg.Events, Until: sim.Time(cfg.Until), Stop: func() bool { return !busy() }})
	over = end == sim.TimeLimit || end == sim.Quiescent || end == sim.Stopped && !busy()
	return end, over && !p.set.Violated()
}

// faults returns when all faults have had their time: of one that nothing ends
// that is the time of an operation, so that some run into it.
func (p *phases) faults() sim.Time {
	var last sim.Time
	for _, f := range p.c.Config.Faults {
		lasts := f.For
		if lasts == 0 {
			lasts = p.c.Config.Workload.Timeout
		}
		last = max(last, sim.Time(f.At).Add(lasts))
	}
	return last
}

// healed runs without faults until everything that was to hold eventually holds, or
// for Config.Heal. What is declared has to hold for the time of an operation: what
// holds when the faults end, or now and then, may be about to change.
func (p *phases) healed() (end sim.Reason, chance bool) {
	cfg, w := p.c.Config, p.c.World
	steady := time.Duration(0)
	if p.s.Declare != nil {
		steady = cfg.Workload.Timeout
	}
	begun, since := false, sim.Forever // everything holds since then
	w.At(w.Now(), func() {             // as an event of the world: servers boot, and may panic
		begun, p.r.Healed = true, w.Now()
		p.plan.Heal()
		p.c.Network.HealAll()
		p.c.Network.Calm()
		chance = p.core()
		if p.probe != nil {
			p.probe.send(p.c, p.r.Scripts)
		}
	})
	end = w.Run(sim.Limit{Events: cfg.Events, Until: w.Now().Add(cfg.Heal), Stop: func() bool {
		if !begun || p.probe != nil && !p.probe.answered() || !p.set.Settled() {
			since = sim.Forever
			return false
		}
		if since == sim.Forever {
			since = w.Now()
			w.At(since.Add(steady), func() {}) // so that it is asked then, also if nothing happens
		}
		return w.Now() >= since.Add(steady)
	}})
	if !chance && end == sim.Quiescent {
		end = sim.Stopped // that nothing happens any more proves nothing
	}
	return end, chance && (end == sim.TimeLimit && !p.busy() || end == sim.Quiescent)
}

// busy reports whether clients still go on with their scripts while the probe, if there
// is one, has its answers: then something is always under way, and that it has not come
// to its end is no proof.
func (p *phases) busy() bool {
	lately := p.c.World.Now().Add(-p.c.Config.Workload.Timeout)
	return p.state.invoked >= lately && (p.probe == nil || p.probe.answered())
}

// operations returns what became of the operations of the clients.
func (p *phases) operations() linear.Counts {
	c := p.hist.Counts()
	if p.probe != nil {
		own := &p.probe.counts
		c.Invoked, c.OK = c.Invoked-own.Invoked, c.OK-own.OK
		c.Failed, c.Unknown = c.Failed-own.Failed, c.Unknown-own.Unknown
	}
	return c
}

// core boots servers that are down until there are enough for the protocol to make
// progress, and anew those that have stopped; what is down beyond that stays down, as
// machines do that are lost for good. It reports whether progress can be asked for:
// not of servers most of which have forgotten what they promised.
func (p *phases) core() bool {
	need := len(p.c.Servers)/2 + 1
	if p.s.NeedsAll {
		need = len(p.c.Servers)
	}
	up, remember := 0, 0
	for _, id := range p.c.Servers {
		h := p.c.World.Host(id)
		if p.state.stopped[id] {
			h.Crash()
			h.Restart()
			p.state.repaired = append(p.state.repaired, h.Name())
		}
		if h.Up() {
			up++
		}
		if (!p.s.Forgetful || h.Epoch() == 0) && !p.state.wiped[id] {
			remember++
		}
	}
	for _, id := range p.c.Servers {
		if h := p.c.World.Host(id); !h.Up() && up < need {
			h.Restart()
			p.state.repaired = append(p.state.repaired, h.Name())
			up++
		}
	}
	return remember >= need
}

// wiped is the event of a disk that was replaced by an empty one, see disk.Disk.Wipe.
const wiped = "wipe"

// serverState is what the world has told about servers.
type serverState struct {
	stopped  map[network.ID]bool // the node stops until it boots again
	wiped    map[network.ID]bool // the disk is not the one that it was
	repaired []string            // booted by core
	invoked  sim.Time            // when an operation began last
}

// watch has s know what happens to servers.
func (s *serverState) watch(w *sim.World) {
	s.stopped, s.wiped = map[network.ID]bool{}, map[network.ID]bool{}
	w.Observe(func(e *sim.Event) {
		switch {
		case e.Kind == sim.Invoke:
			s.invoked = e.At
		case e.Kind == sim.Crash:
			delete(s.stopped, e.Host)
		case e.Kind == sim.Note && strings.HasPrefix(e.Name, nodes.JournalStops):
			s.stopped[e.Host] = true
		case e.Kind == sim.Disk && e.Name == wiped:
			s.wiped[e.Host] = true
		}
	})
}
