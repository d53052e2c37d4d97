package resilience

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

var (
	errPoolDown = errors.New("down")
	errPoolSick = errors.New("sick")
)

// A thing is what the pools of tests lend.
type thing struct {
	id                  int
	sick, dirty, closed bool
	owner               int // 0 is nobody
}

// A realPool does with a Pool, in a world, what a plainPool says. Each who comes is a process.
type realPool struct {
	*Pool[*thing]
	world  *sim.World
	host   *sim.Host
	bosses []*sim.Future[string] // say how to end the loan
	fates  []string
	down   bool
	made   []*thing
	resets int
	answer []string
	broken string // law
}

func newRealPool(m *plainPool) *realPool {
	r := &realPool{world: sim.New(sim.Config{Seed: 1})}
	cfg := PoolConfig[*thing]{
		Max: m.max, Initial: negativeIfZero(m.initial), Queue: negativeIfZero(m.queue),
		MaxWait: time.Duration(negativeIfZero(int(m.maxWait))), Target: -1, Lease: m.lease,
		Open: func(context.Context) (*thing, error) {
			if r.down {
				return nil, errPoolDown
			}
			x := &thing{id: len(r.made)}
			r.made = append(r.made, x)
			return x, nil
		},
		Close: func(_ context.Context, x *thing) {
			r.law(!x.closed, "closed twice")
			x.closed = true
		},
		Check: func(_ context.Context, x *thing) error {
			r.law(x.owner == 0 && !x.closed, "checked while somebody has it")
			if x.sick {
				return errPoolSick
			}
			return nil
		},
	}
	if m.reset {
		cfg.Reset = func(_ context.Context, x *thing) error {
			r.law(!x.closed, "reset when closed")
			r.resets++
			x.dirty, x.owner = false, 0
			return nil
		}
	}
	r.host = r.world.AddHost("a", func(h *sim.Host) {
		cfg.Breaker = NewBreaker(h, BreakerConfig{})
		cfg.Breaker.Force(ForcedClosed)
		r.Pool = NewPool(h, cfg)
	})
	r.world.RunFor(0)
	return r
}

func (r *realPool) law(holds bool, says string) {
	if !holds && r.broken == "" {
		r.broken = says
	}
}

// come is the life of one borrower.
func (r *realPool) come() {
	i, boss := len(r.fates), &sim.Future[string]{}
	r.fates, r.bosses = append(r.fates, "waits"), append(r.bosses, boss)
	r.host.Go(fmt.Sprint(i), func(p *sim.Proc) {
		loan, err := r.GetFor(InProcess(p), i)
		if err != nil {
			r.tell(i, reasonOf(err))
			return
		}
		x := loan.Resource()
		r.law(x.owner == 0, "two owners")
		r.law(!x.dirty, "lent dirty")
		r.law(!x.closed, "lent closed")
		x.owner, x.dirty = i+1, true
		r.tell(i, "out")
		how, _ := boss.Await(p, 0)
		if how == "return" {
			x.dirty = false
		}
		if x.owner == i+1 {
			x.owner = 0
		}
		r.fates[i] = "back"
		switch how {
		case "return":
			loan.Return()
		case "fail":
			loan.Fail()
		default:
			loan.Discard()
		}
	})
}

func reasonOf(err error) string {
	if r, ok := errors.AsType[*Rejection](err); ok {
		return r.Reason.Error()
	}
	return err.Error()
}

func (r *realPool) tell(i int, fate string) {
	r.fates[i] = fate
	r.answer = append(r.answer, fmt.Sprintf("%d %s", i, fate))
}

// process runs fn as a process, to its end.
func (r *realPool) process(fn func(ctx context.Context)) {
	r.host.Go("does", func(p *sim.Proc) { fn(InProcess(p)) })
	r.world.RunFor(0)
}

// end ends the first loan of one with that fate.
func (r *realPool) end(fate, how string) {
	if i := slices.Index(r.fates, fate); i >= 0 {
		r.bosses[i].Resolve(how, nil)
	}
}

