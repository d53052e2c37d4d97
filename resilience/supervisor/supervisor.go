package supervisor

import (
	"context"
	"fmt"
	"slices"

	"phoenix/sim"
)

// A Supervisor runs children and restarts them. Make one with New, NewNode or NewWorld, and have it
// Start. Outside of worlds it is safe for concurrent use. What it is told takes effect in the order of
// the calls, each when what was begun before is done: a restart of others, say.
type Supervisor struct {
	env  env
	cfg  Config
	core *core
	// Only the holder of env's lock touches what follows.
	inbox    []event
	busy     bool
	live     map[string]*incarnation
	calls    map[uint64]*Call
	lastCall uint64
	above    *link // the child that it is of another one
	started  bool
	reason   error
	done     chan struct{}
}

// env is where a tree of supervisors lives.
type env interface {
	now() sim.Time
	// post runs fn soon, alone; at once where that is possible.
	post(fn func())
	// after runs fn alone after d, unless it is stopped before.
	after(d sim.Duration, fn func()) (stop func())
	// look runs fn, which changes nothing, alone and at once.
	look(fn func())
	note(text string)
}

// A Worker is what a child runs: Go, GoStart, Process, ProcessStart, Host or Tree.
type Worker interface {
	// start begins one incarnation, which reports to l. It does not block.
	start(e env, l *link) handle
	// misplaced says what the worker is that cannot run under supervisors of e, "" if it can.
	misplaced(e env) string
}

// A handle ends an incarnation. Both end in its link's exited, at once or later.
type handle struct {
	ask  func()
	kill func()
	tree *Supervisor // of a Tree
}

// An incarnation is one life of a child, until it has ended.
type incarnation struct {
	handle
	inc  uint64
	stop func() // the timer of its deadline
}

// newSupervisor panics if the configuration is wrong.
func newSupervisor(e env, cfg Config, children []Child) *Supervisor {
	cfg = cfg.filled()
	all := make([]Child, 0, len(children))
	for _, child := range children {
		child, err := child.filled(cfg, e)
		if err == nil && slices.ContainsFunc(all, func(other Child) bool { return other.ID == child.ID }) {
			err = fmt.Errorf("%w: two children are called %s", ErrConfig, child.ID)
		}
		if err != nil {
			panic(err)
		}
		all = append(all, child)
	}
	if cfg.Strategy == SimpleOneForOne && len(all) > 0 {
		panic("supervisor: a SimpleOneForOne supervisor begins without children; Add starts them")
	}
	return &Supervisor{env: e, cfg: cfg, core: newCore(cfg, all), live: map[string]*incarnation{},
		calls: map[uint64]*Call{}, done: make(chan struct{})}
}

// Start starts the children in order, each when the one before has started. If one cannot be started
// the others are ended again, and the supervisor has ended: the error is then a *StartError.
func (s *Supervisor) Start() *Call { return s.request(event{kind: evStart}) }

// Add starts another child, after all others. If it cannot be started it is forgotten.
func (s *Supervisor) Add(child Child) *Call {
	child, err := child.filled(s.cfg, s.env)
	if err != nil {
		c := newCall()
		s.env.post(func() { c.resolve(err) })
		return c
	}
	return s.request(event{kind: evAdd, child: child.ID, spec: child})
}

// Terminate ends a child, which stays known unless it is temporary. It is not restarted, except with
// others where the strategy restarts all.
func (s *Supervisor) Terminate(id string) *Call {
	return s.request(event{kind: evTerminate, child: id})
}

// Restart starts a child again that does not run.
func (s *Supervisor) Restart(id string) *Call {
	return s.request(event{kind: evRestart, child: id})
}

// Delete forgets a child that does not run.
func (s *Supervisor) Delete(id string) *Call {
	return s.request(event{kind: evDelete, child: id})
}

// Shutdown ends the children, the last started first, and then the supervisor, with ErrShutdown. It
// does not wait for what is being started, as OTP would.
func (s *Supervisor) Shutdown() *Call { return s.request(event{kind: evShutdown}) }

// Bounce ends a child, of s or of a Tree below it, and starts it again, which is no restart that
// counts. It reports whether there is such a child that can be started again, and does not wait. It is
// a Cluster.Restart of package resilience.
func (s *Supervisor) Bounce(id string) bool {
	var owner *Supervisor
	s.env.look(func() { owner = s.owner(id) })
	if owner == nil {
		return false
	}
	owner.Terminate(id)
	owner.Restart(id)
	return true
}

// owner returns who can restart a child of that name: s, or the first of the trees below it.
func (s *Supervisor) owner(id string) *Supervisor {
	if s.core.phase != phaseUp {
		return nil
	}
	if k := s.core.find(id); k != nil && k.Restart != Temporary && s.cfg.Strategy != SimpleOneForOne {
		return s
	}
	for _, k := range s.core.kids {
		if l := s.live[k.ID]; l != nil && l.tree != nil {
			if owner := l.tree.owner(id); owner != nil {
				return owner
			}
		}
	}
	return nil
}

