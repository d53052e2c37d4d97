package docs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes/service"
	"phoenix/properties"
	"phoenix/resilience"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// guarded puts the calls of one service into a bulkhead, that under a breaker, and tries again within a budget.
func guarded(clock resilience.Clock, random *rand.Rand, timeout time.Duration) resilience.Policy {
	return resilience.Compose(
		resilience.NewRetry(clock, resilience.RetryConfig{
			Jitter: resilience.FullJitter, Rand: random,
			Budget: resilience.NewRetryBudget(clock, resilience.RetryBudgetConfig{Name: "stock"}),
		}),
		resilience.NewBreaker(clock, resilience.BreakerConfig{Name: "stock", Wait: time.Second, Timeout: timeout}),
		resilience.NewBulkhead(clock, resilience.BulkheadConfig{Name: "stock", Limit: 10, Queue: 5}),
	)
}

// get is the call itself.
func get(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", resilience.Permanent(err) // trying again would not help
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", errors.New(resp.Status)
	}
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

func TestAClientOfTheGuideTriesAgain(t *testing.T) {
	asked := 0
	flaky := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked < 3 {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "7 left")
	}))
	defer flaky.Close()
	ctx, url := t.Context(), flaky.URL

	random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) // each process draws its own jitter
	stock := guarded(resilience.System(), random, 0)              // made once, for all calls of the service
	left, err := resilience.Get(ctx, stock, func(ctx context.Context) (string, error) { return get(ctx, url) })

	require.NoError(t, err)
	require.Equal(t, "7 left", left)
	require.Equal(t, 3, asked)
}

// shop is five minutes in which ten customers a second ask a service. One question in a hundred is never answered.
func shop(seed uint64, timeout time.Duration) []properties.Outcome {
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	net := network.New(w, network.Config{})
	server := net.Add("stock", service.Server(service.Config{Workers: 100, Hang: network.ProbOf(0.01)}))
	var answered sim.Time // the last time
	net.Add("shop", func(ep *network.Endpoint) network.Handler {
		stock := guarded(ep, ep.Rand("retries"), timeout)
		for i := range sim.Duration(3000) {
			ep.After(i*100*time.Millisecond, func() {
				ep.Go("customer", func(p *network.Proc) {
					err := stock.Do(service.In(p), func(ctx context.Context) error {
						return service.Call(ctx, server, service.Ask{}, 0)
					})
					if err == nil {
						answered = ep.Monotonic()
					}
				})
			})
		}
		return nil
	})
	props := properties.New(w)
	props.Eventually("customers are answered to the end", func() error {
		if answered < sim.Time(299*time.Second) {
			return fmt.Errorf("nobody is since %v", answered)
		}
		return nil
	})
	return props.Judge(w.Run(sim.Limit{Until: sim.Time(5 * time.Minute)}), false)
}

func TestABulkheadOfTheGuideFillsUpWithoutATimeout(t *testing.T) {
	for seed := range uint64(10) {
		require.Equal(t, properties.Fail, properties.Overall(shop(seed, 0)))
		require.Equal(t, properties.Pass, properties.Overall(shop(seed, 200*time.Millisecond)))
	}
	first := shop(0, 0)
	require.Equal(t, first, shop(0, 0), "the same seed is the same run")
	require.Contains(t, resiliencePage(t), "```\n"+first[0].Name+": "+first[0].Detail+"\n```\n")
}

// TestBoundariesOfThePageOnTheOutageHelp puts those of patterns/outage.md, as they stand there, into the outage.
func TestBoundariesOfThePageOnTheOutageHelp(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	log := service.Outage{Guard: serverOfThePage, Policy: clientOfThePage}.Start(w)
	w.Run(sim.Limit{})
	require.Greater(t, log.Total(service.Priority).Percent(), 99.0)
}

func serverOfThePage(ep *network.Endpoint) resilience.Policy {
	server := resilience.NewBoundary(ep, resilience.BoundaryConfig{
		Name:     "server",
		Bulkhead: &resilience.BulkheadConfig{Limit: 12, Queue: 25, MaxWait: 200 * time.Millisecond},
	})
	return server.Policy(resilience.Operation{})
}

func clientOfThePage(ep *network.Endpoint) resilience.Policy {
	breaker := resilience.BreakerConfig{Period: time.Second, Minimum: 20, FailurePercent: 50, Wait: 500 * time.Millisecond}
	client := resilience.NewBoundary(ep, resilience.BoundaryConfig{
		Name:  "client",
		Types: map[string]resilience.OperationConfig{"priority": {Breaker: &breaker}, "ordinary": {Breaker: &breaker}},
		Retry: &resilience.RetryConfig{
			Attempts: 3, Base: 10 * time.Millisecond, Jitter: resilience.FullJitter, Rand: ep.Rand("retries"),
			Retry:  func(err error) bool { return resilience.Retryable(err) && !errors.Is(err, service.ErrBusy) },
			Budget: resilience.NewRetryBudget(ep, resilience.RetryBudgetConfig{Percent: 20}),
		},
	})
	return resilience.PolicyFunc(func(ctx context.Context, op func(context.Context) error) error {
		kind := service.Ordinary
		if resilience.PriorityOf(ctx) == resilience.Critical {
			kind = service.Priority
		}
		return client.Do(ctx, resilience.Operation{Type: kind}, op)
	})
}

func resiliencePage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("11-resilience.md")
	require.NoError(t, err)
	return string(page)
}
