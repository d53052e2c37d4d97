package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"phoenix/network"
	"phoenix/resilience/chaos"
	"phoenix/sim/disk"
)

// Config is what a scenario can be told: the parameters that a document sets. A
// field that a document leaves out keeps the scenario's default.
type Config struct {
	Servers  int          `json:"servers"`
	Clients  int          `json:"clients"`
	Workload Workload     `json:"workload"`
	Links    network.Link `json:"links"`
	Regions  *Regions     `json:"regions,omitempty"`
	// Racks are hosts that fail together, by a name: plans call them rack:NAME.
	Racks map[string][]string `json:"racks,omitempty" yaml:"racks,omitempty,flow"`
	// Nemesis draws faults from the seed; Faults lists them. A document that
	// lists faults has no nemesis unless it says so.
	Nemesis chaos.Nemesis `json:"nemesis,omitempty"`
	Faults  chaos.Plan    `json:"faults,omitempty"`
	// Disk is what the hosts have.
	Disk disk.Config `json:"disk,omitempty"`
	// Until ends the chaos at a virtual time: when the operations have not ended
	// then.
	Until time.Duration `json:"until"`
	// Heal is how long the cluster may take to work again after the chaos, when all
	// faults have ended and links lose nothing; 0 leaves that phase out.
	Heal time.Duration `json:"heal,omitempty"`
	// Events ends a run after so many events: a bound on runs that never rest.
	Events uint64 `json:"events"`
	// Interleave has the seed decide the order of what is due at one instant.
	Interleave bool `json:"interleave,omitempty"`
	// CheckMutation catches nodes that change a message after sending it. It does
	// not change what happens, and costs an encoding a message.
	CheckMutation bool `json:"check_mutation,omitempty"`
	// Bug switches on a planted bug of the scenario, by name.
	Bug string `json:"bug,omitempty"`
}

// Workload is what each client does.
type Workload struct {
	Operations int           `json:"operations"` // of each client
	Keys       int           `json:"keys"`
	Reads      network.Prob  `json:"reads"` // of each operation
	CAS        network.Prob  `json:"cas"`   // of each operation that is not a read
	Think      network.Delay `json:"think"` // before each operation
	// Timeout is after how long a client gives up an operation, whose outcome is
	// then unknown.
	Timeout time.Duration `json:"timeout"`
}

// Regions places hosts, and says how far the places are from each other.
type Regions struct {
	Hosts   map[string][]string `json:"hosts"`   // by region
	Latency []Latency           `json:"latency"` // one way, the same in both directions
}

// Latency is the one-way delay between two regions, or within one.
type Latency struct {
	Between [2]string     `json:"between" yaml:"between,flow"`
	Delay   network.Delay `json:"delay"`
}

// Bounds that keep a mistyped document from taking all memory.
const (
	maxHosts      = 1000
	maxOperations = 1_000_000 // of all clients
	maxKeys       = 10_000
	maxFaults     = 1000
	maxEvents     = 100_000_000
)

// hosts returns the names of the hosts: servers s1, s2, … and clients c1, c2, ….
func (c *Config) hosts() (servers, clients []string) {
	for i := range c.Servers {
		servers = append(servers, fmt.Sprintf("s%d", i+1))
	}
	for i := range c.Clients {
		clients = append(clients, fmt.Sprintf("c%d", i+1))
	}
	return servers, clients
}

// An Invalid error names the field of a Config that cannot be, as a path such as
// "workload.keys".
type Invalid struct {
	Field   string
	Problem string
}

// Error returns the field and the problem.
func (e *Invalid) Error() string { return e.Field + " " + e.Problem }

// validate returns an *Invalid for the first field that is wrong.
func (c *Config) validate(roles []string) error {
	if err := c.validateNumbers(); err != nil {
		return err
	}
	if err := c.validateTimes(); err != nil {
		return err
	}
	switch l := &c.Links; {
	case c.Events == 0 || c.Events > maxEvents:
		return &Invalid{"events", fmt.Sprintf("is %d, expected 1 to %d", c.Events, maxEvents)}
	case l.Bandwidth < 0:
		return &Invalid{"links.bandwidth", "is negative, expected bytes a second, or 0 for no bound"}
	case l.Queue < 0:
		return &Invalid{"links.queue", "is negative, expected bytes, or 0 for the default"}
	}
	servers, clients := c.hosts()
	names := slices.Concat(servers, clients)
	if err := c.validateFaults(names, roles); err != nil {
		return err
	}
	if err := c.Regions.validate(names); err != nil {
		return err
	}
	return validatePlaces("racks", "rack", c.Racks, names)
}

func (c *Config) validateNumbers() error {
	n := &c.Nemesis
	for _, r := range []struct {
		field     string
		n, lo, hi int
	}{
		{"servers", c.Servers, 1, maxHosts},
		{"clients", c.Clients, 0, maxHosts},
		{"workload.operations", c.Workload.Operations, 0, maxOperations / max(1, c.Clients)},
		{"workload.keys", c.Workload.Keys, 1, maxKeys},
		{"nemesis.faults", n.Faults, 0, maxFaults},
	} {
		if r.n < r.lo || r.n > r.hi {
			return &Invalid{r.field, fmt.Sprintf("is %d, expected %d to %d", r.n, r.lo, r.hi)}
		}
	}
	return nil
}

