package models

import (
	"fmt"

	"phoenix/crdt"
	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// CRDTConfig says how much of a replicated data type is explored. The zero value is three
// replicas and three operations.
type CRDTConfig struct {
	Replicas int // at most 4
	// Operations are how many there are in all. Each replica does some of them, in all ways to
	// share them out; who starts again after a crash does one more.
	Operations int
	Faults     explore.Budget
	Lossy      bool   // every message may be lost: replicas need not be equal at rest
	Bug        string // one of those of the model, "" for none
}

// The properties of the models of replicated data types.
const (
	// CRDTSpecified claims that what each replica shows is what the specification of the type
	// says of the operations that it has heard of, and of who had heard of what.
	CRDTSpecified = "value as specified"
	// CRDTEqual claims that replicas are equal, bit for bit, that have heard of the same.
	CRDTEqual = "equal when they heard the same"
	// CRDTCatchUp claims that of any two replicas the one, told what it lacks by its context,
	// or by the difference where a type has none, comes to what a merge of all of the other
	// gives, and that it then shows what is specified.
	CRDTCatchUp = "caught up by what it lacks"
	// CRDTNothingLost claims that all replicas merged show every operation that is known to any.
	CRDTNothingLost = "no operation lost"
	// CRDTConverged claims that replicas are equal at rest.
	CRDTConverged = "converged"
	// CRDTAllHeard is that all operations are done and heard of by all, sometimes.
	CRDTAllHeard = "all heard all"
)

// maxCRDTReplicas and maxCRDTOperations bound the numbers of events, which are bits.
const (
	maxCRDTReplicas   = 4
	maxCRDTOperations = 4
)

func (cfg CRDTConfig) check(name string, bugs []Bug) CRDTConfig {
	cfg.Replicas, cfg.Operations = or(cfg.Replicas, 3), or(cfg.Operations, 3)
	atLeast(name, "replicas", cfg.Replicas, 1)
	atLeast(name, "operations", cfg.Operations, 1)
	if cfg.Replicas > maxCRDTReplicas || cfg.Operations > maxCRDTOperations {
		panic(fmt.Sprintf("models: %s with %d replicas and %d operations, expected at most %d and %d", name,
			cfg.Replicas, cfg.Operations, maxCRDTReplicas, maxCRDTOperations))
	}
	demand(name, cfg.Bug, bugs)
	return cfg
}

// crdtKind is a replicated data type as it is explored: its operations, its specification, and
// what may be wrong with how it is used. It is a value without pointers.
type crdtKind[S any] interface {
	// alphabet is what each operation is chosen from.
	alphabet() []crdtOp
	// do does one on s and returns the delta that is sent. It completes e, the operation as an
	// event; a delta of nil says that there was nothing to be done, and so no event.
	do(s *S, n *crdtSite, e *crdtEvent) (delta *S)
	// receive takes a delta.
	receive(s *S, n *crdtSite, delta *S)
	read(s *S) []string
	// covers reports whether an operation takes away the effect of an earlier one that it saw.
	covers(later, earlier crdtEvent) bool
	// spec is what is read where the operations of v are visible.
	spec(v crdtView) []string
}

// crdtModel is the model of a kind: replicas that send the delta of each operation to all
// others, once. The network is a Board unless another is asked for: what is sent may arrive
// at any time, in any order, any number of times or never, and a state in which it has not
// arrived is one in which it is lost.
func crdtModel[S any](name string, cfg CRDTConfig, kind crdtKind[S]) explore.Model {
	m := explore.Model{Name: name, Network: explore.Board, Faults: cfg.Faults, Lossy: cfg.Lossy}
	for i := range cfg.Replicas {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprintf("r%d", i), Boot: bootCRDT(cfg, kind)})
	}
	m.Within = func(s *explore.State) bool {
		planned, fresh := 0, 0
		for _, c := range handlers[*crdtCopy[S]](s, cfg.Replicas) {
			if c.planned >= 0 {
				planned += c.planned
				fresh++
			}
		}
		return fresh < cfg.Replicas || planned == cfg.Operations
	}
	m.Properties = crdtProperties(cfg, kind)
	return m
}

