package explore

// maxSleepers is how many nodes fit into the set of those that are asleep.
const maxSleepers = 32

// In a state that a step of one node has led to, steps that could be taken before it, by nodes
// that come before that one, are counted and not looked up: their nodes are asleep.
//
// Say that b could be taken in a state p, where a step a of a later node led to s. The two
// commute, so b leads from s to the same state as a from the state q behind b from p. Whoever
// goes on from q finds it, or leaves it to a step of a node after a's in its turn, of which
// there is an end. That q is found goes by the same argument: p was found before s. In a
// breadth-first search q is no deeper than s, so what is found is found at its depth. So all
// states are visited, and all steps of each are known; only which one finds a state differs.
//
// These are the sleep sets of Godefroid, Holzmann and Pirottin, "State-space caching
// revisited" (Formal Methods in System Design 7, 1995), without what they inherit: a set that
// hangs on the last step only serves whoever else leads to the state. Unlike with
// Config.SleepSets, all steps count as generated.

// commutes reports whether steps of different nodes commute that can be taken both: each
// takes a message of its own or fires a timer. What is delivered last, time, and a budget of
// faults would tell their orders apart.
func (sys *system) commutes() bool {
	m, f := &sys.m, &sys.m.Faults
	return m.Network != Duplicating && !m.Lossy && m.Timed == nil && sys.hosts <= maxSleepers &&
		f.Crashes|f.Drops|f.Duplicates|f.Partitions == 0
}

// sleeping reports whether the steps of a search may be left to others: not if it has to look
// at states for other reasons than to know them, or leaves out steps itself.
func (s *search) sleeping() bool {
	return s.plain() && s.sys.ample == nil && s.sleep == nil && (s.cfg.Order == BreadthFirst || s.cfg.MaxDepth == 0) && s.sys.commutes()
}

// sleepers returns who sleeps behind an outcome: the nodes before the one that acts, but for
// those that it sends to, which may have steps that they had not before. Two steps that tell
// the observer something do not commute, so then nobody sleeps.
func (sys *system) sleepers(host int, out *outcome) uint32 {
	if out.told != 0 || host >= maxSleepers {
		return 0
	}
	set := uint32(1)<<host - 1
	for _, id := range out.sends {
		if to := sys.messages.at(id).to; int(to) < maxSleepers {
			set &^= 1 << to
		}
	}
	return set
}

// pass counts the steps of a node that is asleep.
func (x *expander) pass(out *outcome, kind StepKind) {
	idling := x.idling(kind)
	for ; out != nil; out = out.more {
		if !out.refused && (!out.idle || idling) {
			x.idles++
			x.owed = true
		}
	}
}
