package disk

import (
	"fmt"
	"time"

	"phoenix/sim"
)

// FaultKind says what a Fault does.
type FaultKind uint8

// The kinds of faults. "Each" says for what the probability is drawn.
const (
	// Torn: a sector that a crash would have kept as last written is written in part:
	// its beginning, or its end, is as before. Each unsynced sector in a crash.
	Torn FaultKind = iota + 1
	// Misdirected: a sector that a sync writes lands on another sector of the disk,
	// and is not where it belongs. Each such sector.
	Misdirected
	// Rot: a bit of a stored sector has flipped when it is read. Each stored sector,
	// once for the injection.
	Rot
	// LostWrite: the disk acknowledges a sector that a sync writes, and does not write
	// it. Each such sector.
	LostWrite
	// LostRename: a rename that was made durable is not there after the next crash.
	// Each rename.
	LostRename
	// Full: what makes a file longer fails with ErrFull. Each such operation.
	Full
	// ReadError: reading fails with ErrIO. Each read.
	ReadError
	// WriteError: a write, truncation or creation fails with ErrIO and does nothing.
	// Each such operation.
	WriteError
	// SyncError: a sync fails with ErrIO, and what it was to make durable never will
	// be, though a second sync succeeds. Each sync.
	SyncError
	// Slow: a sync takes Factor times as long, and Delay longer, also if the fault ends
	// meanwhile, unless it is healed. Each sync.
	Slow
	// Stall: no sync ends until the fault does. Each sync.
	Stall
)

var kindNames = [...]string{Torn: "torn", Misdirected: "misdirected", Rot: "rot", LostWrite: "lost-write",
	LostRename: "lost-rename", Full: "full", ReadError: "read-error", WriteError: "write-error",
	SyncError: "sync-error", Slow: "slow", Stall: "stall"}

// String returns the name of k, such as "lost-write".
func (k FaultKind) String() string {
	if k >= Torn && k <= Stall {
		return kindNames[k]
	}
	return fmt.Sprintf("fault(%d)", uint8(k))
}

// FaultKinds returns all kinds of faults, in order.
func FaultKinds() []FaultKind {
	all := make([]FaultKind, 0, Stall)
	for k := Torn; k <= Stall; k++ {
		all = append(all, k)
	}
	return all
}

