package network_test

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// pinger sends numbered pings and counts the answers.
type pinger struct {
	ep       *network.Endpoint
	timer    *sim.Timer
	sent     int
	answered int
}

func (p *pinger) ping() {
	to, _ := p.ep.Lookup("echo")
	p.ep.Send(to, p.sent)
	if p.sent++; p.sent < 100 {
		p.timer.Reset(10 * time.Millisecond)
	}
}

func (p *pinger) Receive(network.ID, any) { p.answered++ }

// echo answers each message with itself.
type echo struct{ ep *network.Endpoint }

func (e echo) Receive(from network.ID, msg any) { e.ep.Send(from, msg) }

// Two nodes on a link that loses a tenth of the messages each way: about 81 of 100
// pings are answered. The seed says exactly how many.
func Example() {
	w := sim.New(sim.Config{Seed: 42})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{
		Delay: network.Exponential(5 * time.Millisecond),
		Loss:  network.ProbOf(0.1),
	}})
	p := &pinger{}
	n.Add("pinger", func(ep *network.Endpoint) network.Handler {
		p.ep = ep
		p.timer = ep.Timer("ping", p.ping)
		p.timer.Reset(0)
		return p
	})
	n.Add("echo", func(ep *network.Endpoint) network.Handler { return echo{ep} })

	reason := w.Run(sim.Limit{})
	loss := w.Faults()[0]
	fmt.Println(p.answered, "of", p.sent, "answered;", loss.Effect, "messages lost;", reason)
	// Output: 83 of 100 answered; 17 messages lost; quiescent
}

// A partition separates a and b for a while. Clients that it does not mention still
// reach both sides.
func ExampleNetwork_Partition() {
	w := sim.New(sim.Config{})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
	boot := func(ep *network.Endpoint) network.Handler {
		if ep.Name() != "b" { // a and the client each send once a second
			var tick *sim.Timer
			tick = ep.Timer("tick", func() {
				ep.Send(1, "from "+ep.Name())
				tick.Reset(time.Second)
			})
			tick.Reset(time.Second)
		}
		return printer{ep}
	}
	a, b := n.Add("a", boot), n.Add("b", boot)
	n.Add("client", boot)

	var split *network.Partition
	w.At(sim.Time(1500*time.Millisecond), func() {
		split = n.Partition("split", network.Complete([]network.ID{a}, []network.ID{b}))
	})
	w.At(sim.Time(3500*time.Millisecond), func() { split.Heal() })
	w.RunFor(4500 * time.Millisecond)
	fmt.Println(split.Messages(), "messages were cut")
	// Output:
	// 1.001s b got from a
	// 1.001s b got from client
	// 2.001s b got from client
	// 3.001s b got from client
	// 4.001s b got from a
	// 4.001s b got from client
	// 2 messages were cut
}

// printer prints what it receives.
type printer struct{ ep *network.Endpoint }

func (p printer) Receive(_ network.ID, msg any) {
	fmt.Println(p.ep.Monotonic(), p.ep.Name(), "got", msg)
}

// store answers requests: a string is a key to read.
type store struct {
	ep   *network.Endpoint
	data map[string]int
}

func (s store) Receive(from network.ID, msg any) {
	if r, ok := msg.(network.Request); ok {
		s.ep.Reply(from, r, s.data[r.Body.(string)])
	}
}

// A process reads from a store, and tries again where no answer comes in time: a
// timeout tells nothing about what the other node did.
func ExampleProc_Call() {
	w := sim.New(sim.Config{})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(20 * time.Millisecond)}})
	server := n.Add("store", func(ep *network.Endpoint) network.Handler {
		return store{ep, map[string]int{"x": 7}}
	})
	n.Add("client", func(ep *network.Endpoint) network.Handler {
		ep.Go("reader", func(p *network.Proc) {
			for {
				got, err := p.Call(server, "x", 100*time.Millisecond)
				fmt.Println(p.Now(), got, err)
				if err == nil {
					return
				}
			}
		})
		return nil // the client takes no messages but answers
	})
	w.Host(server).Crash()
	w.At(sim.Time(150*time.Millisecond), w.Host(server).Restart)
	w.Run(sim.Limit{})
	// Output:
	// 100ms <nil> sim: timed out
	// 200ms <nil> sim: timed out
	// 240ms 7 <nil>
}
