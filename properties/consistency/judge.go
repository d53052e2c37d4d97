package consistency

import (
	"context"
	"errors"
	"fmt"

	"phoenix/properties"
	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// ErrNotRegisters is wrapped by the error of Judge for a history of something
// else than registers, or with a specification of the caller's own.
var ErrNotRegisters = errors.New("consistency: only reads, writes and compare-and-set of registers can be judged")

// Finding is what is known of a history and one level.
type Finding struct {
	Level   Level
	Verdict properties.Verdict
	// Key is the key of the verdict if it is of one: the one that fails or the
	// first that is not decided.
	Key string
	// Explanation is a sentence on a Fail, true of the history; "" otherwise.
	Explanation string
	// Reason says why a verdict is Inconclusive; "" otherwise.
	Reason string
	// Operations are the few that show a Fail: positions in the history,
	// ascending. Whatever else happened, they do not go together at this level
	// (for Linearizable they are those of linear.Contradiction, which adds what
	// else may have written). Nil unless the verdict is Fail, and if the bounds
	// did not allow to find them.
	Operations []int32
	// Tested counts, for a session guarantee, the reads that it demanded
	// something of. At 0 a Pass says nothing.
	Tested int
}

// Report is what Judge found.
type Report struct {
	// Findings has one for each level, in the order of the levels.
	Findings []Finding
	// Staleness has one for each key, in order of first appearance.
	Staleness []Staleness
}

// Of returns the finding of a level, Inconclusive if the report has none.
func (r *Report) Of(l Level) Finding {
	for _, f := range r.Findings {
		if f.Level == l {
			return f
		}
	}
	return Finding{Level: l, Verdict: properties.Inconclusive, Reason: "it was not judged"}
}

// Worst returns the key that is most stale, the first of several: by AtLeast,
// then by Moments. ok is false if there are no keys.
func (r *Report) Worst() (worst Staleness, ok bool) {
	for i, s := range r.Staleness {
		if i == 0 || s.AtLeast > worst.AtLeast || s.AtLeast == worst.AtLeast && s.Moments > worst.Moments {
			worst = s
		}
	}
	return worst, len(r.Staleness) > 0
}

// Judge tells which levels the history of a register, CAS register or key-value
// store reaches. A Fail is certain. So is a Pass, except that of monotonic-writes and
// writes-follow-reads it means that no violation was found. When the
// bounds of opt were reached, ctx is done, or nobody can tell which of several
// equal writes a read returned, what is not known is Inconclusive.
//
// The error is that of linear.Check, or wraps ErrNotRegisters; the report then
// has no Pass.
//
// Beside linear.Check the session guarantees cost O(n^1.5 log n) at worst and
// usually O(n log n), staleness O(n log n + c n) where c is the most writes that
// are concurrent, within the steps of opt for each key. Sequential consistency
// is NP-complete (Gibbons and Korach, SIAM J. Comput. 1997): its violations
// among operations that were called one soon after the other, and most orders,
// are found at once, but its search may end at the bounds of opt, and it is slow
// where there are thousands of clients.
func Judge(ctx context.Context, h *history.History, opt linear.Options) (Report, error) {
	opt.EveryKey = true
	if err := accepts(h, &opt); err != nil {
		return undecided(err), err
	}
	res, err := linear.Check(ctx, h, opt)
	if err != nil {
		return undecided(err), err
	}
	v := resolve(h, &opt)
	pass := res.Verdict == properties.Pass
	r := Report{Findings: []Finding{linearizable(&res), {Level: Sequential}, {Level: TwoAtomic}}}
	if !pass {
		r.Findings[Sequential] = v.judgeSequential(ctx)
	}
	r.Staleness, r.Findings[TwoAtomic] = v.judgeKeys(ctx, pass)
	for _, f := range v.judgeSessions(ctx) {
		if pass {
			f = Finding{Level: f.Level, Tested: f.Tested} // linearizability implies it
		}
		r.Findings = append(r.Findings, f)
	}
	return r, nil
}

// judgeKeys returns the staleness of each key, and the finding on the worst.
func (v *versions) judgeKeys(ctx context.Context, linear bool) (list []Staleness, worst Finding) {
	worst.Level = TwoAtomic
	for k := range v.keys {
		s, f := Staleness{Key: v.keys[k], AtLeast: 1, Read: -1}, Finding{Level: TwoAtomic}
		if err := ctx.Err(); err != nil && !linear {
			f.Verdict, f.Key, f.Reason = properties.Inconclusive, s.Key, err.Error()
		} else {
			s, f = v.staleness(int32(k), linear)
		}
		list = append(list, s)
		if f.Verdict > worst.Verdict {
			worst = f
		}
	}
	return list, worst
}

func accepts(h *history.History, opt *linear.Options) error {
	if opt.Step != nil || opt.Model > linear.KV {
		return fmt.Errorf("%w: the model is %v", ErrNotRegisters, modelName(opt))
	}
	for i := range h.Operations {
		if op := &h.Operations[i]; op.Kind == history.Append {
			return fmt.Errorf("%w: operation %d is %v", ErrNotRegisters, i, op)
		}
	}
	return nil
}

func modelName(opt *linear.Options) string {
	if opt.Step != nil {
		return "the caller's own"
	}
	return opt.Model.String()
}

// undecided is the report that goes with an error: nobody may take it for a pass.
func undecided(err error) Report {
	var r Report
	for l := range levels {
		r.Findings = append(r.Findings, Finding{Level: l, Verdict: properties.Inconclusive, Reason: err.Error()})
	}
	return r
}

// linearizable is the finding that linear.Check made.
func linearizable(res *linear.Result) Finding {
	f := Finding{Level: Linearizable, Verdict: res.Verdict, Key: res.Key, Explanation: res.Explanation, Reason: res.Reason}
	if res.Contradiction != nil {
		f.Operations = res.Contradiction.Operations
	}
	return f
}
