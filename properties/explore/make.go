package explore

import (
	"slices"

	"phoenix/sim"
)

// make appends to dst the row of the state that a step leads to.
func (x *expander) make(dst []uint32, s *succ) []uint32 {
	sys := x.sys
	if s.kind == StepTick {
		return sys.later(dst, x.row)
	}
	start := len(dst)
	dst = append(dst, x.row...)
	r := dst[start:]
	setSum(r, s.sum)
	r[rowAsleep] = 0
	if s.out != nil {
		r[rowLocals+int(s.host)] = s.out.next
		if x.sleeps {
			r[rowAsleep] = s.out.asleep
		}
	}
	r[sys.observerAt()], r[sys.faultsAt()] = s.observer, s.faults
	if sys.m.Network == Duplicating && s.kind == StepDeliver {
		r[sys.lastAt()] = s.arg
	}
	net := start + sys.networkAt()
	if sys.m.Network == NonDuplicating {
		dst = merged(dst, net, s)
	} else {
		dst = append(dst[:net], sys.rewired(dst[net:], s)...)
	}
	dst[start+rowLength] = uint32(len(dst) - net)
	return dst
}

// merged returns words with a multiset of messages from a place on as it is after a step, in order.
func merged(words []uint32, from int, s *succ) []uint32 {
	if at := from + int(s.at); s.kind == StepDuplicate {
		words = slices.Insert(words, at, s.arg)
	} else if s.at >= 0 {
		words = words[:at+copy(words[at:], words[at+1:])]
	}
	if s.out != nil {
		for _, id := range s.out.sends {
			words = append(words, id)
			i := len(words) - 1
			for ; i > from && words[i-1] > id; i-- {
				words[i] = words[i-1]
			}
			words[i] = id
		}
	}
	return words
}

// rewired returns the network after a step, in place of net.
func (sys *system) rewired(net []uint32, s *succ) []uint32 {
	switch {
	case sys.m.Network == Ordered:
		return sys.queued(net, s)
	case sys.m.Network == NonDuplicating:
		return merged(net, 0, s)
	case s.kind == StepDrop:
		net = slices.Delete(net, int(s.at), int(s.at)+1)
	}
	if s.out != nil {
		for _, id := range s.out.sends {
			if i, known := slices.BinarySearch(net, id); !known {
				net = slices.Insert(net, i, id)
			}
		}
	}
	return net
}

// queued is rewired for Ordered channels.
func (sys *system) queued(net []uint32, s *succ) []uint32 {
	switch s.kind {
	case StepDeliver, StepDrop:
		if tail := sys.tail(net[s.at]); tail != 0 {
			net[s.at] = tail
		} else {
			net = slices.Delete(net, int(s.at), int(s.at)+1)
		}
	case StepDuplicate: // the copy is right behind the message
		items := sys.channels.at(net[s.at]).items
		net[s.at] = sys.internChannel(slices.Insert(slices.Clone(items), 1, items[0]))
	}
	if s.out != nil {
		for _, id := range s.out.sends {
			net = sys.enqueue(net, id)
		}
	}
	slices.Sort(net)
	return net
}

// enqueue puts a message at the end of its channel.
func (sys *system) enqueue(net []uint32, id uint32) []uint32 {
	m := sys.messages.at(id)
	for i, at := range net {
		if c := sys.channels.at(at); c.from == m.from && c.to == m.to {
			net[i] = sys.push(at, id)
			return net
		}
	}
	return append(net, sys.push(0, id))
}

// fingerprint returns what stands for a state among the visited: the sum of its hashes, or
// one that all states have which differ from it by an exchange of members only.
func (x *expander) fingerprint(r row) uint64 {
	if x.sym == nil {
		return sumOf(r)
	}
	sys, parts := x.sys, x.parts[:0]
	for host := range sys.hosts {
		l := sys.locals.at(r[rowLocals+host])
		down := uint32(0)
		if l.down {
			down = 1
		}
		parts = append(parts, part{hashLocal, sys.id(host), sim.NoHost, down, l.shape})
	}
	if o := r[sys.observerAt()]; o != 0 {
		parts = append(parts, part{hashObserver, sim.NoHost, sim.NoHost, 0, sys.observers.at(o).shape})
	}
	parts = append(parts, part{hashFaults, sim.NoHost, sim.NoHost, 0, sys.faults.at(r[sys.faultsAt()]).shape})
	if last := r[sys.lastAt()]; last != 0 {
		m := sys.messages.at(last)
		parts = append(parts, part{hashLast, m.from, m.to, 0, m.shape})
	}
	net := r[sys.networkAt():][:r[rowLength]]
	for i := 0; i < len(net); {
		end := i + 1
		for end < len(net) && net[end] == net[i] {
			end++
		}
		if sys.m.Network == Ordered {
			c := sys.channels.at(net[i])
			parts = append(parts, part{hashChannel, c.from, c.to, 0, c.shape})
		} else {
			m := sys.messages.at(net[i])
			parts = append(parts, part{hashMessage, m.from, m.to, uint32(end - i), m.shape})
		}
		i = end
	}
	x.parts = parts
	return x.sym.fingerprint(parts)
}