func (c *Config) validateTimes() error {
	for _, r := range []struct {
		field string
		d     time.Duration
		zero  bool // allowed
	}{
		{"workload.timeout", c.Workload.Timeout, false},
		{"until", c.Until, false},
		{"heal", c.Heal, true},
		{"nemesis.within", c.Nemesis.Within, true},
	} {
		if r.d < 0 || r.d == 0 && !r.zero {
			expected := "a positive duration"
			if r.zero {
				expected = "0 or " + expected
			}
			return &Invalid{r.field, fmt.Sprintf("is %s, expected %s", r.d, expected)}
		}
	}
	return nil
}

func (c *Config) validateFaults(hosts []string, roles []string) error {
	n := &c.Nemesis
	if all := len(c.Faults) + n.Faults; all > maxFaults {
		return &Invalid{"faults", fmt.Sprintf("are %d with those of the nemesis, expected at most %d", all, maxFaults)}
	}
	if n.Name != "" && !slices.Contains(chaos.Nemeses(), n.Name) {
		return &Invalid{"nemesis.name", fmt.Sprintf("is %.60q, expected one of %s", n.Name, strings.Join(chaos.Nemeses(), ", "))}
	}
	for i, class := range n.Classes {
		if !slices.Contains(chaos.Classes(), class) {
			return &Invalid{fmt.Sprintf("nemesis.classes[%d]", i), fmt.Sprintf("is %.60q, expected one of %s", class, listed(chaos.Classes()))}
		}
	}
	if err := n.Check(); err != nil {
		return &Invalid{"nemesis", err.Error()}
	}
	if err := c.Disk.Check(); err != nil {
		return &Invalid{"disk", strings.TrimPrefix(err.Error(), "disk: ")}
	}
	cast := c.cast()
	for _, role := range roles {
		cast.Roles[role] = nil
	}
	var e *chaos.Error
	if err := c.Faults.Validate(hosts, cast); errors.As(err, &e) {
		return &Invalid{fmt.Sprintf("faults[%d]", e.Fault-1), e.Problem}
	}
	return nil
}

// listed joins names, such as "crash, pause".
func listed[T ~string](all []T) string {
	text := make([]string, len(all))
	for i, t := range all {
		text[i] = string(t)
	}
	return strings.Join(text, ", ")
}

// cast returns whom faults can name besides the hosts: servers, clients, everyone
// and the regions.
func (c *Config) cast() chaos.Cast {
	servers, clients := c.hosts()
	cast := chaos.Cast{
		Groups: map[string][]string{"servers": servers, "clients": clients, "everyone": slices.Concat(servers, clients)},
		Roles:  map[string]func() []string{},
	}
	if c.Regions != nil {
		for _, region := range c.Regions.names() {
			cast.Groups["region:"+region] = c.Regions.Hosts[region]
		}
	}
	for _, rack := range sortedKeys(c.Racks) {
		cast.Groups["rack:"+rack] = c.Racks[rack]
	}
	return cast
}

// placeName is what a place may be called: it stands in files and in paths.
var placeName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func (r *Regions) validate(hosts []string) error {
	if r == nil {
		return nil
	}
	if err := validatePlaces("regions.hosts", "region", r.Hosts, hosts); err != nil {
		return err
	}
	for i, l := range r.Latency {
		for j, region := range l.Between {
			if _, ok := r.Hosts[region]; !ok {
				return &Invalid{fmt.Sprintf("regions.latency[%d].between[%d]", i, j), fmt.Sprintf("is %.60q, expected one of %.200q", region, r.names())}
			}
		}
	}
	return nil
}

// validatePlaces checks that places have plain names and hosts that exist, each in
// one place.
func validatePlaces(field, what string, places map[string][]string, hosts []string) error {
	placed := map[string]bool{}
	for _, place := range sortedKeys(places) {
		if !placeName.MatchString(place) {
			return &Invalid{field, fmt.Sprintf("names a %s %.60q, expected letters, digits and any of -_", what, place)}
		}
		for _, h := range places[place] {
			if !slices.Contains(hosts, h) {
				return &Invalid{field + "." + place, fmt.Sprintf("names the host %.60q, expected servers s1, s2, ... or clients c1, c2, ...", h)}
			}
			if placed[h] {
				return &Invalid{field + "." + place, fmt.Sprintf("places the host %q a second time", h)}
			}
			placed[h] = true
		}
	}
	return nil
}

func sortedKeys(places map[string][]string) []string {
	var names []string
	for name := range places {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (r *Regions) names() []string { return sortedKeys(r.Hosts) }

// model returns r as a network takes it.
func (r *Regions) model() network.Regions {
	if r == nil {
		return network.Regions{}
	}
	m := network.Regions{Of: map[string]string{}, Delay: map[[2]string]network.Delay{}}
	for _, region := range r.names() {
		for _, h := range r.Hosts[region] {
			m.Of[h] = region
		}
	}
	for _, l := range r.Latency {
		m.Delay[l.Between] = l.Delay
	}
	return m
}
