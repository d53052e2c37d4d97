package explore

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"phoenix/properties"
)

// Order is the order in which a search visits states.
type Order uint8

// The orders of search.
const (
	// BreadthFirst finds shortest counterexamples; what it holds besides the set of visited
	// states is a queue of those to go on from.
	BreadthFirst Order = iota
	// DepthFirst goes on from the newest state, so that few wait. What it finds is looked for again
	// by a breadth-first search afterwards, so that counterexamples are shortest and do not
	// depend on the workers. If that meets a bound, one of a GiB if there is none on bytes,
	// they remain what they were.
	DepthFirst
)

// String returns "bfs" or "dfs".
func (o Order) String() string { return [...]string{"bfs", "dfs"}[o] }

// ParseOrder returns the order that String names so.
func ParseOrder(name string) (Order, error) {
	switch name {
	case "bfs":
		return BreadthFirst, nil
	case "dfs":
		return DepthFirst, nil
	}
	return 0, fmt.Errorf("search %q, expected bfs or dfs", name)
}

// Config says how to search. The zero value is a breadth-first search of all states by as
// many workers as there are processors, until a property is violated.
type Config struct {
	Order   Order
	Workers int // 0: as many as processors; results do not depend on it

	// Bounds: what is reached ends the search, and the verdict is Inconclusive then unless
	// it is Fail. 0 means none. They are looked at now and then: each worker may visit some
	// hundreds of states more. A state at MaxDepth is visited and not gone on from; the initial
	// states are at depth 1.
	MaxDepth  int
	MaxStates uint64
	MaxBytes  uint64

	// NoStop goes on after a violation, to count all states. The breadth-first search
	// otherwise ends with the depth that it was found at, so that its counts are the same
	// at any number of workers; the depth-first search ends at once.
	NoStop bool

	// Exact keeps states whole instead of 64 bits of them, so that no collision of
	// fingerprints can hide a state.
	Exact bool

	// Symmetry counts states that differ only by an exchange of members of the groups that
	// the model declares as one.
	Symmetry bool

	// PartialOrder takes from a state the steps of one node only, where those of all others
	// can wait: nothing that they do before that node moves has to do with what it does now
	// (ample sets). Not all states are visited then, but all at rest, all states of the
	// observer, and what makes a property true or false that says what it Reads. It applies
	// to some models only, see Result.Unreduced. Counterexamples are shortest among the paths
	// that are left.
	PartialOrder bool

	// SleepSets leaves out steps, but no states: of two orders of steps that are independent,
	// since they are of different nodes, one is taken only. Verdicts, counterexamples and
	// counts are those of a search without, but for Result.Generated; Result.Asleep is what was
	// left out. It is for a breadth-first search, without Symmetry, PartialOrder and a model's
	// Within.
	SleepSets bool

	// Examples finds the way to what is to happen sometimes, too, and not only to what is
	// violated. In a breadth-first search that takes as long again.
	Examples bool

	// Progress is told now and then, by one worker at a time, how far the search is.
	Progress func(Progress)
	// Stop is asked now and then whether to end the search, from several goroutines; nil
	// means never.
	Stop func() bool
}

// Progress is how far a search is.
type Progress struct {
	Unique, Generated uint64
	Queue             uint64 // states to go on from
	Depth             int
	Bytes             uint64
	Locals            int // states of single nodes and of the observer that are remembered
}

// Result is what a search found.
type Result struct {
	Verdict   properties.Verdict `json:"verdict"`
	Unique    uint64             `json:"unique"`              // distinct states
	Generated uint64             `json:"generated"`           // initial states and steps taken
	Asleep    uint64             `json:"asleep,omitempty"`    // steps left out with Config.SleepSets
	Depth     int                `json:"depth"`               // greatest depth visited; the initial states have 1
	Terminal  uint64             `json:"terminal"`            // states in which nothing but faults can happen
	Limit     string             `json:"limit,omitempty"`     // which bound ended the search
	Unreduced string             `json:"unreduced,omitempty"` // why Config.PartialOrder does not apply
	Rounds    int                `json:"rounds,omitempty"`    // searches that a reduction took; the counts are the last's
	Outcomes  []Outcome          `json:"properties"`

	Bytes      uint64  `json:"bytes"`      // held at most, by the visited set, the queue and what was remembered
	SetBytes   uint64  `json:"set_bytes"`  // of that, by the visited set
	Handlers   uint64  `json:"handlers"`   // how often node code ran for an event
	Locals     int     `json:"locals"`     // distinct states of single nodes
	Messages   int     `json:"messages"`   // distinct messages
	Observers  int     `json:"observers"`  // distinct states of the observer
	Collisions float64 `json:"collisions"` // expected number of states lost to equal fingerprints
}

