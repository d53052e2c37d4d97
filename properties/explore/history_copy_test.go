package explore

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
)

// drawTold draws what clients may tell, senseless things as well, with texts that could be
// taken for others if they were not told apart by their lengths.
func drawTold(t *rapid.T) Told {
	texts := []string{"", "x", "xx", "x\x00", "\x01x", nodes.OutcomeOK, nodes.OutcomeFail, nodes.OutcomeInfo}
	e := Told{Kind: sim.Invoke, Node: network.ID(rapid.IntRange(0, 3).Draw(t, "client")),
		Op: uint64(rapid.IntRange(0, 3).Draw(t, "number"))}
	value := rapid.SampledFrom([]int64{0, 1, 2, -1, 300})
	if rapid.Bool().Draw(t, "end") {
		e.Kind, e.Name = sim.Return, rapid.SampledFrom(texts).Draw(t, "outcome")
		e.Value = nodes.Result{Value: value.Draw(t, "result"), OK: rapid.Bool().Draw(t, "known")}
		return e
	}
	e.Value = nodes.Invocation{Kind: nodes.Kind(rapid.IntRange(0, 2).Draw(t, "kind")),
		Key: rapid.SampledFrom(texts[:5]).Draw(t, "key"), Value: value.Draw(t, "value"), Old: value.Draw(t, "old")}
	return e
}

func listen(events []Told) *History {
	h := NewHistory().(*History)
	for i := range events {
		h.Observe(&events[i])
	}
	return h
}

// reflected is what encode makes of h: its fields, whatever they are.
func reflected(t require.TestingT, h *History) string {
	content, err := encode(nil, h)
	require.NoError(t, err)
	return string(content)
}

func TestTheEncodingOfAHistoryTellsApartWhatItsFieldsDo(t *testing.T) {
	equal, different := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(drawTold), 0, 8).Draw(t, "events")
		a := listen(events)
		// The other history has two events exchanged, or one replaced.
		if n := len(events); n > 1 {
			i, j := rapid.IntRange(0, n-1).Draw(t, "i"), rapid.IntRange(0, n-1).Draw(t, "j")
			events = slices.Clone(events)
			events[i], events[j] = events[j], events[i]
			if rapid.Bool().Draw(t, "replace") {
				events[i] = drawTold(t)
			}
		}
		b := listen(events)
		same := reflected(t, a) == reflected(t, b)
		require.Equal(t, same, string(a.append(nil)) == string(b.append(nil)), "%v\n\n%v", a, b)
		if same {
			equal++
		} else {
			different++
		}
	})
	require.Positive(t, equal)
	require.Positive(t, different)
}

func TestTextsInTheEncodingOfAHistoryDoNotRunIntoWhatFollows(t *testing.T) {
	one := func(key, outcome string) *History {
		return listen([]Told{{Kind: sim.Invoke, Node: 1, Op: 1, Value: nodes.Invocation{Key: key}},
			{Kind: sim.Return, Node: 1, Op: 1, Name: outcome, Value: nodes.Result{}}})
	}
	a, b := one("x", "\x00a"), one("x\x00", "a")
	require.NotEqual(t, reflected(t, a), reflected(t, b))
	require.NotEqual(t, a.append(nil), b.append(nil))
}

// All histories that follow from one another share what clients did: none may change
// another, and what one hands on of having been judged must be what is found anew.
func TestHistoriesThatGoOnFromOneAnotherAreWhatTheyWouldBeAlone(t *testing.T) {
	type grown struct {
		h      *History
		events []Told
	}
	broken, sound := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		tree := []grown{{h: NewHistory().(*History)}}
		clients := rapid.IntRange(1, 3).Draw(t, "clients")
		for range rapid.IntRange(1, 12).Draw(t, "histories") {
			from := tree[rapid.IntRange(0, len(tree)-1).Draw(t, "from")]
			next := grown{from.h.Clone().(*History), slices.Clone(from.events)}
			for range rapid.IntRange(1, 6).Draw(t, "events") {
				e := drawStep(t, next.h, clients)
				next.h.Observe(&e)
				next.events = append(next.events, e)
			}
			if rapid.Bool().Draw(t, "judge") {
				_ = next.h.Check()
			}
			tree = append(tree, next)
		}
		for _, g := range tree {
			alone := listen(g.events)
			require.Equal(t, alone.String(), g.h.String())
			require.Equal(t, string(alone.append(nil)), string(g.h.append(nil)))
			require.Equal(t, reflected(t, alone), reflected(t, g.h))
			want, got := alone.Check(), g.h.Check()
			require.Equal(t, fmt.Sprint(want), fmt.Sprint(got), "%v", g.h)
			if got != nil {
				broken++
			} else {
				sound++
			}
		}
	})
	require.Positive(t, broken)
	require.Positive(t, sound)
}

// drawStep draws what one of so many clients may tell that makes sense, mostly.
func drawStep(t *rapid.T, h *History, clients int) Told {
	id := network.ID(rapid.IntRange(1, clients).Draw(t, "client"))
	e := Told{Node: id, Kind: sim.Invoke, Op: 1}
	i, known := h.find(id)
	if known {
		e.Op = uint64(len(h.clients[i].operations)) + 1
	}
	if known && h.clients[i].open != 0 && rapid.IntRange(0, 9).Draw(t, "end") > 0 {
		e.Kind, e.Op = sim.Return, h.clients[i].open
		outcomes := []string{nodes.OutcomeOK, nodes.OutcomeOK, nodes.OutcomeOK, nodes.OutcomeFail, nodes.OutcomeInfo}
		e.Name = rapid.SampledFrom(outcomes).Draw(t, "outcome")
		e.Value = nodes.Result{Value: rapid.Int64Range(0, 2).Draw(t, "result"),
			OK: e.Name == nodes.OutcomeOK || rapid.Bool().Draw(t, "known")}
		return e
	}
	call := nodes.Invocation{Kind: nodes.Kind(rapid.IntRange(0, 2).Draw(t, "kind")), Key: "x"}
	if call.Kind != nodes.Read {
		call.Value = rapid.Int64Range(1, 2).Draw(t, "value")
	}
	if call.Kind == nodes.CAS {
		call.Old = rapid.Int64Range(0, 2).Draw(t, "old")
	}
	e.Value = call
	return e
}

func TestHistoriesThatPartAfterManyOperationsDoNotMeet(t *testing.T) {
	for n := range 10 {
		h := newTale()
		for i := range n {
			h.write(1, int64(i+1))
			h.ok(1, 0)
		}
		a, b := h.Clone().(*History), h.Clone().(*History)
		for i, part := range []*History{a, b} {
			part.Observe(&Told{Kind: sim.Invoke, Node: 1, Op: uint64(n + 1), Value: nodes.Invocation{Key: fmt.Sprint("y", i)}})
		}
		require.Contains(t, a.String(), "read y0 under way")
		require.Contains(t, b.String(), "read y1 under way")
	}
}
