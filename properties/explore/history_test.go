package explore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/properties"
	"phoenix/properties/history"
	"phoenix/properties/linear"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// tale is a History that is told of operations, which are numbered by client from 1.
type tale struct {
	*History
	begun map[network.ID]uint64
}

func newTale() *tale { return &tale{NewHistory().(*History), map[network.ID]uint64{}} }

// client returns a client that did anything, nil if it did not.
func (h *tale) client(id network.ID) *client {
	if i, known := h.find(id); known {
		return &h.clients[i]
	}
	return nil
}

func (h *tale) call(id network.ID, call nodes.Invocation) {
	h.begun[id]++
	h.Observe(&Told{Kind: sim.Invoke, Node: id, Op: h.begun[id], Value: call})
}

func (h *tale) end(id network.ID, outcome string, result nodes.Result) {
	h.Observe(&Told{Kind: sim.Return, Node: id, Op: h.begun[id], Name: outcome, Value: result})
}

func (h *tale) write(id network.ID, value int64) {
	h.call(id, nodes.Invocation{Kind: nodes.Write, Key: "x", Value: value})
}

func (h *tale) read(id network.ID) { h.call(id, nodes.Invocation{Key: "x"}) }

func (h *tale) ok(id network.ID, value int64) {
	h.end(id, nodes.OutcomeOK, nodes.Result{Value: value, OK: true})
}

// hear has h hear of "2w5" (client 2 writes 5), "2r" (it reads), "2=5" (that returns 5), "2?"
// (it ends, nobody knows how).
func hear(events string) *tale {
	h := newTale()
	for _, e := range strings.Fields(events) {
		id, value := network.ID(e[0]-'0'), int64(e[len(e)-1]-'0')
		switch e[1] {
		case 'w':
			h.write(id, value)
		case 'r':
			h.read(id)
		case '=':
			h.ok(id, value)
		case '?':
			h.end(id, nodes.OutcomeInfo, nodes.Result{})
		}
	}
	return h
}

func TestHistoryKnowsWhatWasCompleteWhenAnOperationBegan(t *testing.T) {
	h := hear("2w5 3w6 2=5 2r 3=6 3r 3=5 4w7 2=6 4? 4r")
	require.Equal(t, `2: write x 5 ok, read x 6
3: write x 6 ok, read x 5 after 2.1
4: write x 7 info after 2.1 and 3.2, read x under way after 2.2 and 3.2`, h.String())
}

func TestHistoryKnowsNothingElseOfTheOrderOfEvents(t *testing.T) {
	content := func(events string) string {
		b, err := encode(nil, hear(events).History)
		require.NoError(t, err)
		return string(b)
	}
	require.Equal(t, content("2w5 3w6 2=5 3=6 2r 3r"), content("3w6 2w5 3=6 2=5 3r 2r"))
	require.Equal(t, content("2w5 3w6 2=5"), content("3w6 2w5 2=5"))
	require.NotEqual(t, content("2w5 3w6 2=5 3=6 2r 3r"), content("2w5 3w6 2=5 2r 3=6 3r"),
		"3.1 was complete when 2.2 began")
	require.NotEqual(t, content("2w5 2=5 3w6"), content("2w5 3w6 2=5"))
}

func TestWhatIsNoOperationOnRegistersIsIgnored(t *testing.T) {
	h := newTale()
	h.Observe(&Told{Kind: sim.Invoke, Node: 2, Op: 1, Value: "dance"})
	h.Observe(&Told{Kind: sim.Return, Node: 2, Op: 1, Name: nodes.OutcomeOK, Value: "done"})
	h.Observe(&Told{Kind: sim.Note, Node: 2, Name: "tired"})
	require.Equal(t, NewHistory(), Observer(h.History))
}

func TestAnOperationThatIsBegunWhileAnotherIsUnderWayGivesThatOneUp(t *testing.T) {
	h := hear("2w5 2r 3r 3=5")
	require.Equal(t, "2: write x 5 info, read x under way\n3: read x 5 after 2.1", h.String())
	require.NoError(t, h.Check())
	require.NoError(t, hear("2w5 2r 2=0 3r 3=5").Check(), "the write took effect late")
}

