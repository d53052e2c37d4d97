package explore

import (
	"slices"
	"sync"
)

// sleepShards is how many parts sleepSets are in, so that workers seldom wait for each other.
const sleepShards = 64

// sleepSets are what is handed down to states of two depths, that which is visited and the
// next one, by others than those that found them. Most states are reached once only, so these
// are few. Of a state that was visited before, too, is kept what is handed down to it, as
// nobody knows; and states of one fingerprint have one set, which is smaller than need be.
type sleepSets struct {
	rules  sleepRules
	depths [2][sleepShards]sleepShard // by depth, modulo 2
}

// sleepShard is the sets of some states.
type sleepShard struct {
	mu    sync.Mutex
	at    map[uint64]span // by fingerprint
	names []uint64
	_     [64]byte
}

// span is a part of sleepShard.names.
type span struct{ from, n uint32 }

func newSleepSets(rules sleepRules) *sleepSets {
	sets := &sleepSets{rules: rules}
	for d := range sets.depths {
		for i := range sets.depths[d] {
			sets.depths[d][i].at = map[uint64]span{}
		}
	}
	return sets
}

// worker returns a worker's part, nil of none.
func (sets *sleepSets) worker() *sleeper {
	if sets == nil {
		return nil
	}
	return &sleeper{sets: sets}
}

func (sets *sleepSets) shard(fp uint64, depth int) *sleepShard {
	return &sets.depths[depth%2][spread(fp)>>58%sleepShards]
}

// hand hands names down to a state of a depth that is not visited yet.
func (sets *sleepSets) hand(fp uint64, names []uint64, depth int) {
	p := sets.shard(fp, depth)
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, known := p.at[fp]; known {
		if s.n == 0 {
			return
		}
		names = sets.merge(p.names[s.from:][:s.n], names)
	}
	p.at[fp] = span{uint32(len(p.names)), uint32(len(names))}
	p.names = append(p.names, names...)
}

// meet returns those of names that were handed down to a state by all. Nobody may hand down
// to states of its depth any more.
func (sets *sleepSets) meet(names []uint64, fp uint64, depth int) []uint64 {
	if len(names) == 0 {
		return names
	}
	p := sets.shard(fp, depth)
	if s, known := p.at[fp]; known {
		return sets.merge(names, p.names[s.from:][:s.n])
	}
	return names
}

// merge leaves in a what is also in b.
func (sets *sleepSets) merge(a, b []uint64) []uint64 {
	if sets.rules&sleepMerged == 0 {
		return append(slices.Clone(a), b...)
	}
	return slices.DeleteFunc(a, func(name uint64) bool { return !slices.Contains(b, name) })
}

// visited forgets what was handed down to the states of a depth.
func (sets *sleepSets) visited(depth int) {
	if sets == nil {
		return
	}
	for i := range sets.depths[depth%2] {
		p := &sets.depths[depth%2][i]
		clear(p.at)
		p.names = p.names[:0]
	}
}

// bytes estimates the memory that is held.
func (sets *sleepSets) bytes() (n uint64) {
	if sets == nil {
		return 0
	}
	const perState = 32 // in a map that is half full
	for d := range sets.depths {
		for i := range sets.depths[d] {
			p := &sets.depths[d][i]
			p.mu.Lock()
			n += uint64(len(p.at))*perState + uint64(cap(p.names))*8
			p.mu.Unlock()
		}
	}
	return n
}

// packSet appends a sleep set to a queue: how many names there are, in two words, and these, in
// four each.
func packSet(packed []uint16, names []uint64) []uint16 {
	packed = append(packed, uint16(len(names)), uint16(len(names)>>16))
	for _, n := range names {
		packed = append(packed, uint16(n), uint16(n>>16), uint16(n>>32), uint16(n>>48))
	}
	return packed
}

// unpackSet appends to dst the sleep set that packed begins with, and returns what is behind
// it too.
func unpackSet(dst []uint64, packed []uint16) ([]uint64, []uint16) {
	count := int(packed[0]) | int(packed[1])<<16
	for packed = packed[2:]; count > 0; count-- {
		name := uint64(packed[0]) | uint64(packed[1])<<16 | uint64(packed[2])<<32 | uint64(packed[3])<<48
		dst, packed = append(dst, name), packed[4:]
	}
	return dst, packed
}
