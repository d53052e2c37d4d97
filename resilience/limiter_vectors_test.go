package resilience

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"phoenix/sim"
)

// The tables of golang.org/x/time v0.16.0, rate/rate_test.go, as facts: times in units of 100 ms, tokens
// before each step. Where ours differs there is a note, and theirs is beside it.

// A rateStep is one line of a table. The verb is allow, reserve (act is when, -1 is never), within (the
// same, at most 1 from now), cancel (the n-th reservation), rate or burst (set to n).
type rateStep struct {
	at     int
	verb   string
	n      int64
	tokens int64 // before an allow
	act    int   // of a reservation; 1 and 0 say yes and no to an allow
	theirs int   // if it is not what ours says, plus 1; 0 is the same
}

func TestVectorsOfXTimeRate(t *testing.T) {
	for _, table := range []struct {
		name        string // of their test
		rate, burst int64
		steps       []rateStep
	}{
		{"LimiterBurst1", 10, 1, []rateStep{
			{0, "allow", 1, 1, 1, 0}, {0, "allow", 1, 0, 0, 0}, {0, "allow", 1, 0, 0, 0},
			{1, "allow", 1, 1, 1, 0}, {1, "allow", 1, 0, 0, 0}, {1, "allow", 1, 0, 0, 0},
			{2, "allow", 2, 1, 0, 0}, {2, "allow", 1, 1, 1, 0}, {2, "allow", 1, 0, 0, 0}}},
		{"LimiterBurst3", 10, 3, []rateStep{
			{0, "allow", 2, 3, 1, 0}, {0, "allow", 2, 1, 0, 0}, {0, "allow", 1, 1, 1, 0}, {0, "allow", 1, 0, 0, 0},
			{1, "allow", 4, 1, 0, 0}, {2, "allow", 1, 2, 1, 0}, {3, "allow", 1, 2, 1, 0}, {4, "allow", 1, 2, 1, 0},
			{4, "allow", 1, 1, 1, 0}, {4, "allow", 1, 0, 0, 0}, {4, "allow", 1, 0, 0, 0},
			{9, "allow", 3, 3, 1, 0}, {9, "allow", 0, 0, 1, 0}}},
		// A step back adds nothing here: theirs earns the token between 0 and 1 twice.
		{"LimiterJumpBackwards", 10, 3, []rateStep{
			{1, "allow", 1, 3, 1, 0}, {0, "allow", 1, 2, 1, 0}, {0, "allow", 1, 1, 1, 0}, {0, "allow", 1, 0, 0, 0},
			{0, "allow", 1, 0, 0, 0}, {1, "allow", 1, 0, 0, 2}, {1, "allow", 1, 0, 0, 0}, {1, "allow", 1, 0, 0, 0},
			{2, "allow", 1, 1, 1, 0}, {2, "allow", 1, 0, 0, 0}, {2, "allow", 1, 0, 0, 0}}},
		{"SimpleReserve", 10, 2, []rateStep{
			{0, "reserve", 2, 0, 0, 0}, {0, "reserve", 2, 0, 2, 0}, {3, "reserve", 2, 0, 4, 0}}},
		{"Mix", 10, 2, []rateStep{
			{0, "reserve", 3, 0, -1, 0}, {0, "reserve", 2, 0, 0, 0}, {1, "allow", 2, 1, 0, 0},
			{1, "reserve", 2, 0, 2, 0}, {1, "allow", 1, -1, 0, 0}, {3, "allow", 1, 1, 1, 0}}},
		{"CancelInvalid", 10, 2, []rateStep{
			{0, "reserve", 2, 0, 0, 0}, {0, "reserve", 3, 0, -1, 0}, {0, "cancel", 1, 0, 0, 0}, {0, "reserve", 2, 0, 2, 0}}},
		{"CancelLast", 10, 2, []rateStep{
			{0, "reserve", 2, 0, 0, 0}, {0, "reserve", 2, 0, 2, 0}, {1, "cancel", 1, 0, 0, 0}, {1, "reserve", 2, 0, 2, 0}}},
		// What was cancelled late did not happen either. One of the two tokens would have run over the
		// brim by then; the other one comes back here, and is lost there.
		{"CancelTooLate", 10, 2, []rateStep{
			{0, "reserve", 2, 0, 0, 0}, {0, "reserve", 2, 0, 2, 0}, {3, "cancel", 1, 0, 0, 0}, {3, "reserve", 2, 0, 3, 5}}},
		{"Cancel0Tokens", 10, 2, []rateStep{
			{0, "reserve", 2, 0, 0, 0}, {0, "reserve", 1, 0, 1, 0}, {0, "reserve", 1, 0, 2, 0},
			{0, "cancel", 1, 0, 0, 0}, {0, "reserve", 1, 0, 3, 0}}},
		{"Cancel1Token", 10, 2, []rateStep{
			{0, "reserve", 2, 0, 0, 0}, {0, "reserve", 2, 0, 2, 0}, {0, "reserve", 1, 0, 3, 0},
			{2, "cancel", 1, 0, 0, 0}, {2, "reserve", 2, 0, 4, 0}}},
		{"CancelMulti", 10, 4, []rateStep{
			{0, "reserve", 4, 0, 0, 0}, {0, "reserve", 3, 0, 3, 0}, {0, "reserve", 1, 0, 4, 0}, {0, "reserve", 1, 0, 5, 0},
			{1, "cancel", 3, 0, 0, 0}, {1, "cancel", 1, 0, 0, 0}, {1, "reserve", 3, 0, 5, 0}}},
		// Theirs violates limit and burst when the clock steps back, as its comments say; ours counts on
		// from the latest reading.
		{"ReserveJumpBack", 10, 2, []rateStep{
			{1, "reserve", 2, 0, 1, 0}, {0, "reserve", 1, 0, 2, 2}, {2, "reserve", 2, 0, 4, 4},
			{0, "reserve", 3, 0, -1, 0}, {2, "reserve", 1, 0, 5, 5}, {0, "within", 2, 0, -1, 0}, {2, "reserve", 1, 0, 6, 6}}},
		{"ReserveJumpBackCancel", 10, 2, []rateStep{
			{1, "reserve", 2, 0, 1, 0}, {1, "reserve", 2, 0, 3, 0}, {1, "reserve", 1, 0, 4, 0},
			{0, "cancel", 1, 0, 0, 0}, {1, "reserve", 2, 0, 5, 5}}},
		{"ReserveSetLimit", 5, 2, []rateStep{
			{0, "reserve", 2, 0, 0, 0}, {0, "reserve", 2, 0, 4, 0}, {2, "rate", 10, 0, 0, 0}, {2, "reserve", 1, 0, 4, 0}}},
		{"ReserveSetBurst", 5, 2, []rateStep{
			{0, "reserve", 2, 0, 0, 0}, {0, "reserve", 2, 0, 4, 0}, {3, "burst", 4, 0, 0, 0}, {0, "reserve", 4, 0, 12, 10}}},
		{"ReserveSetLimitCancel", 5, 2, []rateStep{
			{0, "reserve", 2, 0, 0, 0}, {0, "reserve", 2, 0, 4, 0}, {2, "rate", 10, 0, 0, 0},
			{2, "cancel", 1, 0, 0, 0}, {2, "reserve", 2, 0, 3, 0}}},
		{"ReserveMax", 10, 2, []rateStep{
			{0, "within", 2, 0, 0, 0}, {0, "within", 1, 0, 1, 0}, {0, "within", 1, 0, -1, 0}}},
		{"ZeroLimit", 0, 1, []rateStep{{0, "allow", 1, 1, 1, 0}, {0, "allow", 1, 0, 0, 0}, {9, "allow", 1, 0, 0, 0}}},
		{"SetAfterZeroLimit", 0, 1, []rateStep{
			{0, "allow", 1, 1, 1, 0}, {0, "allow", 1, 0, 0, 0}, {0, "rate", 10, 0, 0, 0}, {0, "reserve", 1, 0, 1, 0}}},
	} {
		t.Run(table.name, func(t *testing.T) {
			runRateTable(t, table.rate, table.burst, table.steps)
			runTheirs(t, rate.NewLimiter(rate.Limit(table.rate), int(table.burst)), table.steps)
		})
	}
}

