package crdt_test

import (
	"iter"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/crdt"
)

// full is what every type of the package has.
type full[S any] interface {
	crdt.State[S]
	Diff(*S) *S
	Split() iter.Seq[*S]
}

func on[S any](s *S) full[S] { return any(s).(full[S]) }

func join[S any](states ...*S) *S {
	out := new(S)
	for _, s := range states {
		on(out).Merge(s)
	}
	return out
}

func encoded[S any](t require.TestingT, s *S) []byte {
	b, err := on(s).AppendBinary(nil)
	require.NoError(t, err)
	return b
}

func same[S any](t require.TestingT, law string, want, got *S) {
	require.Equal(t, encoded(t, want), encoded(t, got), law)
}

// An event is one operation as the specification sees it.
type event struct {
	id      int
	replica crdt.Replica
	key     string
	val     string
	num     int64
	stamp   crdt.Stamp
	removal bool         // it only takes away
	covers  map[int]bool // the events whose effect it takes away, by what its replica saw
	brings  map[int]bool // the events that arrive with its delta
}

// copyOf is one replica: its state, and which events are visible in it.
type copyOf[S any] struct {
	state *S
	seen  map[int]bool
}

// history is a run of three replicas and all that was said in it.
type history[S any] struct {
	t      *rapid.T
	events []event
	copies [3]copyOf[S]
	deltas []copyOf[S]
	old    []*S // snapshots
}

// alive returns the visible events that no visible event covers.
func (h *history[S]) alive(seen map[int]bool) []event {
	covered := map[int]bool{}
	for id := range seen {
		for c := range h.events[id].covers {
			covered[c] = true
		}
	}
	var out []event
	for _, e := range h.events {
		if seen[e.id] && !covered[e.id] && !e.removal {
			out = append(out, e)
		}
	}
	return out
}

// record adds an event of the copy i, covering those alive for which covers holds.
func (h *history[S]) record(i int, e event, covers func(event) bool) {
	e.id, e.replica, e.covers = len(h.events), replicaOf(i), map[int]bool{}
	for _, a := range h.alive(h.copies[i].seen) {
		if covers != nil && covers(a) {
			e.covers[a.id] = true
		}
	}
	if e.brings == nil {
		e.brings = map[int]bool{}
	}
	e.brings[e.id] = true
	h.events = append(h.events, e)
	h.copies[i].seen[e.id] = true
}

// cumulative makes e bring the earlier events of its replica under its key.
func (h *history[S]) cumulative(i int, e event) {
	e.brings = map[int]bool{}
	for _, old := range h.events {
		if old.replica == replicaOf(i) && old.key == e.key {
			e.brings[old.id] = true
		}
	}
	h.record(i, e, nil)
}

func replicaOf(i int) crdt.Replica { return crdt.Replica(3 + 7*i) }

// A subject is a type under test: step does a random operation on copy i, records
// its event and returns its delta; read lists what the state says, spec what it should
// say given the visible events and those of them that are alive.
type subject[S any] struct {
	step func(h *history[S], i int, s *S) *S
	read func(s *S) []string
	spec func(visible, alive []event) []string
}

func (h *history[S]) visible(seen map[int]bool) []event {
	var out []event
	for _, e := range h.events {
		if seen[e.id] {
			out = append(out, e)
		}
	}
	return out
}

// run draws a history of operations, deltas that are lost, repeated and reordered, merges,
// catch-ups by Delta and restarts from an encoding; it checks laws 5, 6 and 13 on the way.
func run[S any](t *rapid.T, sub subject[S]) *history[S] {
	h := &history[S]{t: t}
	for i := range h.copies {
		h.copies[i] = copyOf[S]{new(S), map[int]bool{}}
	}
	for range rapid.IntRange(1, 25).Draw(t, "steps") {
		i, j := rapid.IntRange(0, 2).Draw(t, "copy"), rapid.IntRange(0, 2).Draw(t, "other")
		c := &h.copies[i]
		switch action := rapid.IntRange(0, 9).Draw(t, "action"); {
		case action < 5:
			before, n := join(c.state), len(h.events)
			d := sub.step(h, i, c.state)
			same(t, "law 6: m(x) = x join mDelta(x)", c.state, join(before, d))
			same(t, "law 5: mutators inflate", c.state, join(c.state, before))
			if len(h.events) > n {
				h.deltas = append(h.deltas, copyOf[S]{d, h.events[n].brings})
			} else {
				same(t, "no event, no delta", new(S), d)
			}
		case action < 7 && len(h.deltas) > 0:
			d := h.deltas[rapid.IntRange(0, len(h.deltas)-1).Draw(t, "delta")]
			on(c.state).Merge(d.state)
			maps.Copy(c.seen, d.seen)
		case action < 8:
			on(c.state).Merge(h.copies[j].state)
			maps.Copy(c.seen, h.copies[j].seen)
		case action < 9:
			catchUp(t, c.state, h.copies[j].state)
			maps.Copy(c.seen, h.copies[j].seen)
		default:
			back := new(S)
			require.NoError(t, on(back).UnmarshalBinary(encoded(t, c.state)))
			same(t, "law 21: an encoding is read back", c.state, back)
			c.state = back
		}
		h.old = append(h.old, join(c.state))
		require.Equal(t, sub.spec(h.visible(c.seen), h.alive(c.seen)), sub.read(c.state), "law 13: value = spec(visible)")
	}
	return h
}

