package linear

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/properties"
	"phoenix/properties/history"
)

// bruteForce tries every order of at most a dozen operations of one key. It
// shares no code with the package: its own real-time order, its own register.
func bruteForce(ops []history.Operation, opt Options) bool {
	var place func(left []history.Operation, held history.Value) bool
	place = func(left []history.Operation, held history.Value) bool {
		if !slices.ContainsFunc(left, func(o history.Operation) bool { return o.Outcome != history.Unknown }) {
			return true // what is left never happened
		}
		for i, o := range left {
			if slices.ContainsFunc(left, func(p history.Operation) bool { return p.Return < o.Call }) {
				continue
			}
			if after, ok := bruteStep(held, o, opt); ok && place(slices.Delete(slices.Clone(left), i, i+1), after) {
				return true
			}
		}
		return false
	}
	return place(ops, opt.Init)
}

func bruteStep(held history.Value, o history.Operation, opt Options) (after history.Value, ok bool) {
	switch {
	case o.Outcome == history.Failed:
		return held, o.Kind != history.CAS || opt.FailedCAS == FailedCASDropped || held != o.Old
	case o.Kind == history.Write:
		return o.Arg, true
	case o.Kind == history.CAS:
		return o.Arg, held == o.Old
	case o.Kind == history.Append:
		text := ""
		if !held.IsNil() {
			text = strings.Trim(held.String(), `"`)
		}
		return history.Text(text + strings.Trim(o.Arg.String(), `"`)), true
	}
	wild := o.Out.IsNil() && opt.NilRead == NilIsAnything
	absent := opt.Model == KV && held.IsNil() && o.Out == history.Text("")
	return held, o.Outcome == history.Unknown || wild || absent || held == o.Out
}

// smallHistory draws a history of one key and up to seven operations of as
// many clients, with ties, pending and failed operations, and its options.
func smallHistory(draw func(below int) int) (*history.History, Options) {
	opt := Options{Model: Model(draw(int(KV) + 1))}
	value := func() history.Value {
		return []history.Value{{}, history.Int(0), history.Int(1), history.Int(2)}[draw(4)]
	}
	if opt.Model == KV && draw(2) == 0 {
		value = func() history.Value {
			return []history.Value{{}, history.Text(""), history.Text("a"), history.Text("b"), history.Text("ab"), history.Text("aa")}[draw(6)]
		}
	}
	opt.Init, opt.NilRead, opt.FailedCAS = value(), NilRead(draw(2)), FailedCAS(draw(2))
	kinds := models[opt.Model].kinds
	h := &history.History{}
	for client := range 1 + draw(7) {
		o := history.Operation{Client: client, Kind: kinds[draw(len(kinds))], Outcome: history.Outcome(max(0, draw(6)-3)), Call: int64(draw(8))}
		o.Return = o.Call + int64(draw(5))
		if o.Outcome == history.Unknown {
			o.Return = history.Pending
		}
		switch o.Kind {
		case history.Read:
			o.Out = value()
		case history.CAS:
			o.Old, o.Arg = value(), value()
		case history.Append:
			o.Arg = history.Text([]string{"a", "b"}[draw(2)])
		default:
			o.Arg = value()
		}
		h.Operations = append(h.Operations, o)
	}
	slices.SortStableFunc(h.Operations, func(a, b history.Operation) int { return int(a.Call - b.Call) })
	return h, opt
}

// shortestFailing returns the shortest prefix of ops that fails.
func shortestFailing(ctx context.Context, opt *Options, ops []*history.Operation) (prefix, bool) {
	f, ok := whereFails(ctx, opt, ops, nil)
	return upTo(opt, ops, f.last), ok
}

