package chaos

import (
	"cmp"
	"slices"
	"time"

	"phoenix/sim"
)

// storm is a nemesis at work.
type storm struct {
	key    sim.Key
	c      *Cluster
	within time.Duration
	// classes are those to draw from, in an order that the seed decides.
	classes []Class
	// crashing may crash, pausing may pause, be slow and be cut off alone.
	crashing, pausing []string
	traitors          []string
	only              string // who alone suffers; "" is anybody
	struck            []spell
}

func newStorm(key sim.Key, c *Cluster, within time.Duration) *storm {
	order := shuffled(key.Sub("victims"), c.Servers)
	s := &storm{key: key, c: c, within: within, crashing: order, pausing: order}
	if c.Forgetful {
		s.crashing, s.pausing = order[:c.minority()], order[c.minority():]
	}
	// Agreement is possible with less than a third of traitors (Lamport, Shostak,
	// Pease, "The Byzantine generals problem", ACM TOPLAS 4(3), 1982); who says that it
	// survives some, with fewer than four servers, gets one.
	s.traitors = order[:min(len(order), max(1, (len(order)-1)/3))]
	return s
}

// allow sets the classes: those given, or else those that the cluster survives, but
// for those of which there is nothing to draw.
func (s *storm) allow(given []Class) {
	if len(given) == 0 {
		given = s.c.Survives
	}
	for _, class := range Classes() {
		if slices.Contains(given, class) {
			s.classes = append(s.classes, class)
		}
	}
	s.classes = shuffled(s.key.Sub("order"), s.possible(s.classes))
}

// possible returns those of the classes of which there is a fault for the cluster.
func (s *storm) possible(classes []Class) []Class {
	servers, hosts := len(s.c.Servers), len(s.c.Servers)+len(s.c.Clients)
	return slices.DeleteFunc(slices.Clone(classes), func(class Class) bool {
		switch class {
		case Crashes:
			return len(s.crashing) == 0
		case Disks:
			return servers == 0 || len(s.diskModes()) == 0
		case Noise, Partitions:
			return servers == 0 || hosts < 2
		}
		return servers == 0
	})
}

// random draws single faults, of the classes in turn.
func (s *storm) random(faults int) Plan {
	var plan Plan
	for i := range faults {
		class, number, k := s.class(i)
		w := window{
			at:     span(k.Sub("at"), s.within/20, s.within*3/4),
			length: span(k.Sub("for"), s.within/6, s.within/2),
		}
		plan = append(plan, draws[class](s, k, number, w)...)
	}
	return plan
}

// class returns of which class fault i is, the how many of it, and its key.
func (s *storm) class(i int) (class Class, number int, k sim.Key) {
	class, number = s.classes[i%len(s.classes)], i/len(s.classes)
	return class, number, s.key.Sub(string(class)).Num(uint64(number))
}

// spell is the time that a server has of its own.
type spell struct {
	host string
	window
}

// victim draws whom a fault strikes: one that no other struck at that time, if there
// is one, for who is down feels nothing.
func (s *storm) victim(k sim.Key, hosts []string, w window) Target {
	order := shuffled(k.Sub("victim"), hosts)
	free := slices.IndexFunc(order, func(h string) bool {
		return !slices.ContainsFunc(s.struck, func(x spell) bool {
			return x.host == h && x.at < w.at+w.length && w.at < x.at+x.length
		})
	})
	host := order[max(0, free)]
	s.struck = append(s.struck, spell{host, w})
	return Hosts(host)
}

// oneNode has one server suffer: of a forgetful cluster one that may crash, if any.
// One fault has ended before the next begins: who is down feels nothing.
func (s *storm) oneNode(faults int) Plan {
	victim := s.pausing[:1]
	if len(s.crashing) > 0 {
		victim = s.crashing[:1]
		s.crashing = victim
	}
	s.pausing, s.traitors, s.only = victim, victim, victim[0]
	return turns(3, func(s *storm, _ sim.Key, turn int, w window) Plan {
		class, number, k := s.class(turn)
		return draws[class](s, k, number, w)
	})(s, faults)
}

