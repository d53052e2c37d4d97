package explore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"sync/atomic"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/disk"
)

// run is one use of a node's code: going back to a local state, and one event.
type run struct {
	sys   *system
	host  network.ID
	solo  *network.Solo
	boots uint32

	script []int // the answers to what the code chooses, from then on 0
	asked  []int // how many alternatives each choice had
	picks  []int
	reads  sim.Time // what the clock showed last

	again  bool // it is on the way back: what it sends and tells is known
	sends  []uint32
	told   []Told
	failed error
	panic  string // with what the code panicked

	stands  uint32 // the local state that it is in, 0 if that is not known
	born    uint32 // the one that it was in when it had booted
	moments map[uint32]*moment
	oldest  []uint32 // of moments, the one that was taken first before the others
	held    int      // bytes of their memory
	room    []byte   // for encoding
	gave    bool     // somebody else keeps what may be part of its memory
}

// outcomes returns what an event does in a local state, for all choices. It runs the code.
func (sys *system) outcomes(id uint32, host network.ID, ev event, idle *spares) (*outcome, error) {
	var first *outcome
	last := &first
	for script := []int(nil); ; {
		r, err := sys.after(id, host, ev, script, idle)
		if err != nil {
			return nil, err
		}
		if r == nil {
			return &outcome{refused: true}, nil
		}
		more, err := r.settle(id, ev)
		if err == nil {
			err = sys.twice(id, host, ev, script, more)
		}
		if err != nil {
			r.solo.Close()
			return nil, err
		}
		idle.put(more.next, r)
		for *last = more; *last != nil; last = &(*last).more {
		}
		if script = nextScript(r.picks, r.asked); script == nil {
			return first, nil
		}
	}
}

// nextScript returns the next way of choosing in order, nil after the last.
func nextScript(picks, asked []int) []int {
	for i := len(picks) - 1; i >= 0; i-- {
		if picks[i]+1 < asked[i] {
			next := slices.Clone(picks[:i+1])
			next[i]++
			return next
		}
	}
	return nil
}

// after brings a node into a local state and lets an event begin; it returns nil if the
// guard does not.
func (sys *system) after(id uint32, host network.ID, ev event, script []int, idle *spares) (*run, error) {
	r, err := sys.revive(id, host, idle)
	if err != nil {
		return nil, err
	}
	if ev.kind == StepRestart || ev.kind == StepBoot {
		r.start(id)
	} else if ev.kind != StepTick {
		if may, err := sys.guardLets(r, ev); err != nil || !may {
			idle.put(id, r)
			return nil, err
		}
	}
	sys.runs.Add(1)
	if ev.kind != StepBoot && ev.kind != StepRestart {
		r.remember(id)
	}
	r.begin(script)
	r.stands = 0
	return r, r.happen(ev)
}

// stepOf returns an event of a node as a step.
func (sys *system) stepOf(host network.ID, ev event) Step {
	s := Step{Kind: ev.kind, Node: host, From: sim.NoHost, Name: ev.timer}
	if ev.kind == StepDeliver {
		m := sys.messages.at(ev.message)
		s.From, s.Msg = m.from, m.msg
	}
	return s
}

// begin forgets what happened on the way.
func (r *run) begin(script []int) {
	r.script, r.asked, r.picks = script, nil, nil
	r.sends, r.told = nil, nil
}

// start makes the world for a node's boot from a local state: down, or 0.
func (r *run) start(from uint32) {
	cfg := network.SoloConfig{Names: r.sys.names, Node: r.host, Boot: r.sys.m.Nodes[r.host].Boot, Seed: r.sys.m.Seed,
		Disk: r.sys.m.Disk, Choose: r.choose, Clock: r.clock, Sent: r.sent, Told: r.tell}
	r.boots, r.reads = 0, 0
	if from != 0 {
		l := r.sys.locals.at(from)
		r.boots, r.reads, cfg.Boots, cfg.Image = l.boots, l.reads, l.boots, l.image
	}
	r.solo = network.NewSolo(cfg)
}

