package sim

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	ms     = time.Millisecond
	second = time.Second
)

// world returns a world that is closed when the test ends.
func world(t testing.TB, cfg Config) *World {
	w := New(cfg)
	t.Cleanup(w.Close)
	return w
}

// told returns the lines of w's stream from now on: time, host, kind, number and
// name. It also checks that causes come before what they cause.
func told(t testing.TB, w *World) *[]string {
	lines := new([]string)
	w.Observe(func(e *Event) {
		require.Less(t, e.Cause, e.Seq)
		line := fmt.Sprintf("%s %s %s", e.At, w.HostName(e.Host), e.Kind)
		if e.ID != 0 {
			line += fmt.Sprintf(" #%d", e.ID)
		}
		if e.Name != "" {
			line += " " + e.Name
		}
		*lines = append(*lines, line)
	})
	return lines
}

// mail is a task that tells when it takes effect and when it is lost.
type mail struct{ h *Host }

func (m mail) Run(number uint64) {
	m.h.w.Begin(Event{Kind: Deliver, Host: m.h.id, Peer: NoHost, ID: number})
}

func (m mail) Discard(number uint64) {
	m.h.w.Emit(Event{Kind: Drop, Host: m.h.id, Peer: NoHost, ID: number})
}

// post has mail of these numbers reach h at a time, in order.
func post(h *Host, at Duration, numbers ...uint64) {
	for _, n := range numbers {
		h.w.At(Time(at), func() { h.Submit(mail{h}, n) })
	}
}

// task is a task made of a function.
type task func()

func (fn task) Run(uint64)     { fn() }
func (fn task) Discard(uint64) {}

// on runs code of h at a time.
func on(h *Host, at Duration, code func()) {
	h.w.At(Time(at), func() { h.Submit(task(code), 0) })
}

func TestTimePrintsAsADurationAndSaturates(t *testing.T) {
	require.Equal(t, "1.84s", Time(1840*ms).String())
	require.Equal(t, "forever", Forever.String())
	require.Equal(t, Forever, Time(5).Add(Duration(Forever)))
	require.Equal(t, Forever, Forever.Add(1))
	require.Equal(t, Time(-5), Time(5).Add(-10))
	require.Equal(t, 3*second, Time(5*second).Sub(Time(2*second)))
}

func TestHostsAreKnownByNumberAndName(t *testing.T) {
	w := world(t, Config{Seed: 7})
	a := w.AddHost("a", nil)
	b := w.AddHost("b", nil)
	require.Equal(t, []*Host{a, b}, w.Hosts())
	require.Equal(t, HostID(1), b.ID())
	require.Equal(t, b, w.Host(1))
	require.Equal(t, a, w.Lookup("a"))
	require.Nil(t, w.Lookup("c"))
	require.Equal(t, w, a.World())
	require.Equal(t, uint64(7), w.Seed())
	require.Equal(t, []string{"a", "b", "world", "host(2)"},
		[]string{w.HostName(0), w.HostName(1), w.HostName(NoHost), w.HostName(2)})
	for _, taken := range []string{"", "a"} {
		require.PanicsWithValue(t, fmt.Sprintf("sim: host name %q is empty or taken", taken), func() { w.AddHost(taken, nil) })
	}
}

func TestHostsBootWhenAllAreKnown(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	w.AddHost("a", func(h *Host) { h.Note("%d hosts", len(w.Hosts())) })
	w.AddHost("b", func(h *Host) { h.Note("100%% sure") })
	require.Equal(t, Quiescent, w.Run(Limit{}))
	require.Equal(t, []string{"0s a boot a", "0s a note 2 hosts", "0s b boot b", "0s b note 100%% sure"}, *got)
}

func TestKindsPrintAndParse(t *testing.T) {
	for k := Boot; k <= Disk; k++ {
		got, ok := KindOf(k.String())
		require.True(t, ok)
		require.Equal(t, k, got)
	}
	require.Equal(t, "kind(0)", Kind(0).String())
	require.Equal(t, "kind(99)", Kind(99).String())
	for _, name := range []string{"", "kind(0)", "Boot"} {
		_, ok := KindOf(name)
		require.False(t, ok)
	}
}

func TestEventsReadAsALine(t *testing.T) {
	name := func(id HostID) string { return fmt.Sprint("n", id) }
	for want, e := range map[string]Event{
		"     7         1.5s n0       send     #3 to n1 {K:x}  (after 5)": {
			Seq: 7, Cause: 5, At: Time(1500 * ms), Kind: Send, Host: 0, Peer: 1, ID: 3, Value: struct{ K string }{"x"}},
		"     1           0s n0       drop     #3 to n1 lost": {Seq: 1, Kind: Drop, Peer: 1, ID: 3, Name: "lost"},
		"     1           0s n1       deliver  #3 from n0":    {Seq: 1, Kind: Deliver, Host: 1, ID: 3},
		"     1           0s n0       wake     #2 main":       {Seq: 1, Kind: Wake, ID: 2, Name: "main"},
		"     1           0s n-1      choice   1 of 3 next":   {Seq: 1, Kind: Choice, Host: NoHost, Arg: 1, N: 3, Name: "next"},
	} {
		require.Equal(t, want, string(e.AppendText(nil, name)))
	}
}

