package supervisor

import (
	"slices"
	"time"

	"phoenix/sim"
)

// A core decides, and does nothing: events go in, effects come out. It takes one event at a time; what
// it is told while it is busy ending and starting children waits in a queue, as in the mailbox of
// supervisor.erl, which blocks meanwhile.
type core struct {
	cfg     Config
	kids    []*kid // in order of start
	window  window
	phase   phase
	queue   []event
	job     *job // what it is busy with
	now     sim.Time
	last    uint64 // number of the last incarnation
	waiting []uint64
	out     []effect
}

type phase uint8

const (
	phaseFresh phase = iota
	phaseUp
	phaseEnding
	phaseEnded
)

// An event is something that the core is told.
type event struct {
	kind   eventKind
	child  string
	inc    uint64 // incarnation of the child
	reason error
	spec   Child
	call   uint64 // the request to answer, 0 for none
	rest   []*kid // of evRetry: who was to be started after the child
}

type eventKind uint8

const (
	evStart     eventKind = iota // the supervisor starts
	evStarted                    // a child has started
	evFailed                     // a child could not be started
	evExited                     // a child has ended
	evDeadline                   // a child that was asked to end has had its time
	evRetry                      // a restart that failed is due again
	evShutdown                   // the supervisor is to end, in order
	evKill                       // the supervisor is to end at once
	evAdd                        // requests, as in OTP: start_child
	evTerminate                  // terminate_child
	evRestart                    // restart_child
	evDelete                     // delete_child
)

// An effect is something that the core wants done.
type effect struct {
	kind   effectKind
	child  Child
	inc    uint64
	within time.Duration // of doAsk: an evDeadline is due then; Infinity for none
	call   uint64        // of doReply
	reason error         // of doReply, doEnd and those that only tell
}

type effectKind uint8

const (
	doStart effectKind = iota // answered by evStarted or evFailed, later by evExited
	doAsk                     // answered by evExited
	doKill                    // the same
	doReply
	doEnd
	tellExited // nothing is to be done: an end was noticed
	tellFailed // and a failed start
)

// A kid is a child as the core knows it.
type kid struct {
	Child
	state State
	inc   uint64
}

// alive reports whether k has to be ended before it can be started.
func (k *kid) alive() bool { return k.state == Starting || k.state == Running || k.state == Stopping }

// newCore returns a core for children that are valid.
func newCore(cfg Config, children []Child) *core {
	c := &core{cfg: cfg, window: window{intensity: cfg.Intensity, period: cfg.Period}}
	for _, child := range children {
		c.kids = append(c.kids, &kid{Child: child})
	}
	return c
}

// step tells the core one event and returns what is to be done, in order; valid until the next step.
func (c *core) step(now sim.Time, e event) []effect {
	c.now, c.out = now, c.out[:0]
	switch e.kind {
	case evStarted, evFailed, evExited, evDeadline:
		if k := c.find(e.child); k != nil && k.inc == e.inc && c.phase != phaseEnded {
			c.heard(k, e)
		}
	case evShutdown:
		c.shutdown(e)
	case evKill:
		c.kill()
	default:
		c.queue = append(c.queue, e)
	}
	for c.job == nil && c.phase != phaseEnded && len(c.queue) > 0 {
		e := c.queue[0]
		c.queue = slices.Delete(c.queue, 0, 1)
		c.handle(e)
	}
	if c.phase == phaseEnded {
		for _, e := range c.queue {
			c.reply(e.call, ErrEnded)
		}
		c.queue = nil
	}
	return c.out
}

// heard takes what a child says, whether the core is busy or not.
func (c *core) heard(k *kid, e event) {
	switch {
	case e.kind == evDeadline:
		if k.state == Stopping {
			c.emit(effect{kind: doKill, child: k.Child, inc: k.inc})
		}
	case k.state == Stopping && e.kind != evStarted: // also one that was asked before it had started
		c.job.pending--
		c.rest(k)
		c.advance()
	case k.state == Starting && e.kind == evStarted:
		k.state = Running
		c.advance()
	case k.state == Starting:
		c.emit(effect{kind: tellFailed, child: k.Child, inc: k.inc, reason: e.reason})
		c.failed(k, e.reason)
	case k.state == Running && e.kind == evExited:
		k.state = exited
		c.emit(effect{kind: tellExited, child: k.Child, inc: k.inc, reason: e.reason})
		c.queue = append(c.queue, e)
	}
}

// handle takes an event from the queue. The core is not busy.
func (c *core) handle(e event) {
	k := c.find(e.child)
	switch {
	case e.kind == evStart:
		c.start(e)
	case e.kind == evExited:
		// One that ended while others were being ended with it has been dealt with.
		if k != nil && k.inc == e.inc && k.state == exited {
			c.exited(k, e.reason)
		}
	case e.kind == evRetry:
		c.retry(k, e)
	case c.phase != phaseUp:
		c.reply(e.call, ErrEnded)
	default:
		c.request(k, e)
	}
}

