package explore

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"time"

	"phoenix/network"
)

// Scene is a state in words, marked with what differs from the state before it on a path.
type Scene struct {
	Nodes    []NodeScene    `json:"nodes"`
	Messages []MessageScene `json:"messages"` // under way, in the order of State.Messages
	Observer []Field        `json:"observer"` // what it knows; none if the model has none
	Faults   []Field        `json:"faults"`   // how many are left of each kind that the model allows
	Claims   []Claim        `json:"claims"`   // the model's properties, of this state alone
	Rest     bool           `json:"rest"`     // nothing but faults can happen
}

// NodeScene is a node in words.
type NodeScene struct {
	Name   string  `json:"name"`
	Up     bool    `json:"up"`
	Panic  string  `json:"panic,omitempty"` // with what its code panicked: it is down for good
	Acted  bool    `json:"acted"`           // its code ran in the step to this state, or it crashed
	Timers []Field `json:"timers"`          // those that run; "gone" for one that does no more
	Fields []Field `json:"fields"`
	Disk   []Field `json:"disk"` // its files, by name
}

// MessageScene is a message under way, in words.
type MessageScene struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Text   string `json:"text"`
	Copies int    `json:"copies"`
	New    bool   `json:"new"` // there are more of it than before
}

// Claim is what a property says of one state.
type Claim struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`   // that of the property, such as always
	Status string `json:"status"` // holds, violated, happens, not here, or not asked of such a state
	Detail string `json:"detail,omitempty"`
}

// Scene returns the i-th state of the path in words, from 0 on. The error wraps ErrModel if
// a node does not do again what it did.
func (p *Path) Scene(i int) (*Scene, error) {
	now := p.State(i)
	was := now
	if i > 0 {
		was = p.State(i - 1)
	}
	x := newExpander(p.sys)
	if err := x.expand(now.row); err != nil {
		return nil, err
	}
	w := words{name: p.sys.name}
	tick := i > 0 && p.steps[i-1].kind == StepTick
	sc := &Scene{Rest: !x.owed, Messages: messageScenes(w, was, now, tick), Observer: w.observerFields(now)}
	for host := range p.sys.hosts {
		id := network.ID(host)
		n := w.node(was, now, id)
		n.Acted = i > 0 && p.steps[i-1].out != nil && p.Steps[i-1].Node == id
		sc.Nodes = append(sc.Nodes, n)
	}
	sc.Faults = p.sys.faultFields(now)
	if i > 0 {
		sc.Observer, _ = compareFields(w.observerFields(was), sc.Observer)
		sc.Faults, _ = compareFields(p.sys.faultFields(was), sc.Faults)
	}
	for k := range p.sys.m.Properties {
		sc.Claims = append(sc.Claims, now.claim(k, sc.Rest))
	}
	return sc, cmp.Or(was.err, now.err)
}

// node returns a node, marked with what differs.
func (w words) node(was, now *State, id network.ID) NodeScene {
	before, after := was.local(id), now.local(id)
	n := NodeScene{Name: w.name(id), Up: !after.down, Panic: after.panic,
		Timers: now.sys.timerFields(after), Fields: w.handler(now, id), Disk: diskFields(now, id)}
	if before != after {
		n.Timers, _ = compareFields(now.sys.timerFields(before), n.Timers)
		n.Disk, _ = compareFields(diskFields(was, id), n.Disk)
		if !before.down && !after.down {
			n.Fields, _ = compareFields(w.handler(was, id), n.Fields)
		}
	}
	return n
}

// handler returns the fields of a node, none if it is down.
func (w words) handler(s *State, id network.ID) []Field {
	h := s.Node(id)
	if h == nil {
		return nil
	}
	return w.content(h)
}

// content returns the parts of a value or, if it has none and is no empty struct, itself.
func (w words) content(v any) []Field {
	at := behind(reflect.ValueOf(v))
	parts := w.fields(at)
	if parts == nil && at.IsValid() && at.Kind() != reflect.Struct {
		parts = []Field{w.field(at.Type().Name(), at)}
	}
	return parts
}

func (w words) observerFields(s *State) []Field {
	if o := s.Observer(); o != nil {
		return w.content(o)
	}
	return nil
}

// timerFields returns the timers of a node that run and, if time passes, when they are due.
func (sys *system) timerFields(l *local) []Field {
	var all []Field
	for i, t := range l.timers {
		f := Field{Name: t}
		if l.waits != nil {
			f.Text = fmt.Sprintf("due in %v", time.Duration(l.waits[i])*sys.m.Timed.Tick)
		}
		all = append(all, f)
	}
	return all
}

// diskFields returns the files on the disk of a node.
func diskFields(s *State, id network.ID) []Field {
	l := s.local(id)
	image := l.image
	if !l.down && s.Node(id) != nil {
		if d := l.live.Load().Disk(); d != nil {
			image = d.Image()
		}
	}
	var all []Field
	for _, f := range image.Files {
		written := bytes.TrimRight(f.Data, "\x00")
		text := fmt.Sprintf("%d bytes, without zeros at the end %q", len(f.Data), written)
		all = append(all, Field{Name: f.Name, Text: text})
	}
	return all
}

// faultFields returns what is left of the budget.
func (sys *system) faultFields(s *State) []Field {
	m, f := sys.m.Faults, sys.faults.at(s.row[sys.faultsAt()])
	var all []Field
	for _, k := range []struct {
		name string
		of   int
		left uint8
	}{{"crashes", m.Crashes, f.crashes}, {"restarts", m.Restarts, f.restarts}, {"drops", m.Drops, f.drops},
		{"duplicates", m.Duplicates, f.duplicates}, {"partitions", m.Partitions, f.partitions}} {
		if k.of > 0 {
			all = append(all, Field{Name: k.name, Text: fmt.Sprintf("%d of %d left", k.left, k.of)})
		}
	}
	if cut := s.Cut(); cut != "" {
		all = append(all, Field{Name: "partition", Text: cut})
	}
	return all
}

// messageScenes returns the messages under way, copies together. A tick later a message
// is another one, but not new.
func messageScenes(w words, was, now *State, tick bool) []MessageScene {
	before := map[uint32]int{}
	for _, id := range was.sys.underway(was.row) {
		if tick {
			id = was.sys.ticked(id)
		}
		before[id]++
	}
	var ids []uint32
	copies := map[uint32]int{}
	for _, id := range now.sys.underway(now.row) {
		if copies[id]++; copies[id] == 1 {
			ids = append(ids, id)
		}
	}
	all := make([]MessageScene, len(ids))
	for i, id := range ids {
		m := now.sys.messages.at(id)
		all[i] = MessageScene{w.name(m.from), w.name(m.to), w.say(m.msg) + now.sys.due(m), copies[id], copies[id] > before[id]}
	}
	return all
}

// due tells when a message arrives, if the model is Timed.
func (sys *system) due(m *message) string {
	t := sys.m.Timed
	switch {
	case t == nil:
		return ""
	case m.hi == 0:
		return ", due now"
	case m.lo == m.hi:
		return fmt.Sprintf(", due in %v", time.Duration(m.lo)*t.Tick)
	}
	return fmt.Sprintf(", due in %v to %v", time.Duration(m.lo)*t.Tick, time.Duration(m.hi)*t.Tick)
}

// claim asks a property about the state.
func (s *State) claim(k int, rest bool) Claim {
	p := &s.sys.m.Properties[k]
	c := Claim{Name: p.Name, Kind: p.Kind.String()}
	var err error
	switch {
	case p.happens != nil:
		if c.Status = "not here"; p.happensIn(s) {
			c.Status = "happens"
		}
		return c
	case p.Kind == KindAlways, p.Kind == KindAtRest && rest:
		err = p.holdsIn(s)
	case p.Kind == KindObserved && s.Observer() != nil:
		err = s.sys.observers.at(s.row[s.sys.observerAt()]).bad[k]
	default:
		c.Status = "not asked of such a state"
		return c
	}
	if c.Status = "holds"; err != nil {
		c.Status, c.Detail = "violated", err.Error()
	}
	return c
}
