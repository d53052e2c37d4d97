package traces

import (
	"context"
	"errors"
	"fmt"

	"phoenix/properties"
	"phoenix/properties/scenario"
)

// What a shrinking takes at most where nobody says: so many runs, and no further one
// after so many events of all runs. The second bound is for runs that are long and stay so.
const (
	DefaultShrinkRuns   = 20_000
	DefaultShrinkEvents = 1_000_000_000
)

// ShrinkOptions bound and watch a shrinking. The zero value tries one candidate after
// the other, DefaultShrinkRuns at most.
type ShrinkOptions struct {
	// Runs is how many runs may be made; 0 means DefaultShrinkRuns.
	Runs int
	// Events is how many events these runs may have before no other one is made; 0
	// means DefaultShrinkEvents.
	Events uint64
	// Width is how many candidates are tried at a time; 0 means 1. What is found does
	// not depend on it.
	Width int
	// Parallel calls run with each of 0 to n-1, side by side if it likes, and returns
	// when all have returned; nil calls one after the other.
	Parallel func(n int, run func(i int))
	// Accepted is called with each failure that is smaller than those before; nil: nobody
	// wants to know. It must not change what it is given.
	Accepted func(*Failure)
	// Tried is called after each batch with how many runs there were so far.
	Tried func(runs int)
}

// Shrinking says how far the shrinking of a failure has come. It is part of the file,
// so that shrinking can go on with it.
type Shrinking struct {
	Of   string `json:"of"`   // the digest of the failure as it was found
	From Size   `json:"from"` // how large that is
	Runs int    `json:"runs"` // made so far
	Pass int    `json:"pass"` // the one to go on with
	Idle int    `json:"idle"` // how many passes in a row found nothing
	Step int    `json:"step"` // how many candidates of the pass are known to be no good
	// Done says that no pass finds anything smaller.
	Done bool `json:"done,omitempty"`
}

// Size is how large a failing run is, for people.
type Size struct {
	Events     uint64 `json:"events"`
	Faults     int    `json:"faults"` // of the plan, and one for each kind of noise of the links
	Operations int    `json:"operations"`
	Hosts      int    `json:"hosts"`
}

// String returns such as "412 events, 9 faults".
func (s Size) String() string {
	return fmt.Sprintf("%s, %s", counted(s.Events, "event"), counted(s.Faults, "fault"))
}

// Shrunk is what a shrinking came to.
type Shrunk struct {
	Failure *Failure         // the smallest that was found; its Shrink says from what
	Result  *scenario.Result // its run
	To      Size
	Runs    int    // made this time
	Virtual uint64 // events of all these runs
}

// Line tells how far the failure was shrunk, and how many events of its story matter.
func (s *Shrunk) Line(matter int) string {
	return fmt.Sprintf("shrunk from %s to %s; %s", s.Failure.Shrink.From, s.To, matters(matter))
}

// ErrNotFailing is wrapped by the error of Shrink for a failure that does not fail, or
// in which another property fails than its file says.
var ErrNotFailing = errors.New("the run does not fail like that")

// Shrink looks for the smallest failure that is like f: the same property fails, and
// so kind and name of it, whatever its detail says. It returns f itself if there is
// nothing smaller. ParseFailure or NewFailure made f, of the scenario s.
//
// It is delta debugging (Zeller and Hildebrandt, "Simplifying and isolating
// failure-inducing input", IEEE TSE 2002, section 3) over all that a run is made from:
// the noise of links, faults and whom they concern, operations, clients and servers,
// keys, choices; what is left is made plain: early and round times, short waits, reads
// for writes. A candidate is a run from the beginning. Random draws are keyed by what
// they are for, so those that a candidate leaves alone stay as they were. Noise that is
// needed is replaced by faults of single messages, which follow their messages when
// operations go. What would change the delays of all that follows is taken away while
// each message has its delay for itself. What nothing else makes smaller is tried with
// other seeds: the seed of the smallest failure may be another one.
//
// A candidate is taken if it fails alike and is smaller: fewer faults, then fewer
// operations, hosts, keys, then plainer, then fewer events. Of the candidates of a
// batch the first counts, in their order: the result is a function of s, f, Runs and Events.
//
// When ctx is done the best so far is returned, and opt.Accepted has had it.
func Shrink(ctx context.Context, s *scenario.Scenario, f *Failure, opt ShrinkOptions) (*Shrunk, error) {
	sh := newShrinker(ctx, s, f, opt)
	if err := sh.begin(f); err != nil {
		return nil, err
	}
	for !sh.state.Done && !sh.over() {
		passes[sh.state.Pass](sh)
		if sh.over() { // the pass may not have come to its end
			break
		}
		sh.state.Pass, sh.state.Step, sh.skip = (sh.state.Pass+1)%len(passes), 0, 0
		sh.state.Idle++
		sh.state.Done = sh.state.Idle > len(passes)
	}
	return sh.shrunk(), nil
}

// passes are what is tried, again and again until none of them finds anything. Those
// that may cut most come first.
var passes = []func(*shrinker){
	(*shrinker).quieten,
	(*shrinker).dropFaults,
	(*shrinker).dropOperations,
	(*shrinker).exactNoise,
	(*shrinker).exactDelays,
	(*shrinker).dropHosts,
	(*shrinker).mergeKeys,
	(*shrinker).dropTargets,
	(*shrinker).plainFaults,
	(*shrinker).plainOperations,
	(*shrinker).plainChoices,
	(*shrinker).plainConfig,
	(*shrinker).otherSeeds,
}

// begin runs f as it is.
func (sh *shrinker) begin(f *Failure) error {
	if f.Shrink != nil {
		sh.state = *f.Shrink
		sh.state.Pass = max(sh.state.Pass, 0) % len(passes)
		sh.skip = max(sh.state.Step, 0)
		sh.state.Idle = min(max(sh.state.Idle, 0), len(passes)+1)
	}
	t := sh.attempt(draftOf(f))
	sh.spend(t)
	if t.failed == nil {
		return fmt.Errorf("traces: %s %s: %w", f.Scenario, f.Seed, ErrNotFailing)
	}
	sh.kind = t.failed.Kind
	sh.patience = 2*t.events + 5000
	sh.wild = sh.excessive(t.draft)
	sh.best = sh.whole(t, t.draft)
	key := t.draft.key()
	sh.memo[key] = t
	sh.putAway([]fingerprint{key})
	if f.Shrink == nil {
		sh.state.Of, sh.state.From = f.Digest, sh.best.size()
	}
	return nil
}

// shrunk returns the best so far.
func (sh *shrinker) shrunk() *Shrunk {
	return &Shrunk{
		Failure: sh.failure(), Result: sh.best.result, To: sh.best.size(), Runs: sh.runs, Virtual: sh.events,
	}
}

// failure returns the best so far as it goes into a file.
func (sh *shrinker) failure() *Failure {
	f := NewFailure(sh.s, sh.best.result)
	f.Choices = f.Choices[:lastChoice(sh.best.result.Picks)]
	state := sh.state
	f.Shrink = &state
	return f
}

// like reports whether o is the failure that is being shrunk.
func (sh *shrinker) like(o *properties.Outcome) bool {
	return o != nil && valid(o.Name) == sh.property && (sh.best == nil || o.Kind == sh.kind)
}

// counted is "1 event" or "3 events".
func counted[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