func TestAReturnOfWhatIsNotUnderWayIsAViolation(t *testing.T) {
	for _, events := range []string{"2=5", "2w5 2=5 2=5"} {
		require.EqualError(t, hear(events).Check(),
			fmt.Sprintf("node 2 returned from operation %d, which was not under way", strings.Count(events, "w")))
	}
}

func TestViolationsComeWithAnExplanation(t *testing.T) {
	for _, c := range []struct{ events, want string }{
		{"2w5 2=5 2r 2=0", "read of x returned nil after 5 was acknowledged"},
		{"2w5 3w6 2=5 3=6 2r 2=5 3r 3=6", "read of x returned 6 after an earlier read had returned the newer 5"},
		{"2r 2=7", "read of x returned 7, a value nothing had written"},
	} {
		p := Linearizable("linearizable")
		require.Equal(t, KindObserved, p.Kind)
		require.EqualError(t, p.observed(hear(c.events).History), c.want)
		require.EqualError(t, p.observed(hear(c.events).History), c.want, "the same again")
	}
}

func TestACompareAndSetThatWasRefusedHadNoEffect(t *testing.T) {
	h := newTale()
	h.call(2, nodes.Invocation{Kind: nodes.CAS, Key: "x", Value: 3})
	h.end(2, nodes.OutcomeFail, nodes.Result{})
	require.NoError(t, h.Check(), "it says nothing about the value")
	h.read(2)
	h.ok(2, 3)
	require.EqualError(t, h.Check(), "read of x returned 3, a value nothing had written")
}

func TestOnlyAHistoryCanBeLinearizable(t *testing.T) {
	require.PanicsWithValue(t,
		"explore: Linearizable judges a History, not a explore.deaf: set Model.Observe to NewHistory",
		func() { _ = Linearizable("linearizable").observed(deaf{}) })
}

type deaf struct{}

func (deaf) Observe(*Told) {}

func TestHistoriesOfManyOperationsAreJudgedToo(t *testing.T) {
	long := newTale()
	for i := range int64(50) {
		long.write(2, i+1)
		long.ok(2, i+1)
		long.read(3)
		long.ok(3, i+1)
	}
	_, decided := long.orderable()
	require.False(t, decided)
	require.NoError(t, long.Check())
	long.read(3)
	long.ok(3, 49)
	require.EqualError(t, long.Check(), "read of x returned 49 after 50 was acknowledged")

	wide := newTale()
	for id := range network.ID(12) {
		wide.write(id, int64(id)+1)
	}
	for range 2 {
		wide.read(20)
		wide.ok(20, 7)
		wide.read(20)
		wide.ok(20, 8)
	}
	_, decided = wide.orderable()
	require.False(t, decided, "too many orders")
	require.ErrorContains(t, wide.Check(), "read of x returned")
}

// randomRun is a run: its History, and the moments at which operations began and ended.
type randomRun struct {
	*tale
	called, ended map[*operation]int // by place; what is not over has no end
}

func drawRun(t *rapid.T) randomRun {
	d := randomRun{newTale(), map[*operation]int{}, map[*operation]int{}}
	type moment struct {
		client network.ID
		at     int
		call   bool
	}
	var moments []moment
	for i := range rapid.IntRange(0, 14).Draw(t, "events") {
		id := network.ID(rapid.IntRange(1, 3).Draw(t, "client"))
		c := d.client(id)
		m := moment{id, i, c == nil || c.open == 0}
		moments = append(moments, m)
		if m.call {
			call := nodes.Invocation{Kind: nodes.Kind(rapid.IntRange(0, 2).Draw(t, "kind")),
				Key: rapid.SampledFrom([]string{"x", "x", "x", "y"}).Draw(t, "key")}
			if call.Kind != nodes.Read {
				call.Value = rapid.Int64Range(1, 3).Draw(t, "value")
			}
			if call.Kind == nodes.CAS {
				call.Old = rapid.Int64Range(0, 3).Draw(t, "old")
			}
			d.call(id, call)
			continue
		}
		outcomes := []string{nodes.OutcomeOK, nodes.OutcomeOK, nodes.OutcomeFail, nodes.OutcomeInfo}
		outcome := rapid.SampledFrom(outcomes).Draw(t, "outcome")
		d.end(id, outcome, nodes.Result{Value: rapid.Int64Range(0, 3).Draw(t, "result"),
			OK: outcome == nodes.OutcomeOK || rapid.Bool().Draw(t, "known")})
	}
	next := map[network.ID]int{}
	for _, m := range moments {
		if m.call {
			d.called[d.client(m.client).operations[next[m.client]]] = m.at
			continue
		}
		d.ended[d.client(m.client).operations[next[m.client]]] = m.at
		next[m.client]++
	}
	return d
}

