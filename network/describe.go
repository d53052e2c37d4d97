package network

import "phoenix/sim"

// Describe tells a sim.Scheduler which message it is. On an Ordered link only the head of
// the line may come next; what was held back by Reorder, and second copies, wait for nobody.
func (a arrivals) Describe(arg uint64) (sim.Pending, bool) {
	f := &a.n.flights[arg]
	if f.ordered && f.link.line.First().id != f.id {
		return sim.Pending{}, false
	}
	return sim.Pending{Kind: sim.Deliver, Host: f.link.to, Peer: f.link.from, ID: f.id, Value: f.msg}, true
}
