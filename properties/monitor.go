package properties

import (
	"fmt"

	"phoenix/sim"
)

// Kind is the sort of claim that a property makes, and so how the outcomes of
// many runs add up.
type Kind uint8

const (
	// Always must hold in every run: the worst outcome counts.
	Always Kind = iota + 1
	// Sometimes must happen in some run: the best outcome counts.
	Sometimes
	// Eventually must hold when a run has come to rest: the worst counts.
	Eventually
)

var kindNames = [...]string{Always: "always", Sometimes: "sometimes", Eventually: "eventually"}

// String returns "always", "sometimes" or "eventually".
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// MarshalText returns String.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Outcome is what became of one property in a run, or in several.
type Outcome struct {
	Name    string   `json:"name"`
	Kind    Kind     `json:"kind"`
	Verdict Verdict  `json:"verdict"`
	Detail  string   `json:"detail,omitempty"` // why, for a person
	Event   uint64   `json:"event,omitempty"`  // where it was decided; 0: not by one event
	At      sim.Time `json:"at,omitempty"`     // when, in nanoseconds of virtual time
}

// Set is the named properties of one world. Make it with New before the run.
type Set struct {
	w        *sim.World
	always   []*watched
	some     []*watched
	eventual []*watched
	order    []*watched // all, as declared
}

type watched struct {
	outcome Outcome
	err     func() error // of Always and Eventually
	is      func() bool  // of Sometimes
}

// New returns an empty set of properties of w.
func New(w *sim.World) *Set {
	s := &Set{w: w}
	w.AfterStep(s.step)
	return s
}

// Always claims that holds returns nil after every step of the run. The first
// error ends the run. The cost is one call of holds a step.
func (s *Set) Always(name string, holds func() error) {
	s.always = append(s.always, s.declare(name, Always, &watched{err: holds}))
}

// Sometimes claims that happens returns true after some step of some run: it
// shows that an interesting situation was reached. Where it never was, the
// outcome is Inconclusive. Once it happened it is not asked again.
func (s *Set) Sometimes(name string, happens func() bool) {
	s.some = append(s.some, s.declare(name, Sometimes, &watched{is: happens}))
}

// Eventually claims that holds returns nil once the run is over; its error says
// what is still stuck. If it does not, the outcome is Fail when the run had its
// chance, see Judge, and Inconclusive when it was cut short by a limit.
func (s *Set) Eventually(name string, holds func() error) {
	s.eventual = append(s.eventual, s.declare(name, Eventually, &watched{err: holds}))
}

// Settled reports whether all that was claimed to hold eventually holds now.
func (s *Set) Settled() bool {
	for _, p := range s.eventual {
		if p.err() != nil {
			return false
		}
	}
	return true
}

// Violated reports whether something that was to hold always did not.
func (s *Set) Violated() bool {
	for _, p := range s.always {
		if p.outcome.Verdict == Fail {
			return true
		}
	}
	return false
}

func (s *Set) declare(name string, kind Kind, w *watched) *watched {
	for _, other := range s.order {
		if other.outcome.Name == name {
			panic(fmt.Sprintf("properties: two properties are named %q", name))
		}
	}
	w.outcome = Outcome{Name: name, Kind: kind}
	if kind == Sometimes {
		w.outcome.Verdict, w.outcome.Detail = Inconclusive, "never happened"
	}
	s.order = append(s.order, w)
	return w
}

// step checks the properties after a step of the world.
func (s *Set) step() {
	for _, p := range s.always {
		if p.outcome.Verdict == Fail {
			continue
		}
		if err := p.err(); err != nil {
			p.decide(s.w, Fail, err.Error())
			s.w.Halt()
		}
	}
	for i := 0; i < len(s.some); i++ {
		if p := s.some[i]; p.is() {
			p.decide(s.w, Pass, "")
			s.some = append(s.some[:i], s.some[i+1:]...)
			i--
		}
	}
}

func (p *watched) decide(w *sim.World, v Verdict, detail string) {
	p.outcome.Verdict, p.outcome.Detail = v, detail
	p.outcome.Event, p.outcome.At = w.Events(), w.Now()
}

// Judge returns the outcomes, in order of declaration, of a run that ended for
// the given reason. What was to hold eventually had its chance if nothing was left
// to happen, or if healed: if all faults had ended and time enough had passed.
func (s *Set) Judge(end sim.Reason, healed bool) []Outcome {
	for _, p := range s.eventual {
		err := p.err()
		switch {
		case err == nil:
			p.decide(s.w, Pass, "")
		case healed:
			p.decide(s.w, Fail, "did not hold after the faults had healed: "+err.Error())
		case end == sim.Quiescent:
			p.decide(s.w, Fail, "did not hold when nothing was left to happen: "+err.Error())
		default:
			p.decide(s.w, Inconclusive, "did not hold when the run was ended ("+end.String()+"): "+err.Error())
		}
	}
	all := make([]Outcome, len(s.order))
	for i, p := range s.order {
		all[i] = p.outcome
	}
	return all
}

// Overall returns the worst verdict of the outcomes.
func Overall(outcomes []Outcome) Verdict {
	worst := Pass
	for _, o := range outcomes {
		worst = max(worst, o.Verdict)
	}
	return worst
}

// Merge adds the outcomes of another run to those of earlier ones, by name: of a
// Sometimes the best counts, of the others the worst, of equal ones the first.
func Merge(sum, run []Outcome) []Outcome {
	for _, o := range run {
		i := indexOf(sum, o.Name)
		switch {
		case i < 0:
			sum = append(sum, o)
		case o.Kind == Sometimes && o.Verdict < sum[i].Verdict,
			o.Kind != Sometimes && o.Verdict > sum[i].Verdict:
			sum[i] = o
		}
	}
	return sum
}

func indexOf(outcomes []Outcome, name string) int {
	for i, o := range outcomes {
		if o.Name == name {
			return i
		}
	}
	return -1
}
