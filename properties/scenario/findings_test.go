package scenario_test

import (
	"testing"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"

	"github.com/stretchr/testify/require"
)

// broken returns a scenario whose servers answer everything, and do something
// else at the third request.
func broken(third func(ep *network.Endpoint)) *scenario.Scenario {
	s := scenario.SingleCopy()
	s.Name = "test/broken"
	s.Defaults.Nemesis = chaos.Nemesis{}
	s.Server = func(*scenario.Config, []network.ID) network.Boot {
		return func(ep *network.Endpoint) network.Handler { return &brokenServer{ep: ep, third: third} }
	}
	return s
}

type brokenServer struct {
	ep    *network.Endpoint
	count int
	third func(ep *network.Endpoint)
}

func (s *brokenServer) Receive(from network.ID, msg any) {
	r, ok := msg.(nodes.Request)
	if !ok {
		return
	}
	if s.count++; s.count == 3 && s.ep.Name() == "s2" {
		s.third(s.ep)
	}
	s.ep.Send(from, nodes.Reply{ID: r.ID, Code: nodes.Unsupported})
}

func TestAPanicOfAServerFailsTheRunAndNamesTheHost(t *testing.T) {
	r := broken(func(*network.Endpoint) { panic("index out of order") }).Run(scenario.Options{Seed: 1})
	require.Equal(t, properties.Fail, r.Verdict)
	require.Equal(t, "panicked", r.End)
	o := r.Failed()
	require.Equal(t, scenario.NoPanicName, o.Name)
	require.Regexp(t, `^index out of order at s2: phoenix/properties/scenario_test\.\S+ \(scenario/findings_test\.go:\d+\)$`, o.Detail)
	require.NotZero(t, o.Event)
	require.Less(t, o.Event, r.Events)
	require.Len(t, r.Findings, 1)
}

// letter is a message that shares memory.
type letter struct{ words []string }

func TestAMessageThatIsChangedAfterSendingIsFoundWhereThatIsChecked(t *testing.T) {
	s := broken(func(ep *network.Endpoint) {
		l := letter{[]string{"yes"}}
		ep.Send(0, l)
		l.words[0] = "no"
	})
	c := s.Defaults
	r := s.Run(scenario.Options{Seed: 1, Config: &c})
	require.Nil(t, r.Failed(), "nobody looked")
	c.CheckMutation = true
	r = s.Run(scenario.Options{Seed: 1, Config: &c})
	require.Equal(t, properties.Fail, r.Verdict)
	require.Equal(t, "message scenario_test.letter from s2 to s1 was changed after it was sent at s2", r.Failed().Detail)
}

func TestToCheckForMutationChangesNothingElse(t *testing.T) {
	for _, s := range scenario.Registers() {
		c := s.Defaults
		c.CheckMutation = true
		for seed := range uint64(10) {
			r := s.Run(scenario.Options{Seed: seed, Config: &c})
			require.Empty(t, r.Findings)
			require.Equal(t, s.Run(scenario.Options{Seed: seed}).Digest, r.Digest)
		}
	}
}
