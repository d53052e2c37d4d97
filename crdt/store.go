package crdt

import "iter"

// Context returns a copy of the causal context: the events that the state has seen.
func (k *causality) Context() *CausalContext {
	c := &CausalContext{}
	c.Merge(k.events())
	return c
}

// appendTo appends the events and the dots that are pending.
func (k *causality) appendTo(b []byte) []byte { return k.late().appendTo(k.ctx.appendTo(b)) }

func (k *causality) read(r *reader) {
	k.ctx.read(r)
	var late CausalContext
	late.read(r)
	k.await(&late)
	if r.err == nil && !k.ctx.Covers(&late) {
		r.fail("a dot is pending that is not in the context")
	}
}

func (k *causality) cause() *causality { return k }

// nested is a causal state that can lie in an ORMap, under the context of the
// map. V is a pointer type.
type nested[V any] interface {
	cause() *causality
	fresh() V // a new bottom; the receiver may be nil
	isEmpty() bool
	within(*CausalContext) V // the part of the store whose dots are in the context
	joinStore(o V, mine, theirs *CausalContext)
	dots(yield func(Dot) bool)
	appendStore(b []byte, ctx *CausalContext) ([]byte, error)
	readStore(r *reader, ctx *CausalContext)
}

func (k *kernel[K, P]) isEmpty() bool { return k.live() == 0 }

func (k *kernel[K, P]) joinTable(o *table[K, P], mine, theirs *CausalContext) {
	k.apply(o, k.compare(o, mine, theirs))
}

// appendBinary appends the encoding of k: its context, then each key in order with its dots and their values.
func (k *kernel[K, P]) appendBinary(b []byte, tag byte) ([]byte, error) {
	return k.appendStore(k.causality.appendTo(append(b, tag)), &k.ctx)
}

func (k *kernel[K, P]) appendStore(b []byte, ctx *CausalContext) ([]byte, error) {
	rows := k.sorted()
	heads := 0
	same := func(i int) bool { return i > 0 && i < len(rows) && rows[i].key == rows[i-1].key }
	for i := range rows {
		if !same(i) {
			heads++
		}
	}
	b = appendUvarint(b, uint64(heads))
	var err error
	for i, r := range rows {
		if !same(i) {
			n := 1
			for same(i + n) {
				n++
			}
			if b, err = appendValue(b, &r.key); err != nil {
				return b, err
			}
			b = appendUvarint(b, uint64(n-1))
		}
		if b, err = appendValue(appendDot(b, r.dot, ctx), &r.val); err != nil {
			return b, err
		}
	}
	return b, nil
}

// appendDot appends a dot of ctx: the place of its replica and its distance from the replica's last.
func appendDot(b []byte, d Dot, ctx *CausalContext) []byte {
	i, _ := ctx.at(d.Replica)
	return appendUvarint(appendUvarint(b, uint64(i)), ctx.Max(d.Replica)-d.Counter)
}

func (r *reader) dot(ctx *CausalContext) Dot {
	i := r.below(1 << 31)
	back := r.below(maxCounter)
	if r.err != nil {
		return Dot{}
	}
	if i >= uint64(len(ctx.clocks)) || back >= ctx.Max(ctx.clocks[i].replica) {
		r.fail("a dot of no replica")
		return Dot{}
	}
	d := Dot{ctx.clocks[i].replica, ctx.Max(ctx.clocks[i].replica) - back}
	if !ctx.Contains(d) {
		r.fail("the dot %v is not in the context", d)
	}
	return d
}

// unmarshal replaces k by what appendBinary wrote.
func (k *kernel[K, P]) unmarshal(data []byte, tag byte) error {
	r := newReader(data, tag)
	out := kernel[K, P]{}
	out.causality.read(r)
	out.readStore(r, &out.ctx)
	if r.end() == nil {
		out.log = out.ctx.forgetful(out.live())
		*k = out
	}
	return r.err
}

func (k *kernel[K, P]) readStore(r *reader, ctx *CausalContext) {
	var last K
	n := r.count(3)
	rows := make([]row[K, P], 0, min(n, chunkRows))
	for i := 0; i < n && r.err == nil; i++ {
		var key K
		readValue(r, &key)
		if r.err == nil && i > 0 && compareValues(&last, &key) >= 0 {
			r.fail("keys do not rise")
		}
		last = key
		var before Dot
		for j, m := 0, r.count(2)+1; j < m && r.err == nil; j++ {
			d := r.dot(ctx)
			var val P
			readValue(r, &val)
			if r.err == nil && j > 0 && before.Compare(d) >= 0 {
				r.fail("the dots of a key do not rise")
			}
			before = d
			if r.err == nil {
				rows = append(rows, newRow(key, d, val))
			}
		}
	}
	if r.err == nil && !k.load(rows) {
		r.fail("one dot twice")
	}
}

// seqOf yields what list returns, which is called when the loop begins.
func seqOf[T any](list func() []T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, v := range list() {
			if !yield(v) {
				return
			}
		}
	}
}
