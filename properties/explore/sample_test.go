package explore_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

func sampled(t *testing.T, m explore.Model, cfg explore.SampleConfig) explore.Sampled {
	t.Helper()
	res, err := explore.Sample(m, cfg)
	require.NoError(t, err)
	return res
}

// outcome returns what became of a property.
func outcome(t *testing.T, res explore.Sampled, name string) explore.Outcome {
	t.Helper()
	for _, o := range res.Outcomes {
		if o.Name == name {
			return o
		}
	}
	require.Fail(t, "no property "+name)
	return explore.Outcome{}
}

// Every schedule finds a bug that most orders show at once, and one that takes some looking.
func TestEveryScheduleFindsABugOfPaxos(t *testing.T) {
	m := models.Paxos(models.Harness{Clients: 2, Servers: 3, Bug: "ignores-prepared"})
	for _, name := range explore.Schedules() {
		res := sampled(t, m, explore.SampleConfig{Schedule: name, Seed: 1})
		require.Equal(t, properties.Fail, res.Verdict, name)
		require.Equal(t, name, res.Schedule)
		require.Equal(t, res.Runs-1, res.Run)
		o := outcome(t, res, models.Linearizable)
		require.Equal(t, properties.Fail, o.Verdict)
		require.NotEmpty(t, o.Detail)
		require.GreaterOrEqual(t, o.Path.Len(), 17, "breadth-first search finds no shorter one")
		require.Len(t, o.Path.Steps, o.Path.Len()-1)

		first := sampled(t, models.SingleCopy(models.Harness{Clients: 2, Servers: 2}), explore.SampleConfig{Schedule: name})
		require.Equal(t, properties.Fail, first.Verdict)
		require.LessOrEqual(t, first.Runs, uint64(3))
	}
}

func TestASampleOfWhatIsRightIsInconclusive(t *testing.T) {
	for _, name := range explore.Schedules() {
		for _, m := range []explore.Model{
			models.Paxos(models.Harness{Clients: 2, Servers: 3}),
			models.Paxos(models.Harness{Clients: 2, Servers: 3, Bug: "lowest-vote"}),
			models.Paxos(models.Harness{Clients: 2, Servers: 3, Network: explore.Ordered, Lossy: true}),
			models.Paxos(models.Harness{Clients: 1, Servers: 3, Network: explore.Duplicating}),
			models.ABD(models.Harness{Clients: 2, Servers: 2, Bug: "no-write-back"}),
		} {
			res := sampled(t, m, explore.SampleConfig{Schedule: name, Runs: 300, Steps: 200})
			require.Equal(t, properties.Inconclusive, res.Verdict)
			require.Equal(t, uint64(300), res.Runs)
			require.Equal(t, properties.Pass, outcome(t, res, models.ValueChosen).Verdict, "%s %s", m.Name, name)
			require.Equal(t, properties.Inconclusive, outcome(t, res, models.Linearizable).Verdict)
		}
	}
}

// A run is named by its number: it is the same alone, after others, and in a Sampler that
// has met other states before.
func TestARunOfASampleRepeatsAlone(t *testing.T) {
	m := models.Paxos(models.Harness{Clients: 2, Servers: 3, Bug: "ignores-prepared"})
	for _, name := range explore.Schedules() {
		s, err := explore.NewSampler(m)
		require.NoError(t, err)
		_, err = s.Sample(explore.SampleConfig{Schedule: name, Seed: 99, Runs: 50})
		require.NoError(t, err)
		cfg := explore.SampleConfig{Schedule: name, Seed: 5}
		after, err := s.Sample(cfg)
		require.NoError(t, err)
		require.Equal(t, properties.Fail, after.Verdict)
		fresh := sampled(t, m, cfg)
		cfg.First, cfg.Runs = after.Run, 1
		alone := sampled(t, m, cfg)
		require.Equal(t, after.Run, fresh.Run)
		require.Equal(t, after.Steps, fresh.Steps)
		require.Equal(t, properties.Fail, alone.Verdict)
		want := outcome(t, after, models.Linearizable).Path.Lines()
		require.Equal(t, want, outcome(t, fresh, models.Linearizable).Path.Lines())
		require.Equal(t, want, outcome(t, alone, models.Linearizable).Path.Lines())
	}
}

// counter counts what it is sent; two nodes send it two messages each.
type counter struct{ N int }

func (c *counter) Receive(network.ID, any) { c.N++ }

func counting(properties ...explore.Property) explore.Model {
	send := func(ep *network.Endpoint) network.Handler {
		ep.Send(0, "a")
		ep.Send(0, "b")
		return nil
	}
	return explore.Model{Name: "counting", Properties: properties, Nodes: []explore.Node{
		{Name: "counter", Boot: func(*network.Endpoint) network.Handler { return &counter{} }},
		{Name: "one", Boot: send}, {Name: "two", Boot: send},
	}}
}

