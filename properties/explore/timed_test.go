package explore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// pinger asks a node once and suspects it if the answer takes longer than it waits.
type pinger struct {
	ep        *network.Endpoint
	timeout   *sim.Timer
	answered  bool
	Suspected bool
	at        sim.Time
	clocks    bool
}

func (p *pinger) Receive(network.ID, any) {
	p.answered = true
	p.timeout.Stop()
	if p.clocks {
		p.at = p.ep.Now()
	}
}

// ponger answers.
type ponger struct{ ep *network.Endpoint }

func (p *ponger) Receive(from network.ID, _ any) { p.ep.Send(from, "pong") }

func pingPong(wait time.Duration, timed *explore.Timed) explore.Model {
	clocks := timed != nil && timed.Clocks
	return explore.Model{
		Name: "ping",
		Nodes: []explore.Node{
			{Name: "pinger", Boot: func(ep *network.Endpoint) network.Handler {
				p := &pinger{ep: ep, clocks: clocks}
				p.timeout = ep.Timer("timeout", func() { p.Suspected = true })
				p.timeout.Reset(wait)
				ep.Send(1, "ping")
				return p
			}},
			{Name: "ponger", Boot: func(ep *network.Endpoint) network.Handler { return &ponger{ep} }},
		},
		Timed: timed,
		Properties: []explore.Property{explore.Always("accurate", func(s *explore.State) error {
			if s.Node(0).(*pinger).Suspected {
				return errors.New("a node that is up is suspected")
			}
			return nil
		})},
	}
}

func TestATimeoutIsRightIffItIsLongerThanTheSlowestRoundTrip(t *testing.T) {
	const ms = time.Millisecond
	delays := func(max time.Duration) *explore.Timed { return &explore.Timed{Tick: ms, Min: ms, Max: max} }
	for _, c := range []struct {
		wait  time.Duration
		timed *explore.Timed
		want  properties.Verdict
	}{
		{5 * ms, nil, properties.Fail}, // without time a timer may fire at any moment
		{5 * ms, delays(2 * ms), properties.Pass},
		{4*ms + 1, delays(2 * ms), properties.Pass}, // rounded up to 5 ticks
		{4 * ms, delays(2 * ms), properties.Fail},   // due at the same instant as the answer
		{5 * ms, delays(3 * ms), properties.Fail},
	} {
		t.Run(fmt.Sprint(c.wait, c.timed), func(t *testing.T) {
			r, err := explore.Search(pingPong(c.wait, c.timed), explore.Config{})
			require.NoError(t, err)
			require.Equal(t, c.want, r.Verdict, "%+v", r)
		})
	}
}

func TestTimePassesOnlyWhenNothingIsDue(t *testing.T) {
	r, err := explore.Search(pingPong(4*time.Millisecond, &explore.Timed{Tick: time.Millisecond, Min: 1e6, Max: 2e6}),
		explore.Config{})
	require.NoError(t, err)
	require.Equal(t, []string{
		"time passes", "time passes", "deliver pinger -> ponger ping", "time passes", "time passes",
		`timer "timeout" of pinger`,
	}, r.Outcomes[0].Path.Lines(), "both messages take as long as they may, and so nothing waits any longer")
}

func TestClocksShowTheTimeUpToTheHorizon(t *testing.T) {
	m := pingPong(9*time.Millisecond, &explore.Timed{Tick: 1e6, Min: 1e6, Max: 2e6, Clocks: true, Horizon: 20 * time.Millisecond})
	seen := map[sim.Time]bool{}
	m.Properties = []explore.Property{explore.AtRest("seen", func(s *explore.State) error {
		seen[s.Node(0).(*pinger).at] = true
		return nil
	})}
	r, err := explore.Search(m, explore.Config{Workers: 1})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, r.Verdict)
	require.Equal(t, map[sim.Time]bool{2e6: true, 3e6: true, 4e6: true}, seen)
}

func TestTimeNeedsBoundsThatMakeSense(t *testing.T) {
	for want, timed := range map[string]*explore.Timed{
		"multiples of a tick": {Tick: 2e6, Min: 1e6, Max: 2e6},
		"needs a Horizon":     {Tick: 1e6, Clocks: true},
	} {
		_, err := explore.Search(pingPong(1e6, timed), explore.Config{})
		require.ErrorIs(t, err, explore.ErrModel)
		require.ErrorContains(t, err, want)
	}
}
