package network

import "slices"

// ender is a fault that somebody put into force and that may end.
type ender interface{ End() }

func (n *Network) begin(e ender) { n.inForce = append(n.inForce, e) }

func (n *Network) end(e ender) {
	if i := slices.Index(n.inForce, e); i >= 0 {
		n.inForce = slices.Delete(n.inForce, i, i+1)
	}
}

// Calm switches noise off from now on, for the phase of a run in which everything is
// to recover. Models of links, also those that SetLink gives later, lose, corrupt,
// reorder and duplicate no message any more; delays and bandwidths stay. Disturbances,
// clogs, betrayals and faults of messages that were not sent yet end. What is under
// way arrives as it would have. Partitions and limits of inboxes stay: see HealAll and
// SetInbox. Faults that are begun later have their effect.
func (n *Network) Calm() {
	n.calm = true
	n.emitFault("calm")
	n.cfg.Link = n.cfg.Link.calmed()
	for _, row := range n.links {
		for _, l := range row {
			if l == nil {
				continue
			}
			if l.model != &n.cfg.Link {
				m := l.model.calmed()
				l.set(&m)
			}
			if l.over != nil {
				l.over.strikes = nil
				l.uncover()
			}
		}
	}
	for _, e := range slices.Clone(n.inForce) {
		e.End()
	}
}

// calmed is m without noise.
func (m Link) calmed() Link {
	m.Loss, m.Duplicate, m.Reorder, m.Corrupt = 0, 0, 0, 0
	m.Burst, m.ReorderBy = GilbertElliott{}, Delay{}
	return m
}

// HealAll heals every partition that is in force, in order of the links they cut.
func (n *Network) HealAll() {
	for _, row := range n.links {
		for _, l := range row {
			for l != nil && len(l.cuts) > 0 {
				l.cuts[0].Heal()
			}
		}
	}
}
