package linear

import "phoenix/properties/history"

// link makes chains of clusters. A CAS of unknown outcome happened if somebody
// saw what it wrote, be it another such CAS that happened; else it is left out.
// O(n).
func (m *registerMonitor) link() {
	m.effort = len(m.ops)/8 + 1000
	for _, at := range m.cas {
		if m.clusters[at].ret != history.Pending {
			m.join(at)
		}
	}
	for _, at := range m.cas {
		for at != none && m.mustHappen(&m.clusters[at]) && m.join(at) {
			prev := m.clusters[at].prev
			if c := &m.clusters[prev]; m.flaw == flawPendingCASOnce && c.ret == history.Pending {
				c.prev = none
			}
			at = prev
		}
	}
}

// mustHappen tells whether a CAS of unknown outcome began c and happened.
func (m *registerMonitor) mustHappen(c *cluster) bool {
	return c.prev != none && c.ret == history.Pending && (c.observed() || m.flaw == flawPendingCAS)
}

// join puts a cluster behind the one whose value its CAS replaced, and returns
// false if there is one already.
func (m *registerMonitor) join(at int32) bool {
	prev := &m.clusters[m.clusters[at].prev]
	if prev.next == none {
		prev.next = at
		m.linked++
		return true
	}
	if prev.next != at && m.flaw != flawFork {
		m.forks = append(m.forks, at)
	}
	return false
}

// zones returns the zone of the initial value's chain and those of the others,
// each kind by low end. O(n log n), and O(n) where moments are close.
func (m *registerMonitor) zones() (initial zone, forward, backward []zone) {
	all := make([]zone, 2*len(m.clusters))
	all, scratch := all[:len(m.clusters)], all[len(m.clusters):]
	left, right, reached := 0, len(all), 0 // backward zones are filled in from the left, forward ones from the right
	for at := range m.clusters {
		c := &m.clusters[at]
		if c.prev != none || !c.happened() {
			continue
		}
		z, length := m.walk(int32(at))
		reached += length - 1
		switch {
		case !c.written():
			m.foundNowhere(int32(at))
		case c.ret == farPast:
			initial = z
		case z.f < z.s:
			right--
			all[right] = z
		default:
			all[left] = z
			left++
		}
	}
	if reached < m.linked && m.flaw != flawCycle {
		m.findCircles()
	}
	return initial, sortZones(all[right:], scratch[right:]), sortZones(all[:left], scratch[:left])
}

// walk follows a chain from its head and returns its zone and the number of its
// clusters. In a chain each writer comes before the reads of its value, and
// they before the CAS that replaces it; if one that comes later returned before
// an earlier one was called, the chain has no order.
func (m *registerMonitor) walk(head int32) (z zone, length int) {
	z = zone{f: history.Pending, s: farPast, head: head}
	tangled := false
	for at := head; at != none; at = m.clusters[at].next {
		c := &m.clusters[at]
		before := z.s // the greatest call of what comes before
		if m.flaw == flawChainForgets {
			before = farPast
		}
		tangled = tangled || length > 0 && m.less(c.ret, before, flawChainTouch)
		tangled = tangled || m.flaw != flawReadFirst && m.less(c.first, max(before, c.call), flawReadTouch)
		z.s = max(z.s, c.call, c.last)
		z.f = min(z.f, c.first)
		if m.flaw != flawZoneOfReads {
			z.f = min(z.f, c.ret)
		}
		length++
	}
	if tangled {
		m.foundTangle(head)
	}
	return z, length
}
