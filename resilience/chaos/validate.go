package chaos

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Validate returns an error that names the first fault, by position from 1, that
// cannot be applied to a world with the given hosts, and says what was expected.
func Validate(faults []Fault, hosts []string) error {
	c := cast{hosts: hosts, known: map[string]bool{}, partitions: map[string]bool{}}
	for _, h := range hosts {
		c.known[h] = true
	}
	for i := range faults {
		p := faults[i].Partition
		if p == nil {
			continue
		}
		if p.Name != "" && !plainName.MatchString(p.Name) {
			return fmt.Errorf("fault %d names a partition %.60q, expected letters, digits and any of -_.", i+1, p.Name)
		}
		name := p.name(i)
		if c.partitions[name] {
			return fmt.Errorf("fault %d is a second partition named %q, expected another name", i+1, name)
		}
		c.partitions[name] = true
	}
	for i := range faults {
		if err := c.check(&faults[i]); err != nil {
			return fmt.Errorf("fault %d %w", i+1, err)
		}
	}
	return nil
}

// cast is whom and what faults may name.
type cast struct {
	hosts             []string
	known, partitions map[string]bool
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
	case f.Heal != "" && !c.partitions[f.Heal]:
		return fmt.Errorf("heals %q, expected the name of a partition", f.Heal)
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
