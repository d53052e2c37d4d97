package laws

// shorten leaves steps out of a failing history as long as the same law fails.
func shorten[S any](typ *Type[S], f *Failure) *Failure {
	for again := true; again; {
		again = false
		for i := len(f.History) - 1; i >= 0; i-- {
			if g := check(typ, f.History.drop(i), SetOf(f.Law, Panics), &seen{}); g != nil && g.Law == f.Law {
				f, again = g, true
				i = min(i, len(f.History))
			}
		}
	}
	return f
}

// drop returns h without the step i and, if that is a Do, without the arrivals of its delta.
func (h History) drop(i int) History {
	delta := -1
	if h[i].Kind == Do {
		delta = 0
		for _, s := range h[:i] {
			if s.Kind == Do {
				delta++
			}
		}
	}
	out := make(History, 0, len(h)-1)
	for j, s := range h {
		switch {
		case j == i || s.Kind == Receive && int(s.Arg) == delta:
			continue
		case s.Kind == Receive && delta >= 0 && int(s.Arg) > delta:
			s.Arg--
		}
		out = append(out, s)
	}
	return out
}
