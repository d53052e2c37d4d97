package crdt

import "iter"

// Delta returns what a state that has seen since lacks of s, in O(what it returns),
// give or take old removals. Merged into such a state it does what s would.
func (s *ORMap[K, V]) Delta(since *CausalContext) *ORMap[K, V] {
	var c causality
	s.delta(since, &c, s.keys.liveDots)
	d := s.within(c.events())
	d.causality = c
	return d
}

// Diff returns the least delta that brings o up to s, in O(s + o): for o alone,
// because another state may lack what o has.
func (s *ORMap[K, V]) Diff(o *ORMap[K, V]) *ORMap[K, V] {
	var c causality
	s.diff(&o.causality, &c, &s.keys, o.keys.dots)
	d := s.within(c.events())
	d.causality = c
	return d
}

// Split yields the join decomposition of s: the fewest pieces that join to s and
// cannot be split, one for each dot of the context, in their order.
func (s *ORMap[K, V]) Split() iter.Seq[*ORMap[K, V]] {
	return func(yield func(*ORMap[K, V]) bool) {
		for n := range s.ctx.All() {
			var one CausalContext
			one.Add(n)
			piece := s.within(&one)
			piece.ctx = one
			piece.await(s.late().Meet(&one))
			if !yield(piece) {
				return
			}
		}
	}
}

// AppendBinary appends the canonical encoding to b: equal states, equal bytes.
// The error is ErrNoCodec, or that of a Codec.
func (s *ORMap[K, V]) AppendBinary(b []byte) ([]byte, error) {
	return s.appendStore(s.causality.appendTo(append(b, tagORMap)), &s.ctx)
}

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding and leave s alone.
func (s *ORMap[K, V]) UnmarshalBinary(data []byte) error {
	r := newReader(data, tagORMap)
	out := ORMap[K, V]{}
	out.causality.read(r)
	out.readStore(r, &out.ctx)
	if r.end() == nil {
		out.log = out.ctx.forgetful(out.keys.live())
		*s = out
	}
	return r.err
}

func (*ORMap[K, V]) fresh() *ORMap[K, V] { return &ORMap[K, V]{} }

func (s *ORMap[K, V]) isEmpty() bool { return len(s.vals) == 0 }

func (s *ORMap[K, V]) dots(yield func(Dot) bool) { s.keys.dots(yield) }

func (s *ORMap[K, V]) within(ctx *CausalContext) *ORMap[K, V] {
	d := &ORMap[K, V]{}
	s.keys.copyWithin(ctx, &d.keys)
	for _, r := range d.keys.all {
		if _, ok := d.vals[r.key]; !ok {
			d.keep(r.key, s.vals[r.key].within(ctx))
		}
	}
	return d
}

func (s *ORMap[K, V]) joinStore(o *ORMap[K, V], mine, theirs *CausalContext) {
	s.join(o, s.keys.compare(&o.keys, mine, theirs), mine, theirs)
}

func (s *ORMap[K, V]) appendStore(b []byte, ctx *CausalContext) ([]byte, error) {
	b = appendUvarint(b, uint64(len(s.vals)))
	var err error
	for key, v := range s.All() {
		if b, err = appendValue(b, &key); err != nil {
			return b, err
		}
		if b, err = v.appendStore(b, ctx); err != nil {
			return b, err
		}
	}
	return b, nil
}

func (s *ORMap[K, V]) readStore(r *reader, ctx *CausalContext) {
	if r.depth++; r.depth > maxDepth {
		r.fail("maps %d deep", r.depth)
	}
	var last K
	var rows []row[K, struct{}]
	for i, n := 0, r.count(3); i < n && r.err == nil; i++ {
		var key K
		readValue(r, &key)
		if r.err == nil && i > 0 && compareValues(&last, &key) >= 0 {
			r.fail("keys do not rise")
		}
		last = key
		var v V
		v = v.fresh()
		v.readStore(r, ctx)
		if r.err == nil && v.isEmpty() {
			r.fail("a key without a dot")
		}
		for d := range v.dots {
			if r.err == nil {
				rows = append(rows, newRow(key, d, struct{}{}))
			}
		}
		if r.err == nil {
			s.keep(key, v)
		}
	}
	if r.err == nil && !s.keys.load(rows) {
		r.fail("one dot twice")
	}
	r.depth--
}
