package resilience

import (
	"iter"
	"maps"
	"slices"
	"sync"
)

// Breakers are circuit breakers by name, made when they are first asked for: one for each service
// that is called, say. They are kept for good, so names should not come from requests. It is safe for
// concurrent use.
type Breakers struct {
	clock     Clock
	configure func(name string) BreakerConfig

	mu     sync.RWMutex
	byName map[string]*Breaker
}

// NewBreakers returns an empty registry. The configuration of a new breaker is what configure returns
// for its name, and its Name is that name. It is called under the registry's lock; nil is the
// zero BreakerConfig for all.
func NewBreakers(clock Clock, configure func(name string) BreakerConfig) *Breakers {
	if configure == nil {
		configure = func(string) BreakerConfig { return BreakerConfig{} }
	}
	return &Breakers{clock: clock, configure: configure, byName: map[string]*Breaker{}}
}

// Get returns the breaker of that name, always the same one.
func (r *Breakers) Get(name string) *Breaker {
	if b, ok := r.Find(name); ok {
		return b
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	b, ok := r.byName[name]
	if !ok {
		cfg := r.configure(name)
		cfg.Name = name
		b = NewBreaker(r.clock, cfg)
		r.byName[name] = b
	}
	return b
}

// Find returns the breaker of that name if there is one.
func (r *Breakers) Find(name string) (*Breaker, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	b, ok := r.byName[name]
	return b, ok
}

// All yields the breakers that there are when it begins, in the order of their names.
func (r *Breakers) All() iter.Seq2[string, *Breaker] {
	return func(yield func(string, *Breaker) bool) {
		r.mu.RLock()
		byName := maps.Clone(r.byName)
		r.mu.RUnlock()
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			if !yield(name, byName[name]) {
				return
			}
		}
	}
}
