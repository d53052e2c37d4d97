package disk

import (
	"fmt"
	"slices"

	"phoenix/sim"
)

// Budget bounds the permanent damage that faults may do to copies of the same data,
// so that recovery stays possible. The zero value bounds nothing.
//
// Each group names the hosts that hold copies of one another. A fault that would
// damage a place (see Scope) of one disk is refused, and counted as refused, if
// that left fewer than Good disks of a group of that host without damage at the
// same place. So with three replicas and Good 2 every place stays whole on two of
// them, though each disk may be damaged somewhere. The idea is the fault atlas of
// TigerBeetle's simulator (src/testing/storage.zig, ClusterFaultAtlas).
//
// Damage is what rot, misdirected, lost-write and lost-rename leave: content that
// is not what was synced. It counts until it is overwritten or healed. What a crash
// takes of unsynced data, torn sectors of such data, errors that the disk reports,
// and disks that are wiped do not count; nor does a disk that was never used. A host
// that the world does not have holds no good copy. A misdirected write damages two places.
type Budget struct {
	Groups [][]string `json:"groups,omitempty"`
	Good   int        `json:"good,omitempty"`
	Scope  Scope      `json:"scope,omitempty"`
}

// A Scope says which damage on two disks is to the same data.
type Scope uint8

const (
	// WholeDisk: any damage is to the same data. It suits copies whose layouts differ.
	WholeDisk Scope = iota
	// WholeFile: damage to files of the same name.
	WholeFile
	// OneSector: damage to the same sector of files of the same name. It suits copies
	// that are identical byte for byte.
	OneSector
)

var scopeNames = [...]string{WholeDisk: "disk", WholeFile: "file", OneSector: "sector"}

// String returns "disk", "file" or "sector".
func (s Scope) String() string {
	if int(s) < len(scopeNames) {
		return scopeNames[s]
	}
	return fmt.Sprintf("scope(%d)", uint8(s))
}

// MarshalText returns String.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String returns. On an error s is left as it was.
func (s *Scope) UnmarshalText(text []byte) error {
	for i, name := range scopeNames {
		if name == string(text) {
			*s = Scope(i)
			return nil
		}
	}
	return fmt.Errorf("scope of a fault budget %.40q: expected disk, file or sector", text)
}

func (b Budget) check() error {
	if int(b.Scope) >= len(scopeNames) {
		return fmt.Errorf("disk: %v of a fault budget, expected disk, file or sector", b.Scope)
	}
	if b.Good < 0 {
		return fmt.Errorf("disk: a fault budget keeps %d good copies, expected 0 (no budget) or more", b.Good)
	}
	for _, g := range b.Groups {
		if b.Good > len(g) {
			return fmt.Errorf("disk: a fault budget keeps %d good copies, but the group %q has %d", b.Good, g, len(g))
		}
		for i, name := range g {
			if slices.Contains(g[:i], name) {
				return fmt.Errorf("disk: a group of a fault budget names %.60q twice, expected each host once", name)
			}
		}
	}
	return nil
}

// SetBudget replaces the budget of the configuration, for faults from now on. It
// panics if the budget makes no sense.
func (a *Array) SetBudget(b Budget) {
	if err := b.check(); err != nil {
		panic(err.Error())
	}
	a.cfg.Budget = b
}

// allows reports whether a fault may damage these places of the disk, and counts it
// if it may not.
func (d *drive) allows(i *Injected, places []place) bool {
	for _, at := range places {
		if !d.a.spares(d, at) {
			i.Refused++
			return false
		}
	}
	return true
}

// spares reports whether damage at a place leaves enough good copies of it.
func (a *Array) spares(d *drive, at place) bool {
	b := &a.cfg.Budget
	if b.Good == 0 {
		return true
	}
	for _, group := range b.Groups {
		if !slices.Contains(group, d.host.Name()) {
			continue
		}
		good := len(group) - 1
		for _, other := range group {
			if other == d.host.Name() {
				continue
			}
			if h := a.w.Lookup(other); h == nil || a.known(h) && a.drive(h).damaged(b.Scope, at) {
				good--
			}
		}
		if good < b.Good {
			return false
		}
	}
	return true
}

// known reports whether the disk of h was used.
func (a *Array) known(h *sim.Host) bool {
	return int(h.ID()) < len(a.drives) && a.drives[h.ID()] != nil
}

// damaged reports whether d has damage to the data that is at a place of a copy.
func (d *drive) damaged(scope Scope, at place) bool {
	if scope == WholeDisk && len(d.lost) > 0 || d.lost[at.file.name] != nil {
		return true
	}
	for _, f := range d.files() {
		if scope != WholeDisk && f.name != at.file.name {
			continue
		}
		// order: one mask that counts is enough
		for s, m := range f.masks {
			if m.by.Kind != Torn && (scope != OneSector || s == at.sector) {
				return true
			}
		}
	}
	return false
}
