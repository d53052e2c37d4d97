package models

import (
	"errors"
	"fmt"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// The bugs of CommitCrash.
const commitCrashImpatient = "impatient"

// CommitCrashBugs returns what can be wrong with CommitCrash.
func CommitCrashBugs() []Bug {
	return []Bug{{commitCrashImpatient, "a participant that has voted yes aborts when it hears nothing for long"}}
}

// CommitCrash is two-phase commit with messages that are delivered once and a coordinator
// that may crash so many times, for good. Then those that have voted yes wait for ever: the
// protocol blocks (Bernstein, Hadzilacos and Goodman, "Concurrency control and recovery in
// database systems", 1987, section 7.4), which violates "all decide". With no crashes it
// holds. It takes at least one participant and panics for a bug that it does not have.
func CommitCrash(participants, crashes int, bug string) explore.Model {
	atLeast("commit-crash", "participants", participants, 1)
	demand("commit-crash", bug, CommitCrashBugs())
	coordinator := network.ID(participants)
	all := func(s *explore.State) []standing {
		var all []standing
		for _, v := range handlers[*voter](s, participants) {
			all = append(all, v.state)
		}
		return all
	}
	m := explore.Model{
		Name:   "commit-crash",
		Faults: explore.Budget{Crashes: crashes, Crashable: []network.ID{coordinator}},
		Properties: []explore.Property{
			explore.Always("consistent", func(s *explore.State) error { return consistent(all(s)) }),
			explore.Eventually("all decide", func(s *explore.State) bool { return decidedAll(all(s)) }),
			explore.AtRest("nobody is blocked", func(s *explore.State) error {
				if !decidedAll(all(s)) {
					return errors.New("a participant waits for a decision that never comes")
				}
				return nil
			}),
		},
	}
	for i := range participants {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprintf("p%d", i), Boot: bootVoter(bug)})
	}
	m.Nodes = append(m.Nodes, explore.Node{Name: "coordinator", Boot: bootCoordinator(participants)})
	return m
}

// decidedAll reports whether all have committed or aborted.
func decidedAll(all []standing) bool {
	for _, s := range all {
		if s != isCommitted && s != isAborted {
			return false
		}
	}
	return true
}

// voter is a participant.
type voter struct {
	ep    *network.Endpoint
	state standing

	patience *sim.Timer // runs while it waits for the decision, if that is the bug
	bug      string
}

func bootVoter(bug string) network.Boot {
	return func(ep *network.Endpoint) network.Handler {
		v := &voter{ep: ep, bug: bug}
		v.patience = ep.Timer("patience", func() { v.turn(isAborted) })
		v.turn(isWorking)
		return v
	}
}

func (v *voter) turn(to standing) {
	v.state = to
	arm(v.patience, to == isPrepared && v.bug == commitCrashImpatient, pace(v.ep, "patience"))
}

// Receive votes as it likes when it is asked, and takes the decision unless it has one. Who
// votes no need not wait for it.
func (v *voter) Receive(from network.ID, msg any) {
	switch {
	case msg == noticePrepare && v.state == isWorking:
		if v.ep.Choose("vote no", 2) == 0 {
			v.turn(isPrepared)
			v.ep.Send(from, noticePrepared)
		} else {
			v.turn(isAborted)
			v.ep.Send(from, noticeAbort)
		}
	case msg == noticeCommit && v.state == isPrepared:
		v.turn(isCommitted)
	case msg == noticeAbort && v.state == isPrepared:
		v.turn(isAborted)
	}
}

// coordinator asks for votes as it boots, and decides when all are yes or one is no. It keeps
// nothing on disk: a crash is for good.
type coordinator struct {
	ep     *network.Endpoint
	voters int
	yes    map[network.ID]bool
	state  standing
}

func bootCoordinator(voters int) network.Boot {
	return func(ep *network.Endpoint) network.Handler {
		c := &coordinator{ep: ep, voters: voters, yes: map[network.ID]bool{}, state: isWorking}
		if ep.Boots() == 0 {
			broadcast(ep, voters, noticePrepare)
		}
		return c
	}
}

// Receive counts votes until there is a decision, and tells it.
func (c *coordinator) Receive(from network.ID, msg any) {
	if c.state != isWorking {
		return
	}
	switch msg {
	case noticePrepared:
		if c.yes[from] = true; len(c.yes) == c.voters {
			c.state = isCommitted
			broadcast(c.ep, c.voters, noticeCommit)
		}
	case noticeAbort:
		c.state = isAborted
		broadcast(c.ep, c.voters, noticeAbort)
	}
}
