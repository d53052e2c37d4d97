package models

import (
	"fmt"

	"phoenix/network"
	"phoenix/properties/explore"
)

// The bugs of PrimaryBackup.
const (
	primaryAckFirst   = "ack-before-replicate"
	primaryReadBackup = "read-at-backup"
)

// PrimaryBackupBugs returns what can be wrong with PrimaryBackup. The first shows with one
// client of two servers, the second with three.
func PrimaryBackupBugs() []Bug {
	return []Bug{
		{primaryAckFirst, "the primary answers a write before the backups have it, and backups answer reads"},
		{primaryReadBackup, "backups answer reads: of two, one may know a write and the other not yet"},
	}
}

// PrimaryBackup returns the model of a register with a copy at every server (Alsberg and
// Day, "A principle for resilient sharing of distributed resources", ICSE 1976). Server 0 is
// the primary for ever, and the others send it what they are asked for. It numbers writes,
// sends each to all backups and answers the client when all have it; it answers reads at
// once. What it has been asked for before it ignores. It panics if h makes no sense.
func PrimaryBackup(h Harness) explore.Model {
	return h.model("primary-backup", PrimaryBackupBugs(), func(ep *network.Endpoint) network.Handler {
		return &replica{ep: ep, servers: h.Servers, bug: h.Bug,
			newest: map[network.ID]request{}, waiting: map[int]*pending{}}
	})
}

// The messages between servers.
type (
	// forward is what a client asked a backup for.
	forward struct {
		Client  network.ID
		Message any // a put or get
	}
	replicate struct {
		Count int // of writes so far
		Value value
	}
	ackReplicate struct{ Count int }
)

func (m forward) String() string      { return fmt.Sprintf("forward %v for %d", m.Message, m.Client) }
func (m replicate) String() string    { return fmt.Sprintf("replicate %v as write %d", m.Value, m.Count) }
func (m ackReplicate) String() string { return fmt.Sprintf("have write %d", m.Count) }

// replica is a primary or a backup.
type replica struct {
	ep      *network.Endpoint
	servers int
	bug     string

	count int // of writes that the value is the result of
	value value

	// Of the primary.
	newest  map[network.ID]request // of each client
	waiting map[int]*pending       // the writes that some backup may lack, by count
}

// pending is a write that is not answered yet.
type pending struct {
	client  network.ID
	request request
	acks    map[network.ID]bool
}

const primary network.ID = 0

// Receive is the whole protocol.
func (s *replica) Receive(from network.ID, msg any) {
	switch m := msg.(type) {
	case get:
		if s.ep.ID() != primary && s.bug != "" {
			s.ep.Send(from, getOK{m.Request, s.value})
			return
		}
		s.asked(from, m)
	case put:
		s.asked(from, m)
	case forward:
		s.serve(m.Client, m.Message)
	case replicate:
		if m.Count > s.count {
			s.count, s.value = m.Count, m.Value
		}
		s.ep.Send(from, ackReplicate{m.Count})
	case ackReplicate:
		if w := s.waiting[m.Count]; w != nil {
			w.acks[from] = true
			s.settle(m.Count)
		}
	}
}

func (s *replica) asked(client network.ID, msg any) {
	if s.ep.ID() == primary {
		s.serve(client, msg)
		return
	}
	s.ep.Send(primary, forward{client, msg})
}

// serve does as a client wants, at the primary.
func (s *replica) serve(client network.ID, msg any) {
	switch m := msg.(type) {
	case get:
		if s.admit(client, m.Request) {
			s.ep.Send(client, getOK{m.Request, s.value})
		}
	case put:
		if s.admit(client, m.Request) {
			s.write(client, m)
		}
	}
}

// admit reports whether a request is newer than all of its client, and remembers it.
func (s *replica) admit(client network.ID, r request) bool {
	if r <= s.newest[client] {
		return false
	}
	s.newest[client] = r
	return true
}

func (s *replica) write(client network.ID, m put) {
	s.count++
	s.value = m.Value
	if s.bug == primaryAckFirst {
		s.ep.Send(client, putOK{m.Request})
	} else {
		s.waiting[s.count] = &pending{client, m.Request, map[network.ID]bool{}}
	}
	broadcast(s.ep, s.servers, replicate{s.count, s.value})
	s.settle(s.count)
}

// settle answers a write that all backups have.
func (s *replica) settle(count int) {
	if w := s.waiting[count]; w != nil && len(w.acks) == s.servers-1 {
		s.ep.Send(w.client, putOK{w.request})
		delete(s.waiting, count)
	}
}
