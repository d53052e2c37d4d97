package laws

import (
	"fmt"

	"phoenix/crdt"
)

// A Type is a replicated data type under test and what it should mean. S is a
// struct whose pointer is a crdt.State[S]; if it is a crdt.Splitter or crdt.Causal
// as well, the laws on those are checked too.
//
// Name, Ops, Read and Spec are needed. Ops is a finite alphabet: three elements
// and two operations are plenty, bugs need few of them and much concurrency.
type Type[S any] struct {
	Name string
	Ops  []Op[S]
	// Read lists what a state says, in a defined order. It must not change the state.
	Read func(*S) []string
	// Spec says what Read should list where the events of the view are visible. It
	// must not look at any state.
	Spec func(View) []string

	// Covers reports that the event later, whose copy saw the event earlier alive,
	// takes away its effect. View.Alive leaves out what a visible event covers. Nil:
	// no event takes away another's.
	Covers func(later, earlier *Event) bool
	// Carries reports that the delta of the event later brings the event earlier too,
	// which its copy has seen, as the delta of a counter brings what its replica
	// counted before. Nil: a delta brings its own event only.
	Carries func(later, earlier *Event) bool
	// Specifies is the law that Spec expresses if it is a stronger one than that reads
	// are right: 14 or 16. It names the failure of a read. 0 is law 13.
	Specifies Law
	// Bound returns how many bytes the encoding of a state may take in which the
	// events are visible, without gaps. Nil: 16, 16 for each identifier, and 24 and
	// the strings for each event alive.
	Bound func(View) int
	// Grows says that repeating operations for ever makes the state grow for ever, by
	// design, so law 19 is not asked for.
	Grows bool
}

// An Op is an operation of a Type's alphabet.
type Op[S any] struct {
	// Name is how histories print the operation, "add a" say. Names differ, and have
	// no quotes or line breaks.
	Name string
	// Event is what the specification sees: Kind, Key, Val, Num and Stamp as far as the
	// type's Spec looks at them. The checker fills in the rest.
	Event Event
	// When, if not nil, completes the event from what its copy sees, and reports whether
	// the operation has an effect there: if not, there is no event, and Do must neither
	// change the state nor return more than bottom.
	When func(v View, e *Event) bool
	// Do runs the mutator on s for e.Replica and returns the delta: nil for a type
	// that has none, of which whole states are sent.
	Do func(s *S, e *Event) *S
}

// An Event is one operation that took place, as the specification sees it.
type Event struct {
	ID      int          // its place in the order of the history, from 0
	Op      string       // the name of the operation
	Copy    int          // where it took place, from 0
	Replica crdt.Replica // the identifier of that copy at the time

	Kind, Key, Val string
	Num            int64
	Stamp          crdt.Stamp
}

// String returns the operation and the replica.
func (e *Event) String() string { return fmt.Sprintf("%s @%d", e.Op, e.Replica) }

// names returns the names of the operations.
func (t *Type[S]) names() []string {
	out := make([]string, len(t.Ops))
	for i := range t.Ops {
		out[i] = t.Ops[i].Name
	}
	return out
}

// validate says what is missing for t to be checked.
func (t *Type[S]) validate() error {
	if _, ok := any(new(S)).(crdt.State[S]); !ok {
		return fmt.Errorf("laws: %s: %T is no crdt.State: it needs Merge(%T), AppendBinary and UnmarshalBinary",
			t.Name, new(S), new(S))
	}
	if len(t.Ops) == 0 || len(t.Ops) > maxOps || t.Read == nil || t.Spec == nil {
		return fmt.Errorf("laws: %s: a Type needs 1 to %d Ops, Read and Spec", t.Name, maxOps)
	}
	known := map[string]bool{}
	for _, o := range t.Ops {
		if o.Do == nil || !plainName(o.Name) || known[o.Name] {
			return fmt.Errorf("laws: %s: operation %q has no Do, no plain name or no name of its own", t.Name, o.Name)
		}
		known[o.Name] = true
	}
	return nil
}

// readLaw is what a wrong read breaks.
func (t *Type[S]) readLaw() Law {
	if t.Specifies == 0 {
		return 13
	}
	return t.Specifies
}
