package resilience

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/sim/simtest"
)

// degradationPair is a Degradation and its specification, told the same.
type degradationPair struct {
	clock hand
	real  *Degradation
	plain *plainDegradation
	on    map[string]bool // as the features' switches were called
	calls int
}

var (
	testTrigger = Trigger{Cause: "network partition", Level: LevelEssential, Signal: "nodes", Below: true,
		Enter: 1, Exit: 3, Up: time.Second, Down: 4 * time.Second, Stale: 3 * time.Second}
	testTriggers = []Trigger{testTrigger, {Cause: "errors", Level: LevelLimited, Signal: "errors", Enter: 30, Exit: 10,
		Up: 2 * time.Second, Down: 5 * time.Second}}
)

func newDegradationPair(bug string, triggers ...Trigger) *degradationPair {
	p := &degradationPair{on: map[string]bool{}}
	p.real = NewDegradation(&p.clock, DegradationConfig{Triggers: triggers, Dwell: 2 * time.Second, History: 3})
	p.plain = newPlainDegradation(bug, 2*time.Second, triggers...)
	return p
}

func (p *degradationPair) observe(signal string, value int64) {
	p.real.Observe(signal, value)
	p.plain.update(p.clock.now)
	p.plain.told = append(p.plain.told, reading{p.clock.now, signal, value})
	p.plain.update(p.clock.now)
}

func (p *degradationPair) raise(cause string, level Level) {
	p.real.Raise(cause, level)
	p.plain.update(p.clock.now)
	p.plain.raised[cause] = level
	p.plain.update(p.clock.now)
}

func (p *degradationPair) clear(cause string) {
	p.real.Clear(cause)
	p.plain.update(p.clock.now)
	delete(p.plain.raised, cause)
	p.plain.update(p.clock.now)
}

func (p *degradationPair) pin(level *Level) {
	p.plain.update(p.clock.now)
	p.plain.pin = level
	if level == nil {
		p.real.Unpin()
	} else {
		p.real.Pin(*level)
		if *level == LevelShutdown {
			p.plain.auto = LevelShutdown
		}
	}
	p.plain.update(p.clock.now)
}

func (p *degradationPair) register(name string, last Level) {
	turn := func(on bool) func() { return func() { p.on[name] = on; p.calls++ } }
	p.real.Register(Feature{Name: name, Last: last, On: turn(true), Off: turn(false)})
	p.plain.register(p.clock.now, name, last)
}

// differ says how the two differ now, "" if they do not.
func (p *degradationPair) differ() string {
	p.plain.update(p.clock.now)
	got := p.real.Level()
	if got != p.plain.level {
		return fmt.Sprintf("level %v, should be %v", p.plain.level, got)
	}
	a, b := switches(p.plain.on, "search", "orders"), switches(p.on, "search", "orders")
	if a != b {
		return fmt.Sprintf("at level %v: %s, should be %s", got, a, b)
	}
	if kept := len(p.plain.changes); p.plain.bug == "history grows for ever" && kept > 3 {
		return fmt.Sprintf("%d changes kept, should be 3", kept)
	}
	return ""
}

func TestDegradationDoesWhatItsSpecificationSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newDegradationPair("", testTriggers...)
		registered := 0
		level := rapid.Map(rapid.IntRange(0, 19), func(n int) Level { return Level(n % 5 * (n % 4) / 3) })
		t.Repeat(map[string]func(*rapid.T){
			"advance": func(t *rapid.T) { p.clock.advance(time.Duration(rapid.IntRange(1, 6).Draw(t, "s")) * time.Second) },
			"nodes":   func(t *rapid.T) { p.observe("nodes", rapid.Int64Range(0, 4).Draw(t, "nodes")) },
			"errors":  func(t *rapid.T) { p.observe("errors", rapid.SampledFrom([]int64{0, 10, 20, 30}).Draw(t, "errors")) },
			"raise": func(t *rapid.T) {
				p.raise(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "cause"), level.Draw(t, "level"))
			},
			"clear": func(t *rapid.T) { p.clear(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "cause")) },
			"pin":   func(t *rapid.T) { l := level.Draw(t, "level"); p.pin(&l) },
			"unpin": func(*rapid.T) { p.pin(nil) },
			"register": func(t *rapid.T) {
				if names := []string{"search", "orders"}; registered < len(names) {
					p.register(names[registered], Level(rapid.IntRange(0, 4).Draw(t, "last")))
					registered++
				}
			},
			"": func(t *rapid.T) {
				require.Empty(t, p.differ())
				status := p.real.Status()
				require.LessOrEqual(t, len(status.Switched), 3)
				require.Equal(t, registered, len(status.On)+len(status.Off))
				for _, name := range status.On {
					require.True(t, p.on[name] && p.real.Available(name), "%s is told to be on", name)
				}
			},
		})
	})
}

