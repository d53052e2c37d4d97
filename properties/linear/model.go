package linear

import (
	"fmt"
	"strings"

	"phoenix/properties/history"
)

// Model is what the clients believe they use. Every key of a history is an
// object of its own: locality (Herlihy and Wing, TOPLAS 1990, section 3.1)
// makes a history linearizable if and only if each key's is. The zero value is
// Register.
type Model uint8

const (
	// Register has read and write.
	Register Model = iota
	// CASRegister has read, write and compare-and-set.
	CASRegister
	// KV is a key-value store with get (read), put (write), compare-and-set
	// and append. A key that is absent holds nil and also reads as an empty
	// text, which many stores return.
	KV
	// Queue is first in, first out: enqueue, and dequeue, which returns nil from
	// an empty queue.
	Queue
	// Stack is last in, first out: push, and pop, which returns nil from an
	// empty stack.
	Stack
	// Set has add, remove, contains and a read of all elements, in any order.
	Set
	// Multiset has the operations of Set; enqueue is add, and dequeue takes any
	// element, or returns nil if there is none.
	Multiset
	// Mutex has acquire and release, by anyone.
	Mutex
	// Lock is a mutex that only the client that acquired it may release.
	Lock
)

var models = [...]struct {
	name  string
	kinds []history.Kind
}{
	Register:    {"register", []history.Kind{history.Read, history.Write}},
	CASRegister: {"cas-register", []history.Kind{history.Read, history.Write, history.CAS}},
	KV:          {"kv", []history.Kind{history.Read, history.Write, history.CAS, history.Append}},
	Queue:       {"queue", []history.Kind{history.Enqueue, history.Dequeue}},
	Stack:       {"stack", []history.Kind{history.Push, history.Pop}},
	Set:         {"set", []history.Kind{history.Add, history.Remove, history.Contains, history.Read}},
	Multiset: {"multiset", []history.Kind{history.Add, history.Remove, history.Contains, history.Read,
		history.Enqueue, history.Dequeue}},
	Mutex: {"mutex", []history.Kind{history.Acquire, history.Release}},
	Lock:  {"lock", []history.Kind{history.Acquire, history.Release}},
}

// ModelNames returns the names that ModelByName knows, the simplest model first.
func ModelNames() []string {
	names := make([]string, len(models))
	for i := range models {
		names[i] = models[i].name
	}
	return names
}

// ModelByName returns the model called name, or an error that lists the names.
func ModelByName(name string) (Model, error) {
	for i := range models {
		if models[i].name == name {
			return Model(i), nil
		}
	}
	return 0, fmt.Errorf("linear: no model %q, expected one of %s", name, strings.Join(ModelNames(), ", "))
}

// String returns the model's name.
func (m Model) String() string {
	if int(m) < len(models) {
		return models[m].name
	}
	return fmt.Sprintf("model(%d)", uint8(m))
}

// Has reports whether the model knows operations of kind k.
func (m Model) Has(k history.Kind) bool {
	if int(m) >= len(models) {
		return false
	}
	for _, has := range models[m].kinds {
		if has == k {
			return true
		}
	}
	return false
}

// NilRead is the meaning of an ok read that returned nil. The zero value is NilIsValue.
type NilRead uint8

const (
	// NilIsValue: the register held nil.
	NilIsValue NilRead = iota
	// NilIsAnything: the client did not see the value, as in Knossos.
	NilIsAnything
)

// ParseNilRead reads "nil" (NilIsValue) or "any" (NilIsAnything).
func ParseNilRead(s string) (NilRead, error) {
	switch s {
	case "nil":
		return NilIsValue, nil
	case "any":
		return NilIsAnything, nil
	}
	return 0, fmt.Errorf("linear: nil read is %q, expected any or nil", s)
}

// FailedCAS is the meaning of a failed CAS. The zero value is FailedCASChecked.
type FailedCAS uint8

const (
	// FailedCASChecked: the register did not hold Old. Right where a mismatch
	// is the only way to fail.
	FailedCASChecked FailedCAS = iota
	// FailedCASDropped: it says nothing, as in Knossos. Right where a CAS may
	// fail for other reasons.
	FailedCASDropped
)

// ParseFailedCAS reads "checked" or "dropped".
func ParseFailedCAS(s string) (FailedCAS, error) {
	switch s {
	case "checked":
		return FailedCASChecked, nil
	case "dropped":
		return FailedCASDropped, nil
	}
	return 0, fmt.Errorf("linear: failed cas is %q, expected checked or dropped", s)
}

// Engine is what decides about a key. The zero value is Auto.
type Engine uint8

