package service

import (
	"context"
	"errors"
	"time"

	"phoenix/network"
	"phoenix/resilience"
	"phoenix/sim"
)

// Why a request has no result. When its context ended it is context.DeadlineExceeded.
var (
	ErrFailed = errors.New("service: the request failed")
	ErrBusy   = errors.New("service: too busy, the request was not begun")
	ErrGone   = errors.New("service: no such connection, or it broke")
	ErrSilent = errors.New("service: no answer within the limit of the attempt")
	ErrShared = errors.New("service: the connection is in use by another request")
	ErrDirty  = errors.New("service: the connection has an unfinished transaction")
)

// A Protection makes the policy of a node when it boots; the endpoint is clock and randomness.
type Protection func(ep *network.Endpoint) resilience.Policy

// code is an answer. The errors of those that have one are in failures.
type code uint8

const (
	done code = iota
	failed
	busy
	gone
	shared
	dirty
	lost // there is no answer
)

var failures = [...]error{
	done: nil, failed: ErrFailed, busy: ErrBusy, gone: ErrGone, shared: ErrShared, dirty: ErrDirty,
}

// answer is the response to an Ask. Conn is the number of a connection that was opened.
type answer struct {
	Code code
	Conn uint64
}

// Verb says what is asked for.
type Verb uint8

// What can be asked for. Only Work and Begin take a worker, and only Work without a connection.
const (
	Work   Verb = iota // do what the service does
	Open               // open a connection: see Dial
	Begin              // begin a transaction; from now on the connection is dirty
	Commit             // end the transaction
	Reset              // drop an unfinished transaction, if there is one
	Ping               // find out whether the connection works
	Close              // close the connection
)

// Ask is the body of a request to a server.
type Ask struct {
	Verb     Verb
	Priority resilience.Priority
	Attempt  uint32 // of the operation, from 1
	Op       uint64 // number of the operation, 0 for none
	Conn     uint64 // number of the connection, 0 for none
	Left     time.Duration
}

type procKey struct{}

// In returns the context of a process for policies and calls: that of resilience.InProcess, and it knows
// the process, so that Call and Dial can be used under a policy.
func In(p *network.Proc) context.Context {
	return context.WithValue(resilience.InProcess(p.Proc), procKey{}, p)
}

// Call asks a server, and waits at most until ctx ends, and for the limit if that is positive. It fills
// in Left and, from ctx, Priority. ctx must come from In.
func Call(ctx context.Context, server network.ID, ask Ask, limit time.Duration) error {
	_, err := call(ctx, server, ask, limit)
	return err
}

func call(ctx context.Context, server network.ID, ask Ask, limit time.Duration) (answer, error) {
	p, ok := ctx.Value(procKey{}).(*network.Proc)
	if !ok {
		panic("service: the context of a call is not made by In")
	}
	if end, ok := ctx.Deadline(); ok { // as if the clock of the host had begun with Unix time
		ask.Left = end.Sub(time.Unix(0, int64(p.Host().Monotonic())))
		if ask.Left <= 0 {
			return answer{}, context.DeadlineExceeded
		}
	}
	ask.Priority = resilience.PriorityOf(ctx)
	wait := ask.Left
	if limit > 0 && (wait == 0 || limit < wait) {
		wait = limit
	}
	reply, err := p.Call(server, ask, wait)
	if errors.Is(err, sim.ErrTimeout) {
		if ctx.Err() != nil {
			return answer{}, context.DeadlineExceeded
		}
		return answer{}, ErrSilent
	}
	a, ok := reply.(answer)
	if !ok {
		return answer{}, err
	}
	return a, failures[a.Code]
}

// Conn is a connection to a server, for one request at a time.
type Conn struct {
	server network.ID
	id     uint64
}

// Dial opens a connection. ctx must come from In.
func Dial(ctx context.Context, server network.ID) (*Conn, error) {
	a, err := call(ctx, server, Ask{Verb: Open}, 0)
	if err != nil {
		return nil, err
	}
	return &Conn{server, a.Conn}, nil
}

// Do asks for one thing over the connection, and waits until ctx ends.
func (c *Conn) Do(ctx context.Context, v Verb) error {
	return Call(ctx, c.server, Ask{Verb: v, Conn: c.id}, 0)
}

// Ask is Do for a Work that belongs to an operation. The other fields of ask matter as they do for Call.
func (c *Conn) Ask(ctx context.Context, ask Ask, limit time.Duration) error {
	ask.Conn = c.id
	return Call(ctx, c.server, ask, limit)
}
