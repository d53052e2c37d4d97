package laws

// seen counts what a history showed: how often each law was checked where it might
// not have held, and what made it hard to hold.
type seen struct {
	hits       [lawCount]int
	deltas     int // operations that returned a delta
	concurrent int // events that did not see an earlier one of another identifier
	late       int // deltas received before one that their event had seen
	repeated   int // deltas received again
	merges     int // merges between copies neither of which had seen all that the other had
	crashes    int // crashes that lost an event
	crashed    Set // the copies that lost one
	reborn     bool
}

func (s *seen) operation(log *record, event int) {
	before := Set(1)<<event - 1
	if before&^log.past[event] != 0 {
		s.concurrent++
	}
	if s.crashed.Has(log.events[event].Copy) {
		s.reborn = true
	}
}

func (s *seen) delivery(log *record, visible, brings Set, event int) {
	switch {
	case event < 0:
	case visible.Has(event):
		s.repeated++
	case log.past[event]&^visible&^brings != 0:
		s.late++
	}
}

func (s *seen) merge(mine, theirs Set) {
	if mine&^theirs != 0 && theirs&^mine != 0 {
		s.merges++
	}
}

func (s *seen) crash(at int, visible, saved Set) {
	if visible&^saved != 0 {
		s.crashes++
		s.crashed |= 1 << at
	}
}

// reads counts reads that the stronger laws 14 and 16 are about.
func (s *seen) reads(l Law, log *record, visible Set) {
	if visible.Len() < 2 || l == 0 {
		return
	}
	alive := log.alive(visible)
	for id := range visible.All() {
		if l == 14 && log.covers[id] != 0 && alive&^(1<<id)&^log.past[id] != 0 {
			s.hits[14]++ // what a removal did not see is alive beside it
			return
		}
		if l == 16 && visible&(1<<id-1)&^log.past[id] != 0 {
			s.hits[16]++ // of two writes neither may have seen the other
			return
		}
	}
}

func (s *seen) add(o *seen) {
	for i := range s.hits {
		s.hits[i] += o.hits[i]
	}
	s.deltas += o.deltas
	s.concurrent += o.concurrent
	s.late += o.late
	s.repeated += o.repeated
	s.merges += o.merges
	s.crashes += o.crashes
	s.reborn = s.reborn || o.reborn
}
