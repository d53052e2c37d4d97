package chaos

import (
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// Fault is one fault of a plan, as data: what happens to whom, from when on, and
// for how long. Its text, see String and ParseFault, is what documents and failure
// files hold. Which of the fields count depends on the kind: see Kinds.
type Fault struct {
	// At is when it begins, in virtual time from the beginning of the world.
	At time.Duration
	// For is how long it lasts: a crash ends by a restart, a pause by a resume, a
	// partition by healing. 0: until another fault, or the end of the chaos, ends it.
	For  time.Duration
	Kind Kind
	// Mode is the variety, where a kind has several; "" is the first.
	Mode string
	// On is whom it strikes; of kinds that concern links, who sends.
	On Target
	// To is who receives.
	To Target
	// Groups are the sides of a partition.
	Groups []Target
	// Prob is of each message, operation or sector, as the kind has it.
	Prob sim.Prob
	// Delay is what messages are delayed by.
	Delay network.Delay
	// By is a duration that belongs to the kind: an offset, a processing time.
	By time.Duration
	// N is a number that belongs to the kind: parts per billion of drift, the
	// number of a message on its link, a capacity.
	N int64
	// Every is after how long a flapping partition heals, and is back again.
	Every time.Duration
	// Name is what End and reports call it; "" lets the text stand for it.
	Name string
}

// Kind says what a fault does.
type Kind string

// The kinds of faults; Kinds tells how each is written.
const (
	Crash     Kind = "crash"     // a host loses all but its disk
	Restart   Kind = "restart"   // a host that is down boots
	Pause     Kind = "pause"     // a host stops and loses nothing
	Resume    Kind = "resume"    // a paused host goes on
	Slow      Kind = "slow"      // each task of a host takes time
	Clock     Kind = "clock"     // a host's clock is off, drifts or jumps
	Disk      Kind = "disk"      // a host's disk misbehaves
	Exhaust   Kind = "exhaust"   // a host runs out of something
	Byzantine Kind = "byzantine" // a host deceives the others
	Loss      Kind = "loss"      // messages are lost
	Slowness  Kind = "delay"     // messages take longer
	Duplicate Kind = "duplicate" // messages come twice
	Reorder   Kind = "reorder"   // messages are held back, and overtaken
	Corrupt   Kind = "corrupt"   // messages are changed on the way
	Clog      Kind = "clog"      // messages stand and wait
	Swizzle   Kind = "swizzle"   // hosts are clogged one by one, and released in another order
	Partition Kind = "partition" // links are cut
	Lose      Kind = "lose"      // one message is lost
	Hold      Kind = "hold"      // one message comes later
	Repeat    Kind = "repeat"    // one message comes twice
	End       Kind = "end"       // the fault of that name is over
)

// The shapes of partitions: modes of Partition.
const (
	Complete = "complete" // no group reaches another; who is in none is with the last
	Partial  = "partial"  // no group reaches another; who is in none reaches all
	OneWay   = "one-way"  // what the first group sends to the second is lost
	Bridge   = "bridge"   // first and third group reach each other only through the second
	Ring     = "ring"     // each host of the only group reaches its two neighbours alone
)

// What becomes of data that was not synced: modes of Crash.
const (
	KeepSome    = "some"    // any part of it may be left
	KeepAll     = "all"     // as when only the process dies
	KeepNothing = "nothing" // what was not synced is gone
)

// Which links: modes of Loss, Slowness, Duplicate, Reorder, Corrupt and Clog.
const (
	From       = "from"       // those from On to To
	Between    = "between"    // those between On and To, in both directions
	Of         = "of"         // all from and to the hosts of On
	Everywhere = "everywhere" // all between different hosts
)

// Class is a sort of faults: what a protocol is meant to survive, and what a swarm
// switches off, is said by class.
type Class string

// The classes of faults.
const (
	Crashes    Class = "crash"
	Pauses     Class = "pause"
	Clocks     Class = "clock"
	Disks      Class = "disk"
	Noise      Class = "noise"
	Partitions Class = "partition"
	Resources  Class = "resource"
	Treason    Class = "byzantine"
)

// Classes returns all classes.
func Classes() []Class {
	return []Class{Crashes, Pauses, Clocks, Disks, Noise, Partitions, Resources, Treason}
}

// setMode sets the variety as Canonical has it.
func (f *Fault) setMode(mode string) {
	if modes := forms[f.Kind].modes; len(modes) > 0 && mode == modes[0] {
		mode = ""
	}
	f.Mode = mode
}

// Canonical returns f as ParseFault returns it: a Mode that is the default is "",
// and what is empty is nil. Two valid faults mean the same if their texts are equal,
// and then their canonical forms are.
func (f Fault) Canonical() Fault {
	f.setMode(f.Mode)
	f.On, f.To = f.On.canonical(), f.To.canonical()
	var groups []Target
	for _, g := range f.Groups {
		groups = append(groups, g.canonical())
	}
	f.Groups = groups
	return f
}

// Class returns what sort of fault k is, and "" for End and for what is no kind.
func (k Kind) Class() Class { return forms[k].Class }

// label is what reports call the fault: its name, or what it does to whom.
func (f *Fault) label() string {
	if f.Name != "" {
		return string(f.Kind) + " " + f.Name
	}
	g := *f
	g.At, g.For = 0, 0
	return g.text(false)
}

// Sort is what faults like this one are added up under: its kind, and the mode
// where the modes are different things, such as "disk rot".
func (f Fault) Sort() string {
	switch f.Kind {
	case Clock, Disk, Exhaust, Byzantine:
		return string(f.Kind) + " " + f.mode()
	}
	return string(f.Kind)
}
