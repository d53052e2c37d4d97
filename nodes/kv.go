package nodes

import (
	"fmt"

	"phoenix/network"
)

// Request is the message with which a client asks a server to do something with
// one key. It is a plain value, and so is Reply.
//
// The client chooses the ID: it is at least 1, and greater for each new request
// of that client, whichever server it goes to. A request may arrive twice. A
// server therefore repeats its answer to the newest request that it knows of a
// client, and ignores older ones: the client has given them up.
type Request struct {
	ID uint64
	Invocation
}

// Get is the request for the value of a key.
func Get(id uint64, key string) Request {
	return Request{id, Invocation{Kind: Read, Key: key}}
}

// Put is the request to give a key a value. Servers refuse the value 0.
func Put(id uint64, key string, value int64) Request {
	return Request{id, Invocation{Kind: Write, Key: key, Value: value}}
}

// CompareAndSet is the request to give a key the value next if its value is old,
// where 0 stands for a key that was never written. Servers refuse a next of 0.
func CompareAndSet(id uint64, key string, old, next int64) Request {
	return Request{id, Invocation{Kind: CAS, Key: key, Value: next, Old: old}}
}

// String returns the request as in "#3 write x 7".
func (r Request) String() string { return fmt.Sprintf("#%d %s", r.ID, r.Invocation) }

// Valid reports whether r may be carried out: its kind is known and it does not
// write 0, which means absent.
func (r Request) Valid() bool {
	return r.Kind == Read || (r.Kind == Write || r.Kind == CAS) && r.Value != 0
}

// Code says how a server answered a request.
type Code uint8

// The codes of a Reply. There is no zero code.
const (
	// OK: it was carried out.
	OK Code = iota + 1
	// CASFailed: a CompareAndSet found another value than the one it expected,
	// and changed nothing.
	CASFailed
	// NotLeader: another server is responsible. This one has not carried out the
	// request and never will, not even when a copy of it arrives.
	NotLeader
	// Unsupported: the store does not offer this kind of request, or the request
	// is not Valid. It was not carried out.
	Unsupported
	// Unknown: the server cannot tell whether it carried out this request in an
	// earlier life. It will not now.
	Unknown
)

var codeNames = [...]string{OK: "ok", CASFailed: "cas failed", NotLeader: "not leader", Unsupported: "unsupported", Unknown: "unknown"}

// String returns a phrase such as "not leader".
func (c Code) String() string {
	if c >= OK && c <= Unknown {
		return codeNames[c]
	}
	return fmt.Sprintf("code(%d)", uint8(c))
}

// Reply is the answer to the Request of the same ID.
type Reply struct {
	ID   uint64
	Code Code
	// Value is what a Get read or what a failed CompareAndSet found; 0 if the
	// key was never written, and with all other answers.
	Value int64
	// Leader is who is responsible as far as the server knows, sim.NoHost if it
	// does not; it counts with NotLeader only.
	Leader network.ID
}

// String returns the reply as in "#3 ok 7" or "#4 not leader, ask 2".
func (r Reply) String() string {
	switch {
	case r.Code == NotLeader && r.Leader >= 0:
		return fmt.Sprintf("#%d %s, ask %d", r.ID, r.Code, r.Leader)
	case r.Code == OK && r.Value != 0 || r.Code == CASFailed:
		return fmt.Sprintf("#%d %s %d", r.ID, r.Code, r.Value)
	}
	return fmt.Sprintf("#%d %s", r.ID, r.Code)
}
