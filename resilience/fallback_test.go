package resilience

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/sim/simtest"
)

// A fallbackStory is what a call comes to, and what its fallback does.
type fallbackStory struct {
	call     string // ok, fails, rejected, panics
	fallback string // value, answers, fails
}

// plainFallback is the specification: what the caller is told, and what counts. A bug makes it the mutant
// of that name.
func plainFallback(s fallbackStory, bug string) string {
	if bug == "an error that is returned is a success" && s.call == "fails" {
		return "0 <nil> counted ok"
	}
	switch s.call {
	case "panics":
		if bug == "panics are answered" {
			return "7 <nil> counted failed"
		}
		return "panic"
	case "ok":
		return "1 <nil> counted ok"
	}
	err := s.call
	if s.call == "rejected" {
		err = errRejected.Error()
	}
	counted := s.call
	if bug == "a call that is answered is no rejection" && s.fallback != "fails" {
		counted = "ok"
	}
	switch {
	case s.fallback == "value":
		return "7 <nil> counted " + counted
	case s.fallback == "fails" && bug == "the error of the fallback hides the other":
		return "0 no answer counted " + counted
	case s.fallback == "fails":
		return fmt.Sprintf("0 %s\nno answer counted %s", err, counted)
	case s.call == "rejected" && bug != "the fallback is not told which":
		return "9 <nil> counted " + counted
	}
	return "8 <nil> counted " + counted
}

// realFallback does the same with a Fallback around a policy that rejects.
func realFallback(s fallbackStory) (told string) {
	f := &Fallback[int]{Value: 7}
	switch s.fallback {
	case "answers":
		f.Func = func(_ context.Context, m Miss) (int, error) {
			if m.Rejected != errors.Is(m.Err, ErrOpen) {
				return 0, errors.New("told wrongly")
			}
			if m.Rejected {
				return 9, nil
			}
			return 8, nil
		}
	case "fails":
		f.Func = func(context.Context, Miss) (int, error) { return 0, errors.New("no answer") }
	}
	rejected := 0
	p := PolicyFunc(func(ctx context.Context, op func(context.Context) error) error {
		if s.call == "rejected" {
			rejected++
			return errRejected
		}
		return op(ctx)
	})
	defer func() {
		if recover() != nil {
			told = "panic"
		}
	}()
	got, err := f.Get(context.Background(), p, func(context.Context) (int, error) {
		switch s.call {
		case "fails":
			return 0, errors.New("fails")
		case "panics":
			panic("no")
		}
		return 1, nil
	})
	counted := "ok"
	if c := f.Counts(); c.Failed > 0 {
		counted = "failed"
	} else if c.Rejected > 0 && rejected > 0 {
		counted = "rejected"
	}
	if counted == "failed" {
		counted = "fails"
	}
	return fmt.Sprintf("%d %v counted %s", got, err, counted)
}

func TestAFallbackDoesWhatThePlainOneDoes(t *testing.T) {
	for _, call := range []string{"ok", "fails", "rejected", "panics"} {
		for _, fallback := range []string{"value", "answers", "fails"} {
			s := fallbackStory{call, fallback}
			require.Equal(t, plainFallback(s, ""), realFallback(s), "%v", s)
		}
	}
}

func (s fallbackStory) String() string { return "the call " + s.call + ", the fallback " + s.fallback }

func TestEveryMutantOfAFallbackIsFound(t *testing.T) {
	alphabet := []fallbackStory{{"ok", "value"}, {"fails", "value"}, {"rejected", "value"}, {"panics", "value"},
		{"fails", "answers"}, {"rejected", "answers"}, {"fails", "fails"}}
	var rows []mutant
	for _, m := range [][2]string{
		{"CB-3", "an error that is returned is a success"}, {"CB-3", "a call that is answered is no rejection"},
		{"CB-3", "the error of the fallback hides the other"}, {"PT-11", "the fallback is not told which"},
		{"PT-11", "panics are answered"},
	} {
		shortest, why := simtest.Shortest(alphabet, 1, func(s []fallbackStory) string {
			if wrong, right := plainFallback(s[0], m[1]), realFallback(s[0]); wrong != right {
				return fmt.Sprintf("%q instead of %q", wrong, right)
			}
			return ""
		})
		require.NotEmpty(t, shortest, m[1])
		rows = append(rows, mutant{m[0], m[1], opStrings(shortest), why})
	}
	requireMutants(t, "fallback", rows)
}

// Any story of calls: each is counted once, and only those that got no answer of their own are answered.
func TestAFallbackCountsEachCallOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &Fallback[string]{Value: "stale", When: func(m Miss) bool { return !errors.Is(m.Err, errWrong) }}
		var want FallbackCounts
		outcomes := rapid.SampledFrom([]error{nil, errFlaky, errWrong, errRejected})
		for _, outcome := range rapid.SliceOf(outcomes).Draw(t, "outcomes") {
			policy := PolicyFunc(func(ctx context.Context, op func(context.Context) error) error {
				if outcome == error(errRejected) {
					return outcome
				}
				return op(ctx)
			})
			answer, err := f.Get(context.Background(), policy, func(context.Context) (string, error) { return "fresh", outcome })
			want.Calls++
			switch outcome {
			case nil:
				require.Equal(t, "fresh", answer)
				require.NoError(t, err)
			case errWrong:
				want.Failed++
				require.Equal(t, errWrong, err, "When says no")
			case errFlaky:
				want.Failed++
				want.Answered++
				require.Equal(t, "stale", answer)
			default:
				want.Rejected++
				want.Answered++
				require.NoError(t, err)
			}
			require.Equal(t, want, f.Counts())
		}
	})
}

// Around a breaker: what it rejects is in its metrics whatever the caller is told.
func TestARejectionThatIsAnsweredIsStillCounted(t *testing.T) {
	clock := &limiterClock{}
	b := NewBreaker(clock, BreakerConfig{})
	b.Force(ForcedOpen)
	f := &Fallback[int]{Value: 3}
	for range 4 {
		answer, err := f.Get(t.Context(), b, func(context.Context) (int, error) { return 1, nil })
		require.NoError(t, err)
		require.Equal(t, 3, answer)
	}
	require.Equal(t, uint64(4), b.Metrics().Rejected)
	require.Equal(t, FallbackCounts{Calls: 4, Rejected: 4, Answered: 4}, f.Counts())
}

func TestAFallbackIsSharedByMany(t *testing.T) {
	f := &Fallback[int]{}
	l := NewLimiter(System(), LimiterConfig{Rate: Every(time.Hour), Burst: 100})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				_, _ = f.Get(context.Background(), l, func(context.Context) (int, error) { return 1, nil })
			}
		})
	}
	wg.Wait()
	require.Equal(t, FallbackCounts{Calls: 800, Rejected: 700, Answered: 700}, f.Counts())
}
