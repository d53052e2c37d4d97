package supervisor

import (
	"context"

	"phoenix/sim"
)

// A Call is something that a supervisor was told to do. Wait and Await tell when it is done, and how:
// nobody has to ask.
type Call struct {
	done   chan struct{}
	future sim.Future[struct{}]
	err    error
	then   func(error)
}

func newCall() *Call { return &Call{done: make(chan struct{})} }

// resolve is called alone, once.
func (c *Call) resolve(err error) {
	c.err = err
	close(c.done)
	c.future.Resolve(struct{}{}, err)
	if c.then != nil {
		c.then(err)
	}
}

// Wait blocks a goroutine until the call is done, or ctx ends, and returns the error of either. A child
// that waits until it has itself been ended waits for its deadline: use its own ctx.
func (c *Call) Wait(ctx context.Context) error {
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Await blocks a process of a world until the call is done, and returns its error. A process must not
// await its own end.
func (c *Call) Await(p *sim.Proc) error {
	_, err := c.future.Await(p, 0)
	return err
}

// Done reports whether the call is done, and its error. In a world; elsewhere Wait.
func (c *Call) Done() (done bool, err error) { return c.future.Known(), c.err }
