package explore_test

import (
	"cmp"
	"fmt"
	"slices"

	"phoenix/network"
	"phoenix/properties/explore"
)

// The naive search: global states are plain values, what happens is written down straight
// from the semantics in the notes, and the visited states are a map. It shares no code with
// the explorer.

// naiveState is a global state. Messages under way are in order of sender and receiver, and
// within that by kind or, if channels are ordered, as they were sent.
type naiveState struct {
	view
	boots [3]uint32
	ghost [3]string // what nodes were that are down for good
	last  *flying   // delivered, if Duplicating
	left  [5]int    // crashes, restarts, drops, duplicates, partitions
	force int       // place of the cut in force plus one
}

func (s naiveState) key() string {
	last := flying{from: -1}
	if s.last != nil {
		last = *s.last
	}
	return fmt.Sprint(s.up, s.state, s.timers, s.dial, s.force, s.net, s.boots, s.ghost, s.left, last)
}

func (s naiveState) clone() naiveState {
	s.net = slices.Clone(s.net)
	return s
}

// naiveStep is a step of the naive search and the state that it leads to.
type naiveStep struct {
	kind  explore.StepKind
	host  network.ID
	from  network.ID
	what  int // the kind of the message, the timer or the cut
	picks string
	to    naiveState
}

// put adds a message to the network.
func (j subject) put(s *naiveState, e flying) {
	set := j.m.Network == explore.Duplicating || j.m.Network == explore.Board
	if set && slices.Contains(s.net, e) {
		return
	}
	s.net = append(s.net, e)
	slices.SortStableFunc(s.net, func(a, b flying) int {
		byKind := cmp.Compare(a.kind, b.kind)
		if j.m.Network == explore.Ordered {
			byKind = 0
		}
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), byKind)
	})
}

// apply is what a node does by a rule.
func (j subject) apply(s *naiveState, host network.ID, r rule) {
	s.state[host] = r.next
	s.timers[host] = s.timers[host]&^r.stop | r.set
	for _, p := range r.sends {
		j.put(s, flying{host, p.to, p.kind})
	}
	if r.tell != 0 {
		s.dial = turned(s.dial, r.tell)
	}
}

// boot starts a node.
func (j subject) boot(s naiveState, host network.ID, kind explore.StepKind) (all []naiveStep) {
	choice := j.boots[host][s.boots[host]%2]
	for i, r := range choice {
		to := s.clone()
		to.up[host], to.state[host], to.timers[host] = true, 0, 0
		j.apply(&to, host, r)
		all = append(all, naiveStep{kind, host, -1, 0, picked(choice, i), to})
	}
	return all
}

func picked(choice []rule, i int) string {
	if len(choice) < 2 {
		return "[]"
	}
	return fmt.Sprint([]int{i})
}

// first returns the states in which all nodes have booted.
func (j subject) first() []naiveState {
	f := j.m.Faults
	all := []naiveState{{left: [5]int{f.Crashes, f.Restarts, f.Drops, f.Duplicates, f.Partitions}}}
	for host := range j.hosts {
		var next []naiveState
		for _, s := range all {
			for _, b := range j.boot(s, network.ID(host), explore.StepBoot) {
				next = append(next, b.to)
			}
		}
		all = next
	}
	return slices.DeleteFunc(all, func(s naiveState) bool { return !j.within(s) })
}

func (j subject) within(s naiveState) bool { return j.limit == 0 || len(s.net) <= j.limit }

// moves are the steps from a state, those that change nothing included if they count, and
// whether anything but a fault can happen.
func (j subject) moves(s naiveState) (all []naiveStep, idle int, owed bool) {
	act := func(host network.ID, st naiveStep, event int, taken func(*naiveState)) {
		if j.guarded && j.refused[host][s.state[host]][event] {
			return
		}
		choice := j.rules[host][s.state[host]][event]
		for i, r := range choice {
			to := s.clone()
			taken(&to) // what is delivered leaves before what is sent arrives
			j.apply(&to, host, r)
			changed := to.state != s.state || to.timers != s.timers || len(r.sends) > 0 || r.tell != 0
			consumed := j.m.Network == explore.Ordered && st.kind == explore.StepDeliver
			owed = owed || changed || consumed || j.m.Idle
			if changed || consumed {
				st.picks, st.to = picked(choice, i), to
				all = append(all, st)
			} else if j.m.Idle {
				idle++
			}
		}
	}
	for i, e := range s.net {
		if !j.head(s, i) || !s.up[e.to] || j.isCut(s, e) {
			continue
		}
		st := naiveStep{kind: explore.StepDeliver, host: e.to, from: e.from, what: int(e.kind)}
		act(e.to, st, int(e.kind), func(to *naiveState) { j.delivered(to, i) })
	}
	for host := range j.hosts {
		for timer := range j.timers {
			if s.timers[host]>>timer&1 == 1 {
				st := naiveStep{kind: explore.StepTimer, host: network.ID(host), from: -1, what: timer}
				off := func(to *naiveState) { to.timers[host] &^= 1 << timer }
				act(st.host, st, j.kinds+timer, off)
			}
		}
	}
	all = append(all, j.mishaps(s)...)
	return all, idle, owed || s.force > 0
}

