package traces

import (
	"slices"
	"time"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"
)

// detour lets try change the best to something larger for a while. What it comes to is
// taken only if it is smaller than what was there before.
func (sh *shrinker) detour(try func()) {
	before, idle, patience, opt := sh.best, sh.state.Idle, sh.patience, sh.opt
	sh.opt.Accepted = nil
	try()
	after := sh.best
	sh.opt, sh.best, sh.state.Idle, sh.patience = opt, before, idle, patience
	if before.larger(after) {
		sh.accept(after)
	}
}

// turnTo goes on from d if it fails alike, though it is larger.
func (sh *shrinker) turnTo(d *draft) bool {
	keys := sh.look([]*draft{d})
	defer sh.putAway(keys)
	t := sh.memo[keys[0]]
	sh.spend(t)
	if !sh.alike(t) {
		return false
	}
	sh.best = sh.whole(t, d)
	return true
}

// exactNoise replaces the noise that is needed, of links and of the plan, by faults of
// single messages: all that it did, of which only what matters is kept.
func (sh *shrinker) exactNoise() {
	if noisy, _ := sh.best.draft.noises(); noisy == 0 || sh.over() {
		return
	}
	sh.detour(func() {
		if sh.turnTo(sh.best.draft.exact(sh.s)) {
			sh.dropFaults()
		}
	})
}

// exactDelays is for failures that need delays that vary. Each message has the delay of
// its number, so nothing can be taken away without changing those of what follows. It
// makes each delay a fault of its message, takes away what then can go, and leaves the
// delays of what is left to chance again.
func (sh *shrinker) exactDelays() {
	varied := sh.best.draft.cfg.Links.Delay
	if varied.Min() == varied.Max() || sh.over() {
		return
	}
	sh.detour(func() {
		for _, base := range []time.Duration{time.Millisecond, 100 * time.Microsecond, varied.Min()} {
			if d := sh.best.draft.delayed(sh.s, base); sh.turnTo(d) {
				sh.dropFaults()
				for before := (*trial)(nil); before != sh.best && !sh.over(); {
					before = sh.best
					sh.thinOperations()
					sh.dropHosts()
					sh.dropFaults()
				}
				sh.leaveToChance(varied)
				return
			}
		}
	})
}

// delayChances is how many seeds may bring about the delays that are needed.
const delayChances = 600

// leaveToChance tries delays that vary in the place of those of single messages, and of
// all faults if that will do.
func (sh *shrinker) leaveToChance(varied network.Delay) {
	plan := sh.best.draft.cfg.Faults
	for _, faults := range []chaos.Plan{nil, plan.Keep(isNoHold)} {
		for _, delay := range []network.Delay{varied, network.Uniform(time.Millisecond, 10*time.Millisecond)} {
			var drafts []*draft
			for seed := range uint64(delayChances) {
				d := *sh.best.draft // nothing that they share is changed
				d.seed, d.cfg.Links.Delay, d.cfg.Faults = seed, delay, faults
				drafts = append(drafts, &d)
			}
			if sh.first(drafts) >= 0 {
				return
			}
		}
	}
}

// exact returns d without noise, and with faults of the messages that it met.
func (d *draft) exact(s *scenario.Scenario) *draft {
	noise, _ := d.listen(s)
	e := d.noiseless()
	for _, n := range noise {
		if d.knows(n) {
			e.cfg.Faults = append(e.cfg.Faults, messageFault(n, d.cfg.Servers))
		}
	}
	return e
}

// delayed returns d without noise and with the same delay for all messages, but for
// faults of those that took longer.
func (d *draft) delayed(s *scenario.Scenario, base time.Duration) *draft {
	noise, held := d.listen(s)
	e := d.noiseless()
	e.cfg.Links.Delay, e.cfg.Regions = network.Constant(base), nil
	for _, n := range noise {
		if d.knows(n) && n.Kind != network.Held && n.Kind != network.Delayed {
			e.cfg.Faults = append(e.cfg.Faults, messageFault(n, d.cfg.Servers))
		}
	}
	for _, n := range held {
		if n.By -= base; d.knows(n) && n.By > 0 {
			e.cfg.Faults = append(e.cfg.Faults, messageFault(n, d.cfg.Servers))
		}
	}
	return e
}