// search is one search under way.
type search struct {
	sys     *system
	cfg     Config
	workers int

	table *table // one of the two is nil
	exact *exactTable
	sleep *sleepSets // nil unless the search has sleep sets

	stopped atomic.Bool
	_       apart // what is read for each state from what workers write now and then

	unique, generated, terminal atomic.Uint64
	asleep                      atomic.Uint64 // steps left out
	expanded                    atomic.Uint64 // states that a depth-first search has gone on from
	queued                      atomic.Int64
	depth                       atomic.Int64
	frontier                    atomic.Int64 // bytes of rows that wait
	peak                        uint64       // bytes, sampled

	mu        sync.Mutex
	found     []finding      // by property
	again     *search        // what has found it in less depth, see shorten
	wanted    []bool         // by property: the search may end when all that are wanted are found
	decidedAt []atomic.Int64 // their depths
	err       error
	limit     string
	unreduced string // why no reduction applies
	rounds    int    // searches up to this one, if one does

	parents *parentage    // made when a path is asked for
	lassos  map[int]*Path // violations of what is to happen eventually, by property
}

// finding is what decided a property: the state of least depth and then fingerprint.
type finding struct {
	depth int
	fp    uint64
	why   error    // what is violated, nil for a Sometimes
	path  []uint64 // fingerprints from the first state, if they are known already
}

// Search explores a model. The error wraps ErrModel if the model cannot be explored; what
// was wrong with the states that were seen is in the Result. A panic of node code takes the
// node down for good and violates "no panic", which is among the outcomes only then.
//
// Counts, verdicts and counterexamples of a search that no bound on states or memory, and
// no Stop, has ended are the same at any number of workers, but for the counts of a
// depth-first search that a violation has ended, and its Depth. Time is linear in the steps
// generated; memory is at most 15 bytes for each distinct state, and the queue.
func Search(m Model, cfg Config) (Result, error) {
	sys, err := newSystem(m, cfg.Symmetry)
	if err != nil {
		return Result{}, err
	}
	s, err := newSearch(sys, cfg)
	if err != nil {
		return Result{}, err
	}
	if s, err = s.explore(allProvisos); err != nil {
		return Result{}, err
	}
	if err := s.shorten(); err != nil {
		return Result{}, err
	}
	if s.complete() {
		if err := s.liveness(); err != nil {
			return Result{}, err
		}
	}
	return s.result()
}

func newSearch(sys *system, cfg Config) (*search, error) {
	if cfg.MaxDepth < 0 || cfg.Workers < 0 || cfg.Order > DepthFirst {
		return nil, fmt.Errorf("explore: %d workers, depth %d: expected numbers that are not negative", cfg.Workers, cfg.MaxDepth)
	}
	if cfg.Symmetry && cfg.Exact {
		return nil, errors.New("explore: an exact search compares states as they are, without symmetry: leave out one of the two")
	}
	for _, p := range sys.m.Properties {
		if cfg.Symmetry && p.Kind == KindEventually {
			return nil, fmt.Errorf("explore: %q is to happen eventually: fairness tells nodes apart, so leave out symmetry", p.Name)
		}
	}
	s := &search{sys: sys, cfg: cfg, workers: cfg.Workers}
	if cfg.SleepSets {
		if err := sys.sleepless(cfg); err != nil {
			return nil, err
		}
		s.sleep = newSleepSets(allSleepRules)
	}
	if s.workers == 0 {
		s.workers = runtime.GOMAXPROCS(0)
	}
	s.found = make([]finding, len(sys.m.Properties)+1) // the last is that no code panics
	s.decidedAt = make([]atomic.Int64, len(s.found))
	depths := 0
	if cfg.Order == DepthFirst {
		depths = cfg.MaxDepth
	}
	if cfg.Exact {
		s.exact = &exactTable{}
	} else {
		s.table = newTable(depths)
	}
	return s, nil
}

