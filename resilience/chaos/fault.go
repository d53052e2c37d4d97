package chaos

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Fault is one timed fault. Exactly one of Crash, Restart, Pause, Resume,
// Partition and Heal says what it is. It reads and writes as YAML and JSON; JSON
// has durations in nanoseconds.
//
// Faults do not add up: to crash a host that is down does nothing, and whatever
// restarts or resumes it first ends both. Partitions do add up: a link works when
// none cuts it.
type Fault struct {
	At time.Duration `json:"at"`
	// For ends a crash by a restart, a pause by a resume and a partition by
	// healing, that long after At; 0 means not by itself.
	For       time.Duration `json:"for,omitempty"`
	Crash     []string      `json:"crash,omitempty" yaml:"crash,omitempty,flow"`
	Restart   []string      `json:"restart,omitempty" yaml:"restart,omitempty,flow"`
	Pause     []string      `json:"pause,omitempty" yaml:"pause,omitempty,flow"`
	Resume    []string      `json:"resume,omitempty" yaml:"resume,omitempty,flow"`
	Partition *Partition    `json:"partition,omitempty"`
	Heal      string        `json:"heal,omitempty"` // the name of a partition
}

// Partition says which links are cut. Hosts that are not in a group are not
// concerned.
type Partition struct {
	// Name is what Heal and reports call it: letters, digits and any of -_. and
	// different from those of the others; "" numbers it: the third fault is p3.
	Name string `json:"name,omitempty"`
	// Kind is one of Kinds; "" means Complete.
	Kind Kind `json:"kind,omitempty"`
	// Groups of host names: see Kind.
	Groups [][]string `json:"groups" yaml:"groups,flow"`
}

// Kind is the shape of a partition.
type Kind string

// The kinds of partition.
const (
	Complete Kind = "complete" // the groups are cut off from each other
	OneWay   Kind = "one-way"  // what the first group sends to the second is lost
	Bridge   Kind = "bridge"   // first and third group reach each other only through the second
	Ring     Kind = "ring"     // each host of the only group reaches its two neighbours alone
)

// Kinds returns all kinds of partition.
func Kinds() []Kind { return []Kind{Complete, OneWay, Bridge, Ring} }

// action returns the name and the targets of the fault, and an error unless
// there is exactly one.
func (f *Fault) action() (name string, hosts []string, err error) {
	var names []string
	add := func(given bool, n string, targets []string) {
		if given {
			names = append(names, n)
			name, hosts = n, targets
		}
	}
	add(f.Crash != nil, "crash", f.Crash)
	add(f.Restart != nil, "restart", f.Restart)
	add(f.Pause != nil, "pause", f.Pause)
	add(f.Resume != nil, "resume", f.Resume)
	if f.Partition != nil {
		add(true, "partition", slices.Concat(f.Partition.Groups...))
	}
	add(f.Heal != "", "heal", nil)
	switch len(names) {
	case 0:
		return "", nil, errors.New("says nothing to do, expected one of crash, restart, pause, resume, partition, heal")
	case 1:
		return name, hosts, nil
	}
	return "", nil, fmt.Errorf("says %s, expected only one of them", strings.Join(names, " and "))
}

// String tells the fault in a line, such as "at 1s crash s1 for 500ms".
func (f Fault) String() string {
	name, hosts, err := f.action()
	if err != nil {
		return fmt.Sprintf("at %s (%v)", f.At, err)
	}
	s := fmt.Sprintf("at %s %s", f.At, name)
	switch {
	case f.Partition != nil:
		s += " " + f.Partition.String()
	case f.Heal != "":
		s += " " + f.Heal
	default:
		s += " " + strings.Join(hosts, " ")
	}
	if f.For > 0 {
		s += " for " + f.For.String()
	}
	return s
}

// String tells what is cut, such as "n1 one-way s1 | s2 s3".
func (p *Partition) String() string {
	groups := make([]string, len(p.Groups))
	for i, g := range p.Groups {
		groups[i] = strings.Join(g, " ")
	}
	s := fmt.Sprintf("%s %s", p.kind(), strings.Join(groups, " | "))
	if p.Name != "" {
		s = p.Name + " " + s
	}
	return s
}

// name returns what the partition of the i-th fault, from 0, is called.
func (p *Partition) name(i int) string {
	if p.Name == "" {
		return fmt.Sprintf("p%d", i+1)
	}
	return p.Name
}

func (p *Partition) kind() Kind {
	if p.Kind == "" {
		return Complete
	}
	return p.Kind
}