// listen runs d, and returns what noise did, and how long each message was under way.
func (d *draft) listen(s *scenario.Scenario) (noise, held []network.NoiseEvent) {
	listening := *s // the network is known to what declares properties
	listening.Declare = func(set *properties.Set, c *scenario.Cluster) {
		c.Network.OnNoise(func(e network.NoiseEvent) { noise = append(noise, e) })
		if s.Declare != nil {
			s.Declare(set, c)
		}
	}
	numbers := map[link]uint64{}
	var sent []network.NoiseEvent
	at := map[uint64]int{}                  // in sent, by the number of the message
	arrived := map[uint64][]time.Duration{} // after it was sent, second copies too
	cfg := d.cfg
	listening.Run(scenario.Options{
		Seed: d.seed, Config: &cfg, Scripts: d.scripts, Chooser: sim.Replay(d.picks),
		Watch: func(w *sim.World) {
			w.Observe(func(e *sim.Event) {
				switch i, known := at[e.ID]; {
				case e.Kind == sim.Send:
					l := link{e.Host, e.Peer}
					numbers[l]++
					at[e.ID] = len(sent)
					fault := network.Hold(e.Host, e.Peer, numbers[l], 0)
					sent = append(sent, network.NoiseEvent{At: e.At, Message: e.ID, MessageFault: fault})
				case known && (e.Kind == sim.Deliver || e.Kind == sim.Drop && e.At > sent[i].At): // or lost at its arrival
					arrived[e.ID] = append(arrived[e.ID], e.At.Sub(sent[i].At))
				}
			})
		},
	})
	for _, n := range noise {
		if i := slices.Index(arrived[n.Message], n.By); n.Kind == network.Copied && i >= 0 {
			arrived[n.Message] = slices.Delete(arrived[n.Message], i, i+1)
		}
	}
	for _, n := range sent {
		if ways := arrived[n.Message]; len(ways) > 0 {
			n.By = ways[0]
			held = append(held, n)
		}
	}
	return noise, held
}

// knows reports whether a fault of a plan can say what noise did: to a message between
// hosts that have names in it, and unless it was such a fault.
func (d *draft) knows(n network.NoiseEvent) bool {
	return n.Source != "message fault" && int(max(n.From, n.To)) < d.cfg.Servers+d.cfg.Clients
}

// noiseless returns d without noise, but for the delays of links.
func (d *draft) noiseless() *draft {
	e := d.clone()
	l := &e.cfg.Links
	l.Loss, l.Burst, l.Duplicate, l.Corrupt = 0, network.GilbertElliott{}, 0, 0
	l.Reorder, l.ReorderBy = 0, network.Delay{}
	e.cfg.Faults = e.cfg.Faults.Keep(func(_ int, f *chaos.Fault) bool { return !isNoise(f) })
	return e
}

// messageFault writes what noise did as a fault of a plan.
func messageFault(n network.NoiseEvent, servers int) chaos.Fault {
	name := func(id network.ID) string {
		if int(id) < servers {
			return hostName("s", int(id))
		}
		return hostName("c", int(id)-servers)
	}
	f := chaos.Fault{Kind: chaos.Lose, N: int64(n.Number), On: chaos.Hosts(name(n.From)), To: chaos.Hosts(name(n.To))}
	switch n.Kind {
	case network.Delayed, network.Held:
		f.Kind, f.By = chaos.Hold, max(n.By, 1)
	case network.Copied:
		f.Kind, f.By = chaos.Repeat, max(n.By, 1)
	}
	return f
}
