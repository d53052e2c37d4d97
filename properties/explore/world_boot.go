package explore

import (
	"phoenix/network"
	"phoenix/sim"
)

// boots has all nodes of a world boot, in any order, before anything else happens: also
// what is due at the same instant, such as a timer of no duration.
type boots struct {
	sim.Chooser
	left int // boots to come
}

func newBoots(cfg WorldConfig) *boots {
	b := &boots{Chooser: cfg.Chooser}
	if b.Chooser == nil {
		b.Chooser = sim.Seeded(sim.NewKey(cfg.Seed).Sub("choices"))
	}
	return b
}

// chooser returns the Chooser of the world.
func (b *boots) chooser() sim.Chooser {
	if s, ok := b.Chooser.(sim.Scheduler); ok {
		return &bootScheduler{b, s}
	}
	return b
}

// counted returns a boot function that counts as one of those to come.
func (b *boots) counted(boot network.Boot) network.Boot {
	b.left++
	return func(ep *network.Endpoint) network.Handler {
		if ep.Boots() == 0 {
			b.left--
		}
		return boot(ep)
	}
}

// run runs w until all nodes have booted. That code panics in a boot is a finding of w.
func (b *boots) run(w *sim.World) {
	for b.left > 0 {
		w.Run(sim.Limit{Stop: func() bool { return b.left == 0 }})
	}
}

// Choose implements sim.Chooser. Boots were scheduled before all else, so that those to come
// are the first of what may be next.
func (b *boots) Choose(label string, n int) int {
	pick := b.Chooser.Choose(label, n)
	if b.left > 0 && label == "next" {
		pick %= b.left
	}
	return pick
}

// bootScheduler is boots of a Scheduler.
type bootScheduler struct {
	*boots
	scheduler sim.Scheduler
}

// Next implements sim.Scheduler.
func (b *bootScheduler) Next(options []sim.Pending) int {
	if b.left > 0 {
		options = options[:b.left]
	}
	return b.scheduler.Next(options)
}
