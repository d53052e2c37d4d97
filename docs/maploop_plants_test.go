package docs_test

// What mapOrder must find, and must not.
const plantedLeaks = `package sim

import (
	"maps"
	"reflect"
	"sync"
)

type set[M ~map[string]V, V any] struct{ m M }

func (s set[M, V]) first() string {
	for k := range s.m { // want
		return k
	}
	return ""
}

func either(m map[string]int) bool {
	for _, v := range m { // want
		switch v {
		case 0:
			return false
		case 1:
			return true
		}
	}
	return false
}

func leaks(m map[string]int, seen map[int]bool, shared *sync.Map, emit func(string)) ([]string, float64) {
	var keys []string
	var total float64
	var last, best string
	n := 0
	for k := range m { // want
		keys = append(keys, k)
	}
	for _, v := range m { // want
		total += float64(v)
	}
	for k := range m { // want
		last = k
	}
	for last = range m { // want
	}
	for k := range m { // want
		emit(k)
	}
	for k, v := range m { // want
		if v > n {
			n, best = v, k
		}
	}
	for k := range m { // want
		n++
		m[k] = n
	}
	for _, v := range m { // want
		if seen[v] {
			continue
		}
		seen[v] = true
		n++
	}
	for _, v := range seen { // want
		if v {
			return nil, 0
		}
		n++
	}
	for _, v := range m { // want
		m[string(rune(v))] = 0
	}
	for range m { // want
		if n++; true {
			break
		}
	}
	for k := range maps.Keys(m) { // want
		emit(k)
	}
	shared.Range(func(k, v any) bool { return true }) // want
	for _, k := range reflect.ValueOf(m).MapKeys() { // want
		emit(k.String())
	}
	return append(keys, last, best), total
}
`

const plantedCommuting = `package sim

import (
	"maps"
	"slices"
	"sort"
)

type cell struct{ n int }

func commuting(m map[string]int, cells map[string]*cell, emit func(string)) (map[int]bool, []string) {
	var keys, more []string
	values, byKey := map[int]bool{}, map[string]int{}
	n, top, any := 0, 0, false
	for k, v := range m {
		keys = append(keys, k)
		if v == 0 {
			continue
		}
		more = append(more, k)
	}
	slices.Sort(keys)
	sort.Strings(more)
	for k, v := range m {
		n += v
		top = max(top, v)
		values[v] = true
		byKey[k] = byKey[k] + v
		any = true
		local := v
		local *= 2
		switch {
		case local > 3:
			delete(m, k)
		}
	}
	for _, c := range cells {
		c.n = 0
		for range 3 {
			c.n++
		}
	}
	for range m {
		n++
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		emit(k)
	}
	// order: emit is told everything and forgets it.
	for k := range m {
		emit(k)
	}
	if all(m) && any && n > top {
		return values, keys
	}
	return nil, more
}

func all(m map[string]int) bool {
	for _, v := range m {
		if v == 0 {
			return false
		}
	}
	return true
}
`
