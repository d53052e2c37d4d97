// Package gossip keeps replicated states on the nodes of a network equal: anti-entropy
// for the types of package crdt.
//
// A [Replica] is a part of a node's handler. The node changes the state with Update,
// reads it with State, and hands over the messages that it gets; the replica tells its
// peers, in rounds, until they have acknowledged, and is silent then.
package gossip
