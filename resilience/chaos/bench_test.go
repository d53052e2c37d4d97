package chaos_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// BenchmarkP1 bounces one message of 64 bytes between two nodes, 1 ms each way, as
// P1 of package network does: without a plan, with a plan of 100 faults of which
// none begins, and with six faults a second that the random nemesis draws.
func BenchmarkP1(b *testing.B) {
	b.Run("none", func(b *testing.B) { rally(b, nil) })
	b.Run("later", func(b *testing.B) { rally(b, later(b)) })
	b.Run("random", func(b *testing.B) { rally(b, random()) })
}

// later is a plan of faults that begin in ninety years.
func later(tb testing.TB) chaos.Plan {
	var plan chaos.Plan
	for _, text := range []string{
		"crash a", "loss 1% everywhere", "delay 1ms everywhere", "clog of a", "pause b", "disk a rot 1%",
		"slow a by 1ms", "partition complete a | b", "byzantine a lie 1%", "clock b drift 1000",
	} {
		f, err := chaos.ParseFault(text)
		require.NoError(tb, err)
		for i := range 10 {
			f.At = time.Duration(90*365*24+i) * time.Hour
			plan = append(plan, f)
		}
	}
	return plan
}

// random is six faults in each second of the time that a rally takes, of all classes
// but treason: the nodes believe what they are told.
func random() chaos.Plan {
	classes := slices.DeleteFunc(chaos.Classes(), func(c chaos.Class) bool { return c == chaos.Treason })
	nemesis := chaos.Nemesis{Faults: 6, Classes: classes}
	cluster := &chaos.Cluster{Servers: []string{"a", "b"}, Survives: classes}
	var all chaos.Plan
	for second := range strokes / 500 {
		plan := nemesis.Plan(sim.NewKey(uint64(second)), cluster)
		for i := range plan {
			plan[i].At += time.Duration(second) * time.Second
		}
		all = append(all, plan...)
	}
	return all
}

// strokes is how many messages a world exchanges.
const strokes = 20_000

// rally exchanges b.N messages, in one world after the other. Building them is not
// measured.
func rally(b *testing.B, plan chaos.Plan) {
	b.ReportAllocs()
	fired := uint64(0)
	b.ResetTimer()
	for left := b.N; left > 0; left -= strokes {
		b.StopTimer()
		w := sim.New(sim.Config{Seed: 1})
		n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
		ball := uint64(0)
		for _, name := range []string{"a", "b"} {
			n.Add(name, func(ep *network.Endpoint) network.Handler { return newPlayer(ep, &ball) })
		}
		in := chaos.Apply(n, chaos.Cast{}, plan)
		b.StartTimer()
		w.Run(sim.Limit{Stop: func() bool { return ball >= uint64(min(left, strokes)) }})
		for _, e := range in.Effects() {
			fired += e.Fired
		}
		w.Close()
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mmessages/s")
	b.ReportMetric(float64(fired)/float64(b.N)*1e6, "faults/Mmessage")
}

// player sends back each message that is newer than all before, and the last one
// again when nothing came for a while.
type player struct {
	ep   *network.Endpoint
	ball *uint64 // number of the newest message that was received
}

func newPlayer(ep *network.Endpoint, ball *uint64) *player {
	p := &player{ep: ep, ball: ball}
	seen := ^uint64(0)
	var serve *sim.Timer
	serve = ep.Timer("serve", func() {
		if *ball == seen {
			p.send()
		}
		seen = *ball
		serve.Reset(50 * time.Millisecond)
	})
	if ep.ID() == 0 {
		p.send()
	}
	serve.Reset(50 * time.Millisecond)
	return p
}

// send sends the message after the newest.
func (p *player) send() {
	msg := make([]byte, 64)
	binary.LittleEndian.PutUint64(msg, *p.ball+1)
	p.ep.Send(1-p.ep.ID(), msg)
}

// Receive takes a message.
func (p *player) Receive(_ network.ID, msg any) {
	if n := binary.LittleEndian.Uint64(msg.([]byte)); n > *p.ball {
		*p.ball = n
		p.send()
	}
}
