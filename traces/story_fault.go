package traces

import (
	"fmt"
	"slices"
	"strings"

	"phoenix/network"
	"phoenix/resilience/chaos"
	"phoenix/sim"
)

// faults adds the faults of the plan that had an effect, or all if none can be spared:
// that a host which crashed forgot something is no effect that is counted.
func (t *teller) faults(shrunk bool) {
	if noise := t.noise(); noise != "" {
		t.add(0, 0, "fault: "+noise)
	}
	for _, e := range t.result.Effects {
		f := e.Fault
		if e.Fired == 0 || f.Kind == chaos.End || e.Touched == 0 && !shrunk {
			continue
		}
		at, f0 := sim.Time(f.At), f
		f0.At, f0.For = 0, 0
		text := "fault: " + strings.TrimPrefix(f0.String(), "at 0s ")
		if len(e.Hosts) > 0 {
			text += " (" + strings.Join(e.Hosts, ", ") + ")"
		}
		if f.For > 0 {
			text += ", for " + f.For.String()
		}
		if end, ok := t.ended(&f); ok {
			text += ", until " + end.String()
		}
		seq := uint64(0)
		if isMessage(&f) {
			send := t.sent(f.On.String(), f.To.String(), f.N)
			if send == nil {
				continue
			}
			at, seq = send.At, send.Seq
			text += ": " + t.content(send)
		} else if n := t.lost(&e); n > 0 {
			text += "; " + counted(n, "message") + " lost"
		}
		t.add(at, seq, text)
	}
}

// noise tells which kinds of noise the links had, and how many messages they concerned.
func (t *teller) noise() string {
	l := &t.result.Config.Links
	var kinds []string
	for _, k := range []struct {
		name string
		on   bool
	}{
		{"loss", l.Loss > 0 || l.Burst != network.GilbertElliott{}}, {"duplicate", l.Duplicate > 0},
		{"reorder", l.Reorder > 0}, {"corrupt", l.Corrupt > 0},
	} {
		for _, c := range t.result.Faults {
			if k.on && c.Name == k.name && c.Effect > 0 {
				kinds = append(kinds, fmt.Sprintf("%s (%s)", k.name, counted(c.Effect, "message")))
			}
		}
	}
	if kinds == nil {
		return ""
	}
	return "noise of the links: " + strings.Join(kinds, ", ")
}

// sent returns the sending of a message by its number on its link.
func (t *teller) sent(from, to string, number int64) *sim.Event {
	for i := range t.events {
		e := &t.events[i]
		if e.Kind == sim.Send && t.name(e.Host) == from && t.name(e.Peer) == to {
			if number--; number == 0 {
				return e
			}
		}
	}
	return nil
}

// ended returns when the plan ends a fault by its name.
func (t *teller) ended(f *chaos.Fault) (sim.Time, bool) {
	for _, e := range t.result.Effects {
		if f.Name != "" && e.Fault.Kind == chaos.End && e.Fault.Name == f.Name && e.Fault.At >= f.At {
			return sim.Time(e.Fault.At), true
		}
	}
	return 0, false
}

// lost counts the messages that were lost to a fault: what partitions and loss touch are
// messages, a crash loses those that its host should have had.
func (t *teller) lost(e *chaos.Effect) uint64 {
	switch f := &e.Fault; f.Kind {
	case chaos.Partition, chaos.Loss:
		return e.Touched
	case chaos.Crash:
		return t.lostTo(f)
	}
	return 0
}

// lostTo counts the messages to hosts that were down while a crash lasted, of those that
// it names if it names hosts.
func (t *teller) lostTo(f *chaos.Fault) (n uint64) {
	over := sim.Time(f.At + f.For)
	if f.For == 0 {
		over = sim.Forever
	}
	if end, ok := t.ended(f); ok {
		over = min(over, end)
	}
	named := !slices.ContainsFunc(f.On.Of, isIndirect)
	for i := range t.events {
		e := &t.events[i]
		if e.Kind == sim.Drop && e.Name == "host down" && e.At >= sim.Time(f.At) && e.At <= over &&
			(!named || slices.Contains(f.On.Of, t.name(e.Peer))) {
			n++
		}
	}
	return n
}
