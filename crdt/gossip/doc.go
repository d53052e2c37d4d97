// Package gossip keeps replicated states on the nodes of a network equal: anti-entropy
// for the types of package crdt.
//
// A [Replica] is a part of a node's handler. The node changes the state with Update,
// reads it with State, and hands over the messages that it gets. In rounds, the replica
// tells its peers what they lack, until they have acknowledged it.
//
// # What is promised
//
// Messages may be lost, doubled, reordered and damaged, nodes may crash and forget, and
// peers come and go. Once that ends, all that are connected come to have the same state.
// It has every update of a node that did not forget it, and of one that did if it was
// Settled before.
//
// Then there is silence: no message is sent and no timer runs until something changes.
// Acknowledgements allow that. Who forgets must not be forgotten, so a node that boots
// again asks its peers until they answer; and what is not acknowledged is sent again,
// ever more rarely, for ever, so that nothing superseded or lost leaves a gap.
//
// What is merged always makes a state include one that another replica had. So states
// are causally consistent, each event comes whole, and contexts may be relied on:
// a replica may be brought up by deltas, by pieces and by contexts in turn, and its peers
// may use other protocols than it does.
//
// # Boots
//
// Versions of a state are numbered within a boot of its node, and acknowledgements are
// for a boot of either side. A replica acts under a crdt.Replica that no other boot has,
// whether or not it gets a snapshot by Join.
//
// # Cost
//
// The deltas that peers lack are kept, within bounds; a peer that is behind them, such as
// one that was cut off for long, is brought up by what [Adaptive] finds cheapest.
// testdata has tables of what the protocols cost. A round with nothing to say costs nothing.
// To take a delta costs what the delta is long, if the type is crdt.Causal or Diff does not
// look at the state that is its argument; a type that does neither is encoded for each
// payload. Comparing pieces costs a Split of the state for each version compared.
//
// Nothing here holds out against a peer that lies. Checksums of 32 bits find what is damaged
// by chance.
package gossip
