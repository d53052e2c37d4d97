package crdt

import (
	"bytes"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

// A happening is an event of a plain world: what it put, and whose effects it took.
type happening struct {
	dot  Dot
	key  int
	kind int
	put  bool
	took []int
}

type idSet []uint64

func (b idSet) has(i int) bool { return i>>6 < len(b) && b[i>>6]>>(i&63)&1 == 1 }
func (b *idSet) add(i int) {
	for len(*b) <= i>>6 {
		*b = append(*b, 0)
	}
	(*b)[i>>6] |= 1 << (i & 63)
}
func (b *idSet) or(o idSet) {
	for len(*b) < len(o) {
		*b = append(*b, 0)
	}
	for i, w := range o {
		(*b)[i] |= w
	}
}

// knowledge is the plain model of a state: the events seen, and those known to be dead.
type knowledge struct{ seen, dead idSet }

func (k *knowledge) join(o knowledge) { k.seen.or(o.seen); k.dead.or(o.dead) }
func (k knowledge) clone() knowledge {
	return knowledge{slices.Clone(k.seen), slices.Clone(k.dead)}
}

type plainState[S any] interface {
	*S
	Causal[S]
	Diff(*S) *S
	Split() iter.Seq[*S]
	cause() *causality
}

// plainSubject is a type under test. Operation 0 puts.
type plainSubject[S any] struct {
	kinds int
	do    func(s *S, r Replica, key, kind int, rng *rand.Rand) *S
	// effect says what the operation takes of live events, and whether it puts, and whether it happens
	effect  func(w *plainLog, k knowledge, r Replica, key, kind int) (took []int, put, happens bool)
	rows    func(s *S) map[Dot]int
	collect func(s *S, r Replica, contexts ...*CausalContext) (*S, int) // nil if the type has no Collect
	marker  func(h *happening) bool                                     // whether what h put is one
	check   func(t *testing.T, w *plainLog, k knowledge, s *S)
}

type plainLog struct {
	events []happening
	byKey  map[int][]int
	minted map[Dot]bool
	top    map[Replica][]int // events of replica in order
}

func (w *plainLog) alive(k knowledge, i int) bool {
	return w.events[i].put && k.seen.has(i) && !k.dead.has(i)
}

func (w *plainLog) liveOf(k knowledge, key int) (out []int) {
	for _, i := range w.byKey[key] {
		if w.alive(k, i) {
			out = append(out, i)
		}
	}
	return out
}

type plainWorld[S any, P plainState[S]] struct {
	plainLog
	t       *testing.T
	rng     *rand.Rand
	sub     plainSubject[S]
	states  []*S
	ids     []Replica
	know    []knowledge
	deltas  []*S
	dknow   []knowledge
	dbytes  [][]byte
	snaps   []*S
	sknow   []knowledge
	keys    int
	whole   bool // no pieces float about
	collect bool
	removes int // percent
}

func (w *plainWorld[S, P]) next(k knowledge, r Replica) Dot {
	top := uint64(0)
	for _, i := range w.top[r] {
		if k.seen.has(i) || k.dead.has(i) {
			top = max(top, w.events[i].dot.Counter)
		}
	}
	return Dot{r, top + 1}
}

func (w *plainWorld[S, P]) enc(s *S) []byte {
	b, err := P(s).AppendBinary(nil)
	require.NoError(w.t, err)
	return b
}

// verify holds a state to its model.
func (w *plainWorld[S, P]) verify(s *S, k knowledge, what string) {
	rows := w.sub.rows(s)
	live := 0
	c := P(s).cause()
	n, late := uint64(0), uint64(0)
	for i := range w.events {
		h := &w.events[i]
		seen, dead := k.seen.has(i), k.dead.has(i)
		if seen || dead {
			n++
			if !c.ctx.Contains(h.dot) {
				require.Fail(w.t, "context", "%s: %v not in %v", what, h.dot, &c.ctx)
			}
		}
		if dead && !seen {
			late++
			if !c.late().Contains(h.dot) {
				require.Fail(w.t, "pending", "%s: %v not in %v", what, h.dot, c.late())
			}
		}
		if seen && !dead && h.put {
			live++
			if key, ok := rows[h.dot]; !ok || key != h.key {
				require.Fail(w.t, "row", "%s: %v of key %d: %v %v", what, h.dot, h.key, key, ok)
			}
		}
	}
	require.Equal(w.t, live, len(rows), "%s: live rows", what)
	require.Equal(w.t, n, c.ctx.Len(), "%s: %v", what, &c.ctx)
	require.Equal(w.t, late, c.late().Len(), "%s: pending %v", what, c.late())
	if w.sub.check != nil {
		w.sub.check(w.t, &w.plainLog, k, s)
	}
}

func (w *plainWorld[S, P]) operate(at int) {
	s, r, k := w.states[at], w.ids[at], &w.know[at]
	key, kind := w.rng.IntN(w.keys), 0
	if w.rng.IntN(100) < w.removes {
		kind = 1 + w.rng.IntN(w.sub.kinds-1)
	}
	took, put, happens := w.sub.effect(&w.plainLog, *k, r, key, kind)
	before := w.enc(s)
	d := w.sub.do(s, r, key, kind, w.rng)
	if !happens {
		require.Equal(w.t, before, w.enc(s), "nothing happens")
		require.Equal(w.t, w.enc(new(S)), w.enc(d), "bottom")
		return
	}
	w.happened(at, happening{key: key, kind: kind, put: put, took: took}, d)
}

// happened notes an event at a state, of which d is the delta.
func (w *plainWorld[S, P]) happened(at int, h happening, d *S) {
	k, r := &w.know[at], w.ids[at]
	h.dot = w.next(*k, r)
	require.False(w.t, w.minted[h.dot], "%v for the second time", h.dot)
	w.minted[h.dot] = true
	id := len(w.events)
	w.events = append(w.events, h)
	if h.put {
		w.byKey[h.key] = append(w.byKey[h.key], id)
	}
	w.top[r] = append(w.top[r], id)
	var dk knowledge
	dk.seen.add(id)
	for _, i := range h.took {
		dk.dead.add(i)
	}
	if !h.put {
		dk.dead.add(id)
	}
	k.join(dk)
	if len(w.events) < 3000 || w.rng.IntN(200) == 0 {
		w.verify(d, dk, "delta")
	}
	w.keepDelta(d, dk)
}

func (w *plainWorld[S, P]) keepDelta(d *S, dk knowledge) {
	w.deltas, w.dknow, w.dbytes = append(w.deltas, d), append(w.dknow, dk), append(w.dbytes, w.enc(d))
}

// deliver merges a delta, or only what is new of the join of two: whole events with all they
// did, as the package says.
func (w *plainWorld[S, P]) deliver(at int) {
	i, j := w.rng.IntN(len(w.deltas)), w.rng.IntN(len(w.deltas))
	if w.rng.IntN(2) == 0 {
		i = len(w.deltas) - 1 - w.rng.IntN(min(len(w.deltas), 6))
	}
	s := w.states[at]
	if !w.whole || w.rng.IntN(2) == 0 {
		P(s).Merge(w.deltas[i])
		w.know[at].join(w.dknow[i])
	} else {
		d := Clone(w.deltas[i])
		P(d).Merge(w.deltas[j])
		want := Clone(s)
		P(want).Merge(d)
		P(s).Merge(P(d).Delta(P(s).Context()))
		w.know[at].join(w.dknow[i])
		w.know[at].join(w.dknow[j])
		require.True(w.t, bytes.Equal(w.enc(want), w.enc(s)), "what is new of a delta")
	}
	require.Equal(w.t, w.dbytes[i], w.enc(w.deltas[i]), "a delta changed")
}

func (w *plainWorld[S, P]) catchUp(to, from int) {
	since := P(w.states[to]).Context()
	w.caught(w.states[to], w.know[to], from, since, "delta since")
	w.know[to].join(w.know[from])
}

// caught merges Delta(since) of from into s, which has seen since and perhaps more.
func (w *plainWorld[S, P]) caught(s *S, k knowledge, from int, since *CausalContext, what string) {
	want := Clone(s)
	P(want).Merge(w.states[from])
	d := P(w.states[from]).Delta(since)
	require.True(w.t, P(d).Context().Meet(since).IsEmpty(), "%s: no event that was seen", what)
	dk := knowledge{}
	for i := range w.events {
		h := &w.events[i]
		if w.know[from].seen.has(i) && !since.Contains(h.dot) {
			dk.seen.add(i)
			if w.know[from].dead.has(i) {
				dk.dead.add(i) // not alive, so not in d
			}
		} else if P(d).cause().ctx.Contains(h.dot) {
			require.True(w.t, w.know[from].dead.has(i), "%s: claims %v dead", what, h.dot)
			dk.dead.add(i)
		}
	}
	w.verify(d, dk, what)
	before := w.enc(d)
	P(s).Merge(d)
	require.Equal(w.t, before, w.enc(d))
	require.True(w.t, bytes.Equal(w.enc(want), w.enc(s)), "%s is not a whole merge", what)
}

func (w *plainWorld[S, P]) step() {
	at, from := w.rng.IntN(len(w.states)), w.rng.IntN(len(w.states))
	switch n := w.rng.IntN(100); {
	case n < 45:
		w.operate(at)
	case n < 65 && len(w.deltas) > 0:
		w.deliver(at)
	case n < 72:
		P(w.states[at]).Merge(w.states[from])
		w.know[at].join(w.know[from])
	case n < 80 && w.whole:
		w.catchUp(at, from)
	case n < 84:
		want := Clone(w.states[at])
		P(want).Merge(w.states[from])
		d := P(w.states[from]).Diff(w.states[at])
		P(w.states[at]).Merge(d)
		if !w.whole {
			w.pool(d)
		}
		w.know[at].join(w.know[from])
		require.True(w.t, bytes.Equal(w.enc(want), w.enc(w.states[at])), "diff")
	case n < 87 && len(w.events) < 2000:
		all := new(S)
		pieces := 0
		var some []*S
		for p := range P(w.states[from]).Split() {
			pieces++
			if w.rng.IntN(8) == 0 {
				some = append(some, p)
			}
			P(all).Merge(p)
		}
		require.True(w.t, bytes.Equal(w.enc(all), w.enc(w.states[from])), "pieces join")
		require.Equal(w.t, P(w.states[from]).cause().ctx.Len(), uint64(pieces))
		if !w.whole && len(some) > 0 {
			w.pool(some[w.rng.IntN(len(some))])
		}
	case n < 91:
		data := w.enc(w.states[at])
		s := new(S)
		require.NoError(w.t, P(s).UnmarshalBinary(data))
		require.True(w.t, bytes.Equal(data, w.enc(s)))
		w.states[at] = s
	case n < 93:
		w.snaps, w.sknow = append(w.snaps, Clone(w.states[at])), append(w.sknow, w.know[at].clone())
	case n < 95 && len(w.snaps) > 0 && w.whole:
		i := w.rng.IntN(len(w.snaps))
		s := Clone(w.snaps[i])
		w.caught(s, w.sknow[i], at, P(s).Context(), "snapshot")
		if w.rng.IntN(3) == 0 { // a state that has seen more than since
			s = Clone(w.states[from])
			P(s).Merge(w.snaps[i])
			w.caught(s, w.sknow[i], at, P(w.snaps[i]).Context(), "more than since")
		}
	case n < 97 && w.collect:
		w.collectSome(at)
	case n < 98:
		w.states[at] = Clone(w.states[at])
	}
	if len(w.events) < 1500 || w.rng.IntN(500) == 0 {
		w.verify(w.states[at], w.know[at], "state")
	}
}

func (w *plainWorld[S, P]) pool(d *S) {
	var dk knowledge
	rows := w.sub.rows(d)
	for i := range w.events {
		if n := w.events[i].dot; P(d).cause().ctx.Contains(n) {
			if P(d).Context().Contains(n) {
				dk.seen.add(i)
			}
			if _, ok := rows[n]; !ok {
				dk.dead.add(i)
			}
		}
	}
	w.keepDelta(d, dk)
}

// collectSome collects given the contexts of all replicas, of now or of an earlier time.
func (w *plainWorld[S, P]) collectSome(at int) {
	s, k := w.states[at], &w.know[at]
	var contexts []*CausalContext
	for i, other := range w.states {
		if i != at && w.rng.IntN(4) > 0 { // what others have seen is not always known here
			P(s).Merge(other)
			k.join(w.know[i])
		}
		if len(w.snaps) > 0 && w.rng.IntN(5) == 0 {
			other = w.snaps[w.rng.IntN(len(w.snaps))]
		}
		if w.rng.IntN(4) > 0 { // the model says what is taken whether or not all are asked
			contexts = append(contexts, P(other).Context())
		}
	}
	took, want := w.collected(*k, contexts)
	before := w.enc(s)
	d, n := w.sub.collect(s, w.ids[at], contexts...)
	require.Equal(w.t, want, n)
	if want == 0 {
		require.Equal(w.t, before, w.enc(s), "nothing happens")
		require.Equal(w.t, w.enc(new(S)), w.enc(d), "bottom")
		return
	}
	w.happened(at, happening{took: took}, d)
}

// collected says what a collection takes of what is alive, and how many markers are among it.
func (w *plainWorld[S, P]) collected(k knowledge, contexts []*CausalContext) (took []int, markers int) {
	in := func(i int) (n int) {
		for _, c := range contexts {
			if c.Contains(w.events[i].dot) {
				n++
			}
		}
		return n
	}
	if len(contexts) == 0 {
		return nil, 0
	}
	stable := map[int]bool{}
	for i := range w.events {
		h := &w.events[i]
		if in(i) > 0 && !k.seen.has(i) {
			return nil, 0
		}
		if w.alive(k, i) && w.sub.marker(h) && in(i) == len(contexts) {
			stable[h.key] = true
			markers++
		}
	}
	for i := range w.events {
		h := &w.events[i]
		if !stable[h.key] || !w.alive(k, i) {
			continue
		}
		if n := in(i); n == len(contexts) || n > 0 && !w.sub.marker(h) {
			took = append(took, i)
		}
	}
	return took, markers
}

func runPlain[S any, P plainState[S]](t *testing.T, sub plainSubject[S], seed uint64, steps, replicas, keys int) {
	rng := rand.New(rand.NewPCG(seed, 77))
	w := &plainWorld[S, P]{t: t, rng: rng, sub: sub, keys: keys, removes: []int{20, 50, 70}[rng.IntN(3)]}
	w.byKey, w.minted, w.top = map[int][]int{}, map[Dot]bool{}, map[Replica][]int{}
	w.whole = rng.IntN(3) > 0
	w.collect = sub.collect != nil && rng.IntN(2) == 0
	for i := range replicas {
		id := Replica(i + 1)
		if rng.IntN(3) == 0 {
			id = Replica(rng.Uint64())
		}
		w.states, w.ids, w.know = append(w.states, new(S)), append(w.ids, id), append(w.know, knowledge{})
	}
	for range steps {
		w.step()
	}
	for i, s := range w.states {
		w.verify(s, w.know[i], "at the end")
	}
}

// manyPlain goes through worlds of all sizes: 80 for a type, and with -sim.long many more.
func manyPlain[S any, P plainState[S]](t *testing.T, sub func() plainSubject[S], maxKeys int) {
	for seed := range (simtest.Options{Seeds: sim.SeedRange{Count: 80}}).Range().All() {
		rng := rand.New(rand.NewPCG(seed, 5))
		steps, replicas := 1+rng.IntN(400), 1+rng.IntN(6)
		if rng.IntN(10) == 0 {
			replicas = 2 + rng.IntN(60)
		}
		keys := 1 + rng.IntN(min(maxKeys, []int{3, 12, 125}[rng.IntN(3)]))
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runPlain[S, P](t, sub(), seed, steps, replicas, keys) })
	}
}