// requireAgreement compares verdict, culprit and explanation of Check with
// what trying every order says.
func requireAgreement(t require.TestingT, h *history.History, opt Options) Result {
	res, err := Check(context.Background(), h, opt)
	require.NoError(t, err)
	if bruteForce(h.Operations, opt) {
		require.Equal(t, properties.Pass, res.Verdict, "%v %+v", h.Operations, opt)
		return res
	}
	require.Equal(t, properties.Fail, res.Verdict, "%v %+v", h.Operations, opt)
	objects, err := split(h, &opt)
	require.NoError(t, err)
	p, ok := shortestFailing(context.Background(), &opt, objects[0].ops)
	require.True(t, ok)
	require.Equal(t, res.Culprit, p.culprit)
	require.False(t, bruteForce(values(p.ops), opt), "the prefix fails: %v", h.Operations)
	open := *p.culprit
	open.Outcome, open.Return = history.Unknown, history.Pending
	without := slices.Clone(values(p.ops))
	without[slices.Index(p.ops, p.culprit)] = open
	require.True(t, bruteForce(without, opt), "it does not before its last return: %v", h.Operations)
	sentence, witnesses := reason(t, opt, objects[0].ops, p)
	require.Equal(t, res.Explanation, sentence)
	if witnesses != nil {
		relaxed := relax(p, witnesses, strings.Contains(sentence, " as did ") || strings.Contains(sentence, " at once"))
		require.False(t, bruteForce(relaxed, opt), "%s is not true of %v %+v", sentence, h.Operations, opt)
	}
	return res
}

// reason explains p as Check does.
func reason(t require.TestingT, opt Options, ops []*history.Operation, p prefix) (string, []*history.Operation) {
	d := decide(context.Background(), &opt, ops, opt.stepBound())
	f, ok := whereFails(context.Background(), &opt, ops, d.core)
	require.True(t, ok)
	require.Equal(t, p.culprit, ops[f.last])
	operations, others, ok := contradict(context.Background(), &opt, ops, f)
	require.True(t, ok)
	story := newScene(&opt, ops, p.culprit.Return).story(p, append(operations, others...))
	if sentence, witnesses := explain(&opt, story); len(witnesses) > 0 {
		return sentence, witnesses
	}
	return explain(&opt, p)
}

// relax keeps of a prefix only what its explanation speaks of: what the
// witnesses saw, and everything anybody may have written. If that still has
// no order then the explanation is true and enough.
func relax(p prefix, witnesses []*history.Operation, keepCAS bool) []history.Operation {
	var out []history.Operation
	for _, op := range p.ops {
		witness := slices.Contains(witnesses, op)
		switch {
		case op == p.culprit || (witness && keepCAS && op.Kind == history.CAS):
			out = append(out, *op)
		case op.Kind == history.CAS && op.Outcome != history.Failed:
			write := *op
			write.Kind, write.Old = history.Write, history.Value{}
			out = append(out, write)
			if witness && op.Outcome == history.OK {
				out = append(out, history.Operation{Kind: history.Read, Out: op.Old, Call: op.Call, Return: op.Return})
			}
		case op.Kind == history.Write || op.Kind == history.Append || (witness && op.Kind == history.Read):
			out = append(out, *op)
		}
	}
	return out
}

func values(ops []*history.Operation) []history.Operation {
	var out []history.Operation
	for _, op := range ops {
		out = append(out, *op)
	}
	return out
}

func TestVerdictsAgreeWithTryingEveryOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 6))
	passes, explained, unexplained := 0, 0, 0
	for range 30_000 {
		h, opt := smallHistory(rng.IntN)
		switch res := requireAgreement(t, h, opt); {
		case res.Verdict == properties.Pass:
			passes++
		case strings.HasSuffix(res.Explanation, "no order of the operations so far allows"):
			unexplained++
		default:
			explained++
		}
	}
	require.Equal(t, []int{13030, 13528, 3442}, []int{passes, explained, unexplained})
}

func TestDrawnHistoriesAgreeWithTryingEveryOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, opt := smallHistory(func(below int) int { return rapid.IntRange(0, below-1).Draw(t, "choice") })
		requireAgreement(t, h, opt)
	})
}
