package supervisor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"phoenix/network"
	"phoenix/resilience"
	"phoenix/sim"
)

// NewNode returns a supervisor of processes of a node of a world, to be made when the node boots. It
// and its children end without a word when the node crashes: who restarts nodes is NewWorld. It panics
// if the configuration is wrong.
func NewNode(ep *network.Endpoint, cfg Config, children ...Child) *Supervisor {
	return newSupervisor(&node{ep: ep}, cfg, children)
}

// node is the env of a node: what a supervisor does is done by timers, so that no process stands on
// the stack while others are killed.
type node struct {
	ep    *network.Endpoint
	posts posts
}

func (e *node) now() sim.Time    { return e.ep.Monotonic() }
func (e *node) post(fn func())   { e.ep.After(0, e.posts.add(fn)) }
func (e *node) look(fn func())   { fn() }
func (e *node) note(text string) { e.ep.Note("%s", text) }

func (e *node) after(d sim.Duration, fn func()) (stop func()) {
	t := e.ep.After(d, fn)
	return func() { t.Stop() }
}

// posts are what is yet to be run, in order: a world that interleaves what falls due in one instant would
// run it in any, and a child could have ended before it has started.
type posts struct{ due []func() }

// add returns a function that runs the first that has not been run, to be called once for fn.
func (q *posts) add(fn func()) (next func()) {
	q.due = append(q.due, fn)
	return func() {
		first := q.due[0]
		q.due = slices.Delete(q.due, 0, 1)
		first()
	}
}

// Process runs a child in a process of the node. When it is asked to end its Asked is true, and Idle
// returns; after its Child.Shutdown it is killed: it never goes on from where it blocks. A panic ends
// the child and not the node.
func Process(run func(p *Proc) error) Worker {
	return process(func(*Proc) (func(*Proc) error, error) { return run, nil })
}

// ProcessStart is Process for a child that has to start up: the children after it wait until start has
// returned, in the same process, what to run. An error is a failed start.
func ProcessStart(start func(p *Proc) (run func(p *Proc) error, err error)) Worker {
	return process(start)
}

// A Proc is the process of a child.
type Proc struct {
	*network.Proc
	asked bool
	bell  sim.Signal
}

// Asked reports whether p has been asked to end.
func (p *Proc) Asked() bool { return p.asked }

// Idle blocks for d, or until p is asked to end, and reports whether p may go on.
func (p *Proc) Idle(d time.Duration) bool {
	if !p.asked {
		p.WaitFor(&p.bell, d)
	}
	return !p.asked
}

// Context returns a context for what is shared with code outside of worlds: see resilience.InProcess.
// Its Err is context.Canceled once p was asked to end.
func (p *Proc) Context() context.Context {
	return &procContext{resilience.InProcess(p.Proc.Proc), p}
}

type procContext struct {
	context.Context
	p *Proc
}

// Err returns context.Canceled once the process was asked to end.
func (c *procContext) Err() error {
	if c.p.asked {
		return context.Canceled
	}
	return c.Context.Err()
}

type process func(p *Proc) (func(*Proc) error, error)

func (run process) misplaced(e env) string {
	if _, ok := e.(*node); !ok {
		return "a process, and the supervisor is not one of a node"
	}
	return ""
}

func (run process) start(e env, l *link) handle {
	n := e.(*node)
	p := new(Proc)
	proc := n.ep.Go(l.id, func(np *network.Proc) {
		p.Proc = np
		run.live(e, l, p)
	})
	return handle{
		ask:  func() { p.asked = true; p.bell.Broadcast() },
		kill: func() { proc.Kill(); l.exited(ErrKilled) },
	}
}

func (run process) live(e env, l *link, p *Proc) {
	var body func(*Proc) error
	err := guard(p, func() (err error) {
		body, err = run(p)
		if err == nil && body == nil {
			err = fmt.Errorf("%w: the start function of %s returned nothing to run", ErrConfig, l.id)
		}
		return err
	})
	if err != nil {
		e.post(func() { l.failed(err) })
		return
	}
	e.post(l.started)
	err = guard(p, func() error { return body(p) })
	e.post(func() { l.exited(err) })
}

// guard returns how fn ended.
func guard(p *Proc, fn func() error) (err error) {
	if failed := p.Guard(func() { err = fn() }); failed != nil {
		return &PanicError{Message: failed.Message, Stack: failed.Stack}
	}
	return err
}
