package disk

import (
	"fmt"
	"slices"
)

// A mask is damage: what the medium gives for a sector instead of what it was meant
// to hold, which is kept beside it.
type mask struct {
	data []byte // one sector
	by   *Injected
}

// covers reports whether c writes all that the file has of a sector.
func (c *change) covers(sector, size, filesize int64) bool {
	from := sector * size
	to := min(from+size, filesize)
	if c.cut() {
		return c.size <= from
	}
	return c.off <= from && c.end() >= to
}

// patchMasks has a change reach the medium under the masks too: a sector that is
// written whole is whole again, one that is written in part stays damaged elsewhere.
func (f *file) patchMasks(c *change) {
	if len(f.masks) == 0 {
		return
	}
	from, to := c.spans(f.sector, blocks(max(c.was, c.size), f.sector))
	for s := from; s < to; s++ {
		m := f.masks[s]
		switch {
		case m == nil:
		case c.covers(s, f.sector, c.size):
			delete(f.masks, s)
		default:
			c.patch(m.data, s*f.sector)
		}
	}
}

// damage has the medium give data for a sector of f.
func (d *drive) damage(f *file, sector int64, data []byte, by *Injected) {
	if f.masks == nil {
		f.masks = map[int64]*mask{}
	}
	f.masks[sector] = &mask{data, by}
	by.fired()
	d.damaging(f, sector, by)
}

func (d *drive) damaging(f *file, sector int64, by *Injected) {
	d.tell(fmt.Sprintf("%v damages sector %d of %s", by.Kind, sector, f.name))
}

// stored returns a copy of a sector as the medium gives it, zeros beyond its end.
func (f *file) stored(sector int64) []byte {
	if m := f.masks[sector]; m != nil {
		return slices.Clone(m.data)
	}
	return f.pristine(sector)
}

// pristine returns a copy of a sector as it was meant.
func (f *file) pristine(sector int64) []byte {
	data := make([]byte, f.sector)
	if from := sector * f.sector; from < int64(len(f.medium)) {
		copy(data, f.medium[from:])
	}
	return data
}

// see copies what programs see from off on into p, which does not reach beyond the
// end, and counts the damage that shows.
func (f *file) see(p []byte, off int64) {
	copy(p, f.live[off:])
	if len(f.masks) == 0 {
		return
	}
	end := off + int64(len(p))
	for s := off / f.sector; s < blocks(end, f.sector); s++ {
		m := f.masks[s]
		if m == nil {
			continue
		}
		start := s * f.sector
		from, to := max(start, off), min(start+f.sector, end)
		shown := f.under(s)[from-start : to-start]
		if !slices.Equal(p[from-off:to-off], shown) {
			m.by.affected()
			copy(p[from-off:to-off], shown)
		}
	}
}

// under returns what programs see of a damaged sector: what was written since lies
// over what the medium gives.
func (f *file) under(sector int64) []byte {
	data := slices.Clone(f.masks[sector].data)
	for i := range f.ghosts {
		f.ghosts[i].patch(data, sector*f.sector)
	}
	for i := range f.changes {
		f.changes[i].patch(data, sector*f.sector)
	}
	return data
}

// glance is see for all of the file, by somebody who does not count.
func (f *file) glance(p []byte) {
	copy(p, f.live)
	// order: each sector for itself
	for s := range f.masks {
		if start := s * f.sector; start < int64(len(p)) {
			copy(p[start:], f.under(s))
		}
	}
}

// lostEntry is damage to the directory: what the medium gives for a name.
type lostEntry struct {
	file    *file // nil: none
	by      *Injected
	op      uint64 // the number of the operation that was lost
	shown   bool   // a crash has made programs see it
	written uint64 // how often the file had been written then
}

// hide has the medium keep the entries that op changes as they were.
func (d *drive) hide(op *dirop, by *Injected) {
	if d.lost == nil {
		d.lost = map[string]*lostEntry{}
	}
	for _, e := range op.set {
		d.lost[e.name] = &lostEntry{file: d.given(e.name), by: by, op: op.number}
	}
	by.fired()
	d.tell(by.Kind.String() + " damages " + op.text)
}

// given returns the file that the medium gives for a name.
func (d *drive) given(name string) *file {
	if l := d.lost[name]; l != nil {
		return l.file
	}
	return d.entries[name]
}

// HealMedium undoes all damage to the medium: it gives again what it was meant to
// hold. What programs have read meanwhile they have read, and the names of a lost rename
// stay as they were found if a program wrote to a file that would be gone without it.
func (d *Disk) HealMedium() { d.heal(nil) }

// heal undoes the damage of one fault, or all.
func (d *drive) heal(by *Injected) {
	for _, f := range d.files() {
		// order: each mask is judged by itself
		for s, m := range f.masks {
			if by == nil || m.by == by {
				delete(f.masks, s)
			}
		}
	}
	kept := d.builtOn()
	// order: each entry is judged by itself
	for name, l := range d.lost {
		if by != nil && l.by != by {
			continue
		}
		delete(d.lost, name)
		switch {
		case kept[l.op]:
			set(d.entries, name, l.file)
		case !d.pending(name):
			set(d.live, name, d.entries[name])
		}
	}
}

// builtOn returns the lost operations after which programs wrote to a file that they
// found under its old name, and that has no name but for the loss.
func (d *drive) builtOn() map[uint64]bool {
	ops, meant := map[uint64]bool{}, map[*file]bool{}
	for _, f := range d.entries {
		meant[f] = true
	}
	for _, l := range d.lost {
		if l.shown && l.file != nil && l.file.written != l.written && !meant[l.file] {
			ops[l.op] = true
		}
	}
	return ops
}

// pending reports whether an operation that is not durable concerns a name.
func (d *drive) pending(name string) bool {
	for i := range d.ops {
		if d.ops[i].touches(name) {
			return true
		}
	}
	return false
}

func (op *dirop) touches(name string) bool {
	return slices.ContainsFunc(op.set, func(e entry) bool { return e.name == name })
}

// files returns all files that the disk knows of, in order of creation.
func (d *drive) files() []*file {
	known := map[*file]bool{}
	for _, f := range d.live {
		known[f] = true
	}
	for _, f := range d.entries {
		known[f] = true
	}
	for _, l := range d.lost {
		if l.file != nil {
			known[l.file] = true
		}
	}
	for _, op := range d.ops {
		for _, e := range op.set {
			if e.file != nil {
				known[e.file] = true
			}
		}
	}
	all := make([]*file, 0, len(known))
	for f := range known {
		all = append(all, f)
	}
	slices.SortFunc(all, byCreation)
	return all
}

func byCreation(f, g *file) int {
	if f.id < g.id {
		return -1
	}
	return min(int(f.id-g.id), 1)
}
