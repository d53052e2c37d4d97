package gossip_test

import (
	"fmt"
	"slices"
	"time"

	"phoenix/crdt"
	"phoenix/crdt/gossip"
	"phoenix/network"
	"phoenix/sim"
)

// shopper is a node with a replicated set and a message of its own: "add this".
type shopper struct {
	list *gossip.Replica[crdt.AddWinsSet[string], *crdt.AddWinsSet[string]]
}

type add string

func (s *shopper) Receive(from network.ID, msg any) {
	if s.list.Receive(from, msg) {
		return
	}
	if what, ok := msg.(add); ok {
		s.list.Update(func(id crdt.Replica, set *crdt.AddWinsSet[string]) *crdt.AddWinsSet[string] {
			return set.Add(id, string(what))
		})
	}
}

// Three nodes share a shopping list over links that lose a fifth of all messages. When
// everybody has acknowledged everything there is silence: the world has nothing more to do.
func Example() {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{
		Delay: network.Constant(10 * time.Millisecond),
		Loss:  network.ProbOf(0.2),
	}})
	var shoppers []*shopper
	for _, name := range []string{"ann", "bob", "cyd"} {
		n.Add(name, func(ep *network.Endpoint) network.Handler {
			s := &shopper{gossip.New[crdt.AddWinsSet[string]](ep, gossip.Config{})}
			shoppers = append(shoppers, s)
			for _, what := range map[string][]string{"ann": {"tea", "milk"}, "bob": {"bread"}}[name] {
				ep.Send(ep.ID(), add(what))
			}
			return s
		})
	}
	fmt.Println(w.Run(sim.Limit{}))
	for _, s := range shoppers {
		fmt.Println(slices.Collect(s.list.State().All()), s.list.Settled())
	}
	// Output:
	// quiescent
	// [bread milk tea] true
	// [bread milk tea] true
	// [bread milk tea] true
}
