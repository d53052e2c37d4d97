package chaos

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"phoenix/sim"
)

// field names the fields of a Fault that its kind can set, for sets of them.
type field uint

const (
	onField field = 1 << iota
	toField
	groupsField
	probField
	delayField
	byField
	numberField
	everyField
)

// part is a piece of a fault's text.
type part struct {
	// fields are those that it writes of a fault of that mode, besides Mode and Name.
	fields func(f *Fault) field
	// print returns the piece, "" if it is left out.
	print func(f *Fault) string
	// parse takes the piece off the words.
	parse func(l *line, f *Fault) error
}

// just is the fields of a part that has the same in every mode.
func just(fields field) func(*Fault) field { return func(*Fault) field { return fields } }

var onPart = part{
	just(onField),
	func(f *Fault) string { return f.On.String() },
	func(l *line, f *Fault) (err error) { f.On, err = l.target(); return err },
}

var toPart = part{
	just(toField),
	func(f *Fault) string {
		if f.To.IsZero() {
			return ""
		}
		return "to " + f.To.String()
	},
	func(l *line, f *Fault) (err error) {
		if l.take("to") {
			f.To, err = l.target()
		}
		return err
	},
}

// modePart is the mode as a word of its own.
var modePart = part{
	just(0),
	func(f *Fault) string { return f.mode() },
	func(l *line, f *Fault) error {
		modes := forms[f.Kind].modes
		if !slices.Contains(modes, l.peek()) {
			return l.expected("one of " + strings.Join(modes, ", "))
		}
		f.setMode(l.next())
		return nil
	},
}

// wordPart is a mode that may be left out.
var wordPart = part{
	just(0),
	func(f *Fault) string { return f.mode() },
	func(l *line, f *Fault) error {
		if w := l.peek(); w != "" && slices.Contains(forms[f.Kind].modes, w) {
			f.setMode(l.next())
		}
		return nil
	},
}

// optionPart is a mode behind a word, left out if it is the default.
func optionPart(word string) part {
	return part{
		just(0),
		func(f *Fault) string {
			if f.mode() == forms[f.Kind].modes[0] {
				return ""
			}
			return word + " " + f.mode()
		},
		func(l *line, f *Fault) error {
			if !l.take(word) {
				return nil
			}
			return modePart.parse(l, f)
		},
	}
}

var probPart = part{
	just(probField),
	func(f *Fault) string { return f.Prob.String() },
	func(l *line, f *Fault) error {
		p, err := sim.ParseProb(l.peek())
		if err != nil {
			return l.expected("a probability such as 5%")
		}
		f.Prob = p
		l.next()
		return nil
	},
}

var byPart = part{
	just(byField),
	func(f *Fault) string { return "by " + f.By.String() },
	func(l *line, f *Fault) (err error) {
		if !l.take("by") {
			return l.expected("by and a duration")
		}
		f.By, err = l.duration()
		return err
	},
}

var numberPart = part{
	just(numberField),
	func(f *Fault) string { return strconv.FormatInt(f.N, 10) },
	func(l *line, f *Fault) (err error) { f.N, err = l.number(); return err },
}

// clockPart is the size of a clock's fault: drift has parts per billion.
var clockPart = part{
	func(f *Fault) field {
		if f.Mode == "drift" {
			return numberField
		}
		return byField
	},
	func(f *Fault) string {
		if f.Mode == "drift" {
			return numberPart.print(f)
		}
		return f.By.String()
	},
	func(l *line, f *Fault) (err error) {
		if f.Mode == "drift" {
			return numberPart.parse(l, f)
		}
		f.By, err = l.duration()
		return err
	},
}

// diskPart is the size of a disk's fault.
var diskPart = part{
	func(f *Fault) field {
		switch f.mode() {
		case "full", "stall":
			return 0
		case "slow":
			return byField
		}
		return probField
	},
	func(f *Fault) string {
		switch f.mode() {
		case "full", "stall":
			return ""
		case "slow":
			return byPart.print(f)
		}
		return probPart.print(f)
	},
	func(l *line, f *Fault) error {
		switch f.mode() {
		case "full", "stall":
			return nil
		case "slow":
			return byPart.parse(l, f)
		}
		return probPart.parse(l, f)
	},
}

var delayPart = part{
	just(delayField),
	func(f *Fault) string { return f.Delay.String() },
	func(l *line, f *Fault) (err error) { f.Delay, err = l.delay(); return err },
}

// byDelayPart is a delay that may be left out.
var byDelayPart = part{
	just(delayField),
	func(f *Fault) string {
		if f.Delay.IsZero() {
			return ""
		}
		return "by " + f.Delay.String()
	},
	func(l *line, f *Fault) (err error) {
		if l.take("by") {
			f.Delay, err = l.delay()
		}
		return err
	},
}

// linksPart is the mode and whom it concerns.
var linksPart = part{
	func(f *Fault) field {
		switch f.mode() {
		case Everywhere:
			return 0
		case Of:
			return onField
		}
		return onField | toField
	},
	func(f *Fault) string {
		switch f.mode() {
		case Everywhere:
			return Everywhere
		case Of:
			return "of " + f.On.String()
		case Between:
			return "between " + f.On.String() + " and " + f.To.String()
		}
		return "from " + f.On.String() + " to " + f.To.String()
	},
	func(l *line, f *Fault) error {
		if err := modePart.parse(l, f); err != nil || f.mode() == Everywhere {
			return err
		}
		var err error
		if f.On, err = l.target(); err != nil || f.mode() == Of {
			return err
		}
		word := "to"
		if f.mode() == Between {
			word = "and"
		}
		if !l.take(word) {
			return l.expected(word + " and hosts")
		}
		f.To, err = l.target()
		return err
	},
}

var groupsPart = part{
	just(groupsField),
	func(f *Fault) string {
		groups := make([]string, len(f.Groups))
		for i, g := range f.Groups {
			groups[i] = g.String()
		}
		return strings.Join(groups, " | ")
	},
	func(l *line, f *Fault) error {
		for {
			g, err := l.target()
			if err != nil {
				return err
			}
			f.Groups = append(f.Groups, g)
			if !l.take("|") {
				return nil
			}
		}
	},
}

var flappingPart = part{
	just(everyField),
	func(f *Fault) string {
		if f.Every == 0 {
			return ""
		}
		return "flapping " + f.Every.String()
	},
	func(l *line, f *Fault) (err error) {
		if l.take("flapping") {
			f.Every, err = l.duration()
		}
		return err
	},
}

var messagePart = part{
	just(onField | toField | numberField),
	func(f *Fault) string { return fmt.Sprintf("message %d from %s to %s", f.N, f.On, f.To) },
	func(l *line, f *Fault) (err error) {
		if !l.take("message") {
			return l.expected("message and its number on the link")
		}
		if f.N, err = l.number(); err != nil {
			return err
		}
		for _, end := range []struct {
			word string
			t    *Target
		}{{"from", &f.On}, {"to", &f.To}} {
			if !l.take(end.word) {
				return l.expected(end.word + " and a host")
			}
			if *end.t, err = l.target(); err != nil {
				return err
			}
		}
		return nil
	},
}

var namePart = part{
	just(0),
	func(f *Fault) string { return quoteName(f.Name) },
	func(l *line, f *Fault) (err error) { f.Name, err = l.name(); return err },
}
