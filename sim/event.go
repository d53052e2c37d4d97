package sim

import (
	"bytes"
	"fmt"
	"strconv"
)

// Kind says what happened in an Event.
type Kind uint8

// The kinds of events. Every kind is part of the digest.
const (
	Boot    Kind = iota + 1 // a host started for the first time
	Crash                   // a host lost all that it did not keep on a disk
	Restart                 // a crashed host booted again
	Pause                   // a host stopped running, keeping its state
	Resume                  // a paused host runs again
	Clock                   // a host's clock was set, jumped or drifts anew
	Send                    // a host sent message ID to Peer
	Deliver                 // a host received message ID from Peer
	Drop                    // message ID to Peer was lost; Name says why
	Fire                    // timer Name of a host fired
	Wake                    // process ID of a host goes on
	Choice                  // the Chooser picked Arg of N for label Name
	Note                    // a remark of node code
	Invoke                  // a client began operation ID
	Return                  // operation ID ended; Name is its outcome
	Fault                   // a fault began, ended or changed; Name says which
	Panic                   // node code panicked
	Disk                    // a disk was written or synced, failed, or lost something; Name says what
)

var kindNames = [...]string{
	Boot: "boot", Crash: "crash", Restart: "restart", Pause: "pause", Resume: "resume",
	Clock: "clock", Send: "send", Deliver: "deliver", Drop: "drop", Fire: "timer", Wake: "wake",
	Choice: "choice", Note: "note", Invoke: "invoke", Return: "return", Fault: "fault", Panic: "panic",
	Disk: "disk",
}

// String returns the lower-case name of k.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// KindOf returns the kind that String names so.
func KindOf(name string) (Kind, bool) {
	for k, n := range kindNames {
		if n != "" && n == name {
			return Kind(k), true
		}
	}
	return 0, false
}

// HostID numbers the hosts of a world from 0 in order of creation.
type HostID int32

// NoHost stands for the world itself where an event concerns no host.
const NoHost HostID = -1

// Event is one entry of the stream that tells all that happened in a world.
// Events are numbered from 1; Cause is the number of the event that led to this
// one, or 0 for what the set-up of the world did. An observer gets a pointer to
// an Event that is overwritten by the next: it copies what it keeps, and Data.
type Event struct {
	Seq   uint64
	Cause uint64
	At    Time
	Kind  Kind
	Host  HostID
	Peer  HostID // the other end of a message; NoHost otherwise
	ID    uint64 // the number of a message, a process or an operation; a hash of what a disk was given to write
	Arg   uint64 // a choice that was picked; the size of a message in bytes; where in a file a disk writes
	N     uint64 // how many there were to choose from; how many bytes a disk writes
	Name  string
	Value any    // a message or an operation
	Data  []byte // the canonical encoding of Value, see AppendValue
}

// AppendText appends one line, without newline, that tells e; name gives the
// names of hosts.
func (e *Event) AppendText(dst []byte, name func(HostID) string) []byte {
	dst = fmt.Appendf(dst, "%6d %12s %-8s %-8s", e.Seq, e.At, name(e.Host), e.Kind)
	switch e.Kind {
	case Send, Drop:
		dst = fmt.Appendf(dst, " #%d to %s", e.ID, name(e.Peer))
	case Deliver:
		dst = fmt.Appendf(dst, " #%d from %s", e.ID, name(e.Peer))
	case Wake, Invoke, Return:
		dst = fmt.Appendf(dst, " #%d", e.ID)
	case Choice:
		dst = fmt.Appendf(dst, " %d of %d", e.Arg, e.N)
	}
	if e.Name != "" {
		dst = append(append(dst, ' '), e.Name...)
	}
	if e.Kind == Disk && e.N > 0 {
		dst = fmt.Appendf(dst, " %d B at %d", e.N, e.Arg)
	}
	if e.Value != nil {
		dst = fmt.Appendf(dst, " %+v", e.Value)
	}
	if e.Cause != 0 {
		dst = fmt.Appendf(dst, "  (after %d)", e.Cause)
	}
	return bytes.TrimRight(dst, " ")
}
