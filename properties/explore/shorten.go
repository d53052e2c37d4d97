package explore

// shortenBytes bounds the memory of the search that makes the counterexamples of a
// depth-first one shortest, if its user sets no bound: it is run by those who had
// violations in mind, but little memory.
const shortenBytes = 1 << 30

// shorten looks again, breadth-first, for what a depth-first search has found to be violated,
// or to happen if that is asked for: which states of several that search meets first hangs on
// its workers, and the paths to them are long. A search that the first violation has ended
// takes over all that is found up to that depth, and nothing else.
func (s *search) shorten() error {
	violated := s.failed()
	if s.cfg.Order != DepthFirst || !violated && !(s.cfg.Examples && s.happened()) {
		return nil
	}
	whole := s.cfg.NoStop || !violated // no violation has ended it
	cfg := s.cfg
	cfg.Order = BreadthFirst
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = shortenBytes
	}
	again, err := newSearch(s.sys, cfg)
	if err != nil {
		return err
	}
	if whole {
		again.wanted = make([]bool, len(s.found))
		for i := range s.found {
			again.wanted[i] = s.found[i].depth > 0 && (!s.sometimes(i) || cfg.Examples)
		}
	}
	if err := again.run(); err != nil {
		return err
	}
	s.peak = max(s.peak, s.setBytes()+again.bytes())
	if again.stopped.Load() {
		return nil
	}
	for i := range s.found {
		if again.found[i].depth > 0 || !whole {
			s.found[i] = again.found[i]
		}
	}
	s.again = again
	return nil
}

// settled reports whether all that is wanted has been found.
func (s *search) settled() bool {
	for i, wanted := range s.wanted {
		if wanted && s.found[i].depth == 0 {
			return false
		}
	}
	return s.wanted != nil
}

// happened reports whether something did that is to happen sometimes.
func (s *search) happened() bool {
	for i := range s.found {
		if s.found[i].depth > 0 && s.sometimes(i) {
			return true
		}
	}
	return false
}

// sometimes reports whether what is found for a property is no violation.
func (s *search) sometimes(i int) bool {
	return i < len(s.sys.m.Properties) && s.sys.m.Properties[i].Kind == KindSometimes
}