// swarm switches classes off: what many faults together hide, few show (Groce, Zhang,
// Eide, Chen and Regehr, "Swarm testing", ISSTA 2012). One class stays.
func (s *storm) swarm(faults int) Plan {
	coin, all := s.key.Sub("swarm"), s.classes
	off := func(c Class) bool { return coin.Sub(string(c)).Below(2) == 0 }
	s.classes = slices.DeleteFunc(slices.Clone(all), off)
	s.classes = s.possible(s.classes) // a disk fault may need crashes
	for i := 0; len(s.classes) == 0; i++ {
		s.classes = all[i : i+1]
		s.classes = s.possible(s.classes)
	}
	return s.random(faults)
}

// window is when a fault is in force.
type window struct{ at, length time.Duration }

// has returns f at the time of the window.
func (w window) has(f Fault) Fault {
	f.At, f.For = w.at, w.length
	return f
}

// inner is the middle of a window.
func (w window) inner() window {
	d := max(1, w.length/4)
	return window{w.at + d, max(1, w.length/2)}
}

// turns returns a nemesis that strikes so many times in s.within, one after the
// other: one has ended before the next begins.
func turns(times int, strike func(s *storm, k sim.Key, turn int, w window) Plan) func(*storm, int) Plan {
	return func(s *storm, faults int) Plan {
		period, first := s.within/time.Duration(times), s.within/20
		period, first = period.Truncate(unitOf(period/8)), first.Truncate(unitOf(period/8))
		var plan Plan
		for i := range faults {
			k := s.key.Sub("turn").Num(uint64(i))
			begin := first + time.Duration(i)*period
			plan = append(plan, strike(s, k, i, window{
				at:     begin + span(k.Sub("at"), 0, period/8),
				length: span(k.Sub("for"), period/2, period*3/4),
			})...)
		}
		return plan
	}
}

// restart crashes one server after the other.
func (s *storm) restart(_ sim.Key, turn int, w window) Plan {
	return Plan{w.has(Fault{Kind: Crash, On: Hosts(s.crashing[turn%len(s.crashing)])})}
}

// swizzle clogs at least half of the servers.
func (s *storm) swizzle(k sim.Key, _ int, w window) Plan {
	hosts := shuffled(k.Sub("hosts"), s.c.Servers)
	half := (len(hosts) + 1) / 2
	return Plan{w.has(Fault{Kind: Swizzle, On: Hosts(hosts[:half+k.Sub("size").Below(len(hosts)-half+1)]...)})}
}

// span draws a duration from lo to hi, in round numbers: people read these.
func span(k sim.Key, lo, hi time.Duration) time.Duration {
	unit := unitOf(hi - lo)
	return lo.Truncate(unit) + time.Duration(k.Below(int((hi-lo)/unit)+1))*unit
}

// unitOf is a unit that leaves a choice of durations up to d.
func unitOf(d time.Duration) time.Duration {
	const choice = 20
	for _, unit := range []time.Duration{time.Millisecond, time.Microsecond} {
		if d >= choice*unit {
			return unit
		}
	}
	return 1
}

// shuffled returns the names in an order that depends on k. Each has a rank of its own,
// so that one more or less leaves the order of the others.
func shuffled[S ~string](k sim.Key, names []S) []S {
	all := slices.Clone(names)
	slices.SortStableFunc(all, func(a, b S) int {
		return cmp.Compare(k.Sub(string(a)).Uint64(), k.Sub(string(b)).Uint64())
	})
	return all
}

// one draws one of some names: the first of them shuffled.
func one[S ~string](k sim.Key, names []S) S { return shuffled(k, names)[0] }

// without returns the names that are not among others.
func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(others, n) })
}
