package explore

import "fmt"

// Interleavings returns how many runs a model without faults has: by dynamic programming
// over its states, without taking the runs.
func Interleavings(m Model) (uint64, error) {
	sys, err := newSystem(m, false)
	if err != nil {
		return 0, err
	}
	initial, err := sys.initial()
	if err != nil {
		return 0, err
	}
	known := map[string]uint64{}
	total := uint64(0)
	for _, r := range initial {
		n, err := interleavings(sys, r, known)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

func interleavings(sys *system, r row, known map[string]uint64) (uint64, error) {
	key := fmt.Sprint(r)
	if n, ok := known[key]; ok {
		return n, nil
	}
	x := newExpander(sys)
	if err := x.expand(r); err != nil {
		return 0, err
	}
	n := uint64(0)
	if len(x.succs) == 0 {
		n = 1
	}
	for i := range x.succs {
		more, err := interleavings(sys, x.make(nil, &x.succs[i]), known)
		if err != nil {
			return 0, err
		}
		n += more
	}
	known[key] = n
	return n, nil
}

// Fingerprint returns what tells a state from others.
func Fingerprint(s *State) uint64 { return sumOf(s.row) }
