package resilience

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

// A plainSpill says what two pools do, a and b, of one resource each, that spill to each other. A request ends
// after 2 s of waiting; an operation runs until it is told how to end.
type plainSpill struct {
	bug    string
	now    int // seconds
	owner  map[string]int
	came   []spillBorrower
	answer []string
}

type spillBorrower struct {
	pool   string // asked, then that which serves
	until  int
	fate   string
	waited bool // in one pool already
}

var spillsTo = map[string]string{"a": "b", "b": "a"}

func newPlainSpill(bug string) *plainSpill {
	return &plainSpill{bug: bug, owner: map[string]int{"a": -1, "b": -1}}
}

func (m *plainSpill) tell(i int, fate string) {
	m.came[i].fate = fate
	m.answer = append(m.answer, fmt.Sprintf("%d %s", i, fate))
}

func (m *plainSpill) runs(i int, pool string) {
	m.owner[pool], m.came[i].pool = i, pool
	m.tell(i, "runs in "+pool)
}

func (m *plainSpill) apply(op string) []string {
	m.answer = nil
	switch op {
	case "a", "b":
		i := len(m.came)
		m.came = append(m.came, spillBorrower{pool: op, until: m.now + 2, fate: "waits"})
		other := spillsTo[op]
		switch {
		case m.owner[op] < 0:
			m.runs(i, op)
		case m.owner[other] < 0 && m.bug != "only who timed out is sent on, and nobody times out":
			m.runs(i, other)
		case m.owner[other] >= 0 && m.bug == "a pool that was asked is asked again":
			m.tell(i, "asks for ever")
		}
	case "return a", "return b":
		m.ends(op[len("return "):])
	case "timeout a": // the operation itself returns a timeout
		i := m.owner["a"]
		m.ends("a")
		if m.bug == "an operation that timed out runs again" && i >= 0 && m.owner["b"] < 0 {
			m.runs(i, "b")
		}
	case "tick(2s)":
		m.now += 2
		for i, b := range m.came {
			switch {
			case b.fate != "waits" || b.until > m.now:
			case m.bug == "each pool has a deadline of its own" && !b.waited:
				m.came[i].pool, m.came[i].until, m.came[i].waited = spillsTo[b.pool], m.now+2, true
			default:
				m.tell(i, context.DeadlineExceeded.Error())
			}
		}
	}
	slices.Sort(m.answer)
	return m.answer
}

func (m *plainSpill) ends(pool string) {
	if i := m.owner[pool]; i >= 0 {
		m.came[i].fate, m.owner[pool] = "over", -1
		waits := func(b spillBorrower) bool { return b.fate == "waits" && b.pool == pool }
		if next := slices.IndexFunc(m.came, waits); next >= 0 {
			m.runs(next, pool)
		}
	}
}

// A realSpill does the same with Pools in a world.
type realSpill struct {
	world  *sim.World
	host   *sim.Host
	pools  map[string]*Pool[string]
	boss   map[string]*sim.Future[error]
	came   int
	answer []string
}

func newRealSpill() *realSpill {
	r := &realSpill{world: sim.New(sim.Config{Seed: 1}), pools: map[string]*Pool[string]{}}
	r.boss = map[string]*sim.Future[error]{}
	r.host = r.world.AddHost("a", func(h *sim.Host) {
		for _, name := range []string{"a", "b"} {
			r.pools[name] = NewPool(h, PoolConfig[string]{Name: name, Max: 1, Queue: 99, Target: -1, MaxWait: -1,
				Reset: func(context.Context, string) error { return nil },
				Open:  func(context.Context) (string, error) { return name, nil }})
		}
	})
	r.world.RunFor(0)
	r.pools["a"].SetSpill(r.pools["b"])
	r.pools["b"].SetSpill(r.pools["a"])
	return r
}

