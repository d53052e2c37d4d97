package history

import "fmt"

// Kind is what an operation does. The zero value is Read.
type Kind uint8

// The kinds of operation, with what they take (Operation.Arg) and what an OK
// one returned (Operation.Out).
const (
	// Read returns what the object holds: the value of a register, or a list of
	// all elements of a set or multiset.
	Read Kind = iota
	// Write sets a register to Arg.
	Write
	// CAS sets a register to Arg if it holds Old.
	CAS
	// Append joins the text of Arg to the text that a key holds.
	Append
	// Enqueue puts Arg at the end of a queue.
	Enqueue
	// Dequeue takes the head of a queue and returns it; nil means that the queue
	// was empty. Of a multiset it takes any element.
	Dequeue
	// Push puts Arg on top of a stack.
	Push
	// Pop takes the top of a stack and returns it; nil means that the stack was empty.
	Pop
	// Add puts Arg into a set or multiset. Out may be a boolean, whether a set
	// lacked it, or nil.
	Add
	// Remove takes Arg out of a set, or takes one Arg out of a multiset. Out may
	// be a boolean, whether it was there, or nil.
	Remove
	// Contains returns a boolean: whether Arg is in a set or multiset.
	Contains
	// Acquire takes a lock.
	Acquire
	// Release gives a lock back.
	Release
)

// kinds say what an operation of each kind is called, whether it takes an Arg,
// and whether an OK one always returns a value (it may, if it takes and may).
var kinds = [...]struct {
	name           string
	takes, returns bool
}{
	Read: {"read", false, true}, Write: {"write", true, false}, CAS: {"cas", true, false}, Append: {"append", true, false},
	Enqueue: {"enqueue", true, false}, Dequeue: {"dequeue", false, true},
	Push: {"push", true, false}, Pop: {"pop", false, true},
	Add: {"add", true, false}, Remove: {"remove", true, false}, Contains: {"contains", true, false},
	Acquire: {"acquire", false, false}, Release: {"release", false, false},
}

// String returns the name of k: read, write, cas and so on.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k].name
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Valid reports whether there is such a kind.
func (k Kind) Valid() bool { return int(k) < len(kinds) }

// Takes reports whether an operation of kind k has an Arg.
func (k Kind) Takes() bool { return k.Valid() && kinds[k].takes }

// Returns reports whether an operation of kind k takes nothing and returns a
// value: Read, Dequeue and Pop.
func (k Kind) Returns() bool { return k.Valid() && kinds[k].returns }

// Answers reports whether an OK operation of kind k may return a boolean beside
// the argument it took: Add, Remove and Contains.
func (k Kind) Answers() bool { return k == Add || k == Remove || k == Contains }

// parseKind knows the names histories use: stores say get and put, registers
// read and write.
func parseKind(name []byte) (Kind, bool) {
	switch string(name) {
	case "get":
		return Read, true
	case "put":
		return Write, true
	case "lock":
		return Acquire, true
	case "unlock":
		return Release, true
	}
	for k := range kinds {
		if kinds[k].name == string(name) {
			return Kind(k), true
		}
	}
	return 0, false
}