const (
	// Auto asks the near-linear monitor of the model, and the general search
	// where there is none or it cannot tell.
	Auto Engine = iota
	// Search asks the general search only.
	Search
	// Porcupine asks porcupine only: an independent opinion.
	Porcupine
)

var engines = [...]string{Auto: "auto", Search: "search", Porcupine: "porcupine"}

// String returns auto, search or porcupine.
func (e Engine) String() string {
	if int(e) < len(engines) {
		return engines[e]
	}
	return fmt.Sprintf("engine(%d)", uint8(e))
}

// EngineNames returns the names that ParseEngine reads.
func EngineNames() []string { return engines[:] }

// ParseEngine reads the name of an engine.
func ParseEngine(s string) (Engine, error) {
	for e, name := range engines {
		if name == s {
			return Engine(e), nil
		}
	}
	return 0, fmt.Errorf("linear: engine is %q, expected one of %s", s, strings.Join(engines[:], ", "))
}

// Options say what a history is judged against and how much work that may
// take. The zero value is a register that holds nil, every answer checked,
// within DefaultSteps and DefaultMemory.
type Options struct {
	Model Model
	// Init is what each key holds before the first operation: the value of a
	// register, the list of what a container holds, where nil is the empty list. A
	// lock is free whatever Init says.
	Init      history.Value
	NilRead   NilRead
	FailedCAS FailedCAS
	// Step, unless it is nil, is the sequential specification in the place of
	// Model's: whether op may happen to an object that holds state, and what it
	// holds then. It must depend on nothing else. Operations of unknown outcome
	// are tried too, and must be allowed whatever they are allowed with an
	// answer; failed ones are left out. Init is the first state.
	Step   func(state history.Value, op *history.Operation) (possible bool, next history.Value)
	Engine Engine
	// Steps bounds the steps of the model tried for one key, and again those
	// for the explanation of a Fail; 0 means DefaultSteps. The bound counts
	// work, not time, so a verdict is the same on every machine.
	Steps int64
	// Memory bounds the bytes of one key's search, estimated from above; 0
	// means DefaultMemory.
	Memory int64
	// EveryKey goes on after a key that fails, so that Result.Failing is complete.
	EveryKey bool
}

// The bounds of a search that Options leaves at 0: steps of the model, bytes.
const (
	DefaultSteps  = 20_000_000
	DefaultMemory = 4 << 30
)

func (o *Options) stepBound() int64 {
	if o.Steps == 0 {
		return DefaultSteps
	}
	return o.Steps
}

func (o *Options) memoryBound() int64 {
	if o.Memory == 0 {
		return DefaultMemory
	}
	return o.Memory
}

// accepts returns an error if the options make no sense, or if the model lacks an
// operation of h, naming one that has them all.
func (o *Options) accepts(h *history.History) error {
	if int(o.Engine) >= len(engines) {
		return fmt.Errorf("linear: there is no %v", o.Engine)
	}
	if o.Step != nil {
		return nil
	}
	if int(o.Model) >= len(models) {
		return fmt.Errorf("linear: there is no %v", o.Model)
	}
	if _, list := o.Init.Items(); o.Model >= Queue && o.Model <= Multiset && !list && !o.Init.IsNil() {
		return fmt.Errorf("linear: a %v cannot hold %v at first, expected a list", o.Model, o.Init)
	}
	var has [256]bool
	for _, k := range models[o.Model].kinds {
		has[k] = true
	}
	for i := range h.Operations {
		op := &h.Operations[i]
		if has[op.Kind] {
			continue
		}
		advice := "no model has them all"
		if m, ok := ModelFor(h); ok {
			advice = "use model " + m.String()
		}
		return fmt.Errorf("linear: model %v has no %v, as operation %d (%v) needs: %s", o.Model, op.Kind, i, op, advice)
	}
	return nil
}

// ModelFor returns the simplest model that has every kind of operation in h: KV
// where registers have keys. A history cannot tell a Mutex from a Lock, and the
// answer is Mutex. ok is false if there is none.
func ModelFor(h *history.History) (m Model, ok bool) {
	var kinds [256]bool
	keyed := false
	for i := range h.Operations {
		kinds[h.Operations[i].Kind] = true
		keyed = keyed || h.Operations[i].Key != ""
	}
	for m := range Model(len(models)) {
		fits := m != Register && m != CASRegister || !keyed
		for k, used := range kinds {
			fits = fits && (!used || m.Has(history.Kind(k)))
		}
		if fits {
			return m, true
		}
	}
	return 0, false
}
