package resilience

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"sync"
	"time"

	"phoenix/sim"
)

// ShedderConfig says when there is an overload and how fast the level of admission follows. The zero value
// has the constants of the paper, see Shedder.
type ShedderConfig struct {
	Name     string
	Target   time.Duration // an overload is a mean queueing time above; 0 is 20 ms
	Window   time.Duration // over which it is taken; 0 is 1 s
	Requests int           // that end a window early; 0 is 2000
	Down     int           // per cent of the admitted that are shed after an overloaded window; 0 is 5
	Up       int           // per cent of those who came that are let in again after any other; 0 is 1

	Bulkhead  *Bulkhead                    // in which Do runs what was admitted, waiting there; may be nil
	User      func(context.Context) uint64 // who calls, so that a user is served wholly or not at all; may be nil
	Reshuffle time.Duration                // after which other users come first; 0 is 1 h
}

// A Shedder turns away the least important operations while there is an overload: while operations wait in
// a queue for longer than Target in the mean. It is DAGOR of Zhou et al., "Overload Control for Scaling
// WeChat Microservices", SoCC 2018, section 4: queueing time tells an overload (4.1); requests have a
// compound priority, that of the operation and within it one of 128 of the user; those below the level of
// admission are shed, and the level moves so that after an overloaded window 5 % fewer of the admitted
// would have come in, and after another window 1 % more of all who came (4.2).
//
// Fewer than 100/Down admitted in a window, 20, are too few to shed any of.
//
// Without User the 128 levels are dealt out in turn, so that a part of a priority can be shed too. After
// a window in which nobody came all are admitted again.
//
// A Shedder is a Policy, safe for use by many goroutines and by the processes and handlers of one host of
// a world. Admission takes constant time and allocates nothing; the end of a window walks the levels.
type Shedder struct {
	cfg    ShedderConfig
	clock  Clock
	reject *Rejection

	mu       sync.Mutex
	level    int        // compound priorities below are shed
	turns    [256]uint8 // deal out the levels of a priority
	end      sim.Time   // of the window
	came     int        // in the window
	admitted int
	waits    int64 // how many waits were reported in the window, and their sum
	waited   time.Duration
	counts   [256]*[users]int32 // who came in the window
	total    ShedderStats
}

// users is how many levels a priority has.
const users = 128

// NewShedder returns a Shedder that admits all. It panics if the configuration makes no sense.
func NewShedder(clock Clock, cfg ShedderConfig) *Shedder {
	cfg.Target, cfg.Window = cmp.Or(cfg.Target, 20*time.Millisecond), cmp.Or(cfg.Window, time.Second)
	cfg.Requests, cfg.Reshuffle = cmp.Or(cfg.Requests, 2000), cmp.Or(cfg.Reshuffle, time.Hour)
	cfg.Down, cfg.Up = cmp.Or(cfg.Down, 5), cmp.Or(cfg.Up, 1)
	switch {
	case clock == nil:
		panic("resilience: NewShedder needs a Clock")
	case cfg.Target < 0 || cfg.Window < 0 || cfg.Reshuffle < 0:
		panic("resilience: ShedderConfig.Target, Window or Reshuffle is negative, expected 0 or more")
	case cfg.Requests < 0 || cfg.Requests > 1<<30:
		panic(fmt.Sprintf("resilience: ShedderConfig.Requests is %d, expected 0 to 2^30", cfg.Requests))
	case cfg.Down < 0 || cfg.Down > 100 || cfg.Up < 0 || cfg.Up > 100:
		panic(fmt.Sprintf("resilience: ShedderConfig has Down %d and Up %d, expected 0 to 100 per cent", cfg.Down, cfg.Up))
	}
	s := &Shedder{cfg: cfg, clock: clock, reject: &Rejection{By: "shedder", Name: cfg.Name, Reason: ErrShed}}
	s.end = clock.Monotonic().Add(cfg.Window)
	return s
}

