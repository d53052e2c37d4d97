package disk

import (
	"io/fs"
	"slices"
	"time"

	"phoenix/sim"
)

// Sync makes durable what was written to the file before the call. When that is
// done the host runs done, as a task of its own and never within the call; it does
// not if the host has crashed by then. A nil done is not told. An error means that
// the data may or may not be durable.
func (d *Disk) Sync(name string, done func(error)) {
	if !d.alive() {
		return
	}
	d.step()
	f := d.live[name]
	r := request{d: d.drive, f: f, name: name, upto: d.seq, epoch: d.host.Epoch(), done: done}
	if f == nil {
		r.err = failed("sync", name, fs.ErrNotExist)
		d.a.start(r, 0)
		return
	}
	f.synced++
	r.index = f.synced
	d.a.start(r, d.latency(&r, f.unsynced()))
}

// SyncDir makes the directory durable as it was when called: which files there are,
// and their names. done is called as by Sync.
func (d *Disk) SyncDir(done func(error)) {
	if !d.alive() {
		return
	}
	d.step()
	d.synced++
	r := request{d: d.drive, name: ".", upto: d.seq, epoch: d.host.Epoch(), index: d.synced, done: done}
	d.a.start(r, d.latency(&r, int64(min(len(d.ops), 1))))
}

// SyncWait is Sync for a process of the host: it blocks until the sync is done.
func (d *Disk) SyncWait(p *sim.Proc, name string) error {
	return d.wait(p, func(done func(error)) { d.Sync(name, done) })
}

// SyncDirWait is SyncDir for a process of the host.
func (d *Disk) SyncDirWait(p *sim.Proc) error { return d.wait(p, d.SyncDir) }

func (d *Disk) wait(p *sim.Proc, start func(done func(error))) error {
	if !d.alive() {
		return ErrClosed
	}
	var result sim.Future[error]
	start(func(err error) { result.Resolve(err, nil) })
	err, _ := result.Await(p, 0)
	return err
}

// latency decides how long the sync takes, which writes so many sectors.
func (d *drive) latency(r *request, sectors int64) time.Duration {
	c := &d.a.cfg
	if c.Sync != (Latency{}) || c.Write != (Latency{}) {
		draws := r.key().Sub("latency").Num(r.index)
		each := c.Write.sample(draws.Num(1).Uint64())
		r.takes = c.Sync.sample(draws.Uint64()) + each*time.Duration(min(sectors, int64(maxSync/max(each, 1))))
	}
	return d.slowed(r, (*Injected).strike)
}

// key names the randomness of what is synced.
func (r *request) key() sim.Key {
	if r.f == nil {
		return r.d.key
	}
	return r.f.key
}

// file returns the name of what is synced, "" for the directory.
func (r *request) file() string {
	if r.f == nil {
		return ""
	}
	return r.f.name
}

// unsynced returns how many sectors a sync of f writes, each once for each change.
func (f *file) unsynced() int64 {
	n := int64(0)
	for i := range f.changes {
		n += max(blocks(int64(len(f.changes[i].data)), f.sector), 1)
	}
	return n
}

// complete is the moment in which a sync takes effect on the medium, or fails.
func (d *drive) complete(r *request) {
	if r.err != nil {
		return
	}
	d.step()
	ext4 := d.a.cfg.Model == Ext4
	if d.struck(SyncError, r.file(), r.key().Sub("sync"), r.index) {
		r.err = failed("sync", r.name, ErrIO)
		if r.f != nil {
			r.f.drop(r.upto, ext4)
			d.lastCut, d.cutUpto = d.seq, 0 // lengths that are kept are like truncations
		}
		return
	}
	if r.f == nil || ext4 {
		d.commit(r.upto)
	}
	if r.f != nil {
		d.flush(r.f, r.upto)
	}
}

// commit makes the directory operations up to a sequence number durable, and with
// Ext4 what else the journal holds: truncations, and data that a rename flushed.
func (d *drive) commit(upto uint64) {
	ext4 := d.a.cfg.Model == Ext4
	if ext4 && d.lastCut > d.cutUpto {
		for _, f := range d.files() {
			f.commitCuts(upto)
		}
		d.cutUpto = upto
	}
	n := 0
	for n < len(d.ops) && d.ops[n].seq <= upto {
		op := &d.ops[n]
		d.apply(op)
		if ext4 && op.flush != nil {
			d.flush(op.flush, op.seq)
		}
		n++
	}
	d.ops = slices.Delete(d.ops, 0, n)
}

// journal returns the sequence numbers of what the journal of Ext4 has not made
// durable, in order.
func (d *drive) journal() []uint64 {
	var all []uint64
	for i := range d.ops {
		all = append(all, d.ops[i].seq)
	}
	for _, f := range d.files() {
		for i := range f.changes {
			if c := &f.changes[i]; c.cut() && !c.committed {
				all = append(all, c.seq)
			}
		}
	}
	slices.Sort(all)
	return all
}
