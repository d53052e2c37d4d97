package supervisor

import (
	"fmt"
	"testing"
	"time"

	"phoenix/resilience"
	"phoenix/sim"
	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
)

// fleet supervises hosts, and returns what is reported.
func fleet(w *sim.World, cfg Config, hosts ...*sim.Host) (*Supervisor, *[]string) {
	log := new([]string)
	cfg.OnReport = func(r Report) { *log = append(*log, fmt.Sprintf("%s %s", r.At, r)) }
	var children []Child
	for _, h := range hosts {
		children = append(children, Child{ID: h.Name(), Worker: Host(h, second/2)})
	}
	s := NewWorld(w, cfg, children...)
	s.Start()
	return s, log
}

func TestAHostThatCrashesIsRestarted(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	a, b := w.AddHost("a", nil), w.AddHost("b", nil)
	s, log := fleet(w, Config{Strategy: RestForOne}, a, b)
	w.At(sim.Time(second), b.Crash)
	w.At(sim.Time(3*second), a.Crash)
	w.At(sim.Time(3200*time.Millisecond), a.Restart) // somebody else was faster
	w.RunFor(10 * second)
	require.True(t, a.Up() && b.Up())
	require.Equal(t, []string{"0s supervisor: a starts", "0s supervisor: b starts",
		"1s supervisor: b exited: the host crashed", "1s supervisor: b starts",
		"3s supervisor: a exited: the host crashed", "3s supervisor: b is asked to end",
		"3s supervisor: a starts", "3.5s supervisor: b starts"}, *log)
	require.Equal(t, uint32(2), b.Epoch())
	s.Shutdown()
	w.RunFor(second)
	require.False(t, a.Up() || b.Up())
	_, ended := s.Ended()
	require.True(t, ended)
}

func TestTheFourthCrashOfAHostEndsTheFleet(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	a, b := w.AddHost("a", nil), w.AddHost("b", nil)
	s, _ := fleet(w, City, a, b)
	for i := range 4 {
		w.At(sim.Time(time.Duration(i+1)*second), a.Crash)
	}
	w.RunFor(10 * second)
	require.False(t, a.Up() || b.Up(), "and all its children")
	reason, _ := s.Ended()
	require.ErrorIs(t, reason, ErrCrashed)
}

// A host that crashes as it boots is a start that fails: it counts, until the supervisor gives up.
func TestAHostThatCrashesAsItBootsIsAFailedStart(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	sound := true
	a := w.AddHost("a", func(h *sim.Host) {
		if !sound {
			h.Crash()
		}
	})
	s, log := fleet(w, City, a)
	w.At(sim.Time(second), func() { sound = false; a.Crash() })
	w.RunFor(10 * second)
	_, ended := s.Ended()
	require.True(t, ended)
	require.Contains(t, *log, "1.5s city: a does not start: the host crashed")
	require.Equal(t, uint32(4), a.Epoch(), "and three restarts")
}

func TestWorkersBelongWhereTheyCanRun(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	h := w.AddHost("h", nil)
	city := NewWorld(w, Config{}, Child{ID: "a", Worker: Host(h, 0)})
	for want, worker := range map[string]Worker{
		"child a is a goroutine, which a world cannot have; use Process": Go(waits),
		"child a is a process, and the supervisor is not one of a node":  Process(idles),
		"child a is a tree whose child b is a goroutine, which a world cannot have; use Process": Tree(Config{},
			Child{ID: "b", Worker: Go(waits)}),
	} {
		want := ErrConfig.Error() + ": " + want
		require.PanicsWithError(t, want, func() { NewWorld(w, Config{}, Child{ID: "a", Worker: worker}) })
		added := city.Add(Child{ID: "a", Worker: worker})
		w.RunFor(second)
		done, err := added.Done()
		require.True(t, done)
		require.EqualError(t, err, want)
	}
	city.Start()
	w.RunFor(second)
	require.Equal(t, 1, city.Count().Active, "and it works as before")
	want := ErrConfig.Error() + ": child a is a host, and the supervisor stands inside one"
	require.PanicsWithError(t, want, func() {
		New(resilience.System(), Config{}, Child{ID: "a", Worker: Host(h, 0)})
	})
}

// Crashes at times that the seed draws, over hosts that somebody restarts too: the same twice, and in
// the end all hosts are up, or the supervisor has ended and none of them is.
func TestASupervisedFleetIsTheSameTwice(t *testing.T) {
	gaveUp, lived := 0, 0
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 40}}, func(w *sim.World) {
		var hosts []*sim.Host
		for _, name := range []string{"a", "b", "c"} {
			hosts = append(hosts, w.AddHost(name, nil))
		}
		cfg := City
		cfg.Strategy = Strategy(w.Seed() % 3)
		s, _ := fleet(w, cfg, hosts...)
		draw := w.Key("nemesis").Rand()
		for range 12 {
			h := hosts[draw.IntN(3)]
			w.At(sim.Time(draw.Int64N(int64(20*second))), h.Crash)
			if draw.IntN(4) == 0 {
				w.At(sim.Time(draw.Int64N(int64(20*second))), func() {
					if _, ended := s.Ended(); !ended {
						h.Restart()
					}
				})
			}
		}
		w.RunFor(time.Minute)
		_, ended := s.Ended()
		for _, h := range hosts {
			require.Equal(t, !ended, h.Up())
		}
		if ended {
			gaveUp++
		} else {
			lived++
		}
	})
	require.Positive(t, gaveUp)
	require.Positive(t, lived)
}
