package resilience

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"
)

// PoolConfig says what a Pool is made of. Only Open is required.
//
// Open, Close, Check and Reset run without a lock, in whoever calls the pool: a Get may open, whatever gives
// something back may reset and close. Close and Reset are given a context with the values of that caller's but
// without its end, for they are due even if its time is over: limit them with WithTimeout.
type PoolConfig[R any] struct {
	Name    string // for rejections
	Max     int    // the most resources that exist at a time; 0 is 10
	Initial int    // those that Maintain keeps open; 0 is 3, at most Max; negative is none

	Queue    int           // the most borrowers that wait; 0 is 10 * Max, negative is none
	MaxWait  time.Duration // the longest wait; 0 is 5 s, negative is as long as the context lasts
	Target   time.Duration // CoDel, as in BulkheadConfig: 0 is 50 ms, negative turns it off
	Interval time.Duration // CoDel: 0 is 2 s

	Open  func(context.Context) (R, error)
	Close func(context.Context, R)       // maybe while one whose lease is over uses it; nil: nothing is to be done
	Check func(context.Context, R) error // by Maintain, of what is idle; nil: all are healthy
	Reset func(context.Context, R) error // makes a dirty one as new; nil, or an error: it is closed
	Dirty func(error) bool               // whether an operation with this error left it dirty, for Do; nil: any did

	CheckEvery time.Duration // how often Run maintains, and the longest a Check may take; 0 is 10 s
	Lease      time.Duration // who keeps a resource longer loses it; 0 is no limit
	Breaker    *Breaker      // asked before each Open, and told its result; may be nil
}

// filled returns cfg with its defaults, and panics if it makes no sense.
func (cfg PoolConfig[R]) filled() PoolConfig[R] {
	cfg.Max = cmp.Or(cfg.Max, 10)
	for _, rule := range []struct {
		holds bool
		says  string
	}{
		{cfg.Open != nil, "Open is missing"},
		{cfg.Max >= 1 && cfg.Max <= math.MaxInt32, "Max is 0 to 2^31-1"},
		{cfg.Initial <= cfg.Max, "Initial is at most Max"},
		{cfg.Interval >= 0, "Interval is 0 or more"},
		{cfg.CheckEvery >= 0, "CheckEvery is 0 or more"},
		{cfg.Lease >= 0, "Lease is 0 or more"},
	} {
		if !rule.holds {
			panic(fmt.Sprintf("resilience: PoolConfig %q: %s", cfg.Name, rule.says))
		}
	}
	cfg.Initial = max(cmp.Or(cfg.Initial, min(3, cfg.Max)), 0)
	cfg.Queue = max(cmp.Or(cfg.Queue, min(10*cfg.Max, math.MaxInt32)), 0)
	cfg.MaxWait = max(cmp.Or(cfg.MaxWait, 5*time.Second), 0)
	cfg.Target = max(cmp.Or(cfg.Target, codelTarget), 0)
	orElse(&cfg.Interval, codelInterval)
	orElse(&cfg.CheckEvery, 10*time.Second)
	if cfg.Dirty == nil {
		cfg.Dirty = func(error) bool { return true }
	}
	return cfg
}

// PoolStats are numbers of one moment, and counts since the beginning.
// Idle + Out + Opening + Upkeep is at most Max.
type PoolStats struct {
	Max         int
	Idle        int
	Out         int // lent
	Opening     int // or about to be, by one who has the permission
	Upkeep      int // being checked, reset or closed
	Waiting     int
	Utilisation int // which part of Max is out, in percent, rounded down: 0 to 100

	Opened    uint64
	Failed    uint64 // openings
	Closed    uint64
	Unhealthy uint64 // by Check; they are closed
	Revoked   uint64 // loans whose lease was over, or whose owner died
	Granted   uint64 // loans after a wait, and permissions to open
	Full      uint64 // turned away by a full queue, or made room for a higher priority
	TimedOut  uint64 // by MaxWait or their deadline
	Shed      uint64 // by CoDel
	Cancelled uint64
}
