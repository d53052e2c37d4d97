package disk

import (
	"slices"
	"time"
)

// tear has a crash write the last of a sector's changes in part, if a fault says so.
// data is the sector before that change, as it was meant.
func (d *drive) tear(c *content, v *version, last *change, data []byte) {
	f := v.f
	for _, i := range d.faults {
		if i.Kind != Torn || !i.concerns(f.name) || !i.hits(f.key.Num(uint64(v.sector)), last.number) {
			continue
		}
		start := v.sector * f.sector
		from, to := max(last.off, start), min(last.end(), start+int64(len(data)))
		if to-from < 2 {
			return // one byte is written or not
		}
		old := make([]byte, f.sector)
		if m := c.masks[v.sector]; m != nil {
			old = m.data
		} else {
			copy(old, data)
		}
		fresh := slices.Clone(old)
		last.patch(fresh, start)
		draw := i.draw(f.key.Num(uint64(v.sector)), last.number).Num(1)
		at := from + 1 + int64(draw.Below(int(to-from-1))) - start
		if draw.Num(1).Below(2) == 0 {
			copy(fresh[:at], old[:at])
		} else {
			copy(fresh[at:], old[at:])
		}
		if c.masks == nil {
			c.masks = map[int64]*mask{}
		}
		c.masks[v.sector] = &mask{fresh, i}
		c.torn = append(c.torn, v.sector)
		return
	}
}

// flush makes the changes of f up to a sequence number durable, as far as faults let
// it: what is lost or misdirected on the way is damage.
func (d *drive) flush(f *file, upto uint64) {
	if !d.has(LostWrite) && !d.has(Misdirected) {
		f.settle(upto)
		return
	}
	writes := f.lastWrites(upto)
	before := make([][]byte, len(writes))
	for n, w := range writes {
		before[n] = f.stored(w.sector)
	}
	f.settle(upto)
	for n, w := range writes {
		if w.sector < blocks(int64(len(f.medium)), f.sector) {
			d.stray(f, w, before[n])
		}
	}
}

func (d *drive) has(kind FaultKind) bool {
	return slices.ContainsFunc(d.faults, func(i *Injected) bool { return i.Kind == kind })
}

// A sectorWrite is a sector that a sync writes, with the number of the operation on
// the file that changed it last.
type sectorWrite struct {
	sector int64
	number uint64
}

// lastWrites returns the sectors that changes up to a sequence number write, in order.
func (f *file) lastWrites(upto uint64) []sectorWrite {
	var all []sectorWrite
	for n := range f.changes {
		c := &f.changes[n]
		if c.seq > upto {
			break
		}
		if c.cut() {
			continue
		}
		from, to := c.spans(f.sector, blocks(c.end(), f.sector))
		for s := from; s < to; s++ {
			all = append(all, sectorWrite{s, c.number})
		}
	}
	slices.SortStableFunc(all, func(v, w sectorWrite) int { return int(v.sector - w.sector) })
	last := all[:0]
	for n, w := range all {
		if n+1 == len(all) || all[n+1].sector != w.sector {
			last = append(last, w)
		}
	}
	return last
}

// stray draws whether a sector that a sync has written got lost or landed elsewhere.
func (d *drive) stray(f *file, w sectorWrite, before []byte) {
	for _, i := range d.faults {
		if i.Kind != LostWrite && i.Kind != Misdirected || !i.concerns(f.name) {
			continue
		}
		if !i.hits(f.key.Num(uint64(w.sector)), w.number) || slices.Equal(before, f.stored(w.sector)) {
			continue
		}
		hit := []place{{f, w.sector}}
		if i.Kind == Misdirected {
			if at, ok := d.elsewhere(hit[0], i, w.number); ok {
				hit = append(hit, at)
			}
		}
		if !d.allows(i, hit) {
			continue
		}
		if len(hit) > 1 {
			d.damage(hit[1].file, hit[1].sector, f.pristine(w.sector), i)
		}
		d.damage(f, w.sector, before, i)
		return
	}
}

