package supervisor

import (
	"fmt"
	"slices"
)

// Tree makes a supervisor a child of another one. Each incarnation is a new supervisor, with these
// children and not those that were added since. It has started when all its children have. When it gives up it ends
// with an ErrShutdown, and its parent decides: a permanent tree is restarted, a transient one is not.
// Its default for Child.Shutdown is Infinity. Tree panics as New does.
func Tree(cfg Config, children ...Child) Worker {
	newSupervisor(nil, cfg, children) // is the configuration right?
	return &subtree{cfg, slices.Clone(children)}
}

type subtree struct {
	cfg      Config
	children []Child
}

// misplaced finds the first of the children, and theirs, that is.
func (t *subtree) misplaced(e env) string {
	for _, child := range t.children {
		if why := child.Worker.misplaced(e); why != "" {
			return fmt.Sprintf("a tree whose child %s is %s", child.ID, why)
		}
	}
	return ""
}

func (t *subtree) start(e env, l *link) handle {
	s := newSupervisor(e, t.cfg, t.children)
	s.above = l
	s.tell(event{kind: evStart, call: s.ready(l)})
	return handle{
		tree: s,
		ask:  func() { s.tell(event{kind: evShutdown}) },
		kill: func() { s.tell(event{kind: evKill}) },
	}
}

// ready returns the number of a call that tells l when the first children have started.
func (s *Supervisor) ready(l *link) uint64 {
	c := newCall()
	c.then = func(err error) {
		if err == nil {
			s.started = true
			l.started()
		}
	}
	s.lastCall++
	s.calls[s.lastCall] = c
	return s.lastCall
}

// ended tells that s, which is the child, has ended.
func (l *link) ended(s *Supervisor) {
	switch {
	case l == nil:
	case s.started:
		l.exited(s.reason)
	default:
		l.failed(s.reason)
	}
}
