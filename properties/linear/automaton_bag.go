package linear

import (
	"slices"

	"phoenix/properties/history"
)

// bagAutomaton is the automaton of Set and Multiset, unless a dequeue of unknown outcome
// leaves open what a multiset holds.
type bagAutomaton struct {
	codes   []bagCode // per class
	lists   []uint32  // of reads: elements in ascending order of their numbers
	once    bool      // a set: what is there is not added again
	held    []uint32  // how many of each element
	size    int
	content hash128 // the sum of the hashes of the elements
}

type bagCode struct {
	kind    history.Kind // Read, Contains, Add, Remove, and Dequeue for taking nothing
	answer  bagAnswer
	element uint32
	// Of a Read that answered: what it listed, as lists[from:to] and as a hash.
	from, to int32
	content  hash128
}

type bagAnswer uint8

const (
	unanswered bagAnswer = iota
	answeredNo
	answeredYes
	impossible // a list with an element twice, or no list
)

func newBagAutomaton(opt *Options, c *classes) *bagAutomaton {
	b := &bagAutomaton{codes: make([]bagCode, len(c.ops)), once: opt.Model == Set}
	elements := numbers{}
	for class, op := range c.ops {
		b.codes[class] = b.compile(opt, op, elements)
	}
	initial := opt.initial()
	if opt.Model == Multiset {
		if bags, _ := initial.Items(); len(bags) == 1 {
			initial = bags[0]
		}
	}
	items, _ := initial.Items()
	for _, item := range items {
		elements.of(item)
	}
	b.held = make([]uint32, len(elements))
	for _, item := range items {
		b.add(elements.of(item), 1)
	}
	return b
}

func (b *bagAutomaton) compile(opt *Options, op *history.Operation, elements numbers) bagCode {
	code := bagCode{kind: op.Kind}
	if saw, answered := op.Out.Bool(); answered {
		code.answer = answeredNo
		if saw {
			code.answer = answeredYes
		}
	}
	switch op.Kind {
	case history.Read:
		return b.compileRead(opt, op, elements)
	case history.Dequeue:
		code.answer = unanswered
		if !op.Out.IsNil() {
			code.kind, code.answer, code.element = history.Remove, answeredYes, elements.of(op.Out)
		}
		return code
	case history.Enqueue, history.Add:
		code.kind = history.Add
		if !b.once {
			code.answer = unanswered // a multiset takes anything
		}
	case history.Contains:
		if code.answer == unanswered {
			code.answer = answeredNo
		}
	}
	code.element = elements.of(op.Arg)
	return code
}

func (b *bagAutomaton) compileRead(opt *Options, op *history.Operation, elements numbers) bagCode {
	code := bagCode{kind: history.Read, answer: answeredYes, from: int32(len(b.lists)), to: int32(len(b.lists))}
	if op.Out.IsNil() {
		if opt.NilRead == NilIsAnything {
			code.answer = unanswered
		}
		return code
	}
	items, ok := op.Out.Items()
	if !ok {
		code.answer = impossible
		return code
	}
	for _, item := range items {
		v := elements.of(item)
		b.lists = append(b.lists, v)
		code.content = code.content.plus(stateHash(v), 1)
	}
	code.to = int32(len(b.lists))
	slices.Sort(b.lists[code.from:])
	return code
}

// plus adds g to h, or takes it away if sign is -1, word by word.
func (h hash128) plus(g hash128, sign int) hash128 {
	return hash128{h.hi + uint64(sign)*g.hi, h.lo + uint64(sign)*g.lo}
}

func (b *bagAutomaton) add(v uint32, sign int) {
	b.held[v] += uint32(sign)
	b.size += sign
	b.content = b.content.plus(stateHash(v), sign)
}

func (b *bagAutomaton) try(class int32) (possible, changes bool) {
	c := &b.codes[class]
	switch c.kind {
	case history.Read:
		return c.answer == unanswered || c.answer == answeredYes && b.listedBy(c), false
	case history.Dequeue:
		return b.size == 0, false
	}
	there := b.held[c.element] > 0
	switch {
	case c.kind == history.Contains:
		return there == (c.answer == answeredYes), false
	case c.kind == history.Remove:
		return c.answer == unanswered || there == (c.answer == answeredYes), there
	case b.once:
		return c.answer == unanswered || there == (c.answer == answeredNo), !there
	}
	return true, true
}

// listedBy reports whether a read listed what b holds. Only what has the right hash
// is compared.
func (b *bagAutomaton) listedBy(c *bagCode) bool {
	listed := b.lists[c.from:c.to]
	if len(listed) != b.size || c.content != b.content {
		return false
	}
	for i := 0; i < len(listed); {
		end := i + 1
		for end < len(listed) && listed[end] == listed[i] {
			end++
		}
		if b.held[listed[i]] != uint32(end-i) {
			return false
		}
		i = end
	}
	return true
}

func (b *bagAutomaton) apply(_, class int32) (undo uint32) {
	if _, changes := b.try(class); !changes {
		return 0
	}
	c := &b.codes[class]
	if c.kind == history.Add {
		b.add(c.element, 1)
	} else {
		b.add(c.element, -1)
	}
	return 1
}

func (b *bagAutomaton) revert(_, class int32, undo uint32) {
	if undo == 0 {
		return
	}
	if c := &b.codes[class]; c.kind == history.Add {
		b.add(c.element, -1)
	} else {
		b.add(c.element, 1)
	}
}

func (b *bagAutomaton) hash() hash128 { return hash128{mix(b.content.hi), mix(b.content.lo)} }

func (b *bagAutomaton) bytes() int64 {
	return int64(len(b.codes))*40 + int64(len(b.lists)+len(b.held))*4
}
