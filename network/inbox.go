package network

import "strconv"

// SetInbox bounds the tasks that may wait at a host, the one it is processing
// included: while a paused, slow or busy host has that many, further messages to it
// are lost, as "inbox full". Timers and what a node sends to itself are not. 0, as at
// first, is no limit. What waits already stays. The counter of the world is "inbox
// NAME", its Effect the messages lost. SetInbox panics if there is no such node or the
// limit is negative.
func (n *Network) SetInbox(host ID, limit int) {
	if !n.has(host) || limit < 0 {
		panic("network: an inbox of " + n.w.HostName(host) + " is bounded, which is no node or by a negative number")
	}
	if n.inboxes == nil && limit == 0 {
		return
	}
	for len(n.inboxes) <= int(host) {
		n.inboxes = append(n.inboxes, 0)
	}
	n.inboxes[host] = limit
	what := "inbox " + n.w.HostName(host)
	if limit == 0 {
		n.emitFault(what + " is unlimited")
		return
	}
	n.w.FaultCount(what).Fired++
	n.emitFault(what + " holds " + strconv.Itoa(limit))
}

// inboxFull reports whether the receiver of l can take no further message.
func (n *Network) inboxFull(l *link) bool {
	if int(l.to) >= len(n.inboxes) || l.from == l.to || !l.receiver.Up() {
		return false
	}
	limit := n.inboxes[l.to]
	return limit > 0 && l.receiver.Waiting() >= limit
}

// overflow loses f to a full inbox.
func (n *Network) overflow(f *flight) {
	n.w.FaultCount("inbox "+n.w.HostName(f.link.to)).Effect++
	n.drop(f, "inbox full")
}