func TestAnAddWinsSetIsThePlainEvents(t *testing.T)   { manyPlain(t, addWinsSubject, 1000) }
func TestARemoveWinsSetIsThePlainEvents(t *testing.T) { manyPlain(t, removeWinsSubject, 1000) }
func TestANestIsThePlainEvents(t *testing.T)          { manyPlain(t, nestSubject, 125) }
func TestATombstoneMapIsThePlainEvents(t *testing.T)  { manyPlain(t, heroesSubject, 1000) }

// Strands of many events, and contexts of many replicas, are laid out otherwise than small
// ones. With -sim.long only.
func TestLongHistoriesArePlainEvents(t *testing.T) {
	if !simtest.Long() {
		t.Skip("with -sim.long")
	}
	const steps = 20_000
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("add", seed), func(t *testing.T) {
			runPlain[AddWinsSet[int]](t, addWinsSubject(), seed, steps, 3, 20000)
		})
		t.Run(fmt.Sprint("many", seed), func(t *testing.T) {
			runPlain[AddWinsSet[int]](t, addWinsSubject(), seed, steps/4, 300, 5000)
		})
		t.Run(fmt.Sprint("rem", seed), func(t *testing.T) {
			runPlain[RemoveWinsSet[int]](t, removeWinsSubject(), seed, steps, 4, 4000)
		})
		t.Run(fmt.Sprint("nest", seed), func(t *testing.T) {
			runPlain[plainMap](t, nestSubject(), seed, steps/4, 4, 2500)
		})
	}
}
