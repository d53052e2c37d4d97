package consistency

import (
	"context"
	"fmt"

	"phoenix/properties"
	"phoenix/properties/linear"
)

// judgeSequential judges sequential consistency (Lamport, IEEE Transactions on
// Computers 1979) of a history not known to be linearizable: all keys
// together, because it is not local.
func (v *versions) judgeSequential(ctx context.Context) Finding {
	for i := range v.ops {
		if v.happened[i] && v.from[i] == unwritten {
			return v.violation(Sequential, v.whyUnplaced(int32(i)), int32(i))
		}
	}
	steps, memory := v.opt.Steps, v.opt.Memory
	if steps == 0 {
		steps = linear.DefaultSteps
	}
	if memory == 0 {
		memory = linear.DefaultMemory
	}
	p := v.newPrograms()
	if p.glance(ctx, steps, memory) {
		return Finding{Level: Sequential}
	}
	if few := v.nearby(ctx, steps, memory); few != nil {
		return v.disordered(few)
	}
	s, cycle := p.saturate(ctx, steps, memory)
	if cycle != nil {
		return v.disordered(s.witnesses(cycle))
	}
	f := Finding{Level: Sequential}
	switch verdict, reason := s.search(ctx, steps, memory/2); verdict {
	case properties.Fail:
		f.Verdict, f.Explanation = verdict, fmt.Sprintf("no order of all %s that keeps each client's own explains what they returned",
			plural(len(p.op), "operation"))
	case properties.Inconclusive:
		f.Verdict, f.Reason = verdict, reason
	}
	return f
}

// glance reports whether one dive finds an order without any clocks, as it does
// where clients see almost the latest. It takes at most half of the steps.
func (p *programs) glance(ctx context.Context, steps, memory int64) bool {
	bare, _ := p.saturate(ctx, steps, 0)
	x := newSearch(bare)
	x.steps = min(steps/2, 4*x.stride()*int64(len(p.op)))
	if x.hopeless() {
		return false
	}
	verdict, _ := x.run(ctx, true, memory/2)
	return verdict == properties.Pass
}

// window is how many operations are looked at together for a contradiction
// before all are: most contradictions are among neighbours, and clocks take the
// operations times their clients.
const window = 2048

// nearby returns a few operations that contradict each other and were called
// one soon after the other, or nil if it finds none.
func (v *versions) nearby(ctx context.Context, steps, memory int64) []int32 {
	for at := 0; at < len(v.ops) && len(v.ops) > window && ctx.Err() == nil; at += window {
		var few []int32
		for i := at; i < min(at+window, len(v.ops)); i++ {
			few = append(few, int32(i))
		}
		s, cycle := v.restrict(few).newPrograms().saturate(ctx, steps, memory)
		if cycle == nil {
			continue
		}
		found := s.witnesses(cycle)
		for j, i := range found {
			found[j] = few[i]
		}
		return found
	}
	return nil
}

// disordered tells of a few operations that no order explains.
func (v *versions) disordered(few []int32) Finding {
	few = v.positions(few...)
	f := v.violation(Sequential, "no order that keeps each client's own explains this: "+v.stories(few), few...)
	f.Key = ""
	return f
}