// crdtCopy is a replica. Between events it keeps its state in the canonical encoding, so that
// equal states are one state of the explorer whatever led to them.
type crdtCopy[S any] struct {
	ep   *network.Endpoint
	kind crdtKind[S]
	site crdtSite

	state   crdtBytes
	shows   []string
	planned int // operations that it does before it crashes, -1 if it has crashed
	left    int // of them

	known crdtBytes `explore:"-"` // state and site.Seen as one, to tell copies apart by

	operate *sim.Timer
}

// crdtSite is what a replica knows beside the state.
type crdtSite struct {
	Replica crdt.Replica
	Clock   crdt.HybridClock
	Now     int64    // what its physical clock says
	Seen    crdtView // the operations that it heard of: no part of the type, for judging it
	Done    int
	First   int // the number of its first operation
}

// crdtBytes is a state or delta in its canonical encoding.
type crdtBytes string

// String says how long it is.
func (b crdtBytes) String() string { return fmt.Sprintf("%d bytes", len(b)) }

// crdtDelta is a message: a delta, and the operations that it brings.
type crdtDelta struct {
	Brings crdtView
	State  crdtBytes
}

// String names the operations.
func (m crdtDelta) String() string { return "delta of " + m.Brings.String() }

func bootCRDT[S any](cfg CRDTConfig, kind crdtKind[S]) network.Boot {
	return func(ep *network.Endpoint) network.Handler {
		incarnation := int(ep.Boots())*cfg.Replicas + int(ep.ID())
		c := &crdtCopy[S]{ep: ep, kind: kind, site: crdtSite{
			Replica: crdt.Replica(1 + incarnation), First: incarnation * maxCRDTOperations,
			Clock: crdt.HybridClock{Bound: maxCRDTOperations}}}
		if cfg.Bug == crdtReusedIdentifier {
			c.site.Replica = crdt.Replica(1 + ep.ID())
		}
		c.operate = ep.Timer("operate", c.next)
		if ep.Boots() == 0 {
			c.planned = ep.Choose("operations", cfg.Operations+1)
			c.left = c.planned
		} else {
			c.planned, c.left = -1, 1
		}
		c.keep(new(S))
		arm(c.operate, c.left > 0, pace(ep, "operate"))
		return c
	}
}

// next does an operation of the alphabet and tells the others.
func (c *crdtCopy[S]) next() {
	ops := c.kind.alphabet()
	e := crdtEvent{ID: c.site.First + c.site.Done, Saw: c.site.Seen.ids(), Op: ops[c.ep.Choose("operation", len(ops))]}
	e.Takes = c.site.Seen.takenBy(e, c.kind.covers)
	s := crdtOpen[S](c.state)
	if delta := c.kind.do(s, &c.site, &e); delta != nil {
		sent := crdtPack(delta)
		c.site.Done++
		brings := append(c.site.Seen.broughtBy(e), e)
		c.site.Seen = c.site.Seen.with(brings)
		for _, to := range c.ep.Nodes() {
			if to != c.ep.ID() {
				c.ep.Send(to, crdtDelta{brings, sent})
			}
		}
	}
	c.keep(s)
	c.left--
	arm(c.operate, c.left > 0, pace(c.ep, "operate"))
}

// Receive takes a delta.
func (c *crdtCopy[S]) Receive(_ network.ID, msg any) {
	m, ok := msg.(crdtDelta)
	if !ok {
		return
	}
	s := crdtOpen[S](c.state)
	c.kind.receive(s, &c.site, crdtOpen[S](m.State))
	c.site.Seen = c.site.Seen.with(m.Brings)
	c.keep(s)
}

func (c *crdtCopy[S]) keep(s *S) {
	c.state, c.shows = crdtPack(s), c.kind.read(s)
	c.known = c.state + crdtBytes(fmt.Sprint([]crdtEvent(c.site.Seen)))
}
