package chaos

import (
	"fmt"
	"maps"
	"slices"

	"phoenix/sim"
)

// stage is whom the targets of a plan can name, to be looked up fast.
type stage struct {
	hosts []string
	known map[string]bool // hosts
	cast  Cast
}

func newStage(hosts []string, c Cast) *stage {
	s := &stage{hosts: hosts, known: make(map[string]bool, len(hosts)), cast: c}
	for _, h := range hosts {
		s.known[h] = true
	}
	return s
}

// checkTargets checks whom the fault names.
func (f *Fault) checkTargets(s *stage) error {
	if f.Kind == Partition {
		return f.checkGroups(s)
	}
	for _, t := range f.targets() {
		if t.IsZero() {
			return fmt.Errorf("says to %s nobody, expected the names of hosts", f.Kind)
		}
		if err := s.check(t); err != nil {
			return err
		}
		if f.atOnce() && !s.single(t) {
			return fmt.Errorf("names %s, expected one host: it is about one message", t)
		}
	}
	if f.atOnce() && s.static(f.On)[0] == s.static(f.To)[0] {
		return fmt.Errorf("is about a message from %s to itself, expected two hosts", f.On)
	}
	return nil
}

// single reports whether a target is one certain host.
func (s *stage) single(t Target) bool {
	return t.Count == 0 && t.Share == 0 && len(t.Of) == 1 && len(s.static(t)) == 1
}

// targets returns whom the fault names, but for groups.
func (f *Fault) targets() []Target {
	var all []Target
	uses := f.uses()
	if uses&onField != 0 {
		all = append(all, f.On)
	}
	if uses&toField != 0 && !(f.Kind == Byzantine && f.To.blank()) {
		all = append(all, f.To)
	}
	return all
}

// check returns what is wrong with a target.
func (s *stage) check(t Target) error {
	if t.Count < 0 || t.Share > sim.Certain || t.Count > 0 && t.Share > 0 {
		return fmt.Errorf("picks %d and %s of hosts, expected one of the two", t.Count, t.Share)
	}
	seen := map[string]bool{}
	for _, name := range t.Of {
		_, group := s.cast.Groups[name]
		_, role := s.cast.Roles[name]
		switch i, numbered := hostNumber(name); {
		case seen[name]:
			return fmt.Errorf("names %.60q twice, expected each once", name)
		case name == "" || !s.known[name] && !group && !role && !(numbered && i < len(s.hosts)):
			return fmt.Errorf("names the host %.60q, expected one of %s", name, listOf(slices.Concat(s.hosts, s.cast.names())))
		}
		seen[name] = true
	}
	return nil
}

// static returns the hosts that a target can be, without those of roles, which
// nobody can tell before.
func (s *stage) static(t Target) []string {
	all := map[string]bool{}
	for _, name := range t.Of {
		i, numbered := hostNumber(name)
		switch {
		case s.known[name]:
			all[name] = true
		case numbered && i < len(s.hosts):
			all[s.hosts[i]] = true
		default:
			for _, h := range s.cast.Groups[name] {
				all[h] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// most returns how many hosts a target is at most; with a role that is all.
func (s *stage) most(t Target) int {
	n := len(s.static(t))
	for _, name := range t.Of {
		if _, ok := s.cast.Roles[name]; ok && !s.known[name] {
			n = len(s.hosts)
		}
	}
	return t.pick(n)
}

// groupsOf is how many groups each shape takes; 0 means two or more.
var groupsOf = map[string]int{Complete: 0, Partial: 0, OneWay: 2, Bridge: 3, Ring: 1}

// minRing is the least number of hosts that are not all neighbours in a ring.
const minRing = 4

// checkGroups checks the sides of a partition.
func (f *Fault) checkGroups(s *stage) error {
	want := groupsOf[f.mode()]
	switch n := len(f.Groups); {
	case want == 0 && n < 2:
		return fmt.Errorf("has a partition that has %d groups, expected at least 2", n)
	case want > 0 && n != want:
		return fmt.Errorf("has a partition that is %s and has %d groups, expected %d", f.mode(), n, want)
	}
	grouped := map[string]bool{}
	for i, g := range f.Groups {
		if g.IsZero() {
			return fmt.Errorf("has a partition that has an empty group %d, expected the names of hosts", i+1)
		}
		if err := s.check(g); err != nil {
			return err
		}
		for _, name := range g.Of {
			if grouped[name] {
				return fmt.Errorf("names the host %.60q twice, expected each once", name)
			}
			grouped[name] = true
		}
	}
	if f.mode() == Ring && s.most(f.Groups[0]) < minRing {
		return fmt.Errorf("has a partition that is a ring of fewer than %d hosts, expected at least %[1]d: "+
			"fewer are all neighbours", minRing)
	}
	return nil
}
