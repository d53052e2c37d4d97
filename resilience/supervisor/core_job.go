package supervisor

import "fmt"

// A job is what keeps the core busy: first children are ended, then children are started.
type job struct {
	kind    jobKind
	stop    []*kid // yet to be ended, the last first
	pending int    // asked or killed, and not ended yet
	start   []*kid // then to be started, in order, each when the one before has
	call    uint64 // to answer
	reason  error  // of jobEnd
}

type jobKind uint8

const (
	jobBoot    jobKind = iota // the first children
	jobRestart                // after a child ended
	jobRequest                // terminate_child, restart_child
	jobAdd                    // start_child
	jobEnd                    // of the supervisor
)

func (c *core) run(j *job) {
	c.job = j
	c.advance()
}

// advance does what can be done of the job without waiting. Children are ended one at a time, each
// when the one after it has ended; those of a simple-one-for-one supervisor all at once.
func (c *core) advance() {
	for c.job != nil {
		j := c.job
		together := c.cfg.Strategy == SimpleOneForOne && len(j.stop) > 0
		switch {
		case j.pending > 0 && !together:
			return
		case len(j.stop) > 0:
			k := j.stop[len(j.stop)-1]
			j.stop = j.stop[:len(j.stop)-1]
			c.stop(k)
		case len(j.start) > 0 && j.start[0].state == Running:
			j.start = j.start[1:]
		case len(j.start) > 0:
			if k := j.start[0]; k.state != Starting {
				c.launch(k)
			}
			return
		default:
			c.job = nil
			c.done(j)
		}
	}
}

// stop asks k to end, or kills it (supervisor.erl, shutdown).
func (c *core) stop(k *kid) {
	if !k.alive() {
		c.rest(k)
		return
	}
	k.state = Stopping
	c.job.pending++
	if k.Shutdown == Kill {
		c.emit(effect{kind: doKill, child: k.Child, inc: k.inc})
		return
	}
	c.emit(effect{kind: doAsk, child: k.Child, inc: k.inc, within: k.Shutdown})
}

// launch has the next incarnation of k start.
func (c *core) launch(k *kid) {
	c.last++
	k.state, k.inc = Starting, c.last
	c.emit(effect{kind: doStart, child: k.Child, inc: k.inc})
}

// failed takes that a start failed.
func (c *core) failed(k *kid, reason error) {
	j := c.job
	k.state = Stopped
	switch j.kind {
	case jobBoot:
		c.finish(&StartError{c.cfg.Name, k.ID, reason})
	case jobRestart:
		// It counts and is tried again, after what has come in meanwhile: supervisor.erl,
		// try_again_restart.
		k.state = Restarting
		c.job = nil
		c.queue = append(c.queue, event{kind: evRetry, child: k.ID, inc: k.inc, reason: reason, rest: j.start[1:]})
	case jobAdd:
		c.remove(k)
		fallthrough
	case jobRequest:
		c.job = nil
		c.reply(j.call, &StartError{c.cfg.Name, k.ID, reason})
	case jobEnd: // it was to be ended anyway
	}
}

// done takes that a job is done.
func (c *core) done(j *job) {
	if j.kind == jobEnd {
		c.end(j.reason)
		c.reply(j.call, j.reason) // of a start that came to nothing
		return
	}
	c.reply(j.call, nil)
}

// request begins with what somebody wants. k is the child that is meant, nil if there is none.
func (c *core) request(k *kid, e event) {
	simple := c.cfg.Strategy == SimpleOneForOne
	switch {
	case e.kind == evAdd:
		c.add(k, e)
	case simple && e.kind != evTerminate:
		c.reply(e.call, ErrSimple)
	case k == nil:
		c.reply(e.call, fmt.Errorf("%w: %s", ErrNotFound, e.child))
	case e.kind == evTerminate:
		c.run(&job{kind: jobRequest, stop: []*kid{k}, call: e.call})
	case k.state == Restarting:
		c.reply(e.call, fmt.Errorf("%w: %s", ErrRestarting, e.child))
	case k.state != Stopped:
		c.reply(e.call, fmt.Errorf("%w: %s", ErrRunning, e.child))
	case e.kind == evRestart:
		c.run(&job{kind: jobRequest, start: []*kid{k}, call: e.call})
	default: // delete
		c.remove(k)
		c.reply(e.call, nil)
	}
}

// add starts one more child, after all others.
func (c *core) add(present *kid, e event) {
	switch {
	case present == nil:
		k := &kid{Child: e.spec}
		c.kids = append(c.kids, k)
		c.run(&job{kind: jobAdd, start: []*kid{k}, call: e.call})
	case present.state == Stopped:
		c.reply(e.call, fmt.Errorf("%w: %s", ErrPresent, e.child))
	default:
		c.reply(e.call, fmt.Errorf("%w: %s", ErrRunning, e.child))
	}
}
