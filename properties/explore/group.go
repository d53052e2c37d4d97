package explore

// groupRows is how many states a group has: their steps lead to places in the table that a
// processor has to fetch, and while the later states are gone on from, those of the earlier ones
// arrive.
const groupRows = 8

// group is a few states that a worker goes on from together.
type group struct {
	n    int
	rows [groupRows]row
	ends [groupRows]int // where among the steps of all those of each end
	at   int            // whose step was asked about last
}

// grouped reports whether states can be gone on from in groups: if all that their steps lead
// to is looked up as it is.
func (s *search) grouped() bool { return s.plain() && s.sys.ample == nil }

func (g *group) clear(x *expander) {
	g.n, g.at = 0, 0
	x.succs = x.succs[:0]
}

func (g *group) full() bool { return g.n == groupRows }

// expand adds the steps from the next state, which is in its place among the rows already.
func (g *group) expand(x *expander, t *worker) error {
	from := len(x.succs)
	if err := x.also(g.rows[g.n]); err != nil {
		return err
	}
	for i := from; i < len(x.succs); i++ {
		t.touch(x.succs[i].sum)
	}
	g.ends[g.n] = len(x.succs)
	g.n++
	return nil
}

// startOf has x make the state that a step leads to from the one that it starts at, whose place
// among the rows it returns. It is to be asked about steps in their order. What else is in x
// remains that of the last row.
func (g *group) startOf(x *expander, step int32) int {
	for int(step) >= g.ends[g.at] {
		g.at++
	}
	x.row = g.rows[g.at]
	return g.at
}
