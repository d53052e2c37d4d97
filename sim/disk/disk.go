package disk

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"phoenix/sim"

	"github.com/zeebo/xxh3"
)

// Disk is a handle of a host's disk: files in one flat directory. What is written
// is seen by all at once and durable after a sync; a crash of the host may lose what
// was not synced. Errors are *fs.PathError.
type Disk struct {
	*drive
	world bool   // it never ends
	epoch uint32 // the boot it belongs to otherwise
}

// drive is a disk, as its handles share it.
type drive struct {
	a       *Array
	host    *sim.Host
	key     sim.Key
	seq     uint64                // number of the last change
	live    map[string]*file      // the directory as programs see it
	entries map[string]*file      // the directory as the medium is meant to hold it
	lost    map[string]*lostEntry // where the medium gives another
	ops     []dirop               // on the directory, not known to be durable
	made    map[string]uint64     // how many files were created under a name
	created uint64                // created so far
	linked  uint64                // directory operations so far
	synced  uint64                // syncs of the directory so far
	keep    Keep
	lastCut uint64 // the last truncation, and up to where the journal is
	cutUpto uint64 // known to hold them (Ext4)

	faults []*Injected // in force
	held   []uint32    // requests that a stall holds up
	before func()      // called before each operation that changes the disk, or nil
}

// A dirop is an operation on the directory: entries that change together. A rename
// has two, the new name last.
type dirop struct {
	seq    uint64
	number uint64 // among the operations on the directory
	text   string
	set    []entry
	flush  *file // whose data must be durable before this is (Ext4)
}

type entry struct {
	name string
	file *file // nil: none
}

func newDrive(a *Array, h *sim.Host) *drive {
	return &drive{a: a, host: h, key: a.key.Sub(h.Name()),
		live: map[string]*file{}, entries: map[string]*file{}, made: map[string]uint64{}}
}

// alive reports whether the handle may act.
func (d *Disk) alive() bool { return d.world || d.host.Epoch() == d.epoch }

// Host returns the host whose disk it is.
func (d *Disk) Host() *sim.Host { return d.host }

func (d *drive) next() uint64 {
	d.seq++
	return d.seq
}

// tell puts what happened into the event stream.
func (d *drive) tell(what string) {
	d.a.w.Emit(sim.Event{Kind: sim.Disk, Host: d.host.ID(), Peer: sim.NoHost, Name: what})
}

// told puts a write into the event stream, with a hash of what is written.
func (d *drive) told(what string, p []byte, off int64) {
	d.a.w.Emit(sim.Event{Kind: sim.Disk, Host: d.host.ID(), Peer: sim.NoHost, Name: what,
		ID: xxh3.Hash(p) >> 16, Arg: uint64(off), N: uint64(len(p))})
}

func failed(op, name string, err error) error { return &fs.PathError{Op: op, Path: name, Err: err} }

