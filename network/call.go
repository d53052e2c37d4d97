package network

import (
	"time"

	"phoenix/sim"
)

// Proc is a process of a node: a sim.Proc that can also call other nodes.
type Proc struct {
	*sim.Proc
	ep *Endpoint
}

// Request is the message by which a process calls a node. The handler of that
// node receives it and answers with Endpoint.Reply, at once or later.
type Request struct {
	ID   uint64
	Body any
}

// Response is the answer to a Request. It is delivered to the process that
// waits for it, not to the handler of the node.
type Response struct {
	ID   uint64
	Body any
}

// calls are the requests of a node that have no answer yet.
type calls struct {
	last    uint64 // number of the last request of this boot
	waiting map[uint64]*sim.Future[any]
}

// Call sends a request and blocks until the answer comes, at most for timeout if
// that is positive. The error is sim.ErrTimeout: then nobody can know whether the
// other node has acted. An answer that comes later is ignored.
func (p *Proc) Call(to ID, body any, timeout time.Duration) (any, error) {
	c := &p.ep.calls
	c.last++
	id := uint64(p.ep.epoch)<<32 | c.last // no answer to an earlier boot fits
	if c.waiting == nil {
		c.waiting = map[uint64]*sim.Future[any]{}
	}
	f := new(sim.Future[any])
	c.waiting[id] = f
	defer delete(c.waiting, id)
	p.ep.Send(to, Request{id, body})
	return f.Await(p.Proc, timeout)
}

// Reply answers a request that came from a node.
func (ep *Endpoint) Reply(to ID, r Request, body any) { ep.Send(to, Response{r.ID, body}) }

func (ep *Endpoint) resolve(r Response) {
	if f := ep.calls.waiting[r.ID]; f != nil {
		f.Resolve(r.Body, nil)
	}
}
