package explore

import (
	"sync"
	"sync/atomic"

	"github.com/zeebo/xxh3"
)

// pool numbers distinct contents from 1 on, and keeps a T for each. Looking up by number
// takes no lock; entries never move. Number 0 stands for none.
type pool[T any] struct {
	parts [poolParts]poolPart
	full  *atomic.Bool // set when there are no numbers left

	_  apart
	n  atomic.Uint32
	mu sync.Mutex // of those who number, and of those who add to what an entry remembers
	_  apart

	chunks [1 << 14]atomic.Pointer[[poolChunk]T]
}

// poolPart knows the numbers of some contents, so that workers seldom wait for each other.
type poolPart struct {
	mu  sync.Mutex
	ids map[string]uint32
	_   [48]byte // a line of the cache for each
}

// poolParts is how many parts a pool has, and poolChunk how many entries are made at a time:
// large enough that a few thousand pointers reach further than memory does.
const (
	poolParts = 32
	poolChunk = 1 << 10
)

// at returns the entry of a number that intern returned.
func (p *pool[T]) at(id uint32) *T { return &p.chunks[id/poolChunk].Load()[id%poolChunk] }

// len returns how many entries there are. Their numbers are 1 to len, once nobody interns.
func (p *pool[T]) len() int { return int(p.n.Load()) }

// intern returns the number of a content. If it is new, fill sets up its entry before
// anybody else can see it. When there are no numbers left it says so in full and returns 1,
// which serves to come to the place where that is looked at.
func (p *pool[T]) intern(content []byte, fill func(*T, string)) uint32 {
	part := &p.parts[xxh3.Hash(content)%poolParts]
	part.mu.Lock()
	defer part.mu.Unlock()
	if id, ok := part.ids[string(content)]; ok {
		return id
	}
	if part.ids == nil {
		part.ids = map[string]uint32{}
	}
	id := p.number()
	if id == 0 {
		p.full.Store(true)
		return 1
	}
	key := string(content)
	fill(p.at(id), key)
	part.ids[key] = id
	return id
}

// number returns a new number, for which there is an entry; 0 if there are none left.
func (p *pool[T]) number() uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := p.n.Load() + 1
	if int(id/poolChunk) >= len(p.chunks) {
		return 0
	}
	if c := &p.chunks[id/poolChunk]; c.Load() == nil {
		c.Store(new([poolChunk]T))
	}
	p.n.Store(id)
	return id
}

// hashOf is the part of a component in the fingerprint of a state: kind tells components
// of one content apart.
func hashOf(kind uint64, content string) uint64 { return xxh3.HashStringSeed(content, kind) }

// The kinds of components of a global state.
const (
	hashLocal uint64 = iota + 1
	hashMessage
	hashChannel
	hashLast
	hashObserver
	hashFaults
)

// memo remembers values by a number, for readers without a lock and one writer at a time.
// It is an open-addressed table that is replaced when it grows. The zero value is empty.
type memo[V any] struct{ p atomic.Pointer[memoTable[V]] }

type memoTable[V any] struct {
	shift uint
	n     int
	slots []memoSlot[V]
}

type memoSlot[V any] struct {
	key uint32 // 0: free
	val atomic.Pointer[V]
}

// get returns what was put under key, nil if nothing was.
func (m *memo[V]) get(key uint32) *V {
	t := m.p.Load()
	if t == nil {
		return nil
	}
	mask := uint32(len(t.slots) - 1)
	for i := key * 2654435761 >> t.shift; ; i++ {
		s := &t.slots[i&mask]
		// The value is stored after the key and is nil until then; a key that a reader
		// does not see yet it takes for absent, and asks again under the writers' lock.
		v := s.val.Load()
		if v == nil {
			return nil
		}
		if s.key == key {
			return v
		}
	}
}

// put remembers v under key, which must be new. Only one may put at a time.
func (m *memo[V]) put(key uint32, v *V) {
	t := m.p.Load()
	if t == nil || t.n*2 >= len(t.slots) {
		bigger := &memoTable[V]{shift: 30, slots: make([]memoSlot[V], 4)}
		if t != nil {
			bigger.shift = t.shift - 1
			bigger.slots = make([]memoSlot[V], 2*len(t.slots))
			for i := range t.slots {
				if old := t.slots[i].val.Load(); old != nil {
					bigger.add(t.slots[i].key, old)
				}
			}
		}
		bigger.add(key, v)
		m.p.Store(bigger)
		return
	}
	t.add(key, v)
}

func (t *memoTable[V]) add(key uint32, v *V) {
	mask := uint32(len(t.slots) - 1)
	i := key * 2654435761 >> t.shift
	for t.slots[i&mask].val.Load() != nil {
		i++
	}
	s := &t.slots[i&mask]
	s.key = key
	s.val.Store(v)
	t.n++
}
