package crdt

import "iter"

// A PNCounter goes up and down: two growing counts for each replica (Shapiro et
// al. 2011, section 3.1.3). The zero value is 0.
type PNCounter struct{ counts tallies }

// Add counts n, which may be negative, for replica r and returns the delta. It
// panics if r has gone up or down by more than 2^62.
func (s *PNCounter) Add(r Replica, n int64) *PNCounter {
	e := s.counts.get(r)
	delta := tally{replica: r}
	switch {
	case n > 0:
		delta.up = grown(e.up, uint64(n))
	case n < 0:
		delta.down = grown(e.down, -uint64(n))
	}
	d := &PNCounter{}
	d.counts.raise(delta)
	s.Merge(d)
	return d
}

// Value returns the sum of the ups less that of the downs, modulo 2^64.
func (s *PNCounter) Value() int64 {
	sum := uint64(0)
	for _, n := range s.counts {
		sum += n.up - n.down
	}
	return int64(sum)
}

// Merge joins o into s in O(replicas).
func (s *PNCounter) Merge(o *PNCounter) { s.counts.merge(o.counts) }

// Diff returns the least delta that brings o up to s.
func (s *PNCounter) Diff(o *PNCounter) *PNCounter { return &PNCounter{s.counts.diff(o.counts)} }

// Split yields the join decomposition: each replica's ups and its downs, in order.
func (s *PNCounter) Split() iter.Seq[*PNCounter] {
	return func(yield func(*PNCounter) bool) {
		for _, n := range s.counts {
			for _, piece := range []tally{{n.replica, n.up, 0}, {n.replica, 0, n.down}} {
				if (piece.up > 0 || piece.down > 0) && !yield(&PNCounter{tallies{piece}}) {
					return
				}
			}
		}
	}
}

// AppendBinary appends the canonical encoding to b. It returns no error.
func (s *PNCounter) AppendBinary(b []byte) ([]byte, error) {
	return s.counts.appendTo(append(b, tagPNCounter), true), nil
}

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding and leave s alone.
func (s *PNCounter) UnmarshalBinary(data []byte) error {
	r := newReader(data, tagPNCounter)
	var out PNCounter
	out.counts.read(r, true)
	if r.end() == nil {
		*s = out
	}
	return r.err
}
