package explore

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"phoenix/sim"
)

// ErrNoState is wrapped by errors about a path of fingerprints that leads nowhere: the
// model, its options or its code are not those that the path was taken from.
var ErrNoState = errors.New("no such state")

// Walk goes through the states of a model by hand. A state is addressed by the
// fingerprints of the states on the way to it, from an initial one on, itself included:
// the same for every Walk of the same model, so that they can be kept. It runs node code
// for what is looked at only, remembers that, and is not for concurrent use.
type Walk struct {
	sys   *system
	x     *expander
	first []row
}

// Stop is a state that can be gone to, or was.
type Stop struct {
	Fingerprint uint64
	Step        Step   // that leads there
	Line        string // the step, told
	About       string // the message, timer or partition that it is about, told
	// Others are further steps that lead to the same state, told. A path goes by Step.
	Others []string
}

// NewWalk returns a Walk through a model. The error wraps ErrModel if it cannot be explored.
func NewWalk(m Model) (*Walk, error) {
	sys, err := newSystem(m, false)
	if err != nil {
		return nil, err
	}
	first, err := sys.initial()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(first, func(a, b row) int { return cmp.Compare(sumOf(a), sumOf(b)) })
	first = slices.CompactFunc(first, func(a, b row) bool { return sumOf(a) == sumOf(b) })
	return &Walk{sys: sys, x: newExpander(sys), first: first}, nil
}

// Initial returns the initial states, by fingerprint: several if nodes choose at boot.
func (w *Walk) Initial() []Stop {
	stops := make([]Stop, len(w.first))
	for i, r := range w.first {
		stops[i] = booted(r)
		if len(w.first) > 1 {
			stops[i].Line = fmt.Sprintf("boot, way %d of %d", i+1, len(w.first))
		}
	}
	return stops
}

func booted(r row) Stop {
	return Stop{Fingerprint: sumOf(r), Step: Step{Kind: StepBoot, Node: sim.NoHost, From: sim.NoHost}, Line: "boot"}
}

// Next returns the states that can be gone to from the last one of a path, one entry each,
// in order of whose step leads there, its kind and how it is told; those of an empty path
// are the initial ones. States beyond the model's bounds are left out. Time is that of all
// steps from the states on the path. Errors are as of Path.
func (w *Walk) Next(path []uint64) ([]Stop, error) {
	if len(path) == 0 {
		return w.Initial(), nil
	}
	p, err := w.Path(path)
	if err != nil {
		return nil, err
	}
	return w.NextOf(p)
}

// NextOf is Next for a Path that this Walk returned.
func (w *Walk) NextOf(p *Path) ([]Stop, error) {
	leaps, err := w.leaps(p.last())
	if err != nil {
		return nil, err
	}
	var stops []Stop
	at := map[uint64]int{}
	for _, l := range leaps {
		if i, known := at[l.sum]; known {
			stops[i].Others = append(stops[i].Others, l.line)
			continue
		}
		at[l.sum] = len(stops)
		stops = append(stops, Stop{Fingerprint: l.sum, Step: l.step, Line: l.line, About: w.sys.about(l.step)})
	}
	return stops, nil
}

// Path returns the way along fingerprints. The error wraps ErrNoState and tells the place
// if one does not follow, or ErrModel if a node cannot be explored there.
func (w *Walk) Path(path []uint64) (*Path, error) {
	if len(path) == 0 {
		return nil, fmt.Errorf("%w: an empty path, expected the fingerprint of an initial state", ErrNoState)
	}
	p := &Path{sys: w.sys, loop: -1}
	for _, r := range w.first {
		if sumOf(r) == path[0] {
			p.first = r
		}
	}
	if p.first == nil {
		return nil, strayed(1, len(path), path[0], "it is not an initial state of this model")
	}
	for i, sum := range path[1:] {
		leaps, err := w.leaps(p.last())
		if err != nil {
			return nil, err
		}
		k := slices.IndexFunc(leaps, func(l leap) bool { return l.sum == sum })
		if k < 0 {
			return nil, strayed(i+2, len(path), sum, "no step of this model leads there from the state before")
		}
		p.steps = append(p.steps, leaps[k].succ)
		p.rows = append(p.rows, leaps[k].row)
		p.Steps = append(p.Steps, leaps[k].step)
	}
	return p, nil
}

func strayed(place, of int, sum uint64, why string) error {
	return fmt.Errorf("%w: place %d of the path of %d, %016x: %s. "+
		"Was it taken from another model, other options or another version?", ErrNoState, place, of, sum, why)
}

// leap is a step with where it leads.
type leap struct {
	succ
	row  row
	step Step
	line string
}

// leaps returns the steps from a state to states within the model's bounds, in order.
func (w *Walk) leaps(at row) ([]leap, error) {
	if err := w.x.expand(at); err != nil {
		return nil, err
	}
	var all []leap
	for i := range w.x.succs {
		s := &w.x.succs[i]
		if r := w.x.make(nil, s); w.sys.within(r) {
			step := w.sys.step(at, s)
			all = append(all, leap{*s, r, step, w.sys.tell(step)})
		}
	}
	if failed := w.sys.failed.Load(); failed != nil && w.sys.m.Within != nil {
		return nil, *failed
	}
	slices.SortStableFunc(all, func(a, b leap) int {
		return cmp.Or(cmp.Compare(a.step.Node, b.step.Node), cmp.Compare(a.kind, b.kind),
			cmp.Compare(a.line, b.line), cmp.Compare(w.sys.taken(&a.succ), w.sys.taken(&b.succ)), cmp.Compare(a.sum, b.sum))
	})
	return all, nil
}

// taken stands for the message that a step takes, by its content; 0 if it takes none.
func (sys *system) taken(s *succ) uint64 {
	switch s.kind {
	case StepDeliver, StepDrop, StepDuplicate:
		return sys.messages.at(s.arg).hash
	}
	return 0
}

// about returns the message, timer or partition of a step.
func (sys *system) about(s Step) string {
	switch s.Kind {
	case StepDeliver, StepDrop, StepDuplicate:
		return words{name: sys.name}.say(s.Msg)
	}
	return s.Name
}

// Stops returns the states on the path, the first one included.
func (p *Path) Stops() []Stop {
	stops := []Stop{booted(p.first)}
	for i, r := range p.rows {
		st := p.Steps[i]
		stops = append(stops, Stop{Fingerprint: sumOf(r), Step: st, Line: p.sys.tell(st), About: p.sys.about(st)})
	}
	return stops
}

// Fingerprints returns the address of the last state of the path, see Walk.
func (p *Path) Fingerprints() []uint64 {
	var all []uint64
	for _, s := range p.Stops() {
		all = append(all, s.Fingerprint)
	}
	return all
}

// last returns the row of the last state.
func (p *Path) last() row {
	if len(p.rows) == 0 {
		return p.first
	}
	return p.rows[len(p.rows)-1]
}
