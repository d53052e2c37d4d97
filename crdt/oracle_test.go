package crdt_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"phoenix/crdt"
)

func letter(t *rapid.T) string { return rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "element") }

// unique returns vs sorted, each once.
func unique(vs []string) []string {
	out := append([]string{}, vs...)
	slices.Sort(out)
	return slices.Compact(out)
}

func list(all func(func(string) bool)) []string {
	out := []string{}
	for e := range all {
		out = append(out, e)
	}
	return out
}

func keysOf(events []event) []string {
	var out []string
	for _, e := range events {
		out = append(out, e.key)
	}
	return unique(out)
}

func addWins() subject[crdt.AddWinsSet[string]] {
	type set = crdt.AddWinsSet[string]
	return subject[set]{
		step: func(h *history[set], i int, s *set) *set {
			e := event{key: letter(h.t), removal: rapid.Bool().Draw(h.t, "remove")}
			covers := func(a event) bool { return a.key == e.key }
			if !e.removal {
				h.record(i, e, covers)
				return s.Add(replicaOf(i), e.key)
			}
			if s.Contains(e.key) {
				h.record(i, e, covers)
			}
			return s.Remove(replicaOf(i), e.key)
		},
		read: func(s *set) []string { return list(s.All()) },
		spec: func(_, alive []event) []string { return keysOf(alive) },
	}
}

func removeWins() subject[crdt.RemoveWinsSet[string]] {
	type set = crdt.RemoveWinsSet[string]
	return subject[set]{
		step: func(h *history[set], i int, s *set) *set {
			e := event{key: letter(h.t), val: rapid.SampledFrom([]string{"add", "remove"}).Draw(h.t, "op")}
			h.record(i, e, func(a event) bool { return a.key == e.key })
			if e.val == "add" {
				return s.Add(replicaOf(i), e.key)
			}
			return s.Remove(replicaOf(i), e.key)
		},
		read: func(s *set) []string { return list(s.All()) },
		spec: func(_, alive []event) []string {
			in, out := map[string]bool{}, []string{}
			for _, e := range alive {
				in[e.key] = true
			}
			for _, e := range alive {
				if e.val == "remove" {
					in[e.key] = false
				}
			}
			for _, k := range keysOf(alive) {
				if in[k] {
					out = append(out, k)
				}
			}
			return out
		},
	}
}

func flags[S any](
	enable, disable func(*S, crdt.Replica) *S, value func(*S) bool, spec func(on, off bool) bool,
) subject[S] {
	return subject[S]{
		step: func(h *history[S], i int, s *S) *S {
			e := event{val: rapid.SampledFrom([]string{"on", "off"}).Draw(h.t, "op")}
			h.record(i, e, func(event) bool { return true })
			if e.val == "on" {
				return enable(s, replicaOf(i))
			}
			return disable(s, replicaOf(i))
		},
		read: func(s *S) []string { return []string{fmt.Sprint(value(s))} },
		spec: func(_, alive []event) []string {
			is := func(v string) bool { return slices.ContainsFunc(alive, func(e event) bool { return e.val == v }) }
			return []string{fmt.Sprint(spec(is("on"), is("off")))}
		},
	}
}

func mvRegister() subject[crdt.MVRegister[string]] {
	type reg = crdt.MVRegister[string]
	return subject[reg]{
		step: func(h *history[reg], i int, s *reg) *reg {
			e := event{key: letter(h.t), removal: rapid.IntRange(0, 3).Draw(h.t, "clear") == 0}
			if !e.removal {
				h.record(i, e, func(event) bool { return true })
				return s.Set(replicaOf(i), e.key)
			}
			if len(list(s.All())) > 0 {
				h.record(i, e, func(event) bool { return true })
			}
			return s.Clear(replicaOf(i))
		},
		read: func(s *reg) []string { return list(s.All()) },
		spec: func(_, alive []event) []string { return keysOf(alive) },
	}
}

// own returns what the replica's live event under key holds.
func own[S any](h *history[S], i int, key string) (sum int64) {
	for _, a := range h.alive(h.copies[i].seen) {
		if a.replica == replicaOf(i) && a.key == key {
			sum = a.num
		}
	}
	return sum
}

func cell() subject[crdt.Cell[crdt.PNCounter]] {
	type c = crdt.Cell[crdt.PNCounter]
	return subject[c]{
		step: func(h *history[c], i int, s *c) *c {
			if rapid.IntRange(0, 3).Draw(h.t, "reset") == 0 {
				if len(h.alive(h.copies[i].seen)) > 0 {
					h.record(i, event{removal: true}, func(event) bool { return true })
				}
				return s.Reset(replicaOf(i))
			}
			n := rapid.Int64Range(1, 9).Draw(h.t, "n")
			// A counter in a cell goes on from the replica's own count that is still there.
			h.record(i, event{num: own(h, i, "") + n}, func(a event) bool { return a.replica == replicaOf(i) })
			return s.Update(replicaOf(i), func(v *crdt.PNCounter) *crdt.PNCounter { return v.Add(replicaOf(i), n) })
		},
		read: func(s *c) []string { return []string{fmt.Sprint(s.Value().Value())} },
		spec: func(_, alive []event) []string { return []string{fmt.Sprint(perReplica(alive)[""])} },
	}
}

