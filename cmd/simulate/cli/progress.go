package cli

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// How often progress is shown: on a terminal a line is rewritten, elsewhere lines
// are added.
const (
	redrawEvery = 200 * time.Millisecond
	lineEvery   = 10 * time.Second
)

// progress tells on standard error how far a campaign is. It touches no result.
type progress struct {
	out          *sink
	done, failed atomic.Uint64
	text         func() string // what the line says; "" for nothing yet
	line         sync.Mutex    // the line of the terminal
	quit         chan struct{}
	over         sync.WaitGroup
}

// startProgress tells how many of a total are done; what is counted, as in "runs".
func startProgress(out *sink, total uint64, what string) *progress {
	p := &progress{out: out, quit: make(chan struct{})}
	p.text = func() string {
		text := fmt.Sprintf("%d of %d %s", p.done.Load(), total, what)
		if n := p.failed.Load(); n > 0 {
			text += fmt.Sprintf(", %d failed", n)
		}
		return text
	}
	return p.start()
}

// startTelling tells what text returns.
func startTelling(out *sink, text func() string) *progress {
	return (&progress{out: out, text: text, quit: make(chan struct{})}).start()
}

func (p *progress) start() *progress {
	every := lineEvery
	if p.out.terminal {
		every = redrawEvery
	}
	p.over.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-p.quit:
				return
			case <-tick.C:
				p.show()
			}
		}
	})
	return p
}

// step notes that one more run is done, and how many failed so far.
func (p *progress) step(failed int) {
	p.done.Add(1)
	p.failed.Store(uint64(failed))
}

func (p *progress) show() {
	text := p.text()
	if text == "" {
		return
	}
	p.line.Lock()
	defer p.line.Unlock()
	if p.out.terminal {
		fmt.Fprintf(p.out, "\r\x1b[K%s", text)
		return
	}
	fmt.Fprintf(p.out, "simulate: %s\n", text)
}

// aside removes the line from a terminal while print prints something else.
func (p *progress) aside(print func()) {
	p.line.Lock()
	defer p.line.Unlock()
	if p.out.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	print()
}

// stop ends the telling and removes the line from a terminal.
func (p *progress) stop() {
	close(p.quit)
	p.over.Wait()
	if p.out.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
