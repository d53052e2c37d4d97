package history

import "fmt"

// EventType says what happened to an operation. The zero value is InvokeEvent.
type EventType uint8

const (
	// InvokeEvent: a process called the operation.
	InvokeEvent EventType = iota
	// OKEvent: it happened.
	OKEvent
	// FailEvent: it did not happen, and never will.
	FailEvent
	// InfoEvent: nobody knows; it may still happen. The process ends with it.
	InfoEvent
)

var eventNames = [...]string{InvokeEvent: "invoke", OKEvent: "ok", FailEvent: "fail", InfoEvent: "info"}

// String returns invoke, ok, fail or info, the names of Jepsen's histories.
func (t EventType) String() string {
	if int(t) < len(eventNames) {
		return eventNames[t]
	}
	return fmt.Sprintf("event(%d)", uint8(t))
}

func parseEventType(name []byte) (EventType, bool) {
	for t, s := range eventNames {
		if string(name) == s {
			return EventType(t), true
		}
	}
	return 0, false
}

// Event is the call or the end of an operation. The zero value invokes a read
// by process 0.
//
// Value is what an operation that takes something is called with, and what an
// ok one that takes nothing returned; Old is what a CAS expects, Answer the
// boolean that an ok Add, Remove or Contains returned. The end of an operation
// repeats its Kind, and OKEvent its Key; OKEvent of what takes something may
// repeat Value and Old or leave both nil.
type Event struct {
	Type       EventType
	Kind       Kind
	Process    int
	Key        string
	Value, Old Value
	Answer     Value
	Time       int64  // nanoseconds, 0 when unknown: shown, never used for order
	Node       string // the server involved, when known
}

// Recorder makes a History of events given in the order they happened. The
// position of an event decides the real-time order, never its Time: a file
// lists its events in that order, a simulator emits them in it, and clocks
// tie. So no two events of one history are at the same moment.
//
// The zero value is an empty recording. Each method takes O(1).
type Recorder struct {
	history  History
	running  map[int]int // process -> index of its operation, or crashed
	position int64
}

const crashed = -1

// Add records one event. It returns an error, and records nothing, if a
// process invokes while its operation runs or after one ended in InfoEvent, if it
// ends what it has not invoked, or if an end contradicts the call.
func (r *Recorder) Add(e Event) error {
	if int(e.Type) >= len(eventNames) || !e.Kind.Valid() {
		return fmt.Errorf("no such event: %v of %v", e.Type, e.Kind)
	}
	if e.Type == InvokeEvent {
		return r.invoke(e)
	}
	return r.end(e)
}

func (r *Recorder) invoke(e Event) error {
	if i, ok := r.running[e.Process]; ok && i == crashed {
		return fmt.Errorf("process %d invokes a %v after an operation of unknown outcome: such a process never returns",
			e.Process, e.Kind)
	} else if ok {
		return fmt.Errorf("process %d invokes a %v while its %v runs",
			e.Process, e.Kind, r.history.Operations[i].Action())
	}
	o := Operation{Client: e.Process, Key: e.Key, Kind: e.Kind, Outcome: Unknown,
		Call: r.tick(), Return: Pending, CallTime: e.Time, Node: e.Node}
	if e.Kind.Takes() {
		o.Arg = e.Value
	}
	if e.Kind == CAS {
		o.Old = e.Old
	}
	if r.running == nil {
		r.running = make(map[int]int)
	}
	r.running[e.Process] = len(r.history.Operations)
	r.history.Operations = append(r.history.Operations, o)
	return nil
}

func (r *Recorder) end(e Event) error {
	i, ok := r.running[e.Process]
	if !ok || i == crashed {
		return fmt.Errorf("process %d has %v of a %v it did not invoke", e.Process, e.Type, e.Kind)
	}
	o := &r.history.Operations[i]
	if o.Kind != e.Kind {
		return fmt.Errorf("process %d has %v of a %v, but it invoked a %v", e.Process, e.Type, e.Kind, o.Kind)
	}
	if e.Type == OKEvent {
		if err := o.contradicts(e); err != nil {
			return err
		}
	}
	if e.Node != "" {
		o.Node = e.Node
	}
	if e.Type == InfoEvent {
		r.running[e.Process] = crashed
		return nil // orders nothing, so it takes no position
	}
	delete(r.running, e.Process)
	o.Outcome, o.Return, o.ReturnTime = Failed, r.tick(), e.Time
	if e.Type == OKEvent {
		o.Outcome = OK
	}
	if e.Type == OKEvent && e.Kind.Returns() {
		o.Out = e.Value
	} else if e.Type == OKEvent {
		o.Out = e.Answer
	}
	return nil
}

// contradicts compares an OKEvent with the operation it ends.
func (o *Operation) contradicts(e Event) error {
	if o.Key != e.Key {
		return fmt.Errorf("process %d has ok of a %v of key %q, but it invoked one of key %q",
			e.Process, e.Kind, e.Key, o.Key)
	}
	if b := e.Answer.tag == boolTag; !b && (e.Kind == Contains || !e.Answer.IsNil()) || b && !e.Kind.Answers() {
		return fmt.Errorf("process %d has ok of a %v with the answer %v, expected %s", e.Process, e.Kind, e.Answer, answers(e.Kind))
	}
	if !e.Kind.Takes() || (e.Value.IsNil() && e.Old.IsNil()) {
		return nil
	}
	if o.Arg != e.Value || (e.Kind == CAS && o.Old != e.Old) {
		returned := Operation{Kind: e.Kind, Arg: e.Value, Old: e.Old}
		return fmt.Errorf("process %d has ok of %s, but it invoked %s", e.Process, returned.Action(), o.Action())
	}
	return nil
}

// answers says what Event.Answer may be.
func answers(k Kind) string {
	switch {
	case k == Contains:
		return "true or false"
	case k.Answers():
		return "true, false or nil"
	}
	return "nil"
}

// Mark annotates this moment, for example with a crash.
func (r *Recorder) Mark(label string) {
	at := r.tick()
	r.history.Annotations = append(r.history.Annotations, Annotation{From: at, To: at, Label: label})
}

// Begin annotates the time from now until End is called with the index it
// returns, for example with a partition.
func (r *Recorder) Begin(label string) int {
	a := Annotation{From: r.tick(), To: Pending, Label: label}
	r.history.Annotations = append(r.history.Annotations, a)
	return len(r.history.Annotations) - 1
}

// End ends what Begin returned as index. It panics if that is not going on.
func (r *Recorder) End(index int) {
	a := &r.history.Annotations[index]
	if a.To != Pending {
		panic(fmt.Sprintf("history: annotation %d (%s) has ended before", index, a.Label))
	}
	a.To = r.tick()
}

// History returns what has been recorded. Operations that have not ended are
// of unknown outcome. Later events go on in the same History.
func (r *Recorder) History() *History { return &r.history }

func (r *Recorder) tick() int64 {
	at := r.position
	r.position++
	return at
}
