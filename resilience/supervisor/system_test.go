package supervisor

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"phoenix/resilience"

	"github.com/stretchr/testify/require"
)

// waits is a child that works until it is asked to end.
func waits(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestGoroutinesAreRestartedUntilTheFourthRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lives atomic.Int32
		s := New(resilience.System(), City, Child{ID: "a", Worker: Go(func(context.Context) error {
			lives.Add(1)
			time.Sleep(time.Second)
			panic("bang")
		})}, Child{ID: "b", Worker: Go(waits)})
		require.NoError(t, s.Start().Wait(t.Context()))
		require.Equal(t, Counts{Specs: 2, Active: 2, Workers: 2}, s.Count())
		begun := time.Now()
		<-s.Done()
		require.Equal(t, 4*time.Second, time.Since(begun))
		require.Equal(t, int32(4), lives.Load(), "the first life and three restarts")
		reason, ended := s.Ended()
		require.True(t, ended)
		require.EqualError(t, reason, "city: more than 3 restarts in 5s, the last for a: panic: bang")
		var panicked *PanicError
		require.ErrorAs(t, reason, &panicked)
		require.Contains(t, string(panicked.Trace), "system_test.go")
		require.Zero(t, s.Count().Active)
		require.ErrorIs(t, s.Add(Child{ID: "c", Worker: Go(waits)}).Wait(t.Context()), ErrEnded)
		require.NoError(t, s.Shutdown().Wait(t.Context()), "it has ended")
	})
}

func TestChildrenStartInOrderAndEndInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var log []string
		say := func(s string) { mu.Lock(); defer mu.Unlock(); log = append(log, s) }
		child := func(id string, start, end time.Duration) Child {
			return Child{ID: id, Worker: GoStart(func(context.Context) (func(context.Context) error, error) {
				time.Sleep(start)
				say(id + " starts")
				return func(ctx context.Context) error {
					<-ctx.Done()
					time.Sleep(end)
					say(id + " ends")
					return nil
				}, nil
			})}
		}
		s := New(resilience.System(), Config{},
			child("slow", time.Second, time.Second), child("quick", 0, 0), child("last", 0, time.Second))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		require.NoError(t, s.Run(ctx))
		require.Equal(t, []string{"slow starts", "quick starts", "last starts", "last ends", "quick ends", "slow ends"}, log)
	})
}

func TestAGoroutineThatDoesNotEndInTimeIsAbandonedAndItsResultIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reports []string
		release := make(chan struct{})
		var life atomic.Int32
		s := New(resilience.System(), Config{OnReport: func(r Report) { reports = append(reports, r.String()) }},
			Child{ID: "deaf", Shutdown: 2 * time.Second, Worker: Go(func(ctx context.Context) error {
				if life.Add(1) == 1 {
					<-release
					return errors.New("late")
				}
				return waits(ctx)
			})})
		require.NoError(t, s.Start().Wait(t.Context()))
		begun := time.Now()
		require.NoError(t, s.Terminate("deaf").Wait(t.Context()))
		require.Equal(t, 2*time.Second, time.Since(begun))
		require.NoError(t, s.Restart("deaf").Wait(t.Context()))
		close(release)
		synctest.Wait()
		require.Equal(t, []Status{{ID: "deaf", State: Running, Incarnation: 2}}, s.Children(), "the late end is not its end")
		require.NoError(t, s.Shutdown().Wait(t.Context()))
		require.Equal(t, []string{"supervisor: deaf starts", "supervisor: deaf is asked to end", "supervisor: deaf is killed",
			"supervisor: deaf starts", "supervisor: deaf is asked to end", "supervisor ended: shutdown"}, reports)
	})
}

func TestAStartThatFailsIsToldOrCountedAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := atomic.Bool{}
		attempts := 0
		flaky := GoStart(func(context.Context) (func(context.Context) error, error) {
			if attempts++; broken.Load() {
				return nil, errBang
			}
			return func(context.Context) error { time.Sleep(time.Second); broken.Store(true); return nil }, nil
		})
		s := New(resilience.System(), Config{}, Child{ID: "ok", Worker: Go(waits)}, Child{ID: "flaky", Worker: flaky})
		require.NoError(t, s.Start().Wait(t.Context()))
		<-s.Done()
		require.Equal(t, 4, attempts, "its first start, and three failed restarts")

		s = New(resilience.System(), Config{}, Child{ID: "ok", Worker: Go(waits)}, Child{ID: "flaky", Worker: flaky})
		require.EqualError(t, s.Run(t.Context()), "supervisor: flaky could not be started: bang")
		nothing := GoStart(func(context.Context) (func(context.Context) error, error) { return nil, nil })
		panics := GoStart(func(context.Context) (func(context.Context) error, error) { panic("bang") })
		exits := GoStart(func(context.Context) (func(context.Context) error, error) { runtime.Goexit(); return nil, nil })
		for want, worker := range map[error]Worker{ErrConfig: nothing, ErrGoexit: exits, ErrShutdown: panics} {
			require.ErrorIs(t, New(resilience.System(), Config{}, Child{ID: "a", Worker: worker}).Run(t.Context()), want)
		}
	})
}

