package gossip

import (
	"fmt"

	"phoenix/crdt"
	"phoenix/network"
	"phoenix/sim"
)

// Pointer is *S, which must be a crdt.State: all types of package crdt are.
type Pointer[S any] interface {
	*S
	crdt.State[S]
}

// Replica is one copy of a state on a node: a part of the node's handler, made when
// it boots. The node hands it the messages that it gets, changes the state by Update
// only, and reads it with State.
type Replica[S any, P Pointer[S]] struct {
	ep       *network.Endpoint
	cfg      Config
	id       crdt.Replica
	epoch    uint32 // boots of the node, this one included
	state    *S
	version  uint64 // changes of the state in this epoch
	buffer   buffer[S]
	peers    []*peer[S] // in order of their numbers
	turn     int        // of the peer whose turn it is if there is a Fanout
	round    *sim.Timer
	stats    Stats                  `explore:"-"`
	bottom   []byte                 `explore:"-"` // its encoding
	made     made[S]                `explore:"-"`
	sessions uint32                 `explore:"-"` // begun so far
	removed  map[network.ID]removed // peers that were
}

// made is what was made of the state or of its deltas, of the versions that it says.
type made[S any] struct {
	whole payload    // the state
	sum   payload    // its digest, or that of its context
	union payload    // the last join of deltas
	parts *pieces[S] // of the state
}

// payload is what was new after one version and up to another, encoded.
type payload struct {
	after, version uint64
	data           []byte
	entries        uint64
}

// ReplicaOf returns the identifier of a boot of a node; boots is Endpoint.Boots. No
// two boots have the same, so a replica that lost its state mints no dot twice.
func ReplicaOf(id network.ID, boots uint32) crdt.Replica {
	return crdt.Replica(uint64(boots)<<32 | uint64(uint32(id)+1))
}

// New returns the replica of a node that boots. Its state is bottom; Join puts in what
// survived a crash. It panics if cfg is not valid or the type lacks what the protocol needs.
func New[S any, P Pointer[S]](ep *network.Endpoint, cfg Config) *Replica[S, P] {
	r := &Replica[S, P]{ep: ep, cfg: cfg.check(), state: new(S), epoch: ep.Boots() + 1}
	r.id = ReplicaOf(ep.ID(), ep.Boots())
	r.bottom = must(P(new(S)).AppendBinary(nil))
	_, causal := any(r.state).(crdt.Causal[S])
	switch r.cfg.Protocol {
	case RR, BPRR, Sketch, Trie:
		r.require(r.splits(), "Diff and Split")
	case CatchUp:
		r.require(causal, "Context and Delta")
	}
	switch r.cfg.Protocol {
	case FullState, CatchUp, Sketch, Trie:
		r.cfg.BufferCount = 0
	}
	r.round = ep.Timer("gossip", r.Sync)
	if r.cfg.Topic > 0 {
		r.round = ep.Timer(fmt.Sprintf("gossip %d", r.cfg.Topic), r.Sync)
	}
	peers := cfg.Peers
	if peers == nil {
		peers = ep.Nodes()
	}
	for _, id := range peers {
		r.add(id, ep.Boots() > 0)
	}
	r.cfg.Peers = nil
	r.wake()
	return r
}

// require panics if the type does not have the methods that the protocol needs.
func (r *Replica[S, P]) require(has bool, methods string) {
	if !has {
		panic(fmt.Sprintf("gossip: %T lacks %s, which protocol %s needs", r.state, methods, r.cfg.Protocol))
	}
}

func (r *Replica[S, P]) splits() bool {
	_, ok := any(r.state).(crdt.Splitter[S])
	return ok
}

// reduces reports whether only what was new is passed on.
func (r *Replica[S, P]) reduces() bool {
	return r.cfg.Protocol == RR || r.cfg.Protocol == BPRR || r.cfg.Protocol == Adaptive && r.splits()
}

// avoids reports whether nothing is sent back to where it came from.
func (r *Replica[S, P]) avoids() bool {
	return r.cfg.Protocol == BP || r.cfg.Protocol == BPRR || r.cfg.Protocol == Adaptive
}

// ID returns the identifier under which the replica acts.
func (r *Replica[S, P]) ID() crdt.Replica { return r.id }

// State returns the state, for reading, until the next change.
func (r *Replica[S, P]) State() *S { return r.state }

// Version returns how often the state has changed since the node booted.
func (r *Replica[S, P]) Version() uint64 { return r.version }

// Update changes the state. change mutates it for the replica and returns the delta,
// as the mutators of package crdt do; it must not keep either. Nil and bottom are no change
// that peers are told of: so may a state forget what is stable.
func (r *Replica[S, P]) Update(change func(id crdt.Replica, s *S) *S) {
	if d := change(r.id, r.state); d != nil {
		if size := r.size(d); size > 0 {
			r.changed(item[S]{d, size, local})
			return
		}
	}
	r.made = made[S]{}
}

// Join joins s, a snapshot from before a crash for instance, into the state.
func (r *Replica[S, P]) Join(s *S) {
	if size := r.size(s); size > 0 {
		r.join(item[S]{crdt.Clone(s), size, local})
	}
}

// Stats returns what was counted so far.
func (r *Replica[S, P]) Stats() Stats {
	s := r.stats
	s.Buffered, s.BufferedBytes = len(r.buffer.items), r.buffer.bytes
	return s
}
