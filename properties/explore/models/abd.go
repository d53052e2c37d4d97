package models

import (
	"cmp"
	"fmt"

	"phoenix/network"
	"phoenix/properties/explore"
)

// The bugs of ABD.
const (
	abdRecordOverwrites = "record-overwrites"
	abdNoWriteBack      = "no-write-back"
	abdLocalSequence    = "local-sequence"
)

// ABDBugs returns what can be wrong with ABD. None does harm with two servers, where a
// majority is both. With three, record-overwrites shows with 2 clients, and no-write-back with
// 4: it takes a write that one read sees before it is done, and a later read that does not see
// it. Each client reads once, at the server behind the one that it wrote to; of 3 clients, one
// of the two that read would do so at the server that is busy with that write. As clients write
// before they do anything else, no write begins after another one ended; so local-sequence,
// with which a later write may get the lower number, does no harm in this Harness.
func ABDBugs() []Bug {
	return []Bug{
		{abdRecordOverwrites, "a server replaces what it holds by what it is told, even if that is older"},
		{abdNoWriteBack, "a read answers without telling a majority what it read"},
		{abdLocalSequence, "a write takes its sequence number from the server's own, not from the majority's greatest"},
	}
}

// ABD returns the model of a replicated register after Attiya, Bar-Noy and Dolev ("Sharing
// memory robustly in message-passing systems", J. ACM 42(1), 1995) for many writers: the
// server that is asked queries a majority for what they hold, and then has a majority
// record the newest of that, or what is written. It does one operation at a time and
// ignores what it is asked meanwhile. It has no answers with one server. It panics if h
// makes no sense.
func ABD(h Harness) explore.Model {
	return h.model("abd", ABDBugs(), func(ep *network.Endpoint) network.Handler {
		return &abd{ep: ep, servers: h.Servers, bug: h.Bug, version: version{Sequence: sequence{0, ep.ID()}}}
	})
}

// sequence orders writes, by count first.
type sequence struct {
	Count  int
	Writer network.ID
}

func (s sequence) compare(t sequence) int {
	return cmp.Or(cmp.Compare(s.Count, t.Count), cmp.Compare(s.Writer, t.Writer))
}

// version is a value and the write that it is of.
type version struct {
	Sequence sequence
	Value    value
}

func (v version) String() string {
	return fmt.Sprintf("%v at %d.%d", v.Value, v.Sequence.Count, v.Sequence.Writer)
}

// The messages between servers.
type (
	query    struct{ Request request }
	ackQuery struct {
		Request request
		Version version
	}
	record struct {
		Request request
		Version version
	}
	ackRecord struct{ Request request }
)

func (m query) String() string     { return fmt.Sprintf("%v query", m.Request) }
func (m ackQuery) String() string  { return fmt.Sprintf("%v holds %v", m.Request, m.Version) }
func (m record) String() string    { return fmt.Sprintf("%v record %v", m.Request, m.Version) }
func (m ackRecord) String() string { return fmt.Sprintf("%v recorded", m.Request) }

// abd is a replica and a coordinator.
type abd struct {
	ep      *network.Endpoint
	servers int
	bug     string

	version   version
	operation *abdOperation // the one that it coordinates, nil if it is idle
}

// abdOperation is what a coordinator knows. One of the maps is nil: it tells the phase.
type abdOperation struct {
	request   request
	client    network.ID
	write     value                  // 0 for a read
	read      value                  // what a read answers, in the second phase
	responses map[network.ID]version // what the servers hold, in the first phase
	acks      map[network.ID]bool    // who recorded it, in the second phase
}

// Receive is the whole protocol.
func (s *abd) Receive(from network.ID, msg any) {
	switch m := msg.(type) {
	case put:
		s.begin(abdOperation{request: m.Request, client: from, write: m.Value})
	case get:
		s.begin(abdOperation{request: m.Request, client: from})
	case query:
		s.ep.Send(from, ackQuery{m.Request, s.version})
	case ackQuery:
		if op := s.operation; op != nil && op.acks == nil && op.request == m.Request {
			s.met(from, m.Version)
		}
	case record:
		s.ep.Send(from, ackRecord{m.Request})
		if s.bug == abdRecordOverwrites {
			s.version = m.Version
		}
		s.adopt(m.Version)
	case ackRecord:
		if op := s.operation; op != nil && op.acks != nil && op.request == m.Request && !op.acks[from] {
			op.acks[from] = true
			if len(op.acks) == majority(s.servers) {
				s.finish(op)
			}
		}
	}
}

// begin asks all what they hold, if s is idle.
func (s *abd) begin(op abdOperation) {
	if s.operation != nil {
		return
	}
	op.responses = map[network.ID]version{s.ep.ID(): s.version}
	s.operation = &op
	broadcast(s.ep, s.servers, query{op.request})
}

// met counts a response. With a majority the second phase begins.
func (s *abd) met(from network.ID, v version) {
	op := s.operation
	if old, ok := op.responses[from]; ok && old == v {
		again(s.ep, from)
	}
	op.responses[from] = v
	if len(op.responses) == majority(s.servers) {
		s.record(op)
	}
}

// record tells all the newest version that was met, or a new one.
func (s *abd) record(op *abdOperation) {
	newest := op.responses[s.ep.ID()]
	for id := range network.ID(s.servers) {
		if v, ok := op.responses[id]; ok && v.Sequence.compare(newest.Sequence) >= 0 {
			newest = v
		}
	}
	if op.write != 0 {
		if s.bug == abdLocalSequence {
			newest = s.version
		}
		newest = version{sequence{newest.Sequence.Count + 1, s.ep.ID()}, op.write}
	} else {
		op.read = newest.Value
	}
	if s.bug == abdNoWriteBack && op.write == 0 {
		s.finish(op)
		return
	}
	op.responses, op.acks = nil, map[network.ID]bool{s.ep.ID(): true}
	broadcast(s.ep, s.servers, record{op.request, newest})
	s.adopt(newest)
}

// adopt takes over what is newer.
func (s *abd) adopt(v version) {
	if v.Sequence.compare(s.version.Sequence) > 0 {
		s.version = v
	}
}

func (s *abd) finish(op *abdOperation) {
	s.operation = nil
	if op.write != 0 {
		s.ep.Send(op.client, putOK{op.request})
	} else {
		s.ep.Send(op.client, getOK{op.request, op.read})
	}
}