// The invariants by themselves: down at once, up one step at a time and never sooner than the dwell,
// and never out of shutdown.
func TestLevelsRecoverStepByStepAndNeverFromShutdown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var clock hand
		var changes []Change
		d := NewDegradation(&clock, DegradationConfig{Triggers: testTriggers, Dwell: 3 * time.Second,
			OnChange: func(c Change) { changes = append(changes, c) }})
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			clock.advance(time.Duration(rapid.IntRange(0, 4).Draw(t, "s")) * time.Second)
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0, 1:
				d.Observe("nodes", rapid.Int64Range(0, 4).Draw(t, "nodes"))
			case 2:
				d.Observe("errors", rapid.Int64Range(0, 40).Draw(t, "errors"))
			case 3:
				d.Raise("cause", Level(rapid.IntRange(0, 12).Draw(t, "level")%5))
			case 4:
				d.Clear("cause")
			}
		}
		for i, c := range changes {
			require.NotEqual(t, LevelShutdown, c.From)
			if c.To < c.From {
				require.Equal(t, c.From-1, c.To, "one step")
				require.GreaterOrEqual(t, c.At.Sub(changes[i-1].At), 3*time.Second, "the dwell")
			}
		}
	})
}

// The operations that mutants are tried with. Time passes before each operation that needs it.
var degradationOps = map[string]func(p *degradationPair){
	"1 node in reach":  func(p *degradationPair) { p.observe("nodes", 1) },
	"3 nodes in reach": func(p *degradationPair) { p.observe("nodes", 3) },
	"raise limited":    func(p *degradationPair) { p.raise("cause", LevelLimited) },
	"raise shutdown":   func(p *degradationPair) { p.raise("cause", LevelShutdown) },
	"clear":            func(p *degradationPair) { p.clear("cause") },
	"2s pass":          func(p *degradationPair) { p.clock.advance(2 * time.Second) },
	"register orders": func(p *degradationPair) {
		if p.plain.last["orders"] == LevelNormal {
			p.register("orders", LevelLimited)
		}
	},
}

var degradationMutants = [][2]string{
	{"GD-2", "not applied on registration"},
	{"GD-3", "any jump"},
	{"GD-3", "out of shutdown"},
	{"GD-4", "off by one"},
	{"GD-5", "policies are never consulted"},
	{"GD-6", "no conditions"},
	{"GD-7", "no hysteresis"},
	{"GD-8", "history grows for ever"},
}

func TestEveryMutantOfDegradationIsKilled(t *testing.T) {
	alphabet := []string{"1 node in reach", "3 nodes in reach", "raise limited", "raise shutdown", "clear", "2s pass", "register orders"}
	var rows []mutant
	for _, m := range degradationMutants {
		sequence, why := simtest.Shortest(alphabet, 8, func(ops []string) string {
			p := newDegradationPair(m[1], testTrigger)
			for _, op := range ops {
				degradationOps[op](p)
				if why := p.differ(); why != "" {
					return why
				}
			}
			return ""
		})
		require.NotEmpty(t, why, "%s %s survives", m[0], m[1])
		rows = append(rows, mutant{m[0], m[1], sequence, why})
	}
	requireMutants(t, "degradation", rows)
}
