package resilience

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/sim/simtest/chart"
)

var breakerColors = map[BreakerState]chart.Color{Closed: chart.Green, HalfOpen: chart.Orange, Open: chart.Red}

// A service that is down lets everybody wait for their timeout; with a breaker they know at once.
func TestThePictureOfABreaker(t *testing.T) {
	states := []chart.Change{{At: 0, Label: Closed.String(), Color: chart.Green}}
	run := func(name string, color chart.Color, guard func(h *sim.Host) Policy) (reached, hanging *perSecond) {
		reached, hanging = &perSecond{name: name, color: color}, &perSecond{name: name, color: color}
		inPicture(t, func(h *sim.Host) {
			policy, waiting := guard(h), 0
			come(h, "calls", 20*time.Millisecond, pictureEnd, func(p *sim.Proc) {
				_ = policy.Do(InProcess(p), func(context.Context) error {
					reached.add(h.Monotonic())
					waiting++
					defer func() { waiting-- }()
					if during(h) {
						p.Sleep(time.Second)
						return context.DeadlineExceeded
					}
					p.Sleep(30 * time.Millisecond)
					return nil
				})
			})
			eachSecond(h, pictureEnd, func(time.Duration) { hanging.counts = append(hanging.counts, float64(waiting)) })
		})
		return reached, hanging
	}
	without, hangWithout := run("no breaker", chart.Red, func(*sim.Host) Policy { return Compose() })
	with, hangWith := run("breaker", chart.Green, func(h *sim.Host) Policy {
		return NewBreaker(h, BreakerConfig{
			Failures: 5, Wait: 2 * time.Second, Jitter: 20, Rand: h.Rand("jitter"), Timeout: time.Second,
			OnTransition: func(c Transition) {
				states = append(states, chart.Change{At: time.Duration(c.At), Label: c.To.String(), Color: breakerColors[c.To]})
			},
		})
	})
	require.Greater(t, average(without, 12, 20), 40.0, "all go on calling")
	require.Less(t, average(with, 12, 20), 2.0, "but for probes, nobody calls")
	require.Greater(t, average(hangWithout, 12, 20), 40.0)
	require.Less(t, average(hangWith, 12, 20), 4.0)
	require.Greater(t, average(with, 25, 39), 40.0, "all call again")
	require.Equal(t, Closed.String(), states[len(states)-1].Label)
	chart.Golden(t, "../docs/patterns/breaker.svg", chart.Figure{
		Title: "A service that does not answer for ten seconds",
		Note: "50 calls a second with a timeout of 1 s. The breaker opens on 5 failures for 2 s and up to a fifth more, " +
			"and closes on 3 probes of 3.",
		Until: pictureEnd,
		Bands: outageBand("down"),
		Panels: []chart.Panel{
			{Title: "Calls that reach the service", Unit: "a second", Series: []chart.Series{whole(without), whole(with)}},
			{Title: "Callers that wait for it", Series: []chart.Series{whole(hangWithout), whole(hangWith)}, Height: 110},
			{Title: "State", Lanes: []chart.Lane{{Name: "breaker", Bands: chart.States(pictureEnd, states...)}}},
		},
	})
}
