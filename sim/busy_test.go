package sim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

// busy is a small world in which everything of this package happens: hosts that
// gossip over a wire, processes that ask and wait, faults of all kinds, panics.
type busy struct {
	w       *sim.World
	sink    sim.SinkID
	hosts   []*sim.Host
	nodes   []*node
	letters []letter
	sends   uint64
}

type letter struct {
	from, to sim.HostID
	Seen     map[string]int
	Reply    bool
	cause    uint64
}

type node struct {
	b       *busy
	h       *sim.Host
	seen    map[string]int
	changed sim.Signal
	answer  *sim.Future[int]
	watch   *sim.Timer
}

const hosts = 5

func runBusy(w *sim.World) {
	b := &busy{w: w, nodes: make([]*node, hosts)}
	b.sink = w.AddSink(b)
	for i := range hosts {
		b.hosts = append(b.hosts, w.AddHost(fmt.Sprint("n", i), b.boot))
	}
	faults := w.Key("faults").Rand()
	for i := range 40 {
		h := b.hosts[faults.IntN(hosts)]
		at := sim.Time(faults.Int64N(int64(4 * time.Second)))
		d := time.Duration(faults.IntN(50)) * time.Millisecond
		w.At(at, []func(){
			h.Crash, h.Restart, h.Pause, h.Resume, func() { h.SetSlow(d / 10) }, func() { h.Jump(d - 20*time.Millisecond) },
			func() { h.SetDrift(int64(d)) }, func() { h.SetOffset(d) }, h.Restart, h.Resume,
		}[i%10])
	}
	for w.Run(sim.Limit{Until: sim.Time(5 * time.Second)}) == sim.Panicked {
	}
}

func (b *busy) boot(h *sim.Host) {
	n := &node{b: b, h: h, seen: map[string]int{h.Name(): int(h.Epoch())}}
	b.nodes[h.ID()] = n
	r := h.Key("gossip").Num(uint64(h.Epoch())).Rand()
	var gossip *sim.Timer
	gossip = h.Timer("gossip", func() {
		n.send(sim.HostID(r.IntN(hosts)), false)
		gossip.Reset(time.Duration(r.IntN(100)) * time.Millisecond)
	})
	gossip.Reset(0)
	n.watch = h.Timer("watch", func() { h.Note("nothing heard at %s", h.Now()) })
	h.Go("client", n.client)
	h.Go("log", func(p *sim.Proc) {
		for {
			if !p.WaitFor(&n.changed, 200*time.Millisecond) {
				h.Note("unchanged")
			}
		}
	})
}

func (n *node) client(p *sim.Proc) {
	defer n.h.Note("client ends")
	for i := range 100 {
		n.answer = new(sim.Future[int])
		n.send(sim.HostID(n.b.w.Choose("whom", hosts)), true)
		v, err := n.answer.Await(p, 30*time.Millisecond)
		n.h.Note("asked %d times: %d, %v", i, v, err)
		p.Sleep(time.Duration(v) * time.Millisecond)
		if v > 40 && n.b.w.Choose("panic", 100) == 0 {
			panic(fmt.Sprintf("%s has seen too much", n.h.Name()))
		}
	}
}

func (n *node) send(to sim.HostID, reply bool) {
	w, b := n.b.w, n.b
	b.sends++
	seen := make(map[string]int, len(n.seen))
	for k, v := range n.seen { // order: a copy has none
		seen[k] = v
	}
	l := letter{from: n.h.ID(), to: to, Seen: seen, Reply: reply}
	l.cause = w.Emit(sim.Event{Kind: sim.Send, Host: l.from, Peer: to, ID: b.sends, Value: l})
	b.letters = append(b.letters, l)
	delay := w.Key("delay").Num(b.sends).Below(int(20 * time.Millisecond))
	w.Schedule(w.Now().Add(time.Duration(delay)), b.sink, uint64(len(b.letters)-1))
}

func (b *busy) Fire(i uint64)    { b.hosts[b.letters[i].to].Submit(b, i) }
func (b *busy) Discard(i uint64) { b.tell(sim.Drop, i) }

func (b *busy) Run(i uint64) {
	l := b.letters[i]
	b.tell(sim.Deliver, i)
	n := b.nodes[l.to]
	n.watch.Reset(150 * time.Millisecond)
	for k, v := range l.Seen { // order: the larger wins, whichever comes first
		n.seen[k] = max(n.seen[k], v)
	}
	n.seen[n.h.Name()]++
	n.changed.Broadcast()
	if l.Reply {
		n.send(l.from, false)
	} else if n.answer != nil {
		n.answer.Resolve(len(n.seen)*10, nil)
	}
}

func (b *busy) tell(kind sim.Kind, i uint64) {
	l := b.letters[i]
	b.w.Begin(sim.Event{Kind: kind, Host: l.to, Peer: l.from, ID: i + 1, Cause: l.cause})
}

func TestABusyWorldIsTheSameTwice(t *testing.T) {
	for _, interleave := range []bool{false, true} {
		simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 200}, Interleave: interleave}, runBusy)
	}
}

func TestDigestsOfABusyWorldArePinned(t *testing.T) {
	simtest.Golden(t, "testdata/busy.txt", sim.SeedRange{Count: 20}, runBusy)
}

// A test of the world above: what is pinned must have everything in it.
func TestTheBusyWorldIsBusy(t *testing.T) {
	kinds := map[sim.Kind]int{}
	effects := map[string]bool{}
	findings := 0
	for seed := range uint64(20) {
		w := sim.New(sim.Config{Seed: seed})
		w.Observe(func(e *sim.Event) {
			require.Less(t, e.Cause, e.Seq)
			kinds[e.Kind]++
		})
		runBusy(w)
		require.Greater(t, w.Events(), uint64(1000))
		require.NoError(t, w.Opaque())
		for _, f := range w.Faults() {
			effects[f.Name[:len(f.Name)-3]] = effects[f.Name[:len(f.Name)-3]] || f.Effect > 0
		}
		findings += len(w.Findings())
		w.Close()
	}
	for _, k := range []sim.Kind{sim.Boot, sim.Crash, sim.Restart, sim.Pause, sim.Resume, sim.Clock, sim.Send, sim.Deliver,
		sim.Drop, sim.Fire, sim.Wake, sim.Choice, sim.Note, sim.Fault, sim.Panic} {
		require.Positive(t, kinds[k], "%s", k)
	}
	require.Equal(t, map[string]bool{"crash": true, "restart": true, "pause": true, "slow": true, "clock": true}, effects)
	require.Positive(t, findings)
}

// The tape of a busy, interleaved world is long, and replays exactly.
func TestATapeOfABusyWorldReplays(t *testing.T) {
	for seed := range uint64(10) {
		first := sim.New(sim.Config{Seed: seed, Interleave: true})
		defer first.Close()
		runBusy(first)
		tape := sim.Replay(first.Picks())
		second := sim.New(sim.Config{Seed: seed, Interleave: true, Chooser: tape})
		defer second.Close()
		runBusy(second)
		require.Greater(t, len(first.Picks()), 100)
		require.NoError(t, tape.Err())
		require.Zero(t, tape.Left())
		require.Equal(t, first.Digest(), second.Digest())
	}
}
