package sim_test

import (
	"fmt"
	"time"

	"phoenix/sim"
)

// wire is as small as a network can be: it takes a beat to a host in 10 ms.
type wire struct {
	w    *sim.World
	sink sim.SinkID
	to   *sim.Host
	hear func()
}

func (n *wire) send() { n.w.Schedule(n.w.Now().Add(10*time.Millisecond), n.sink, 0) }

func (n *wire) Fire(arg uint64)    { n.to.Submit(n, arg) }
func (n *wire) Discard(arg uint64) {}
func (n *wire) Run(arg uint64) {
	n.w.Begin(sim.Event{Kind: sim.Deliver, Host: n.to.ID(), Peer: 0, ID: 1})
	n.hear()
}

// Two hosts: one beats, the other notices when it does no longer.
func Example() {
	w := sim.New(sim.Config{Seed: 42})
	defer w.Close()
	beats := &wire{w: w}
	beats.sink = w.AddSink(beats)

	heart := w.AddHost("heart", func(h *sim.Host) {
		var beat *sim.Timer
		beat = h.Timer("beat", func() {
			beats.send()
			beat.Reset(time.Second)
		})
		beat.Reset(0)
	})
	beats.to = w.AddHost("ear", func(h *sim.Host) {
		alarm := h.Timer("alarm", func() { h.Note("nothing heard for 2s") })
		beats.hear = func() { alarm.Reset(2 * time.Second) }
	})
	w.At(sim.Time(1500*time.Millisecond), heart.Crash)

	w.Observe(func(e *sim.Event) { fmt.Println(string(e.AppendText(nil, w.HostName))) })
	fmt.Println(w.Run(sim.Limit{Until: sim.Time(time.Hour)}))
	// Output:
	// 1           0s heart    boot     heart
	//      2           0s ear      boot     ear
	//      3           0s heart    timer    beat  (after 1)
	//      4         10ms ear      deliver  #1 from heart  (after 3)
	//      5           1s heart    timer    beat  (after 3)
	//      6        1.01s ear      deliver  #1 from heart  (after 5)
	//      7         1.5s heart    crash
	//      8        3.01s ear      timer    alarm  (after 6)
	//      9        3.01s ear      note     nothing heard for 2s  (after 8)
	// quiescent
}

// A process waits for an answer, but not for ever.
func ExampleHost_Go() {
	w := sim.New(sim.Config{})
	defer w.Close()
	w.AddHost("client", func(h *sim.Host) {
		var answer sim.Future[string]
		h.Go("ask", func(p *sim.Proc) {
			for {
				text, err := answer.Await(p, 2*time.Second)
				fmt.Println(p.Now(), text, err)
				if err == nil {
					return
				}
			}
		})
		h.After(5*time.Second, func() { answer.Resolve("forty-two", nil) })
	})
	fmt.Println(w.Run(sim.Limit{}))
	// Output:
	// 2s  sim: timed out
	// 4s  sim: timed out
	// 5s forty-two <nil>
	// quiescent
}

// The decisions of one run, played to another, give the same run.
func ExampleReplay() {
	race := func(cfg sim.Config) *sim.World {
		cfg.Interleave = true
		w := sim.New(cfg)
		defer w.Close()
		for _, name := range []string{"a", "b", "c"} {
			w.AddHost(name, func(h *sim.Host) { h.Note("boots") })
		}
		w.Observe(func(e *sim.Event) {
			if e.Kind == sim.Note {
				fmt.Print(w.HostName(e.Host), " ")
			}
		})
		w.Run(sim.Limit{})
		fmt.Println(w.Picks())
		return w
	}
	first := race(sim.Config{Seed: 3})
	tape := sim.Replay(first.Picks())
	second := race(sim.Config{Seed: 4, Chooser: tape})
	fmt.Println(first.Digest() == second.Digest(), tape.Err())
	// Output:
	// a c b [{next 3 0} {next 2 1}]
	// a c b [{next 3 0} {next 2 1}]
	// true <nil>
}