func runRateTable(t *testing.T, perSecond, burst int64, steps []rateStep) {
	const unit = 100 * time.Millisecond
	clock := &limiterClock{}
	l := NewLimiter(clock, LimiterConfig{Rate: PerSecond(perSecond), Burst: burst})
	var made []*Reservation
	for i, s := range steps {
		clock.now = sim.Time(s.at) * sim.Time(unit)
		switch s.verb {
		case "allow":
			require.Equal(t, s.tokens, l.Tokens(), "step %d", i)
			require.Equal(t, s.act == 1, l.AllowN(s.n), "step %d", i)
		case "reserve", "within":
			longest := time.Duration(1 << 62)
			if s.verb == "within" {
				longest = unit
			}
			r := l.ReserveWithin(s.n, longest)
			require.Equal(t, s.act >= 0, r.OK(), "step %d", i)
			if r.OK() {
				require.Equal(t, sim.Time(s.act)*sim.Time(unit), r.act, "step %d", i)
			}
			made = append(made, &r)
		case "cancel":
			made[s.n].Cancel()
		case "rate":
			perSecond = s.n
			l.Set(PerSecond(perSecond), burst)
		case "burst":
			burst = s.n
			l.Set(PerSecond(perSecond), burst)
		}
		if s.theirs != 0 {
			require.NotEqual(t, s.act+1, s.theirs, "step %d: the same is no difference", i)
		}
	}
}