// precedes says which operations must come before which, by what happened in the run.
func (d randomRun) precedes(a, b *operation) bool {
	end, over := d.ended[a]
	return over && a.outcome != nodes.OutcomeInfo && end < d.called[b]
}

// explainable tries all orders.
func (d randomRun) explainable(placed []*operation, rest []*operation, values map[string]int64) bool {
	if !slices.ContainsFunc(rest, mustHappen) {
		return true
	}
	for i, op := range rest {
		others := slices.Delete(slices.Clone(rest), i, i+1)
		if slices.ContainsFunc(others, func(o *operation) bool { return mustHappen(o) && d.precedes(o, op) }) {
			continue
		}
		before, key := values[op.call.Key], op.call.Key
		after, right := before, true
		switch {
		case op.outcome == nodes.OutcomeFail && op.call.Kind == nodes.CAS && op.result.OK:
			right = before != op.call.Old
		case op.outcome == nodes.OutcomeFail:
			continue
		case op.call.Kind == nodes.Read:
			right = op.outcome != nodes.OutcomeOK || op.result.Value == before
		case op.call.Kind == nodes.CAS:
			after, right = op.call.Value, before == op.call.Old
		default:
			after = op.call.Value
		}
		if !right {
			continue
		}
		values[key] = after
		found := d.explainable(append(placed, op), others, values)
		values[key] = before
		if found {
			return true
		}
	}
	return false
}

func mustHappen(op *operation) bool {
	return op.outcome == nodes.OutcomeOK || op.outcome == nodes.OutcomeFail && op.call.Kind == nodes.CAS && op.result.OK
}

func (d randomRun) all() (ops []*operation) {
	for id := range network.ID(4) {
		if c := d.client(id); c != nil {
			ops = append(ops, c.operations...)
		}
	}
	return ops
}

func TestLinearizableIsThatSomeOrderExplainsAll(t *testing.T) {
	linearizable, violated := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		d := drawRun(t)
		want := d.explainable(nil, d.all(), map[string]int64{})
		got, decided := d.orderable()
		require.True(t, decided)
		require.Equal(t, want, got, "%v", d)
		require.Equal(t, want, d.Check() == nil, "%v", d)
		r, err := linear.Check(context.Background(), d.timed(), linear.Options{Model: linear.CASRegister})
		require.NoError(t, err)
		require.Equal(t, want, r.Verdict == properties.Pass, "%v", d)
		if want {
			linearizable++
		} else {
			violated++
			require.NotEmpty(t, d.Check().Error())
		}
	})
	require.Positive(t, linearizable)
	require.Positive(t, violated)
}

func TestMomentsGiveTheOrderInWhichOperationsEndedAndBegan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawRun(t)
		timed := d.timed()
		require.NoError(t, timed.Validate())
		all := slices.DeleteFunc(d.all(), (*operation).refused)
		require.Len(t, timed.Operations, len(all))
		// How many operations come before each of them is what happened.
		var got, want []int
		for _, b := range timed.Operations {
			n := 0
			for _, a := range timed.Operations {
				if a.Outcome != history.Unknown && a.Return < b.Call {
					n++
				}
			}
			got = append(got, n)
		}
		for _, b := range all {
			n := 0
			for _, a := range all {
				if d.precedes(a, b) {
					n++
				}
			}
			want = append(want, n)
		}
		require.ElementsMatch(t, want, got)
	})
}
