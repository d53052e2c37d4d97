package linear

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"phoenix/properties"
	"phoenix/properties/history"
)

// minimizer looks for a small contradiction in the shortest failing prefix of
// a key: it takes operations away as long as what is left contradicts itself.
// That is delta debugging (Zeller and Hildebrandt, Simplifying and isolating
// failure-inducing input, IEEE TSE 2002, section 3), first in chunks, then one by
// one. Whatever else may explain the operations comes back as an other.
type minimizer struct {
	ctx   context.Context
	judge func(ctx context.Context, opt *Options, ops []*history.Operation, steps int64) decision
	ops   []*history.Operation // of the key
	last  int32                // the culprit: it ends the prefix
	whole *scene               // the prefix
	left  int64                // steps

	scene *scene  // all that plays a part
	at    []int32 // positions in ops of the scene's operations
	// culprit is the position of the culprit in the scene. It is in every
	// contradiction: without it, the rest is from a shorter prefix, which passes.
	culprit int32
	roles   []role
	size    size
	patient int64 // steps that one question may take
}

func newMinimizer(ctx context.Context, opt *Options, ops []*history.Operation, last int32, steps int64) *minimizer {
	whole := newScene(opt, ops[:calledBy(ops, last)], ops[last].Return)
	return &minimizer{ctx: ctx, judge: decide, ops: ops, last: last, whole: whole, left: steps}
}

// size orders contradictions: fewer operations are better, and of as many the
// ones with fewer that must have happened.
type size struct{ all, definite int }

func (a size) less(b size) bool {
	return a.all < b.all || (a.all == b.all && a.definite < b.definite)
}

func sizeOf(roles []role) (n size) {
	for _, p := range roles {
		if p != outside {
			n.all++
		}
		if p == definite {
			n.definite++
		}
	}
	return n
}

// contradict returns positions in ops, by Call, of operations that contradict
// each other and of others that may have happened, for f, the shortest prefix
// of ops that fails. ok is false if the bounds do not allow to find any.
func contradict(
	ctx context.Context, opt *Options, ops []*history.Operation, f failing,
) (operations, others []int32, ok bool) {
	m := f.begun
	if m == nil {
		m = newMinimizer(ctx, opt, ops, f.last, opt.stepBound())
		if !m.fromAll() {
			return nil, nil, false
		}
	}
	m.left = opt.stepBound()
	m.minimize()
	for i, r := range m.roles {
		switch r {
		case definite:
			operations = append(operations, m.at[i])
		case optional:
			others = append(others, m.at[i])
		}
	}
	return operations, others, true
}

// fromCore begins with the operations of a core, none of which returned after
// the culprit. It reports whether they contradict each other. O(length of the
// prefix) and what it takes to decide about them.
func (m *minimizer) fromCore(core []int32) bool {
	if len(core) == 0 {
		return false
	}
	roles := make([]role, len(m.whole.ops))
	roles[m.last] = definite
	for _, i := range core {
		if returnedBy(m.ops, i, m.last) {
			roles[i] = definite
		}
	}
	m.scene, roles, m.at = m.whole.around(roles)
	m.culprit = int32(slices.Index(m.at, m.last))
	m.closeOver(roles)
	d := m.decide(roles, m.left)
	if d.verdict != properties.Fail {
		return false
	}
	m.accept(roles, d)
	return true
}

// fromAll begins with all of the prefix. It returns false if the bounds were
// reached.
func (m *minimizer) fromAll() bool {
	m.scene, m.culprit = m.whole, m.last
	m.at = make([]int32, len(m.whole.ops))
	roles := make([]role, len(m.whole.ops))
	for i, op := range m.whole.ops {
		m.at[i] = int32(i)
		switch {
		case returnedBy(m.ops, int32(i), m.last):
			roles[i] = definite
		case changes(op):
			roles[i] = optional
		}
	}
	d := m.decide(roles, m.left)
	switch d.verdict {
	case properties.Pass:
		panic(fmt.Sprintf("linear: the prefix that ends with %v was found to fail and to pass", m.ops[m.last]))
	case properties.Inconclusive:
		return false
	}
	m.accept(roles, d)
	return true
}

// perStep is how many operations are looked at while the model takes a step, so
// that looking counts as well.
const perStep = 4

// decide judges the restricted history.
func (m *minimizer) decide(roles []role, steps int64) decision {
	opt, ops := m.scene.restrict(roles)
	d := m.judge(m.ctx, opt, ops, min(steps, m.left))
	m.left -= d.steps + int64(len(roles)/perStep)
	return d
}

// accept makes roles the contradiction to improve.
func (m *minimizer) accept(roles []role, d decision) {
	const least, factor = 20_000, 2
	m.roles, m.size = roles, sizeOf(roles)
	m.patient = max(least, factor*d.steps)
}

// closeOver adds others until the roles are closed.
func (m *minimizer) closeOver(roles []role) {
	for {
		m.left -= int64(len(roles) / perStep)
		wanted := m.scene.wanted(roles)
		if len(wanted) == 0 {
			return
		}
		for _, i := range wanted {
			roles[i] = optional
		}
	}
}

// minimize takes operations away until there is none that can be spared.
func (m *minimizer) minimize() {
	chunk := max(1, m.size.definite/2)
	for m.left > 0 && m.ctx.Err() == nil {
		improved := m.pass(chunk)
		if chunk == 1 && !improved {
			return
		}
		chunk = max(1, chunk/2)
	}
}

// pass tries to spare each chunk of operations once, first those that merely
// looked, the earliest first, and in the end each of the others too.
func (m *minimizer) pass(chunk int) (improved bool) {
	members := m.members(definite)
	if chunk == 1 {
		members = append(members, m.members(optional)...)
	}
	for rest := range slices.Chunk(members, chunk) {
		if m.left <= 0 || m.ctx.Err() != nil {
			break
		}
		improved = m.spare(rest) || improved
	}
	return improved
}

func (m *minimizer) members(p role) []int32 {
	var looks, updates []int32
	for i := range m.roles {
		switch {
		case m.roles[i] != p || int32(i) == m.culprit:
		case changes(m.scene.ops[i]):
			updates = append(updates, int32(i))
		default:
			looks = append(looks, int32(i))
		}
	}
	return append(looks, updates...)
}

// spare tries to do without some operations: with only the others then that are
// needed for a closed set, with all others there are, or with the operations as
// others.
func (m *minimizer) spare(some []int32) bool {
	fewest, without, relaxed := slices.Clone(m.roles), slices.Clone(m.roles), slices.Clone(m.roles)
	for i, p := range fewest {
		if p == optional {
			fewest[i] = outside
		}
	}
	for _, i := range some {
		fewest[i], without[i] = outside, outside
		if changes(m.scene.ops[i]) {
			relaxed[i] = optional
		} else {
			relaxed[i] = outside
		}
	}
	var tried [][]role
	for _, roles := range [][]role{fewest, without, relaxed} {
		m.closeOver(roles)
		if slices.ContainsFunc(tried, func(t []role) bool { return slices.Equal(t, roles) }) || !sizeOf(roles).less(m.size) {
			continue
		}
		if d := m.decide(roles, m.patient); d.verdict == properties.Fail {
			m.accept(roles, d)
			return true
		}
		tried = append(tried, roles)
	}
	return false
}

// mustHold panics if a certificate does not prove what an engine said.
func mustHold(err error, what string) {
	if err != nil && !errors.Is(err, errTooLarge) {
		panic(fmt.Sprintf("linear: an engine was wrong, %s: %v", what, err))
	}
}
