package models

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// standing is how far a node is with a transaction.
type standing string

const (
	isWorking   standing = "working" // of the transaction manager: it has not decided
	isPrepared  standing = "prepared"
	isCommitted standing = "committed"
	isAborted   standing = "aborted"
)

// notice is a message of two-phase commit. Who it is from and for says the rest.
type notice string

const (
	noticePrepare  notice = "prepare"
	noticePrepared notice = "prepared"
	noticeCommit   notice = "commit"
	noticeAbort    notice = "abort"
)

// The bugs of TwoPhase.
const twoPhaseWithoutAll = "commit-without-all"

// TwoPhaseBugs returns what can be wrong with TwoPhase.
func TwoPhaseBugs() []Bug {
	return []Bug{{twoPhaseWithoutAll, "the manager commits when all but one have prepared"}}
}

// TwoPhase is two-phase commit as Gray and Lamport specify it ("Consensus on transaction
// commit", ACM TODS 31(1), 2006, section 3 and the appendix): rms resource managers and a
// transaction manager, messages that are put up for all to read and stay, and every step that
// the specification allows, those that change nothing included. It takes at least one
// resource manager and panics for a bug that it does not have; "" is none.
func TwoPhase(rms int, bug string) explore.Model {
	atLeast("2pc", "resource managers", rms, 1)
	demand("2pc", bug, TwoPhaseBugs())
	tm := network.ID(rms)
	m := explore.Model{
		Name:      "2pc",
		Network:   explore.Board,
		Idle:      true,
		Symmetric: []explore.Group{{Nodes: ids(0, rms)}},
		// The manager reads no more messages once it has decided.
		Guard: func(h network.Handler, step explore.Step) bool {
			m, ok := h.(*manager)
			return !ok || step.Kind != explore.StepDeliver || m.state == isWorking
		},
	}
	for i := range rms {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprintf("rm%d", i), Boot: bootResource(tm)})
	}
	m.Nodes = append(m.Nodes, explore.Node{Name: "tm", Boot: bootManager(rms, bug)})
	m.Properties = []explore.Property{
		explore.Always("consistent", func(s *explore.State) error {
			if someManager(s, rms, func(at standing) bool { return at == isCommitted }) &&
				someManager(s, rms, func(at standing) bool { return at == isAborted }) {
				return errSplit
			}
			return nil
		}),
		explore.Sometimes("abort agreement", func(s *explore.State) bool {
			return !someManager(s, rms, func(at standing) bool { return at != isAborted })
		}),
		explore.Sometimes("commit agreement", func(s *explore.State) bool {
			return !someManager(s, rms, func(at standing) bool { return at != isCommitted })
		}),
	}
	return m
}

// someManager reports whether is is true of a resource manager that is up. It allocates
// nothing: it is asked in every state.
func someManager(s *explore.State, rms int, is func(standing) bool) bool {
	for i := range rms {
		if r, up := s.Node(network.ID(i)).(*resource); up && is(r.state) {
			return true
		}
	}
	return false
}

var errSplit = errors.New("one has committed and another aborted")

// consistent returns an error if one has committed and another aborted.
func consistent(all []standing) error {
	if slices.Contains(all, isCommitted) && slices.Contains(all, isAborted) {
		return errSplit
	}
	return nil
}

// unanimous reports whether all are at the same point.
func unanimous(all []standing, at standing) bool {
	return !slices.ContainsFunc(all, func(s standing) bool { return s != at })
}

// resource is a resource manager: it prepares or aborts as it likes, then does as it is told.
type resource struct {
	ep    *network.Endpoint
	tm    network.ID
	state standing

	prepare, abort *sim.Timer
}

func bootResource(tm network.ID) network.Boot {
	return func(ep *network.Endpoint) network.Handler {
		r := &resource{ep: ep, tm: tm, state: isWorking}
		r.prepare = ep.Timer("prepare", func() {
			r.turn(isPrepared)
			ep.Send(tm, noticePrepared)
		})
		r.abort = ep.Timer("abort", func() { r.turn(isAborted) })
		r.turn(isWorking)
		return r
	}
}

func (r *resource) turn(to standing) {
	r.state = to
	arm(r.prepare, to == isWorking, pace(r.ep, "prepare"))
	arm(r.abort, to == isWorking, 2*pace(r.ep, "abort"))
}

// Receive takes the decision, whatever came before it.
func (r *resource) Receive(_ network.ID, msg any) {
	switch msg {
	case noticeCommit:
		r.turn(isCommitted)
	case noticeAbort:
		r.turn(isAborted)
	}
}

// manager is the transaction manager.
type manager struct {
	ep       *network.Endpoint
	rms      int
	needed   int // how many must have prepared
	state    standing
	prepared map[network.ID]bool

	commit, abort *sim.Timer
}

func bootManager(rms int, bug string) network.Boot {
	return func(ep *network.Endpoint) network.Handler {
		m := &manager{ep: ep, rms: rms, needed: rms, state: isWorking, prepared: map[network.ID]bool{}}
		if bug == twoPhaseWithoutAll {
			m.needed--
		}
		m.commit = ep.Timer("commit", func() { m.decide(isCommitted, noticeCommit) })
		m.abort = ep.Timer("abort", func() { m.decide(isAborted, noticeAbort) })
		m.arm()
		return m
	}
}

func (m *manager) arm() {
	arm(m.commit, m.state == isWorking && len(m.prepared) >= m.needed, pace(m.ep, "commit"))
	arm(m.abort, m.state == isWorking, 4*pace(m.ep, "abort"))
}

func (m *manager) decide(to standing, tell notice) {
	m.state = to
	m.arm()
	broadcast(m.ep, m.rms, tell)
}

// Receive notes who has isPrepared, until there is a decision.
func (m *manager) Receive(from network.ID, msg any) {
	if msg == noticePrepared && m.state == isWorking {
		m.prepared[from] = true
		m.arm()
	}
}

// String returns the manager's standing and whom it knows to be prepared.
func (m *manager) String() string {
	return fmt.Sprintf("%s, prepared: %v", m.state, slices.Sorted(maps.Keys(m.prepared)))
}