// happen runs the code for an event.
func (r *run) happen(ev event) error {
	var err error
	switch ev.kind {
	case StepBoot, StepRestart:
		err = r.solo.Boot()
	case StepDeliver:
		m := r.sys.messages.at(ev.message)
		err = r.solo.Receive(m.from, m.msg)
	case StepTimer:
		err = r.solo.Fire(ev.timer)
	case StepTick:
		r.solo.Advance(r.sys.m.Timed.Tick)
	}
	return r.broke(err)
}

// broke returns the explorer's refusal of what the node's code did. A panic of the code
// itself is what happened, to be kept.
func (r *run) broke(err error) error {
	if r.failed != nil {
		return r.failed
	}
	if err != nil && r.panic == "" {
		r.panic = err.Error()
	}
	return nil
}

func (r *run) choose(_ string, n int) int {
	pick := 0
	if i := len(r.picks); i < len(r.script) {
		pick = r.script[i]
	}
	r.picks, r.asked = append(r.picks, pick), append(r.asked, n)
	return pick
}

// clock answers a reading: any tick of the model's clock from the last reading on.
func (r *run) clock() sim.Time {
	c, t := r.sys.m.Clock, r.sys.m.Timed
	if t != nil && t.Clocks {
		return r.solo.Now()
	}
	if c == nil {
		r.failed = fmt.Errorf("%w: %s reads its clock, which has no end of values: give the model a Clock that bounds it, or Timed with Clocks",
			ErrModel, r.sys.name(r.host))
		panic(r.failed)
	}
	left := (c.Max - int64(r.reads)) / max(c.Step, 1)
	if left > 0 {
		r.reads += sim.Time(int64(r.choose("clock", int(left)+1)) * max(c.Step, 1))
	}
	return r.reads
}

func (r *run) sent(to network.ID, msg any) {
	if r.again {
		return
	}
	id, kept, err := r.internMessage(to, msg)
	if err != nil {
		r.failed = err
		return
	}
	r.gave = r.gave || kept
	r.sends = append(r.sends, r.sys.dispatch(id))
}

// internMessage numbers a message that the node sends, and reports whether the message itself is kept and leads
// to memory that it may have as well.
func (r *run) internMessage(to network.ID, msg any) (id uint32, kept bool, err error) {
	sys, from := r.sys, r.host
	content, deepest, err := encodeDeep(addressed(r.room[:0], from, to), msg)
	if err != nil {
		return 0, false, fmt.Errorf("%w: message %T from %s: %w", ErrModel, msg, sys.name(from), err)
	}
	r.room = content
	id = sys.messages.intern(content, func(m *message, key string) {
		m.from, m.to, m.msg, m.key, m.shape = from, to, msg, key, sys.shape(nil, msg)
		m.hash, m.last = hashOf(hashMessage, key), hashOf(hashLast, key)
		kept = deepest > 0
	})
	return id, kept, nil
}

func (r *run) tell(e *sim.Event) {
	if r.again {
		return
	}
	r.told = append(r.told, Told{Kind: e.Kind, Node: r.host, Op: e.ID, Name: e.Name, Value: e.Value})
}

// settle lets the disk finish what the event asked for and returns the outcome; before
// each thing that the disk finishes the node may crash instead.
func (r *run) settle(from uint32, ev event) (*outcome, error) {
	var crashed *outcome
	for r.solo.Busy() {
		if r.sys.crashable[r.host] {
			more, err := r.crashes(from)
			if err != nil {
				return nil, err
			}
			crashed = joined(crashed, more)
		}
		if err := r.broke(r.solo.Finish()); err != nil {
			return nil, err
		}
	}
	if r.failed != nil {
		return nil, r.failed
	}
	next, err := r.intern(from, ev)
	if err != nil {
		return nil, err
	}
	nothing := next == from && from != 0 && crashed == nil && len(r.sends)+len(r.told)+len(r.picks) == 0 &&
		r.sys.m.Network != Ordered // there it is a step, and finish would change it while others take it
	if nothing && r.sys.locals.at(from).stays != nil {
		return r.sys.locals.at(from).stays, nil
	}
	out, err := r.outcome(from, next)
	if err != nil {
		return nil, err
	}
	if out.more = crashed; nothing {
		r.sys.locals.at(from).stays = out
	}
	return out, nil
}

