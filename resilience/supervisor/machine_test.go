package supervisor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawConfig draws a supervisor of the three strategies with an order, and its children.
func drawConfig(t *rapid.T) (Config, []Child) {
	cfg := Config{
		Strategy:     Strategy(rapid.IntRange(0, 2).Draw(t, "strategy")),
		Intensity:    rapid.SampledFrom([]int{NoRestarts, 1, 2, 3}).Draw(t, "intensity"),
		Period:       rapid.SampledFrom([]time.Duration{time.Second, 3 * time.Second, 5 * time.Second}).Draw(t, "period"),
		AutoShutdown: AutoShutdown(rapid.IntRange(0, 2).Draw(t, "auto shutdown")),
	}
	return cfg, kidsOf("abcd"[:rapid.IntRange(0, 4).Draw(t, "children")], func(c *Child) { *c = drawChild(t, cfg, c.ID) })
}

func drawChild(t *rapid.T, cfg Config, id string) Child {
	c := Child{ID: id, Worker: nothing{}, Restart: Restart(rapid.IntRange(0, 2).Draw(t, "restart"))}
	c.Shutdown = rapid.SampledFrom([]time.Duration{Kill, time.Second, 2 * time.Second, Infinity}).Draw(t, "shutdown")
	c.Significant = cfg.AutoShutdown != Never && c.Restart != Permanent && rapid.Bool().Draw(t, "significant")
	return c
}

// both are a core and the plain model, in worlds that are equal.
type both struct {
	real  *driver
	plain *plain
}

func (b both) worlds() []*toy { return []*toy{b.real.world, b.plain.world} }

func (b both) exit(id string, orderly bool) {
	reason := errBang
	if orderly {
		reason = nil
	}
	b.real.exit(id, reason)
	b.plain.exit(id, orderly)
}

// differ returns in what the two differ, "" if in nothing.
func (b both) differ() string {
	if got, want := listed(b.plain.world.log), listed(b.real.world.log); got != want {
		return fmt.Sprintf("%s; should be: %s", got, want)
	}
	var up []string
	for _, k := range b.plain.kids {
		state := Stopped
		if k.up {
			state = Running
		}
		up = append(up, k.ID+" "+state.String())
	}
	if got, want := listed(up), listed(b.real.states()); got != want {
		return fmt.Sprintf("%s; should be: %s", got, want)
	}
	return ""
}

func listed(all []string) string {
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, ", ")
}

func startBoth(bug string, cfg Config, children []Child) both {
	b := both{newDriver(cfg, children), &plain{bug: bug, cfg: cfg.filled(), world: newToy()}}
	b.real.start()
	b.plain.start(children)
	return b
}

func TestTheCoreIsThePlainSupervisor(t *testing.T) {
	kinds := map[string]eventKind{"add": evAdd, "terminate": evTerminate, "restart": evRestart, "delete": evDelete}
	rapid.Check(t, func(t *rapid.T) {
		cfg, children := drawConfig(t)
		b := startBoth("", cfg, children)
		id := func() string { return rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "child") }
		actions := map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				require.Empty(t, b.differ())
				require.Equal(t, b.plain.over, b.real.over())
				require.Equal(t, b.plain.world.now, b.real.world.now)
				if b.real.over() {
					require.Zero(t, b.real.running(), "nothing runs after the end")
				}
			},
			"exit": func(t *rapid.T) {
				if k := b.real.core.find(id()); k != nil && k.state == Running {
					b.exit(k.ID, rapid.Bool().Draw(t, "orderly"))
				}
			},
			"pass": func(t *rapid.T) {
				d := rapid.SampledFrom([]time.Duration{1, time.Second, 3 * time.Second}).Draw(t, "time")
				for _, w := range b.worlds() {
					w.now += d
				}
			},
			"change": func(t *rapid.T) {
				id, broken, stubborn := id(), rapid.Bool().Draw(t, "broken"), rapid.Bool().Draw(t, "stubborn")
				for _, w := range b.worlds() {
					w.broken[id], w.stubborn[id] = broken, stubborn
				}
			},
			"request": func(t *rapid.T) {
				what := rapid.SampledFrom([]string{"add", "terminate", "restart", "delete"}).Draw(t, "request")
				c := drawChild(t, cfg, id())
				got, want := b.real.request(kinds[what], c.ID, c), b.plain.request(what, c)
				if want == nil {
					require.NoError(t, got)
				} else {
					require.ErrorIs(t, got, want)
				}
			},
			"shutdown": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "really") == 0 && !b.plain.over {
					require.NoError(t, b.real.request(evShutdown, ""))
					require.Equal(t, ErrShutdown, b.real.ended)
					b.plain.giveUp()
				}
			},
		}
		t.Repeat(actions)
	})
}

// asked is an incarnation that has been started and has not ended.
type asked struct {
	id             string
	inc            uint64
	ready, stopped bool // has said that it started; was asked or killed
	deadline       bool
}

// A slow world answers when the test pleases.
type slow struct {
	core  *core
	now   sim.Time
	alive []*asked
	over  bool
	by    map[string]bool // ended by hand
}

