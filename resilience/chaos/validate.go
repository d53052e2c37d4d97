package chaos

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// An Error says what is wrong with a fault of a plan.
type Error struct {
	Fault   int // its position in the plan, from 1
	Problem string
}

// Error returns such as "fault 2 has a negative time, expected 0 or more".
func (e *Error) Error() string { return fmt.Sprintf("fault %d %s", e.Fault, e.Problem) }

// Bounds of what a fault can say.
const (
	MaxTime = 100 * 365 * 24 * time.Hour // of At and For: their sum is a sim.Time
	maxBy   = network.MaxDelay           // of By and Every
	maxSlow = time.Hour                  // of a disk's sync, as package disk has it
	maxFlap = 10_000                     // how often a partition flaps
	maxN    = 1e15
	maxTask = 1e9 // tasks in an inbox
)

// Validate returns an *Error for the first fault that cannot be applied to a
// world with the given hosts; it says what was expected.
func (p Plan) Validate(hosts []string, c Cast) error {
	if len(p) > MaxFaults {
		return &Error{MaxFaults + 1, fmt.Sprintf("is too many, expected at most %d", MaxFaults)}
	}
	named := map[string]*Fault{}
	for i := range p {
		f := &p[i]
		if f.Name == "" || f.Kind == End {
			continue
		}
		if named[f.Name] != nil {
			return &Error{i + 1, fmt.Sprintf("is a second fault named %.60q, expected another name", f.Name)}
		}
		named[f.Name] = f
	}
	who := newStage(hosts, c)
	for i := range p {
		err := p[i].check()
		if err == nil {
			err = p[i].checkTargets(who)
		}
		if err == nil && p[i].Kind == End {
			err = p[i].ends(named[p[i].Name])
		}
		if err != nil {
			return &Error{i + 1, err.Error()}
		}
	}
	return nil
}

// check returns what is wrong with f whatever the hosts are.
func (f *Fault) check() error {
	form, ok := forms[f.Kind]
	switch {
	case !ok:
		return fmt.Errorf("is of kind %.60q, expected one of %s", f.Kind, join(kinds))
	case f.Mode != "" && len(form.modes) == 0:
		return fmt.Errorf("is a %s %.60q, expected no mode: there are none of it", f.Kind, f.Mode)
	case f.Mode != "" && !slices.Contains(form.modes, f.Mode):
		return fmt.Errorf("is a %s %.60q, expected one of %s", f.Kind, f.Mode, listOf(form.modes))
	case f.At < 0 || f.For < 0:
		return errors.New("has a negative time, expected 0 or more")
	case f.At > MaxTime || f.For > MaxTime:
		return fmt.Errorf("has a time beyond %s, expected at most that", MaxTime)
	case f.For > 0 && !f.lasts():
		return fmt.Errorf("is a %s for a while, expected no for: it happens at once", f.sort())
	case f.At > 0 && f.atOnce():
		return fmt.Errorf("is a %s at a time, expected no at: it waits for its message", f.Kind)
	case len(f.String()) > MaxText:
		return fmt.Errorf("has a text of %d bytes, expected at most %d", len(f.String()), MaxText)
	}
	if err := f.checkFields(); err != nil {
		return err
	}
	return f.checkSizes()
}

// lasts reports whether the fault can last for a while.
func (f *Fault) lasts() bool { return forms[f.Kind].lasts && !(f.Kind == Clock && f.Mode == "jump") }

// uses returns the fields that faults of the kind and mode can set.
func (f *Fault) uses() field {
	var all field
	for _, p := range forms[f.Kind].parts {
		all |= p.fields(f)
	}
	return all
}

// checkFields checks that the fault sets no field that its kind does not have.
func (f *Fault) checkFields() error {
	uses := f.uses()
	for _, x := range []struct {
		field field
		set   bool
		name  string
	}{
		{onField, !f.On.blank(), "hosts in On"}, {toField, !f.To.blank(), "hosts in To"},
		{groupsField, len(f.Groups) > 0, "groups"}, {probField, f.Prob != 0, "a probability"},
		{delayField, !f.Delay.IsZero(), "a delay"}, {byField, f.By != 0, "a duration in By"},
		{numberField, f.N != 0, "a number"}, {everyField, f.Every != 0, "a time to flap"},
	} {
		if x.set && uses&x.field == 0 {
			return fmt.Errorf("has %s, expected none: %s has no use for it", x.name, f.sort())
		}
	}
	return nil
}

