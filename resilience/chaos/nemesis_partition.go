package chaos

import (
	"slices"
	"time"

	"phoenix/sim"
)

// cut is a partition of groups of hosts, for the time of the window.
func (w window) cut(mode string, groups ...[]string) Plan {
	f := Fault{Kind: Partition, Mode: mode}
	for _, g := range groups {
		f.Groups = append(f.Groups, Hosts(g...))
	}
	return Plan{w.has(f)}
}

// sides deals the clients to groups of servers: with two clients or more there is one
// on each of the first two sides.
func (s *storm) sides(k sim.Key, groups ...[]string) [][]string {
	sides := make([][]string, len(groups))
	for i, g := range groups {
		sides[i] = slices.Clone(g)
	}
	for i, c := range shuffled(k.Sub("clients"), s.c.Clients) {
		side := i
		if i >= 2 || len(s.c.Clients) < 2 {
			side = k.Sub("side").Num(uint64(i)).Below(len(sides))
		}
		sides[side] = append(sides[side], c)
	}
	return sides
}

// partition draws who is cut off from whom. Most real partitions isolate one host, and
// many are partial or one-way (Alquraan, Takruri, Alfatafta and Al-Kiswany, "An
// analysis of network-partitioning failures in cloud systems", OSDI 2018).
func (s *storm) partition(k sim.Key, _ int, w window) Plan {
	n := len(s.c.Servers)
	if s.only != "" {
		return s.alone(k, w, s.only)
	}
	plan := s.split(k, w, 1+k.Sub("size").Below(max(1, n-1)))
	switch shape := k.Sub("shape").Below(12); {
	case n < 2:
	case shape < 4:
		plan = s.alone(k, w, one(k.Sub("alone"), s.servers()))
	case shape == 4 && n >= 3:
		pair := shuffled(k.Sub("pair"), s.c.Servers)
		plan = w.cut(Partial, pair[:1], pair[1:2])
	case shape == 5:
		plan = s.bridge(k, 0, w)
	case shape == 6:
		plan = s.ring(k, 0, w)
	}
	if k.Sub("flapping").Below(6) == 0 {
		plan[0].Every = every(w)
	}
	return plan
}

// split cuts so many servers off from the others; a single one from its clients.
func (s *storm) split(k sim.Key, w window, size int) Plan {
	order := shuffled(k.Sub("order"), s.c.Servers)
	if len(order) < 2 {
		return w.cut(Partial, order, s.c.Clients)
	}
	return w.cut(Partial, s.sides(k, order[:size], order[size:])...)
}

// alone cuts a server off from all others, in one direction or both.
func (s *storm) alone(k sim.Key, w window, victim string) Plan {
	rest := without(slices.Concat(s.c.Servers, s.c.Clients), []string{victim})
	switch k.Sub("way").Below(4) {
	case 0:
		return w.cut(OneWay, []string{victim}, rest)
	case 1:
		return w.cut(OneWay, rest, []string{victim})
	}
	return w.cut(Partial, []string{victim}, rest)
}

// every is how often a partition of the window flaps: it comes back three times.
func every(w window) time.Duration {
	each := w.length / 7
	if each > 10*time.Millisecond {
		each = each.Truncate(time.Millisecond)
	}
	return max(1, each)
}

// majority cuts off a minority.
func (s *storm) majority(k sim.Key, _ int, w window) Plan {
	return s.split(k, w, 1+k.Sub("size").Below(max(1, s.c.minority())))
}

// bridge leaves one server between two sides, if there are three.
func (s *storm) bridge(k sim.Key, _ int, w window) Plan {
	order := shuffled(k.Sub("order"), s.c.Servers)
	n := len(order)
	if n < 3 {
		return s.split(k, w, 1)
	}
	sides := s.sides(k, order[1:1+n/2], order[1+n/2:])
	return w.cut(Bridge, sides[0], order[:1], sides[1])
}

// ring leaves each server its two neighbours, if there are others.
func (s *storm) ring(k sim.Key, turn int, w window) Plan {
	if len(s.c.Servers) < minRing {
		return s.bridge(k, turn, w)
	}
	return w.cut(Ring, shuffled(k.Sub("order"), s.c.Servers))
}

// flapping has a partition come and go.
func (s *storm) flapping(k sim.Key, _ int, w window) Plan {
	plan := s.split(k, w, 1+k.Sub("size").Below(max(1, len(s.c.Servers)-1)))
	plan[0].Every = every(w)
	return plan
}

// isolate cuts off the leader, or one server after the other.
func (s *storm) isolate(_ sim.Key, turn int, w window) Plan {
	order := s.servers()
	victim := order[turn%len(order)]
	all := slices.Concat(s.c.Servers, s.c.Clients)
	if s.c.Leader != "" {
		return w.cut(Partial, []string{s.c.Leader}, all) // who is of two groups is of the first
	}
	return w.cut(Partial, []string{victim}, without(all, []string{victim}))
}
