package crdt

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func kernelRows[K comparable, V any](k *kernel[K, V], key func(K) int) map[Dot]int {
	rows := map[Dot]int{}
	for _, r := range k.all {
		rows[r.dot] = key(r.key)
	}
	return rows
}

func identityKey(k int) int { return k }

func addWinsSubject() plainSubject[AddWinsSet[int]] {
	return plainSubject[AddWinsSet[int]]{
		kinds: 2,
		do: func(s *AddWinsSet[int], r Replica, key, kind int, _ *rand.Rand) *AddWinsSet[int] {
			if kind == 1 {
				return s.Remove(r, key)
			}
			return s.Add(r, key)
		},
		effect: func(w *plainLog, k knowledge, r Replica, key, kind int) ([]int, bool, bool) {
			old := w.liveOf(k, key)
			return old, kind == 0, kind == 0 || len(old) > 0
		},
		rows: func(s *AddWinsSet[int]) map[Dot]int { return kernelRows(&s.kernel, identityKey) },
		check: func(t *testing.T, w *plainLog, k knowledge, s *AddWinsSet[int]) {
			var want []int
			for key := range w.byKey {
				in := len(w.liveOf(k, key)) > 0
				if in {
					want = append(want, key)
				}
				require.Equal(t, in, s.Contains(key))
			}
			slices.Sort(want)
			require.Equal(t, want, slices.Collect(s.All()))
			require.Equal(t, len(want), s.Len())
		},
	}
}

func removeWinsSubject() plainSubject[RemoveWinsSet[int]] {
	return plainSubject[RemoveWinsSet[int]]{
		kinds: 2,
		do: func(s *RemoveWinsSet[int], r Replica, key, kind int, _ *rand.Rand) *RemoveWinsSet[int] {
			if kind == 1 {
				return s.Remove(r, key)
			}
			return s.Add(r, key)
		},
		effect: func(w *plainLog, k knowledge, r Replica, key, kind int) ([]int, bool, bool) {
			return w.liveOf(k, key), true, true
		},
		rows:    func(s *RemoveWinsSet[int]) map[Dot]int { return kernelRows(&s.kernel, identityKey) },
		collect: (*RemoveWinsSet[int]).Collect,
		marker:  func(h *happening) bool { return h.kind == 1 },
		check: func(t *testing.T, w *plainLog, k knowledge, s *RemoveWinsSet[int]) {
			var want []int
			for key := range w.byKey {
				live := w.liveOf(k, key)
				in := len(live) > 0 && !slices.ContainsFunc(live, func(i int) bool { return w.events[i].kind == 1 })
				if in {
					want = append(want, key)
				}
				require.Equal(t, in, s.Contains(key))
			}
			slices.Sort(want)
			require.Equal(t, want, slices.Collect(s.All()))
		},
	}
}

type plainMap = ORMap[int, *ORMap[int, *AddWinsSet[int]]]

// keys of the nest are three digits of base 5
func nestSubject() plainSubject[plainMap] {
	return plainSubject[plainMap]{
		kinds: 4,
		do: func(s *plainMap, r Replica, key, kind int, _ *rand.Rand) *plainMap {
			a, b, c := key/25, key/5%5, key%5
			switch kind {
			case 2:
				return s.Update(a, func(v *ORMap[int, *AddWinsSet[int]]) *ORMap[int, *AddWinsSet[int]] { return v.Remove(r, b) })
			case 3:
				return s.Remove(r, a)
			}
			return s.Update(a, func(v *ORMap[int, *AddWinsSet[int]]) *ORMap[int, *AddWinsSet[int]] {
				return v.Update(b, func(v *AddWinsSet[int]) *AddWinsSet[int] {
					if kind == 1 {
						return v.Remove(r, c)
					}
					return v.Add(r, c)
				})
			})
		},
		effect: func(w *plainLog, k knowledge, r Replica, key, kind int) ([]int, bool, bool) {
			var old []int
			for other := range w.byKey {
				if other == key || kind == 2 && other/5 == key/5 || kind == 3 && other/25 == key/25 {
					old = append(old, w.liveOf(k, other)...)
				}
			}
			return old, kind == 0, kind == 0 || len(old) > 0
		},
		rows: func(s *plainMap) map[Dot]int {
			rows := map[Dot]int{}
			for a, v := range s.All() {
				for b, v := range v.All() {
					for _, r := range v.all {
						rows[r.dot] = a*25 + b*5 + r.key
					}
				}
				for _, r := range v.keys.all {
					if _, ok := rows[r.dot]; !ok {
						panic("a dot among the keys of no value")
					}
				}
			}
			if s.keys.live() != len(rows) {
				panic(fmt.Sprint("keys ", s.keys.live(), " rows ", len(rows)))
			}
			return rows
		},
	}
}

type plainHeroes = TombstoneMap[int, GSet[int]]

func heroesSubject() plainSubject[plainHeroes] {
	n := 0
	return plainSubject[plainHeroes]{
		kinds: 2,
		do: func(s *plainHeroes, r Replica, key, kind int, _ *rand.Rand) *plainHeroes {
			if kind == 1 {
				return s.Delete(r, key)
			}
			n++
			d, _ := s.Update(r, key, func(v *GSet[int]) *GSet[int] { return v.Add(n % 7) })
			return d
		},
		effect: func(w *plainLog, k knowledge, r Replica, key, kind int) ([]int, bool, bool) {
			old := w.liveOf(k, key)
			if slices.ContainsFunc(old, func(i int) bool { return w.events[i].kind == 1 }) {
				return nil, false, false
			}
			if kind == 0 {
				old = slices.DeleteFunc(old, func(i int) bool { return w.events[i].dot.Replica != r })
			}
			return old, true, true
		},
		rows:    func(s *plainHeroes) map[Dot]int { return kernelRows(&s.kernel, identityKey) },
		collect: (*plainHeroes).Collect,
		marker:  func(h *happening) bool { return h.kind == 1 },
	}
}