func joined(a, b *outcome) *outcome {
	if a == nil {
		return b
	}
	end := a
	for end.more != nil {
		end = end.more
	}
	end.more = b
	return a
}

// outcome is what happened up to now, with the node in the state next.
func (r *run) outcome(from, next uint32) (*outcome, error) {
	told, kept, err := r.sys.internBatch(r.told)
	if err != nil {
		return nil, err
	}
	r.gave = r.gave || kept
	out := &outcome{next: next, sends: slices.Clone(r.sends), told: told, picks: r.picks}
	out.idle = next == from && len(out.sends) == 0 && told == 0
	out.delta = r.sys.locals.at(next).hash
	if from != 0 {
		out.delta -= r.sys.locals.at(from).hash
	}
	return out, nil
}

// crashes are the outcomes of a crash of the node now: one for each state that its disk
// may be left in.
func (r *run) crashes(from uint32) (*outcome, error) {
	var first *outcome
	images, err := r.images()
	if err != nil {
		return nil, err
	}
	if r.sys.m.Faults.Restarts == 0 {
		images = images[:1] // nobody will read it
	}
	for i, im := range images {
		next := r.internDown(from, im)
		out, err := r.outcome(from, next)
		if err != nil {
			return nil, err
		}
		out.lost, out.idle = int32(i+1), false
		first = joined(first, out)
	}
	return first, nil
}

// maxImages bounds in how many ways one crash may leave a disk: beyond that nothing else
// would be explored.
const maxImages = 1 << 10

// images are the states that a crash now may leave the disk in.
func (r *run) images() ([]disk.Image, error) {
	images, all := r.solo.CrashStates(maxImages)
	if !all {
		return nil, fmt.Errorf("%w: a crash may leave the disk of %s in more than %d states: sync more often, or write less at a time",
			ErrModel, r.sys.name(r.host), maxImages)
	}
	return images, nil
}

// internDown numbers the state of a node that went down in the state from, with what its
// disk holds then. If it may boot again, nothing else of it matters. If it is down for good,
// what it was counts, since claims may be about those that crashed too: that nobody, down
// or not, has decided otherwise.
func (r *run) internDown(from uint32, im disk.Image) uint32 {
	sys, boots := r.sys, r.boots+1
	key := []byte{byte(r.host), byte(r.host >> 8), 1}
	last := uint32(0)
	if sys.m.Faults.Restarts > 0 {
		key = binary.AppendUvarint(key, uint64(boots))
		key = appendImage(key, im)
		if sys.m.Clock != nil { // which does not go back in a crash
			key = binary.AppendVarint(key, int64(r.reads))
		}
	} else if from != 0 {
		key, last = append(key, sys.locals.at(from).key...), from
	}
	return sys.locals.intern(key, func(l *local, key string) {
		l.host, l.down, l.boots, l.reads, l.image, l.last = r.host, true, boots, r.reads, im, last
		l.key, l.hash = key, hashOf(hashLocal, key)
		l.shape = sys.shape([]byte(key[2:3]), nil)
		if last != 0 {
			l.shape = sys.locals.at(last).shape
		} else if sys.m.Faults.Restarts > 0 {
			l.shape = sys.shape([]byte(key[2:]), nil)
		}
	})
}

func appendImage(dst []byte, im disk.Image) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(im.Files)))
	for _, f := range im.Files {
		dst = binary.AppendUvarint(dst, uint64(len(f.Name)))
		dst = append(dst, f.Name...)
		dst = binary.AppendUvarint(dst, uint64(len(f.Data)))
		dst = append(dst, f.Data...)
	}
	return dst
}

