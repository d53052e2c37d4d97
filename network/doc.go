// Package network is the world between nodes: endpoints and handlers, links that
// delay, lose, repeat, reorder and corrupt, and partitions. All of it is simulated
// in the virtual time of a [sim.World], and the seed of the world decides all.
//
// # The model
//
// A node is a [Boot] function and the [Handler] that it returns. Boot runs when the
// node starts and again after each crash; it gets an [Endpoint], which is all that
// the node may touch: its clock, randomness, timers, processes, and Send. A message
// is any Go value. Nobody changes it once it was sent: it is delivered as it is,
// perhaps twice, perhaps to several nodes. Config.CheckMutation finds who does.
//
// Between each ordered pair of nodes there is one directed link, with a model, a
// [Link]: that of Config.Link unless Network.SetLink gave it another. The zero Link
// is perfect and takes no time. The way of a message, in this order:
//
//   - It is put into the event stream as [sim.Send], with a number.
//   - A traitor may change it, keep it back, or send an earlier one again ([Network.Betray]).
//   - If a partition cuts the link, it is lost.
//   - It may be lost (Loss, Burst), and changed or lost (Corrupt).
//   - It waits for the Bandwidth, or is lost to a full Queue.
//   - It travels for a sample of Delay. On an Ordered link it does not overtake.
//     It may be held back (Reorder), and a second copy may travel too (Duplicate).
//   - If a partition cuts the link when it arrives, it is lost.
//   - If the link is clogged ([Network.Clog]), it stands there until the release.
//   - A host that is down loses it, and so does one whose inbox is full
//     ([Network.SetInbox]); one that is paused or busy takes it later. Otherwise it
//     is delivered.
//
// Each copy ends as one [sim.Deliver] or one [sim.Drop] event, whose Cause is the
// Send and which has its number. The Name of a Drop is one of "partition", "loss",
// "corrupt", "queue full", "inbox full" and "host down", or for a traitor's messages
// "silence" and "unchangeable". That of a Deliver is "corrupted" if the message was
// changed by a link, "equivocated", "lied", "replayed" or "garbled" if by its sender,
// and its Value is then what arrived.
//
// What a node sends to itself arrives within the same instant, unharmed.
//
// # Crashes
//
// A message under way belongs to the network: its sender may crash, and a receiver
// that crashes and restarts before the arrival gets it in its new boot. What waits
// at a paused or busy host is lost if that host crashes.
//
// An Endpoint belongs to one boot. After the crash it does nothing: what it sends
// is not sent, and timers and processes that it is asked for never run. So code that
// outlives its boot, in a deferred call or a closure of the test, is harmless.
//
// # Noise that an edit does not re-roll
//
// What the link does to a message depends on the seed of the world, the names of
// the two nodes and the number of the message on that link, from 0 on, and on
// nothing else: each message has a stream of random numbers of its own, and each
// kind of noise a fixed place in it. Remove a third node, send more on another link,
// drop one kind of noise or heal a partition earlier, and all other draws are as
// they were. Types, sizes and content of messages do not matter either.
//
// That holds for draws. Consequences are not draws: a node that gets a message more
// or less may send others; a message more or less on a link with a Bandwidth or in
// an Ordered one moves those that wait behind it; one sent more on a link gives those
// after it other numbers. The state of a burst model follows from the draws of all
// messages on its link so far, also those that a partition took.
//
// # Partitions
//
// A [Cut] is a set of directed links: [Complete], [OneWay], [Bridge], [Ring] and
// [Where] make the usual ones, and they are slices, to be joined with append.
// [Network.Partition] puts one into force until its Heal. A message is lost if its
// link is cut at the instant it is sent or at the instant it arrives; what is cut
// and healed in between does not touch it. Partitions overlap freely: a link works
// when none cuts it. Nodes that a cut does not mention reach everybody.
//
// # Faults with a beginning and an end
//
// What the models of links do goes on for as long as they are set. Other faults are
// put into force and taken out again, each with a handle of its own that counts the
// messages it touched, and leave the models as they are:
//
//   - [Network.Disturb] lays a [Noise] over some links: loss, second copies,
//     reordering, corruption, more delay, a bottleneck.
//   - [Network.ClogAll] holds what comes over some links, [Network.Clog] over one.
//   - [Network.Betray] turns a host into a traitor: its code stays, its messages lie.
//   - [Network.Strike] strikes one message, by the number it has on its link.
//
// [Network.Calm] ends all of them and the noise of models: for a phase in which the
// nodes are to recover. [Network.OnNoise] tells what noise does to which message, in
// the form in which Strike takes it: so a failing run with noise becomes one with a
// list of faults, from which one after another can be left out.
//
// # Calls
//
// A process that [Endpoint.Go] starts may block: [Proc.Call] sends a [Request] and
// waits for the [Response]. The handler of the other node answers with
// [Endpoint.Reply]. Both are messages like others: lost, late and doubled. An answer
// is matched by a number that no other call of the node has, in any boot, so one
// that is late, comes twice, or was for an earlier boot, is ignored.
//
// # Faults that count
//
// [sim.World.Faults] has counters for "loss" (Burst included), "duplicate",
// "reorder", "corrupt", "bandwidth", "clog", and for each name "partition NAME",
// "disturbance NAME", "clog NAME" and "betrayal NAME"; "message lost" and so on for
// faults of one message, by kind; "inbox HOST" for what full inboxes lost.
// Noise is Configured once for each model that has it, and has an Effect on a
// message that was lost; that arrived changed, or as a second copy, or after a later
// one because it was held back; that had to wait for the bandwidth or found the
// queue full; that stood before a clog; that a partition stopped. A kind of noise
// that struck messages which never arrived has fired without effect. Disturbances,
// betrayals and message faults count the same way, except that what they hold back
// need not be overtaken; whoever asks for these faults counts them as Configured.
//
// # Cost and limits
//
// A message is encoded once, for the digest and its size; beyond that, sending and
// delivering take constant time and allocate nothing, whatever noise is configured.
// Disturbances cost something on the links that they are on, while they last, and
// betrayals on those of the traitor, who also remembers his last messages.
// Links are made on first use; memory grows with the pairs that talk and the
// messages under way. A node with nothing to do costs nothing.
//
// There are no connections, no addresses, no multicast and no routes of several
// hops: a link is what the path between two nodes does to messages. Bandwidth is
// that of a link, not of a host. A message has no deadline. Like its world, a
// Network is for one goroutine at a time; worlds share nothing.
package network
