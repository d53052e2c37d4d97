package disk

import (
	"fmt"
	"slices"

	"phoenix/sim"
)

// Keep says how much of what was not synced survives the next crash.
type Keep uint8

const (
	// KeepSome draws it: one crash in eight loses all of it, one keeps all of it, and
	// in the others each sector, size and directory operation is drawn for itself.
	KeepSome Keep = iota
	// KeepAll keeps everything, as if the disk had just been synced.
	KeepAll
	// KeepNothing keeps only what was synced.
	KeepNothing
)

var keepNames = [...]string{KeepSome: "some", KeepAll: "all", KeepNothing: "nothing"}

// String returns "some", "all" or "nothing".
func (k Keep) String() string {
	if int(k) < len(keepNames) {
		return keepNames[k]
	}
	return fmt.Sprintf("keep(%d)", uint8(k))
}

// MarshalText returns String.
func (k Keep) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what String returns. On an error k is left as it was.
func (k *Keep) UnmarshalText(text []byte) error {
	for i, name := range keepNames {
		if name == string(text) {
			*k = Keep(i)
			return nil
		}
	}
	return fmt.Errorf("what a crash keeps %.40q: expected some, all or nothing", text)
}

// OnCrash says what the crashes of the host from now on do to unsynced data.
func (d *Disk) OnCrash(k Keep) {
	if int(k) >= len(keepNames) {
		panic("disk: " + k.String())
	}
	d.keep = k
}

// A picker takes one decision about a crash, named by a key: a number in [0, n).
// 0 is what survives for certain, n-1 the last that was written.
type picker func(k sim.Key, n int) int

// picker returns how the crash that happens now decides.
func (d *drive) picker() picker {
	number := uint64(d.host.Epoch())
	keep := d.keep
	if keep == KeepSome {
		switch d.key.Sub("crash").Num(number).Below(8) {
		case 0:
			keep = KeepNothing
		case 1:
			keep = KeepAll
		}
	}
	switch keep {
	case KeepAll:
		return func(_ sim.Key, n int) int { return n - 1 }
	case KeepNothing:
		return func(sim.Key, int) int { return 0 }
	}
	return func(k sim.Key, n int) int { return k.Num(number).Below(n) }
}

// An aftermath is what a crash leaves.
type aftermath struct {
	taken   []bool           // of drive.ops
	dir     map[string]*file // as the medium gives it
	files   []*file          // that survive, in order of creation
	content []content        // of files
}

// survive returns the aftermath of a crash for which pick takes the decisions. The
// disk is left as it is.
func (d *drive) survive(pick picker) aftermath {
	a := aftermath{taken: make([]bool, len(d.ops)), dir: map[string]*file{}}
	var journal uint64
	if d.a.cfg.Model == Ext4 {
		journal = d.prefix(&a, pick)
	} else {
		d.subset(&a, pick)
	}
	known := d.files()
	kept := map[*file]bool{}
	for _, name := range sorted(d.entries) {
		a.dir[name] = d.entries[name]
	}
	for i := range d.ops {
		if a.taken[i] {
			d.ops[i].apply(a.dir)
		}
	}
	for _, f := range a.dir { // what was meant survives, even if a lost rename hides it
		kept[f] = true
	}
	for _, name := range sorted(d.lost) {
		if l := d.lost[name]; !d.retaken(&a, name) {
			set(a.dir, name, l.file)
			kept[l.file] = l.file != nil
		}
	}
	for _, f := range known {
		if kept[f] {
			a.files = append(a.files, f)
			a.content = append(a.content, d.content(&a, f, journal, pick))
		}
	}
	return a
}

// retaken reports whether an operation that survives writes a name's entry anew.
func (d *drive) retaken(a *aftermath, name string) bool {
	for i := range d.ops {
		if a.taken[i] && d.ops[i].touches(name) {
			return true
		}
	}
	return false
}

// subset decides which directory operations survive on a strict disk: any, but not
// one without an earlier one that concerns the same name, for an entry is one thing.
func (d *drive) subset(a *aftermath, pick picker) {
	var missing map[string]bool
	for i := range d.ops {
		op := &d.ops[i]
		after := false
		for _, e := range op.set {
			after = after || missing[e.name]
		}
		a.taken[i] = !after && pick(d.key.Sub("entry").Num(op.number), 2) == 1
		if a.taken[i] {
			continue
		}
		if missing == nil {
			missing = map[string]bool{}
		}
		for _, e := range op.set {
			missing[e.name] = true
		}
	}
}

// prefix decides how much of the journal survives with Ext4: a prefix of the
// directory operations and truncations. It returns the last sequence number.
func (d *drive) prefix(a *aftermath, pick picker) uint64 {
	records := d.journal()
	upto := uint64(0)
	if len(records) > 0 {
		if n := pick(d.key.Sub("journal"), len(records)+1); n > 0 {
			upto = records[n-1]
		}
	}
	for i := range d.ops {
		a.taken[i] = d.ops[i].seq <= upto
	}
	return upto
}

// crash loses what does not survive, and tells what was lost.
func (d *drive) crash() {
	if len(d.ops) == 0 && len(d.lost) == 0 && !d.dirty() {
		return
	}
	a := d.survive(d.picker())
	lost := uint64(0)
	for i := range d.ops {
		if !a.taken[i] {
			d.tell("loses: " + d.ops[i].text)
			lost++
		}
	}
	for i := range a.content {
		c, f := &a.content[i], a.files[i]
		if c.lost > 0 {
			d.tell(fmt.Sprintf("loses %d of %d unsynced sectors of %s", c.lost, c.dirty, f.name))
		}
		if c.resized {
			d.tell(fmt.Sprintf("%s has %d B, not %d B", f.name, len(c.medium), len(f.live)))
			lost++
		}
		lost += uint64(c.lost)
	}
	if lost > 0 {
		d.a.w.FaultCount("crash " + d.host.Name()).Effect += lost
	}
	d.install(&a)
}

// dirty reports whether a file has changed since its last sync.
func (d *drive) dirty() bool {
	for _, f := range d.live {
		if len(f.changes) > 0 || len(f.ghosts) > 0 {
			return true
		}
	}
	for _, f := range d.entries {
		if len(f.changes) > 0 {
			return true
		}
	}
	return false
}

// install has the disk hold the aftermath and nothing else.
func (d *drive) install(a *aftermath) {
	for i := range d.ops {
		if a.taken[i] {
			d.persist(&d.ops[i])
		}
	}
	d.ops = nil
	for i, f := range a.files {
		c := &a.content[i]
		f.masks = c.masks
		if len(f.changes)+len(f.ghosts) > 0 {
			f.medium, f.live = c.medium, slices.Clone(c.medium)
			f.changes, f.ghosts = nil, nil
		}
		for _, s := range c.torn {
			by := c.masks[s].by
			by.fired()
			d.damaging(f, s, by)
		}
	}
	d.live = a.dir
	for _, name := range sorted(d.lost) {
		l := d.lost[name]
		if !l.shown {
			l.shown = true
			if l.file != nil {
				l.written = l.file.written
			}
			l.by.affected()
		}
	}
	for _, name := range sorted(d.live) {
		d.live[name].name = name
	}
}