// head reports whether the i-th message can be taken from the network; of equal ones the
// first stands for all.
func (j subject) head(s naiveState, i int) bool {
	for _, e := range s.net[:i] {
		if e == s.net[i] || j.m.Network == explore.Ordered && e.from == s.net[i].from && e.to == s.net[i].to {
			return false
		}
	}
	return true
}

func (j subject) isCut(s naiveState, e flying) bool {
	return s.force > 0 && slices.Contains(j.m.Faults.Cuts[s.force-1].Cut, [2]network.ID{e.from, e.to})
}

// delivered takes the i-th message from the network, as far as it is taken.
func (j subject) delivered(s *naiveState, i int) {
	switch j.m.Network {
	case explore.Duplicating:
		e := s.net[i]
		s.last = &e
	case explore.NonDuplicating, explore.Ordered:
		s.net = slices.Delete(s.net, i, i+1)
	}
}

// mishaps are the faults that can happen in a state.
func (j subject) mishaps(s naiveState) (all []naiveStep) {
	add := func(kind explore.StepKind, host, from network.ID, what int, change func(*naiveState)) {
		st := naiveStep{kind: kind, host: host, from: from, what: what, picks: "[]", to: s.clone()}
		change(&st.to)
		all = append(all, st)
	}
	const crashes, restarts, drops, duplicates, partitions = 0, 1, 2, 3, 4
	for i, e := range s.net {
		if !j.head(s, i) {
			continue
		}
		if j.m.Lossy || s.left[drops] > 0 {
			add(explore.StepDrop, e.to, e.from, int(e.kind), func(to *naiveState) {
				to.net = slices.Delete(to.net, i, i+1)
				if !j.m.Lossy {
					to.left[drops]--
				}
			})
		}
		if s.left[duplicates] > 0 && (j.m.Network == explore.NonDuplicating || j.m.Network == explore.Ordered) {
			add(explore.StepDuplicate, e.to, e.from, int(e.kind), func(to *naiveState) {
				to.net = slices.Insert(to.net, i, e)
				to.left[duplicates]--
			})
		}
	}
	for host := range j.hosts {
		id := network.ID(host)
		switch may := j.m.Faults.Crashable; {
		case s.up[host] && s.left[crashes] > 0 && (len(may) == 0 || slices.Contains(may, id)):
			add(explore.StepCrash, id, -1, 0, func(to *naiveState) {
				if j.m.Faults.Restarts == 0 {
					to.ghost[host] = fmt.Sprint(s.state[host], s.timers[host])
				}
				to.up[host], to.state[host], to.timers[host] = false, 0, 0
				to.boots[host]++
				to.left[crashes]--
			})
		case !s.up[host] && s.left[restarts] > 0:
			for _, b := range j.boot(s, id, explore.StepRestart) {
				b.to.left[restarts]--
				all = append(all, b)
			}
		}
	}
	if s.force > 0 {
		add(explore.StepMend, -1, -1, s.force, func(to *naiveState) { to.force, to.cut = 0, "" })
	} else if s.left[partitions] > 0 {
		for i, cut := range j.m.Faults.Cuts {
			add(explore.StepCut, -1, -1, i+1, func(to *naiveState) {
				to.force, to.cut = i+1, cut.Name
				to.left[partitions]--
			})
		}
	}
	return all
}

// naiveResult is what the naive search finds.
type naiveResult struct {
	unique, generated, terminal uint64
	depth                       int
	cut                         bool           // some states at the bound were not gone on from
	found                       []int          // by claim: the least depth at which it was decided, 0 for none
	states                      map[string]int // their depths
}

// search visits the states breadth-first, up to a depth, 0 for all; with stop until the end
// of the depth in which a violation was found. It gives up beyond a number of states.
func (j subject) search(depth int, stop bool, most int) (r naiveResult, ok bool) {
	r = naiveResult{states: map[string]int{}, found: make([]int, len(j.claims))}
	queue := []naiveState{}
	admit := func(s naiveState, at int) {
		r.generated++
		if key := s.key(); r.states[key] == 0 {
			r.states[key] = at
			r.unique++
			queue = append(queue, s)
			j.judge(&r, s, at, false)
		}
	}
	for _, s := range j.first() {
		admit(s, 1)
	}
	for len(queue) > 0 && len(r.states) <= most {
		r.depth++
		if stop && j.violated(r) {
			return r, true
		}
		if r.depth == depth {
			r.cut = true
			return r, true
		}
		level := queue
		queue = nil
		for _, s := range level {
			steps, idle, owed := j.moves(s)
			r.generated += uint64(idle)
			if !owed {
				r.terminal++
				j.judge(&r, s, r.depth, true)
			}
			for _, st := range steps {
				if j.within(st.to) {
					admit(st.to, r.depth+1)
				}
			}
		}
	}
	return r, len(queue) == 0
}

func (j subject) judge(r *naiveResult, s naiveState, depth int, rest bool) {
	for i, cl := range j.claims {
		decided := cl.wish.fulfilled(s.view)
		if cl.kind == explore.KindObserved {
			decided = s.dial == cl.wish.dial
		}
		if decided && rest == (cl.kind == explore.KindAtRest) && r.found[i] == 0 {
			r.found[i] = depth
		}
	}
}

func (j subject) violated(r naiveResult) bool {
	for i, cl := range j.claims {
		if cl.kind != explore.KindSometimes && r.found[i] > 0 {
			return true
		}
	}
	return false
}