// runTheirs holds what the table says of theirs to it.
func runTheirs(t *testing.T, l *rate.Limiter, steps []rateStep) {
	const unit = 100 * time.Millisecond
	begin := time.Unix(1e9, 0)
	var made []*rate.Reservation
	for i, s := range steps {
		at, want := begin.Add(time.Duration(s.at)*unit), s.act
		if s.theirs != 0 {
			want = s.theirs - 1
		}
		switch s.verb {
		case "allow":
			require.Equal(t, want == 1, l.AllowN(at, int(s.n)), "step %d", i)
		case "within": // its bound is not exported
			if want < 0 {
				break
			}
			fallthrough
		case "reserve":
			r := l.ReserveN(at, int(s.n))
			require.Equal(t, want >= 0, r.OK(), "step %d", i)
			if r.OK() {
				act := at.Add(r.DelayFrom(at)).Sub(begin)
				require.InDelta(t, time.Duration(want)*unit, act, 1, "step %d", i)
			}
			made = append(made, r)
		case "cancel":
			made[s.n].CancelAt(at)
		case "rate":
			l.SetLimitAt(at, rate.Limit(s.n))
		case "burst":
			l.SetBurstAt(at, int(s.n))
		}
	}
}

// rate_test.go: TestLimiter_noTruncationErrors, TestTinyLimit, TestLongRunningQPS, TestEvery, TestWaitInf.
func TestRatesOfXTimeRate(t *testing.T) {
	clock := &limiterClock{}
	odd := NewLimiter(clock, LimiterConfig{Rate: Rate{7692307692307693, 1e16}, Burst: 1})
	require.True(t, odd.Allow())
	require.False(t, odd.Allow())

	tiny := NewLimiter(clock, LimiterConfig{Rate: Every(1 << 60), Burst: 1}) // 8.7e-10 a second
	require.True(t, tiny.Allow())
	require.False(t, tiny.Allow())

	require.Equal(t, Unlimited, Every(0))
	require.Equal(t, Unlimited, Every(-1))
	require.Equal(t, Rate{1, 4 * time.Second}, Every(4*time.Second))

	inf := NewLimiter(clock, LimiterConfig{Rate: Unlimited})
	require.True(t, inf.AllowN(3), "whatever the burst")
	require.NoError(t, inf.WaitN(t.Context(), 3))
	r := inf.Reserve(1e18)
	require.Zero(t, r.Delay())
	r.Cancel()
	require.Positive(t, inf.Tokens())

	long := NewLimiter(clock, LimiterConfig{Rate: PerSecond(100), Burst: 100})
	passed := 0
	for range 2500 { // 5 s, at 500 requests a second
		if long.Allow() {
			passed++
		}
		clock.now = clock.now.Add(2 * time.Millisecond)
	}
	require.Equal(t, 100+499, passed, "theirs is asked for 599 to 601")
}
