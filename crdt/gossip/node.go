package gossip

import "phoenix/network"

// Node returns the boot function of a node that is a replica and nothing else. It
// never changes the state: it passes on what others know.
func Node[S any, P Pointer[S]](cfg Config) network.Boot {
	return func(ep *network.Endpoint) network.Handler { return &node[S, P]{New[S, P](ep, cfg)} }
}

type node[S any, P Pointer[S]] struct{ replica *Replica[S, P] }

// Receive hands messages to the replica and ignores others.
func (n *node[S, P]) Receive(from network.ID, msg any) { n.replica.Receive(from, msg) }
