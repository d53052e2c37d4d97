package scenario

import (
	"errors"
	"fmt"
	"slices"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/properties"
	"phoenix/properties/history"
	"phoenix/properties/linear"
	"phoenix/resilience/chaos"
	"phoenix/sim"
	"phoenix/sim/disk"

	"github.com/zeebo/xxh3"
)

// Scenario is a named experiment: a cluster, its clients, and what must hold.
type Scenario struct {
	Name string // such as "register/abd"
	Doc  string // one line for lists
	// Planted says that the scenario has a bug on purpose, which checkers must
	// find.
	Planted bool
	// Revision is raised when the meaning of the scenario changes without its
	// defaults changing: files recorded before are stale.
	Revision int
	// Defaults is the configuration where a document says nothing.
	Defaults Config
	// Bugs are the planted bugs that Config.Bug can switch on.
	Bugs []string
	// MinServers and MaxServers are how many servers it can have; 0 means 1, and
	// 1000 as for clients.
	MinServers, MaxServers int
	// HasCAS says whether the store has compare-and-set.
	HasCAS bool
	// Survives are the classes of faults that the servers are meant to survive:
	// what a nemesis draws from unless it is told.
	Survives []chaos.Class
	// Forgetful says that a server which crashed has lost what it promised, so that
	// a nemesis may crash a minority only.
	Forgetful bool
	// DiskModes are the disk faults that the servers survive; nil means slow, stall
	// and torn.
	DiskModes []string
	// Disks is what the disk of each server holds before it boots for the first time.
	Disks disk.Image
	// NeedsAll says that it takes all servers to make progress, where otherwise a
	// majority has to: so many of those that are down boot when the faults are over.
	NeedsAll bool
	// NoStore says that the clients do not read and write keys: what they do is not
	// judged to be linearizable, only what Declare declares.
	NoStore bool
	// Unscripted says that the clients follow no script: what Operations counts is
	// the scenario's business.
	Unscripted bool
	// Test is the go test invocation that runs the scenario, without a seed.
	Test string
	// Server returns how to boot a server.
	Server func(cfg *Config, servers []network.ID) network.Boot
	// Node is Server for servers that tell what is Watched of themselves; nil is Server.
	Node func(c *Cluster) network.Boot
	// Client returns how to boot client i with its script; nil is nodes.Client.
	Client func(c *Cluster, i int, script []nodes.Op) network.Boot
	// Roles are what plans can call hosts by the part they play now, such as
	// "role:leader"; it may be nil.
	Roles map[string]func(c *Cluster) []network.ID
	// Declare adds properties of the cluster, besides linearizability; it may be
	// nil.
	Declare func(s *properties.Set, c *Cluster)
	// Measure returns the metrics of a run. It is called when the run is over, whatever
	// came of it, and may leave out what makes no sense then. They are best in the same
	// order in every run. It may be nil.
	Measure func(c *Cluster) []Metric
}

// Cluster is a scenario's world before it runs.
type Cluster struct {
	World   *sim.World
	Network *network.Network
	Config  *Config
	Servers []network.ID
	Clients []network.ID
	// Watched is for Declare, Measure and Roles to share what they know of the world.
	Watched any

	noStore bool
}

// Options say how to run a scenario once. The zero value runs seed 0 with the
// scenario's defaults.
type Options struct {
	Seed uint64
	// Config replaces the defaults. It must be valid, see Scenario.Validate.
	Config *Config
	// Scripts replaces what the clients do, one list for each; nil has it drawn
	// from the seed.
	Scripts [][]nodes.Op
	// Chooser replaces the seed's decisions.
	Chooser sim.Chooser
	// World, if not nil, is a new world to run in instead of one made from Seed,
	// Chooser and Config.Interleave. It is left open.
	World *sim.World
	// Watch is called with the world before it runs: a recorder registers here.
	Watch func(*sim.World)
}