// elsewhere draws another stored sector of the disk; false if there is none.
func (d *drive) elsewhere(not place, by *Injected, number uint64) (place, bool) {
	var all []place
	for _, f := range d.files() {
		for s := range blocks(int64(len(f.medium)), f.sector) {
			if p := (place{f, s}); p != not {
				all = append(all, p)
			}
		}
	}
	if len(all) == 0 {
		return place{}, false
	}
	return all[by.draw(not.file.key.Num(uint64(not.sector)), number).Num(1).Below(len(all))], true
}

// decay is what rot does to the sectors that a read of f takes from the medium.
func (d *drive) decay(f *file, off, n int64) {
	for _, i := range d.faults {
		if i.Kind != Rot || !i.concerns(f.name) {
			continue
		}
		for s := off / f.sector; s < blocks(min(off+n, int64(len(f.medium))), f.sector); s++ {
			d.rot(f, s, i)
		}
	}
}

func (d *drive) rot(f *file, sector int64, i *Injected) {
	at := place{f, sector}
	key := f.key.Num(uint64(sector))
	if i.tried[at] || f.masks[sector] != nil || !i.hits(key, 0) {
		return
	}
	if i.tried == nil {
		i.tried = map[place]bool{}
	}
	i.tried[at] = true
	if !d.allows(i, []place{at}) {
		return
	}
	data := f.stored(sector)
	bits := 8 * min(f.sector, int64(len(f.medium))-sector*f.sector)
	bit := i.draw(key, 0).Num(1).Below(int(bits))
	data[bit/8] ^= 1 << (bit % 8)
	d.damage(f, sector, data, i)
}

// apply makes a directory operation durable, unless a fault loses it.
func (d *drive) apply(op *dirop) {
	if len(op.set) > 1 {
		for _, i := range d.faults {
			if i.Kind == LostRename && i.concerns(op.set[1].name) && i.hits(d.key.Sub("entry"), op.number) &&
				d.allows(i, []place{{op.set[1].file, 0}}) {
				d.hide(op, i)
				op.apply(d.entries)
				return
			}
		}
	}
	d.persist(op)
}

// persist makes a directory operation durable.
func (d *drive) persist(op *dirop) {
	op.apply(d.entries)
	for _, e := range op.set {
		delete(d.lost, e.name)
	}
}

// slowed returns how long a sync takes under the faults that slow it, and tells which
// of them do.
func (d *drive) slowed(r *request, by func(*Injected)) time.Duration {
	key, takes := r.key(), r.takes
	for _, i := range d.faults {
		if i.Kind == Slow && i.concerns(r.file()) && i.hits(key, r.index) {
			slow := min(min(takes, maxLatency)*time.Duration(max(i.Factor, 1)), maxLatency) + i.Delay
			if slow > takes {
				by(i)
				takes = slow
			}
		}
	}
	return takes
}

// hurry has the syncs under way take no longer than the faults in force have them.
func (d *drive) hurry() {
	for n := range d.a.requests {
		r, now := &d.a.requests[n], d.a.w.Now()
		if r.d != d || r.due <= now {
			continue
		}
		if due := max(now, r.begun.Add(d.slowed(r, func(*Injected) {}))); due < r.due {
			d.a.await(uint32(n), due)
		}
	}
}

// hold reports whether the request waits for the end of a stall.
func (d *drive) hold(request uint32) bool {
	for _, i := range d.faults {
		if r := &d.a.requests[request]; i.Kind == Stall && i.concerns(r.file()) {
			i.affected()
			d.held = append(d.held, request)
			return true
		}
	}
	return false
}

// release has the disk do the syncs that a stall held up. Another one may hold them
// again.
func (d *drive) release() {
	held := d.held
	d.held = nil
	for _, request := range held {
		d.a.await(request, d.a.w.Now())
	}
}
