package sim

// Kill ends p, and nothing else of its host: p is unwound from where it blocks, as a crash of its
// host would do, and never goes on. Unlike after a crash its deferred calls have an effect, as the
// host lives on: they may give back what p shares with others, but cannot block. A process that kills
// itself, or runs further up the stack, is unwound when control is back to it. Killing a process that
// has ended does nothing.
func (p *Proc) Kill() {
	if p.killed {
		return
	}
	p.killed = true
	w := p.host.w
	if p.onCPU {
		if w.proc == p && w.cur == p.host {
			panic(errKilled)
		}
		return
	}
	p.retire() // its deferred calls may crash the host
	cur, proc := w.cur, w.proc
	w.cur, w.proc, p.onCPU = p.host, p, true
	p.stop()
	w.cur, w.proc, p.onCPU = cur, proc, false
	p.report()
}

// Guard runs fn, a part of p, and returns what it panicked with as a finding would tell it; nil if it
// did not. It is for those who answer for the failures of a process. That p is being killed, and the
// panic of an observer, are not failures of fn: they go on through Guard.
func (p *Proc) Guard(fn func()) (failed *Finding) {
	defer func() {
		if p.killed || p.host.w.cur == nil {
			return
		}
		if r := recover(); r != nil {
			failed = &Finding{Host: p.host.id, At: p.host.w.now, Message: said(r), Stack: stack(3)}
		}
	}()
	fn()
	return nil
}

// IsKill reports whether r, which recover returned, is what unwinds a process that was killed or whose host
// crashed, and no panic of its own. Who recovers it panics with it again.
func IsKill(r any) bool { return r == errKilled }
