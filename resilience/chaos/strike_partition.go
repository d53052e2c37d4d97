package chaos

import (
	"fmt"
	"strings"

	"phoenix/network"
)

// strikePartition cuts links; a flapping partition heals and is back, again and again.
func strikePartition(in *Injection, f *Fault, l *live) {
	cut := in.cut(f, l)
	if len(cut) == 0 {
		return
	}
	name := f.Name
	if name == "" {
		name = strings.TrimPrefix(f.label(), "partition ")
	}
	in.claimed["partition "+name] = true
	l.begun = true
	p := in.net.Partition(name, cut)
	lost := uint64(0) // to those of its cuts that have healed
	l.count(func() uint64 { return lost + p.Messages() })
	l.onEnd(func() { p.Heal() })
	if f.Every == 0 {
		return
	}
	var flap func()
	flap = func() {
		if l.ended {
			return
		}
		if p.Healed() {
			lost += p.Messages()
			p = in.net.Partition(name, cut)
		} else {
			p.Heal()
		}
		in.w.At(in.w.Now().Add(f.Every), flap)
	}
	in.w.At(in.w.Now().Add(f.Every), flap)
}

// cut resolves the groups of a partition.
func (in *Injection) cut(f *Fault, l *live) network.Cut {
	groups := make([][]network.ID, len(f.Groups))
	grouped := map[network.ID]bool{}
	for i, t := range f.Groups {
		for _, id := range in.ids(l, t, fmt.Sprintf("group %d", i)) {
			if !grouped[id] { // a group that is drawn may meet another
				grouped[id] = true
				groups[i] = append(groups[i], id)
			}
		}
	}
	switch f.mode() {
	case OneWay:
		return network.OneWay(groups[0], groups[1])
	case Bridge:
		return network.Bridge(groups[0], groups[2])
	case Ring:
		return network.Ring(groups[0]...)
	case Complete:
		last := len(groups) - 1
		for _, h := range in.w.Hosts() {
			if !grouped[h.ID()] {
				groups[last] = append(groups[last], h.ID())
			}
		}
	}
	return network.Complete(groups...)
}
