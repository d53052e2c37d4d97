package explore

import (
	"fmt"
	"slices"

	"phoenix/properties"
	"phoenix/sim"
)

// DefaultRuns and DefaultSteps bound a Sample whose configuration does not.
const (
	DefaultRuns  = 10_000
	DefaultSteps = 1_000
)

// SampleConfig says how to sample. The zero value is 10,000 uniform random walks of seed 0.
type SampleConfig struct {
	Schedule string // see Schedules; "" means Uniform
	// Options of the schedule. Estimates that it lacks come from a first run under Uniform,
	// which neither counts nor is judged.
	Options ScheduleOptions

	Seed  uint64 // decides everything, together with the number of the run
	First uint64 // number of the first run: to repeat run i alone, First i and Runs 1
	Runs  uint64 // how many runs at most; 0 means DefaultRuns
	Steps int    // how many steps a run has at most; 0 means DefaultSteps

	Stop func() bool // asked before every run whether to end; nil means never
}

// Sampled is what a Sample found.
type Sampled struct {
	// Verdict is Fail if a property was violated, else Inconclusive: runs that happen to
	// show nothing prove nothing.
	Verdict  properties.Verdict `json:"verdict"`
	Schedule string             `json:"schedule"`
	Runs     uint64             `json:"runs"`  // the one that found the violation included
	Steps    uint64             `json:"steps"` // in all runs
	Cut      uint64             `json:"cut"`   // runs that SampleConfig.Steps ended
	// Run is the number of the run that found the violation, see SampleConfig.First.
	Run      uint64    `json:"run"`
	Outcomes []Outcome `json:"properties"`
}

// Sampler samples runs of one model. It remembers what nodes did, so that their code runs
// once for each local state and event, in all samples; what it finds does not depend on
// that. It is for one goroutine at a time.
type Sampler struct {
	sys     *system
	initial []row
	x       *expander
	state   State

	options []sim.Pending
	steps   []option
	rows    [2][]uint32
	path    []succ

	outcomes []Outcome
}

// NewSampler returns a Sampler of m. The error wraps ErrModel if m cannot be explored.
func NewSampler(m Model) (*Sampler, error) {
	sys, err := newSystem(m, false)
	if err != nil {
		return nil, err
	}
	initial, err := sys.initial()
	if err != nil {
		return nil, err
	}
	if len(initial) == 0 {
		return nil, fmt.Errorf("%w: no initial state is within its bounds", ErrModel)
	}
	return &Sampler{sys: sys, initial: initial, x: newExpander(sys), state: State{sys: sys}}, nil
}

// Sample runs a model under a randomised schedule until a property is violated, at most
// cfg.Runs times. See Sampler.Sample.
func Sample(m Model, cfg SampleConfig) (Sampled, error) {
	s, err := NewSampler(m)
	if err != nil {
		return Sampled{}, err
	}
	return s.Sample(cfg)
}

// Sample runs the model until a property is violated. Run i depends on the model, on
// cfg.Seed and i, on the schedule and its options and estimates, and on nothing else. Always,
// Observed and AtRest are judged in all states of all runs; Sometimes passes if it
// happened; Eventually is Inconclusive, as no run is infinite. All faults of the budget are
// steps like others. What a node chooses within a step is uniform over its outcomes.
//
// The schedule is the same Scheduler as in a world. It sees each different message under
// way once, however many copies there are, and only what would have an effect; a Pending has
// Kind sim.Crash, sim.Restart, sim.Drop, sim.Send (a message is doubled) and sim.Fault (a
// partition begins or ends) for faults, and sim.Clock for a tick. A panic of node code is a violation, as in
// Search.
//
// The error wraps ErrModel if the model cannot be explored, and else says what is wrong
// with cfg. A run takes time linear in its steps and in what is pending.
func (s *Sampler) Sample(cfg SampleConfig) (Sampled, error) {
	if cfg.Schedule == "" {
		cfg.Schedule = Uniform
	}
	if cfg.Runs == 0 {
		cfg.Runs = DefaultRuns
	}
	if cfg.Steps == 0 {
		cfg.Steps = DefaultSteps
	}
	if cfg.Steps < 0 {
		return Sampled{}, fmt.Errorf("explore: runs of %d steps, expected a number that is not negative", cfg.Steps)
	}
	s.begin()
	if err := s.estimate(&cfg); err != nil {
		return Sampled{}, err
	}
	res := Sampled{Schedule: cfg.Schedule}
	key := sim.NewKey(cfg.Seed).Sub("run")
	for res.Verdict != properties.Fail && res.Runs < cfg.Runs && (cfg.Stop == nil || !cfg.Stop()) {
		res.Run = cfg.First + res.Runs
		schedule, err := Schedule(cfg.Schedule, key.Num(res.Run), cfg.Options)
		if err != nil {
			return Sampled{}, err
		}
		violated, ended, err := s.run(schedule, cfg.Steps)
		if err != nil {
			return Sampled{}, err
		}
		res.Runs++
		res.Steps += uint64(len(s.path))
		if violated {
			res.Verdict = properties.Fail
		} else if !ended {
			res.Cut++
		}
	}
	res.Verdict = max(res.Verdict, properties.Inconclusive)
	res.Outcomes = slices.Clone(s.outcomes)
	return res, nil
}

// begin forgets what was found.
func (s *Sampler) begin() {
	s.outcomes = s.outcomes[:0]
	for _, p := range s.sys.m.Properties {
		detail := "not seen to be violated in a sample"
		switch p.Kind {
		case KindSometimes:
			detail = "it never happened"
		case KindEventually:
			detail = "a sample has no infinite runs"
		}
		s.outcomes = append(s.outcomes, Outcome{Name: p.Name, Kind: p.Kind, Verdict: properties.Inconclusive, Detail: detail})
	}
}

// estimate makes a first run for the estimates that the options lack.
func (s *Sampler) estimate(cfg *SampleConfig) error {
	o := &cfg.Options
	if cfg.Schedule == Uniform || cfg.Schedule == NodeThenMessage || cfg.Schedule == POS || o.Estimates.Events > 0 && len(o.Estimates.Hosts) > 0 {
		return nil
	}
	first, err := Schedule(Uniform, sim.NewKey(cfg.Seed).Sub("estimate"), *o)
	if err != nil {
		return err
	}
	p := &Profiler{Scheduler: first, Interesting: o.Interesting}
	p.Estimates = Estimates{Events: 1, Hosts: make([]int, s.sys.hosts+1)}
	if _, _, err := s.run(p, cfg.Steps); err != nil {
		return err
	}
	s.begin()
	o.Estimates = p.Estimates
	return nil
}
