package traces

import "phoenix/sim"

// memory is what a recorder and a reader both know of the events so far. What
// they can guess of the next one from it need not be in the log.
type memory struct {
	last    core   // the event before
	cause   uint64 // of the event before
	sent    uint64
	invoked uint64
	recent  [recentEvents]core // the last events, by number modulo recentEvents
}

// core is what later events repeat of an event.
type core struct {
	id         uint64
	host, peer sim.HostID
}

// recentEvents bounds how far back a cause is looked up, in events.
const recentEvents = 1 << 12

// guess returns what an event of that kind and cause is likely to hold: a
// delivery or a loss repeats what was sent, another event goes on at the host
// of the event before. A wrong guess costs bytes, nothing else.
func (m *memory) guess(kind sim.Kind, cause uint64) core {
	switch kind {
	case sim.Deliver:
		sent := m.recent[cause%recentEvents]
		return core{sent.id, sent.peer, sent.host}
	case sim.Drop:
		return m.recent[cause%recentEvents]
	case sim.Send:
		return core{m.sent + 1, m.last.host, sim.NoHost}
	case sim.Invoke:
		return core{m.invoked + 1, m.last.host, sim.NoHost}
	case sim.Return:
		return core{m.invoked, m.last.host, sim.NoHost}
	default:
		return core{0, m.last.host, sim.NoHost}
	}
}

// keep remembers e, whose core is c.
func (m *memory) keep(e *sim.Event, c core) {
	m.last, m.cause = c, e.Cause
	m.recent[e.Seq%recentEvents] = c
	switch e.Kind {
	case sim.Send:
		m.sent = e.ID
	case sim.Invoke:
		m.invoked = e.ID
	}
}
