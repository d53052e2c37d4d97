package network_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// deep holds every kind of thing in which something can be changed.
type deep struct {
	N      int8
	U      uint64
	F      float32
	S      string
	B      bool
	Bytes  []byte
	List   []int
	Array  [2]string
	Map    map[string]int
	Next   *deep
	Any    any
	hidden int
}

// told has a garbling a send msg to b, and returns what b got and the drops.
func told(t *testing.T, seed uint64, msgs ...any) ([]any, map[string]int) {
	p := newPost(seed, network.Config{CheckMutation: true}, "a", "b")
	p.n.Betray("coup", 0, network.Betrayal{Deceit: network.Garble, Prob: network.Certain})
	p.at(0, func() {
		for _, msg := range msgs {
			p.ep[0].Send(1, msg)
		}
	})
	p.run(t)
	require.Empty(t, p.w.Findings(), "the message itself stays as it was")
	return p.bodies(1), p.drops()
}

// Every leaf of a message is changed by some seed, one at a time.
func TestOneThingInAMessageIsChanged(t *testing.T) {
	make := func() deep {
		return deep{
			N: math.MaxInt8, U: 0, F: float32(math.Inf(1)), S: "word", Bytes: []byte{1, 2}, List: []int{5, 6},
			Array: [2]string{"", "x"}, Map: map[string]int{"k": 1, "l": 2}, Next: &deep{S: "next", hidden: 3}, Any: 7, hidden: 4,
		}
	}
	places := map[string]int{}
	for seed := range uint64(300) {
		got, drops := told(t, seed, make())
		require.Empty(t, drops)
		places[difference(t, make(), got[0].(deep))]++
	}
	for _, place := range []string{
		"N", "U", "F", "S", "B", "Bytes", "List", "Array", "Map", "Any",
		"Next.N", "Next.U", "Next.F", "Next.S", "Next.B", "Next.Bytes", "Next.Array",
	} {
		require.Positive(t, places[place], place)
	}
	require.Len(t, places, 17)
}

// difference names the field in which two values differ, the only one.
func difference(t *testing.T, a, b deep) string {
	var found []string
	differ := func(name string, equal bool) {
		if !equal {
			found = append(found, name)
		}
	}
	differ("N", a.N == b.N)
	differ("U", a.U == b.U)
	differ("F", a.F == b.F)
	differ("S", a.S == b.S)
	differ("B", a.B == b.B)
	differ("Bytes", string(a.Bytes) == string(b.Bytes))
	differ("List", len(a.List) == 0 || a.List[0] == b.List[0] && a.List[1] == b.List[1])
	differ("Array", a.Array == b.Array)
	differ("Map", len(a.Map) == 0 || len(a.Map) == len(b.Map) && a.Map["k"] == b.Map["k"] && a.Map["l"] == b.Map["l"])
	differ("Any", a.Any == b.Any)
	if a.Next != nil && !reflect.DeepEqual(a.Next, b.Next) {
		found = append(found, "Next."+difference(t, *a.Next, *b.Next))
	}
	require.Len(t, found, 1)
	require.Equal(t, a.hidden, b.hidden)
	return found[0]
}

func TestNumbersThatCannotGrowAreChangedAllTheSame(t *testing.T) {
	for _, msg := range []any{
		math.NaN(), math.Inf(-1), math.MaxFloat64, int8(-128), uint8(255), "", []byte{}, sim.Time(3),
	} {
		got, _ := told(t, 1, msg)
		require.IsType(t, msg, got[0])
		require.NotEqual(t, msg, got[0])
		require.Equal(t, got[0], got[0], "a number, not a NaN")
	}
}

func TestWhatCannotBeChangedIsDropped(t *testing.T) {
	type sealed struct{ n int }
	type empty struct{}
	cycle := &deepCycle{}
	cycle.Next = cycle
	for _, msg := range []any{
		nil, empty{}, sealed{3}, (*deep)(nil), []int{}, map[float64]int{math.NaN(): 1}, cycle, func() {},
	} {
		got, drops := told(t, 1, msg)
		require.Empty(t, got)
		require.Equal(t, map[string]int{"unchangeable": 1}, drops, "%T", msg)
	}
}

