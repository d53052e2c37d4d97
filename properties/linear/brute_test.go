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
)

// bruteForce tries every order of at most a dozen operations of one key. It
// shares no code with the package: its own real-time order, its own register.
func bruteForce(ops []Operation, opt Options) bool {
	var place func(left []Operation, held Value) bool
	place = func(left []Operation, held Value) bool {
		if !slices.ContainsFunc(left, func(o Operation) bool { return o.Outcome != Unknown }) {
			return true // what is left never happened
		}
		for i, o := range left {
			if slices.ContainsFunc(left, func(p Operation) bool { return p.Return < o.Call }) {
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

func bruteStep(held Value, o Operation, opt Options) (after Value, ok bool) {
	switch {
	case o.Outcome == Failed:
		return held, o.Kind != CAS || opt.FailedCAS == FailedCASDropped || held != o.Old
	case o.Kind == Write:
		return o.Arg, true
	case o.Kind == CAS:
		return o.Arg, held == o.Old
	case o.Kind == Append:
		text := ""
		if !held.IsNil() {
			text = strings.Trim(held.String(), `"`)
		}
		return Text(text + strings.Trim(o.Arg.String(), `"`)), true
	}
	wild := o.Out.IsNil() && opt.NilRead == NilIsAnything
	absent := opt.Model == KV && held.IsNil() && o.Out == Text("")
	return held, o.Outcome == Unknown || wild || absent || held == o.Out
}

// smallHistory draws a history of one key and up to seven operations of as
// many clients, with ties, pending and failed operations, and its options.
func smallHistory(draw func(below int) int) (*History, Options) {
	opt := Options{Model: Model(draw(len(models)))}
	value := func() Value { return []Value{{}, Int(0), Int(1), Int(2)}[draw(4)] }
	if opt.Model == KV && draw(2) == 0 {
		value = func() Value { return []Value{{}, Text(""), Text("a"), Text("b"), Text("ab"), Text("aa")}[draw(6)] }
	}
	opt.Init, opt.NilRead, opt.FailedCAS = value(), NilRead(draw(2)), FailedCAS(draw(2))
	kinds := models[opt.Model].kinds
	h := &History{}
	for client := range 1 + draw(7) {
		o := Operation{Client: client, Kind: kinds[draw(len(kinds))], Outcome: Outcome(max(0, draw(6)-3)), Call: int64(draw(8))}
		o.Return = o.Call + int64(draw(5))
		if o.Outcome == Unknown {
			o.Return = Pending
		}
		switch o.Kind {
		case Read:
			o.Out = value()
		case CAS:
			o.Old, o.Arg = value(), value()
		case Append:
			o.Arg = Text([]string{"a", "b"}[draw(2)])
		default:
			o.Arg = value()
		}
		h.Operations = append(h.Operations, o)
	}
	slices.SortStableFunc(h.Operations, func(a, b Operation) int { return int(a.Call - b.Call) })
	return h, opt
}

// requireAgreement compares verdict, culprit and explanation of Check with
// what trying every order says.
func requireAgreement(t require.TestingT, h *History, opt Options) Result {
	res, err := Check(context.Background(), h, opt)
	require.NoError(t, err)
	if bruteForce(h.Operations, opt) {
		require.Equal(t, properties.Pass, res.Verdict, "%v %+v", h.Operations, opt)
		return res
	}
	require.Equal(t, properties.Fail, res.Verdict, "%v %+v", h.Operations, opt)
	keys, err := split(h, &opt)
	require.NoError(t, err)
	p, ok := shortestFailing(newSearch(context.Background(), &opt, DefaultSteps), keys[0].ops)
	require.True(t, ok)
	require.Equal(t, res.Culprit, p.culprit)
	require.False(t, bruteForce(values(p.ops), opt), "the prefix fails: %v", h.Operations)
	open := *p.culprit
	open.Outcome, open.Return = Unknown, Pending
	without := slices.Clone(values(p.ops))
	without[slices.Index(p.ops, p.culprit)] = open
	require.True(t, bruteForce(without, opt), "it does not before its last return: %v", h.Operations)
	sentence, witnesses := explain(&opt, p)
	require.Equal(t, res.Explanation, sentence)
	if witnesses != nil {
		relaxed := relax(p, witnesses, strings.Contains(sentence, " as did "))
		require.False(t, bruteForce(relaxed, opt), "%s is not true of %v %+v", sentence, h.Operations, opt)
	}
	return res
}

// relax keeps of a prefix only what its explanation speaks of: what the
// witnesses saw, and everything anybody may have written. If that still has
// no order then the explanation is true and enough.
func relax(p prefix, witnesses []*Operation, keepCAS bool) []Operation {
	var out []Operation
	for _, op := range p.ops {
		witness := slices.Contains(witnesses, op)
		switch {
		case op == p.culprit || (witness && keepCAS && op.Outcome == OK && op.Old == p.culprit.Old):
			out = append(out, *op)
		case op.Kind == CAS && op.Outcome != Failed:
			write := *op
			write.Kind, write.Old = Write, Value{}
			out = append(out, write)
			if witness && op.Outcome == OK {
				out = append(out, Operation{Kind: Read, Out: op.Old, Call: op.Call, Return: op.Return})
			}
		case op.Kind == Write || op.Kind == Append || (witness && op.Kind == Read):
			out = append(out, *op)
		}
	}
	return out
}

func values(ops []*Operation) []Operation {
	var out []Operation
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
	require.Equal(t, []int{13030, 13388, 3582}, []int{passes, explained, unexplained})
}

func TestDrawnHistoriesAgreeWithTryingEveryOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, opt := smallHistory(func(below int) int { return rapid.IntRange(0, below-1).Draw(t, "choice") })
		requireAgreement(t, h, opt)
	})
}
