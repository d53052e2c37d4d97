package models

import (
	"fmt"
	"slices"

	"phoenix/crdt"
	"phoenix/crdt/gossip"
	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// GossipSetBugs returns what can be wrong with GossipSet.
func GossipSetBugs() []Bug {
	return []Bug{{string(gossip.Unacknowledged), "deltas are forgotten once they were sent"}}
}

// GossipSet is a crdt.AddWinsSet on replicas of package gossip as they are, with their rounds and
// acknowledgements: the code that runs in worlds. Rounds may come at any time, so all is sent
// again and again: the network holds at most underWay messages, unless that is 0, which needs a
// Board. On a Board nothing comes to rest, and so nothing is found to converge.
func GossipSet(protocol gossip.Protocol, cfg CRDTConfig, underWay int) explore.Model {
	name := "gossip/" + string(protocol)
	cfg = cfg.check(name, GossipSetBugs())
	m := explore.Model{Name: name, Faults: cfg.Faults, Lossy: cfg.Lossy}
	for i := range cfg.Replicas {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprintf("r%d", i), Boot: bootGossip(protocol, cfg)})
	}
	copies := func(s *explore.State) []*gossipCopy { return handlers[*gossipCopy](s, cfg.Replicas) }
	m.Within = func(s *explore.State) bool {
		if underWay > 0 && len(s.Messages()) > underWay {
			return false
		}
		planned := 0
		for _, c := range copies(s) {
			planned += c.planned
		}
		return planned == cfg.Operations
	}
	m.Properties = []explore.Property{
		explore.Always(CRDTSpecified, func(s *explore.State) error { return gossipSpecified(copies(s)) }),
		explore.Converged(CRDTConverged, func(h network.Handler) any { return crdtPack(h.(*gossipCopy).replica.State()) }),
		explore.Sometimes(CRDTAllHeard, func(s *explore.State) bool {
			return !slices.ContainsFunc(copies(s), func(c *gossipCopy) bool {
				return c.replica.State().Context().Len() < uint64(cfg.Operations)
			})
		}),
	}
	return m
}

// gossipCopy is a replica that does operations.
type gossipCopy struct {
	ep      *network.Endpoint
	replica gossipReplica
	done    crdtView // no part of the type, for judging it
	planned int

	operate *sim.Timer
}

// gossipReplica tells itself in a few words.
type gossipReplica struct {
	*gossip.Replica[addWinsSet, *addWinsSet]
}

// String tells what is in the set, and whether all peers have acknowledged it.
func (r gossipReplica) String() string {
	text := fmt.Sprintf("version %d %v", r.Version(), slices.Collect(r.State().All()))
	if r.Settled() {
		text += " settled"
	}
	return text
}

func bootGossip(protocol gossip.Protocol, cfg CRDTConfig) network.Boot {
	return func(ep *network.Endpoint) network.Handler {
		replica := gossip.New[addWinsSet](ep, gossip.Config{Protocol: protocol, Backoff: 1, Bug: gossip.Bug(cfg.Bug)})
		c := &gossipCopy{ep: ep, replica: gossipReplica{replica}}
		c.operate = ep.Timer("operate", c.next)
		c.planned = ep.Choose("operations", cfg.Operations+1)
		arm(c.operate, c.planned > 0, pace(ep, "operate"))
		return c
	}
}

// next does an operation, one of those that have an effect.
func (c *gossipCopy) next() {
	ops := slices.DeleteFunc(crdtElements(), func(op crdtOp) bool {
		return op.Verb == "remove" && !c.replica.State().Contains(op.Elem)
	})
	op := ops[c.ep.Choose("operation", len(ops))]
	saw := gossipIDs(c.replica.State().Context())
	c.done = append(c.done, crdtEvent{ID: int(c.ep.ID())*maxCRDTOperations + len(c.done), Saw: saw, Op: op})
	c.replica.Update(func(id crdt.Replica, s *addWinsSet) *addWinsSet {
		if op.Verb == "add" {
			return s.Add(id, op.Elem)
		}
		return s.Remove(id, op.Elem)
	})
	arm(c.operate, len(c.done) < c.planned, pace(c.ep, "operate"))
}

// gossipIDs returns the IDs of the events of a context. The first replica that boots has 1 in
// the lower half of its identifier.
func gossipIDs(ctx *crdt.CausalContext) (set uint64) {
	for d := range ctx.All() {
		set |= 1 << ((uint64(d.Replica&(1<<32-1))-1)*maxCRDTOperations + d.Counter - 1)
	}
	return set
}

// Receive hands messages to the replica.
func (c *gossipCopy) Receive(from network.ID, msg any) { c.replica.Receive(from, msg) }

// gossipSpecified compares what each shows with what is specified of the operations in its context.
// Who has heard of an operation must have heard of all that its replica had heard of before.
func gossipSpecified(cs []*gossipCopy) error {
	var all crdtView
	for _, c := range cs {
		all = all.with(c.done)
	}
	kind := crdtAddWins{}
	for _, c := range cs {
		var heard crdtView
		ids := gossipIDs(c.replica.State().Context())
		for _, e := range all {
			if ids>>e.ID&1 == 1 {
				heard = append(heard, e)
			}
		}
		if !heard.closed() {
			return fmt.Errorf("%s has heard of: %v, and not of all that was known then", c.ep.Name(), heard)
		}
		if want, shows := kind.spec(heard.causal(kind.covers)), kind.read(c.replica.State()); !slices.Equal(want, shows) {
			return fmt.Errorf("%s: %v is shown, %v is specified of: %v", c.ep.Name(), shows, want, heard)
		}
	}
	return nil
}
