package scenario

import (
	"cmp"
	"context"
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
	// MaxServers is how many servers it can have; 0 means 1000, as for clients.
	MaxServers int
	// HasCAS says whether the store has compare-and-set.
	HasCAS bool
	// Test is the go test invocation that runs the scenario, without a seed.
	Test string
	// Server returns how to boot a server.
	Server func(cfg *Config, servers []network.ID) network.Boot
	// Declare adds properties of the cluster, besides linearizability; it may be
	// nil.
	Declare func(s *properties.Set, c *Cluster)
}

// Cluster is a scenario's world before it runs.
type Cluster struct {
	World   *sim.World
	Network *network.Network
	Config  *Config
	Servers []network.ID
	Clients []network.ID
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
	Scenario   string               `json:"scenario"`
	Seed       uint64               `json:"seed"`
	Verdict    properties.Verdict   `json:"verdict"`
	Outcomes   []properties.Outcome `json:"properties"`
	Faults     properties.Coverage  `json:"faults"`
	Digest     sim.Digest           `json:"digest"`
	Events     uint64               `json:"events"`
	Virtual    sim.Time             `json:"virtual_ns"`
	End        string               `json:"end"`
	Operations linear.Counts        `json:"operations"`
	// Overlapping counts the operations that were concurrent with another of the
	// same key.
	Overlapping int `json:"overlapping"`

	// Judged is Faults with those that the nemesis drew added up by kind: whom
	// they hit is chance, so what has to show an effect is the kind.
	Judged   properties.Coverage `json:"-"`
	Config   Config              `json:"-"` // resolved: the nemesis has become faults
	Scripts  [][]nodes.Op        `json:"-"`
	Picks    []sim.Pick          `json:"-"`
	History  *history.History    `json:"-"`
	Findings []sim.Finding       `json:"-"`
}

