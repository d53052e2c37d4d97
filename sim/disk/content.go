package disk

import (
	"slices"
)

// content is what a crash leaves of a file.
type content struct {
	medium  []byte
	masks   map[int64]*mask
	torn    []int64 // sectors of masks that this crash made
	lost    int     // unsynced sectors that do not hold the last that was written
	dirty   int     // unsynced sectors
	resized bool    // it has not the size that programs saw
}

// A window is what is certain about a file in a crash. The zero value is nothing.
type window struct {
	cut     uint64 // truncations up to here have happened, later ones have not
	flushed uint64 // changes up to here have happened
}

// An extent is a size that a file may have after a crash, and the last of the
// changes by which it got so long.
type extent struct {
	size int64
	seq  uint64
}

// content decides what a crash leaves of f.
func (d *drive) content(a *aftermath, f *file, journal uint64, pick picker) content {
	if len(f.changes) == 0 {
		return content{medium: f.medium, masks: f.masks}
	}
	strict := d.a.cfg.Model == Strict
	var w window
	var extents []extent
	if strict {
		extents = f.sizes()
	} else {
		w = d.window(a, f, journal)
		extents = f.extents(w)
	}
	e := extents[pick(f.key.Sub("size"), len(extents))]
	c := content{medium: resize(slices.Clone(f.medium), e.size), resized: e.size != int64(len(f.live))}
	rel, floor := f.versions(e, w, strict)
	c.masks = f.maskedBelow(blocks(e.size, f.sector))
	for s, changes := range rel {
		if len(changes) == 0 {
			continue
		}
		v := version{f: f, sector: int64(s), changes: changes, floor: floor[s]}
		v.fresh = strict && int64(s) >= blocks(int64(len(f.medium)), f.sector)
		d.sectorOf(&c, &v, pick)
	}
	return c
}

// sizes returns the sizes that a file may have on a strict disk: any that it had.
func (f *file) sizes() []extent {
	all := []extent{{size: int64(len(f.medium))}}
	for i := range f.changes {
		if size := f.changes[i].size; size != all[len(all)-1].size {
			all = append(all, extent{size: size})
		}
	}
	return all
}

// window returns what the surviving part of the journal makes certain about f.
func (d *drive) window(a *aftermath, f *file, journal uint64) window {
	var w window
	for i := range d.ops {
		if a.taken[i] && d.ops[i].flush == f {
			w.flushed = d.ops[i].seq
		}
	}
	for i := range f.changes {
		if c := &f.changes[i]; c.cut() && (c.committed || c.seq <= max(journal, w.flushed)) {
			w.cut = c.seq
		}
	}
	return w
}

// extents returns the sizes that a file may have with Ext4: that of the last
// truncation that survives, and what was appended to it, by whole sectors.
func (f *file) extents(w window) []extent {
	settled := max(w.cut, w.flushed)
	all := []extent{{size: int64(len(f.medium)), seq: settled}}
	for i := range f.changes {
		c := &f.changes[i]
		size := all[len(all)-1].size
		switch {
		case c.seq <= settled:
			all[0].size = c.size
		case c.cut():
			return all
		case c.size > size:
			for z := (size/f.sector + 1) * f.sector; z < c.size; z += f.sector {
				all = append(all, extent{z, c.seq})
			}
			all = append(all, extent{c.size, c.seq})
		}
	}
	return all
}

// versions returns for each sector of an extent the changes that it may have seen,
// in order, and how many of them it must have seen: with Ext4, what made the file as
// long as it is. There, sectors that a truncation has cut off get new places: if the
// truncation does not survive, they hold what they held before it.
func (f *file) versions(e extent, w window, strict bool) (rel [][]*change, floor []int) {
	n := blocks(e.size, f.sector)
	rel, floor = make([][]*change, n), make([]int, n)
	reach := n // sectors that later changes can still touch
	for i := range f.changes {
		c := &f.changes[i]
		if !strict && c.cut() && c.seq > w.cut {
			reach = min(reach, blocks(c.size, f.sector))
		}
		from, to := c.spans(f.sector, reach)
		for s := from; s < to; s++ {
			rel[s] = append(rel[s], c)
			if c.seq <= w.flushed {
				floor[s] = len(rel[s])
			}
		}
		if strict || c.cut() || c.seq > e.seq {
			continue
		}
		for s := c.was / f.sector; s < min(blocks(c.size, f.sector), n) && c.size > c.was; s++ {
			floor[s] = len(rel[s])
		}
	}
	return rel, floor
}

// maskedBelow returns copies of the masks of the first n sectors.
func (f *file) maskedBelow(n int64) map[int64]*mask {
	if len(f.masks) == 0 {
		return nil
	}
	masks := map[int64]*mask{}
	for s, m := range f.masks {
		if s < n {
			masks[s] = &mask{slices.Clone(m.data), m.by}
		}
	}
	return masks
}

// A version is the state of one sector: how many of its changes it has seen.
type version struct {
	f       *file
	sector  int64
	changes []*change
	floor   int  // at least so many
	fresh   bool // the medium has garbage where none of them was written
}

// sectorOf decides what a crash leaves of a sector.
func (d *drive) sectorOf(c *content, v *version, pick picker) {
	f, last := v.f, len(v.changes)
	n := last - v.floor + 1
	if v.fresh {
		n++
	}
	key := f.key.Num(uint64(v.sector))
	k := pick(key, n) + v.floor
	c.dirty++
	start := v.sector * f.sector
	data := c.medium[start:min(start+f.sector, int64(len(c.medium)))]
	if v.fresh && k == 1 {
		garbage(data, v)
		delete(c.masks, v.sector)
		c.lost++
		return
	}
	if v.fresh && k > 1 {
		k--
	}
	if k < last {
		c.lost++
	}
	for i, change := range v.changes[:k] {
		if i == k-1 && !change.cut() {
			d.tear(c, v, change, data)
		}
		change.patch(data, start)
		switch m := c.masks[v.sector]; {
		case m == nil || slices.Contains(c.torn, v.sector):
		case change.covers(v.sector, f.sector, int64(len(c.medium))):
			delete(c.masks, v.sector)
		default:
			change.patch(m.data, start)
		}
	}
}

// garbage fills data with what was once stored where a sector lies.
func garbage(data []byte, v *version) {
	r := v.f.key.Sub("garbage").Num(uint64(v.sector)).Rand()
	for i := range data {
		data[i] = byte(r.Uint32())
	}
}
