package sim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Duration is time.Duration, so that users of virtual time need not import time.
type Duration = time.Duration

// Host is a simulated machine: it runs node code, one task at a time, and can
// crash, restart, pause, be slow, and have a clock that is wrong.
type Host struct {
	w     *World
	id    HostID
	name  string
	boot  func(*Host)
	epoch uint32 // how often it crashed

	up, paused bool
	serving    bool // a task is being processed, or a pause began meanwhile
	serveGen   uint32
	slow       Duration  // processing time of a task
	inbox      FIFO[job] // tasks that wait for the host to be free

	clock clock
	procs []*Proc
	spawn uint64   // number of the last process
	lost  []func() // what a crash does to the hardware

	crashes, pauses, slowness *FaultCount
}

// Task is a piece of work for a host: handling a message, a timer.
type Task interface {
	// Run does the work with the host as the running one.
	Run(arg uint64)
	// Discard is called instead when the host is down, or crashed meanwhile.
	Discard(arg uint64)
}

// AddHost adds a host that runs boot as its first task, once the world runs and
// so all hosts are known, and again on each restart. Boot makes timers, starts
// processes and registers what the layer above needs; nil does nothing. AddHost
// panics if the name is empty or taken.
func (w *World) AddHost(name string, boot func(*Host)) *Host {
	if name == "" || w.byName[name] != nil {
		panic(fmt.Sprintf("sim: host name %q is empty or taken", name))
	}
	if w.byName == nil {
		w.byName = make(map[string]*Host, 8)
	}
	h := &Host{w: w, id: HostID(len(w.hosts)), name: name, boot: boot, up: true}
	w.hosts = append(w.hosts, h)
	w.byName[name] = h
	w.Schedule(w.now, sinkBoot, uint64(h.id)<<32|uint64(h.epoch))
	return h
}

// bootTask boots a host for the first time, unless it has crashed before.
type bootTask struct{ w *World }

// Run boots the host.
func (t bootTask) Run(arg uint64) {
	if h := t.w.hosts[arg>>32]; h.epoch == uint32(arg) {
		h.start(Boot)
	}
}

// Discard forgets about it: Restart boots the host.
func (bootTask) Discard(uint64) {}

// start runs the boot code; kind is Boot or Restart.
func (h *Host) start(kind Kind) {
	w, cur, cause := h.w, h.w.cur, h.w.cause
	w.Begin(Event{Kind: kind, Host: h.id, Peer: NoHost, Name: h.name})
	if h.boot != nil {
		w.cur = h
		h.boot(h)
	}
	w.cur, w.cause = cur, cause
}

// World returns the world that h is in.
func (h *Host) World() *World { return h.w }

// ID returns the number of h.
func (h *Host) ID() HostID { return h.id }

// Name returns the name of h.
func (h *Host) Name() string { return h.name }

// Up reports whether h runs or is paused, as opposed to crashed.
func (h *Host) Up() bool { return h.up }

// Paused reports whether h is paused.
func (h *Host) Paused() bool { return h.paused }

// Epoch returns how often h has crashed: it tells one boot from another.
func (h *Host) Epoch() uint32 { return h.epoch }

// Rand returns the stream of h for a purpose, from its start: the same in every
// boot. Node code that wants fresh numbers after a restart draws from
// Key(purpose).Num(boot).
func (h *Host) Rand(purpose string) *rand.Rand { return h.Key(purpose).Rand() }

// Key returns the key of h's randomness for a purpose.
func (h *Host) Key(purpose string) Key { return h.w.Key("host").Sub(h.name).Sub(purpose) }

// Note adds a remark to the event stream, unless h is down.
func (h *Host) Note(format string, args ...any) {
	if !h.up {
		return
	}
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	h.w.Emit(Event{Kind: Note, Host: h.id, Peer: NoHost, Name: text})
}

// Submit gives h a task. A free host runs it at once; a paused or busy one later,
// in order; a host that is down discards it.
func (h *Host) Submit(t Task, arg uint64) {
	switch {
	case !h.up:
		t.Discard(arg)
	case h.paused || h.serving || h.slow > 0:
		h.inbox.Push(job{t, arg, h.w.cause})
		if h.paused {
			h.pauses.Effect++
		} else {
			h.serve()
		}
	default:
		h.run(t, arg)
	}
}

func (h *Host) run(t Task, arg uint64) {
	outer := h.w.cur // another host, if its code resumed this one
	h.w.cur = h
	t.Run(arg)
	h.w.cur = outer
}