// revoked tells which borrowers have lost what they had.
func (r *realPool) revoked() {
	for _, x := range r.all {
		if x.state == isLent {
			r.fates[x.owner.(int)] = "still out"
		}
	}
	for i, fate := range r.fates {
		switch fate {
		case "still out":
			r.fates[i] = "out"
		case "out":
			r.fates[i] = "revoked"
		}
	}
}

func (r *realPool) apply(op poolOp) []string {
	r.answer = nil
	switch op.do {
	case "come":
		r.come()
	case "return", "fail", "discard":
		r.end("out", op.do)
	case "late":
		r.end("revoked", "return")
	case "died":
		if op.n < len(r.fates) {
			r.process(func(ctx context.Context) { r.Died(ctx, op.n) })
		}
	case "tick":
		r.world.RunFor(time.Duration(op.n) * time.Second)
	case "maintain":
		r.process(func(ctx context.Context) { _ = r.Maintain(ctx) })
	case "close":
		r.process(func(ctx context.Context) { r.Close(ctx) })
	case "down", "up":
		r.down = op.do == "down"
	case "trip":
		r.cfg.Breaker.Force(ForcedOpen)
	case "mend":
		r.cfg.Breaker.Force(ForcedClosed)
	case "sick":
		for _, x := range r.idle {
			x.value.sick = true
		}
	}
	r.world.RunFor(0)
	r.revoked()
	slices.Sort(r.answer)
	return r.answer
}

func (r *realPool) state() string {
	s, closed := r.Stats(), 0
	for _, x := range r.made {
		if x.closed {
			closed++
		}
	}
	r.law(s.Idle+s.Out+s.Opening+s.Upkeep <= s.Max, "more than Max")
	r.law(s.Out == countOf(r.fates, "out"), "a loan without its owner")
	r.law(s.Waiting == countOf(r.fates, "waits"), "somebody waits and is not known to")
	r.law(s.Waiting == 0 || s.Idle == 0, "somebody waits for what is idle")
	r.law(len(r.made)-closed == s.Idle+s.Out, "one is lost")
	r.law(len(r.world.Findings()) == 0, "a process panics")
	return fmt.Sprintf("%d idle, %d out, %d wait, %d %%, %d resets, %d closed",
		s.Idle, s.Out, s.Waiting, s.Utilisation, r.resets, closed)
}

func countOf(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

func TestAPoolDoesWhatThePlainOneDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &plainPool{max: rapid.IntRange(1, 3).Draw(t, "max")}
		m.initial = rapid.IntRange(0, m.max).Draw(t, "initial")
		m.queue = rapid.IntRange(0, 3).Draw(t, "queue")
		m.maxWait = time.Duration(rapid.IntRange(0, 4).Draw(t, "maxWait")) * time.Second
		m.lease = time.Duration(rapid.IntRange(0, 4).Draw(t, "lease")) * time.Second
		m.reset = rapid.Bool().Draw(t, "reset")
		r := newRealPool(m)
		defer r.world.Close()
		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			op := drawPoolOp(t, len(m.came))
			want, got := m.apply(op), r.apply(op)
			require.Equal(t, want, got, "%v", op)
			require.Equal(t, m.state(), r.state(), "%v", op)
			require.Empty(t, r.broken, "%v", op)
		}
		r.apply(poolOp{do: "close"})
		for range m.came {
			r.apply(poolOp{do: "return"})
			r.apply(poolOp{do: "late"})
		}
		s := r.Stats()
		require.Zero(t, s.Idle+s.Out+s.Opening+s.Upkeep+s.Waiting, "nothing is left of a pool that was closed")
		for _, x := range r.made {
			require.True(t, x.closed)
		}
		require.Empty(t, r.broken)
	})
}