// perReplica sums by key; of several live events of one replica, which a reset between them that is yet to come
// leaves, the greatest counts.
func perReplica(alive []event) map[string]int64 {
	last := map[string]map[crdt.Replica]int64{}
	for _, e := range alive {
		if last[e.key] == nil {
			last[e.key] = map[crdt.Replica]int64{}
		}
		last[e.key][e.replica] = max(e.num, last[e.key][e.replica])
	}
	sums := map[string]int64{}
	for k, by := range last {
		for _, n := range by {
			sums[k] += n
		}
	}
	return sums
}

func tombstones() subject[crdt.TombstoneMap[string, crdt.GCounter]] {
	type m = crdt.TombstoneMap[string, crdt.GCounter]
	return subject[m]{
		step: func(h *history[m], i int, s *m) *m {
			key := letter(h.t)
			dead := s.Dead(key)
			if rapid.IntRange(0, 3).Draw(h.t, "delete") == 0 {
				if !dead {
					h.record(i, event{key: key, val: "tomb"}, func(a event) bool { return a.key == key })
				}
				return s.Delete(replicaOf(i), key)
			}
			if !dead {
				e := event{key: key, num: own(h, i, key) + 1}
				h.record(i, e, func(a event) bool { return a.key == key && a.replica == replicaOf(i) })
			}
			d, _ := s.Update(replicaOf(i), key, func(v *crdt.GCounter) *crdt.GCounter { return v.Add(replicaOf(i), 1) })
			return d
		},
		read: func(s *m) []string {
			out := []string{}
			for k, v := range s.All() {
				out = append(out, fmt.Sprint(k, v.Value()))
			}
			for k := range s.Tombstones() {
				out = append(out, k+" dead")
			}
			return out
		},
		spec: func(_, alive []event) []string {
			dead, out := []string{}, []string{}
			for _, e := range alive {
				if e.val == "tomb" {
					dead = append(dead, e.key)
				}
			}
			dead = unique(dead)
			for _, k := range keysOf(alive) {
				if !slices.Contains(dead, k) {
					out = append(out, fmt.Sprint(k, perReplica(alive)[k]))
				}
			}
			for _, k := range dead {
				out = append(out, k+" dead")
			}
			return out
		},
	}
}

func orMap() subject[crdt.ORMap[string, *crdt.AddWinsSet[string]]] {
	type set = *crdt.AddWinsSet[string]
	type m = crdt.ORMap[string, set]
	return subject[m]{
		step: func(h *history[m], i int, s *m) *m {
			key, e := letter(h.t), letter(h.t)
			r := replicaOf(i)
			inner := func(a event) bool { return a.key == key && a.val == e }
			v, here := s.Get(key)
			switch rapid.IntRange(0, 4).Draw(h.t, "op") {
			case 0:
				if here {
					h.record(i, event{key: key, removal: true}, func(a event) bool { return a.key == key })
				}
				return s.Remove(r, key)
			case 1:
				if here && v.Contains(e) {
					h.record(i, event{key: key, removal: true}, inner)
				}
				return s.Update(key, func(v set) set { return v.Remove(r, e) })
			}
			h.record(i, event{key: key, val: e}, inner)
			return s.Update(key, func(v set) set { return v.Add(r, e) })
		},
		read: func(s *m) []string {
			out := []string{}
			for k, v := range s.All() {
				for e := range v.All() {
					out = append(out, k+e)
				}
			}
			return out
		},
		spec: func(_, alive []event) []string {
			var out []string
			for _, e := range alive {
				out = append(out, e.key+e.val)
			}
			return unique(out)
		},
	}
}

func TestAddWinsSetKeepsTheLaws(t *testing.T)    { laws(t, addWins()) }
func TestRemoveWinsSetKeepsTheLaws(t *testing.T) { laws(t, removeWins()) }
func TestMVRegisterKeepsTheLaws(t *testing.T)    { laws(t, mvRegister()) }
func TestCellKeepsTheLaws(t *testing.T)          { laws(t, cell()) }
func TestTombstoneMapKeepsTheLaws(t *testing.T)  { laws(t, tombstones()) }
func TestORMapKeepsTheLaws(t *testing.T)         { laws(t, orMap()) }
func TestEnableWinsFlagKeepsTheLaws(t *testing.T) {
	type f = crdt.EnableWinsFlag
	laws(t, flags((*f).Enable, (*f).Disable, (*f).Value, func(on, _ bool) bool { return on }))
}
func TestDisableWinsFlagKeepsTheLaws(t *testing.T) {
	type f = crdt.DisableWinsFlag
	laws(t, flags((*f).Enable, (*f).Disable, (*f).Value, func(on, off bool) bool { return on && !off }))
}
