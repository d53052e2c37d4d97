package supervisor

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/resilience"
	"phoenix/sim"
	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
)

const second = time.Second

// A town is one node with a supervisor, and what was reported.
type town struct {
	w   *sim.World
	s   *Supervisor // of the last boot
	log []string
}

// newTown boots a node whose supervisor has these children.
func newTown(t *testing.T, cfg Config, children func(w *sim.World) []Child) *town {
	tn := &town{w: sim.New(sim.Config{Seed: 1})}
	t.Cleanup(tn.w.Close)
	cfg.OnReport = func(r Report) { tn.log = append(tn.log, fmt.Sprintf("%s %s", r.At, r)) }
	network.New(tn.w, network.Config{}).Add("node", func(ep *network.Endpoint) network.Handler {
		tn.s = NewNode(ep, cfg, children(tn.w)...)
		tn.s.Start()
		return nil
	})
	return tn
}

func (tn *town) at(d time.Duration, fn func()) { tn.w.At(sim.Time(d), fn) }

// idles works until it is asked to end.
func idles(p *Proc) error {
	for p.Idle(time.Hour) {
		continue
	}
	return nil
}

func TestAPanicOfAProcessIsItsEndAndNotThatOfItsNode(t *testing.T) {
	tn := newTown(t, City, func(*sim.World) []Child {
		return []Child{{ID: "a", Worker: Process(func(p *Proc) error { p.Sleep(second); panic("bang") })},
			{ID: "b", Worker: Process(idles)}}
	})
	tn.w.RunFor(time.Minute)
	require.Empty(t, tn.w.Findings())
	require.True(t, tn.w.Host(0).Up())
	require.Equal(t, []string{
		"0s city: a starts", "0s city: b starts",
		"1s city: a exited: panic: bang", "1s city: a starts",
		"2s city: a exited: panic: bang", "2s city: a starts",
		"3s city: a exited: panic: bang", "3s city: a starts",
		"4s city: a exited: panic: bang", "4s city: b is asked to end",
		"4s city ended: city: more than 3 restarts in 5s, the last for a: panic: bang",
	}, tn.log)
	reason, _ := tn.s.Ended()
	var panicked *PanicError
	require.ErrorAs(t, reason, &panicked)
	require.Contains(t, panicked.Stack[0], "node_test.go")
}

func TestAProcessThatDoesNotEndInTimeIsKilled(t *testing.T) {
	for _, c := range []struct {
		shutdown time.Duration
		want     []string
	}{
		{2 * second, []string{"1s supervisor: deaf is asked to end", "3s supervisor: deaf is killed"}},
		{Kill, []string{"1s supervisor: deaf is killed"}},
	} {
		unwound := false
		tn := newTown(t, Config{}, func(*sim.World) []Child {
			return []Child{{ID: "deaf", Shutdown: c.shutdown, Worker: Process(func(p *Proc) error {
				defer func() { unwound = true }()
				p.Sleep(time.Hour)
				panic("it was killed")
			})}}
		})
		var end *Call
		tn.at(second, func() { end = tn.s.Shutdown() })
		tn.w.Run(sim.Limit{})
		require.Equal(t, append([]string{"0s supervisor: deaf starts"}, c.want...), tn.log[:len(tn.log)-1])
		require.True(t, unwound)
		done, err := end.Done()
		require.True(t, done)
		require.NoError(t, err)
		require.Empty(t, tn.w.Findings())
	}
}

func TestWhoeverWaitsForAStartIsStartedLater(t *testing.T) {
	tn := newTown(t, Config{Strategy: RestForOne}, func(*sim.World) []Child {
		up := 0
		return []Child{
			{ID: "db", Worker: ProcessStart(func(p *Proc) (func(*Proc) error, error) {
				p.Sleep(second)
				if up++; up == 2 {
					return nil, errors.New("no route")
				}
				return func(p *Proc) error { p.Sleep(2 * second); return errBang }, nil
			})},
			{ID: "web", Worker: Process(idles)},
		}
	})
	tn.w.RunFor(5500 * time.Millisecond)
	require.Equal(t, []string{"0s supervisor: db starts", "1s supervisor: web starts",
		"3s supervisor: db exited: bang", "3s supervisor: web is asked to end", "3s supervisor: db starts",
		"4s supervisor: db does not start: no route", "4s supervisor: db starts", "5s supervisor: web starts"}, tn.log)
}