func TestTheWorldsOwnFunctionsRunInOrderOfTimeAndThenOfCalling(t *testing.T) {
	w := world(t, Config{})
	var got []string
	say := func(s string) func() { return func() { got = append(got, fmt.Sprint(s, " ", w.Now())) } }
	w.At(Time(second), func() { w.At(0, say("late")) })
	w.At(Time(second), say("b"))
	w.At(5, say("a"))
	require.Equal(t, Quiescent, w.Run(Limit{}))
	require.Equal(t, []string{"a 5ns", "b 1s", "late 1s"}, got)
}

// arrivals is a Sink that keeps what it got.
type arrivals []uint64

func (a *arrivals) Fire(arg uint64) { *a = append(*a, arg) }

func TestSinksGetWhatWasScheduledForThem(t *testing.T) {
	w := world(t, Config{})
	var a, b arrivals
	first, second := w.AddSink(&a), w.AddSink(&b)
	w.Schedule(2, first, 1<<56-1)
	w.Schedule(1, second, 7)
	w.Schedule(1, first, 0)
	w.Run(Limit{})
	require.Equal(t, arrivals{0, 1<<56 - 1}, a)
	require.Equal(t, arrivals{7}, b)
	const misuse = "sim: an event was scheduled in the past, or its argument is too large"
	require.PanicsWithValue(t, misuse, func() { w.Schedule(1, first, 0) })
	require.PanicsWithValue(t, misuse, func() { w.Schedule(9, first, 1<<56) })
	require.PanicsWithValue(t, "sim: too many sinks", func() {
		for range 256 {
			w.AddSink(&a)
		}
	})
}

// events counts what w does, with nothing allocated for each event.
func TestTheStreamAllocatesNothingInTheSteadyState(t *testing.T) {
	w := world(t, Config{})
	w.AddHost("a", func(h *Host) {
		var tick *Timer
		tick = h.Timer("tick", func() {
			h.Note("still here")
			tick.Reset(ms)
		})
		tick.Reset(0)
	})
	w.RunFor(second)
	require.Zero(t, testing.AllocsPerRun(10, func() { w.RunFor(second) }))
	require.Greater(t, w.Events(), uint64(20000))
}

func TestAClosedWorldStandsStill(t *testing.T) {
	w := New(Config{})
	unwound := false
	other := w.AddHost("b", nil)
	h := w.AddHost("a", func(h *Host) {
		h.Go("main", func(p *Proc) {
			defer func() {
				w.Emit(Event{Kind: Note, Host: h.id, Peer: NoHost, Name: "unheard"})
				require.Zero(t, w.Choose("unasked", 3))
				h.Go("unborn", func(*Proc) {})
				h.After(0, func() {})
				other.Restart()
				unwound = true
			}()
			p.Sleep(Duration(Forever))
		})
	})
	w.Run(Limit{Until: 1})
	other.Crash()
	digest, events := w.Digest(), w.Events()
	w.Close()
	w.Close()
	require.True(t, unwound)
	w.At(5, func() { t.Error("an event after the end") })
	require.Equal(t, Stopped, w.Run(Limit{}))
	require.Equal(t, digest, w.Digest())
	require.Equal(t, events, w.Events())
	require.Empty(t, w.Picks())
	require.False(t, h.Up())
	require.False(t, other.Up())
}

// settled checks that no more than n goroutines are left: one that ended may take
// a moment to be gone.
func settled(t *testing.T, n int) {
	t.Helper()
	for i := 0; runtime.NumGoroutine() > n && i < 1000; i++ {
		runtime.Gosched()
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), n)
}

// Stopped timers are taken out of the queue as they fall due, without time
// passing; what is scheduled afterwards for an earlier time still comes in order.
func TestTimeNeverGoesBackAfterStoppedTimers(t *testing.T) {
	for seed := range uint64(50) {
		w := New(Config{Seed: seed})
		h := w.AddHost("h", nil)
		key := w.Key("test")
		far := Time(1000 * time.Second)
		for i := range uint64(60) {
			timer := h.Timer("t", func() {})
			timer.Reset(Duration(far) + Duration(key.Num(i).Below(int(time.Millisecond))))
			timer.Stop()
		}
		require.Equal(t, Quiescent, w.Run(Limit{}))
		require.Zero(t, w.Now())
		count, last := 0, Time(0)
		for i := range uint64(600) {
			at := far/2 + Time(key.Sub("at").Num(i).Uint64()%uint64(far))
			w.At(at, func() {
				require.Equal(t, at, w.Now())
				require.GreaterOrEqual(t, at, last)
				last = at
				count++
			})
		}
		require.Equal(t, Quiescent, w.Run(Limit{}))
		require.Equal(t, 600, count)
		w.Close()
	}
}

func TestHostPausedBeforeItBootsBootsWhenResumed(t *testing.T) {
	w := New(Config{})
	defer w.Close()
	booted := Time(-1)
	h := w.AddHost("h", func(*Host) { booted = w.Now() })
	h.Pause()
	w.At(5, h.Resume)
	require.Equal(t, Quiescent, w.Run(Limit{}))
	require.Equal(t, Time(5), booted)
}

func TestPanicsOfPointersLeaveNoAddressInTheDigest(t *testing.T) {
	run := func() Digest {
		w := New(Config{})
		defer w.Close()
		w.AddHost("h", func(*Host) { panic(struct{ p *int }{new(int)}) })
		require.Equal(t, Panicked, w.Run(Limit{}))
		require.Equal(t, "a value of type struct { p *int }", w.Findings()[0].Message)
		return w.Digest()
	}
	require.Equal(t, run(), run())
}