// The names of the properties that every scenario has.
const (
	LinearizableName = "linearizable"
	NoPanicName      = "no panic"
	OverlapName      = "operations overlapped"
	AnsweredName     = "answers were checked"
	EndedName        = "every operation ended"
)

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
	if err := c.validate(); err != nil {
		return err
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

// resolve turns the nemesis into faults, which come last, and says how many they
// are.
func (c Config) resolve(seed uint64) (Config, int) {
	servers, clients := c.hosts()
	drawn := c.Nemesis.plan(sim.NewKey(seed).Sub("nemesis"), servers, clients)
	c.Faults = append(slices.Clone(c.Faults), drawn...)
	c.Nemesis = Nemesis{}
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
	cfg, drawn := cfg.resolve(w.Seed())
	if o.Watch != nil {
		o.Watch(w)
	}
	r := &Result{Scenario: s.Name, Seed: w.Seed(), Config: cfg, Scripts: o.Scripts}
	c := s.build(w, r)
	set := properties.New(w)
	if s.Declare != nil {
		s.Declare(set, c)
	}
	hist := linear.Watch(w)
	chaos.Apply(c.Network, cfg.Faults)
	total := r.planned()
	end := w.Run(sim.Limit{Events: cfg.Events, Until: sim.Time(cfg.Until), Stop: func() bool {
		return hist.Counts().Ended() >= total
	}})
	r.Digest, r.Events, r.Virtual, r.End = w.Digest(), w.Events(), w.Now(), end.String()
	r.Picks, r.Findings, r.Operations = w.Picks(), w.Findings(), hist.Counts()
	r.Faults = properties.CoverageOf(w)
	r.Judged = judged(r.Faults, cfg.Faults[len(cfg.Faults)-drawn:])
	r.judge(c, set.Judge(end), hist)
	return r
}

// build makes the hosts: servers first, then clients.
func (s *Scenario) build(w *sim.World, r *Result) *Cluster {
	cfg := &r.Config
	n := network.New(w, network.Config{Link: cfg.Links, Regions: cfg.Regions.model(), CheckMutation: cfg.CheckMutation})
	c := &Cluster{World: w, Network: n, Config: cfg}
	servers, clients := cfg.hosts()
	for i := range servers {
		c.Servers = append(c.Servers, network.ID(i))
	}
	for _, name := range servers {
		n.Add(name, s.Server(cfg, c.Servers))
	}
	wl := &cfg.Workload
	script := nodes.Workload{Operations: wl.Operations, Keys: wl.Keys, Reads: wl.Reads, CAS: wl.CAS, Think: wl.Think}
	for i, name := range clients {
		if len(r.Scripts) == i {
			r.Scripts = append(r.Scripts, script.Script(w.Key("workload"), i, len(clients)))
		}
		c.Clients = append(c.Clients, n.Add(name, nodes.Client(nodes.ClientConfig{
			Servers: c.Servers, Home: i, Script: r.Scripts[i], Timeout: wl.Timeout,
		})))
	}
	return c
}

// judge puts the outcomes together.
func (r *Result) judge(c *Cluster, declared []properties.Outcome, hist *linear.Watcher) {
	r.Outcomes = append([]properties.Outcome{r.panics(c.World), r.linearizable(hist)}, declared...)
	overlap := properties.Outcome{Name: OverlapName, Kind: properties.Sometimes}
	if r.Overlapping == 0 {
		overlap.Verdict, overlap.Detail = properties.Inconclusive, "no two operations on one key were concurrent"
	}
	r.Outcomes = append(r.Outcomes, overlap, r.answered(), r.ended(), r.Judged.Outcome())
	r.Verdict = properties.Overall(r.Outcomes)
}

// answered judges whether any answer could have been wrong: whether a read was
// answered, or a compare-and-set decided.
func (r *Result) answered() properties.Outcome {
	o := properties.Outcome{Name: AnsweredName, Kind: properties.Sometimes}
	if r.History != nil {
		for i := range r.History.Operations {
			op := &r.History.Operations[i]
			if op.Kind == history.Read && op.Outcome == history.OK || op.Kind == history.CAS && op.Outcome != history.Unknown {
				return o
			}
		}
	}
	o.Verdict, o.Detail = properties.Inconclusive, "no read and no compare-and-set was answered"
	return o
}

// ended judges whether the clients got to the end of their scripts. A client that
// crashed does not, nor does one that the limits of the run cut short.
func (r *Result) ended() properties.Outcome {
	o := properties.Outcome{Name: EndedName, Kind: properties.Eventually}
	total := r.planned()
	if n := r.Operations.Ended(); n < total {
		o.Verdict = properties.Inconclusive
		o.Detail = fmt.Sprintf("%d of %d had ended when the run did: %s", n, total, r.End)
	}
	return o
}

// planned returns how many operations the clients are to issue.
func (r *Result) planned() int {
	total := 0
	for _, script := range r.Scripts {
		total += len(script)
	}
	return total
}

// panics judges whether node code panicked or broke a rule, and names the host.
func (r *Result) panics(w *sim.World) properties.Outcome {
	o := properties.Outcome{Name: NoPanicName, Kind: properties.Always}
	if len(r.Findings) > 0 {
		f := r.Findings[0]
		o.Verdict, o.Event, o.At = properties.Fail, f.Event, f.At
		o.Detail = f.Message + " at " + w.HostName(f.Host)
		if len(f.Stack) > 0 {
			o.Detail += ": " + f.Stack[0]
		}
	}
	return o
}

func (r *Result) linearizable(hist *linear.Watcher) properties.Outcome {
	o := properties.Outcome{Name: LinearizableName, Kind: properties.Always}
	var err error
	if r.History, err = hist.History(); err != nil {
		o.Verdict, o.Detail = properties.Inconclusive, err.Error()
		return o
	}
	res, err := linear.Check(context.Background(), r.History, checkOptions())
	if err != nil {
		o.Verdict, o.Detail = properties.Inconclusive, err.Error()
		return o
	}
	r.Overlapping = res.Overlapping
	o.Verdict = res.Verdict
	switch res.Verdict {
	case properties.Fail:
		o.Detail = "not linearizable"
		if res.Key != "" {
			o.Detail += " (key " + res.Key + ")"
		}
		o.Detail += ": " + cmp.Or(res.Explanation, "no order of the operations explains the answers")
	case properties.Inconclusive:
		o.Detail = res.Reason
	}
	return o
}

// checkOptions are how histories of scenarios are judged: stores begin empty, and
// a compare-and-set that failed saw another value.
func checkOptions() linear.Options { return linear.Options{Model: linear.KV, Steps: checkSteps} }

// checkSteps bounds the search for each key, a tenth of what linear takes by
// default: a campaign has other seeds to look at. Histories of the scenarios here
// take some thousands of steps.
const checkSteps = 2_000_000

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
