package chaos

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// An Error says what is wrong with a fault of a list.
type Error struct {
	Fault   int // its position in the list, from 1
	Problem string
}

// Error returns such as "fault 2 has a negative time, expected 0 or more".
func (e *Error) Error() string { return fmt.Sprintf("fault %d %s", e.Fault, e.Problem) }

// Validate returns an *Error for the first fault that cannot be applied to a
// world with the given hosts; it says what was expected.
func Validate(faults []Fault, hosts []string) error {
	c := cast{hosts: hosts, known: map[string]bool{}, partitions: map[string]time.Duration{}}
	for _, h := range hosts {
		c.known[h] = true
	}
	for i := range faults {
		if p := faults[i].Partition; p != nil {
			if err := c.introduce(p.Name, p.name(i), faults[i].At); err != nil {
				return &Error{i + 1, err.Error()}
			}
		}
	}
	for i := range faults {
		if err := c.check(&faults[i]); err != nil {
			return &Error{i + 1, err.Error()}
		}
	}
	return nil
}

// cast is whom and what faults may name.
type cast struct {
	hosts      []string
	known      map[string]bool
	partitions map[string]time.Duration // when they begin
}

// introduce adds a partition by the name that it was given and the one it has.
func (c *cast) introduce(given, name string, at time.Duration) error {
	if given != "" && !plainName.MatchString(given) {
		return fmt.Errorf("names a partition %.60q, expected letters, digits and any of -_. in it", given)
	}
	if _, ok := c.partitions[name]; ok {
		return fmt.Errorf("is a second partition named %q, expected another name", name)
	}
	c.partitions[name] = at
	return nil
}

func (c *cast) check(f *Fault) error {
	name, targets, err := f.action()
	switch {
	case err != nil:
		return err
	case f.At < 0 || f.For < 0:
		return errors.New("has a negative time, expected 0 or more")
	case f.For > 0 && (f.Heal != "" || f.Restart != nil || f.Resume != nil):
		return fmt.Errorf("is a %s for a while, expected that of crash, pause or partition only", name)
	case f.Heal != "":
		return c.heals(f)
	case f.Partition != nil:
		if err := f.Partition.check(); err != nil {
			return fmt.Errorf("has a partition that %w", err)
		}
	case f.Heal == "" && len(targets) == 0:
		return fmt.Errorf("says to %s nobody, expected the names of hosts", name)
	}
	seen := map[string]bool{}
	for _, t := range targets {
		if !c.known[t] {
			return fmt.Errorf("names the host %.60q, expected one of %s", t, listOf(c.hosts))
		}
		if seen[t] {
			return fmt.Errorf("names the host %q twice, expected each once", t)
		}
		seen[t] = true
	}
	return nil
}

// listOf joins names, and leaves out the middle of many.
func listOf(names []string) string {
	const most = 12
	if n := len(names); n > most {
		names = slices.Concat(names[:most/2], []string{"..."}, names[n-most/2:])
	}
	return strings.Join(names, ", ")
}

// groupsOf is how many groups each kind takes; 0 means two or more.
var groupsOf = map[Kind]int{Complete: 0, OneWay: 2, Bridge: 3, Ring: 1}

// minRing is the least number of hosts that are not all neighbours in a ring.
const minRing = 4

// plainName is what a partition may be called: it stands in files and reports.
var plainName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func (p *Partition) check() error {
	want, ok := groupsOf[p.kind()]
	if !ok {
		return fmt.Errorf("is of kind %.60q, expected one of %v", p.Kind, Kinds())
	}
	if want == 0 && len(p.Groups) < 2 {
		return fmt.Errorf("has %d groups, expected at least 2", len(p.Groups))
	}
	if want > 0 && len(p.Groups) != want {
		return fmt.Errorf("is of kind %s and has %d groups, expected %d", p.kind(), len(p.Groups), want)
	}
	for i, g := range p.Groups {
		if len(g) == 0 {
			return fmt.Errorf("has an empty group %d, expected the names of hosts", i+1)
		}
	}
	if n := len(p.Groups[0]); p.kind() == Ring && n < minRing {
		return fmt.Errorf("is a ring of %d hosts, expected at least %d: fewer are all neighbours", n, minRing)
	}
	return nil
}

// heals checks the end of a partition.
func (c *cast) heals(f *Fault) error {
	at, ok := c.partitions[f.Heal]
	switch {
	case !ok:
		return fmt.Errorf("heals %q, expected the name of a partition", f.Heal)
	case f.At < at:
		return fmt.Errorf("heals %q at %s, expected no earlier than it begins, at %s", f.Heal, f.At, at)
	}
	return nil
}
