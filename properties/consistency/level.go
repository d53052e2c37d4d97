package consistency

import "fmt"

// Level is something a store may promise its clients. The zero value is
// Linearizable. Levels are ordered from the strongest, but not every level
// implies the ones after it: see the package documentation.
type Level uint8

const (
	// Linearizable: one order of all operations that respects real time, in
	// which every read returns the latest write (package linear).
	Linearizable Level = iota
	// Sequential: the same, except that the order respects only the order in
	// which each client did its own operations (Lamport 1979).
	Sequential
	// TwoAtomic: an order of each key's operations that respects real time, in
	// which every read returns one of the two latest writes, so that it is at
	// most one write behind (Aiyer, Alvisi and Bazzi, DISC 2005).
	TwoAtomic
	// ReadYourWrites: a client sees its own acknowledged writes, or newer ones.
	// This and the levels below are session guarantees (Terry et al., PDIS
	// 1994); a session is a client.
	ReadYourWrites
	// MonotonicReads: a client never sees something older than it has seen.
	MonotonicReads
	// MonotonicWrites: whoever sees a write sees what its client wrote before it,
	// then and from then on.
	MonotonicWrites
	// WritesFollowReads: whoever sees a write sees what its client had read
	// before it, then and from then on.
	WritesFollowReads
	levels // how many there are
)

var levelNames = [levels]string{
	Linearizable: "linearizable", Sequential: "sequential", TwoAtomic: "2-atomic", ReadYourWrites: "read-your-writes",
	MonotonicReads: "monotonic-reads", MonotonicWrites: "monotonic-writes", WritesFollowReads: "writes-follow-reads",
}

// String returns the level's name, such as sequential or read-your-writes.
func (l Level) String() string {
	if l < levels {
		return levelNames[l]
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// MarshalText writes the name of l.
func (l Level) MarshalText() ([]byte, error) {
	if l >= levels {
		return nil, fmt.Errorf("consistency: no level has number %d", uint8(l))
	}
	return []byte(levelNames[l]), nil
}

// UnmarshalText reads a name written by MarshalText.
func (l *Level) UnmarshalText(text []byte) error {
	for i, name := range levelNames {
		if string(text) == name {
			*l = Level(i)
			return nil
		}
	}
	return fmt.Errorf("consistency: level is %q, expected one of %q", text, levelNames)
}