func drawPoolOp(t *rapid.T, came int) poolOp {
	op := poolOp{do: rapid.SampledFrom([]string{
		"come", "come", "come", "come", "return", "return", "fail", "discard", "late", "died", "tick", "maintain",
		"down", "up", "trip", "mend", "sick", "close",
	}).Draw(t, "do")}
	switch op.do {
	case "died":
		op.n = rapid.IntRange(0, max(came-1, 0)).Draw(t, "who")
	case "tick":
		op.n = rapid.IntRange(1, 3).Draw(t, "seconds")
	case "close":
		if rapid.IntRange(0, 9).Draw(t, "really") > 0 {
			op.do = "come"
		}
	}
	return op
}

// differs applies the operations to both and tells the first difference.
func (m *plainPool) differs(ops []poolOp) string {
	r := newRealPool(m)
	defer r.world.Close()
	for _, op := range ops {
		want, got := m.apply(op), r.apply(op)
		if !slices.Equal(want, got) {
			return fmt.Sprintf("said %q, right is %q", want, got)
		}
		if why := stateDiffers(m.state(), r.state()); why != "" &&
			(m.bug != "a returned loan still counts" || m.utilisation() > 100) {
			return why
		}
	}
	return ""
}

func stateDiffers(want, got string) string {
	var said, right []string
	g := strings.Split(got, ", ")
	for i, w := range strings.Split(want, ", ") {
		if w != g[i] {
			said, right = append(said, w), append(right, g[i])
		}
	}
	if said == nil {
		return ""
	}
	return strings.Join(said, ", ") + "; right is " + strings.Join(right, ", ")
}

// poolMutants are pools with one defect each, and the shortest sequence of operations that shows it.
var poolMutants = []struct {
	row, bug string
	alphabet []poolOp
	want     string
}{
	{"RP-1", "a return keeps the monitor", []poolOp{{"come", 0}, {"return", 0}, {"died", 0}},
		"[come return died(0)]"},
	{"RP-2", "initial 0 makes 2", []poolOp{{"come", 0}, {"return", 0}, {"maintain", 0}},
		"[maintain]"},
	{"RP-2", "max 0 is no default", []poolOp{{"come", 0}, {"return", 0}},
		"[come]"},
	{"RP-3", "who timed out stays in the queue", []poolOp{{"come", 0}, {"tick", 4}, {"return", 0}},
		"[come come tick(4s)]"},
	{"RP-3", "the dead stay in the queue", []poolOp{{"come", 0}, {"died", 1}, {"return", 0}},
		"[come come died(1)]"},
	{"RP-4", "a death serves nobody", []poolOp{{"come", 0}, {"return", 0}, {"died", 0}},
		"[come come died(0)]"},
	{"RP-4", "a dirty resource is used again", []poolOp{{"come", 0}, {"return", 0}, {"fail", 0}},
		"[come fail]"},
	{"RP-4", "a revoked loan still returns", []poolOp{{"come", 0}, {"return", 0}, {"died", 0}, {"late", 0}},
		"[come died(0) late]"},
	{"RP-5", "a sick one stays", []poolOp{{"come", 0}, {"return", 0}, {"sick", 0}, {"maintain", 0}},
		"[come return sick maintain]"},
	{"RP-8", "a returned loan still counts", []poolOp{{"come", 0}, {"return", 0}},
		"[come come return]"},
	{"RP-7", "the breaker is not asked", []poolOp{{"come", 0}, {"return", 0}, {"trip", 0}},
		"[trip come]"},
}

// poolMutant has one resource that can be reset, none at first, and two places to wait for 3 s.
func poolMutant(bug string) *plainPool {
	m := &plainPool{max: 1, queue: 2, maxWait: 3 * time.Second, reset: true, bug: bug}
	if bug == "max 0 is no default" {
		m.max = 0
	}
	return m
}

func TestEachDefectOfAPoolIsFound(t *testing.T) {
	var found []mutant
	for _, m := range poolMutants {
		shortest, why := simtest.Shortest(m.alphabet, 7, func(ops []poolOp) string { return poolMutant(m.bug).differs(ops) })
		require.Equal(t, m.want, fmt.Sprint(shortest), m.bug)
		found = append(found, mutant{m.row, m.bug, asStrings(shortest), why})
	}
	requireMutants(t, "pool", append(found, spillDefects(t)...))
}
