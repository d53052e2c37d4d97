package register

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
)

// PrimaryBackup returns the boot function of servers of which one, the primary,
// answers clients at once and tells the backups later, with its next heartbeat:
// asynchronous replication. The primary of term t is Servers[t mod n], and the
// first term is 0. A backup that hears no heartbeat takes over in the next term
// that is its own, the next in order first. A primary that hears of a higher
// term is a backup from then on, and takes over the state of the new primary. A
// server that restarts comes back as a backup that knows nothing.
// Servers that are not primary answer NotLeader and name whom they take for it.
//
// It is linearizable until the first failover and wrong from then on, on
// purpose. A write that was acknowledged is lost when the primary crashes, or is
// cut off, before its next heartbeat. A primary that is cut off does not know it
// and goes on answering while another one rules (split brain); when the
// partition heals, its writes are thrown away. And a slow heartbeat suffices to
// bring a failover about.
//
// A heartbeat carries the whole state: it costs O(keys) every cfg.Heartbeat, and
// nothing else is needed for backups that missed some, or everything.
func PrimaryBackup(cfg Config) network.Boot {
	cfg = cfg.check()
	return func(ep *network.Endpoint) network.Handler {
		r := &replica{cfg: cfg, ep: ep, me: cfg.index(ep), desk: newDesk(ep), data: values{}}
		r.heartbeat = ep.Timer("heartbeat", r.beat)
		r.failover = ep.Timer("failover", r.promote)
		if r.me == 0 && ep.Boots() == 0 {
			r.leading = true
			r.beat()
		} else {
			r.watch()
		}
		return r
	}
}

// replica is a server, primary or backup.
type replica struct {
	cfg Config
	ep  *network.Endpoint
	me  int

	term    uint64 // the highest it has heard of
	beats   uint64 // the newest heartbeat of that term that it sent or received
	leading bool
	desk    desk
	data    values

	heartbeat *sim.Timer // runs while it is primary and has backups
	failover  *sim.Timer // runs while it is a backup
}

// state is a heartbeat: all that a primary knows.
type state struct {
	Term    uint64
	Beat    uint64 // its number in the term
	Entries []entry
}

// entry is the value of a key.
type entry struct {
	Key   string
	Value int64
}

// String returns the message as in "state 2.17 [{x 3}]", term and beat first.
func (s state) String() string { return fmt.Sprintf("state %d.%d %v", s.Term, s.Beat, s.Entries) }

// Receive answers requests and listens to heartbeats.
func (r *replica) Receive(from network.ID, msg any) {
	switch m := msg.(type) {
	case nodes.Request:
		if r.desk.admit(from, m.ID) {
			r.desk.answer(from, r.handle(m))
		}
	case state:
		if slices.Contains(r.cfg.Servers, from) {
			r.follow(m)
		}
	}
}

func (r *replica) handle(m nodes.Request) nodes.Reply {
	if r.leading {
		return r.data.apply(m)
	}
	return nodes.Reply{ID: m.ID, Code: nodes.NotLeader, Leader: r.primary()}
}

// primary returns the primary of the current term, sim.NoHost if that was this
// server before it crashed.
func (r *replica) primary() network.ID {
	if at := r.term % uint64(len(r.cfg.Servers)); at != uint64(r.me) {
		return r.cfg.Servers[at]
	}
	return sim.NoHost
}

// distance returns how many terms there are to the next that is r's own: its
// place in the line of succession.
func (r *replica) distance() uint64 {
	n := uint64(len(r.cfg.Servers))
	return cmp.Or((uint64(r.me)+n-r.term%n)%n, n)
}

// watch waits for the primary to fall silent.
func (r *replica) watch() {
	r.failover.Reset(r.cfg.Failover * time.Duration(r.distance()))
}

// promote makes r the primary of its next term.
func (r *replica) promote() {
	r.term += r.distance()
	r.beats, r.leading = 0, true
	r.ep.Note("primary of term %d", r.term)
	r.beat()
}

// beat tells the backups the state.
func (r *replica) beat() {
	if len(r.cfg.Servers) == 1 {
		return
	}
	r.beats++
	s := state{Term: r.term, Beat: r.beats}
	for _, key := range slices.Sorted(maps.Keys(r.data)) {
		s.Entries = append(s.Entries, entry{key, r.data[key]})
	}
	for _, id := range r.cfg.Servers {
		if id != r.ep.ID() {
			r.ep.Send(id, s)
		}
	}
	r.heartbeat.Reset(r.cfg.Heartbeat)
}

// follow takes over what a primary says, unless it is outdated.
func (r *replica) follow(s state) {
	if s.Term < r.term || s.Term == r.term && (r.leading || s.Beat <= r.beats) {
		return
	}
	if r.leading {
		r.ep.Note("deposed by term %d", s.Term)
		r.leading = false
		r.heartbeat.Stop()
	}
	r.term, r.beats = s.Term, s.Beat
	r.data = values{}
	for _, e := range s.Entries {
		r.data[e.Key] = e.Value
	}
	r.watch()
}
