package explore

import (
	"fmt"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/sim"
)

// Reduction says which runs a stateless search takes.
type Reduction uint8

// The reductions of a stateless search.
const (
	// Optimal takes exactly one run for each trace, and none in vain: dynamic partial-order
	// reduction with wakeup trees.
	Optimal Reduction = iota
	// SleepSets takes one run for each trace, and breaks off others when it turns out that
	// all that could follow was explored before. It remembers less, and where MaxDepth cuts
	// off runs it takes all up to there, one for each trace; Optimal finds the orders to be
	// tried by how runs end, and then misses some.
	SleepSets
	// Unreduced takes a run for each order of steps.
	Unreduced
)

// String returns the name of r, such as "optimal".
func (r Reduction) String() string {
	if r > Unreduced {
		return fmt.Sprintf("reduction(%d)", uint8(r))
	}
	return [...]string{"optimal", "sleep sets", "unreduced"}[r]
}

// StatelessConfig says how to search without remembering states. The zero value takes one
// run for each trace of plain handlers, until a property is violated.
type StatelessConfig struct {
	Reduction Reduction

	// Refine takes two deliveries to one node for independent if they neither change the
	// node nor tell the observer anything, and send different messages: there are fewer
	// traces then. It has no effect on Ordered networks and in worlds.
	Refine bool

	// Replay runs the nodes in worlds, one for each run, instead of remembering what plain
	// handlers do: whatever runs in a world is explored, coroutines and functions too. See
	// Stateless for what is different.
	Replay bool
	// Clients are the nodes that tell the observer something, if the model has one; needed
	// with Replay only.
	Clients []network.ID
	// Check is asked about each world that has come to rest; nil if the model's properties
	// are enough. Only with Replay.
	Check func(w *sim.World) error

	// Local declares that each property of kind Always or Sometimes is about one node's
	// state at a time: then the states of one order of each trace are enough to judge it.
	Local bool

	// MaxDepth is how many steps a run has at most; 0 means DefaultSteps. A search in which
	// a run is longer is Inconclusive, and so is one that MaxRuns or Stop has ended.
	MaxDepth int
	MaxRuns  uint64      // of all kinds; 0 means no bound
	NoStop   bool        // go on after a violation
	Stop     func() bool // asked after every run whether to end; nil means never
}

// StatelessResult is what a stateless search found.
type StatelessResult struct {
	Verdict properties.Verdict `json:"verdict"`
	// Runs is the number of complete runs: those after which nothing but faults can happen.
	// With a reduction it is the number of traces of such runs.
	Runs    uint64 `json:"runs"`
	Blocked uint64 `json:"blocked"` // runs broken off because nothing new could follow
	Cut     uint64 `json:"cut"`     // runs that MaxDepth has ended
	Steps   uint64 `json:"steps"`   // taken, each once for all runs that begin with it
	Depth   int    `json:"depth"`   // steps of the longest run
	Limit   string `json:"limit,omitempty"`

	Outcomes []Outcome `json:"properties"`
}

// Stateless explores all runs of a model up to the order of independent steps, without
// remembering which states it has seen: it needs memory for one run and what is left to do
// along it. Where few different runs lead to many states it is faster than Search, where
// runs meet again and again it is much slower.
//
// Two steps are independent if they are of different nodes (a delivery is a step of its
// receiver) and do not both tell the observer something; faults are independent of
// nothing. Runs that differ in the order of neighbours that are independent are one trace
// (Mazurkiewicz). As in Search, a delivery that changes nothing is no step. The message that
// was delivered last on a Duplicating network does not count as a difference.
//
// All traces have all states of all nodes, of the observer, and all states at rest: Observed
// and AtRest are judged as by Search. Other states are seen or not, depending on the order
// that was taken, so Always is Inconclusive if it was not seen to be violated, unless
// StatelessConfig.Local. Eventually is always Inconclusive. A violation has the Path of the
// run that showed it, which need not be the shortest.
//
// With Replay, every run is a world of its own (untimed, on a perfect network, Ordered or
// NonDuplicating) that repeats the beginning of another one. The model has no faults and no Guard then,
// every delivery is a step of its receiver, and so is a timer that fires and what a disk
// completes. What a step wakes goes on within the step. Nobody chooses at boot. Nodes must not read
// clocks: what they show depends on the order of independent steps. Properties may only be
// Observed; others are a matter of StatelessConfig.Check. A panic of node code is a
// violation and ends its run; Paths have Steps, but no states.
//
// The error wraps ErrModel if the model cannot be explored so: also if it is Timed or has
// Within, which make everything depend on everything, or more than 62 nodes.
func Stateless(m Model, cfg StatelessConfig) (StatelessResult, error) {
	if cfg.MaxDepth < 0 || cfg.Reduction > Unreduced {
		return StatelessResult{}, fmt.Errorf("explore: depth %d, %v: expected a depth that is not negative and a reduction",
			cfg.MaxDepth, cfg.Reduction)
	}
	if cfg.MaxDepth == 0 {
		cfg.MaxDepth = DefaultSteps
	}
	sys, err := newSystem(m, false)
	if err != nil {
		return StatelessResult{}, err
	}
	if m.Within != nil || m.Timed != nil || sys.hosts > maxNodes {
		return StatelessResult{}, fmt.Errorf("%w: a stateless search takes neither Within nor Timed, nor more than %d nodes",
			ErrModel, maxNodes)
	}
	j := newRuling(sys, &cfg)
	d := &dpor{cfg: &cfg, res: &StatelessResult{}, failed: func() bool { return j.failed }}
	if cfg.Replay {
		err = d.worlds(sys, j)
	} else {
		err = d.rows(sys, j)
	}
	if err != nil {
		return StatelessResult{}, err
	}
	if d.res.Cut > 0 && d.res.Limit == "" {
		d.res.Limit = "depth"
	}
	j.sum(d.res)
	return *d.res, nil
}

