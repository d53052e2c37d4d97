package network

import (
	"fmt"
	"slices"
	"time"

	"phoenix/sim"
	"phoenix/sim/disk"
)

// Solo is one node of a network, run by itself and one event at a time: it is given a
// message, or one of its timers fires, and what it sends and tells goes to its observer
// instead of the world. The other nodes are names that never run. It is how an explorer
// gets from one state of a node to the next with the node's own code.
//
// Nothing happens by itself: timers that run fire in Fire only, and no time passes.
type Solo struct {
	cfg  SoloConfig
	w    *sim.World
	net  *Network
	host *sim.Host
	off  bool // boots of an earlier life do not run
}

// SoloConfig says which node runs, and who hears of it. Names, Node, Boot and Choose are
// required.
type SoloConfig struct {
	Names []string // of all nodes, by number
	Node  ID       // the one that runs
	Boot  Boot
	Seed  uint64
	Disk  disk.Config

	// Boots is how often the node has crashed before, and Image what its disk holds.
	Boots uint32
	Image disk.Image

	// Choose answers what the node chooses, see sim.Chooser.
	Choose func(label string, n int) int
	// Clock answers what the node reads from its clocks; nil means 0. It may panic: that
	// is a Finding, as if the node's code had.
	Clock func() sim.Time
	// Sent is told what the node sends, and Told its sim.Invoke, sim.Return and sim.Note
	// events. Nil means nobody.
	Sent func(to ID, msg any)
	Told func(e *sim.Event)
}

// NewSolo returns a node that has not booted.
func NewSolo(cfg SoloConfig) *Solo {
	s := &Solo{cfg: cfg, off: cfg.Boots > 0}
	s.w = sim.New(sim.Config{Seed: cfg.Seed, Chooser: s})
	s.w.Manual(func(*sim.Host) sim.Time {
		if cfg.Clock == nil {
			return 0
		}
		return cfg.Clock()
	})
	s.net = New(s.w, Config{Disk: cfg.Disk})
	s.net.solo = s
	s.net.operations = uint64(cfg.Boots) << 32
	for i, name := range cfg.Names {
		if ID(i) == cfg.Node {
			s.net.Add(name, s.boot)
		} else {
			s.net.Add(name, func(*Endpoint) Handler { return nil })
		}
	}
	s.host = s.w.Host(cfg.Node)
	if len(cfg.Image.Files) > 0 {
		s.net.Disk(cfg.Node).Load(cfg.Image)
	}
	if cfg.Told != nil {
		s.w.Observe(s.told)
	}
	return s
}

// Choose implements sim.Chooser.
func (s *Solo) Choose(label string, n int) int { return s.cfg.Choose(label, n) }

func (s *Solo) boot(ep *Endpoint) Handler {
	if s.off {
		return nil
	}
	return s.cfg.Boot(ep)
}

func (s *Solo) told(e *sim.Event) {
	if e.Host == s.cfg.Node && (e.Kind == sim.Invoke || e.Kind == sim.Return || e.Kind == sim.Note) {
		s.cfg.Told(e)
	}
}

func (s *Solo) sent(from, to ID, msg any) {
	if !s.net.has(to) {
		panic(fmt.Sprintf("network: node %d sends to %d, which is not a node", from, to))
	}
	if s.cfg.Sent != nil {
		s.cfg.Sent(to, msg)
	}
}

// Boot starts the node. Like the other steps it returns the first panic of the node's
// code as an error; the node has crashed then.
func (s *Solo) Boot() error {
	for range s.cfg.Names { // what is pending is one boot for each
		s.w.Run(sim.Limit{Stop: func() bool { return true }})
	}
	for i := range s.cfg.Boots {
		s.host.Crash()
		s.off = i+1 < s.cfg.Boots
		s.restart()
	}
	return s.failure()
}

// restart boots the host again; a panic of its code is a finding, as in a Run.
func (s *Solo) restart() {
	s.w.At(s.w.Now(), s.host.Restart)
	s.w.Run(sim.Limit{Stop: func() bool { return true }})
}

// Receive delivers a message.
func (s *Solo) Receive(from ID, msg any) error {
	s.host.Do(func() { s.net.nodes[s.cfg.Node].receive(from, msg) })
	return s.failure()
}