func TestAProcessMayTellItsOwnSupervisor(t *testing.T) {
	var answers []error
	tn := newTown(t, Config{}, func(*sim.World) []Child { return nil })
	tn.at(second, func() {
		tn.s.Add(Child{ID: "a", Worker: Process(func(p *Proc) error {
			answers = append(answers, tn.s.Add(Child{ID: "b", Worker: Process(idles)}).Await(p.Proc.Proc))
			answers = append(answers, tn.s.Terminate("nobody").Await(p.Proc.Proc))
			require.NoError(t, p.Context().Err())
			tn.s.Terminate("a")
			require.False(t, p.Idle(second))
			require.True(t, p.Asked())
			require.ErrorIs(t, p.Context().Err(), context.Canceled)
			p.Sleep(time.Hour)
			return nil
		}), Shutdown: second})
	})
	tn.w.RunFor(time.Minute)
	require.NoError(t, answers[0])
	require.ErrorIs(t, answers[1], ErrNotFound)
	require.Equal(t, []Status{{ID: "a", State: Stopped, Incarnation: 1}, {ID: "b", State: Running, Incarnation: 2}},
		tn.s.Children())
}

func TestANodeThatCrashesLeavesNothingOfItsSupervisor(t *testing.T) {
	tn := newTown(t, City, func(*sim.World) []Child { return []Child{{ID: "a", Worker: Process(idles)}} })
	var old *Supervisor
	tn.at(second, func() { old = tn.s; tn.w.Host(0).Crash(); tn.w.Host(0).Restart() })
	tn.at(2*second, func() {
		old.Shutdown()
		require.False(t, old.Bounce("nobody"))
		require.True(t, old.Bounce("a"))
	})
	tn.w.RunFor(time.Minute)
	require.Equal(t, []string{"0s city: a starts", "1s city: a starts"}, tn.log,
		"each boot has its own, and the old one does nothing")
}

// Trees: OTP's case tree. What gives up below is restarted above, without what was added to it.
func TestATreeThatGivesUpIsRestartedByItsParent(t *testing.T) {
	for _, c := range []struct {
		restart Restart
		want    State
	}{{Permanent, Running}, {Transient, Stopped}} {
		t.Run(c.restart.String(), func(t *testing.T) {
			crash := func(p *Proc) error { p.Sleep(second); return errBang }
			tn := newTown(t, Config{Name: "top"}, func(*sim.World) []Child {
				below := Tree(Config{Name: "below", Intensity: 1}, Child{ID: "x", Worker: Process(idles)},
					Child{ID: "y", Worker: Process(crash)})
				return []Child{{ID: "tree", Worker: below, Restart: c.restart}, {ID: "other", Worker: Process(idles)}}
			})
			tn.w.RunFor(2500 * time.Millisecond)
			all := tn.s.Children()
			require.Equal(t, c.want, all[0].State)
			require.True(t, all[0].Supervisor)
			require.Equal(t, Running, all[1].State, "it is not concerned")
			require.Equal(t, 1, tn.s.Count().Supervisors)
			if c.restart == Permanent {
				tn.w.RunFor(time.Minute)
				reason, ended := tn.s.Ended()
				require.False(t, ended, "below gives up every 2 s: that is never four times in 5 s")
				require.NoError(t, reason)
			}
			tn.s.Shutdown()
			tn.w.RunFor(time.Minute)
			_, ended := tn.s.Ended()
			require.True(t, ended)
			require.Equal(t, map[Restart]string{Permanent: "tree", Transient: "other"}[c.restart], lastAsked(tn.log))
		})
	}
}

// lastAsked returns who was asked to end last.
func lastAsked(log []string) string {
	for i := len(log) - 1; i >= 0; i-- {
		var at, who string
		if n, _ := fmt.Sscanf(log[i], "%s top: %s is asked", &at, &who); n == 2 {
			return who
		}
	}
	return ""
}

func TestATreeThatCannotStartIsAFailedStartAndOneInTheWayIsKilled(t *testing.T) {
	cannot := ProcessStart(func(*Proc) (func(*Proc) error, error) { return nil, errBang })
	tn := newTown(t, Config{Name: "top"}, func(*sim.World) []Child {
		below := Tree(Config{}, Child{ID: "ok", Worker: Process(idles)}, Child{ID: "x", Worker: cannot})
		return []Child{{ID: "tree", Worker: below}}
	})
	tn.w.Run(sim.Limit{})
	reason, _ := tn.s.Ended()
	require.EqualError(t, reason, "top: tree could not be started: supervisor: x could not be started: bang")
	require.ErrorIs(t, reason, errBang)

	unwound := 0
	deaf := Process(func(p *Proc) error { defer func() { unwound++ }(); p.Sleep(time.Hour); return nil })
	tn = newTown(t, Config{Name: "top"}, func(*sim.World) []Child {
		below := Tree(Config{}, Child{ID: "x", Worker: deaf, Shutdown: Infinity}, Child{ID: "y", Worker: deaf})
		return []Child{{ID: "tree", Shutdown: second, Worker: below}}
	})
	tn.at(second, func() { tn.s.Shutdown() })
	tn.w.RunFor(3 * second)
	_, ended := tn.s.Ended()
	require.True(t, ended)
	require.Equal(t, 2, unwound, "killing a tree kills all below")
}

