package chaos_test

import (
	"strings"
	"testing"
	"time"

	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// story is a plan and what comes of it in a mesh: what is heard, and what became of
// each fault.
type story struct{ plan, want string }

// tell runs the stories.
func tell(t *testing.T, stories ...story) {
	t.Helper()
	for _, s := range stories {
		want := strings.TrimLeft(s.want, "\n")
		var pairs []string
		for line := range strings.Lines(want) {
			if pair, _, _ := strings.Cut(line, " "); len(pair) == 2 {
				pairs = append(pairs, pair)
			}
		}
		require.Equal(t, want, newMesh(t, s.plan).run(pairs...), "%s", s.plan)
	}
}

func TestACrashLastsUntilTheRestart(t *testing.T) {
	tell(t, story{`at 20ms for 30ms crash a`, `
ab xx...xxxxx
ba xx...xxxxx
bc xxxxxxxxxx
crash a: 1, 10 touched
`}, story{`
at 20ms crash a
at 50ms restart a`, `
ab xx...xxxxx
ba xx...xxxxx
bc xxxxxxxxxx
crash a: 1, 10 touched
restart a: 1, 1 touched
`}, story{`at 20ms crash a`, `
ab xx........
ba xx........
crash a: 1, 25 touched
`})
}

// The timer and the three messages of a tick count for the crash that took them:
// not for one that met a host which was down, nor for an earlier one.
func TestEachCrashIsCreditedWithItsOwn(t *testing.T) {
	tell(t, story{`
at 20ms for 30ms crash a
at 30ms for 60ms crash a`, `
ab xx...xxxxx
ba xx...xxxxx
crash a: 1, 10 touched
crash a: 1, 0 touched
`}, story{`
at 20ms for 20ms crash a
at 60ms for 20ms crash a`, `
ab xx..xx..xx
ba xx..xx..xx
crash a: 1, 7 touched
crash a: 1, 7 touched
`})
}

// The first crash ends at 70 ms, when another one has the host down.
func TestAFaultUndoesOnlyWhatItDid(t *testing.T) {
	tell(t, story{`
at 20ms for 50ms crash a
at 30ms restart a
at 60ms crash a`, `
ab xx.xxx....
ba xx.xxx....
crash a: 1, 4 touched
restart a: 1, 1 touched
crash a: 1, 13 touched
`}, story{`
at 20ms crash a
at 30ms for 20ms crash a`, `
ab xx........
crash a: 1, 25 touched
crash a: 1, 0 touched
`}, story{`
at 20ms for 40ms pause a
at 30ms for 10ms pause a`, `
ab xx....xxxx
ba xx....2xxx
pause a: 1, 13 touched
pause a: 1, 0 touched
`}, story{`
at 20ms for 30ms pause a
at 30ms resume a
at 40ms for 30ms pause a`, `
ab xx.x...xxx
pause a: 1, 4 touched
resume a: 1, 1 touched
pause a: 1, 10 touched
`})
}

// A host has one tick and what others said that waits for it.
func TestAPauseLosesNothing(t *testing.T) {
	tell(t, story{`at 20ms for 30ms pause a b`, `
ac xx...xxxxx
ca xx...2xxxx
cd xxxxxxxxxx
pause a b: 1, 14 touched
`}, story{`
at 20ms pause a b
at 50ms resume a b`, `
ac xx...xxxxx
ca xx...2xxxx
cd xxxxxxxxxx
pause a b: 1, 14 touched
resume a b: 1, 2 touched
`}, story{`
at 60ms pause c
at 61ms resume c`, `
ca xxxxxxxxxx
pause c: 1, 0 touched
resume c: 1, 1 touched
`})
}

// Of two that slow a host the slower counts, and the other one again after it.
func TestASlowHostTakesItsTime(t *testing.T) {
	tell(t, story{`at 20ms for 30ms slow a by 4ms`, `
ab xxx..xxxxx
ba xx.oo2xxxx
slow a by 4ms: 1, 7 touched
`}, story{`
at 20ms for 30ms slow a by 12ms
at 30ms for 50ms slow a by 1ms`, `
ab xx.x..x.xx
ba xx..o.22xx
slow a by 12ms: 1, 3 touched
slow a by 1ms: 1, 20 touched
`})
}

func TestAClockIsRightAgainAfterTheFault(t *testing.T) {
	clock := func(plan string, at time.Duration) time.Duration {
		m := newMesh(t, plan)
		m.world.Run(sim.Limit{Until: sim.Time(at)})
		return m.world.Lookup("a").Now().Sub(m.world.Now())
	}
	const ms = time.Millisecond
	offsets := "at 20ms for 40ms clock a offset 1h\nat 30ms for 10ms clock a offset -1s\nat 30ms clock a jump 1ms"
	for at, want := range map[time.Duration]time.Duration{
		10 * ms: 0, 25 * ms: time.Hour, 35 * ms: time.Hour - time.Second + ms, 50 * ms: time.Hour + ms, 70 * ms: ms,
	} {
		require.Equal(t, want, clock(offsets, at), at)
	}
	drifts := "at 20ms for 40ms clock a drift 500000000\nat 30ms for 10ms clock a drift 250000000"
	for at, want := range map[time.Duration]time.Duration{
		20 * ms: 0, 30 * ms: 5 * ms, 40 * ms: 12*ms + ms/2, 50 * ms: 17*ms + ms/2, 70 * ms: 0,
	} {
		require.Equal(t, want, clock(drifts, at), at)
	}
}

func TestTimersRunOnADriftingClock(t *testing.T) {
	tell(t, story{`at 20ms for 40ms clock a drift 1000000000`, `
ab xx2222xxxx
ba xxxxxxxxxx
clock a drift 1000000000: 1, 1 touched
`}, story{`at 20ms for 40ms clock a b offset 1h`, `
ab xxxxxxxxxx
clock a b offset 1h0m0s: 1, 2 touched
`})
}

// While the host is paused a tick and three messages fill its inbox; nine are lost.
func TestAFullInboxLosesMessages(t *testing.T) {
	tell(t, story{`
at 20ms for 40ms pause a
at 20ms for 40ms exhaust a inbox 4`, `
ab xx....xxxx
ba xx....2xxx
pause a: 1, 4 touched
exhaust a inbox 4: 1, 9 touched
`}, story{`at 20ms for 40ms exhaust a inbox 4`, `
ba xxxxxxxxxx
exhaust a inbox 4: 1, 0 touched
`})
	// The least of two limits holds, whichever began first.
	tell(t, story{`
at 20ms for 40ms pause a
at 20ms for 40ms exhaust a inbox 4
at 30ms for 20ms exhaust a inbox 100`, `
ba xx....2xxx
pause a: 1, 4 touched
exhaust a inbox 4: 1, 9 touched
exhaust a inbox 100: 1, 6 touched
`})
}

// Whom a role or a share stands for is known when the fault begins.
func TestTargetsAreResolvedWhenTheFaultBegins(t *testing.T) {
	tell(t, story{`
at 20ms for 10ms crash role:leader
at 60ms for 10ms crash role:leader
at 70ms crash role:nobody`, `
ba xx.xxxxxxx
ca xxxxxx.xxx
crash role:leader: 1, 4 touched
crash role:leader: 1, 4 touched
crash role:nobody: 0, 0 touched
`}, story{`
at 20ms for 10ms crash 2 of everyone
at 40ms for 10ms crash 2 of everyone
at 60ms for 10ms pause 70% of a b c`, `
ab xx.xxx.xxx
bc xx.x.x.xxx
cd xx.x.x.xxx
da xx.x.x.2xx
crash 2 of everyone: 1, 6 touched
crash 2 of everyone: 1, 6 touched
pause 70% of a b c: 1, 6 touched
`})
}

func TestAFaultEndsByItsName(t *testing.T) {
	tell(t, story{`
at 20ms loss 100% from a to b as cut
at 50ms end cut
at 60ms end cut`, `
ab xx...xxxxx
loss cut: 1, 3 touched
end cut: 1, 1 touched
end cut: 1, 0 touched
`}, story{`
at 20ms for 50ms crash a as first
at 30ms end first`, `
ab xx.xxxxxxx
crash first: 1, 4 touched
end first: 1, 1 touched
`})
}

func TestWhatHappensAtOneInstantDoesSoInOrderOfThePlan(t *testing.T) {
	tell(t, story{"at 20ms crash a\nat 20ms restart a", `
ab xxxxxxxxxx
crash a: 1, 1 touched
restart a: 1, 1 touched
`}, story{"at 20ms restart a\nat 20ms crash a", `
ab xx........
restart a: 1, 0 touched
crash a: 1, 25 touched
`})
}

func TestApplyPanicsWhereValidateRefuses(t *testing.T) {
	m := newMesh(t, "")
	require.Panics(t, func() { chaos.Apply(m.net, chaos.Cast{}, chaos.Plan{{Kind: chaos.Crash, On: chaos.Hosts("e")}}) })
}