func count(s *explore.State) int {
	if c, ok := s.Node(0).(*counter); ok {
		return c.N
	}
	return -1
}

func TestASampleJudgesStatesRestAndWhatHappens(t *testing.T) {
	atMost := func(n int) func(*explore.State) error {
		return func(s *explore.State) error {
			if count(s) > n {
				return errors.New("too many")
			}
			return nil
		}
	}
	res := sampled(t, counting(explore.Always("three", atMost(3))), explore.SampleConfig{})
	require.Equal(t, properties.Fail, res.Verdict)
	require.Equal(t, 5, outcome(t, res, "three").Path.Len())
	require.Equal(t, uint64(4), res.Steps)

	atRest := explore.AtRest("all", func(s *explore.State) error {
		if count(s) != 4 {
			return errors.New("not all came")
		}
		return nil
	})
	sometimes := explore.Sometimes("two", func(s *explore.State) bool { return count(s) == 2 })
	never := explore.Sometimes("five", func(s *explore.State) bool { return count(s) == 5 })
	eventually := explore.Eventually("four", func(s *explore.State) bool { return count(s) == 4 })
	m := counting(explore.Always("four", atMost(4)), atRest, sometimes, never, eventually)
	res = sampled(t, m, explore.SampleConfig{Runs: 20})
	require.Equal(t, properties.Inconclusive, res.Verdict)
	require.Equal(t, uint64(80), res.Steps)
	require.Equal(t, properties.Pass, outcome(t, res, "two").Verdict)
	require.Equal(t, properties.Inconclusive, outcome(t, res, "five").Verdict)
	require.Equal(t, properties.Inconclusive, outcome(t, res, "four").Verdict)

	m.Faults.Drops = 1
	res = sampled(t, m, explore.SampleConfig{})
	require.Equal(t, "not all came", outcome(t, res, "all").Detail)
	m.Faults = explore.Budget{Crashes: 1, Crashable: []network.ID{0}}
	require.Equal(t, properties.Fail, sampled(t, m, explore.SampleConfig{}).Verdict)
	m = counting(atRest)
	m.Within = func(s *explore.State) bool { return count(s) < 2 }
	require.Equal(t, uint64(20), sampled(t, m, explore.SampleConfig{Runs: 10}).Steps, "what is beyond the bound is not judged")
}

func TestASampleIsBounded(t *testing.T) {
	m := counting()
	m.Network = explore.Duplicating // each message may come again for ever
	res := sampled(t, m, explore.SampleConfig{Runs: 3, Steps: 50})
	require.Equal(t, []uint64{3, 150, 3}, []uint64{res.Runs, res.Steps, res.Cut})
	asked := 0
	res = sampled(t, m, explore.SampleConfig{Steps: 10, Stop: func() bool { asked++; return asked > 5 }})
	require.Equal(t, uint64(5), res.Runs)

	_, err := explore.Sample(m, explore.SampleConfig{Steps: -1})
	require.EqualError(t, err, "explore: runs of -1 steps, expected a number that is not negative")
	_, err = explore.Sample(m, explore.SampleConfig{Schedule: "fifo"})
	require.ErrorContains(t, err, `schedule "fifo"`)
	_, err = explore.Sample(explore.Model{}, explore.SampleConfig{})
	require.ErrorIs(t, err, explore.ErrModel)
	m.Within = func(*explore.State) bool { return false }
	_, err = explore.Sample(m, explore.SampleConfig{})
	require.ErrorContains(t, err, "no initial state")
}

// With 3 clients and servers there is nothing to be found, see models.ABDBugs.
func TestAReadThatIsNotWrittenBackShowsWithFourClients(t *testing.T) {
	for clients, runs := range map[int]uint64{3: 4000, 4: 3794} {
		m := models.ABD(models.Harness{Clients: clients, Servers: 3, Bug: "no-write-back"})
		res := sampled(t, m, explore.SampleConfig{Schedule: explore.POS, Seed: 1, Runs: 4000})
		require.Equal(t, runs, res.Runs)
		require.Equal(t, clients == 4, res.Verdict == properties.Fail)
	}
}

// A bug that few schedules show, found by sampling them.
func ExampleSample() {
	m := models.Paxos(models.Harness{Clients: 2, Servers: 3, Bug: "ignores-prepared"})
	res, err := explore.Sample(m, explore.SampleConfig{Schedule: explore.PCT, Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Verdict)
	for _, o := range res.Outcomes {
		fmt.Println(o.Name, o.Verdict)
	}
	// Output:
	// fail
	// value chosen pass
	// linearizable fail
}