// ruling is what a stateless search knows of the properties.
type ruling struct {
	sys      *system
	outcomes []Outcome
	seen     []bool // decided: violated, or what happens sometimes did
	failed   bool
	cfg      *StatelessConfig
}

// The properties of a search with Replay beside those of the model.
const (
	propertyPanic = "no panic"
	propertyCheck = "check at rest"
)

func newRuling(sys *system, cfg *StatelessConfig) *ruling {
	j := &ruling{sys: sys, cfg: cfg}
	for _, p := range sys.m.Properties {
		j.outcomes = append(j.outcomes, Outcome{Name: p.Name, Kind: p.Kind})
	}
	if cfg.Replay {
		j.outcomes = append(j.outcomes, Outcome{Name: propertyPanic, Kind: KindObserved},
			Outcome{Name: propertyCheck, Kind: KindAtRest})
	}
	j.seen = make([]bool, len(j.outcomes))
	return j
}

// decide notes what decides a property for the first time; err is nil if it happened.
func (j *ruling) decide(i int, err error, path func() *Path) {
	if j.seen[i] {
		return
	}
	j.seen[i] = true
	o := &j.outcomes[i]
	o.Path = path()
	if err != nil {
		o.Verdict, o.Detail, j.failed = properties.Fail, err.Error(), true
	}
}

// judge asks the properties about a state.
func (j *ruling) judge(st *State, rest bool, path func() *Path) error {
	for i := range j.sys.m.Properties {
		p := &j.sys.m.Properties[i]
		if j.seen[i] || rest != (p.Kind == KindAtRest) {
			continue
		}
		var err error
		happened := false
		switch p.Kind {
		case KindAlways, KindAtRest:
			err = p.holdsIn(st)
		case KindObserved:
			if o := st.row[j.sys.observerAt()]; o != 0 {
				err = j.sys.observers.at(o).bad[i]
			}
		case KindSometimes:
			happened = p.happensIn(st)
		}
		if err != nil || happened {
			j.decide(i, err, path)
		}
	}
	return st.err
}

// sum puts verdicts into a result.
func (j *ruling) sum(res *StatelessResult) {
	for i := range j.outcomes {
		o := &j.outcomes[i]
		switch {
		case j.seen[i]:
		case o.Kind == KindSometimes:
			o.Verdict, o.Detail = properties.Inconclusive, "it never happened"
		case o.Kind == KindEventually:
			o.Verdict, o.Detail = properties.Inconclusive, "a stateless search has no infinite runs"
		case o.Kind == KindAlways && !j.cfg.Local && j.cfg.Reduction != Unreduced:
			o.Verdict = properties.Inconclusive
			o.Detail = "only one order of each trace was looked at: see StatelessConfig.Local"
		case j.failed && !j.cfg.NoStop:
			o.Verdict, o.Detail = properties.Inconclusive, "the search ended with a violation"
		case res.Limit != "":
			o.Verdict, o.Detail = properties.Inconclusive, "not all runs were taken: "+res.Limit
		}
		res.Verdict = max(res.Verdict, o.Verdict)
	}
	res.Outcomes = j.outcomes
	if res.Limit != "" {
		res.Verdict = max(res.Verdict, properties.Inconclusive)
	}
}