// Result is what became of a run.
type Result struct {
	Scenario string               `json:"scenario"`
	Seed     uint64               `json:"seed"`
	Verdict  properties.Verdict   `json:"verdict"`
	Outcomes []properties.Outcome `json:"properties"`
	// Faults are those of the plan, of which a nemesis's are added up by kind: whom
	// they hit is chance, so what has to show an effect is the kind. Then comes the
	// noise of the links.
	Faults  properties.Coverage `json:"faults"`
	Digest  sim.Digest          `json:"digest"`
	Events  uint64              `json:"events"`
	Virtual sim.Time            `json:"virtual_ns"`
	// Healed is when the faults were over and the second phase began, in which
	// everything has to recover; 0 if the run did not get there.
	Healed sim.Time `json:"healed_ns,omitempty"`
	End    string   `json:"end"`
	// Operations are those of the clients. The history has the reads of the second
	// phase besides, which show that the store answers again.
	Operations linear.Counts `json:"operations"`
	// Overlapping counts the operations that were concurrent with another of the
	// same key.
	Overlapping int `json:"overlapping"`
	// Metrics are what Scenario.Measure returned.
	Metrics []Metric `json:"metrics,omitempty"`

	// Effects tells what became of each fault of Config.Faults.
	Effects  []chaos.Effect   `json:"-"`
	Config   Config           `json:"-"` // resolved: the nemesis has become faults
	Scripts  [][]nodes.Op     `json:"-"`
	Picks    []sim.Pick       `json:"-"`
	History  *history.History `json:"-"`
	Findings []sim.Finding    `json:"-"`

	chaos sim.Reason // why the first phase ended
}

// Hash identifies what the scenario means: its name, revision and defaults. A
// file recorded under another hash is stale.
func (s *Scenario) Hash() string {
	text, err := Encode(&s.Defaults)
	if err != nil {
		panic("scenario: the defaults of " + s.Name + " cannot be written: " + err.Error())
	}
	h := xxh3.Hash(fmt.Appendf(text, "%s %d %v", s.Name, s.Revision, s.Bugs))
	return fmt.Sprintf("%016x", h)
}

// Validate returns an *Invalid if c is not a configuration of s.
func (s *Scenario) Validate(c *Config) error {
	if err := c.validate(s.roles()); err != nil {
		return err
	}
	if c.Servers < s.MinServers {
		return &Invalid{"servers", fmt.Sprintf("is %d, expected at least %d of %s", c.Servers, s.MinServers, s.Name)}
	}
	if s.MaxServers > 0 && c.Servers > s.MaxServers {
		return &Invalid{"servers", fmt.Sprintf("is %d, expected at most %d of %s", c.Servers, s.MaxServers, s.Name)}
	}
	if c.Bug != "" && !slices.Contains(s.Bugs, c.Bug) {
		return &Invalid{"bug", fmt.Sprintf("is %q, expected one of %v of %s", c.Bug, s.Bugs, s.Name)}
	}
	if c.Workload.CAS > 0 && !s.HasCAS {
		return &Invalid{"workload.cas", fmt.Sprintf("is %s, but %s has no compare-and-set", c.Workload.CAS, s.Name)}
	}
	return nil
}

