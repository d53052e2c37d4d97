package supervisor

import (
	"errors"
	"time"

	"phoenix/sim"
)

var errBang = errors.New("bang")

// nothing is a Worker for tests of the core, which starts none.
type nothing struct{}

func (nothing) misplaced(env) string { return "" }

func (nothing) start(env, *link) handle { panic("the core starts nothing") }

// kidsOf returns children with these names.
func kidsOf(names string, change ...func(*Child)) []Child {
	var all []Child
	for _, r := range names {
		c := Child{ID: string(r), Worker: nothing{}, Shutdown: time.Second}
		for _, f := range change {
			f(&c)
		}
		all = append(all, c)
	}
	return all
}

// A driver carries out at once, in a toy world, what a core decides.
type driver struct {
	world   *toy
	core    *core
	todo    []event
	answers map[uint64]error
	calls   uint64
	ended   error
}

func newDriver(cfg Config, children []Child) *driver {
	return &driver{world: newToy(), core: newCore(cfg.filled(), children), answers: map[uint64]error{}}
}

func newToy() *toy { return &toy{broken: map[string]bool{}, stubborn: map[string]bool{}} }

// tell has the core take e and all that follows from it.
func (d *driver) tell(e event) {
	d.todo = append(d.todo, e)
	for len(d.todo) > 0 {
		e := d.todo[0]
		d.todo = d.todo[1:]
		for _, do := range d.core.step(sim.Time(d.world.now), e) {
			d.perform(do)
		}
	}
}

func (d *driver) perform(do effect) {
	answer := func(kind eventKind, reason error) {
		d.todo = append(d.todo, event{kind: kind, child: do.child.ID, inc: do.inc, reason: reason})
	}
	switch do.kind {
	case doStart:
		if d.world.start(do.child.ID) {
			answer(evStarted, nil)
		} else {
			answer(evFailed, errBang)
		}
	case doAsk:
		d.world.say("ask %s", do.child.ID)
		if !d.world.stubborn[do.child.ID] || do.within == Infinity {
			answer(evExited, ErrShutdown)
			return
		}
		d.world.now += do.within
		answer(evDeadline, nil)
	case doKill:
		d.world.say("kill %s", do.child.ID)
		answer(evExited, ErrKilled)
	case doReply:
		d.answers[do.call] = do.reason
	case doEnd:
		d.ended = do.reason
		d.world.say("end")
	}
}

// start starts the supervisor, and returns its answer.
func (d *driver) start() error { return d.request(evStart, "") }

// request makes a request, and returns its answer.
func (d *driver) request(kind eventKind, id string, spec ...Child) error {
	d.calls++
	e := event{kind: kind, child: id, call: d.calls}
	for _, c := range spec {
		e.spec = c
	}
	d.tell(e)
	return d.answers[d.calls]
}

// exit has a child that runs end by itself.
func (d *driver) exit(id string, reason error) {
	d.tell(event{kind: evExited, child: id, inc: d.core.find(id).inc, reason: reason})
}

// crash has children end in failure, one after the other.
func (d *driver) crash(ids ...string) {
	for _, id := range ids {
		d.exit(id, errBang)
	}
}

// said returns what happened since it was last asked.
func (d *driver) said() []string {
	log := d.world.log
	d.world.log = nil
	return log
}

// states returns "a running", ...
func (d *driver) states() []string {
	var all []string
	for _, k := range d.core.kids {
		all = append(all, k.ID+" "+k.state.String())
	}
	return all
}

func (d *driver) running() int {
	n := 0
	for _, k := range d.core.kids {
		if k.state == Running {
			n++
		}
	}
	return n
}

func (d *driver) over() bool { return d.core.phase == phaseEnded }