// serve begins to process the first waiting task, if h is free to.
func (h *Host) serve() {
	cause := h.w.cause
	for h.up && !h.paused && !h.serving && h.inbox.Len() > 0 {
		if h.slow > 0 {
			h.serving = true
			h.slowness.Effect++
			h.finish(h.w.now.Add(h.slow))
			return
		}
		if h.w.cur == h {
			return // one task at a time: what runs now serves the others when it is done
		}
		j := h.inbox.Pop()
		h.w.cause = j.cause
		h.run(j.task, j.arg)
		h.w.cause = cause
	}
}

// finish has the processing time of a task end then.
func (h *Host) finish(at Time) { h.w.Schedule(at, sinkServe, uint64(h.id)<<32|uint64(h.serveGen)) }

// fireServe ends the processing time of a task, and lets it have its effect.
func (w *World) fireServe(arg uint64) {
	h := w.hosts[arg>>32]
	if uint32(arg) != h.serveGen {
		return // crashed or paused meanwhile, or done earlier
	}
	h.serving = false
	j := h.inbox.Pop()
	w.cause = j.cause
	h.run(j.task, j.arg)
	h.serve()
}

// Crash stops h at once: its processes are unwound, its timers stop, its waiting
// tasks are discarded, and nothing its code still does has an effect. Called by
// a process of h itself, it does not return. A host that is down stays so.
func (h *Host) Crash() {
	if !h.up {
		return
	}
	w, cause := h.w, h.w.cause
	w.Begin(Event{Kind: Crash, Host: h.id, Peer: NoHost})
	h.up, h.paused, h.serving = false, false, false
	h.epoch++
	h.serveGen++
	count := h.faultCount(&h.crashes, "crash")
	count.Fired++
	count.Effect += uint64(w.dropTimers(h) + len(h.procs))
	for h.inbox.Len() > 0 {
		j := h.inbox.Pop()
		count.Effect++
		j.task.Discard(j.arg)
	}
	for _, fn := range h.lost {
		fn()
	}
	self := w.proc
	h.killProcs()
	w.cause = cause
	if self != nil && self.host == h {
		panic(errKilled)
	}
}

// OnCrash has fn called in every crash of h from now on, in order of registration:
// hardware that keeps some of its state (a disk) loses the rest there. It is called
// right after the Crash event, when h is down and its processes still stand where
// they blocked; fn is no code of h and must not start anything on it.
func (h *Host) OnCrash(fn func()) { h.lost = append(h.lost, fn) }

// Restart boots h again if it is down.
func (h *Host) Restart() {
	if h.up || h.w.closed {
		return
	}
	f := h.w.FaultCount("restart " + h.name)
	f.Fired++
	f.Effect++
	h.up = true
	h.start(Restart)
}

// Pause stops h without losing anything: messages and timers that fall due wait.
func (h *Host) Pause() {
	if !h.up || h.paused {
		return
	}
	h.faultCount(&h.pauses, "pause").Fired++
	h.w.Emit(Event{Kind: Pause, Host: h.id, Peer: NoHost})
	h.paused, h.serving = true, false
	h.serveGen++
}

// Resume lets a paused host go on with what has waited, in order.
func (h *Host) Resume() {
	if !h.paused {
		return
	}
	h.w.Emit(Event{Kind: Resume, Host: h.id, Peer: NoHost})
	h.paused = false
	h.serve()
}

// SetSlow gives h a processing time: each task takes effect that long after the
// host began it, and others queue meanwhile. 0 makes it infinitely fast again. The task
// that is being processed takes what it would have; see Hurry.
func (h *Host) SetSlow(perTask Duration) {
	if perTask < 0 {
		panic("sim: a processing time is negative")
	}
	count := h.faultCount(&h.slowness, "slow")
	if perTask > 0 {
		count.Fired++
	}
	h.w.Emit(Event{Kind: Fault, Host: h.id, Peer: NoHost, Name: "slow " + perTask.String()})
	h.slow = perTask
	h.serve()
}

// Hurry ends the processing time of the task that h is processing, if there is one, at
// this instant.
func (h *Host) Hurry() {
	if h.serving {
		h.serveGen++
		h.finish(h.w.now)
	}
}

// DownDrop counts a message that h lost by being down.
func (h *Host) DownDrop() { h.faultCount(&h.crashes, "crash").Effect++ }

func (h *Host) faultCount(f **FaultCount, kind string) *FaultCount {
	if *f == nil {
		*f = h.w.FaultCount(kind + " " + h.name)
	}
	return *f
}

type job struct {
	task  Task
	arg   uint64
	cause uint64
}
