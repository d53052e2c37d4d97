package crdt

import (
	"cmp"
	"slices"
)

// removals says which events took dots away, so that Delta finds them without
// looking at every live dot. It is no part of the value or of the encoding: where
// it knows less, Delta only says more.
//
// It keeps the latest, for each replica in the order of its events. Of those before
// it knows the events only: who lacks one of these is told of all dead dots.
type removals struct {
	logs   []removalLog  // in order of replica, none empty
	size   int           // entries in logs
	before VersionVector // the events that took what is no longer in logs
}

type removalLog struct {
	replica Replica
	taken   []taken // in order of by
}

// taken says: whoever has seen all events of the log's replica up to by has seen
// these dots of another go.
type taken struct {
	by      uint64
	replica Replica
	span    span
}

func (k *causality) noted() *removals {
	if k.log == nil {
		k.log = &removals{}
	}
	return k.log
}

// room is how many entries, of 32 bytes, the logs keep beside n live dots. To tell
// all that is dead takes O(n), as long as to copy the rows of so many events.
func room(live int) int { return max(32, live/16) }

// note adds that who has seen by has seen gone go.
func (l *removals) note(by *VersionVector, gone *CausalContext, live int) {
	spans := 0
	for _, k := range gone.clocks {
		spans += len(k.spans)
	}
	if spans*len(by.entries) > room(live) {
		l.before.Merge(by)
		return
	}
	for _, b := range by.entries {
		for _, k := range gone.clocks {
			for _, s := range k.spans {
				l.add(b, k.replica, s)
			}
		}
	}
	l.trim(live)
}

// noteFew does so for a few dots.
func (l *removals) noteFew(by, gone []Dot, live int) {
	for _, b := range by {
		for _, d := range gone {
			l.add(b, d.Replica, span{d.Counter, d.Counter})
		}
	}
	l.trim(live)
}

func (l *removals) at(r Replica) (int, bool) {
	if n := len(l.logs); n > 0 && l.logs[n-1].replica == r {
		return n - 1, true
	}
	return slices.BinarySearchFunc(l.logs, r, func(g removalLog, r Replica) int { return cmp.Compare(g.replica, r) })
}

func (g *removalLog) from(by uint64) int {
	if n := len(g.taken); n == 0 || g.taken[n-1].by < by {
		return n
	}
	i, _ := slices.BinarySearchFunc(g.taken, by, func(t taken, by uint64) int { return cmp.Compare(t.by, by) })
	return i
}

func (l *removals) add(by Dot, r Replica, n span) {
	i, ok := l.at(by.Replica)
	if !ok {
		l.logs = slices.Insert(l.logs, i, removalLog{replica: by.Replica})
	}
	g := &l.logs[i]
	if at := g.from(by.Counter); at == len(g.taken) {
		g.taken = append(g.taken, taken{by.Counter, r, n})
	} else {
		g.taken = slices.Insert(g.taken, at, taken{by.Counter, r, n})
	}
	l.size++
}

// trim drops the older half of each log if together they are too long.
func (l *removals) trim(live int) {
	if l.size <= room(live) {
		return
	}
	logs := l.logs[:0]
	for _, g := range l.logs {
		n := (len(g.taken) + 1) / 2
		l.before.raise(Dot{g.replica, g.taken[n-1].by})
		l.size -= n
		if g.taken = slices.Delete(g.taken, 0, n); len(g.taken) > 0 {
			logs = append(logs, g)
		}
	}
	clear(l.logs[len(logs):])
	l.logs = logs
}

// missing adds to out the dots that were taken by the events of lacks or by others
// after the first of them. It reports whether the log goes back that far.
func (l *removals) missing(lacks, out *CausalContext) bool {
	for _, k := range lacks.clocks {
		first := k.spans[0].lo
		if first <= l.before.Get(k.replica) {
			return false
		}
		if i, ok := l.at(k.replica); ok {
			g := &l.logs[i]
			for _, t := range g.taken[g.from(first):] {
				out.addSpan(t.replica, t.span)
			}
		}
	}
	return true
}

// forgetful is the log of a state of which only the context c and the number of live dots is known.
func (c *CausalContext) forgetful(live int) *removals {
	if c.Len() == uint64(live) {
		return nil
	}
	return &removals{before: *c.reach()}
}
