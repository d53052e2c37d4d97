package crdt

// A DottedVector is the causal past of a written version and the dot of the
// write itself (Preguiça et al., "Dotted version vectors", 2010): the dot may
// lie beyond a gap of the past, so two writes through one server with equal
// pasts stay concurrent. The zero value is a version that nobody wrote.
type DottedVector struct {
	Past VersionVector
	Dot  Dot
}

// Contains reports whether the event d is the write or in its past.
func (v *DottedVector) Contains(d Dot) bool {
	return d.Counter > 0 && (v.Dot == d || v.Past.Get(d.Replica) >= d.Counter)
}

// Compare says whether the version v happened before o: it did if o knew v's dot.
// Comparing two versions costs one lookup each way.
func (v *DottedVector) Compare(o *DottedVector) Order {
	switch {
	case v.Dot == o.Dot:
		return Equal
	case v.Dot.Counter == 0 || o.Contains(v.Dot):
		return Before
	case o.Dot.Counter == 0 || v.Contains(o.Dot):
		return After
	}
	return Concurrent
}

// Context returns the events that v knows of, its own included.
func (v *DottedVector) Context() *CausalContext {
	c := &CausalContext{}
	for r, n := range v.Past.All() {
		c.addSpan(r, span{1, n})
	}
	if v.Dot.Counter > 0 {
		c.Add(v.Dot)
	}
	return c
}