// Do runs op, in the Bulkhead if there is one, and returns its error; or the *Rejection of the
// Shedder (ErrShed) or of the Bulkhead.
func (s *Shedder) Do(ctx context.Context, op func(context.Context) error) error {
	if err := s.Admit(ctx); err != nil {
		return err
	}
	b := s.cfg.Bulkhead
	if b == nil {
		return op(ctx)
	}
	if ctx.Err() == nil && b.TryAcquire() {
		s.Queued(0)
		return b.run(ctx, op)
	}
	since := s.clock.Monotonic()
	err := b.acquireSlow(ctx)
	if wait := s.clock.Monotonic().Sub(since); err == nil || err != error(b.queue.reject.full) {
		s.Queued(wait)
	}
	if err != nil {
		return err
	}
	return b.run(ctx, op)
}

// Admit returns nil if an operation of this context may run, or a *Rejection. A caller without a Bulkhead
// then reports how long the operation waited with Queued.
func (s *Shedder) Admit(ctx context.Context) error {
	if s.cfg.User != nil {
		return s.AdmitUser(PriorityOf(ctx), s.cfg.User(ctx))
	}
	p := PriorityOf(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	turn := &s.turns[int(p)+128]
	*turn++
	return s.admit(p, int(bits.Reverse8(*turn)>>1))
}

// AdmitUser is Admit for an operation of that priority and user.
func (s *Shedder) AdmitUser(p Priority, user uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	epoch := uint64(s.clock.Monotonic()) / uint64(s.cfg.Reshuffle)
	return s.admit(p, int(shuffle(user^shuffle(epoch))%users))
}

// shuffle is the finalizer of splitmix64 (Steele, Lea and Flood, OOPSLA 2014, figure 15).
func shuffle(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (s *Shedder) admit(p Priority, user int) error {
	s.roll(s.clock.Monotonic())
	s.came++
	row := int(p) + 128
	if s.counts[row] == nil {
		s.counts[row] = new([users]int32)
	}
	s.counts[row][user]++
	if row*users+user < s.level {
		s.total.Shed++
		return s.reject
	}
	s.admitted++
	s.total.Admitted++
	return nil
}

// Queued reports that an admitted operation waited so long before it ran, or before it was turned away
// for having waited. Do reports what waited in its Bulkhead.
func (s *Shedder) Queued(wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roll(s.clock.Monotonic())
	s.waits++
	s.waited += wait
}

// roll ends the window if its time has come, and moves the level.
func (s *Shedder) roll(now sim.Time) {
	if now < s.end && s.came < s.cfg.Requests {
		return
	}
	if now >= s.end.Add(s.cfg.Window) {
		s.level = 0 // a window passed in which nobody came
	} else {
		s.move()
	}
	s.end, s.came, s.admitted, s.waits, s.waited = now.Add(s.cfg.Window), 0, 0, 0, 0
	for _, row := range s.counts {
		if row != nil {
			*row = [users]int32{}
		}
	}
}

// move finds the lowest level at or above which as many came as are expected: no more of them after an
// overload, and no fewer after another window. Rounded down there too, a level at which more came
// than Up lets in at once would be shed for ever.
func (s *Shedder) move() {
	left, overload := s.admitted, int64(s.waited) > int64(s.cfg.Target)*s.waits
	if overload {
		left -= s.admitted * s.cfg.Down / 100
		s.total.Overloads++
	} else {
		left += (s.came*s.cfg.Up + 99) / 100
	}
	for row := len(s.counts) - 1; row >= 0; row-- {
		if s.counts[row] == nil {
			continue
		}
		for user := users - 1; user >= 0; user-- {
			n := int(s.counts[row][user])
			if n > 0 && (left <= 0 || overload && n > left) {
				s.level = row*users + user + 1
				return
			}
			left -= n
		}
	}
	s.level = 0
}

// ShedderStats are the level of this moment, and counts since the beginning.
type ShedderStats struct {
	Level     Priority // lower ones are shed, and some or all of its own
	Share     int      // of 128 parts of that priority, how many are admitted
	Admitted  uint64
	Shed      uint64
	Overloads uint64 // windows
}

// Stats returns them.
func (s *Shedder) Stats() ShedderStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	total := s.total
	total.Level, total.Share = Priority(min(s.level/users, 255)-128), users-s.level%users
	if s.level == 256*users {
		total.Share = 0
	}
	return total
}