func (s *slow) tell(t *rapid.T, e event) {
	for _, do := range s.core.step(s.now, e) {
		i := slices.IndexFunc(s.alive, func(a *asked) bool { return a.id == do.child.ID })
		switch do.kind {
		case doStart:
			require.Negative(t, i, "one incarnation of %s at a time", do.child.ID)
			require.False(t, s.over)
			s.alive = append(s.alive, &asked{id: do.child.ID, inc: do.inc})
		case doAsk, doKill:
			require.GreaterOrEqual(t, i, 0)
			for _, other := range s.alive {
				if s.core.phase == phaseEnding && !s.alive[i].stopped {
					require.LessOrEqual(t, other.id, do.child.ID, "children end in the reverse of their order")
				}
			}
			require.Equal(t, do.inc, s.alive[i].inc)
			s.alive[i].stopped = true
			s.alive[i].deadline = do.kind == doAsk && do.within != Infinity
		case doEnd:
			require.False(t, s.over, "it ends once")
			require.Empty(t, s.alive, "nothing runs after the end")
			s.over = true
		}
	}
}

// Children take their time: they start, end and crash in any order, also while others are ended.
func TestWhateverTheOrderTheInvariantsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg, children := drawConfig(t)
		s := &slow{core: newCore(cfg.filled(), children), by: map[string]bool{}}
		s.tell(t, event{kind: evStart})
		answer := func(t *rapid.T, a *asked, fails bool) {
			e := event{kind: evExited, child: a.id, inc: a.inc, reason: errBang}
			switch {
			case a.ready:
			case fails:
				e.kind = evFailed
			default:
				e.kind, a.ready = evStarted, true
				s.tell(t, e)
				return
			}
			s.alive = slices.DeleteFunc(s.alive, func(other *asked) bool { return other == a })
			s.tell(t, e)
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {},
			"answer": func(t *rapid.T) {
				if len(s.alive) > 0 {
					answer(t, s.alive[rapid.IntRange(0, len(s.alive)-1).Draw(t, "who")], rapid.IntRange(0, 3).Draw(t, "fails") == 0)
				}
			},
			"deadline": func(t *rapid.T) {
				for _, a := range s.alive {
					if a.deadline {
						s.tell(t, event{kind: evDeadline, child: a.id, inc: a.inc})
						require.False(t, a.deadline, "it is killed")
						return
					}
				}
			},
			"stale": func(t *rapid.T) { // what earlier incarnations say is ignored
				for _, a := range s.alive {
					kind := rapid.SampledFrom([]eventKind{evExited, evFailed, evStarted, evDeadline}).Draw(t, "kind")
					require.Empty(t, s.core.step(s.now, event{kind: kind, child: a.id, inc: a.inc - 1}))
				}
			},
			"pass": func(t *rapid.T) {
				s.now = s.now.Add(rapid.SampledFrom([]time.Duration{1, 2 * time.Second}).Draw(t, "d"))
			},
			"terminate": func(t *rapid.T) { s.byHand(t, evTerminate) },
			"restart":   func(t *rapid.T) { s.byHand(t, evRestart) },
			"shutdown": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
					s.tell(t, event{kind: evShutdown})
				}
			},
		})
		// Then all that was asked is answered, and nothing fails any more.
		for i := 0; i < 1000 && s.unanswered() != nil; i++ {
			s.now = s.now.Add(cfg.Period)
			answer(t, s.unanswered(), false)
		}
		require.Nil(t, s.unanswered(), "it comes to rest")
		if s.over {
			return
		}
		for _, k := range s.core.kids {
			if k.Restart == Permanent && !s.by[k.ID] {
				require.Equal(t, Running, k.state, "%s is permanent: it runs, or the supervisor has ended", k.ID)
			}
		}
	})
}

func (s *slow) byHand(t *rapid.T, kind eventKind) {
	id := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "child")
	s.by[id] = true
	s.tell(t, event{kind: kind, child: id})
}

func (s *slow) unanswered() *asked {
	for _, a := range s.alive {
		if !a.ready || a.stopped {
			return a
		}
	}
	return nil
}

// Crashes at random times: in no period are there more restarts than the intensity, and the supervisor
// has ended as soon as there would have been.
func TestInNoPeriodAreThereMoreRestartsThanTheIntensity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{Intensity: rapid.IntRange(1, 4).Draw(t, "intensity"), Period: 5 * time.Second}
		d := newDriver(cfg, kidsOf("ab"))
		require.NoError(t, d.start())
		var crashes []time.Duration
		within := func() int { // restarts in the last period, the one that is to come included
			n := 0
			for _, at := range crashes {
				if d.world.now-at <= cfg.Period {
					n++
				}
			}
			return n
		}
		for range rapid.IntRange(1, 30).Draw(t, "crashes") {
			d.world.now += time.Duration(rapid.IntRange(0, 4).Draw(t, "seconds")) * time.Second
			crashes = append(crashes, d.world.now)
			d.crash(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "child"))
			require.Equal(t, within() > cfg.Intensity, d.over())
			if d.over() {
				require.ErrorIs(t, d.ended, ErrShutdown)
				return
			}
			require.Equal(t, 2, d.running())
		}
	})
}
