package traces_test

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/traces"

	"github.com/stretchr/testify/require"
)

// failingPrimary returns a failing run of primary-backup, as a file holds it.
func failingPrimary(t *testing.T, from uint64, change func(c *scenario.Config)) (*scenario.Scenario, *traces.Failure) {
	s := scenario.PrimaryBackup()
	cfg := s.Defaults
	change(&cfg)
	for seed := from; seed < 500; seed++ {
		if r := s.Run(scenario.Options{Seed: seed, Config: &cfg}); r.Failed() != nil {
			return s, traces.NewFailure(s, r)
		}
	}
	t.Fatal("no seed fails")
	return nil, nil
}

func TestAFailureIsSettledAtItsEndAndAMatterOfChanceBefore(t *testing.T) {
	s, f := failingPrimary(t, 4, func(*scenario.Config) {})
	l, err := traces.Localize(s, f, traces.LocalizeOptions{Points: 8, Samples: 16})
	require.NoError(t, err)
	first, last := l.Moments[0], l.Moments[len(l.Moments)-1]
	require.Equal(t, scenario.LinearizableName, l.Property)
	require.Equal(t, last.Samples, last.Failed, "after the last event nothing is drawn anew")
	require.Less(t, first.Rate(), 0.9, "from the beginning it is another run")
	require.Positive(t, l.By)
	require.Less(t, l.After, l.By)
	require.NotEmpty(t, l.Events)
	for i, m := range l.Moments {
		require.LessOrEqual(t, m.Low, m.Rate())
		require.GreaterOrEqual(t, m.High, m.Rate())
		require.True(t, i == 0 || l.Moments[i-1].At < m.At, "in order of time")
	}
	var b bytes.Buffer
	require.NoError(t, l.WriteText(&b))
	require.Contains(t, b.String(), "It became unavoidable between "+time.Duration(l.After).String())
}

func TestALocalizationDoesNotDependOnTheNumberOfWorkers(t *testing.T) {
	s, f := failingPrimary(t, 0, func(*scenario.Config) {})
	opt := traces.LocalizeOptions{Points: 4, Samples: 6}
	alone, err := traces.Localize(s, f, opt)
	require.NoError(t, err)
	done := 0
	opt.Progress = func(n, all int) {
		require.Equal(t, 2*4*6, all)
		done = n
	}
	opt.Parallel = func(n int, run func(int)) {
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() { run(n - 1 - i) })
		}
		all.Wait()
	}
	together, err := traces.Localize(s, f, opt)
	require.NoError(t, err)
	require.Equal(t, alone, together)
	require.Equal(t, 2*4*6, done)
}

func TestAFailureThatHangsOnNoChanceIsSettledFromTheBeginning(t *testing.T) {
	s, f := failingPrimary(t, 0, func(c *scenario.Config) {
		c.Links = network.Link{Delay: network.Constant(time.Millisecond)}
		c.Nemesis = chaos.Nemesis{}
		plan, err := chaos.ParsePlan("at 300ms crash s1")
		require.NoError(t, err)
		c.Faults = plan
	})
	l, err := traces.Localize(s, f, traces.LocalizeOptions{Points: 3, Samples: 4})
	require.NoError(t, err)
	require.True(t, l.Settled)
	require.Zero(t, l.By)
	var b bytes.Buffer
	require.NoError(t, l.WriteText(&b))
	require.Contains(t, b.String(), "It fails whatever chance brings")
}

func TestAFileThatDoesNotFailCannotBeLocalized(t *testing.T) {
	s, f := failingPrimary(t, 0, func(*scenario.Config) {})
	f.Config.Faults = nil
	f.Operations = []traces.Script{{Client: "c1"}, {Client: "c2"}, {Client: "c3"}}
	_, err := traces.Localize(s, f, traces.LocalizeOptions{})
	require.ErrorContains(t, err, "expected one that fails")
}