type deepCycle struct{ Next *deepCycle }

// The second message of a type is replaced by the first, and so on.
func TestAnEarlierContentIsPreferredToAChangedOne(t *testing.T) {
	got, _ := told(t, 1, "one", 5, "two", "two", 8)
	require.Len(t, got, 5)
	require.Contains(t, []any{"nne", "ooe", "ond"}, got[0], "there is no other")
	require.Equal(t, []any{"one", "one", 5}, got[2:])
}

// A call still finds its answer: of a Request and a Response only the Body is changed.
func TestALieInACallMatchesTheCall(t *testing.T) {
	for _, own := range []bool{false, true} {
		w := sim.New(sim.Config{Seed: 1})
		n := network.New(w, network.Config{})
		var answers []any
		n.Add("server", func(ep *network.Endpoint) network.Handler {
			return handlerFunc(func(from network.ID, msg any) {
				ep.Reply(from, msg.(network.Request), msg.(network.Request).Body)
			})
		})
		n.Add("client", func(ep *network.Endpoint) network.Handler {
			ep.Go("caller", func(p *network.Proc) {
				for i := range 3 {
					answer, err := p.Call(0, 10*i, ms)
					require.NoError(t, err)
					answers = append(answers, answer)
				}
			})
			return nil
		})
		if own {
			network.OnCorrupt(n, func(_ *rand.Rand, body int) int { return -1 - body })
		}
		n.Betray("coup", 0, network.Betrayal{Deceit: network.Lie, Prob: network.Certain})
		w.Run(sim.Limit{})
		w.Close()
		if own {
			require.Equal(t, []any{-1, -11, -21}, answers)
		} else {
			require.Len(t, answers, 3)
			require.NotEqual(t, 0, answers[0])
			require.Equal(t, 0, answers[1], "the answer to the call before")
		}
	}
}

// What a traitor remembers is bounded: of many messages it takes a late one.
func TestATraitorRemembersTheLastMessages(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	coup := p.n.Betray("coup", 0, network.Betrayal{Deceit: network.Replay, Prob: network.Certain})
	p.n.Betray("lies", 0, network.Betrayal{Deceit: network.Garble, Prob: network.ProbOf(0.5)})
	chatter(p, 500)
	oldest := 0
	p.w.Observe(func(e *sim.Event) {
		if e.Name == "replayed" || e.Name == "garbled" {
			age := int(e.At)/int(ms) - e.Value.(int)
			oldest = max(oldest, age)
			require.LessOrEqual(t, age, 32)
		}
	})
	p.run(t)
	require.Equal(t, uint64(499), coup.Effect)
	require.Equal(t, 31, oldest)
}

// Also where nobody says how to lie, and broadcasts are mixed, all hear the same lie.
func TestAllReceiversOfABroadcastHearOneLie(t *testing.T) {
	lies := map[any]bool{}
	for seed := range uint64(20) {
		p := newPost(seed, network.Config{}, "a", "b", "c", "d")
		p.n.Betray("coup", 0, network.Betrayal{Deceit: network.Lie, Prob: network.Certain})
		for i := range 3 {
			p.at(time.Duration(i)*ms, func() {
				for to := network.ID(1); to <= 3; to++ {
					for k := range 3 {
						p.ep[0].Send(to, 100*i+k)
					}
				}
			})
		}
		p.run(t)
		require.Len(t, p.bodies(1), 9)
		require.Equal(t, p.bodies(1), p.bodies(2))
		require.Equal(t, p.bodies(1), p.bodies(3))
		for _, lie := range p.bodies(1) {
			lies[lie] = true
		}
	}
	require.Greater(t, len(lies), 9)
}