// start begins with the first children.
func (c *core) start(e event) {
	if c.phase != phaseFresh {
		c.reply(e.call, ErrRunning)
		return
	}
	c.phase = phaseUp
	j := &job{kind: jobBoot, call: e.call}
	if c.cfg.Strategy != SimpleOneForOne {
		j.start = slices.Clone(c.kids)
	}
	c.run(j)
}

// exited decides about a child that ended by itself (supervisor.erl, do_restart).
func (c *core) exited(k *kid, reason error) {
	if k.Restart == Permanent || k.Restart == Transient && !orderly(reason) {
		c.restart(k, reason)
		return
	}
	c.rest(k)
	if k.Significant && c.endsWith() {
		c.finish(ErrShutdown)
	}
}

// endsWith reports whether the supervisor ends with the significant child that has just ended for good
// (supervisor.erl, do_auto_shutdown).
func (c *core) endsWith() bool {
	return c.cfg.AutoShutdown == AnySignificant || !slices.ContainsFunc(c.kids, func(k *kid) bool {
		return k.Significant && k.state != Stopped
	})
}

// restart counts a restart and begins it, or gives up (supervisor.erl, restart).
func (c *core) restart(k *kid, reason error) {
	if !c.window.allow(c.now) {
		c.rest(k)
		c.finish(&IntensityError{c.cfg.Name, c.cfg.Intensity, c.cfg.Period, k.ID, reason})
		return
	}
	k.state = Stopped
	j := &job{kind: jobRestart, start: []*kid{k}}
	first := slices.Index(c.kids, k)
	switch c.cfg.Strategy {
	case OneForAll:
		first = 0
		fallthrough
	case RestForOne:
		j.stop = slices.Clone(c.kids[first:])
		// Retries of those whom this concerns are settled by it: later they would start what comes after them
		// while they are down again.
		c.queue = slices.DeleteFunc(c.queue, func(e event) bool {
			return e.kind == evRetry && slices.Contains(j.stop, c.find(e.child))
		})
		// All of them are started, also those that had been ended by hand before: so OTP does
		// (restart_multiple_children).
		j.start = slices.DeleteFunc(slices.Clone(j.stop), func(k *kid) bool { return k.Restart == Temporary })
	}
	c.run(j)
}

// retry tries a restart that failed again. If somebody has ended the child by hand meanwhile, those that
// were to be started after it still are; OTP forgets them.
func (c *core) retry(k *kid, e event) {
	if k != nil && k.inc == e.inc && k.state == Restarting {
		c.restart(k, e.reason)
		return
	}
	rest := slices.DeleteFunc(e.rest, func(k *kid) bool { return k.state != Stopped || !slices.Contains(c.kids, k) })
	c.run(&job{kind: jobRestart, start: rest})
}

// shutdown has the supervisor end, whatever it is doing.
func (c *core) shutdown(e event) {
	if c.phase == phaseEnded {
		c.reply(e.call, nil)
		return
	}
	c.waiting = append(c.waiting, e.call)
	if c.phase != phaseEnding {
		c.finish(ErrShutdown)
	}
}

// finish ends all children, the last started first, and then the supervisor.
func (c *core) finish(reason error) {
	c.phase = phaseEnding
	j := &job{kind: jobEnd, reason: reason}
	for _, k := range c.kids {
		if k.state == Stopping {
			j.pending++ // since before
		} else {
			j.stop = append(j.stop, k)
		}
	}
	if old := c.job; old != nil {
		if old.kind == jobBoot {
			j.call = old.call
		} else {
			c.reply(old.call, ErrEnded)
		}
	}
	c.run(j)
}

// kill ends all without asking or waiting: whoever runs the supervisor tears down what it runs.
func (c *core) kill() {
	if c.phase == phaseEnded {
		return
	}
	for _, k := range slices.Backward(c.kids) {
		if k.alive() {
			c.emit(effect{kind: doKill, child: k.Child, inc: k.inc})
		}
		k.state = Stopped
	}
	c.end(ErrKilled)
	if c.job != nil {
		c.reply(c.job.call, ErrEnded)
		c.job = nil
	}
}

// end is the last thing that the core does.
func (c *core) end(reason error) {
	c.phase = phaseEnded
	c.emit(effect{kind: doEnd, reason: reason})
	for _, call := range c.waiting {
		c.reply(call, nil)
	}
	c.waiting = nil
}

// rest notes that k does not run, and forgets it if it will not run again.
func (c *core) rest(k *kid) {
	k.state = Stopped
	if k.Restart == Temporary || c.cfg.Strategy == SimpleOneForOne {
		c.remove(k)
	}
}

func (c *core) remove(k *kid) {
	c.kids = slices.DeleteFunc(c.kids, func(other *kid) bool { return other == k })
}

func (c *core) find(id string) *kid {
	for _, k := range c.kids {
		if k.ID == id {
			return k
		}
	}
	return nil
}

func (c *core) emit(e effect) { c.out = append(c.out, e) }

func (c *core) reply(call uint64, err error) {
	if call != 0 {
		c.emit(effect{kind: doReply, call: call, reason: err})
	}
}
