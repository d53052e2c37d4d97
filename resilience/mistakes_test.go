package resilience_test

import (
	"context"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/resilience"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

func TestAMistakeOfTheCallerIsNamed(t *testing.T) {
	clock := resilience.System()
	for message, mistake := range map[string]func(){
		"NewBulkhead needs a Clock":    func() { resilience.NewBulkhead(nil, resilience.BulkheadConfig{}) },
		"NewShedder needs a Clock":     func() { resilience.NewShedder(nil, resilience.ShedderConfig{}) },
		"NewDegradation needs a Clock": func() { resilience.NewDegradation(nil, resilience.DegradationConfig{}) },
		"NewLimiter needs a Clock":     func() { resilience.NewLimiter(nil, resilience.LimiterConfig{}) },
		"NewRetry needs a Clock":       func() { resilience.NewRetry(nil, resilience.RetryConfig{}) },
		"NewRetryBudget needs a Clock": func() { resilience.NewRetryBudget(nil, resilience.RetryBudgetConfig{}) },
		"NewBoundary needs a Clock":    func() { resilience.NewBoundary(nil, resilience.BoundaryConfig{}) },
		"RetryConfig: Jitter needs a Rand": func() {
			resilience.NewRetry(clock, resilience.RetryConfig{Jitter: resilience.FullJitter})
		},
		`Release of Bulkhead "mail", of which no slot is out`: func() {
			resilience.NewBulkhead(clock, resilience.BulkheadConfig{Name: "mail"}).Release()
		},
		"Compose: policy 2 of 2 is nil": func() { resilience.Compose(resilience.Compose(), nil) },
	} {
		require.PanicsWithValue(t, "resilience: "+message, mistake)
	}
}

// A deadline of package context would never come in virtual time: the process would hang without a word.
func TestAProcessThatWaitsWithADeadlineOfTheWallClockIsTold(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	network.New(w, network.Config{}).Add("node", func(ep *network.Endpoint) network.Handler {
		b := resilience.NewBulkhead(ep, resilience.BulkheadConfig{Limit: 1})
		b.TryAcquire()
		ep.Go("caller", func(p *network.Proc) {
			ctx, cancel := context.WithTimeout(resilience.InProcess(p.Proc), time.Hour)
			defer cancel()
			_ = b.Acquire(ctx)
		})
		return nil
	})
	w.Run(sim.Limit{})
	require.Len(t, w.Findings(), 1)
	require.Contains(t, w.Findings()[0].Message, "use resilience.WithTimeout")
}
