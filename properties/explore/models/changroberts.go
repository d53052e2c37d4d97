package models

import (
	"errors"
	"fmt"
	"slices"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// claim is the message of ChangRoberts: the number of a node that would like to lead.
type claim struct{ ID network.ID }

// String returns the claim as in "claim 2".
func (c claim) String() string { return fmt.Sprintf("claim %d", c.ID) }

// role of a node in the election.
type role string

const (
	candidate role = "candidate"
	lost      role = "lost"
	won       role = "won"
)

// ChangRoberts is the election of a leader in a ring that messages go round one way (Chang and
// Roberts, "An improved algorithm for decentralized extrema-finding in circular configurations
// of processes", CACM 22(5), 1979), with the lowest number winning. Which nodes stand as
// candidates is chosen as they boot. Whether a node stands or not, it first takes a step to
// begin, and only then handles messages, so that the steps are those of the specification in
// the collection of TLA+ examples. It takes at least one node.
func ChangRoberts(nodes int) explore.Model {
	atLeast("chang-roberts", "nodes", nodes, 1)
	all := func(s *explore.State) []*ringNode { return handlers[*ringNode](s, nodes) }
	m := explore.Model{
		Name: "chang-roberts",
		Properties: []explore.Property{
			explore.Always("correct", func(s *explore.State) error { return rightWinner(all(s)) }),
			explore.Eventually("elected", func(s *explore.State) bool { return elected(all(s)) }),
		},
	}
	for i := range nodes {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprintf("n%d", i), Boot: bootRingNode(nodes)})
	}
	return m
}

// ringNode is one node of the ring.
type ringNode struct {
	ep        *network.Endpoint
	next      network.ID
	initiator bool
	begun     bool
	role      role
	beaten    int // claims that ended here: without it, to swallow one would be to ignore it

	begin *sim.Timer
}

func bootRingNode(nodes int) network.Boot {
	return func(ep *network.Endpoint) network.Handler {
		n := &ringNode{ep: ep, next: network.ID((int(ep.ID()) + 1) % nodes), role: lost}
		if n.initiator = ep.Choose("initiator", 2) == 1; n.initiator {
			n.role = candidate
		}
		n.begin = ep.Timer("begin", func() {
			n.begun = true
			if n.initiator {
				ep.Send(n.next, claim{ep.ID()})
			}
		})
		n.begin.Reset(0)
		return n
	}
}

// Receive passes a claim on unless it is worse than this node's own. Before a node has begun
// it ignores all, and an explorer leaves them under way; in a world it begins at once, before
// a message can have come.
func (n *ringNode) Receive(_ network.ID, msg any) {
	c, ok := msg.(claim)
	if !ok || !n.begun {
		return
	}
	switch {
	case n.role == lost:
		n.ep.Send(n.next, c)
	case c.ID < n.ep.ID():
		n.role = lost
		n.ep.Send(n.next, c)
	case c.ID == n.ep.ID():
		n.role = won
	default:
		n.beaten++
	}
}

// rightWinner returns an error unless who has won stood as a candidate, and all others have
// lost, those that stood having greater numbers.
func rightWinner(all []*ringNode) error {
	for _, w := range all {
		if w.role != won {
			continue
		}
		if !w.initiator {
			return errors.New("a node has won that did not stand")
		}
		for _, n := range all {
			if n != w && (n.role != lost || n.initiator && n.ep.ID() < w.ep.ID()) {
				return fmt.Errorf("%s has won, and %s should have", w.ep.Name(), n.ep.Name())
			}
		}
	}
	return nil
}

// elected reports whether a node has won, or none stood.
func elected(all []*ringNode) bool {
	return slices.ContainsFunc(all, func(n *ringNode) bool { return n.role == won }) ||
		!slices.ContainsFunc(all, func(n *ringNode) bool { return n.initiator })
}
