package network_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// adder answers a request with its body plus one, after a time that depends on it.
type adder struct {
	ep    *network.Endpoint
	delay func(body int) time.Duration
	seen  *[]uint64
}

func (a adder) Receive(from network.ID, msg any) {
	r := msg.(network.Request)
	body := r.Body.(int)
	if a.seen != nil {
		*a.seen = append(*a.seen, r.ID)
	}
	if a.delay == nil {
		a.ep.Reply(from, r, body+1)
		return
	}
	a.ep.After(a.delay(body), func() { a.ep.Reply(from, r, body+1) })
}

// answer is what a call returned, and when.
type answer struct {
	body any
	err  error
	at   time.Duration
}

// callers is a world with a server b and a node a that runs fn at each boot.
func callers(cfg network.Config, server adder, fn func(ep *network.Endpoint)) (*sim.World, *network.Network) {
	w := sim.New(sim.Config{Seed: 1})
	n := network.New(w, cfg)
	n.Add("a", func(ep *network.Endpoint) network.Handler {
		fn(ep)
		return nil
	})
	n.Add("b", func(ep *network.Endpoint) network.Handler {
		server.ep = ep
		return server
	})
	return w, n
}

func call(p *network.Proc, body int, timeout time.Duration) answer {
	got, err := p.Call(1, body, timeout)
	return answer{got, err, time.Duration(p.Host().World().Now())}
}

func TestACallReturnsTheAnswer(t *testing.T) {
	var got []answer
	w, _ := callers(delayed(10*ms), adder{}, func(ep *network.Endpoint) {
		ep.Go("caller", func(p *network.Proc) {
			got = append(got, call(p, 1, 0), call(p, 5, 30*ms))
		})
	})
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	require.Equal(t, []answer{{2, nil, 20 * ms}, {6, nil, 40 * ms}}, got)
}

func TestACallTimesOutAndALateAnswerIsIgnored(t *testing.T) {
	var got []answer
	slow := adder{delay: func(body int) time.Duration { return time.Duration(body) * ms }}
	w, _ := callers(delayed(10*ms), slow, func(ep *network.Endpoint) {
		ep.Go("caller", func(p *network.Proc) {
			got = append(got, call(p, 50, 30*ms)) // answered at 70 ms
			got = append(got, call(p, 30, 0))     // asked at 30 ms, answered at 80 ms
		})
	})
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	require.Equal(t, []answer{{nil, sim.ErrTimeout, 30 * ms}, {31, nil, 80 * ms}}, got)
}

func TestACallThatIsLostTimesOut(t *testing.T) {
	var got []answer
	w, n := callers(delayed(10*ms), adder{}, func(ep *network.Endpoint) {
		ep.Go("caller", func(p *network.Proc) { got = append(got, call(p, 1, 30*ms), call(p, 2, 30*ms)) })
	})
	w.At(sim.Time(25*ms), n.Partition("p", network.OneWay(ids(1, 1), ids(0, 0))).Heal) // only the answer is cut
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	require.Equal(t, []answer{{nil, sim.ErrTimeout, 30 * ms}, {3, nil, 50 * ms}}, got)
}

func TestOutstandingCallsAreMatchedByNumber(t *testing.T) {
	got := map[int]answer{}
	var seen []uint64
	backwards := adder{seen: &seen, delay: func(body int) time.Duration { return time.Duration(100-body) * ms }}
	w, _ := callers(delayed(10*ms), backwards, func(ep *network.Endpoint) {
		for _, body := range []int{10, 20, 30} {
			ep.Go("caller", func(p *network.Proc) { got[body] = call(p, body, 0) })
		}
	})
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	require.Equal(t, map[int]answer{10: {11, nil, 110 * ms}, 20: {21, nil, 100 * ms}, 30: {31, nil, 90 * ms}}, got)
	require.Equal(t, []uint64{1, 2, 3}, seen)
}

