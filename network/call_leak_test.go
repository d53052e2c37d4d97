package network

import (
	"testing"
	"time"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// A node that calls the dead for ever does not grow.
func TestCallsThatEndedAreForgotten(t *testing.T) {
	w := sim.New(sim.Config{})
	n := New(w, Config{Link: Link{Loss: ProbOf(0.5)}})
	var caller *Endpoint
	answered, most := 0, 0
	n.Add("caller", func(ep *Endpoint) Handler {
		caller = ep
		ep.Go("caller", func(p *Proc) {
			for range 200 {
				if _, err := p.Call(1, "x", time.Millisecond); err == nil {
					answered++
				}
				most = max(most, len(ep.calls.waiting))
			}
		})
		return nil
	})
	n.Add("server", func(ep *Endpoint) Handler { return replier{ep} })
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	require.InDelta(t, 50, answered, 25) // 4 standard deviations
	require.Zero(t, most)
	require.Empty(t, caller.calls.waiting)
}

type replier struct{ ep *Endpoint }

func (r replier) Receive(from ID, msg any) { r.ep.Reply(from, msg.(Request), "y") }
