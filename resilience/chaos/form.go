package chaos

import (
	"slices"
	"strings"
)

// Form is how faults of a kind are written, for people to read.
type Form struct {
	Kind  Kind
	Class Class
	// Written is what the text looks like behind its time. Capitals stand for what is
	// to be filled in, brackets for what may be left out, bars for a choice.
	Written string
	// Does tells what happens.
	Does string
	// Example is the text of a fault.
	Example string
}

// String returns what is written, what it does and an example, on three lines.
func (f Form) String() string { return f.Written + "\n    " + f.Does + "\n    " + f.Example }

// Forms returns how each kind of fault is written, in order of Kinds. In front of
// what a Form has stand the optional "at DURATION" and "for DURATION", and behind it
// "as NAME".
func Forms() []Form {
	all := make([]Form, len(kinds))
	for i, k := range kinds {
		all[i] = forms[k].Form
	}
	return all
}

// Kinds returns all kinds.
func Kinds() []Kind { return slices.Clone(kinds) }

// form is how faults of a kind are written, for the parser and the printer.
type form struct {
	Form
	// modes are the varieties; the first is the default.
	modes []string
	parts []part
	// lasts says whether it can last for a while.
	lasts bool
}

var (
	forms map[Kind]form       // the grammar: the same parts print and parse
	kinds []Kind              // in order of the documentation
	words = map[string]bool{} // words of the grammar: they cannot be names, unless quoted
)

func init() { // what forms hold refers to forms
	all := slices.Concat(hostForms(), linkForms())
	forms = make(map[Kind]form, len(all))
	for _, f := range all {
		forms[f.Kind] = f
		kinds = append(kinds, f.Kind)
		for _, m := range f.modes {
			words[m] = true
		}
	}
	for w := range strings.FieldsSeq("at for as of to from between and by keeping flapping message |") {
		words[w] = true
	}
}

// diskModes are the faults of disks, see package disk.
var diskModes = []string{"torn", "misdirected", "rot", "lost-write", "lost-rename", "read-error", "write-error",
	"sync-error", "full", "slow", "stall"}

// hostForms are those of faults that strike hosts.
func hostForms() []form {
	return []form{
		{Form{Crash, Crashes, "crash HOSTS [keeping some|all|nothing]",
			"hosts lose all but their disk, of what is not synced some, all or nothing is left; they boot when it is over",
			"at 1s for 500ms crash s1"},
			[]string{KeepSome, KeepAll, KeepNothing}, []part{onPart, optionPart("keeping")}, true},
		{Form{Restart, Crashes, "restart HOSTS [wiped]",
			"hosts that are down boot, with their disk or with an empty one", "at 2s restart s1 wiped"},
			[]string{"", "wiped"}, []part{onPart, wordPart}, false},
		{Form{Pause, Pauses, "pause HOSTS", "hosts stop, and later go on as if nothing had happened",
			"at 1s for 200ms pause s1 s2"},
			nil, []part{onPart}, true},
		{Form{Resume, Pauses, "resume HOSTS", "paused hosts go on", "at 2s resume s1"},
			nil, []part{onPart}, false},
		{Form{Slow, Pauses, "slow HOSTS by DURATION", "each task of the hosts takes that long",
			"at 1s for 1s slow s1 by 5ms"},
			nil, []part{onPart, byPart}, true},
		{Form{Clock, Clocks, "clock HOSTS offset|jump DURATION, clock HOSTS drift NUMBER",
			"clocks are off until it is over, jump for good, or gain so many nanoseconds a second",
			"at 1s for 1s clock s1 drift 50000000"},
			[]string{"offset", "jump", "drift"}, []part{onPart, modePart, clockPart}, true},
		{Form{Disk, Disks, "disk HOSTS " + strings.Join(diskModes[:8], "|") + " PROBABILITY, " +
			"disk HOSTS full|stall, disk HOSTS slow by DURATION",
			"disks damage, lose or refuse so many sectors or operations, are full, or syncs take longer or do not end",
			"at 1s for 1s disk s1 sync-error 5%"},
			diskModes, []part{onPart, modePart, diskPart}, true},
		{Form{Exhaust, Resources, "exhaust HOSTS inbox|bandwidth|disk NUMBER",
			"hosts take so many waiting tasks, have links of so many bytes a second, or can write so many bytes to disk",
			"at 1s for 1s exhaust s1 inbox 2"},
			[]string{"inbox", "bandwidth", "disk"}, []part{onPart, modePart, numberPart}, true},
		{Form{Byzantine, Treason, "byzantine HOSTS equivocate|lie|silent|replay|corrupt PROBABILITY [to HOSTS]",
			"hosts deceive the others, or those named: two stories, one lie, no message, an old one, or any change",
			"at 1s for 1s byzantine s1 lie 50% to s2"},
			[]string{"equivocate", "lie", "silent", "replay", "corrupt"},
			[]part{onPart, modePart, probPart, toPart}, true},
	}
}

