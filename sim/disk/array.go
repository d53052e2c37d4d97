package disk

import (
	"time"

	"phoenix/sim"
)

// Array is all the disks of a world: they share a configuration and the fault
// budget. A disk costs nothing before its first use.
type Array struct {
	w      *sim.World
	cfg    Config
	key    sim.Key
	sink   sim.SinkID
	drives []*drive // by host, nil before the first use

	requests []request
	free     []uint32
}

// NewArray returns the disks of w. It panics if cfg.Check finds a mistake.
func NewArray(w *sim.World, cfg Config) *Array {
	if err := cfg.Check(); err != nil {
		panic(err.Error())
	}
	if cfg.Sector == 0 {
		cfg.Sector = defaultSector
	}
	a := &Array{w: w, cfg: cfg, key: w.Key("disk")}
	a.sink = w.AddSink(a)
	return a
}

// Disk returns the disk of h, for those who arrange the world: it works whether h is
// up or not. Node code gets its disk from Mount.
func (a *Array) Disk(h *sim.Host) *Disk { return &Disk{drive: a.drive(h), world: true} }

// Mount returns the disk of h for the boot of h with that epoch: once h has crashed
// since, the handle does nothing any more, and its operations return ErrClosed.
func (a *Array) Mount(h *sim.Host, epoch uint32) *Disk { return &Disk{drive: a.drive(h), epoch: epoch} }

// drive returns the disk of h, made on first use.
func (a *Array) drive(h *sim.Host) *drive {
	for int(h.ID()) >= len(a.drives) {
		a.drives = append(a.drives, nil)
	}
	d := a.drives[h.ID()]
	if d == nil {
		d = newDrive(a, h)
		a.drives[h.ID()] = d
		h.OnCrash(d.crash)
	}
	return d
}

// A request is a sync under way.
type request struct {
	d     *drive
	f     *file // nil: the directory
	name  string
	upto  uint64 // the last change it covers
	epoch uint32 // of the host
	index uint64 // its number among the syncs of the file
	err   error
	done  func(error)

	gen   uint32 // tells its event from those that it no longer waits for
	begun sim.Time
	takes time.Duration // without faults
	due   sim.Time      // when it takes effect
}

// start puts r under way.
func (a *Array) start(r request, after time.Duration) {
	var i uint32
	if k := len(a.free); k > 0 {
		i = a.free[k-1]
		a.free = a.free[:k-1]
	} else {
		i = uint32(len(a.requests))
		a.requests = append(a.requests, request{})
	}
	r.gen, r.begun = a.requests[i].gen, a.w.Now()
	a.requests[i] = r
	a.await(i, r.begun.Add(after))
}

// await has a request take effect at a time, and at no other.
func (a *Array) await(i uint32, due sim.Time) {
	const genBits = 24 // of the argument of an event
	r := &a.requests[i]
	r.gen, r.due = (r.gen+1)%(1<<genBits), due
	a.w.Schedule(due, a.sink, uint64(r.gen)<<32|uint64(i))
}

// take ends a request.
func (a *Array) take(i uint32) request {
	r := a.requests[i]
	a.requests[i] = request{gen: r.gen}
	a.free = append(a.free, i)
	return r
}

// Fire is called by the world when the disk has done a sync.
func (a *Array) Fire(arg uint64) {
	i := uint32(arg)
	r := &a.requests[i]
	d := r.d
	if r.gen != uint32(arg>>32) {
		return // it took effect earlier
	}
	if r.epoch != d.host.Epoch() {
		a.take(i) // the machine lost power meanwhile
		return
	}
	if d.hold(i) {
		return
	}
	d.complete(r)
	d.host.Submit(answers{a}, uint64(i))
}

// answers is the task of a host that is told of a sync.
type answers struct{ a *Array }

// Run tells node code that the sync is done.
func (t answers) Run(arg uint64) {
	r := t.a.take(uint32(arg))
	what := "sync the directory"
	if r.f != nil {
		what = r.f.syncs.of("sync", r.name)
	}
	if r.err != nil {
		what += ": " + cause(r.err)
	}
	t.a.w.Begin(sim.Event{Kind: sim.Disk, Host: r.d.host.ID(), Peer: sim.NoHost, Name: what})
	if r.done != nil {
		r.done(r.err)
	}
}

// Discard forgets about a sync whose host is down.
func (t answers) Discard(arg uint64) { t.a.take(uint32(arg)) }
