package consistency

import (
	"slices"

	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// The oracles of this file share no code with the package: each tries every
// order, or compares every pair, by the definition.

// bruteAtomic tries every order of the operations of one key that respects real
// time, for one in which each read returns one of the k latest writes and each
// CAS meets the latest.
func bruteAtomic(ops []history.Operation, opt linear.Options, k int) bool {
	var place func(left []history.Operation, wrote []history.Value) bool
	place = func(left []history.Operation, wrote []history.Value) bool {
		if !slices.ContainsFunc(left, func(o history.Operation) bool { return o.Outcome == history.OK }) {
			return true
		}
		for i, o := range left {
			if slices.ContainsFunc(left, func(p history.Operation) bool { return p.Return < o.Call }) {
				continue
			}
			after := wrote
			latest := len(wrote) - 1
			switch {
			case o.Outcome == history.Failed:
			case o.Kind == history.Write:
				after = append(slices.Clone(wrote), o.Arg)
			case o.Kind == history.CAS && wrote[latest] == o.Old:
				after = append(slices.Clone(wrote), o.Arg)
			case o.Kind == history.CAS:
				continue
			case o.Outcome == history.OK && !slices.ContainsFunc(wrote[max(0, len(wrote)-k):], bruteReads(o, opt)):
				continue
			}
			if place(slices.Delete(slices.Clone(left), i, i+1), after) {
				return true
			}
		}
		return false
	}
	return place(ops, []history.Value{opt.Init})
}

// bruteReads tells which values of a register the read o may have met.
func bruteReads(o history.Operation, opt linear.Options) func(history.Value) bool {
	return func(held history.Value) bool {
		wild := o.Out.IsNil() && opt.NilRead == linear.NilIsAnything
		absent := opt.Model == linear.KV && held.IsNil() && o.Out == history.Text("")
		return wild || absent || held == o.Out
	}
}

// bruteSequential tries every order that keeps each client's.
func bruteSequential(ops []history.Operation, opt linear.Options) bool {
	var place func(left []history.Operation, held map[string]history.Value) bool
	place = func(left []history.Operation, held map[string]history.Value) bool {
		if !slices.ContainsFunc(left, func(o history.Operation) bool { return o.Outcome != history.Unknown }) {
			return true
		}
		for i, o := range left {
			if slices.ContainsFunc(left[:i], func(p history.Operation) bool { return p.Client == o.Client }) {
				continue
			}
			before, written := held[o.Key]
			if !written {
				before = opt.Init
			}
			after := before
			switch {
			case o.Outcome == history.Failed:
				if o.Kind == history.CAS && opt.FailedCAS == linear.FailedCASChecked && before == o.Old {
					continue
				}
			case o.Kind == history.Write || o.Kind == history.CAS && before == o.Old:
				after = o.Arg
			case o.Kind == history.CAS || o.Outcome == history.OK && !bruteReads(o, opt)(before):
				continue
			}
			held[o.Key] = after
			found := place(slices.Delete(slices.Clone(left), i, i+1), held)
			held[o.Key] = before
			if found {
				return true
			}
		}
		return false
	}
	return place(ops, map[string]history.Value{})
}

// bruteSession tells whether no order of the versions of each key keeps a
// session guarantee and has a write that returned before another was called come
// first; and whether one read shows that alone. from gives the position of the
// write each operation read: -1 is the initial value, -2 nothing and -3 is not
// known.
func bruteSession(ops []history.Operation, from []int, level Level) (broken, atOnce bool) {
	n := len(ops) // the number of the initial version, which nothing precedes
	before := make([][]bool, n+1)
	for a := range before {
		before[a] = make([]bool, n+1)
		for b := range ops {
			if a == n || ops[a].Kind != history.Read && ops[a].Outcome != history.Failed && ops[a].Return < ops[b].Call {
				before[a][b] = true
			}
		}
	}
	var owed [][2]int
	for r := range ops {
		if from[r] < -1 {
			continue
		}
		for _, version := range bruteOwed(ops, from, level, r) {
			read := (from[r] + n + 1) % (n + 1)
			if ops[version].Key == ops[r].Key && version != read {
				owed = append(owed, [2]int{version, read})
				atOnce = atOnce || before[read][version]
			}
		}
	}
	for _, o := range owed {
		before[o[0]][o[1]] = true
	}
	for via := range before {
		for a := range before {
			for b := range before {
				before[a][b] = before[a][b] || before[a][via] && before[via][b]
			}
		}
	}
	for a := range before {
		broken = broken || before[a][a]
	}
	return broken, atOnce
}

// bruteDoubt reports whether nobody knows what a client read of a key that it
// had written to.
func bruteDoubt(ops []history.Operation, from []int) bool {
	for r := range ops {
		for _, own := range bruteOwed(ops, from, ReadYourWrites, r) {
			if from[r] == -3 && ops[own].Key == ops[r].Key {
				return true
			}
		}
	}
	return false
}

// bruteOwed lists the writes that the client of r is owed by then.
func bruteOwed(ops []history.Operation, from []int, level Level, r int) (owed []int) {
	for e := range ops[:r] {
		if ops[e].Client != ops[r].Client || ops[e].Outcome != history.OK {
			continue
		}
		saw := from[e]
		switch {
		case level == ReadYourWrites && ops[e].Kind != history.Read:
			owed = append(owed, e)
		case level == MonotonicReads && saw >= 0:
			owed = append(owed, saw)
		case level < MonotonicWrites || saw < 0:
			continue
		}
		for b := range ops {
			switch {
			case saw < 0 || ops[b].Client != ops[saw].Client || ops[b].Outcome != history.OK || ops[b].Call > ops[saw].Call:
			case level == MonotonicWrites && b != saw && ops[b].Kind != history.Read:
				owed = append(owed, b)
			case level == WritesFollowReads && from[b] >= 0:
				owed = append(owed, from[b])
			}
		}
	}
	return owed
}

// bruteFrom finds out who read whose write, by comparing all pairs.
func bruteFrom(ops []history.Operation, opt linear.Options) (from []int, unclear bool) {
	for i, o := range ops {
		look := o
		if o.Kind == history.CAS {
			look = history.Operation{Kind: history.Read, Out: o.Old}
		}
		wild := o.Kind == history.Read && o.Out.IsNil() && opt.NilRead == linear.NilIsAnything
		if o.Kind == history.Write || o.Outcome != history.OK || wild {
			from = append(from, -2)
			continue
		}
		meets := func(v history.Value) bool { return bruteReads(look, opt)(v) }
		if o.Kind == history.CAS {
			meets = func(v history.Value) bool { return v == o.Old }
		}
		found := []int{}
		if meets(opt.Init) {
			found = append(found, -1)
		}
		for j, w := range ops {
			if w.Key == o.Key && w.Kind != history.Read && w.Outcome != history.Failed && meets(w.Arg) {
				found = append(found, j)
			}
		}
		if len(found) == 1 && found[0] != i {
			from = append(from, found[0])
		} else {
			from, unclear = append(from, -3), true
		}
	}
	return from, unclear
}
