package replicated

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"phoenix/crdt"
	"phoenix/crdt/gossip"
	"phoenix/network"
	"phoenix/sim"

	"github.com/zeebo/xxh3"
)

// Patience is how long after all faults servers may take to become equal: a few rounds
// of gossip, and the waits between tries to reach one that did not answer.
const Patience = 5 * time.Second

// Monitor judges the servers of a world. They tell it what happens, and it looks at
// their states: nothing of that is part of the world.
type Monitor struct {
	w        *sim.World
	cfg      Config
	events   []*Event
	number   map[asked]int // of the event that a request became
	acks     map[asked]bool
	copies   map[network.ID]*watched
	boots    int
	lost     error // an acknowledged update is nowhere
	wrong    error // a state is not what the type specifies
	twice    error // a request was carried out again
	ahead    error // a stamp is too far from the clock
	fat      error // a state is too large
	calm     sim.Time
	crashes  int
	distance []Distance
	sent     gossip.Traffic // of boots that are over
	parallel bool           // two updates had not seen each other
}

type asked struct {
	client network.ID
	number uint64
}

// watched is what is known of a server.
type watched struct {
	at     copy          // nil while it is down
	seen   bits          // of the events
	disk   bits          // of them
	clock  time.Duration // the most that its clock has shown in this boot, as far as was seen
	digest [16]byte
}

// copy is what a Monitor looks at of a server.
type copy interface {
	items() []Item
	spec(View) []Item
	includes(*Event) bool
	state128() [16]byte
	size() int
	bound(keys, boots int) int
	untold() string
	sent() gossip.Traffic
}

// Watch returns a monitor of the servers of w. It is to be called before the run, and
// given to Server when they boot.
func Watch(w *sim.World, cfg Config) *Monitor {
	m := &Monitor{w: w, cfg: cfg.check(), number: map[asked]int{}, acks: map[asked]bool{},
		copies: map[network.ID]*watched{}, calm: sim.Forever}
	for _, id := range cfg.Servers {
		m.copies[id] = &watched{}
	}
	w.Observe(m.observe)
	return m
}

func (m *Monitor) observe(e *sim.Event) {
	switch {
	case e.Kind == sim.Fault && e.Name == "calm":
		m.calm = e.At
		m.w.At(e.At.Add(Patience), func() {}) // so that it is asked then, also if nothing happens
	case e.Kind == sim.Crash && m.copies[e.Host] != nil:
		c := m.copies[e.Host]
		if c.at != nil {
			m.sent.Add(c.at.sent())
		}
		c.at, c.seen, c.clock = nil, nil, 0
		m.crashes++
		m.search()
		m.measure()
	}
}

// boot is told that a server boots.
func (m *Monitor) boot(id network.ID, at copy) {
	if m == nil {
		return
	}
	m.boots++
	*m.copies[id] = watched{at: at, disk: m.copies[id].disk}
	m.changed(id)
}

// seen returns the events that a server has seen.
func (m *Monitor) seen(id network.ID) bits {
	if m == nil {
		return nil
	}
	return slices.Clone(m.copies[id].seen)
}

// stamped is told what a server has stamped with.
func (m *Monitor) stamped(id network.ID, h *hand, bound time.Duration) {
	if m == nil || h.stamp == (crdt.Stamp{}) {
		return
	}
	c := m.copies[id]
	c.clock = max(c.clock, h.now)
	if over := time.Duration(h.stamp.Time) - c.clock; over > bound && m.ahead == nil {
		m.ahead = fmt.Errorf("%s stamps %s ahead of its clock, the bound is %s", m.w.HostName(id), over, bound)
	}
}

// updated is told that a server carries out an update, which may not be part of any state yet.
func (m *Monitor) updated(e *Event) {
	if m == nil {
		return
	}
	key := asked{e.Client, e.Number}
	if _, again := m.number[key]; again && m.twice == nil {
		m.twice = fmt.Errorf("%s of %s was carried out a second time, by %s", e.Op, m.w.HostName(e.Client), m.w.HostName(e.Server))
	}
	n := len(m.events)
	m.number[key] = n
	e.acked = m.acks[key]
	m.events = append(m.events, e)
	for i := range m.events[:n] {
		m.parallel = m.parallel || !e.Saw(i) && m.events[i].Server != e.Server
	}
	for _, id := range m.cfg.Servers {
		if c := m.copies[id]; c.at != nil && c.at.includes(e) { // it may be overwritten already
			c.seen.add(n)
		}
	}
}

// stored is told that a server has an update on its disk.
func (m *Monitor) stored(e *Event) {
	if m == nil {
		return
	}
	if n, known := m.number[asked{e.Client, e.Number}]; known {
		m.copies[e.Server].disk.add(n)
	}
}

// acknowledged is told that a client is told that its update is done.
func (m *Monitor) acknowledged(client network.ID, number uint64) {
	if m == nil {
		return
	}
	key := asked{client, number}
	m.acks[key] = true
	if n, known := m.number[key]; known {
		m.events[n].acked = true
	}
}

