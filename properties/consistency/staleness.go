package consistency

import (
	"fmt"
	"math"
	"slices"
	"time"

	"phoenix/properties"
	"phoenix/properties/history"
)

// Never is the AtLeast of a key that no staleness of reads explains: one
// returned what nobody had written yet, or CAS did not all meet the latest write.
const Never = math.MaxInt

// Staleness says how old the values were that the reads of a key returned. A
// history is k-atomic if an order of its operations that respects real time
// lets every read return one of the k latest writes; it is then at most k-1
// writes behind. CAS is exact whatever k is: it must meet the latest write. A
// failed CAS tells nothing here.
type Staleness struct {
	Key string
	// AtLeast is a bound from below on the least k for which the key is
	// k-atomic: 1 if nothing stale was found, Never if no k is enough.
	AtLeast int
	// Exact reports that the key is AtLeast-atomic, so that it is the least. It
	// is decided up to 2 (and for Never), within the bounds, where which write
	// each read returned is known.
	Exact bool
	// Read is the position of the read that shows AtLeast on its own, or -1:
	// at least AtLeast-1 writes were wholly between the write it returned and it.
	Read int32
	// Moments is how long before the call of Read the version it returned had
	// certainly been replaced, in the unit of history.Operation.Call; 0 without Read.
	Moments int64
	// Sentence tells of Read, or of what makes AtLeast Never; "" otherwise.
	Sentence string
}

// staleness judges key k, and whether it is 2-atomic. linear says that the
// whole history is known to be linearizable.
func (v *versions) staleness(k int32, linear bool) (Staleness, Finding) {
	s := Staleness{Key: v.keys[k], AtLeast: 1, Exact: linear, Read: -1}
	if linear {
		return s, Finding{Level: TwoAtomic}
	}
	cs, thin := v.clusters(k)
	if explained, nodes := v.impossible(cs, thin); explained != "" {
		s.AtLeast, s.Exact, s.Sentence = Never, true, explained
		return s, v.violation(TwoAtomic, explained, nodes...)
	}
	gap := v.worstGap(k, cs)
	if gap.read != nothing {
		s.AtLeast, s.Read, s.Moments = gap.writes+1, gap.read, span(gap.since, v.ops[gap.read].Call)
		s.Sentence = v.behind(&gap)
	}
	if gap.writes >= 2 {
		nodes := append(append(gap.newer, gap.proof...), v.from[gap.read], gap.read)
		return s, v.violation(TwoAtomic, s.Sentence, nodes...)
	}
	switch verdict := v.newOrderer(cs, 2).order(); {
	case verdict == properties.Fail:
		few := v.operations(v.core(cs, 2))
		s.AtLeast, s.Read, s.Moments, s.Sentence = 3, -1, 0, ""
		return s, v.violation(TwoAtomic, v.noOrder(few), few...)
	case verdict == properties.Inconclusive:
		return s, Finding{Level: TwoAtomic, Verdict: verdict, Key: s.Key,
			Reason: fmt.Sprintf("no order of %s found within the bound of steps, nor that there is none", plural(len(cs)-1, "write"))}
	case v.unplaced(k) >= 0:
		return s, Finding{Level: TwoAtomic, Verdict: properties.Inconclusive, Key: s.Key, Reason: v.whyUnplaced(v.unplaced(k))}
	}
	if gap.read == nothing {
		switch v.newOrderer(cs, 1).order() {
		case properties.Fail:
			s.AtLeast = 2
		case properties.Inconclusive:
			return s, Finding{Level: TwoAtomic}
		}
	}
	s.Exact = true
	return s, Finding{Level: TwoAtomic}
}

// noOrder says that a few operations are not 2-atomic.
func (v *versions) noOrder(few []int32) string {
	exact := ""
	if slices.ContainsFunc(few, func(i int32) bool { return v.ops[i].Kind == history.CAS }) {
		exact = " and every cas replace the latest"
	}
	return "no order lets every read return one of the two latest writes" + exact + ": " + v.stories(few)
}

// impossible explains what no k makes k-atomic: a read of what nobody wrote, or
// had written yet, or CAS that cannot all have met the latest write.
func (v *versions) impossible(cs []cluster, thin int32) (sentence string, nodes []int32) {
	if sentence, nodes = v.tooEarly(cs, thin); sentence != "" {
		return sentence, nodes
	}
	if !slices.ContainsFunc(cs, func(c cluster) bool { return c.after != nothing }) {
		return "", nil
	}
	late := slices.Clone(cs)
	for i := range late {
		late[i].seen, late[i].late = math.MinInt64, nothing
	}
	if v.newOrderer(late, 1).order() != properties.Fail {
		return "", nil
	}
	few := v.operations(v.core(late, 1))
	return "no order lets every cas replace the latest write: " + v.stories(few), few
}

// span is to - from, at most math.MaxInt64.
func span(from, to int64) int64 {
	if d := to - from; d >= 0 {
		return d
	}
	return math.MaxInt64
}

// tooEarly explains a read of what nobody wrote, or had written yet.
func (v *versions) tooEarly(cs []cluster, thin int32) (sentence string, nodes []int32) {
	if thin != nothing {
		return v.whyUnplaced(thin), []int32{thin}
	}
	for _, c := range cs {
		if c.sure < c.call {
			return fmt.Sprintf("client %d %s before client %d began to write that",
				v.ops[c.early].Client, did(&v.ops[c.early]), v.ops[c.node].Client), []int32{c.early, c.node}
		}
	}
	return "", nil
}

// behind is the sentence on a gap.
func (v *versions) behind(g *gap) string {
	op := &v.ops[g.read]
	later := ""
	if first := v.ops[g.first].ReturnTime; first != 0 && op.CallTime > first {
		later = fmt.Sprintf("%v ", time.Duration(op.CallTime-first))
	}
	s := fmt.Sprintf("read of %s%s by client %d was at least %s behind: it was called %safter %s",
		short(op.Out), inKey(op.Key), op.Client, plural(g.writes, "write"), later, v.settled(g.newer[0]))
	if g.writes > 1 {
		s += fmt.Sprintf(", and after %s", v.settled(g.newer[1]))
	}
	return s
}

// settled says that a write had happened: it had returned, or had been read.
func (v *versions) settled(node int32) string {
	op := &v.ops[node]
	if op.Kind == history.CAS {
		return fmt.Sprintf("the cas from %s to %s by client %d had happened", short(op.Old), short(op.Arg), op.Client)
	}
	return fmt.Sprintf("the write of %s by client %d had happened", short(op.Arg), op.Client)
}

// violation is a finding of what the nodes show, which are of one key or more.
func (v *versions) violation(l Level, explanation string, nodes ...int32) Finding {
	f := Finding{Level: l, Verdict: properties.Fail, Explanation: explanation, Operations: v.positions(nodes...)}
	f.Key = v.ops[f.Operations[len(f.Operations)-1]].Key
	return f
}
