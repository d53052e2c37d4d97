package network

import (
	"fmt"
	"math/rand/v2"
	"reflect"

	"phoenix/sim"

	"github.com/zeebo/xxh3"
)

// linkFaults counts what the models of the links did.
type linkFaults struct {
	loss, duplicate, reorder, corrupt, bandwidth *sim.FaultCount

	none sim.FaultCount // stands for those that cannot happen
}

// strike counts a fault that has its effect as it happens.
func strike(f *sim.FaultCount) {
	f.Fired++
	f.Effect++
}

// configure registers the counters of the kinds of noise that m has.
func (f *linkFaults) configure(w *sim.World, m *Link) {
	want := func(c **sim.FaultCount, name string, configured bool) {
		switch {
		case configured:
			*c = w.FaultCount(name)
			(*c).Configured++
		case *c == nil:
			*c = &f.none
		}
	}
	want(&f.loss, "loss", m.Loss > 0 || m.Burst.LossBad > 0 || m.Burst.LossGood > 0)
	want(&f.duplicate, "duplicate", m.Duplicate > 0)
	want(&f.reorder, "reorder", m.Reorder > 0)
	want(&f.corrupt, "corrupt", m.Corrupt > 0)
	want(&f.bandwidth, "bandwidth", m.Bandwidth > 0)
}

// OnCorrupt has fn change the messages of type T that a link corrupts; a second
// call for T replaces the first. fn must return a changed copy: the message
// itself may be shared. Its random numbers are those of the link and the message.
// What a process calls with is a Request, and the answer a Response. It panics if
// T is an interface: messages are told apart by the type they have.
func OnCorrupt[T any](n *Network, fn func(r *rand.Rand, msg T) T) {
	t := reflect.TypeFor[T]()
	if t.Kind() == reflect.Interface {
		panic("network: OnCorrupt for the interface " + t.String() + ", expected the type of a message")
	}
	if n.corrupt == nil {
		n.corrupt = map[reflect.Type]func(*rand.Rand, any) any{}
	}
	n.corrupt[t] = func(r *rand.Rand, msg any) any { return fn(r, msg.(T)) }
}

// corruptByModel corrupts f because its link does; it reports false if f is lost.
func (n *Network) corruptByModel(f *flight) bool {
	n.tell(f, Corrupted, 0, "corrupt")
	if !n.spoil(f) {
		strike(n.faults.corrupt)
		n.drop(f, "corrupt")
		return false
	}
	n.faults.corrupt.Fired++
	f.changed = corruptedByModel
	return true
}

// spoil corrupts f, and reports false if nobody knows how. Whoever asks for it, how
// a message is changed depends on its link and number alone.
func (n *Network) spoil(f *flight) bool {
	fn := n.corrupt[reflect.TypeOf(f.msg)]
	if fn == nil {
		return false
	}
	f.link.key.Sub("corrupt").Seed(&n.src, f.index)
	sent := f.msg
	f.msg = fn(n.rand, sent)
	n.resum(f, sent)
	return true
}

// resum has the check of mutation know the changed message of f.
func (n *Network) resum(f *flight, sent any) {
	if !n.cfg.CheckMutation {
		return
	}
	if xxh3.Hash(n.w.Encode(sent)) != f.sum {
		panic(fmt.Sprintf("network: the function for corrupting %T changed the message itself, expected a copy", sent))
	}
	f.sum = xxh3.Hash(n.w.Encode(f.msg))
}
