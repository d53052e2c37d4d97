package network_test

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// counter sends ten numbers to node 1, one each millisecond.
func counter(ep *network.Endpoint) network.Handler {
	for i := range 10 {
		ep.After(time.Duration(i)*time.Millisecond, func() { ep.Send(1, i) })
	}
	return nil
}

// A disturbance loses a third of the messages. Told one by one, the losses are put into
// a run without it, which is the same run; then all but one are taken away.
func ExampleNetwork_OnNoise() {
	run := func(noise network.Prob, faults ...network.MessageFault) (told []network.MessageFault) {
		w := sim.New(sim.Config{Seed: 1})
		defer w.Close()
		n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
		a := n.Add("a", counter)
		var got []any
		b := n.Add("b", func(*network.Endpoint) network.Handler {
			return handlerFunc(func(_ network.ID, msg any) { got = append(got, msg) })
		})
		rain := n.Disturb("rain", network.Cut{{a, b}}, network.Noise{Loss: noise})
		for _, f := range faults {
			n.Strike(f)
		}
		n.OnNoise(func(e network.NoiseEvent) { told = append(told, e.MessageFault) })
		w.Run(sim.Limit{})
		fmt.Println(got, "without", rain.Effect, "to the rain and", len(told), "in all")
		return told
	}
	lost := run(network.ProbOf(0.3))
	run(0, lost...)
	run(0, lost[0])
	fmt.Println(lost[0].Kind, "message", lost[0].Number)
	// Output:
	// [1 2 3 5 6 7] without 4 to the rain and 4 in all
	// [1 2 3 5 6 7] without 0 to the rain and 4 in all
	// [1 2 3 4 5 6 7 8 9] without 0 to the rain and 1 in all
	// lost message 1
}

// A general who tells his lieutenants different things: the code of the node sends one
// and the same to both.
func ExampleNetwork_Betray() {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{})
	general := n.Add("general", func(ep *network.Endpoint) network.Handler {
		ep.After(time.Second, func() {
			ep.Send(1, "attack at dawn")
			ep.Send(2, "attack at dawn")
		})
		return nil
	})
	for _, name := range []string{"left", "right"} {
		n.Add(name, func(ep *network.Endpoint) network.Handler { return printer{ep} })
	}
	treason := n.Betray("two stories", general, network.Betrayal{Deceit: network.Equivocate, Prob: network.Certain})
	w.Run(sim.Limit{})
	fmt.Println(treason.Effect, "message changed")
	// Output:
	// 1s left got attack at dawn
	// 1s right got autack at dawn
	// 1 message changed
}