// sort is how messages call such a fault.
func (f *Fault) sort() string {
	if forms[f.Kind].Class == Noise && f.mode() != "" {
		return string(f.Kind) + " " + f.mode()
	}
	return f.Sort()
}

// checkSizes checks the numbers that the fault has.
func (f *Fault) checkSizes() error {
	uses := f.uses()
	switch {
	case uses&probField != 0 && (f.Prob == 0 || f.Prob > sim.Certain):
		return fmt.Errorf("has the probability %s, expected more than 0%% and at most 100%%", f.Prob)
	case strings.HasPrefix(f.Delay.String(), fromFile):
		return errors.New("has a delay from a file, expected samples: a plan says all that it means")
	case f.Kind == Slowness && f.Delay.IsZero():
		return errors.New("delays by nothing, expected a positive delay")
	case f.Every != 0:
		return f.checkFlapping()
	case uses&byField != 0:
		return f.checkBy()
	}
	return f.checkNumber()
}

func (f *Fault) checkBy() error {
	most := maxBy
	if f.Kind == Disk {
		most = maxSlow
	}
	switch {
	case f.Kind == Clock && (f.By == 0 || f.By < -most || f.By > most):
		return fmt.Errorf("is a clock %s of %s, expected -%s to %s, and not 0", f.mode(), f.By, most, most)
	case f.Kind != Clock && (f.By <= 0 || f.By > most):
		return fmt.Errorf("is a %s by %s, expected a positive duration of at most %s", f.Sort(), f.By, most)
	}
	return f.checkNumber()
}

func (f *Fault) checkNumber() error {
	least, most := int64(1), int64(maxN)
	switch {
	case f.uses()&numberField == 0:
		return nil
	case f.Kind == Clock && (f.N <= -1e9 || f.N > 1e9 || f.N == 0):
		return fmt.Errorf("drifts by %d parts per billion, expected -999999999 to 1000000000, and not 0", f.N)
	case f.Kind == Clock:
		return nil
	case f.mode() == "inbox":
		most = maxTask
	case f.mode() == "disk":
		least = 0
	}
	switch {
	case f.N >= least && f.N <= most:
		return nil
	case f.atOnce():
		return fmt.Errorf("is about message %d, expected %d to %d", f.N, least, most)
	}
	return fmt.Errorf("leaves %d of %s, expected %d to %d", f.N, f.mode(), least, most)
}

func (f *Fault) checkFlapping() error {
	switch {
	case f.Every < 0 || f.For == 0 || f.Every >= f.For:
		return fmt.Errorf("flaps every %s for %s, expected a positive time, and to last longer", f.Every, f.For)
	case f.For/f.Every > maxFlap:
		return fmt.Errorf("flaps %d times, expected at most %d", f.For/f.Every, maxFlap)
	}
	return nil
}

// ends checks an End against the fault that it names, nil if there is none.
func (f *Fault) ends(begun *Fault) error {
	switch {
	case begun == nil:
		return fmt.Errorf("ends %.60q, expected the name of a fault", f.Name)
	case !begun.lasts() && !begun.atOnce():
		return fmt.Errorf("ends %.60q, which is a %s, expected a fault that lasts", f.Name, begun.sort())
	case f.At < begun.At:
		return fmt.Errorf("ends %.60q at %s, expected no earlier than it begins, at %s", f.Name, f.At, begun.At)
	}
	return nil
}

// listOf joins names, and leaves out the middle of many.
func listOf(names []string) string {
	const most = 14
	if n := len(names); n > most {
		names = slices.Concat(names[:most/2], []string{"..."}, names[n-most/2:])
	}
	return strings.TrimPrefix(strings.Join(names, ", "), ", ") // a mode may be "": leave it out
}
