package supervisor

import (
	"fmt"
	"slices"
	"time"
)

// plain is supervisor.erl in the plainest words: it does one thing after the other, and the world does
// at once what it is told. Bug switches one defect on.
type plain struct {
	bug      string
	cfg      Config
	world    *toy
	kids     []*plainKid // in order of start
	restarts []time.Duration
	over     bool
}

type plainKid struct {
	Child
	up, retry bool
}

// toy is a world of children that start and end at once, except those that are broken (do not start)
// or stubborn (do not end when asked).
type toy struct {
	now              time.Duration
	broken, stubborn map[string]bool
	mend             string // a broken one that is so once
	failures         int    // the eighth is the last of its child
	log              []string
}

func (t *toy) say(format string, args ...any) { t.log = append(t.log, fmt.Sprintf(format, args...)) }

// start reports whether the child started.
func (t *toy) start(id string) bool {
	if t.broken[id] {
		t.say("%s does not start", id)
		// One that takes long to end may keep restarts so far apart that they never are too many.
		t.failures++
		t.broken[id] = id != t.mend && t.failures%8 != 0
		return false
	}
	t.say("start %s", id)
	return true
}

// end ends a child.
func (t *toy) end(c Child) {
	if c.Shutdown == Kill {
		t.say("kill %s", c.ID)
		return
	}
	t.say("ask %s", c.ID)
	if t.stubborn[c.ID] && c.Shutdown != Infinity {
		t.now += c.Shutdown
		t.say("kill %s", c.ID)
	}
}

func (p *plain) end(k *plainKid) {
	if k.up {
		if p.bug == "kill without asking" {
			k.Shutdown = Kill
		}
		p.world.end(k.Child)
	}
	k.up, k.retry = false, false
	if k.Restart == Temporary && p.bug != "temporaries are restarted" {
		p.forget(k)
	}
}

func (p *plain) forget(k *plainKid) {
	p.kids = slices.DeleteFunc(p.kids, func(other *plainKid) bool { return other == k })
}

func (p *plain) find(id string) *plainKid {
	for _, k := range p.kids {
		if k.ID == id {
			return k
		}
	}
	return nil
}

// start starts all, or none.
func (p *plain) start(children []Child) {
	for _, c := range children {
		p.kids = append(p.kids, &plainKid{Child: c})
	}
	for _, k := range slices.Clone(p.kids) {
		if k.up = p.world.start(k.ID); !k.up {
			p.giveUp()
			return
		}
	}
}

func (p *plain) giveUp() {
	for _, k := range slices.Backward(slices.Clone(p.kids)) {
		p.end(k)
	}
	p.over = true
	p.world.say("end")
}

// exit is the end of a child that runs.
func (p *plain) exit(id string, orderly bool) {
	k := p.find(id)
	k.up = false
	switch {
	case k.Restart == Permanent, k.Restart == Transient && !orderly, p.bug == "temporaries are restarted":
		p.restart(k)
	case k.Restart == Temporary:
		p.forget(k)
	}
	p.significant(k)
}

// significant ends the supervisor if the end for good of k says so.
func (p *plain) significant(k *plainKid) {
	if !k.Significant || k.up || k.retry || p.over || p.cfg.AutoShutdown == Never {
		return
	}
	left := slices.ContainsFunc(p.kids, func(k *plainKid) bool { return k.Significant && (k.up || k.retry) })
	if p.cfg.AutoShutdown == AnySignificant || !left {
		p.giveUp()
	}
}

// tooMany counts a restart.
func (p *plain) tooMany() bool {
	limit := p.cfg.Intensity
	switch p.bug {
	case "the third restart ends it":
		limit--
	case "only the fifth restart ends it":
		limit++
	}
	recent := p.restarts
	if p.bug != "the window never forgets" {
		recent = nil
		for _, at := range p.restarts {
			if at >= p.world.now-p.cfg.Period {
				recent = append(recent, at)
			}
		}
	}
	p.restarts = append(recent, p.world.now)
	return len(p.restarts) > limit
}

// restart restarts k and whom else it concerns, until all have started.
func (p *plain) restart(k *plainKid) {
	for tries := 0; k != nil; tries++ {
		uncounted := tries > 0 && p.bug == "a failed restart does not count"
		switch {
		case tries > 0 && p.bug == "a failed restart is not tried again":
			return
		case !uncounted && p.tooMany():
			k.retry = false
			if p.bug != "only the child is dropped" {
				p.giveUp()
			}
			return
		}
		k = p.attempt(k)
	}
}

// attempt returns who could not be started.
func (p *plain) attempt(k *plainKid) *plainKid {
	k.retry = false
	group := []*plainKid{k}
	i := slices.Index(p.kids, k)
	switch {
	case p.cfg.Strategy == OneForAll, p.bug == "all are restarted":
		group = slices.Clone(p.kids)
	case p.cfg.Strategy == RestForOne && p.bug == "the rest are those before":
		group = slices.Clone(p.kids[:i+1])
	case p.cfg.Strategy == RestForOne && p.bug == "the rest is left alone":
	case p.cfg.Strategy == RestForOne:
		group = slices.Clone(p.kids[i:])
	}
	for j := range group {
		if p.bug == "the rest is ended in order of start" {
			p.end(group[j])
		} else {
			p.end(group[len(group)-1-j])
		}
	}
	if p.bug == "the rest is started in reverse" {
		slices.Reverse(group)
	}
	for _, k := range group {
		if k.Restart == Temporary && p.bug != "temporaries are restarted" {
			continue
		}
		if k.up = p.world.start(k.ID); !k.up {
			k.retry = true
			return k
		}
	}
	return nil
}

// request does what OTP's functions of these names do and returns what they answer.
func (p *plain) request(what string, c Child) error {
	k := p.find(c.ID)
	switch {
	case p.over:
		return ErrEnded
	case what == "add" && k != nil && k.up:
		return ErrRunning
	case what == "add" && k != nil:
		return ErrPresent
	case what == "add":
		k = &plainKid{Child: c}
		p.kids = append(p.kids, k)
		if k.up = p.world.start(c.ID); !k.up {
			p.forget(k)
			return ErrShutdown
		}
	case k == nil:
		return ErrNotFound
	case what == "terminate":
		p.end(k)
	case k.up:
		return ErrRunning
	case what == "delete":
		p.forget(k)
	case what == "restart":
		if k.up = p.world.start(c.ID); !k.up {
			return ErrShutdown
		}
	}
	return nil
}