// A cluster of package resilience restarts a component by its supervisor, without its node.
func TestBounceIsTheLocalRestartOfACluster(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{})
	lives := map[string]int{}
	var s *Supervisor
	n.Add("node", func(ep *network.Endpoint) network.Handler {
		count := func(id string) Worker {
			return Process(func(p *Proc) error { lives[id]++; return idles(p) })
		}
		s = NewNode(ep, City, Child{ID: "cache", Worker: count("cache")},
			Child{ID: "tree", Worker: Tree(City, Child{ID: "index", Worker: count("index")})},
			Child{ID: "once", Worker: count("once"), Restart: Temporary})
		s.Start()
		return nil
	})
	cluster := &resilience.Cluster{Network: n, Restart: func(id string) bool { return s.Bounce(id) },
		Locate: func(string) (network.ID, bool) { return 0, true }}
	local := cluster.Responders()[resilience.LocalRestart]
	w.RunFor(second)
	for range 10 { // they do not count
		require.NoError(t, local.Respond(resilience.Incident{Affected: []string{"cache", "index"}}))
		w.RunFor(second / 10)
	}
	require.Equal(t, map[string]int{"cache": 11, "index": 11, "once": 1}, lives)
	require.Zero(t, w.Host(0).Epoch(), "the node went on")
	require.NoError(t, local.Respond(resilience.Incident{Affected: []string{"once"}}))
	w.RunFor(second)
	require.Equal(t, uint32(1), w.Host(0).Epoch(), "nobody restarts a temporary child: the node was restarted")
}

// A node whose children crash at random times does the same twice.
func TestASupervisedNodeIsTheSameTwice(t *testing.T) {
	restarts, ends := 0, 0
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 20}}, func(w *sim.World) {
		strategy := Strategy(w.Seed() % 3)
		city := func(ep *network.Endpoint) network.Handler {
			draw := ep.Key("crashes").Num(uint64(ep.Boots())).Rand()
			child := func(id string) Child {
				return Child{ID: id, Shutdown: second, Worker: Process(func(p *Proc) error {
					for p.Idle(time.Duration(draw.Int64N(int64(4 * second)))) {
						if draw.IntN(2) == 0 {
							panic("a bomb")
						}
					}
					p.Sleep(time.Duration(draw.Int64N(int64(2 * second))))
					return nil
				})}
			}
			cfg := City
			cfg.Strategy = strategy
			cfg.OnReport = func(r Report) {
				if r.Action == Exit {
					restarts++
				}
			}
			NewNode(ep, Config{Name: "top", Intensity: 2, Period: time.Minute, OnReport: func(r Report) {
				if r.Action == End {
					ends++
				}
			}}, Child{ID: "city", Worker: Tree(cfg, child("a"), child("b"), child("c"))}).Start()
			return nil
		}
		n := network.New(w, network.Config{})
		for _, name := range []string{"rome", "oslo"} {
			n.Add(name, city)
		}
		w.RunFor(time.Minute)
	})
	require.Greater(t, restarts, 100)
	require.Positive(t, ends)
}

// In an interleaving world all timers of an instant may fire in any order.
func TestWhatIsToldStaysInOrderInAWorldThatInterleaves(t *testing.T) {
	for seed := range uint64(50) {
		w := sim.New(sim.Config{Seed: seed, Interleave: true})
		t.Cleanup(w.Close)
		var s *Supervisor
		network.New(w, network.Config{}).Add("node", func(ep *network.Endpoint) network.Handler {
			s = NewNode(ep, Config{},
				Child{ID: "quick", Restart: Transient, Worker: Process(func(*Proc) error { return nil })},
				Child{ID: "b", Worker: Process(idles)})
			s.Start()
			return nil
		})
		hosts := NewWorld(w, Config{}, Child{ID: "h", Worker: Host(w.Host(0), second)})
		hosts.Start()
		w.At(sim.Time(second), func() { s.Bounce("b") })
		w.At(sim.Time(2*second), func() { require.Equal(t, uint64(3), s.Children()[1].Incarnation); hosts.Bounce("h") })
		w.RunFor(10 * second)
		reason, ended := s.Ended()
		require.False(t, ended, "an end was taken for a failed start: %v", reason)
		require.Equal(t, []State{Stopped, Running}, []State{s.Children()[0].State, s.Children()[1].State})
		require.Equal(t, Running, hosts.Children()[0].State)
	}
}
