package network

import (
	"fmt"
	"slices"

	"phoenix/sim"
)

// Cut is the set of directed links that a partition takes away: from the first
// of a pair to the second. Hosts that it does not mention are not concerned.
type Cut [][2]ID

// Complete separates groups from each other, in both directions. A node that is
// in none of them, such as a client, still reaches all.
func Complete(groups ...[]ID) Cut {
	var c Cut
	for i, a := range groups {
		for j, b := range groups {
			if i != j {
				c = append(c, OneWay(a, b)...)
			}
		}
	}
	return c
}

// OneWay loses what nodes of from send to nodes of to, and nothing else.
func OneWay(from, to []ID) Cut {
	var c Cut
	for _, a := range from {
		for _, b := range to {
			if a != b {
				c = append(c, [2]ID{a, b})
			}
		}
	}
	return c
}

// Bridge separates left from right; the nodes of neither, the bridge, reach both.
// It is Complete of two groups, named after what is left out.
func Bridge(left, right []ID) Cut { return Complete(left, right) }

// Ring leaves each node only its two neighbours in the order given.
func Ring(nodes ...ID) Cut {
	n := len(nodes)
	return Where(nodes, func(i, j int) bool { return (j-i+n)%n != 1 && (i-j+n)%n != 1 })
}

// Where cuts the links from nodes[i] to nodes[j] for which cut(i, j) is true:
// any matrix of reachability.
func Where(nodes []ID, cut func(i, j int) bool) Cut {
	var c Cut
	for i, a := range nodes {
		for j, b := range nodes {
			if i != j && cut(i, j) {
				c = append(c, [2]ID{a, b})
			}
		}
	}
	return c
}

// Partition is a cut that is in force until it heals. Several may be at once: a
// link works when no partition cuts it.
type Partition struct {
	n      *Network
	name   string
	links  []*link
	healed bool
	lost   uint64          // messages
	count  *sim.FaultCount // of all partitions of this name
}

// Partition puts a cut into force. Messages on a cut link are lost, both those
// sent and those that would arrive while it lasts; one that was sent before and
// arrives after is not. The name stands in the event stream and in the counts of
// faults, which partitions of one name share. It panics if c mentions an unknown
// node.
func (n *Network) Partition(name string, c Cut) *Partition {
	p := &Partition{n: n, name: name, count: n.w.FaultCount("partition " + name)}
	for _, pair := range c {
		l := n.link(pair[0], pair[1])
		if k := len(l.cuts); k > 0 && l.cuts[k-1] == p {
			continue // c has the link twice
		}
		l.cuts = append(l.cuts, p)
		p.links = append(p.links, l)
	}
	p.count.Fired++
	n.emitFault(fmt.Sprintf("partition %s cuts %d links", name, len(p.links)))
	return p
}

// Heal ends the partition. Healing again does nothing.
func (p *Partition) Heal() {
	if p.healed {
		return
	}
	p.healed = true
	p.n.emitFault("partition " + p.name + " heals")
	for _, l := range p.links {
		i := slices.Index(l.cuts, p)
		l.cuts = slices.Delete(l.cuts, i, i+1)
	}
}

// Healed reports whether the partition has ended.
func (p *Partition) Healed() bool { return p.healed }

// Messages returns how many messages the partition has lost so far, both copies of
// a duplicated one. What several partitions stop counts for each.
func (p *Partition) Messages() uint64 { return p.lost }

// cut loses f to the partitions on its link.
func (n *Network) cut(f *flight) {
	for _, p := range f.link.cuts {
		p.lost++
		p.count.Effect++
	}
	n.drop(f, "partition")
}