// changed is told that the state of a server may be another.
func (m *Monitor) changed(id network.ID) {
	if m == nil {
		return
	}
	c := m.copies[id]
	for i, e := range m.events {
		if !c.seen.has(i) && c.at.includes(e) {
			c.seen.add(i)
		}
	}
	m.judge(id, c)
	m.measure()
}

// judge compares a state with what the type specifies.
func (m *Monitor) judge(id network.ID, c *watched) {
	view := View{m.events, c.seen}
	want, got := c.at.spec(view), c.at.items()
	if m.wrong == nil && !slices.Equal(want, got) {
		m.wrong = fmt.Errorf("%s has seen %s and shows %s, expected %s", m.w.HostName(id), m.told(c.seen), shown(got), shown(want))
	}
	if most := c.at.bound(len(view.Keys()), m.boots); m.fat == nil && c.at.size() > most {
		m.fat = fmt.Errorf("the state of %s takes %d bytes for %s, expected at most %d", m.w.HostName(id), c.at.size(), shown(got), most)
	}
}

// told says which events those are.
func (m *Monitor) told(seen bits) string {
	var all []string
	for i, e := range m.events {
		if seen.has(i) {
			all = append(all, fmt.Sprintf("%q at %s", e.Op.String(), m.w.HostName(e.Server)))
		}
	}
	const most = 4
	if len(all) > most {
		return fmt.Sprintf("%d updates, the last of them %s,", len(all), strings.Join(all[len(all)-most:], ", "))
	}
	return strings.Join(all, ", ")
}

// shown writes items as in "x=3 y=1".
func shown(items []Item) string {
	if len(items) == 0 {
		return "nothing"
	}
	var all []string
	for _, it := range items {
		all = append(all, fmt.Sprintf("%s=%d", it.Key, it.Value))
	}
	return strings.Join(all, " ")
}

// search looks for acknowledged updates that no server holds any more.
func (m *Monitor) search() {
	for i, e := range m.events {
		if m.lost == nil && e.acked && !m.held(i) {
			m.lost = fmt.Errorf("%q at %s was acknowledged to %s, and no server has it any more",
				e.Op.String(), m.w.HostName(e.Server), m.w.HostName(e.Client))
		}
	}
}

func (m *Monitor) held(i int) bool {
	for _, id := range m.cfg.Servers {
		if c := m.copies[id]; c.seen.has(i) || c.disk.has(i) {
			return true
		}
	}
	return false
}

// Specified returns an error if a server has shown what its type does not allow, given
// the updates that it had seen.
func (m *Monitor) Specified() error { return m.wrong }

// Kept returns an error if an update that was acknowledged is on no disk and in no
// server that is up.
func (m *Monitor) Kept() error { return m.lost }

// Once returns an error if a request was carried out twice.
func (m *Monitor) Once() error { return m.twice }

// Bounded returns an error if a stamp was further ahead of the clock than servers let
// themselves be pulled, or if a state takes more room than its content explains.
func (m *Monitor) Bounded() error { return errors.Join(m.ahead, m.fat) }

// InTime returns an error if servers differ although all faults have been over for
// Patience.
func (m *Monitor) InTime() error {
	if m.calm == sim.Forever || m.w.Now() < m.calm.Add(Patience) {
		return nil
	}
	if err := m.Equal(); err != nil {
		return fmt.Errorf("%s after the faults %w", Patience, err)
	}
	return nil
}

// Equal returns nil if all servers that are up have one state, in which is every update
// that was acknowledged; else an error that says who differs.
func (m *Monitor) Equal() error {
	var first *watched
	for _, id := range m.cfg.Servers {
		c := m.copies[id]
		if c.at == nil {
			continue
		}
		if first == nil {
			first = c
		}
		if c.digest != first.digest {
			return fmt.Errorf("%s shows %s, where another server shows %s", m.w.HostName(id), shown(c.at.items()), shown(first.at.items()))
		}
		for i, e := range m.events {
			if e.acked && !c.seen.has(i) {
				return fmt.Errorf("%s has not seen %q at %s", m.w.HostName(id), e.Op.String(), m.w.HostName(e.Server))
			}
		}
	}
	return nil
}

// Silent returns nil if no server that is up has anything to tell another.
func (m *Monitor) Silent() error {
	for _, id := range m.cfg.Servers {
		if c := m.copies[id]; c.at != nil {
			if what := c.at.untold(); what != "" {
				return fmt.Errorf("%s %s", m.w.HostName(id), what)
			}
		}
	}
	return nil
}

// Updates returns how many there were.
func (m *Monitor) Updates() int { return len(m.events) }

// Concurrent reports whether two servers have each made an update that the other had
// not seen.
func (m *Monitor) Concurrent() bool { return m.parallel }

func digest(s interface {
	AppendBinary([]byte) ([]byte, error)
}) [16]byte {
	return xxh3.Hash128(encoded(s)).Bytes()
}
