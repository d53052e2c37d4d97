package nodes

import (
	"fmt"
	"strconv"
)

// Kind is what an operation does. The zero value reads.
type Kind uint8

// The kinds of operations.
const (
	Read  Kind = iota
	Write      // give a key a value
	CAS        // give a key a value if it has the expected one: compare and set
)

var kindNames = [...]string{Read: "read", Write: "write", CAS: "cas"}

// String returns read, write or cas.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Invocation is the payload of a sim.Invoke event: what a client calls for.
type Invocation struct {
	Kind Kind
	Key  string
	// Value is what a write or a CAS wants to leave; 0 for a read.
	Value int64
	// Old is what a CAS expects, 0 for a key never written; 0 for other kinds.
	Old int64
}

// String returns "read x", "write x 7" or "cas x 3 7", the old value first.
func (i Invocation) String() string {
	switch i.Kind {
	case Read:
		return "read " + quoteKey(i.Key)
	case CAS:
		return fmt.Sprintf("cas %s %d %d", quoteKey(i.Key), i.Old, i.Value)
	}
	return fmt.Sprintf("%s %s %d", i.Kind, quoteKey(i.Key), i.Value)
}

// The outcomes of operations: the name of a sim.Return event.
const (
	// OutcomeOK: the operation happened.
	OutcomeOK = "ok"
	// OutcomeFail: it did not happen, and never will.
	OutcomeFail = "fail"
	// OutcomeInfo: nobody knows. It may have happened, or happen at any later
	// time, once or not at all.
	OutcomeInfo = "info"
)

// Result is the payload of a sim.Return event.
type Result struct {
	// Value is the value of the key as the operation left or found it, 0 if it
	// was never written: what was read, what was written, or what a CAS that
	// failed found instead of what it expected.
	Value int64
	// OK reports whether Value is known. It is not if the outcome is unknown, or
	// if the store does not offer the operation.
	OK bool
}

// String returns the value, "absent" for 0, or "unknown" if it is not known.
func (r Result) String() string {
	switch {
	case !r.OK:
		return "unknown"
	case r.Value == 0:
		return "absent"
	}
	return strconv.FormatInt(r.Value, 10)
}