func TestDuplicatedRequestsAndAnswersResolveACallOnce(t *testing.T) {
	var got []answer
	var seen []uint64
	m := network.Link{Delay: network.Uniform(ms, 20*ms), Duplicate: network.Certain}
	w, _ := callers(always(m), adder{seen: &seen}, func(ep *network.Endpoint) {
		ep.Go("caller", func(p *network.Proc) {
			for body := range 20 {
				got = append(got, call(p, body, 0))
			}
		})
	})
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	require.Len(t, got, 20)
	for body, a := range got {
		require.Equal(t, body+1, a.body)
		require.NoError(t, a.err)
	}
	require.Len(t, seen, 40, "each request came twice, and so four answers a call")
}

func TestAnAnswerAcrossACrashOfTheCallerIsNotMistaken(t *testing.T) {
	var got []answer
	var seen []uint64
	unwound := 0
	// The answers come in the order 2 (of the first boot), 3 (of the second).
	slow := adder{seen: &seen, delay: func(int) time.Duration { return 50 * ms }}
	w, _ := callers(delayed(10*ms), slow, func(ep *network.Endpoint) {
		body := 1 + int(ep.Boots())
		ep.Go("caller", func(p *network.Proc) {
			defer func() { unwound++ }()
			got = append(got, call(p, body, 0))
		})
	})
	w.At(sim.Time(40*ms), func() {
		w.Host(0).Crash()
		require.Equal(t, 1, unwound, "it was unwound at once")
		w.Host(0).Restart()
	})
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	require.Equal(t, []answer{{3, nil, 110 * ms}}, got, "not the 2 that came at 70 ms")
	require.Equal(t, []uint64{1, 1<<32 | 1}, seen)
	require.Equal(t, 2, unwound)
}

func TestProcessesThatWaitForAnAnswerEndWithTheWorld(t *testing.T) {
	ended := []string{}
	w, _ := callers(always(network.Link{Loss: network.Certain}), adder{}, func(ep *network.Endpoint) {
		ep.Go("outer", func(p *network.Proc) {
			defer func() { ended = append(ended, "outer") }()
			ep.Go("inner", func(p *network.Proc) {
				defer func() { ended = append(ended, "inner") }()
				defer p.Call(1, 3, 0) // of a process that is being unwound: has no effect
				call(p, 2, 0)
			})
			call(p, 1, 0)
		})
	})
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	require.Empty(t, ended)
	events := w.Events()
	w.Close()
	require.Equal(t, []string{"outer", "inner"}, ended)
	require.Equal(t, events, w.Events())
	require.Empty(t, w.Findings())
}

func TestAProcessMayStartOthersAndAwaitThem(t *testing.T) {
	var sum int
	w, _ := callers(delayed(10*ms), adder{}, func(ep *network.Endpoint) {
		ep.Go("outer", func(p *network.Proc) {
			results := make([]sim.Future[int], 3)
			for i := range results {
				ep.Go("inner", func(p *network.Proc) {
					a := call(p, i, 0)
					results[i].Resolve(a.body.(int), a.err)
				})
			}
			for i := range results {
				v, err := results[i].Await(p.Proc, 0)
				require.NoError(t, err)
				sum += v
			}
			require.Equal(t, sim.Time(20*ms), p.Now(), "they ran side by side")
		})
	})
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	require.Equal(t, 1+2+3, sum)
}

func TestACallToNobodyIsAFinding(t *testing.T) {
	w, _ := callers(network.Config{}, adder{}, func(ep *network.Endpoint) {
		ep.Go("caller", func(p *network.Proc) { p.Call(7, nil, 0) })
	})
	require.Equal(t, sim.Panicked, w.Run(sim.Limit{}))
	require.Contains(t, w.Findings()[0].Message, "process caller: network: there is no link from a to host(7)")
}

func TestAnAnswerToAPausedCallerWaits(t *testing.T) {
	var got []answer
	w, _ := callers(delayed(10*ms), adder{}, func(ep *network.Endpoint) {
		ep.Go("caller", func(p *network.Proc) { got = append(got, call(p, 1, 0)) })
	})
	w.At(sim.Time(15*ms), w.Host(0).Pause)
	w.At(sim.Time(45*ms), w.Host(0).Resume)
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	require.Equal(t, []answer{{2, nil, 45 * ms}}, got)
}
