package history

import "fmt"

// Keyed says whether values in EDN, Jepsen logs and Elle's JSON are [key value]
// tuples, as Jepsen prints operations on independent keys, {:f :read, :value [5
// nil]}. Events with a :key and transactions are never taken apart. The other
// formats have no tuples. The zero value is KeyedAuto.
type Keyed uint8

const (
	// KeyedAuto decides by the first operation that a client calls without a
	// :key. Values are tuples if it is called with a vector of two, of which the
	// first can be a key: an integer, a string, a keyword or a symbol. If it is a
	// cas, the second must be a vector of two, [key [old new]].
	//
	// They are no tuples if it is called with anything else, such as nil, a
	// number, or [old new] for a cas. What operations return does not count: [1 2]
	// may be a set. Only a history of lists that begins by writing one of two
	// items is misread, so say KeyedNo there.
	KeyedAuto Keyed = iota
	// KeyedYes: values are tuples. An event without a :key, a tuple or a
	// transaction is an error.
	KeyedYes
	// KeyedNo: values are what they look like, so that [1 2] is a list.
	KeyedNo
)

// tuples is the decision whether to take values apart.
type tuples struct {
	keyed Keyed
	used  bool
	line  int // of the call that decided, if that was KeyedAuto; 0 as long as none has
}

// why explains an error to people who wonder where tuples come from.
func (t *tuples) why() string {
	if t.keyed == KeyedAuto {
		return fmt.Sprintf("as in line %d", t.line)
	}
	return "which a keyed model needs"
}

// areTuples reports whether the value of an event of typ and kind, which has no
// :key, is to be taken apart.
func (r *eventReader) areTuples(typ EventType, kind Kind) bool {
	t := &r.tuples
	if t.keyed == KeyedAuto && t.line == 0 && typ == InvokeEvent {
		at := r.at[fieldValue]
		t.used = r.isPair(at) && r.isKey(r.item(at, 0)) && (kind != CAS || r.isPair(r.item(at, 1)))
		t.line = r.begun
	}
	return t.used
}
