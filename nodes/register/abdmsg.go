package register

import (
	"cmp"
	"fmt"

	"phoenix/network"
)

// The messages between the servers of ABD. Op is the number of the operation at
// its coordinator, which answers repeat.
type (
	// query asks for the version of a key.
	query struct {
		Op  uint64
		Key string
	}
	// found answers a query.
	found struct {
		Op      uint64
		Version version
	}
	// store tells a version of a key, to be held unless a newer one is.
	store struct {
		Op      uint64
		Key     string
		Version version
	}
	// stored acknowledges a store: that version or a newer one is held.
	stored uint64
)

// String returns the message as in "query x (#7)".
func (m query) String() string { return fmt.Sprintf("query %s (#%d)", m.Key, m.Op) }

// String returns the message as in "found 3@2.1 (#7)".
func (m found) String() string { return fmt.Sprintf("found %s (#%d)", m.Version, m.Op) }

// String returns the message as in "store x 3@2.1 (#7)".
func (m store) String() string { return fmt.Sprintf("store %s %s (#%d)", m.Key, m.Version, m.Op) }

// String returns the message as in "stored (#7)".
func (m stored) String() string { return fmt.Sprintf("stored (#%d)", uint64(m)) }

// version is a value with its place in the order of all writes to its key. The
// zero value is the beginning, before any write.
type version struct {
	Tag   tag
	Value int64
}

// String returns the value and the tag, as in "3@2.1".
func (v version) String() string { return fmt.Sprintf("%d@%d.%d", v.Value, v.Tag.Seq, v.Tag.Writer) }

// tag orders the writes to a key: by Seq, then by who wrote. A server takes no
// Seq twice; it might after a crash, of which Boot tells.
type tag struct {
	Seq    uint64
	Writer network.ID
	Boot   uint32
}

func (t tag) compare(u tag) int {
	return cmp.Or(cmp.Compare(t.Seq, u.Seq), cmp.Compare(t.Writer, u.Writer), cmp.Compare(t.Boot, u.Boot))
}

// newer returns the one of the greater tag, and v if they are equal.
func newer(v, u version) version {
	if u.Tag.compare(v.Tag) > 0 {
		return u
	}
	return v
}