// cause returns what err says, without the operation and the path.
func cause(err error) string {
	if p, ok := err.(*fs.PathError); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// find returns a file that an operation needs.
func (d *Disk) find(op, name string) (*file, error) {
	if !d.alive() {
		return nil, failed(op, name, ErrClosed)
	}
	f := d.live[name]
	if f == nil {
		return nil, failed(op, name, fs.ErrNotExist)
	}
	return f, nil
}

// WriteAt writes p at an offset, which may be beyond the end: what is between reads
// as zeros. The file is created if there is none.
func (d *Disk) WriteAt(name string, p []byte, off int64) error {
	if !d.alive() {
		return failed("write", name, ErrClosed)
	}
	if off < 0 {
		panic("disk: a write at a negative offset")
	}
	return d.put("write", name, p, off)
}

// Append writes p at the end. The file is created if there is none.
func (d *Disk) Append(name string, p []byte) error {
	if !d.alive() {
		return failed("append", name, ErrClosed)
	}
	off := int64(0)
	if f := d.live[name]; f != nil {
		off = int64(len(f.live))
	}
	return d.put("append", name, p, off)
}

func (d *drive) put(op, name string, p []byte, off int64) error {
	if name == "" {
		panic("disk: a file without a name")
	}
	d.step()
	f := d.live[name]
	if err := d.admit(f, name, off+int64(len(p))); err != nil {
		return d.refuse(op, name, err)
	}
	if f == nil {
		f = d.create(name)
	}
	text := &f.writes
	if op == "append" {
		text = &f.appends
	}
	d.told(text.of(op, name), p, off)
	f.written++
	if len(p) > 0 {
		f.write(d.next(), p, off)
	}
	return nil
}

// step is called before each operation that changes the disk.
func (d *drive) step() {
	if d.before != nil {
		d.before()
	}
}

// refuse tells of an operation that fails, and returns its error.
func (d *drive) refuse(op, name string, err error) error {
	d.tell(op + " " + name + ": " + err.Error())
	return failed(op, name, err)
}

// admit returns the error with which a change of the file to a size fails. f is nil
// if the file is to be created.
func (d *drive) admit(f *file, name string, size int64) error {
	have, n := int64(-1), uint64(0)
	if f != nil {
		have, n = int64(len(f.live)), f.written
	}
	if len(d.faults) > 0 {
		key := d.key.Sub(name)
		if f != nil {
			key = f.key
		}
		if d.struck(WriteError, name, key, n) {
			return ErrIO
		}
		if size > have && d.struck(Full, name, key, n) {
			return ErrFull
		}
	}
	if limit := d.a.cfg.Capacity; limit > 0 && size > have && d.used(name)+d.sectors(size) > limit/int64(d.a.cfg.Sector) {
		return ErrFull
	}
	return nil
}

// used returns how many sectors the files other than one take.
func (d *drive) used(but string) int64 {
	n := int64(0)
	for name, f := range d.live {
		if name != but {
			n += d.sectors(int64(len(f.live)))
		}
	}
	return n
}

func (d *drive) sectors(size int64) int64 { return blocks(size, int64(d.a.cfg.Sector)) }

func (d *drive) create(name string) *file {
	f := d.newFile(name)
	d.link(dirop{text: "create " + name, set: []entry{{name, f}}})
	return f
}

func (d *drive) newFile(name string) *file {
	d.created++
	f := &file{id: d.created, name: name, key: d.key.Sub(name).Num(d.made[name]), sector: int64(d.a.cfg.Sector)}
	d.made[name]++
	return f
}

// link changes the directory.
func (d *drive) link(op dirop) {
	op.seq = d.next()
	d.linked++
	op.number = d.linked
	d.ops = append(d.ops, op)
	op.apply(d.live)
}

func (op *dirop) apply(dir map[string]*file) {
	for _, e := range op.set {
		set(dir, e.name, e.file)
	}
}

// set makes an entry of a directory, or removes it if f is nil.
func set(dir map[string]*file, name string, f *file) {
	if f == nil {
		delete(dir, name)
	} else {
		dir[name] = f
	}
}

// Create makes an empty file, unless there is one.
func (d *Disk) Create(name string) error {
	if !d.alive() {
		return failed("create", name, ErrClosed)
	}
	if name == "" {
		panic("disk: a file without a name")
	}
	if d.live[name] != nil {
		return nil
	}
	d.step()
	if err := d.admit(nil, name, 0); err != nil {
		return d.refuse("create", name, err)
	}
	d.tell("create " + name)
	d.create(name)
	return nil
}

// Truncate cuts the file to a size, or adds zeros up to it.
func (d *Disk) Truncate(name string, size int64) error {
	f, err := d.find("truncate", name)
	if err != nil {
		return err
	}
	if size < 0 {
		panic("disk: a truncation to a negative size")
	}
	d.step()
	if err := d.admit(f, name, size); err != nil {
		return d.refuse("truncate", name, err)
	}
	d.tell(fmt.Sprintf("truncate %s to %d B", name, size))
	f.written++
	d.lastCut = d.next()
	f.truncate(d.lastCut, size)
	return nil
}

// ReadFile returns what the file holds, in a new slice.
func (d *Disk) ReadFile(name string) ([]byte, error) {
	f, err := d.find("read", name)
	if err != nil {
		return nil, err
	}
	p := make([]byte, len(f.live))
	if err := d.readAt(f, p, 0); err != nil {
		return nil, err
	}
	return p, nil
}

// ReadAt reads into p from an offset on and returns how many bytes it read: fewer
// than len(p) only with an error, io.EOF at the end of the file.
func (d *Disk) ReadAt(name string, p []byte, off int64) (int, error) {
	f, err := d.find("read", name)
	if err != nil {
		return 0, err
	}
	if off < 0 {
		panic("disk: a read at a negative offset")
	}
	n := min(int64(len(p)), max(int64(len(f.live))-off, 0))
	if err := d.readAt(f, p[:n], off); err != nil {
		return 0, err
	}
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

// readAt fills p from an offset on; the file is long enough.
func (d *drive) readAt(f *file, p []byte, off int64) error {
	f.read++
	if len(d.faults) > 0 {
		if d.struck(ReadError, f.name, f.key, f.read) {
			return d.refuse("read", f.name, ErrIO)
		}
		d.decay(f, off, int64(len(p)))
	}
	if len(p) > 0 {
		f.see(p, off)
	}
	return nil
}

// Size returns the number of bytes of the file.
func (d *Disk) Size(name string) (int64, error) {
	f, err := d.find("stat", name)
	if err != nil {
		return 0, err
	}
	return int64(len(f.live)), nil
}

// List returns the names of the files, sorted; none after the boot has ended.
func (d *Disk) List() []string {
	if !d.alive() {
		return nil
	}
	return sorted(d.live)
}

// sorted returns the names of a directory in order.
func sorted[F any](dir map[string]F) []string { return slices.Sorted(maps.Keys(dir)) }

// Rename gives a file another name; a file of that name is replaced, atomically.
func (d *Disk) Rename(from, to string) error {
	f, err := d.find("rename", from)
	if err != nil || from == to {
		return err
	}
	if to == "" {
		panic("disk: a file without a name")
	}
	d.step()
	op := dirop{text: "rename " + from + " to " + to, set: []entry{{from, nil}, {to, f}}}
	if d.live[to] != nil {
		op.flush = f
	}
	d.tell(op.text)
	d.link(op)
	f.name = to
	return nil
}

// Remove removes a file.
func (d *Disk) Remove(name string) error {
	if _, err := d.find("remove", name); err != nil {
		return err
	}
	d.step()
	op := dirop{text: "remove " + name, set: []entry{{name, nil}}}
	d.tell(op.text)
	d.link(op)
	return nil
}

// RemoveAll removes every file, as Remove does, in the order of List.
func (d *Disk) RemoveAll() error {
	for _, name := range d.List() {
		if err := d.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// Wipe replaces the disk by an empty one, at once: nothing of it can come back.
func (d *Disk) Wipe() {
	if !d.alive() {
		return
	}
	d.step()
	d.tell("wipe")
	d.clear()
}

func (d *drive) clear() {
	d.live, d.entries = map[string]*file{}, map[string]*file{}
	d.ops, d.lost = nil, nil
}
