package crdt_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/crdt"
)

func sum(events []event) (n int64) {
	for _, e := range events {
		n += e.num
	}
	return n
}

func TestGCounterKeepsTheLaws(t *testing.T) {
	type c = crdt.GCounter
	laws(t, subject[c]{
		step: func(h *history[c], i int, s *c) *c {
			n := rapid.Int64Range(1, 3).Draw(h.t, "n")
			h.cumulative(i, event{num: n})
			return s.Add(replicaOf(i), uint64(n))
		},
		read: func(s *c) []string { return []string{fmt.Sprint(s.Value())} },
		spec: func(visible, _ []event) []string { return []string{fmt.Sprint(sum(visible))} },
	})
}

func TestPNCounterKeepsTheLaws(t *testing.T) {
	type c = crdt.PNCounter
	laws(t, subject[c]{
		step: func(h *history[c], i int, s *c) *c {
			n := rapid.SampledFrom([]int64{-4, -1, 1, 2}).Draw(h.t, "n")
			h.cumulative(i, event{num: n, key: fmt.Sprint(n > 0)})
			return s.Add(replicaOf(i), n)
		},
		read: func(s *c) []string { return []string{fmt.Sprint(s.Value())} },
		spec: func(visible, _ []event) []string { return []string{fmt.Sprint(sum(visible))} },
	})
}

func TestBoundedCounterKeepsTheLawsAndItsBound(t *testing.T) {
	type c = crdt.BoundedCounter
	laws(t, subject[c]{
		step: func(h *history[c], i int, s *c) *c {
			n := rapid.Int64Range(1, 4).Draw(h.t, "n")
			r, to := replicaOf(i), replicaOf((i+1)%3)
			var d *c
			err := error(nil)
			e := event{num: n, key: "add"}
			switch rapid.IntRange(0, 3).Draw(h.t, "op") {
			case 0:
				e = event{num: -n, key: "take"}
				d, err = s.Take(r, uint64(n))
			case 1:
				e = event{key: "transfer"}
				d, err = s.Transfer(r, to, uint64(n))
			default:
				d = s.Add(r, uint64(n))
			}
			if err != nil {
				require.ErrorIs(h.t, err, crdt.ErrRights)
				return d
			}
			h.cumulative(i, e)
			return d
		},
		read: func(s *c) []string { return []string{fmt.Sprint(int64(s.Value()))} },
		spec: func(visible, _ []event) []string { return []string{fmt.Sprint(sum(visible))} },
	})
}

func TestABoundedCounterNeverFallsBelowZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var copies [3]crdt.BoundedCounter
		took, all := 0, crdt.BoundedCounter{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			i, j := rapid.IntRange(0, 2).Draw(t, "i"), rapid.IntRange(0, 2).Draw(t, "j")
			n := rapid.Uint64Range(0, 5).Draw(t, "n")
			err := error(nil)
			switch rapid.IntRange(0, 3).Draw(t, "op") {
			case 0:
				copies[i].Add(crdt.Replica(i), n)
			case 1:
				if _, err = copies[i].Take(crdt.Replica(i), n); err == nil {
					took++
				}
			case 2:
				_, err = copies[i].Transfer(crdt.Replica(i), crdt.Replica(j), n)
			case 3:
				copies[i].Merge(&copies[j])
			}
			require.True(t, err == nil || errors.Is(err, crdt.ErrRights))
			for k := range copies {
				all.Merge(&copies[k])
			}
			require.GreaterOrEqual(t, int64(all.Value()), int64(0))
			require.Equal(t, all.Value(), all.Rights(0)+all.Rights(1)+all.Rights(2), "rights are the value")
		}
	})
}

func TestGSetKeepsTheLaws(t *testing.T) {
	type set = crdt.GSet[string]
	laws(t, subject[set]{
		step: func(h *history[set], i int, s *set) *set {
			e := letter(h.t)
			if !s.Contains(e) {
				h.record(i, event{key: e}, nil)
			}
			return s.Add(e)
		},
		read: func(s *set) []string { return list(s.All()) },
		spec: func(visible, _ []event) []string { return keysOf(visible) },
	})
}