// roles returns the names of the roles, in order.
func (s *Scenario) roles() []string {
	var names []string
	for name := range s.Roles {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// leaderRole is the role of whom a nemesis isolates, where a scenario has it.
const leaderRole = "role:leader"

// resolve turns the nemesis into faults, which come last, and says how many they
// are.
func (s *Scenario) resolve(c Config, seed uint64) (Config, int) {
	servers, clients := c.hosts()
	cluster := &chaos.Cluster{
		Servers: servers, Clients: clients, Survives: s.Survives, Forgetful: s.Forgetful, Disk: s.DiskModes,
	}
	if s.Roles[leaderRole] != nil {
		cluster.Leader = leaderRole
	}
	drawn := c.Nemesis.Plan(sim.NewKey(seed).Sub("nemesis"), cluster)
	c.Faults = append(slices.Clone(c.Faults), drawn...)
	c.Nemesis = chaos.Nemesis{}
	return c, len(drawn)
}

// Run runs the scenario once. It is a pure function of s and o, but for Watch.
// It panics if the configuration is not valid, and if there is not one script for
// each client.
func (s *Scenario) Run(o Options) *Result {
	cfg := s.Defaults
	if o.Config != nil {
		cfg = *o.Config
	}
	if err := s.Validate(&cfg); err != nil {
		panic("scenario: " + err.Error())
	}
	if o.Scripts != nil && len(o.Scripts) != cfg.Clients {
		panic(fmt.Sprintf("scenario: %d scripts for %d clients", len(o.Scripts), cfg.Clients))
	}
	w := o.World
	if w == nil {
		w = sim.New(sim.Config{Seed: o.Seed, Chooser: o.Chooser, Interleave: cfg.Interleave})
		defer w.Close()
	}
	cfg, drawn := s.resolve(cfg, w.Seed())
	if o.Watch != nil {
		o.Watch(w)
	}
	r := &Result{Scenario: s.Name, Seed: w.Seed(), Config: cfg, Scripts: o.Scripts}
	c := s.build(w, r)
	set := properties.New(w)
	if s.Declare != nil {
		s.Declare(set, c)
	}
	p := &phases{s: s, r: r, c: c, set: set, hist: linear.Watch(w)}
	if cfg.Heal > 0 && !s.NoStore {
		p.probe = &probe{writes: slices.Contains(s.Survives, chaos.Disks)}
		set.Eventually(RecoveredName, p.probe.stuck)
	}
	p.state.watch(w)
	p.plan = chaos.Apply(c.Network, s.cast(c), cfg.Faults)
	end, healed := p.run()
	r.Digest, r.Events, r.Virtual, r.End = w.Digest(), w.Events(), w.Now(), end.String()
	r.Picks, r.Findings, r.Operations = w.Picks(), w.Findings(), p.operations()
	r.Effects = p.plan.Effects()
	if s.Measure != nil {
		r.Metrics = s.Measure(c)
	}
	r.Faults = coverage(w, p.plan, len(cfg.Faults)-drawn, p.state.repaired)
	r.judge(c, set.Judge(end, healed), p.hist)
	return r
}

// build makes the hosts: servers first, then clients.
func (s *Scenario) build(w *sim.World, r *Result) *Cluster {
	cfg := &r.Config
	n := network.New(w, network.Config{
		Link: cfg.Links, Regions: cfg.Regions.model(), CheckMutation: cfg.CheckMutation, Disk: cfg.Disk,
	})
	c := &Cluster{World: w, Network: n, Config: cfg, noStore: s.NoStore}
	servers, clients := cfg.hosts()
	for i := range servers {
		c.Servers = append(c.Servers, network.ID(i))
	}
	for _, name := range servers {
		id := n.Add(name, s.server(c))
		if len(s.Disks.Files) > 0 {
			n.Disk(id).Load(s.Disks)
		}
	}
	wl := &cfg.Workload
	script := nodes.Workload{Operations: wl.Operations, Keys: wl.Keys, Reads: wl.Reads, CAS: wl.CAS, Think: wl.Think}
	for i, name := range clients {
		switch {
		case len(r.Scripts) > i:
		case s.Unscripted:
			r.Scripts = append(r.Scripts, nil)
		default:
			r.Scripts = append(r.Scripts, script.Script(w.Key("workload"), i, len(clients)))
		}
		c.Clients = append(c.Clients, n.Add(name, s.client(c, i, r.Scripts[i])))
	}
	return c
}

// server returns how to boot a server.
func (s *Scenario) server(c *Cluster) network.Boot {
	if s.Node != nil {
		return s.Node(c)
	}
	return s.Server(c.Config, c.Servers)
}

// client returns how to boot client i.
func (s *Scenario) client(c *Cluster, i int, script []nodes.Op) network.Boot {
	if s.Client != nil {
		return s.Client(c, i, script)
	}
	return nodes.Client(nodes.ClientConfig{Servers: c.Servers, Home: i, Script: script, Timeout: c.Config.Workload.Timeout})
}

// Failed returns the first outcome that is Fail, or nil.
func (r *Result) Failed() *properties.Outcome {
	for i := range r.Outcomes {
		if r.Outcomes[i].Verdict == properties.Fail {
			return &r.Outcomes[i]
		}
	}
	return nil
}

// errNotFound is wrapped by the errors of Find.
var errNotFound = errors.New("no such scenario")

// Find returns the scenario of that name, or an error that lists the names.
func Find(all []*Scenario, name string) (*Scenario, error) {
	var names []string
	for _, s := range all {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("%w: %q, expected one of %v", errNotFound, name, names)
}
