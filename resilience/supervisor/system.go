package supervisor

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"phoenix/resilience"
	"phoenix/sim"
)

// New returns a supervisor of goroutines. Restarts are counted on the clock; resilience.System() is
// that of the machine, on which deadlines are. It panics if the configuration is wrong, as with two
// children of one ID.
func New(clock resilience.Clock, cfg Config, children ...Child) *Supervisor {
	return newSupervisor(&system{clock: clock}, cfg, children)
}

// system is the env outside of worlds: one lock for a tree.
type system struct {
	clock resilience.Clock
	mu    sync.Mutex
}

func (e *system) now() sim.Time { return e.clock.Monotonic() }

func (e *system) post(fn func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fn()
}

func (e *system) look(fn func()) { e.post(fn) }

func (e *system) note(string) {}

func (e *system) after(d sim.Duration, fn func()) (stop func()) {
	t := time.AfterFunc(d, func() { e.post(fn) })
	return func() { t.Stop() }
}

// Go runs a child in a goroutine. When it is asked to end its ctx is cancelled, and so it is when it has
// ended: what it started with ctx ends too. A goroutine cannot be
// killed: one that does not return within its Child.Shutdown is abandoned, that is, it counts as ended,
// its result is ignored, and it may still run beside its successor. Have it watch its ctx. A panic, or
// runtime.Goexit, ends the child and not the program.
func Go(run func(ctx context.Context) error) Worker {
	return goroutine(func(context.Context) (func(context.Context) error, error) { return run, nil })
}

// GoStart is Go for a child that has to start up: the children after it wait until start has returned,
// in the same goroutine, what to run. An error is a failed start.
func GoStart(start func(ctx context.Context) (run func(ctx context.Context) error, err error)) Worker {
	return goroutine(start)
}

type goroutine func(ctx context.Context) (func(context.Context) error, error)

func (g goroutine) misplaced(e env) string {
	if _, ok := e.(*system); !ok {
		return "a goroutine, which a world cannot have; use Process"
	}
	return ""
}

func (g goroutine) start(e env, l *link) handle {
	ctx, cancel := context.WithCancel(context.Background())
	go g.run(ctx, cancel, e, l)
	return handle{
		ask:  cancel,
		kill: func() { cancel(); l.exited(ErrKilled) },
	}
}

// run is one incarnation. However it ends, ctx does before that is told: what it has started with ctx
// does not outlive it unasked.
func (g goroutine) run(ctx context.Context, cancel func(), e env, l *link) {
	defer cancel()
	ends := func(tell func(error)) func(error) {
		return func(err error) { cancel(); e.post(func() { tell(err) }) }
	}
	failed, exited := ends(l.failed), ends(l.exited)
	var run func(context.Context) error
	err := guarded(func() (err error) {
		run, err = g(ctx)
		if err == nil && run == nil {
			err = fmt.Errorf("%w: the start function of %s returned nothing to run", ErrConfig, l.id)
		}
		return err
	}, failed)
	if err != nil {
		failed(err)
		return
	}
	e.post(l.started)
	exited(guarded(func() error { return run(ctx) }, exited))
}

// guarded returns how fn ended. If it ended the goroutine, that goes on, after gone was told so.
func guarded(fn func() error, gone func(error)) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if r := recover(); r != nil {
			err = &PanicError{Message: fmt.Sprint(r), Trace: debug.Stack()}
			return
		}
		gone(ErrGoexit)
	}()
	err = fn()
	returned = true
	return err
}
