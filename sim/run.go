package sim

import (
	"fmt"
	"path"
	"reflect"
	"runtime"
	"strings"
)

// Limit bounds a Run. The zero value bounds nothing: such a run ends only when
// nothing is left to happen.
type Limit struct {
	Events uint64      // end once the world has had this many events; 0: no limit
	Until  Time        // end before the first step later than this; 0: no limit
	Stop   func() bool // asked after every step; nil: never
}

// Reason says why a run ended.
type Reason uint8

// The reasons for which Run returns.
const (
	Quiescent  Reason = iota + 1 // nothing is left to happen
	TimeLimit                    // the next step is later than Limit.Until; Now is Until
	EventLimit                   // Limit.Events were reached
	Stopped                      // Limit.Stop returned true, or Halt or Close was called
	Panicked                     // node code panicked or broke a rule: see Findings; Run again to go on
)

var reasonNames = [...]string{"", "quiescent", "time limit", "event limit", "stopped", "panicked"}

// String returns a phrase such as "time limit".
func (r Reason) String() string {
	if r >= Quiescent && r <= Panicked {
		return reasonNames[r]
	}
	return fmt.Sprintf("reason(%d)", uint8(r))
}

// Run lets the world happen until a limit, and says which. It may be called
// again to go on.
//
// A panic in node code ends the run with Panicked: it is recorded as a Finding,
// and its host has crashed. A panic elsewhere (an observer, the Stop function, a
// misuse of this package outside node code) goes on to the caller.
func (w *World) Run(l Limit) Reason {
	if l.Until == 0 {
		l.Until = Forever
	}
	if l.Events == 0 {
		l.Events = ^uint64(0)
	}
	return w.loop(&l)
}

// RunFor runs for a duration of virtual time.
func (w *World) RunFor(d Duration) Reason {
	return w.loop(&Limit{Events: ^uint64(0), Until: w.now.Add(d)})
}

// Halt ends the run after the current step. Only Run's caller, or the world's
// own code, should decide so.
func (w *World) Halt() { w.ended = true }

func (w *World) loop(l *Limit) (why Reason) {
	defer func() {
		if h := w.cur; h != nil {
			if r := recover(); r != nil {
				w.cur, w.proc = nil, nil
				w.panicked(h, r, stack(3))
				why = Panicked
			}
		}
	}()
	for {
		switch {
		case w.ended || w.closed:
			w.ended = false
			return Stopped
		case w.seq >= l.Events:
			return EventLimit
		case w.queue.n == 0: // as it always is in an untimed world
			if why := w.offer(l.Until); why != 0 {
				if l.Until != Forever {
					w.now = max(w.now, l.Until)
				}
				return why
			}
		case !w.queue.due(l.Until):
			w.now = max(w.now, l.Until)
			return TimeLimit
		}
		found := len(w.findings)
		w.step()
		for _, fn := range w.after {
			fn()
		}
		if len(w.findings) > found {
			return Panicked
		}
		if l.Stop != nil && l.Stop() {
			return Stopped
		}
	}
}

// step takes the next pending event and lets it happen.
func (w *World) step() {
	it := w.pick()
	w.steps++
	if w.isStale(it) {
		w.stale-- // for a timer that does not fire no time passes
		return
	}
	w.now, w.cause = it.at, it.cause
	switch arg := it.arg(); it.sink() {
	case sinkBoot:
		w.hosts[arg>>32].Submit(bootTask{w}, arg)
	case sinkTimer:
		w.fireTimer(arg)
	case sinkServe:
		w.fireServe(arg)
	case sinkWake:
		w.fireWake(arg)
	case sinkFunc:
		w.funcs.drop(uint32(arg))()
	default:
		w.sinks[it.sink()].Fire(arg)
	}
}

// pick removes the next item: the first of the queue, or the Chooser's choice.
func (w *World) pick() item {
	switch {
	case !w.cfg.Interleave:
		return w.queue.pop()
	case w.cfg.Untimed:
		return w.pickAny()
	}
	ready := w.dropStale(w.queue.ready())
	if w.isStale(ready[0]) { // it is the only one, and no time passes for it
		return w.queue.pop()
	}
	w.now, w.cause = ready[0].at, 0
	return w.queue.take(w.next(ready))
}

// dropStale removes cancelled timers from the ready items, so that the Chooser
// is not asked to order events that will not happen. It leaves at least one item.
func (w *World) dropStale(ready []item) []item {
	for i := 0; i < len(ready) && len(ready) > 1; {
		if w.isStale(ready[i]) {
			w.queue.take(i)
			w.stale--
			ready = ready[1:] // taking one shifts those before it
			continue
		}
		i++
	}
	return ready
}

// Finding is a panic of node code.
type Finding struct {
	Host    HostID
	Event   uint64 // the event that the host was handling
	At      Time
	Message string
	Stack   []string // innermost first: "function (file:line)"
}

// String returns the message and the innermost frame.
func (f Finding) String() string {
	where := ""
	if len(f.Stack) > 0 {
		where = " at " + f.Stack[0]
	}
	return f.Message + where
}

// Find records a finding of a layer above, such as a message that was changed
// after sending, and ends the run after the current step, as a panic does.
func (w *World) Find(f Finding) {
	w.findings = append(w.findings, f)
	w.Emit(Event{Kind: Panic, Host: f.Host, Peer: NoHost, Name: f.Message})
}

// Findings returns the panics of node code so far.
func (w *World) Findings() []Finding { return w.findings }

// panicked records a panic of h's code and crashes h.
func (w *World) panicked(h *Host, value any, frames []string) {
	f := Finding{Host: h.id, Event: w.cause, At: w.now, Message: said(value), Stack: frames}
	w.findings = append(w.findings, f)
	w.Begin(Event{Kind: Panic, Host: h.id, Peer: NoHost, Name: f.Message})
	h.Crash()
}

// said returns what a panic said. Values that could print an address, which
// differs between runs, are told by their type.
func said(value any) string {
	switch v := value.(type) {
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	}
	switch reflect.ValueOf(value).Kind() {
	case reflect.Pointer, reflect.Struct, reflect.Map, reflect.Slice, reflect.Array, reflect.Chan, reflect.Func,
		reflect.Interface, reflect.UnsafePointer:
		return fmt.Sprintf("a value of type %T", value)
	}
	return fmt.Sprint(value)
}

// stack returns the calling frames from the panic's origin, which may be a call
// into this package, up to the kernel's call of node code. Addresses and goroutine
// numbers, which differ between runs, are left out.
func stack(skip int) []string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(skip, pcs)])
	var out []string
	node := false
	for {
		f, more := frames.Next()
		kernel := strings.HasPrefix(f.Function, "phoenix/sim.") && !strings.HasSuffix(f.File, "_test.go")
		if kernel && node {
			break
		}
		if !strings.HasPrefix(f.Function, "runtime.") {
			node = node || !kernel
			file := path.Join(path.Base(path.Dir(f.File)), path.Base(f.File))
			out = append(out, fmt.Sprintf("%s (%s:%d)", f.Function, file, f.Line))
		}
		if !more {
			break
		}
	}
	return out
}
