package replicated

import (
	"fmt"

	"phoenix/nodes"
)

// The messages between clients and servers. A request has a number that its client uses
// for nothing else, and the boot of the server that it is for: a server that has
// restarted does not know what it did before, and does not do it again.
type (
	request struct {
		Number uint64
		Boot   uint32
		Op     nodes.Invocation
	}
	// answer acknowledges the request of that number.
	answer struct {
		Number uint64
		Code   code
		Value  int64 // of a read
	}
	// restarted says that a request was for an earlier boot.
	restarted struct {
		Number uint64
		Boot   uint32
	}
)

// The messages between servers, besides those of gossip.
type (
	// hold asks for a state to be kept, in which are the updates up to a number that
	// its server gave them. It is whole, because what an update did cannot be told without
	// those that it had seen.
	hold struct {
		Boot  uint32
		Upto  uint64
		State []byte
	}
	// held says that it is.
	held struct {
		Boot uint32
		Upto uint64
	}
	// report says what its server has on its disk: an encoded context. Wants asks for a
	// report in return.
	report struct {
		Has   []byte
		Wants bool
	}
)

// code says how a request ended.
type code uint8

const (
	done    code = iota + 1 // it is carried out, or was read
	absent                  // there is nothing under the key
	refused                 // it is not carried out, and will not be
)

var codeNames = [...]string{done: "done", absent: "absent", refused: "refused"}

// String returns the code in a word.
func (c code) String() string {
	if int(c) < len(codeNames) && codeNames[c] != "" {
		return codeNames[c]
	}
	return fmt.Sprintf("code(%d)", uint8(c))
}

// String returns the message as in "#7 write x 3".
func (m request) String() string { return fmt.Sprintf("#%d %s", m.Number, m.Op) }

// String returns the message as in "#7 done 3".
func (m answer) String() string { return fmt.Sprintf("#%d %s %d", m.Number, m.Code, m.Value) }

// String returns the message as in "#7 was for another boot, this is 2".
func (m restarted) String() string {
	return fmt.Sprintf("#%d was for another boot, this is %d", m.Number, m.Boot)
}

// String returns the message as in "hold #7 (80 bytes)".
func (m hold) String() string { return fmt.Sprintf("hold #%d (%d bytes)", m.Upto, len(m.State)) }

// String returns the message as in "held #7".
func (m held) String() string { return fmt.Sprintf("held #%d", m.Upto) }

// String returns the message as in "has 120 B".
func (m report) String() string { return fmt.Sprintf("has %d B", len(m.Has)) }
