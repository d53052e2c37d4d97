package crdt

import "slices"

// A span is the counters lo..hi, both included. Lists of spans are sorted and
// neither overlap nor touch, so that a set of counters has one list only.
type span struct{ lo, hi uint64 }

// spanAt returns the place of the first span of s that ends at c or later.
func spanAt(s []span, c uint64) int {
	lo, hi := 0, len(s)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if s[mid].hi < c {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func spansContain(s []span, c uint64) bool {
	if len(s) > 0 && c <= s[0].hi {
		return c >= s[0].lo
	}
	i := spanAt(s, c)
	return i < len(s) && s[i].lo <= c
}

// addSpan adds n to s in place.
func addSpan(s []span, n span) []span {
	if last := len(s) - 1; last < 0 || s[last].hi+1 < n.lo {
		return append(s, n)
	} else if s[last].lo <= n.lo {
		s[last].hi = max(s[last].hi, n.hi)
		return s
	}
	from := spanAt(s, max(n.lo, 1)-1) // the first that n touches or overlaps, or that comes after it
	to := from
	for to < len(s) && s[to].lo <= n.hi+1 {
		n.lo, n.hi = min(n.lo, s[to].lo), max(n.hi, s[to].hi)
		to++
	}
	if from == to {
		return slices.Insert(s, from, n)
	}
	s[from] = n
	return slices.Delete(s, from+1, to)
}

// coverSpans reports whether all of b is in a.
func coverSpans(a, b []span) bool {
	for _, n := range b {
		i := spanAt(a, n.lo)
		if i == len(a) || a[i].lo > n.lo || a[i].hi < n.hi {
			return false
		}
	}
	return true
}

// uniteSpans returns the union of a and b. It may change and return a, never b.
func uniteSpans(a, b []span) []span {
	if len(b) <= 4 {
		for _, n := range b {
			a = addSpan(a, n)
		}
		return a
	}
	if coverSpans(a, b) {
		return a
	}
	out := make([]span, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		if len(b) == 0 || len(a) > 0 && a[0].lo <= b[0].lo {
			out, a = addSpan(out, a[0]), a[1:]
		} else {
			out, b = addSpan(out, b[0]), b[1:]
		}
	}
	return out
}

// meetSpans returns the intersection of a and b.
func meetSpans(a, b []span) []span {
	var out []span
	for len(a) > 0 && len(b) > 0 {
		if n := (span{max(a[0].lo, b[0].lo), min(a[0].hi, b[0].hi)}); n.lo <= n.hi {
			out = append(out, n)
		}
		if a[0].hi < b[0].hi {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

// withoutSpans returns what of a is not in b.
func withoutSpans(a, b []span) []span {
	var out []span
	for _, n := range a {
		for i := spanAt(b, n.lo); i < len(b) && b[i].lo <= n.hi && n.lo <= n.hi; i++ {
			if b[i].lo > n.lo {
				out = append(out, span{n.lo, b[i].lo - 1})
			}
			n.lo = b[i].hi + 1
		}
		if n.lo <= n.hi {
			out = append(out, n)
		}
	}
	return out
}
