package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"phoenix/sim"
)

// Target says which hosts a fault concerns. The zero value is nobody.
//
// Its text is a list of names, such as "s1 s3", "servers" or "region:east
// role:leader", or so many of them, chosen by the seed when the fault begins: "2 of
// servers", "40% of s1 s2 s3". A name is that of a host, its number as in #3, or
// that of a group, a place or a role that the Cast has.
type Target struct {
	Count int      // so many of them; 0 with no Share: all
	Share sim.Prob // that share of them, rounded up
	Of    []string
}

// Hosts returns the target of hosts, groups or roles by name.
func Hosts(names ...string) Target { return Target{Of: names} }

// IsZero reports whether the target is nobody.
func (t Target) IsZero() bool { return len(t.Of) == 0 }

// canonical returns t with nil for no names.
func (t Target) canonical() Target {
	if len(t.Of) == 0 {
		t.Of = nil
	}
	return t
}

// blank reports whether t is the zero value; what is not may still be nobody.
func (t Target) blank() bool { return len(t.Of) == 0 && t.Count == 0 && t.Share == 0 }

// pick returns how many the target is if it names n hosts.
func (t Target) pick(n int) int {
	switch {
	case t.Share > 0:
		return int((uint64(n)*uint64(t.Share) + uint64(sim.Certain) - 1) / uint64(sim.Certain))
	case t.Count > 0:
		return min(t.Count, n)
	}
	return n
}

// String returns the target's text.
func (t Target) String() string {
	names := make([]string, len(t.Of))
	for i, n := range t.Of {
		names[i] = quoteName(n)
	}
	of := strings.Join(names, " ")
	switch {
	case t.Share > 0:
		return t.Share.String() + " of " + of
	case t.Count > 0:
		return fmt.Sprintf("%d of %s", t.Count, of)
	}
	return of
}

// Cast is whom a plan can name, besides the hosts themselves.
type Cast struct {
	// Groups are hosts by a name, such as "servers", "region:east" or "rack:r2".
	Groups map[string][]string
	// Roles tell who plays a role now, such as "role:leader"; nobody may.
	Roles map[string]func() []string
}

// names returns what a target can say, in order, for messages.
func (c Cast) names() []string {
	var all []string
	for name := range c.Groups {
		all = append(all, name)
	}
	for name := range c.Roles {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// resolve returns the hosts of a target now, in order of the world. Each has a rank,
// drawn from the key and its name: a host more or less leaves the order of the others.
// A name that nobody has is nobody: Validate refuses it.
func (c Cast) resolve(w *sim.World, t Target, key sim.Key) []*sim.Host {
	chosen := map[*sim.Host]bool{}
	for _, name := range t.Of {
		for _, h := range c.lookup(w, name) {
			chosen[h] = true
		}
	}
	var all []*sim.Host
	for _, h := range w.Hosts() {
		if chosen[h] {
			all = append(all, h)
		}
	}
	want := t.pick(len(all))
	if want == len(all) {
		return all
	}
	ranks := make(map[*sim.Host]uint64, len(all))
	for _, h := range all {
		ranks[h] = key.Sub(h.Name()).Uint64()
	}
	slices.SortStableFunc(all, func(a, b *sim.Host) int { return cmp.Compare(ranks[a], ranks[b]) })
	all = all[:want]
	slices.SortFunc(all, func(a, b *sim.Host) int { return int(a.ID() - b.ID()) })
	return all
}

// lookup returns the hosts of one name.
func (c Cast) lookup(w *sim.World, name string) []*sim.Host {
	if h := w.Lookup(name); h != nil {
		return []*sim.Host{h}
	}
	if i, ok := hostNumber(name); ok && i < len(w.Hosts()) {
		return w.Hosts()[i : i+1]
	}
	members := c.Groups[name]
	if role := c.Roles[name]; role != nil {
		members = role()
	}
	var all []*sim.Host
	for _, m := range members {
		if h := w.Lookup(m); h != nil {
			all = append(all, h)
		}
	}
	return all
}

// hostNumber reads a name such as #3.
func hostNumber(name string) (int, bool) {
	digits, ok := strings.CutPrefix(name, "#")
	i, err := strconv.Atoi(digits)
	return i, ok && err == nil && i >= 0 && digits == strconv.Itoa(i)
}
