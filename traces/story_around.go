package traces

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"phoenix/properties"
	"phoenix/sim"
)

// around adds what the hosts concerned said last before another property failed and what
// led to it, and returns the operations that had not ended.
func (t *teller) around(o *properties.Outcome) []operation {
	at := o.Event
	if at == 0 || o.Kind == properties.Eventually {
		at = uint64(len(t.events))
	}
	concerned, about := t.concerned(o)
	led := map[uint64]bool{}
	if o.Kind != properties.Eventually {
		led = t.ledTo(at)
	}
	last := map[sim.HostID]uint64{} // the number of the remark
	var ops []operation
	for i := range t.events[:at] {
		switch e := &t.events[i]; e.Kind {
		case sim.Note:
			last[e.Host] = e.Seq
		case sim.Panic:
			t.add(e.At, e.Seq, t.name(e.Host)+" panics: "+e.Name)
		case sim.Invoke:
			if i, ok := t.returns[e.ID]; !ok || t.events[i].Seq > at {
				ops = append(ops, t.operationAt(e))
			}
		}
	}
	for i := range t.events[:at] {
		e := &t.events[i]
		if e.Kind != sim.Note {
			continue
		}
		if led[e.Cause] || concerned[e.Host] && (last[e.Host] == e.Seq || mentions(e.Name, about)) {
			t.add(e.At, e.Seq, t.name(e.Host)+": "+e.Name)
		}
	}
	return ops
}

// words finds names of hosts, and what else things are called by.
var words = regexp.MustCompile(`[A-Za-z0-9_#.-]*[A-Za-z0-9_#-]`)

// concerned returns the hosts that the detail of a failure names, or all, and what it is
// about: the words in it with digits, such as the number of a term, that are no hosts.
func (t *teller) concerned(o *properties.Outcome) (hosts map[sim.HostID]bool, about []string) {
	hosts = map[sim.HostID]bool{}
	for _, word := range words.FindAllString(o.Detail, -1) {
		if h := t.w.Lookup(word); h != nil {
			hosts[h.ID()] = true
		} else if _, err := time.ParseDuration(word); err != nil && strings.ContainsAny(word, "0123456789") {
			about = append(about, word)
		}
	}
	if len(hosts) == 0 {
		for _, h := range t.w.Hosts() {
			hosts[h.ID()] = true
		}
		about = nil
	}
	return hosts, about
}

// mentions reports whether a remark is about one of some things.
func mentions(remark string, things []string) bool {
	return slices.ContainsFunc(words.FindAllString(remark, -1), func(w string) bool { return slices.Contains(things, w) })
}

// ledTo adds the message whose delivery led to an event, and returns the events that
// led there from what its sender was told in turn.
func (t *teller) ledTo(seq uint64) map[uint64]bool {
	led := map[uint64]bool{}
	deliveries := 0
	for e := t.event(seq); e != nil; e = t.event(e.Cause) {
		led[e.Seq] = true
		if e.Kind == sim.Deliver {
			if deliveries++; deliveries == 1 {
				t.addMessage(e)
			} else {
				break
			}
		}
	}
	return led
}
