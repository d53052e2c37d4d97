package crdt

import (
	"iter"
	"slices"
	"strconv"
	"strings"
)

// A CausalContext is a set of dots: those a state has seen, alive or not. It
// keeps the contiguous beginning of each replica's counters as one number, a
// version vector, and the dots beyond a gap as a cloud of ranges that melt into
// it as the gaps fill (Almeida et al. 2018, section 7.2). The zero value is
// empty. Space is O(replicas + gaps); looking up costs their logarithm.
type CausalContext struct {
	clocks []clock // in order of replica, none empty
}

type clock struct {
	replica Replica
	spans   []span
}

// at returns the place of r's clock, or where it belongs.
func (c *CausalContext) at(r Replica) (int, bool) {
	if len(c.clocks) <= 8 {
		for i := range c.clocks {
			if c.clocks[i].replica >= r {
				return i, c.clocks[i].replica == r
			}
		}
		return len(c.clocks), false
	}
	return slices.BinarySearchFunc(c.clocks, r, func(k clock, r Replica) int {
		return Dot{k.replica, 0}.Compare(Dot{r, 0})
	})
}

func (c *CausalContext) of(r Replica) []span {
	if i, ok := c.at(r); ok {
		return c.clocks[i].spans
	}
	return nil
}

// Contains reports whether d is in c.
func (c *CausalContext) Contains(d Dot) bool { return spansContain(c.of(d.Replica), d.Counter) }

// Add puts d into c. It panics if d.Counter is 0 or above 2^62.
func (c *CausalContext) Add(d Dot) {
	if d.Counter == 0 || d.Counter > maxCounter {
		panic("crdt: no event has the counter of " + d.String())
	}
	c.addSpan(d.Replica, span{d.Counter, d.Counter})
}

func (c *CausalContext) addSpan(r Replica, n span) {
	i, ok := c.at(r)
	if !ok {
		c.clocks = slices.Insert(c.clocks, i, clock{r, []span{n}})
		return
	}
	c.clocks[i].spans = addSpan(c.clocks[i].spans, n)
}

// Max returns the highest counter of r in c, beyond gaps too, or 0.
func (c *CausalContext) Max(r Replica) uint64 {
	if s := c.of(r); len(s) > 0 {
		return s[len(s)-1].hi
	}
	return 0
}

// Next returns the dot that r mints next: one above all of r's dots in c, those
// beyond a gap included. It does not add it. It panics after 2^62 events.
func (c *CausalContext) Next(r Replica) Dot {
	n := c.Max(r) + 1
	if n > maxCounter {
		panicMinted(r)
	}
	return Dot{r, n}
}

func panicMinted(r Replica) {
	panic("crdt: replica " + strconv.FormatUint(uint64(r), 10) + " has minted all of its dots")
}

// mint adds the next dot of r and returns it.
func (c *CausalContext) mint(r Replica) Dot {
	i, ok := c.at(r)
	if !ok {
		c.clocks = slices.Insert(c.clocks, i, clock{r, []span{{1, 1}}})
		return Dot{r, 1}
	}
	last := &c.clocks[i].spans[len(c.clocks[i].spans)-1]
	if last.hi >= maxCounter {
		panicMinted(r)
	}
	last.hi++
	return Dot{r, last.hi}
}

// Merge adds the dots of o to c. It keeps no part of o.
func (c *CausalContext) Merge(o *CausalContext) {
	if c == o {
		return
	}
	for _, k := range o.clocks {
		i, ok := c.at(k.replica)
		if !ok {
			c.clocks = slices.Insert(c.clocks, i, clock{k.replica, slices.Clone(k.spans)})
			continue
		}
		c.clocks[i].spans = uniteSpans(c.clocks[i].spans, k.spans)
	}
}

// Covers reports whether every dot of o is in c.
func (c *CausalContext) Covers(o *CausalContext) bool {
	for _, k := range o.clocks {
		if !coverSpans(c.of(k.replica), k.spans) {
			return false
		}
	}
	return true
}

// Compare says how the events of c stand to those of o: fewer are Before.
func (c *CausalContext) Compare(o *CausalContext) Order { return order(o.Covers(c), c.Covers(o)) }

// Without returns the dots of c that are not in o.
func (c *CausalContext) Without(o *CausalContext) *CausalContext {
	return c.combined(o, withoutSpans)
}

// Meet returns the dots that are in both. The meet of the contexts of all
// replicas is what is causally stable.
func (c *CausalContext) Meet(o *CausalContext) *CausalContext { return c.combined(o, meetSpans) }

func (c *CausalContext) combined(o *CausalContext, op func(a, b []span) []span) *CausalContext {
	out := &CausalContext{}
	for _, k := range c.clocks {
		if spans := op(k.spans, o.of(k.replica)); len(spans) > 0 {
			out.clocks = append(out.clocks, clock{k.replica, spans})
		}
	}
	return out
}

// IsEmpty reports whether c has no dots.
func (c *CausalContext) IsEmpty() bool { return len(c.clocks) == 0 }

// Len returns the number of dots in c, not more than 2^63-1.
func (c *CausalContext) Len() uint64 {
	n := uint64(0)
	for _, k := range c.clocks {
		for _, s := range k.spans {
			n = min(n+s.hi-s.lo+1, 1<<63-1)
		}
	}
	return n
}

// All yields the dots of c in order of replica and counter. There may be very
// many: a context of a few bytes can claim 2^62 of them.
func (c *CausalContext) All() iter.Seq[Dot] {
	return func(yield func(Dot) bool) {
		for _, k := range c.clocks {
			for _, s := range k.spans {
				for n := s.lo; n <= s.hi; n++ {
					if !yield(Dot{k.replica, n}) {
						return
					}
				}
			}
		}
	}
}

// Vector returns the version vector of c: for each replica the highest counter
// below which nothing is missing. Dots beyond a gap are not in it.
func (c *CausalContext) Vector() *VersionVector {
	v := &VersionVector{}
	for _, k := range c.clocks {
		if k.spans[0].lo == 1 {
			v.entries = append(v.entries, Dot{k.replica, k.spans[0].hi})
		}
	}
	return v
}

// reach returns the highest counter of each replica, gaps or not.
func (c *CausalContext) reach() *VersionVector {
	v := &VersionVector{}
	for _, k := range c.clocks {
		v.entries = append(v.entries, Dot{k.replica, k.spans[len(k.spans)-1].hi})
	}
	return v
}

// String returns the ranges of each replica: "{1:1-7,9 2:3}".
func (c *CausalContext) String() string {
	var b strings.Builder
	for i, k := range c.clocks {
		b.WriteString([]string{"", " "}[min(i, 1)])
		b.WriteString(strconv.FormatUint(uint64(k.replica), 10))
		for j, s := range k.spans {
			b.WriteByte(":,"[min(j, 1)])
			b.WriteString(strconv.FormatUint(s.lo, 10))
			if s.hi > s.lo {
				b.WriteString("-" + strconv.FormatUint(s.hi, 10))
			}
		}
	}
	return "{" + b.String() + "}"
}
