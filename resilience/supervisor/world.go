package supervisor

import (
	"time"

	"phoenix/sim"
)

// NewWorld returns a supervisor of hosts, which stands outside of them and cannot fail. It panics if
// the configuration is wrong.
func NewWorld(w *sim.World, cfg Config, children ...Child) *Supervisor {
	return newSupervisor(&outside{w: w}, cfg, children)
}

// outside is the env of a world, outside of its hosts.
type outside struct {
	w     *sim.World
	posts posts
}

func (e *outside) now() sim.Time  { return e.w.Now() }
func (e *outside) post(fn func()) { e.w.At(e.w.Now(), e.posts.add(fn)) }
func (e *outside) look(fn func()) { fn() }
func (e *outside) note(text string) {
	e.w.Emit(sim.Event{Kind: sim.Note, Host: sim.NoHost, Peer: sim.NoHost, Name: text})
}

func (e *outside) after(d sim.Duration, fn func()) (stop func()) {
	stopped := false
	e.w.At(e.w.Now().Add(d), func() {
		if !stopped {
			fn()
		}
	})
	return func() { stopped = true }
}

// Host has a host of a world as a child. It has started when the host is up: at once if it is, or if
// somebody else has restarted it, else it is restarted boot after it was to be. Its crash is the end
// of the child (ErrCrashed). Asking it to end crashes it: a host is not asked, its plug is pulled.
func Host(h *sim.Host, boot time.Duration) Worker {
	m := &machine{host: h, boot: boot}
	h.OnCrash(func() {
		if l := m.current; l != nil {
			m.current = nil
			h.World().At(h.World().Now(), func() { l.exited(ErrCrashed) })
		}
	})
	return m
}

type machine struct {
	host    *sim.Host
	boot    time.Duration
	current *link // of the incarnation that is up
}

func (m *machine) misplaced(e env) string {
	if _, ok := e.(*outside); !ok {
		return "a host, and the supervisor stands inside one"
	}
	return ""
}

func (m *machine) start(e env, l *link) handle {
	wait := m.boot
	if m.host.Up() {
		wait = 0
	}
	stop := e.after(wait, func() {
		m.current = l
		m.host.Restart()
		if m.host.Up() { // else it crashed as it booted, or the world has ended
			l.started()
		}
	})
	down := func(reason error) func() {
		return func() {
			stop()
			m.current = nil
			m.host.Crash()
			e.post(func() { l.exited(reason) })
		}
	}
	return handle{ask: down(ErrShutdown), kill: down(ErrKilled)}
}