// catchUp brings to up to from by Delta where the type has one, else by Diff.
func catchUp[S any](t *rapid.T, to, from *S) {
	want := join(to, from)
	if c, ok := any(from).(crdt.Causal[S]); ok {
		d := c.Delta(any(to).(crdt.Causal[S]).Context())
		on(to).Merge(d)
	} else {
		on(to).Merge(on(from).Diff(to))
	}
	same(t, "what is caught up on is what a merge brings", want, to)
}

func laws[S any](t *testing.T, sub subject[S]) {
	rapid.Check(t, func(t *rapid.T) {
		h := run(t, sub)
		pick := func(name string) *S { return h.old[rapid.IntRange(0, len(h.old)-1).Draw(t, name)] }
		a, b, c := pick("a"), pick("b"), pick("c")
		ab := join(a, b)
		same(t, "law 1: idempotent", a, join(a, a))
		same(t, "law 2: commutative", ab, join(b, a))
		same(t, "law 3: associative", join(ab, c), join(a, join(b, c)))
		same(t, "law 4: bottom is identity", a, join(new(S), a, new(S)))
		diffs(t, a, b)
		splits(t, ab)
		causes(t, ab)
		noAliases(t, sub, h, a)
		anyOrder(t, h)
	})
}

// diffs checks law 7: the difference suffices, and no piece of it could be left out.
func diffs[S any](t *rapid.T, a, b *S) {
	d := on(a).Diff(b)
	same(t, "law 7: delta(a,b) join b = a join b", join(a, b), join(b, d))
	same(t, "law 7: what is there already needs no delta", new(S), on(b).Diff(join(a, b)))
	pieces := slices.Collect(on(d).Split())
	for i := range pieces {
		rest := join(slices.Delete(slices.Clone(pieces), i, i+1)...)
		require.NotEqual(t, encoded(t, join(a, b)), encoded(t, join(b, rest)), "law 7: delta is minimal")
	}
}

// splits checks law 8.
func splits[S any](t *rapid.T, a *S) {
	pieces := slices.Collect(on(a).Split())
	same(t, "law 8: the decomposition re-joins", a, join(pieces...))
	for i := range pieces {
		rest := join(slices.Delete(slices.Clone(pieces), i, i+1)...)
		require.NotEqual(t, encoded(t, a), encoded(t, rest), "law 8: irredundant")
	}
}

// causes checks laws 9 and 11 by what a delta may claim.
func causes[S any](t *rapid.T, a *S) {
	c, ok := any(a).(crdt.Causal[S])
	if !ok {
		return
	}
	for piece := range on(a).Split() {
		require.LessOrEqual(t, any(piece).(crdt.Causal[S]).Context().Len(), uint64(1))
	}
	same(t, "nothing is missing to who saw all", new(S), c.Delta(c.Context()))
	same(t, "law 9: who saw nothing needs all, and the context has it", a, c.Delta(&crdt.CausalContext{}))
}

// noAliases checks law 22: what is done to a merged state does not change what was merged.
func noAliases[S any](t *rapid.T, sub subject[S], h *history[S], a *S) {
	before := encoded(t, a)
	fork := &history[S]{t: t, events: slices.Clone(h.events)}
	fork.copies[0] = copyOf[S]{join(a), map[int]bool{}}
	for range 4 {
		d := sub.step(fork, 0, fork.copies[0].state)
		on(d).Merge(h.copies[1].state)
	}
	require.Equal(t, before, encoded(t, a), "law 22: no aliasing after merge")
}

// anyOrder checks law 12 and 17: all deltas, in two orders, some twice.
func anyOrder[S any](t *rapid.T, h *history[S]) {
	deltas := make([]*S, 0, 2*len(h.deltas))
	for i, d := range h.deltas {
		deltas = append(deltas, d.state)
		if i%3 == 0 {
			deltas = append(deltas, d.state)
		}
	}
	if len(deltas) == 0 {
		return
	}
	all := join(deltas...)
	same(t, "law 12: any order", all, join(rapid.Permutation(deltas).Draw(t, "order")...))
	same(t, "law 17: deltas bring what states bring", all, join(h.copies[0].state, h.copies[1].state, h.copies[2].state))
}
