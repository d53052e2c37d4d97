package traces

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"phoenix/nodes"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"
)

// account is what a shrinker remembers of a run: when operations ran, and which
// messages are there because of which of them.
type account struct {
	roots   []int32 // by number of the event: the operation it comes from, from 1; 0: none
	ops     []called
	at      map[place]int  // of an operation, in ops
	next    []int          // by client: the index of the operation that it invokes next
	open    map[uint64]int // by number of the operation
	sent    map[link][]int32
	times   map[link][]sim.Time // when they were sent
	clients sim.HostID          // the first of them: servers are before
}

// place is an operation of a draft: a client and an index in its script.
type place struct{ client, index int }

// called is an operation as it ran.
type called struct {
	place
	from, to sim.Time // to is sim.Forever if it did not return
}

// link is a sender and a receiver.
type link struct{ from, to sim.HostID }

func newAccount(cfg *scenario.Config) *account {
	return &account{
		roots: make([]int32, 1), at: map[place]int{}, next: make([]int, cfg.Clients), open: map[uint64]int{},
		sent: map[link][]int32{}, times: map[link][]sim.Time{}, clients: sim.HostID(cfg.Servers),
	}
}

func (a *account) watch(w *sim.World) { w.Observe(a.observe) }

func (a *account) observe(e *sim.Event) {
	root := a.roots[e.Cause]
	client := int(e.Host - a.clients)
	switch e.Kind {
	case sim.Invoke:
		if client < 0 || client >= len(a.next) {
			break // not by a script
		}
		p := place{client, a.next[client]}
		a.at[p] = len(a.ops)
		a.ops = append(a.ops, called{p, e.At, sim.Forever})
		a.next[client]++
		root = int32(len(a.ops))
		a.open[e.ID] = len(a.ops) - 1
	case sim.Return:
		if i, ok := a.open[e.ID]; ok {
			a.ops[i].to = e.At
		}
	case sim.Send:
		l := link{e.Host, e.Peer}
		a.sent[l], a.times[l] = append(a.sent[l], root), append(a.times[l], e.At)
	}
	a.roots = append(a.roots, root)
}

// order returns the operations of scripts in the order in which they ran, those that
// did not at the end.
func (a *account) order(scripts [][]nodes.Op) []place {
	var all []place
	for c, script := range scripts {
		for i := range script {
			all = append(all, place{c, i})
		}
	}
	when := func(p place) int {
		if i, ok := a.at[p]; ok {
			return i - len(a.ops)
		}
		return 0
	}
	slices.SortStableFunc(all, func(p, q place) int { return cmp.Compare(when(p), when(q)) })
	return all
}

// span returns when an operation ran.
func (a *account) span(p place) (called, bool) {
	i, ok := a.at[p]
	if !ok {
		return called{}, false
	}
	return a.ops[i], true
}

// renumbered returns the number that a message of a link has when all that comes from
// some operations is gone, and false if it is gone too.
func (a *account) renumbered(l link, number int64, gone map[place]bool) (int64, bool) {
	sent := a.sent[l]
	isGone := func(root int32) bool { return root > 0 && gone[a.ops[root-1].place] }
	if number > int64(len(sent)) {
		return number, true
	}
	fewer := int64(0)
	for _, root := range sent[:number-1] {
		if isGone(root) {
			fewer++
		}
	}
	return number - fewer, !isGone(sent[number-1])
}

// sentAt returns when the message of a fault was sent, and false if the fault is of
// another kind or there was no such message.
func (a *account) sentAt(f *chaos.Fault) (time.Duration, bool) {
	from, ok1 := a.host(f.On.String())
	to, ok2 := a.host(f.To.String())
	times := a.times[link{from, to}]
	if !isMessage(f) || !ok1 || !ok2 || f.N > int64(len(times)) {
		return 0, false
	}
	return time.Duration(times[f.N-1]), true
}

// host returns the host of a name such as s1 or c2.
func (a *account) host(name string) (sim.HostID, bool) {
	switch prefix, n, ok := hostNumber(name); {
	case !ok:
		return 0, false
	case prefix == 's':
		return sim.HostID(n - 1), true
	default:
		return a.clients + sim.HostID(n-1), true
	}
}

// hostNumber takes the name of a server or a client, such as s1 or c2, apart. It reports
// false for others: a role may begin with the same letter.
func hostNumber(name string) (prefix byte, n int, ok bool) {
	if len(name) < 2 || name[0] != 's' && name[0] != 'c' {
		return 0, 0, false
	}
	n, err := strconv.Atoi(name[1:])
	return name[0], n, err == nil && n > 0
}
