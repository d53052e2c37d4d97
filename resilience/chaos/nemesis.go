package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"phoenix/sim"
)

// Cluster is what a nemesis has to know of whom it plagues. There is at least one
// server, unless nothing is to be drawn.
type Cluster struct {
	Servers, Clients []string
	// Survives are the classes of faults that the servers are meant to survive.
	Survives []Class
	// Forgetful says that a server which crashed has lost what it promised: then at
	// most a minority of them ever crashes, and pauses hit only others.
	Forgetful bool
	// Drift is how fast or slow clocks may get, in parts per billion; 0 means
	// DefaultDrift. It must not be negative.
	Drift int64
	// Disk are the modes of disk faults that the servers survive; none means slow,
	// stall and torn, which take nothing that was confirmed and fail nothing.
	Disk []string
	// Leader is the role of whom to isolate, such as "role:leader"; "" isolates any.
	Leader string
}

// DefaultDrift is 5%.
const DefaultDrift = 50_000_000

// minority returns how many of the servers may fail while a majority is left.
func (c *Cluster) minority() int { return max(0, (len(c.Servers)-1)/2) }

// Nemesis says how to draw a plan from a seed. The zero value draws nothing.
type Nemesis struct {
	// Name is one of Nemeses; "" is random.
	Name string `json:"name,omitempty"`
	// Faults is how many to draw, up to 1000; 0 is none. Some bring others with
	// them without which nobody felt them: a crash for torn sectors, a slow host for a
	// small inbox.
	Faults int `json:"faults,omitempty"`
	// Classes are those to draw from; none means those that the cluster survives.
	Classes []Class `json:"classes,omitempty" yaml:"classes,omitempty,flow"`
	// Within is the time in which they begin; 0 means a second, and less than a
	// millisecond means that. A nemesis that strikes in turns needs it once for each
	// two to five faults, see NemesisDoc.
	Within time.Duration `json:"within,omitempty"`
}

// Bounds of a Nemesis: its last turn must begin before MaxTime.
const (
	maxDrawn  = 1000
	maxWithin = 1000 * time.Hour
)

// Random is the nemesis that draws single faults.
const Random = "random"

// nemesis is how one of them draws.
type nemesis struct {
	name string
	// class is all that it draws; "" is any.
	class Class
	does  string
	draw  func(s *storm, faults int) Plan
}

var nemeses = []nemesis{
	{Random, "", "single faults of all classes in turn", (*storm).random},
	{"one-node", "", "one server suffers everything, the others nothing; 3 times", (*storm).oneNode},
	{"swarm", "", "as random, but the seed switches about half of the classes off", (*storm).swarm},
	{"majority", Partitions, "a minority is cut off from the rest, with clients on both sides; 3 times",
		turns(3, (*storm).majority)},
	{"bridge", Partitions, "two sides see each other only through one server; 3 times", turns(3, (*storm).bridge)},
	{"ring", Partitions, "each server sees its two neighbours alone; 3 times", turns(3, (*storm).ring)},
	{"flapping", Partitions, "a partition comes and goes, and comes and goes; twice", turns(2, (*storm).flapping)},
	{"isolate", Partitions, "the leader, or one server after the other, is cut off from all; 3 times",
		turns(3, (*storm).isolate)},
	{"rolling-restart", Crashes, "one server after the other goes down and comes back; 5 times",
		turns(5, (*storm).restart)},
	{"swizzle", Noise, "servers are clogged one by one and released in another order; 3 times",
		turns(3, (*storm).swizzle)},
}

// Nemeses returns the names of all nemeses.
func Nemeses() []string {
	var names []string
	for _, n := range nemeses {
		names = append(names, n.name)
	}
	return names
}

// NemesisDoc returns what a nemesis does, in a line, and "" for a name that none has.
// A number of times is how often it strikes in Nemesis.Within.
func NemesisDoc(name string) string {
	for _, n := range nemeses {
		if n.name == name {
			return n.does
		}
	}
	return ""
}

// Check returns an error if n names a nemesis or a class that does not exist, or asks
// for too much.
func (n Nemesis) Check() error {
	switch {
	case n.Name != "" && !slices.Contains(Nemeses(), n.Name):
		return fmt.Errorf("is named %.60q, expected one of %s", n.Name, strings.Join(Nemeses(), ", "))
	case n.Faults < 0 || n.Faults > maxDrawn:
		return fmt.Errorf("draws %d faults, expected 0 to %d", n.Faults, maxDrawn)
	case n.Within < 0 || n.Within > maxWithin:
		return fmt.Errorf("draws them within %s, expected 0 (that is 1s) to %s", n.Within, maxWithin)
	}
	for _, class := range n.Classes {
		if !slices.Contains(Classes(), class) {
			return fmt.Errorf("has the class %.60q, expected one of %v", class, Classes())
		}
	}
	return nil
}

// Plan draws the plan: in order of time, with the names of hosts, in canonical form.
// Each fault is drawn from a key of its own, by its class and number: one more or less
// leaves the others as they are. Classes of which nothing can strike the cluster are
// left out, so the plan may be empty. It panics if Check finds a mistake.
func (n Nemesis) Plan(key sim.Key, c *Cluster) Plan {
	if err := n.Check(); err != nil {
		panic("chaos: the nemesis " + err.Error())
	}
	s := newStorm(key, c, max(cmp.Or(n.Within, time.Second), time.Millisecond))
	s.allow(n.Classes)
	for _, kind := range nemeses {
		if kind.name != cmp.Or(n.Name, Random) {
			continue
		}
		if kind.class != "" {
			s.classes = slices.DeleteFunc(s.classes, func(c Class) bool { return c != kind.class })
		}
		if len(s.classes) > 0 {
			return Merge(kind.draw(s, n.Faults)).Canonical()
		}
	}
	return nil
}
