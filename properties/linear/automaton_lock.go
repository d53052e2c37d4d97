package linear

import "phoenix/properties/history"

// lockAutomaton is the automaton of Mutex and Lock: who holds it, 0 for nobody. Of a
// mutex nobody knows, and it is always the same one.
type lockAutomaton struct {
	holder uint32
	codes  []lockCode // per class
}

type lockCode struct {
	acquires bool
	by       uint32
}

func newLockAutomaton(opt *Options, c *classes) *lockAutomaton {
	l := &lockAutomaton{codes: make([]lockCode, len(c.ops))}
	clients := map[int]uint32{}
	for class, op := range c.ops {
		code := lockCode{acquires: op.Kind == history.Acquire, by: 1}
		if opt.Model == Lock {
			if clients[op.Client] == 0 {
				clients[op.Client] = uint32(len(clients) + 1)
			}
			code.by = clients[op.Client]
		}
		l.codes[class] = code
	}
	return l
}

func (l *lockAutomaton) try(class int32) (possible, changes bool) {
	if c := l.codes[class]; c.acquires {
		return l.holder == 0, true
	}
	return l.holder == l.codes[class].by, true
}

func (l *lockAutomaton) apply(_, class int32) (undo uint32) {
	before := l.holder
	l.holder = 0
	if c := l.codes[class]; c.acquires {
		l.holder = c.by
	}
	return before
}

func (l *lockAutomaton) revert(_, _ int32, undo uint32) { l.holder = undo }

func (l *lockAutomaton) hash() hash128 { return stateHash(l.holder) }

func (l *lockAutomaton) bytes() int64 { return int64(len(l.codes)) * 8 }