func TestAGoroutineThatCallsGoexitHasEnded(t *testing.T) {
	s := New(resilience.System(), Config{Intensity: NoRestarts}, Child{ID: "a", Worker: Go(func(context.Context) error {
		runtime.Goexit()
		return nil
	})})
	require.ErrorIs(t, s.Run(t.Context()), ErrGoexit)
}

// The supervisor of the seed under load: children crash, others are added, ended and asked about.
func TestASupervisorMayBeUsedFromManyGoroutines(t *testing.T) {
	var alive, lives [8]atomic.Int32
	body := func(i int) Worker {
		return Go(func(ctx context.Context) error {
			if alive[i].Add(1) != 1 {
				panic("two incarnations at once")
			}
			lives[i].Add(1)
			defer alive[i].Add(-1)
			if i%2 == 0 {
				return errBang
			}
			return waits(ctx)
		})
	}
	s := New(resilience.System(), Config{Intensity: 1 << 20, Strategy: OneForOne})
	require.NoError(t, s.Start().Wait(t.Context()))
	var group sync.WaitGroup
	for i := range alive {
		group.Go(func() {
			id := strconv.Itoa(i)
			for range 50 {
				require.NoError(t, s.Add(Child{ID: id, Worker: body(i)}).Wait(t.Context()))
				s.Count()
				s.Bounce(id)
				require.NoError(t, s.Terminate(id).Wait(t.Context()))
				require.NoError(t, s.Delete(id).Wait(t.Context()))
			}
		})
	}
	group.Wait()
	require.NoError(t, s.Shutdown().Wait(t.Context()))
	for i := range alive {
		require.Zero(t, alive[i].Load())
		require.GreaterOrEqual(t, lives[i].Load(), int32(50))
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	block := make(chan struct{})
	start := func(context.Context) (func(context.Context) error, error) { <-block; return waits, nil }
	s := New(resilience.System(), Config{}, Child{ID: "a", Worker: GoStart(start)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Start().Wait(ctx), context.Canceled)
	close(block)
	require.NoError(t, s.Shutdown().Wait(t.Context()))
}

func TestWhatIsWrongWithAConfigurationIsSaid(t *testing.T) {
	ok := Go(waits)
	for want, make := range map[string]func(){
		"supervisor: Config.Intensity is -2, expected a number or NoRestarts": func() { New(nil, Config{Intensity: -2}) },
		"supervisor: Config.Period is -1ns, expected none below 0":            func() { New(nil, Config{Period: -1}) },
		"supervisor: Config.Strategy is supervisor.Strategy(9), expected one of the four": func() {
			New(nil, Config{Strategy: 9})
		},
		"supervisor: Config.AutoShutdown is supervisor.AutoShutdown(9), expected one of the three": func() {
			New(nil, Config{AutoShutdown: 9})
		},
		"supervisor: a SimpleOneForOne supervisor begins without children; Add starts them": func() {
			New(nil, Config{Strategy: SimpleOneForOne}, Child{ID: "a", Worker: ok})
		},
	} {
		require.PanicsWithValue(t, want, make)
	}
	for want, child := range map[string]Child{
		"Child.ID is empty":        {Worker: ok},
		"Child.Worker of a is nil": {ID: "a"},
		"Child.Restart of a is supervisor.Restart(9), expected one of the three": {ID: "a", Worker: ok, Restart: 9},
		"Child.Shutdown of a is -3ns, expected a duration, Kill or Infinity":     {ID: "a", Worker: ok, Shutdown: -3},
	} {
		err := New(resilience.System(), Config{}).Add(child).Wait(t.Context())
		require.ErrorIs(t, err, ErrConfig)
		require.ErrorContains(t, err, want)
	}
	require.PanicsWithError(t, "supervisor: wrong configuration: two children are called a", func() {
		Tree(Config{}, Child{ID: "a", Worker: ok}, Child{ID: "a", Worker: ok})
	})
}

func TestTheContextOfAChildEndsWithIt(t *testing.T) {
	ends := map[string]func() error{
		"returns": func() error { return errBang },
		"panics":  func() error { panic("bang") },
		"exits":   func() error { runtime.Goexit(); return nil },
	}
	for name, end := range ends {
		for _, starts := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var helpers, most atomic.Int32
					s := New(resilience.System(), City, Child{ID: "a", Worker: GoStart(
						func(ctx context.Context) (func(context.Context) error, error) {
							most.Add(1)
							helpers.Add(1)
							go func() { <-ctx.Done(); helpers.Add(-1) }()
							if !starts {
								return nil, end()
							}
							return func(context.Context) error { time.Sleep(time.Millisecond); return end() }, nil
						})})
					require.Error(t, s.Run(t.Context()))
					synctest.Wait()
					require.Positive(t, most.Load())
					require.Zero(t, helpers.Load(), "what it started with its context is told")
				})
			})
		}
	}
}