// Children tells all children that are known, in order of their start.
func (s *Supervisor) Children() []Status {
	var all []Status
	s.env.look(func() {
		for _, k := range s.core.kids {
			_, tree := k.Worker.(*subtree)
			st := Status{ID: k.ID, State: k.state, Restart: k.Restart, Incarnation: k.inc, Supervisor: tree}
			if k.state == exited {
				st.State = Stopped
			}
			all = append(all, st)
		}
	})
	return all
}

// Count counts the children.
func (s *Supervisor) Count() Counts {
	var n Counts
	for _, child := range s.Children() {
		n.Specs++
		if child.State == Running {
			n.Active++
		}
		if child.Supervisor {
			n.Supervisors++
		} else {
			n.Workers++
		}
	}
	return n
}

// Done is closed when the supervisor has ended. Nothing in a world may wait for it.
func (s *Supervisor) Done() <-chan struct{} { return s.done }

// Ended reports whether the supervisor has ended, and why: with an ErrShutdown as it was asked to, an
// *IntensityError if it gave up, a *StartError.
func (s *Supervisor) Ended() (reason error, ended bool) {
	s.env.look(func() { reason, ended = s.reason, s.core.phase == phaseEnded })
	return reason, ended
}

// Run starts the supervisor, has it work until ctx ends, then shuts it down. It returns when it has
// ended: nil after ctx has, else why. For goroutines, outside of worlds.
func (s *Supervisor) Run(ctx context.Context) error {
	s.Start()
	select {
	case <-ctx.Done():
		s.Shutdown()
		<-s.done
		return nil
	case <-s.done:
		reason, _ := s.Ended()
		return reason
	}
}

// request has the core handle a request.
func (s *Supervisor) request(e event) *Call {
	c := newCall()
	s.env.post(func() {
		s.lastCall++
		e.call = s.lastCall
		s.calls[e.call] = c
		s.tell(e)
	})
	return c
}

// tell has the core take an event. What that leads to may tell more: it comes after.
func (s *Supervisor) tell(e event) {
	s.inbox = append(s.inbox, e)
	if s.busy {
		return
	}
	s.busy = true
	for len(s.inbox) > 0 {
		e := s.inbox[0]
		s.inbox = slices.Delete(s.inbox, 0, 1)
		for _, do := range s.core.step(s.env.now(), e) {
			s.perform(do)
		}
	}
	s.busy = false
}

// perform does what the core wants.
func (s *Supervisor) perform(do effect) {
	id := do.child.ID
	switch do.kind {
	case doStart:
		s.report(Start, do)
		life := &incarnation{inc: do.inc}
		s.live[id] = life
		life.handle = do.child.Worker.start(s.env, &link{s: s, id: id, inc: do.inc})
	case doAsk:
		s.report(Ask, do)
		s.ask(do)
	case doKill:
		s.report(Killed, do)
		if life := s.live[id]; life != nil {
			life.kill()
		}
	case tellExited:
		s.report(Exit, do)
	case tellFailed:
		s.report(StartFailed, do)
	case doReply:
		s.calls[do.call].resolve(do.reason)
		delete(s.calls, do.call)
	case doEnd:
		s.report(End, do)
		s.reason = do.reason
		close(s.done)
		s.above.ended(s)
	}
}

// ask asks a child to end and sets its deadline. One that has ended has said so already.
func (s *Supervisor) ask(do effect) {
	life := s.live[do.child.ID]
	if life == nil {
		return
	}
	if do.within != Infinity {
		deadline := event{kind: evDeadline, child: do.child.ID, inc: do.inc}
		life.stop = s.env.after(do.within, func() { s.tell(deadline) })
	}
	life.ask()
}

// report tells OnReport, and in a world the host.
func (s *Supervisor) report(a Action, do effect) {
	r := Report{s.env.now(), s.cfg.Name, a, do.child.ID, do.inc, do.reason}
	s.env.note(r.String())
	if s.cfg.OnReport != nil {
		s.cfg.OnReport(r)
	}
}

// A link is how an incarnation of a child tells its supervisor how it is. Its methods are called alone,
// within post or after; all but the first that says that it ended do nothing.
type link struct {
	s    *Supervisor
	id   string
	inc  uint64
	over bool
}

func (l *link) started() { l.s.tell(event{kind: evStarted, child: l.id, inc: l.inc}) }

func (l *link) failed(err error) { l.ends(evFailed, err) }

func (l *link) exited(err error) { l.ends(evExited, err) }

func (l *link) ends(kind eventKind, err error) {
	if l.over {
		return
	}
	l.over = true
	if life := l.s.live[l.id]; life != nil && life.inc == l.inc {
		delete(l.s.live, l.id)
		if life.stop != nil {
			life.stop()
		}
	}
	l.s.tell(event{kind: kind, child: l.id, inc: l.inc, reason: err})
}
