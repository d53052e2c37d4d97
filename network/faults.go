package network

import (
	"math/rand/v2"
	"reflect"

	"phoenix/sim"
)

// linkFaults counts what the models of the links did. A counter that was never
// configured exists too, but is not registered with the world.
type linkFaults struct {
	loss, duplicate, reorder, corrupt, queue, clog *sim.FaultCount
}

// configure registers the counters of the kinds of noise that m has.
func (f *linkFaults) configure(w *sim.World, m *Link) {
	want := func(c **sim.FaultCount, name string, configured bool) {
		switch {
		case configured:
			*c = w.FaultCount(name)
			(*c).Configured++
		case *c == nil:
			*c = new(sim.FaultCount)
		}
	}
	want(&f.loss, "loss", m.Loss > 0 || m.Burst.LossBad > 0 || m.Burst.LossGood > 0)
	want(&f.duplicate, "duplicate", m.Duplicate > 0)
	want(&f.reorder, "reorder", m.Reorder > 0)
	want(&f.corrupt, "corrupt", m.Corrupt > 0)
	want(&f.queue, "bandwidth", m.Bandwidth > 0)
	want(&f.clog, "clog", false)
}

// clogged returns the counter of clogs, which are configured when they happen.
func (f *linkFaults) clogged(w *sim.World) *sim.FaultCount {
	f.clog = w.FaultCount("clog")
	return f.clog
}

// OnCorrupt has fn change the messages of type T that a link corrupts. fn must
// return a changed copy: the message itself may be shared. Its random numbers
// are those of the link and the message.
func OnCorrupt[T any](n *Network, fn func(r *rand.Rand, msg T) T) {
	if n.corrupt == nil {
		n.corrupt = map[reflect.Type]func(*rand.Rand, any) any{}
	}
	n.corrupt[reflect.TypeFor[T]()] = func(r *rand.Rand, msg any) any { return fn(r, msg.(T)) }
}

// spoil corrupts f, and reports false if it is lost instead.
func (n *Network) spoil(f *flight) bool {
	n.faults.corrupt.Fired++
	n.faults.corrupt.Effect++
	fn := n.corrupt[reflect.TypeOf(f.msg)]
	if fn == nil {
		return false
	}
	f.link.key.Sub("corrupt").Seed(&n.src, f.index)
	f.msg = fn(n.rand, f.msg)
	f.corrupted = true
	return true
}
