package chaos

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"phoenix/network"
	"phoenix/sim"
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

// Validate returns an error that names the first fault, by position from 1, that
// cannot be applied to a world with the given hosts, and says what was expected.
func Validate(faults []Fault, hosts []string) error {
	partitions := map[string]bool{}
	for i := range faults {
		p := faults[i].Partition
		if p == nil {
			continue
		}
		if p.Name != "" && !plainName.MatchString(p.Name) {
			return fmt.Errorf("fault %d names a partition %.60q, expected letters, digits and any of -_.", i+1, p.Name)
		}
		name := p.name(i)
		if partitions[name] {
			return fmt.Errorf("fault %d is a second partition named %q, expected another name", i+1, name)
		}
		partitions[name] = true
	}
	for i := range faults {
		if err := faults[i].check(hosts, partitions); err != nil {
			return fmt.Errorf("fault %d %w", i+1, err)
		}
	}
	return nil
}

func (f *Fault) check(hosts []string, partitions map[string]bool) error {
	name, targets, err := f.action()
	switch {
	case err != nil:
		return err
	case f.At < 0 || f.For < 0:
		return errors.New("has a negative time, expected 0 or more")
	case f.For > 0 && (f.Heal != "" || f.Restart != nil || f.Resume != nil):
		return fmt.Errorf("is a %s for a while, expected that of crash, pause or partition only", name)
	case f.Heal != "" && !partitions[f.Heal]:
		return fmt.Errorf("heals %q, expected the name of a partition", f.Heal)
	case f.Partition != nil:
		if err := f.Partition.check(); err != nil {
			return fmt.Errorf("has a partition that %w", err)
		}
	case f.Heal == "" && len(targets) == 0:
		return fmt.Errorf("says to %s nobody, expected the names of hosts", name)
	}
	for i, t := range targets {
		if !slices.Contains(hosts, t) {
			return fmt.Errorf("names the host %.60q, expected one of %s", t, listOf(hosts))
		}
		if slices.Contains(targets[:i], t) {
			return fmt.Errorf("names the host %q twice, expected each once", t)
		}
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

// Apply schedules the faults in the world of n, all hosts of which exist, and
// counts them as configured. What is to happen at one instant does so in order of
// the list. It panics if Validate refuses them.
func Apply(n *network.Network, faults []Fault) {
	w := n.World()
	var names []string
	for _, h := range w.Hosts() {
		names = append(names, h.Name())
	}
	if err := Validate(faults, names); err != nil {
		panic("chaos: " + err.Error())
	}
	plan := &plan{n: n, w: w, partitions: map[string]*network.Partition{}}
	for i := range faults {
		plan.schedule(i, &faults[i])
	}
}

type plan struct {
	n          *network.Network
	w          *sim.World
	partitions map[string]*network.Partition // those that began, by name
}

// schedule counts a fault as configured and has it happen.
func (p *plan) schedule(i int, f *Fault) {
	at := sim.Time(f.At)
	end := at.Add(f.For)
	each := func(targets []string, kind string, begin, finish func(*sim.Host)) {
		for _, name := range targets {
			h := p.w.Lookup(name)
			p.w.FaultCount(kind+" "+name).Configured++
			p.w.At(at, func() { begin(h) })
			if f.For > 0 {
				p.w.At(end, func() { finish(h) })
			}
		}
	}
	each(f.Crash, "crash", (*sim.Host).Crash, (*sim.Host).Restart)
	each(f.Restart, "restart", (*sim.Host).Restart, nil)
	each(f.Pause, "pause", (*sim.Host).Pause, (*sim.Host).Resume)
	for _, name := range f.Resume {
		h := p.w.Lookup(name)
		p.w.At(at, h.Resume)
	}
	if f.Partition != nil {
		p.partition(i, f, at, end)
	}
	if f.Heal != "" {
		p.w.At(at, func() { p.heal(f.Heal) })
	}
}

func (p *plan) partition(i int, f *Fault, at, end sim.Time) {
	name := f.Partition.name(i)
	cut := p.cut(f.Partition)
	p.w.FaultCount("partition "+name).Configured++
	p.w.At(at, func() { p.partitions[name] = p.n.Partition(name, cut) })
	if f.For > 0 {
		p.w.At(end, func() { p.heal(name) })
	}
}

func (p *plan) heal(name string) {
	if q := p.partitions[name]; q != nil {
		q.Heal()
	}
}

// cut resolves the names of a partition.
func (p *plan) cut(d *Partition) network.Cut {
	groups := make([][]network.ID, len(d.Groups))
	for i, g := range d.Groups {
		for _, name := range g {
			groups[i] = append(groups[i], p.w.Lookup(name).ID())
		}
	}
	switch d.kind() {
	case OneWay:
		return network.OneWay(groups[0], groups[1])
	case Bridge:
		return network.Bridge(groups[0], groups[2])
	case Ring:
		return network.Ring(groups[0]...)
	}
	return network.Complete(groups...)
}
