package chaos_test

import (
	"strings"
	"testing"

	"phoenix/network"
	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

func TestNoiseIsOnTheLinksThatItNames(t *testing.T) {
	tell(t, story{`at 20ms for 30ms loss 100% from a to b`, `
ab xx...xxxxx
ba xxxxxxxxxx
loss 100% from a to b: 1, 3 touched
`}, story{`at 20ms for 30ms loss 100% between a and b c`, `
ab xx...xxxxx
ba xx...xxxxx
ac xx...xxxxx
bc xxxxxxxxxx
loss 100% between a and b c: 1, 12 touched
`}, story{`at 20ms for 30ms loss 100% of a`, `
ab xx...xxxxx
ba xx...xxxxx
bc xxxxxxxxxx
loss 100% of a: 1, 18 touched
`}, story{`at 20ms for 30ms loss 100% everywhere`, `
ab xx...xxxxx
bc xx...xxxxx
loss 100% everywhere: 1, 36 touched
`})
}

// Of what is late, the last comes in the turn of another.
func TestEachKindOfNoiseDoesWhatItSays(t *testing.T) {
	tell(t, story{`at 20ms for 30ms loss 50% everywhere`, `
ab xx...xxxxx
ba xxx..xxxxx
bc xx.x.xxxxx
loss 50% everywhere: 1, 19 touched
`}, story{`at 20ms for 30ms delay 12ms from a to b`, `
ab xx.oo2xxxx
delay 12ms from a to b: 1, 3 touched
`}, story{`at 20ms for 30ms duplicate 100% from a to b`, `
ab xx222xxxxx
duplicate 100% from a to b: 1, 3 touched
`}, story{`at 20ms for 30ms reorder 100% by 12ms from a to b`, `
ab xx.oo2xxxx
reorder 100% by 12ms from a to b: 1, 3 touched
`}, story{`at 20ms for 30ms corrupt 100% from a to b`, `
ab xx...xxxxx
corrupt 100% from a to b: 1, 3 touched
`}, story{`at 20ms for 30ms exhaust a bandwidth 1000`, `
ab xx.oo2xxxx
exhaust a bandwidth 1000: 1, 18 touched
`})
}

func TestAClogHoldsMessages(t *testing.T) {
	tell(t, story{`at 20ms for 30ms clog from a to b`, `
ab xx...2xxxx
ba xxxxxxxxxx
clog from a to b: 1, 3 touched
`})
}

// In the first half of 80 ms the links of a, d, and then b and c are clogged, each
// 10 ms after the other; in the second b and c are released, then a, and d at the end.
func TestASwizzleClogsAndReleasesHostsInTwoOrders(t *testing.T) {
	tell(t, story{`at 10ms for 80ms swizzle a b c d`, `
ab x.......2x
ac x.......2x
ad x........2
bc xxx....2xx
bd xx.......2
cd xx.......2
swizzle a b c d: 1, 80 touched
`}, story{`at 20ms swizzle a b c d`, `
ab xx........
ba xx........
swizzle a b c d: 1, 96 touched
`})
}

func TestATraitorDeceives(t *testing.T) {
	tell(t, story{`at 20ms for 30ms byzantine a lie 100%`, `
ab xxoooxxxxx
ac xxoooxxxxx
ba xxxxxxxxxx
byzantine a lie 100%: 1, 9 touched
`}, story{`at 20ms for 30ms byzantine a equivocate 100%`, `
ab xxxxxxxxxx
ac xxoooxxxxx
ad xxxoxxxxxx
byzantine a equivocate 100%: 1, 4 touched
`}, story{`at 20ms for 30ms byzantine a silent 100% to b c`, `
ab xx...xxxxx
ac xx...xxxxx
ad xxxxxxxxxx
byzantine a silent 100% to b c: 1, 6 touched
`}, story{`at 20ms for 30ms byzantine a replay 100%`, `
ab xxx22xxxxx
byzantine a replay 100%: 1, 6 touched
`}, story{`at 20ms for 30ms byzantine a corrupt 100%`, `
ab xxoooxxxxx
byzantine a corrupt 100%: 1, 9 touched
`}, story{`at 20ms for 30ms byzantine a corrupt 100% to role:nobody`, `
ab xxxxxxxxxx
byzantine a corrupt 100% to role:nobody: 0, 0 touched
`})
}

func TestOneMessageIsLostHeldOrRepeated(t *testing.T) {
	tell(t, story{`
lose message 3 from a to b
hold message 5 from a to b by 12ms
repeat message 8 from a to b by 12ms
lose message 50 from a to b`, `
ab xx.x.2xx2x
ba xxxxxxxxxx
lose message 3 from a to b: 1, 1 touched
hold message 5 from a to b by 12ms: 1, 1 touched
repeat message 8 from a to b by 12ms: 1, 1 touched
lose message 50 from a to b: 0, 0 touched
`})
}

func TestEachShapeOfPartitionCutsItsLinks(t *testing.T) {
	for shape, want := range map[string]string{
		"complete a | b c":    "ab ac ad ba ca da", // d is with the last
		"partial a | b c":     "ab ac ba ca",
		"complete a | b | c":  "ab ac ad ba bc bd ca cb da db",
		"one-way a | b c":     "ab ac",
		"bridge a | b | c d":  "ac ad ca da",
		"ring a b c d":        "ac bd ca db",
		"partial 1 of a | #1": "ab ba",
	} {
		m := newMesh(t, "at 20ms for 30ms partition "+shape)
		m.run()
		var cut []string
		for pair := range strings.FieldsSeq("ab ac ad ba bc bd ca cb cd da db dc") {
			if heard := m.heard[pair][:10]; heard == "xx...xxxxx" {
				cut = append(cut, pair)
			} else {
				require.Equal(t, "xxxxxxxxxx", heard)
			}
		}
		require.Equal(t, want, strings.Join(cut, " "), shape)
	}
}

func TestPartitionsOverlapAndFlap(t *testing.T) {
	tell(t, story{`at 20ms for 60ms partition complete a | b flapping 20ms`, `
ab xx..xx..xx
ac xx..xx..xx
bc xxxxxxxxxx
partition complete a | b flapping 20ms: 1, 24 touched
`}, story{`
at 10ms partition partial a | b as first
at 20ms for 40ms partition partial a | b c
at 40ms end first
at 80ms partition partial a | c as last
at 90ms end last
at 95ms end first`, `
ab x.....xxxx
ac xx....xx.x
bc xxxxxxxxxx
partition first: 1, 6 touched
partition partial a | b c: 1, 16 touched
end first: 1, 1 touched
partition last: 1, 2 touched
end last: 1, 1 touched
end first: 1, 0 touched
`})
}

// Loss of the links and loss of the plan are told apart.
func TestThePlanClaimsItsOwnCountersOnly(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	t.Cleanup(w.Close)
	m := &mesh{world: w, heard: map[string]string{}}
	m.net = network.New(w, network.Config{Link: network.Link{Loss: network.ProbOf(0.5)}})
	for _, name := range []string{"a", "b", "c"} {
		m.net.Add(name, m.boot)
	}
	plan, err := chaos.ParsePlan(`
		at 20ms for 30ms loss 50% everywhere
		at 20ms for 30ms clog from a to b
		at 20ms for 30ms byzantine a lie 50%
		at 20ms for 30ms slow b by 1ms
		at 20ms for 30ms clock b offset 1s
		at 20ms for 30ms partition partial a | c
		at 50ms for 10ms crash c
		at 50ms for 10ms disk a rot 10%
		at 50ms for 10ms exhaust a inbox 1
		at 60ms for 10ms swizzle a b
		at 70ms for 10ms pause a
		repeat message 2 from b to c by 1ms`)
	require.NoError(t, err)
	m.plan = chaos.Apply(m.net, chaos.Cast{}, plan)
	m.run()
	var own []string
	for _, f := range w.Faults() {
		if !m.plan.Claims(f.Name) {
			own = append(own, f.Name)
		}
	}
	require.Equal(t, []string{"loss"}, own)
}

// What the second loses the first has not lost: with the draws of the first it would
// lose nothing more.
func TestFaultsThatSayTheSameDrawApart(t *testing.T) {
	tell(t, story{`
at 20ms for 30ms loss 50% everywhere
at 20ms for 30ms loss 50% everywhere
at 20ms for 30ms loss 50% everywhere as third`, `
loss 50% everywhere: 1, 19 touched
loss 50% everywhere: 1, 5 touched
loss third: 1, 6 touched
`})
}
