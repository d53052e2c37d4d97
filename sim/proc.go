package sim

import (
	"errors"
	"iter"
	"slices"
)

// errKilled unwinds a process whose host crashed.
var errKilled = errors.New("sim: the process was killed")

// Proc is a process of a host: a function that may block in virtual time. It is a
// coroutine, not a thread: it runs until it blocks, and nothing else runs
// meanwhile. When its host crashes it is unwound from where it blocks: deferred
// calls run, but have no effect on the world.
//
// Only the process itself may call the methods of its Proc, all but Kill.
type Proc struct {
	host   *Host
	name   string
	id     uint64
	resume func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	killed bool
	onCPU  bool   // it runs, or has resumed what runs
	wakes  uint32 // generation: a wake-up for an earlier block is void
	timer  *Timer
	fired  bool     // the timer ended the current block
	failed *Finding // what it panicked with
}

// Go starts a process; it begins to run within the current instant, after what
// is going on. The name appears in findings. A host that is down, as it is for
// the deferred calls of a process that its crash unwinds, starts nothing and
// returns nil. What it returns otherwise serves to Kill the process.
func (h *Host) Go(name string, fn func(*Proc)) *Proc {
	if !h.up {
		return nil
	}
	h.spawn++
	p := &Proc{host: h, name: name, id: h.spawn}
	p.resume, p.stop = iter.Pull(func(yield func(struct{}) bool) {
		defer p.finish()
		p.yield = yield
		fn(p)
	})
	p.timer = h.Timer("proc "+name, func() { p.fired = true; h.w.switchTo(p) })
	h.procs = append(h.procs, p)
	p.wake()
	return p
}

// finish ends the coroutine: a panic other than being killed is a finding.
func (p *Proc) finish() {
	r := recover()
	if r == nil || r == errKilled {
		return
	}
	if p.host.w.cur == nil {
		panic(r) // an observer's, not the node's
	}
	p.failed = &Finding{Message: "process " + p.name + ": " + said(r), Stack: stack(3)}
}

// Host returns the host that p runs on.
func (p *Proc) Host() *Host { return p.host }

// Now returns the wall clock of the host.
func (p *Proc) Now() Time { return p.host.Now() }

// Sleep blocks for d on the host's clock; at least until the current event ends.
func (p *Proc) Sleep(d Duration) {
	p.timer.Reset(d)
	p.block()
}

// Wait blocks until s is signalled.
func (p *Proc) Wait(s *Signal) {
	if len(s.waiting) == cap(s.waiting) {
		// Those that gave up are still in here: room for as many again as are left
		// keeps this linear.
		s.waiting = slices.DeleteFunc(s.waiting, waiter.gone)
		s.waiting = slices.Grow(s.waiting, len(s.waiting)+1)
	}
	s.waiting = append(s.waiting, waiter{p, p.wakes})
	p.block()
}

// WaitFor blocks until s is signalled, at most for d, and reports whether it was.
func (p *Proc) WaitFor(s *Signal, d Duration) bool {
	p.timer.Reset(d)
	p.fired = false
	p.Wait(s)
	p.timer.Stop()
	return !p.fired
}

// block gives way to the kernel until the process is woken or killed.
func (p *Proc) block() {
	if p.killed || !p.yield(struct{}{}) {
		p.killed = true
		panic(errKilled)
	}
}

// wake has p go on within this instant, after what is going on.
func (p *Proc) wake() {
	w := p.host.w
	w.Schedule(w.now, sinkWake, uint64(w.wakeups.add(wakeup{p, p.wakes})))
}

type wakeup struct {
	p   *Proc
	gen uint32
}

// fireWake hands a wake-up to the host of the process.
func (w *World) fireWake(arg uint64) {
	w.wakeups.places[arg].v.p.host.Submit(wakeTask{w}, arg)
}

type wakeTask struct{ w *World }

func (t wakeTask) Run(arg uint64) {
	u := t.w.wakeups.drop(uint32(arg))
	if u.gen != u.p.wakes || u.p.killed {
		return
	}
	t.w.Begin(Event{Kind: Wake, Host: u.p.host.id, Peer: NoHost, ID: u.p.id, Name: u.p.name})
	t.w.switchTo(u.p)
}

func (t wakeTask) Discard(arg uint64) { t.w.wakeups.drop(uint32(arg)) }

// switchTo runs p until it blocks or ends.
func (w *World) switchTo(p *Proc) {
	p.wakes++
	outer := w.proc
	w.proc, p.onCPU = p, true
	_, more := p.resume()
	w.proc, p.onCPU = outer, false
	if !more {
		p.retire()
		p.report()
	}
}

// report records the panic of a process that ended, outside its coroutine.
func (p *Proc) report() {
	if f := p.failed; f != nil {
		p.failed = nil
		p.host.w.panicked(p.host, f.Message, f.Stack)
	}
}

// retire forgets a process that ended.
func (p *Proc) retire() {
	h := p.host
	for i, q := range h.procs {
		if q == p {
			h.procs = append(h.procs[:i], h.procs[i+1:]...)
			break
		}
	}
	if p.timer.live() {
		p.timer.cancel()
		h.w.timers.drop(p.timer.place)
	}
}

// killProcs unwinds the processes of h, in order of their start, except one that
// is running, or has resumed what runs: that one is left to unwind itself.
func (h *Host) killProcs() {
	procs, cur := h.procs, h.w.cur
	h.procs = nil
	h.w.cur = h // their deferred calls are code of h
	for _, p := range procs {
		p.killed = true
		if !p.onCPU {
			p.stop()
			p.report()
		}
	}
	h.w.cur = cur
}

// Signal lets processes of one host wait for each other and for handlers. The
// zero value is ready to use. A signal that nobody waits for is forgotten.
type Signal struct{ waiting []waiter }

type waiter struct {
	p   *Proc
	gen uint32
}

func (x waiter) gone() bool { return x.gen != x.p.wakes || x.p.killed }

// Broadcast wakes all that wait, in the order in which they came. A timeout that
// falls due later in the same instant comes too late.
func (s *Signal) Broadcast() {
	waiting := s.waiting
	s.waiting = s.waiting[:0]
	for _, x := range waiting {
		if !x.gone() {
			x.p.timer.Stop()
			x.p.wake()
		}
	}
}

// Future is a value that will be known later. The zero value is unresolved.
type Future[T any] struct {
	value  T
	err    error
	known  bool
	signal Signal
}

// ErrTimeout is returned by Await when the value did not come in time.
var ErrTimeout = errors.New("sim: timed out")

// Resolve makes the value known and wakes those that await it. Only the first
// call counts; it reports whether it was that.
func (f *Future[T]) Resolve(v T, err error) bool {
	if f.known {
		return false
	}
	f.value, f.err, f.known = v, err, true
	f.signal.Broadcast()
	return true
}

// Known reports whether Resolve was called.
func (f *Future[T]) Known() bool { return f.known }

// Await blocks p until f is resolved, at most for d if d > 0, and returns what it
// was resolved with; ErrTimeout if it was not.
func (f *Future[T]) Await(p *Proc, d Duration) (T, error) {
	if !f.known {
		if d > 0 {
			if !p.WaitFor(&f.signal, d) && !f.known {
				var zero T
				return zero, ErrTimeout
			}
		} else {
			p.Wait(&f.signal)
		}
	}
	return f.value, f.err
}