// linkForms are those of faults that strike links and messages.
func linkForms() []form {
	where := []string{From, Between, Of, Everywhere}
	const links = " from HOSTS to HOSTS | between HOSTS and HOSTS | of HOSTS | everywhere"
	const message = " message NUMBER from HOST to HOST"
	shapes := []string{Complete, Partial, OneWay, Bridge, Ring}
	return []form{
		{Form{Loss, Noise, "loss PROBABILITY" + links, "each message may be lost",
			"at 1s for 1s loss 20% from s1 to s2"},
			where, []part{probPart, linksPart}, true},
		{Form{Slowness, Noise, "delay DELAY" + links, "each message takes longer",
			"at 1s for 1s delay uniform(10ms, 50ms) of s1"},
			where, []part{delayPart, linksPart}, true},
		{Form{Duplicate, Noise, "duplicate PROBABILITY" + links, "each message may come twice",
			"at 1s for 1s duplicate 50% everywhere"},
			where, []part{probPart, linksPart}, true},
		{Form{Reorder, Noise, "reorder PROBABILITY [by DELAY]" + links,
			"each message may be held back, so that others overtake it",
			"at 1s for 1s reorder 30% by 40ms between s1 and s2"},
			where, []part{probPart, byDelayPart, linksPart}, true},
		{Form{Corrupt, Noise, "corrupt PROBABILITY" + links,
			"each message may be changed on the way, or lost if that is noticed",
			"at 1s for 1s corrupt 10% of s1"},
			where, []part{probPart, linksPart}, true},
		{Form{Clog, Noise, "clog" + links, "messages stand and wait until it is over",
			"at 1s for 300ms clog from s1 to s2 s3"},
			where, []part{linksPart}, true},
		{Form{Swizzle, Noise, "swizzle HOSTS", "hosts are clogged one by one, and released in another order",
			"at 1s for 1s swizzle s1 s2 s3"},
			nil, []part{onPart}, true},
		{Form{Partition, Partitions, "partition " + strings.Join(shapes, "|") + " HOSTS | HOSTS ... [flapping DURATION]",
			"no group reaches another, the first does not reach the second, the first and third have only the second " +
				"between them, or each host of one group has two neighbours; flapping is cut and healed in turns. " +
				"A host of two groups is of the first, one of none is with the last if complete, else reaches all",
			"at 1s for 2s partition one-way s1 | s2 s3"},
			shapes, []part{modePart, groupsPart, flappingPart}, true},
		{Form{Lose, Noise, "lose" + message, "one message is lost, the first that one host sends the other is 1",
			"lose message 3 from s1 to s2"},
			nil, []part{messagePart}, false},
		{Form{Hold, Noise, "hold" + message + " by DURATION", "one message comes later",
			"hold message 3 from s1 to s2 by 50ms"},
			nil, []part{messagePart, byPart}, false},
		{Form{Repeat, Noise, "repeat" + message + " by DURATION", "one message comes once more, so long after it was sent",
			"repeat message 3 from s1 to s2 by 50ms"},
			nil, []part{messagePart, byPart}, false},
		{Form{End, "", "end NAME", "the fault of that name is over", "at 3s end cut"},
			nil, []part{namePart}, false},
	}
}

// atOnce reports whether the fault is about one message, whenever it is sent.
func (f *Fault) atOnce() bool { return f.Kind == Lose || f.Kind == Hold || f.Kind == Repeat }

// mode returns the variety, the default for "".
func (f *Fault) mode() string {
	if modes := forms[f.Kind].modes; f.Mode == "" && len(modes) > 0 {
		return modes[0]
	}
	return f.Mode
}
