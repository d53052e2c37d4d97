package linear

import (
	"fmt"
	"strings"
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
)

var models = [...]struct {
	name  string
	kinds []Kind
}{
	Register:    {"register", []Kind{Read, Write}},
	CASRegister: {"cas-register", []Kind{Read, Write, CAS}},
	KV:          {"kv", []Kind{Read, Write, CAS, Append}},
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

// Keyed reports whether the model's values come with a key, so that Jepsen's
// [key value] tuples are to be taken apart (ReadOptions.Keyed).
func (m Model) Keyed() bool { return m == KV }

// Has reports whether the model knows operations of kind k.
func (m Model) Has(k Kind) bool {
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

// Options say what a history is judged against and how much work that may
// take. The zero value is a register that holds nil, every answer checked,
// within DefaultSteps and DefaultMemory.
type Options struct {
	Model     Model
	Init      Value // what each key holds before the first operation
	NilRead   NilRead
	FailedCAS FailedCAS
	// Steps bounds the steps of the model tried for one key, and again those
	// for the explanation of a Fail; 0 means DefaultSteps. The bound counts
	// work, not time, so a verdict is the same on every machine.
	Steps int64
	// Memory bounds the bytes of one key's search, estimated from above; 0
	// means DefaultMemory.
	Memory int64
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

// accepts returns an error if the model lacks an operation of h, naming one
// that has them all.
func (o *Options) accepts(h *History) error {
	if int(o.Model) >= len(models) {
		return fmt.Errorf("linear: there is no %v", o.Model)
	}
	for i := range h.Operations {
		if op := &h.Operations[i]; !o.Model.Has(op.Kind) {
			return fmt.Errorf("linear: model %v has no %v, as operation %d (%v) needs: use model %v",
				o.Model, op.Kind, i, op, modelFor(h))
		}
	}
	return nil
}

// modelFor returns the first model that has every operation of a valid history.
func modelFor(h *History) Model {
	m := Register
	for i := range h.Operations {
		for !m.Has(h.Operations[i].Kind) {
			m++
		}
	}
	return m
}

// matters reports whether op can tell or change anything: what failed did not
// happen, except that a failed CAS may tell of a mismatch, and a read nobody
// saw the result of is nothing.
func (o *Options) matters(op *Operation) bool {
	switch op.Outcome {
	case Failed:
		return op.Kind == CAS && o.FailedCAS == FailedCASChecked
	case Unknown:
		return op.Kind != Read
	}
	return true
}

// reads reports whether a register that holds state may answer a read with out.
func (o *Options) reads(state, out Value) bool {
	if out.IsNil() && o.NilRead == NilIsAnything {
		return true
	}
	return out == state || (o.Model == KV && state.IsNil() && out == Text(""))
}

// step runs op, which matters, on a register that holds state: whether the
// outcome is possible and what it holds afterwards.
func (o *Options) step(state Value, op *Operation) (possible bool, next Value) {
	switch op.Kind {
	case Read:
		return o.reads(state, op.Out), state
	case Write:
		return true, op.Arg
	case Append:
		return true, Text(state.bare() + op.Arg.bare())
	}
	match := state == op.Old
	if op.Outcome == Failed {
		return !match, state
	}
	if match {
		return true, op.Arg
	}
	return op.Outcome == Unknown, state
}
