package explore

import "slices"

// PlainSearch is what the search is measured against: breadth-first, one thread, states
// encoded whole as strings in a Go map. It knows transitions like Search does, but nothing
// of fingerprints, interned rows or a table.
func PlainSearch(m Model) (unique, generated int, err error) {
	sys, err := newSystem(m, false)
	if err != nil {
		return 0, 0, err
	}
	queue, err := sys.initial()
	if err != nil {
		return 0, 0, err
	}
	generated = len(queue)
	seen := map[string]struct{}{}
	for _, r := range queue {
		seen[sys.plain(r)] = struct{}{}
	}
	x := newExpander(sys)
	for len(queue) > 0 {
		r := queue[0]
		queue = queue[1:]
		if err := x.expand(r); err != nil {
			return 0, 0, err
		}
		generated += int(x.idles)
		for i := range x.succs {
			next := x.make(nil, &x.succs[i])
			generated++
			key := sys.plain(next)
			if _, known := seen[key]; !known {
				seen[key] = struct{}{}
				queue = append(queue, next)
			}
		}
	}
	return len(seen), generated, nil
}

// plain is the canonical encoding of a whole state: of its nodes, its observer, and the
// messages under way in the order of their encodings.
func (sys *system) plain(r row) string {
	var key []byte
	for host := range sys.hosts {
		key = append(key, sys.locals.at(r[rowLocals+host]).key...)
	}
	if o := r[sys.observerAt()]; o != 0 {
		key, _ = encode(key, sys.observers.at(o).live)
	}
	var under []string
	for _, id := range r[sys.networkAt():][:r[rowLength]] {
		under = append(under, sys.messages.at(id).key)
	}
	slices.Sort(under)
	for _, m := range under {
		key = append(key, m...)
	}
	return string(key)
}
