package scenario

import (
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
// for Config.Heal. It gives protocols the time of an operation at least: what holds
// when the faults end may be about to change.
func (p *phases) healed() (end sim.Reason, chance bool) {
	cfg, w := p.c.Config, p.c.World
	rest := sim.Forever
	w.At(w.Now(), func() { // as an event of the world: servers boot, and may panic
		p.r.Healed, rest = w.Now(), w.Now()
		if p.s.Declare != nil {
			rest = rest.Add(cfg.Workload.Timeout)
		}
		p.plan.Heal()
		p.c.Network.HealAll()
		p.c.Network.Calm()
		chance = p.core()
		if p.probe != nil {
			p.probe.send(p.c)
		}
	})
	end = w.Run(sim.Limit{Events: cfg.Events, Until: w.Now().Add(cfg.Heal), Stop: func() bool {
		return w.Now() >= rest && (p.probe == nil || p.probe.answered()) && p.set.Settled()
	}})
	return end, chance && (end == sim.TimeLimit || end == sim.Quiescent)
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
// progress; those beyond stay down, as machines do that are lost for good. It
// reports whether progress can be asked for: not of servers most of which have
// forgotten what they promised.
func (p *phases) core() bool {
	need := len(p.c.Servers)/2 + 1
	if p.s.NeedsAll {
		need = len(p.c.Servers)
	}
	up, remember := 0, 0
	for _, id := range p.c.Servers {
		h := p.c.World.Host(id)
		if h.Up() {
			up++
		}
		if !p.s.Forgetful || h.Epoch() == 0 {
			remember++
		}
	}
	for _, id := range p.c.Servers {
		if h := p.c.World.Host(id); !h.Up() && up < need {
			h.Restart()
			up++
		}
	}
	return remember >= need
}
