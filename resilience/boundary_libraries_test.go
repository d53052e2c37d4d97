package resilience

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/stretchr/testify/require"
)

// Policies that are nested take one after the other: what the inner one rejects has cost the outer one. Here a
// limiter around a breaker of failsafe-go v0.9.8, and a boundary with the same parts.
func TestNestedPoliciesBurnATokenThatABoundaryKeeps(t *testing.T) {
	breaker := circuitbreaker.NewWithDefaults[any]()
	limiter := ratelimiter.NewBursty[any](1, time.Hour)
	theirs := failsafe.With[any](limiter, breaker)
	breaker.Open()
	require.ErrorIs(t, theirs.Run(func() error { return nil }), circuitbreaker.ErrOpen)
	breaker.Close()
	require.ErrorIs(t, theirs.Run(func() error { return nil }), ratelimiter.ErrExceeded)

	ours := NewBoundary(System(), BoundaryConfig{Default: OperationConfig{
		Rate: &LimiterConfig{Rate: Every(time.Hour), Burst: 1}, Breaker: &BreakerConfig{}}})
	ours.Breaker("").Force(ForcedOpen)
	require.ErrorIs(t, ours.Do(t.Context(), Operation{}, nothing), ErrOpen)
	ours.Breaker("").Auto()
	require.NoError(t, ours.Do(t.Context(), Operation{}, nothing))
}

// The code in the pages is that of the examples, which compile and run.
func TestThePagesShowTheCodeOfTheExamples(t *testing.T) {
	code, err := os.ReadFile("boundary_example_test.go")
	require.NoError(t, err)
	for _, name := range []string{"Boundary", "Limiter", "Retry", "Fallback"} {
		_, rest, found := strings.Cut(string(code), "func Example"+name+"() {\n\t")
		require.True(t, found, name)
		body, _, _ := strings.Cut(rest, "\n}\n")
		page, err := os.ReadFile("../docs/patterns/" + strings.ToLower(name) + ".md")
		require.NoError(t, err)
		require.Contains(t, string(page), strings.ReplaceAll(body, "\n\t", "\n"), name)
	}
}