// intern numbers the state that the node is in.
func (r *run) intern(from uint32, ev event) (uint32, error) {
	if r.panic != "" {
		r.sys.panicked.Store(true)
		key := append([]byte{byte(r.host), byte(r.host >> 8), 2}, r.panic...)
		return r.sys.locals.intern(key, func(l *local, key string) {
			l.host, l.down, l.panic, l.key, l.hash = r.host, true, r.panic, key, hashOf(hashLocal, key)
			l.shape = r.sys.shape([]byte(key[2:]), nil)
		}), nil
	}
	if r.at(r.moments[from]) {
		return from, nil
	}
	key, size, timers, err := r.content()
	if err != nil {
		return 0, err
	}
	return r.sys.locals.intern(key, func(l *local, key string) {
		l.host, l.boots, l.timers, l.key, l.hash = r.host, r.boots, timers, key, hashOf(hashLocal, key)
		l.from, l.via, l.picks = from, ev, r.picks
		if t := r.sys.m.Timed; t != nil {
			l.waits, _ = r.waits()
			if t.Clocks {
				l.now = r.solo.Now()
			}
		}
		l.shape = r.sys.shape([]byte(key[2:size]), r.solo.Handler())
		if l.fires = make([]atomic.Pointer[outcome], len(timers)); len(timers) > 0 {
			r.sys.ticks.Store(true)
		}
	}), nil
}

// content is the canonical encoding of the state that the node is in: of whose it is, in two
// bytes, of what is not in its handler, up to size, and of that; and the names of the timers
// that run. The key is valid until the next one.
func (r *run) content() (key []byte, size int, timers []string, err error) {
	if r.solo.Processes() > 0 {
		return nil, 0, nil, fmt.Errorf("%w: %s starts processes, whose state cannot be seen: use the stateless search",
			ErrModel, r.sys.name(r.host))
	}
	key = append(r.room[:0], byte(r.host), byte(r.host>>8), 0)
	if r.sys.m.Faults.Restarts > 0 {
		key = binary.AppendUvarint(key, uint64(r.boots))
	}
	for i, t := range r.solo.Timers() {
		if !t.Running() {
			continue
		}
		if t.Once() {
			return nil, 0, nil, fmt.Errorf("%w: %s uses After, whose function cannot be seen: make a timer at boot, by name",
				ErrModel, r.sys.name(r.host))
		}
		if slices.Contains(timers, t.Name()) {
			return nil, 0, nil, fmt.Errorf("%w: %s has two timers %q: timers need names of their own",
				ErrModel, r.sys.name(r.host), t.Name())
		}
		timers = append(timers, t.Name())
		key = binary.AppendUvarint(key, uint64(i)+1)
	}
	key = append(key, 0)
	if t := r.sys.m.Timed; t != nil && t.Clocks {
		key = binary.AppendVarint(key, int64(r.solo.Now()))
	}
	waits, err := r.waits()
	if err != nil {
		return nil, 0, nil, err
	}
	for _, ticks := range waits {
		key = binary.LittleEndian.AppendUint16(key, ticks)
	}
	key = binary.AppendVarint(key, int64(r.reads))
	key = binary.AppendUvarint(key, r.solo.Operations())
	if key, err = r.appendDisk(key); err != nil {
		return nil, 0, nil, err
	}
	size = len(key)
	if key, err = encode(key, r.solo.Handler()); err != nil {
		return nil, 0, nil, fmt.Errorf("%w: node %s: %w", ErrModel, r.sys.name(r.host), err)
	}
	r.room = key
	return key, size, timers, nil
}

// appendDisk appends what the node can read from its disk, and what a crash may leave.
func (r *run) appendDisk(key []byte) ([]byte, error) {
	d := r.solo.Disk()
	if d == nil {
		return append(key, 0), nil
	}
	key = appendImage(append(key, 1), d.Image())
	if r.sys.crashable[r.host] && r.sys.m.Faults.Restarts > 0 {
		var states [][]byte
		images, err := r.images()
		if err != nil {
			return nil, err
		}
		for _, im := range images {
			states = append(states, appendImage(nil, im))
		}
		slices.SortFunc(states, bytes.Compare)
		key = append(key, bytes.Join(states, nil)...)
	}
	return key, nil
}