// hold returns a worker's hold on the visited states.
func (s *search) hold() visited {
	if s.exact != nil {
		return s.exact.worker()
	}
	return s.table.worker()
}

func (s *search) run() error {
	initial, err := s.sys.initial()
	if err != nil {
		return err
	}
	if s.cfg.Order == DepthFirst {
		s.depthFirst(initial)
		if !s.stopped.Load() && s.expanded.Load() < s.unique.Load() {
			s.bound("depth")
		}
	} else {
		s.breadthFirst(initial, s.cfg.MaxDepth)
	}
	if failed := s.sys.failed.Load(); s.err == nil && failed != nil {
		s.err = *failed
	}
	return s.err
}

// initial returns the states in which all nodes have booted, in all ways.
func (sys *system) initial() ([]row, error) {
	x := newExpander(sys)
	first := make(row, sys.networkAt())
	faults := sys.internFaults(sys.fullBudget())
	sum := sys.faults.at(faults).hash
	first[sys.faultsAt()] = faults
	if sys.m.Observe != nil {
		id, err := sys.internObserver(0, 0)
		if err != nil {
			return nil, err
		}
		first[sys.observerAt()] = id
		sum += sys.observers.at(id).hash
	}
	setSum(first, sum)
	rows := []row{first}
	for host := range sys.hosts {
		out, err := sys.outcomes(0, sys.id(host), event{kind: StepBoot}, &x.spares)
		if err != nil {
			return nil, err
		}
		sys.finish(out, host, event{kind: StepBoot})
		var booted []row
		for _, r := range rows {
			x.succs = x.succs[:0]
			x.begin(r)
			for o := out; o != nil; o = o.more {
				if o.lost == 0 {
					x.act(succ{out: o, kind: StepBoot, host: int32(host), at: -1})
				}
			}
			for i := range x.succs {
				booted = append(booted, x.make(nil, &x.succs[i]))
			}
		}
		if x.err != nil {
			return nil, x.err
		}
		rows = booted
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return !sys.within(r) })
	if failed := sys.failed.Load(); failed != nil {
		return nil, *failed
	}
	return rows, nil
}

// fail ends the search with an error.
func (s *search) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	s.stopped.Store(true)
}

// bound ends the search by a bound, or for good reasons of the caller.
func (s *search) bound(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limit == "" {
		s.limit = name
	}
	s.stopped.Store(true)
}

// sample looks at the bounds and tells the progress; called between batches.
func (s *search) sample() {
	bytes := s.bytes()
	unique := s.unique.Load()
	switch {
	case s.cfg.MaxStates > 0 && unique >= s.cfg.MaxStates:
		s.bound("states")
	case s.cfg.MaxBytes > 0 && bytes >= s.cfg.MaxBytes:
		s.bound("memory")
	case s.cfg.Stop != nil && s.cfg.Stop():
		s.bound("interrupted")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peak = max(s.peak, bytes)
	if s.cfg.Progress != nil {
		// Asked for here again, so that what is told never gets less.
		s.cfg.Progress(Progress{Unique: s.unique.Load(), Generated: s.generated.Load(), Queue: uint64(max(s.queued.Load(), 0)),
			Depth: int(s.depth.Load()), Bytes: bytes, Locals: s.sys.locals.len() + s.sys.observers.len()})
	}
}

func (s *search) setBytes() uint64 {
	if s.exact != nil {
		return s.exact.bytes()
	}
	return s.table.bytes()
}

// bytes estimates the memory of the search.
func (s *search) bytes() uint64 {
	return s.setBytes() + uint64(max(s.frontier.Load(), 0)) + s.sleep.bytes() + s.sys.bytes()
}
