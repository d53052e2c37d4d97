package traces

import (
	"cmp"
	"slices"

	"phoenix/nodes"
	"phoenix/resilience/chaos"
	"phoenix/sim"
)

// dropOperations takes operations away: first so that the others stay at their times,
// then so that they move up.
func (sh *shrinker) dropOperations() {
	if len(sh.best.account.order(sh.best.draft.scripts)) == 0 {
		sh.fewerRounds()
		return
	}
	sh.thinOperations()
	sh.handOver()
}

// thinOperations takes away as many operations as it can.
func (sh *shrinker) thinOperations() {
	scripted := func() int { return len(sh.best.account.order(sh.best.draft.scripts)) }
	sh.thin(scripted, func(lo, hi int) []*draft {
		t := sh.best
		gone := map[place]bool{}
		for _, p := range t.account.order(t.draft.scripts)[lo:hi] {
			gone[p] = true
		}
		return []*draft{t.without(gone, true), t.without(gone, false)}
	})
}

// fewerRounds is for clients that have no scripts: how much they do is a number.
func (sh *shrinker) fewerRounds() {
	sh.simplify(func(t *trial) [][]edit {
		n := t.draft.cfg.Workload.Operations
		var tries []edit
		for _, fewer := range []int{1, 2, n / 4, n / 2, n - 1} {
			if 0 < fewer && fewer < n { // 0 may stand for a default
				tries = append(tries, func(d *draft) { d.cfg.Workload.Operations = fewer })
			}
		}
		return [][]edit{tries}
	})
}

// without returns t's draft without some operations. Message faults follow their
// messages. If timed, the operations that are left begin when they did.
func (t *trial) without(gone map[place]bool, timed bool) *draft {
	d := t.draft.clone()
	for c, script := range t.draft.scripts {
		var kept []nodes.Op
		var free sim.Time // when the client was done with the last that is kept
		moved := false
		for i, op := range script {
			if gone[place{c, i}] {
				moved = true
				continue
			}
			ran, ok := t.account.span(place{c, i})
			if ok && moved && timed {
				op.Wait = max(0, ran.from.Sub(free))
			}
			moved = moved && !ok
			if ok {
				free = ran.to
			}
			kept = append(kept, op)
		}
		d.scripts[c] = kept
	}
	d.cfg.Faults = t.follow(d.cfg.Faults, gone)
	return d
}

// follow has faults of single messages keep to their messages when operations are
// gone.
func (t *trial) follow(plan chaos.Plan, gone map[place]bool) chaos.Plan {
	var kept chaos.Plan
	for _, f := range plan {
		if isMessage(&f) {
			from, ok1 := t.account.host(f.On.String())
			to, ok2 := t.account.host(f.To.String())
			if ok1 && ok2 {
				number, there := t.account.renumbered(link{from, to}, f.N, gone)
				if !there {
					continue
				}
				f.N = number
			}
		}
		kept = append(kept, f)
	}
	return kept
}

// isMessage reports whether a fault is about one message.
func isMessage(f *chaos.Fault) bool {
	return f.Kind == chaos.Lose || f.Kind == chaos.Hold || f.Kind == chaos.Repeat
}

// handOver takes single operations away and gives what follows them to another client.
// A client turns to another server after an operation that was not answered, so some
// are there only to get it going; a client that begins with that server needs none.
func (sh *shrinker) handOver() {
	sh.simplify(func(t *trial) [][]edit {
		var groups [][]edit
		for c, script := range t.draft.scripts {
			for i := range script {
				var tries []edit
				for to := range t.draft.cfg.Servers {
					if to != c && to <= len(t.draft.scripts) {
						tries = append(tries, func(d *draft) { d.handOver(t, place{c, i}, to) })
					}
				}
				groups = append(groups, tries)
			}
		}
		return groups
	})
}

// handOver drops the operation at p and has another client, which may be a new one, do
// what follows it, together with what that client does anyway.
func (d *draft) handOver(t *trial, p place, to int) {
	*d = *t.without(map[place]bool{p: true}, true)
	if to == len(d.scripts) {
		d.scripts = append(d.scripts, nil)
		d.cfg.Clients++
	}
	d.moveTail(t, place{p.client, p.index + 1}, to)
	d.scripts[p.client] = d.scripts[p.client][:p.index]
}

// moveTail gives the operations of a client from one on to another client, whose own
// come between them in order of the times at which they ran in t. Each begins when it
// did, or as soon as its client has time.
func (d *draft) moveTail(t *trial, from place, to int) {
	type timed struct {
		nodes.Op
		called
	}
	var all []timed
	add := func(client, first int) {
		for i, op := range t.draft.scripts[client] {
			if ran, ok := t.account.span(place{client, i}); ok && i >= first {
				all = append(all, timed{op, ran})
			}
		}
	}
	add(from.client, from.index)
	if to < len(t.draft.scripts) {
		add(to, 0)
	}
	slices.SortStableFunc(all, func(a, b timed) int { return cmp.Compare(a.from, b.from) })
	d.scripts[to] = nil
	var free sim.Time
	for _, x := range all {
		x.Wait = max(0, x.from.Sub(free))
		free = max(free, x.called.to)
		d.scripts[to] = append(d.scripts[to], x.Op)
	}
	d.scripts[from.client] = d.scripts[from.client][:min(from.index, len(d.scripts[from.client]))]
}

// mergeKeys has operations on one key concern another, and calls the keys that are left
// by the first names there are.
func (sh *shrinker) mergeKeys() {
	sh.simplify(func(t *trial) [][]edit {
		var groups [][]edit
		keys := t.draft.keys()
		for i, key := range keys {
			var tries []edit
			for _, other := range keys[:i] {
				tries = append(tries, renamesKey(key, other))
			}
			if plain := nodes.KeyName(i); !slices.Contains(keys, plain) {
				tries = append(tries, renamesKey(key, plain))
			}
			groups = append(groups, tries)
		}
		return groups
	})
}

func renamesKey(from, to string) edit {
	return func(d *draft) {
		for _, script := range d.scripts {
			for i := range script {
				if script[i].Key == from {
					script[i].Key = to
				}
			}
		}
	}
}

// plainOperations makes operations plain: reads for writes, writes for compare-and-sets,
// short waits, small values.
func (sh *shrinker) plainOperations() {
	sh.simplify(func(t *trial) [][]edit {
		groups := [][]edit{{smallValues}}
		for c, script := range t.draft.scripts {
			for i, op := range script {
				var kinds, waits []edit
				for k := nodes.Read; k < op.Kind; k++ {
					kinds = append(kinds, func(d *draft) {
						o := &d.scripts[c][i]
						o.Kind = k
						if k == nodes.Read {
							o.Value = 0
						}
					})
				}
				for _, w := range plainer(op.Wait) {
					waits = append(waits, func(d *draft) { d.scripts[c][i].Wait = w })
				}
				groups = append(groups, kinds, waits)
			}
		}
		return groups
	})
}

// smallValues numbers the values that are written from 1.
func smallValues(d *draft) {
	var values []int64
	for _, script := range d.scripts {
		for _, op := range script {
			if op.Kind != nodes.Read && !slices.Contains(values, op.Value) {
				values = append(values, op.Value)
			}
		}
	}
	slices.Sort(values)
	for _, script := range d.scripts {
		for i := range script {
			if script[i].Kind != nodes.Read {
				script[i].Value = int64(slices.Index(values, script[i].Value) + 1)
			}
		}
	}
}