func (r *realSpill) apply(op string) []string {
	r.answer = nil
	switch op {
	case "a", "b":
		i := r.came
		r.came++
		r.host.Go(fmt.Sprint(i), func(p *sim.Proc) {
			ctx, _ := WithTimeout(InProcess(p), 2*time.Second)
			err := r.pools[op].Do(ctx, func(_ context.Context, name string) error {
				r.answer = append(r.answer, fmt.Sprintf("%d runs in %s", i, name))
				r.boss[name] = &sim.Future[error]{}
				how, _ := r.boss[name].Await(p, 0)
				return how
			})
			if _, rejected := errors.AsType[*Rejection](err); rejected {
				r.answer = append(r.answer, fmt.Sprintf("%d %s", i, reasonOf(err)))
			}
		})
	case "tick(2s)":
		r.world.RunFor(2 * time.Second)
	default:
		var how error
		if op == "timeout a" {
			how = context.DeadlineExceeded
		}
		if boss := r.boss[op[len(op)-1:]]; boss != nil {
			boss.Resolve(how, nil)
		}
	}
	r.world.RunFor(0)
	slices.Sort(r.answer)
	return r.answer
}

func TestPoolsSpillAsThePlainOnesDo(t *testing.T) {
	ops := []string{"a", "a", "b", "return a", "return b", "timeout a", "tick(2s)"}
	rapid.Check(t, func(t *rapid.T) {
		m, r := newPlainSpill(""), newRealSpill()
		defer r.world.Close()
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			op := rapid.SampledFrom(ops).Draw(t, "op")
			require.Equal(t, m.apply(op), r.apply(op))
		}
		require.Empty(t, r.world.Findings())
	})
}

// spillDefects finds the defects of RP-6.
func spillDefects(t *testing.T) (found []mutant) {
	for _, d := range []struct{ bug, want string }{
		{"only who timed out is sent on, and nobody times out", "[a a]"},
		{"a pool that was asked is asked again", "[a a a]"},
		{"an operation that timed out runs again", "[a timeout a]"},
		{"each pool has a deadline of its own", "[a a a tick(2s)]"},
	} {
		ops := []string{"a", "b", "return a", "timeout a", "tick(2s)"}
		shortest, why := simtest.Shortest(ops, 5, func(sequence []string) string {
			m, r := newPlainSpill(d.bug), newRealSpill()
			defer r.world.Close()
			for _, op := range sequence {
				if want, got := m.apply(op), r.apply(op); !slices.Equal(want, got) {
					return fmt.Sprintf("said %q, right is %q", want, got)
				}
			}
			return ""
		})
		require.Equal(t, d.want, fmt.Sprint(shortest), d.bug)
		found = append(found, mutant{"RP-6", d.bug, shortest, why})
	}
	return found
}

func TestPoolsSpillToThoseWhoHaveOneAtOnce(t *testing.T) {
	cfg := func(max int) PoolConfig[int] {
		c := numbered()
		c.Max, c.Queue = max, -1
		return c
	}
	a, b, c := NewPool(System(), cfg(1)), NewPool(System(), cfg(1)), NewPool(System(), cfg(2))
	a.SetSpill(b, a)
	b.SetSpill(a, c)
	c.SetSpill(a, b)
	var loans []Loan[int]
	for range 4 {
		loans = append(loans, borrow(t, a))
	}
	require.Equal(t, []int{1, 1, 2}, []int{a.Stats().Out, b.Stats().Out, c.Stats().Out})
	_, err := a.Get(t.Context())
	require.ErrorIs(t, err, ErrFull)
	loans[1].Return()
	require.Equal(t, 1, b.Stats().Idle, "it goes back to where it is from")
	b.Close(t.Context())
	_, err = a.Get(t.Context())
	require.ErrorIs(t, err, ErrFull, "a pool that is closed has none")
	a.Close(t.Context())
	loans[2].Return()
	_, err = a.Get(t.Context())
	require.ErrorIs(t, err, ErrClosed, "though another has one")
}

func TestWhoCannotOpenHereMayThere(t *testing.T) {
	cfg := numbered()
	down := NewPool(System(), PoolConfig[int]{Open: func(context.Context) (int, error) { return 0, errPoolDown }})
	up := NewPool(System(), cfg)
	down.SetSpill(up)
	runs := 0
	failed := errors.New("failed")
	require.Equal(t, failed, down.Do(t.Context(), func(context.Context, int) error { runs++; return failed }))
	require.Equal(t, 1, runs)
	up.Close(t.Context())
	_, err := down.Get(t.Context())
	require.Equal(t, errPoolDown, err)
}