// Fire has the timer of that name fire, if it runs.
func (s *Solo) Fire(name string) error {
	for _, t := range s.host.Timers() {
		if t.Name() == name {
			t.Elapse()
			break
		}
	}
	return s.failure()
}

// Busy reports whether a disk of the node has not finished what it was asked for.
func (s *Solo) Busy() bool { return !s.w.Idle() }

// Finish lets the disk finish the first thing that it was asked for, and the node's code
// that waits for it run.
func (s *Solo) Finish() error {
	s.w.Run(sim.Limit{Stop: func() bool { return true }})
	return s.failure()
}

func (s *Solo) failure() error {
	if found := s.w.Findings(); len(found) > 0 {
		return SoloError{found[0]}
	}
	return nil
}

// SoloError is a panic of the code of a Solo's node.
type SoloError struct{ sim.Finding }

// Error returns the finding.
func (e SoloError) Error() string { return e.Finding.String() }

// Handler returns the node, to be looked at. It is nil if the node is none, or is down.
func (s *Solo) Handler() Handler { return s.net.nodes[s.cfg.Node].handler }

// Timers returns the timers of the node, see sim.Host.Timers.
func (s *Solo) Timers() []*sim.Timer { return s.host.Timers() }

// Processes returns how many processes of the node have not ended.
func (s *Solo) Processes() int { return s.host.Processes() }

// Advance lets time pass, without anything that happens in it.
func (s *Solo) Advance(d time.Duration) { s.w.RunFor(d) }

// Now returns the time since the beginning of the node's world.
func (s *Solo) Now() sim.Time { return s.w.Now() }

// Operations returns the number of the last operation that the node invoked. Each boot
// begins at 2^32 times the number of crashes before it.
func (s *Solo) Operations() uint64 { return s.net.operations }

// SoloMark is what a Solo is at one moment apart from its handler: its timers, and the
// number of its last operation.
type SoloMark struct {
	timers     []soloTimer
	operations uint64
}

type soloTimer struct {
	due     sim.Time
	running bool
}

// Mark returns what s is now, for Rewind. It is false of a node that is more than its
// handler and its timers: that uses a disk or has processes, that has panicked, or for which
// time has passed.
func (s *Solo) Mark() (SoloMark, bool) {
	m := SoloMark{operations: s.net.operations}
	if s.net.disks != nil || s.Processes() > 0 || s.Busy() || s.w.Now() != 0 || len(s.w.Findings()) > 0 {
		return m, false
	}
	for _, t := range s.host.Timers() {
		was := soloTimer{running: t.Running()}
		if was.running {
			was.due = t.Due()
		}
		m.timers = append(m.timers, was)
	}
	return m, true
}

// Rewind makes s what it was when m was taken, but for its handler, and reports whether it
// could: not if it has other timers now, or is more than these.
func (s *Solo) Rewind(m SoloMark) bool {
	timers := s.host.Timers()
	if now, ok := s.Mark(); !ok || len(now.timers) != len(m.timers) {
		return false
	}
	s.net.operations = m.operations
	for i, was := range m.timers {
		t := timers[i]
		switch {
		case !was.running:
			t.Stop()
		case !t.Running() || t.Due() != was.due:
			t.Reset(time.Duration(was.due))
			if t.Due() != was.due {
				return false
			}
		}
	}
	return true
}

// At reports whether s is what it was when m was taken, but for its handler.
func (s *Solo) At(m SoloMark) bool {
	now, ok := s.Mark()
	return ok && now.operations == m.operations && slices.Equal(now.timers, m.timers)
}

// Disk returns the disk of the node for those who look at it, nil if the node has none.
func (s *Solo) Disk() *disk.Disk {
	if s.net.disks == nil {
		return nil
	}
	return s.net.Disk(s.cfg.Node)
}

// CrashStates returns what the disk of the node may hold if it crashed now, each once, and
// whether these are all: it stops after limit. A node without a disk has one image, the
// empty one.
func (s *Solo) CrashStates(limit int) (images []disk.Image, all bool) {
	d := s.Disk()
	if d == nil {
		return []disk.Image{{}}, true
	}
	for im := range d.CrashStates() {
		if len(images) == limit {
			return images, false
		}
		images = append(images, im)
	}
	return images, true
}

// Close ends the world that the node runs in.
func (s *Solo) Close() { s.w.Close() }
