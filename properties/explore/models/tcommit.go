package models

import (
	"fmt"
	"maps"
	"slices"

	"phoenix/network"
	"phoenix/properties/explore"
)

// RM is a resource manager of TCommit: a value, not a node.
type RM int

// TCommit is what transaction commit is to achieve, without a protocol (Gray and Lamport,
// "Consensus on transaction commit", section 2 and the appendix): one node that holds the
// states of rms resource managers and sees them all. It takes at least one.
func TCommit(rms int) explore.Model {
	atLeast("tcommit", "resource managers", rms, 1)
	all := func(s *explore.State) []standing { return s.Node(0).(*ledger).standings() }
	return explore.Model{
		Name:      "tcommit",
		Nodes:     []explore.Node{{Name: "ledger", Boot: bootLedger(rms)}},
		Network:   explore.Board,
		Symmetric: []explore.Group{{Of: RM(0), Size: rms}},
		Properties: []explore.Property{
			explore.Always("consistent", func(s *explore.State) error { return consistent(all(s)) }),
			explore.Sometimes("abort agreement", func(s *explore.State) bool { return unanimous(all(s), isAborted) }),
			explore.Sometimes("commit agreement", func(s *explore.State) bool { return unanimous(all(s), isCommitted) }),
		},
	}
}

// action is the message that lets a resource manager turn to a state. All are put up for
// good: if it must not, nothing happens.
type action struct {
	RM RM
	To standing
}

// String returns the action as in "rm 1: prepared".
func (a action) String() string { return fmt.Sprintf("rm %d: %s", a.RM, a.To) }

// ledger holds the states of resource managers.
type ledger struct {
	ep  *network.Endpoint
	rms map[RM]standing
}

func bootLedger(rms int) network.Boot {
	return func(ep *network.Endpoint) network.Handler {
		l := &ledger{ep: ep, rms: map[RM]standing{}}
		for rm := range RM(rms) {
			l.rms[rm] = isWorking
		}
		l.offer()
		return l
	}
}

// offer puts up all actions, and again after each step: in a world they come once, and some
// come in vain.
func (l *ledger) offer() {
	for _, rm := range slices.Sorted(maps.Keys(l.rms)) {
		for _, to := range []standing{isPrepared, isCommitted, isAborted} {
			l.ep.Send(l.ep.ID(), action{rm, to})
		}
	}
}

// Receive takes an action if it is enabled.
func (l *ledger) Receive(_ network.ID, msg any) {
	if a, ok := msg.(action); ok && l.enabled(a) {
		l.rms[a.RM] = a.To
		l.offer()
	}
}

func (l *ledger) enabled(a action) bool {
	is, all := l.rms[a.RM], l.standings()
	switch a.To {
	case isPrepared:
		return is == isWorking
	case isCommitted:
		return is == isPrepared && !slices.Contains(all, isWorking) && !slices.Contains(all, isAborted)
	case isAborted:
		return (is == isWorking || is == isPrepared) && !slices.Contains(all, isCommitted)
	}
	return false
}

// standings returns the states in order.
func (l *ledger) standings() []standing {
	var all []standing
	for _, rm := range slices.Sorted(maps.Keys(l.rms)) {
		all = append(all, l.rms[rm])
	}
	return all
}

// String returns the states in order.
func (l *ledger) String() string { return fmt.Sprint(l.standings()) }