// MarshalText returns String.
func (k FaultKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what String returns. On an error k is left as it was.
func (k *FaultKind) UnmarshalText(text []byte) error {
	for i, name := range kindNames {
		if name != "" && name == string(text) {
			*k = FaultKind(i)
			return nil
		}
	}
	return fmt.Errorf("disk fault %.40q: expected one of %s", text, kindNames[1:])
}

// Fault is a way for a disk to misbehave.
type Fault struct {
	Kind FaultKind `json:"kind"`
	// Name tells the fault from others of its kind: what it strikes is drawn from the
	// kind, the name, the disk, the file and the number of the operation or sector.
	Name string `json:"name,omitempty"`
	// Prob is how likely each is struck; 0 stands for certain.
	Prob sim.Prob `json:"prob,omitempty"`
	// File is the only file concerned; "" is all. The directory is not a file.
	File string `json:"file,omitempty"`
	// Factor and Delay are what Slow does to a sync. Factor 0 counts as 1.
	Factor int           `json:"factor,omitempty"`
	Delay  time.Duration `json:"delay,omitempty"`
}

// Check returns an error that names the first field of f that makes no sense.
func (f Fault) Check() error {
	switch {
	case f.Kind < Torn || f.Kind > Stall:
		return fmt.Errorf("disk: %v, expected one of %s", f.Kind, kindNames[1:])
	case f.Prob > sim.Certain:
		return fmt.Errorf("disk: probability %d/2^32 of %v, expected at most 100%%", uint64(f.Prob), f.Kind)
	case f.Factor < 0 || f.Factor > maxFactor:
		return fmt.Errorf("disk: factor %d of %v, expected 0 to %d", f.Factor, f.Kind, maxFactor)
	case f.Delay < 0 || f.Delay > maxLatency:
		return fmt.Errorf("disk: delay %v of %v, expected 0 to %v", f.Delay, f.Kind, maxLatency)
	case f.Kind != Slow && (f.Factor != 0 || f.Delay != 0):
		return fmt.Errorf("disk: %v has a factor or a delay, which only slow has", f.Kind)
	}
	return nil
}

const maxFactor = 1 << 20

// String tells the fault in words, such as "disk rot 1% of wal".
func (f Fault) String() string {
	text := "disk " + f.Kind.String()
	if f.Prob != 0 {
		text += " " + f.Prob.String()
	}
	if f.File != "" {
		text += " of " + f.File
	}
	return text
}

// Injected is a fault in force, or one that was. Its counters go on after its end,
// for the damage that it has left.
type Injected struct {
	Fault
	// Fired counts how often it struck: the sectors that it damaged, the operations
	// that it failed or slowed; for Stall it is 1.
	Fired uint64
	// Effect counts the operations that it failed or delayed, the reads that it gave
	// wrong bytes, and for LostRename the entries that a crash showed as they were before.
	Effect uint64
	// Refused counts the strikes that the fault budget did not allow.
	Refused uint64

	d     *drive
	key   sim.Key
	count *sim.FaultCount
	ended bool
	tried map[place]bool // for Rot: sectors that it has struck, or was refused
}

// A place is a sector on a disk.
type place struct {
	file   *file
	sector int64
}

// Inject puts a fault into force. Several may be, also of one kind. It panics if
// f.Check finds a mistake. The counter of the world is "disk-KIND HOST".
func (d *Disk) Inject(f Fault) *Injected {
	if err := f.Check(); err != nil {
		panic(err.Error())
	}
	i := &Injected{Fault: f, d: d.drive, key: d.key.Sub("fault").Sub(f.Kind.String()).Sub(f.Name),
		count: d.a.w.FaultCount("disk-" + f.Kind.String() + " " + d.host.Name())}
	if i.Prob == 0 {
		i.Prob = sim.Certain
	}
	i.count.Configured++
	d.a.w.Emit(sim.Event{Kind: sim.Fault, Host: d.host.ID(), Peer: sim.NoHost, Name: f.String()})
	d.faults = append(d.faults, i)
	if f.Kind == Stall {
		i.fired()
	}
	return i
}

// End ends the fault. The damage that it has done to the medium stays, see Heal.
// Ending it twice is harmless.
func (i *Injected) End() {
	if i.ended {
		return
	}
	i.ended = true
	d := i.d
	d.a.w.Emit(sim.Event{Kind: sim.Fault, Host: d.host.ID(), Peer: sim.NoHost, Name: i.Fault.String() + " ends"})
	d.faults = without(d.faults, i)
	if i.Kind == Stall {
		d.release()
	}
}

// Heal ends the fault and undoes the damage that it has done to the medium. Syncs under
// way that it slowed take no longer than without it.
func (i *Injected) Heal() {
	i.End()
	i.d.heal(i)
	if i.Kind == Slow {
		i.d.hurry()
	}
}

func (i *Injected) fired()    { i.Fired++; i.count.Fired++ }
func (i *Injected) affected() { i.Effect++; i.count.Effect++ }

// strike is both: it happens, and that is its effect.
func (i *Injected) strike() {
	i.fired()
	i.affected()
}

// concerns reports whether the fault may strike a file; "" is the directory.
func (i *Injected) concerns(name string) bool { return i.File == "" || i.File == name }

// hits draws whether the n-th of what key names is struck.
func (i *Injected) hits(key sim.Key, n uint64) bool {
	return i.Prob.Hit(uint32(i.draw(key, n).Uint64()))
}

// draw returns the randomness of the fault for the n-th of what key names.
func (i *Injected) draw(key sim.Key, n uint64) sim.Key {
	return i.key.Num(key.Uint64()).Num(n)
}

// struck reports whether a fault of a kind strikes an operation on a file, the n-th
// of its sort under key, and counts the first that does.
func (d *drive) struck(kind FaultKind, name string, key sim.Key, n uint64) bool {
	for _, i := range d.faults {
		if i.Kind == kind && i.concerns(name) && i.hits(key, n) {
			i.strike()
			return true
		}
	}
	return false
}

func without(all []*Injected, gone *Injected) []*Injected {
	left := make([]*Injected, 0, len(all))
	for _, i := range all {
		if i != gone {
			left = append(left, i)
		}
	}
	return left
}
