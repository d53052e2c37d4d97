package sim

import "fmt"

// A Chooser takes the decisions of a run: which of several events of one
// instant comes next, whether a crash happens, whatever node code asks with
// World.Choose. Noise (latencies, losses) is not its business: that comes from
// keyed streams. Replaying, exploring and shrinking are Choosers, not modes.
type Chooser interface {
	// Choose returns a number in [0, n), n >= 2. The label says what is being
	// decided and is the same for the same decision in every run.
	Choose(label string, n int) int
}

// Pick is one decision as it was taken.
type Pick struct {
	Label  string
	N      int // how many alternatives there were
	Picked int // in [0, N)
}

// Seeded returns the Chooser that draws uniformly from key. The i-th decision
// under a label depends on the key, the label and i only.
func Seeded(key Key) Chooser { return &seeded{key: key, drawn: map[string]uint64{}} }

type seeded struct {
	key   Key
	drawn map[string]uint64
}

func (s *seeded) Choose(label string, n int) int {
	i := s.drawn[label]
	s.drawn[label] = i + 1
	return s.key.Sub(label).Num(i).Below(n)
}

// Tape is a Chooser that plays recorded decisions. Where the run asks for
// another decision than the next on the tape, or the tape has ended, it notes
// the first such place and takes alternative 0 from then on.
type Tape struct {
	picks  []Pick
	next   int
	strays error
}

// Replay returns a Tape of the decisions that World.Picks returned.
func Replay(picks []Pick) *Tape { return &Tape{picks: picks} }

// Choose plays the next decision.
func (t *Tape) Choose(label string, n int) int {
	if t.strays != nil {
		return 0
	}
	if t.next == len(t.picks) {
		t.strays = fmt.Errorf("sim: the tape ends after %d choices, but the run asks for %q of %d", t.next, label, n)
		return 0
	}
	p := t.picks[t.next]
	if p.Label != label || p.N != n || p.Picked < 0 || p.Picked >= n {
		t.strays = fmt.Errorf("sim: choice %d is %d of %d for %q on the tape, but the run asks for %q of %d",
			t.next, p.Picked, p.N, p.Label, label, n)
		return 0
	}
	t.next++
	return p.Picked
}

// Err returns nil while the run has followed the tape, else where it strayed.
func (t *Tape) Err() error { return t.strays }

// Left returns how many decisions were not asked for yet.
func (t *Tape) Left() int { return len(t.picks) - t.next }