func TestTwoPhaseSetKeepsTheLaws(t *testing.T) {
	type set = crdt.TwoPhaseSet[string]
	laws(t, subject[set]{
		step: func(h *history[set], i int, s *set) *set {
			e := letter(h.t)
			has := func(val string) bool {
				return slices.ContainsFunc(h.visible(h.copies[i].seen), func(v event) bool { return v.key == e && v.val == val })
			}
			if rapid.Bool().Draw(h.t, "remove") {
				if s.Contains(e) {
					h.record(i, event{key: e, val: "remove"}, nil)
				}
				return s.Remove(e)
			}
			if !has("add") {
				h.record(i, event{key: e, val: "add"}, nil)
			}
			return s.Add(e)
		},
		read: func(s *set) []string { return list(s.All()) },
		spec: func(visible, _ []event) []string {
			in, gone := map[string]bool{}, map[string]bool{}
			for _, e := range visible {
				in[e.key] = in[e.key] || e.val == "add"
				gone[e.key] = gone[e.key] || e.val == "remove"
			}
			maps.DeleteFunc(in, func(k string, added bool) bool { return !added || gone[k] })
			return append([]string{}, slices.Sorted(maps.Keys(in))...)
		},
	})
}

// stampOf draws a stamp of a clock that stands still often.
func stampOf(t *rapid.T, i int) crdt.Stamp {
	return crdt.Stamp{Time: rapid.Int64Range(-1, 3).Draw(t, "time"), Replica: replicaOf(i % 2)}
}

// greatest returns the winner among events of one key: law 16 in one line.
func greatest(events []event) event {
	return slices.MaxFunc(events, func(a, b event) int {
		if c := a.stamp.Compare(b.stamp); c != 0 {
			return c
		}
		return slices.Compare([]byte(a.val), []byte(b.val))
	})
}

func TestLWWRegisterKeepsTheLaws(t *testing.T) {
	type reg = crdt.LWWRegister[string]
	laws(t, subject[reg]{
		step: func(h *history[reg], i int, s *reg) *reg {
			e := event{val: letter(h.t), stamp: stampOf(h.t, i)}
			seen := h.visible(h.copies[i].seen)
			old := event{}
			if len(seen) > 0 {
				old = greatest(seen)
			}
			if len(seen) == 0 || e.stamp.Compare(old.stamp) > 0 || e.stamp == old.stamp && e.val > old.val {
				h.record(i, e, nil)
			}
			return s.Set(e.stamp, e.val)
		},
		read: func(s *reg) []string {
			v, ok := s.Get()
			return []string{fmt.Sprint(v, ok)}
		},
		spec: func(visible, _ []event) []string {
			if len(visible) == 0 {
				return []string{fmt.Sprint("", false)}
			}
			return []string{fmt.Sprint(greatest(visible).val, true)}
		},
	})
}

func TestLWWMapKeepsTheLaws(t *testing.T) {
	type m = crdt.LWWMap[string, string]
	byKey := func(events []event, key string) []event {
		return slices.DeleteFunc(slices.Clone(events), func(e event) bool { return e.key != key })
	}
	laws(t, subject[m]{
		step: func(h *history[m], i int, s *m) *m {
			e := event{key: letter(h.t), val: letter(h.t), stamp: stampOf(h.t, i)}
			if rapid.IntRange(0, 3).Draw(h.t, "delete") == 0 {
				e.val = ""
			}
			seen := byKey(h.visible(h.copies[i].seen), e.key)
			old := event{}
			if len(seen) > 0 {
				old = greatest(seen)
			}
			if len(seen) == 0 || e.stamp.Compare(old.stamp) > 0 || e.stamp == old.stamp && e.val > old.val {
				h.record(i, e, nil)
			}
			if e.val == "" {
				return s.Delete(e.stamp, e.key)
			}
			return s.Set(e.stamp, e.key, e.val)
		},
		read: func(s *m) []string {
			out := []string{}
			for k, v := range s.All() {
				out = append(out, k+v)
			}
			require.Equal(t, len(out), s.Len())
			return out
		},
		spec: func(visible, _ []event) []string {
			out := []string{}
			for _, k := range keysOf(visible) {
				if w := greatest(byKey(visible, k)); w.val != "" {
					out = append(out, k+w.val)
				}
			}
			return out
		},
	})
}
