package service

import (
	"fmt"
	"slices"
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// A Phase is a time in which a server is not itself. Where two overlap the first of them in the
// configuration counts. A request is served as the phase says in which a worker takes it.
type Phase struct {
	Name  string        `json:"name,omitempty"`
	From  time.Duration `json:"from"`            // since the beginning, on the clock of the server
	Until time.Duration `json:"until"`           // after From
	Slow  int           `json:"slow,omitempty"`  // how many times as long everything takes; 0 is 1
	Fail  sim.Prob      `json:"fail,omitempty"`  // of a request, besides Config.Fail
	Hang  sim.Prob      `json:"hang,omitempty"`  // of a request, besides Config.Hang
	Break sim.Prob      `json:"break,omitempty"` // of a connection at each request, besides Config.Break
	// Workers is how many work, if fewer than usual: 0 is as usual.
	Workers int `json:"workers,omitempty"`
	// Down is a server that answers nobody. All that waits or is under way is lost when it goes down,
	// and its connections too.
	Down bool `json:"down,omitempty"`
}

func (ph Phase) holds(at sim.Time) bool {
	return sim.Time(ph.From) <= at && at < sim.Time(ph.Until)
}

// Config says what a server is like. The zero value is one worker that takes 10 ms for each request
// and never fails.
type Config struct {
	// Workers is how many requests are served at a time, 1 if 0.
	Workers int
	// Queue is how many requests may wait; more are refused with ErrBusy. 0 is no bound.
	Queue int
	// Service is the time that one request takes, the constant 10 ms if zero.
	Service network.Delay
	// Connect is the time that opening a connection takes.
	Connect network.Delay
	// Fail is the probability that a request fails, at the end of its time.
	Fail sim.Prob
	// Hang is the probability that a request is never answered. Its worker is busy for HangFor, 5 s if 0.
	Hang    sim.Prob
	HangFor time.Duration
	// Break is the probability that a connection breaks, instead of an answer, at each request.
	Break sim.Prob
	// Idle is after how long without a request the server closes a connection; 0 is never.
	Idle time.Duration
	// Conns is how many connections may be open; Dial fails with ErrBusy beyond. 0 is no bound.
	Conns  int
	Phases []Phase
	// Guard returns the policy under which requests are served, nil for none. It is called at boot.
	// What it rejects is answered with ErrBusy.
	Guard Protection
	// Bug names a mistake to make; NoBug is the zero value.
	Bug Bug
}

// Bug names a mistake planted in a server, for tests and demonstrations only.
type Bug string

// The planted bugs.
const (
	// NoBug is the server as it should be.
	NoBug Bug = ""
	// RunsDoubles has the server run a request again that the network delivers twice.
	RunsDoubles Bug = "runs-doubles"
)

// Bugs returns the planted bugs.
func Bugs() []Bug { return []Bug{RunsDoubles} }

// check fills in the defaults.
func (cfg Config) check() Config {
	if cfg.Workers < 0 || cfg.Queue < 0 || cfg.Conns < 0 || cfg.HangFor < 0 || cfg.Idle < 0 {
		panic(fmt.Sprintf("service: Workers %d, Queue %d, Conns %d, HangFor %v, Idle %v: expected none below 0",
			cfg.Workers, cfg.Queue, cfg.Conns, cfg.HangFor, cfg.Idle))
	}
	if cfg.Bug != NoBug && !slices.Contains(Bugs(), cfg.Bug) {
		panic(fmt.Sprintf("service: bug %.60q, expected one of %q", cfg.Bug, Bugs()))
	}
	for i, ph := range cfg.Phases {
		if ph.From < 0 || ph.Until <= ph.From || ph.Slow < 0 || ph.Workers < 0 {
			panic(fmt.Sprintf("service: Phases[%d] from %v until %v, Slow %d, Workers %d: expected an end after its beginning,"+
				" and nothing below 0", i, ph.From, ph.Until, ph.Slow, ph.Workers))
		}
	}
	if cfg.Workers == 0 {
		cfg.Workers = 1
	}
	if cfg.Service.IsZero() {
		cfg.Service = network.Constant(10 * time.Millisecond)
	}
	if cfg.HangFor == 0 {
		cfg.HangFor = 5 * time.Second
	}
	return cfg
}

// Database is a server with few and dear connections, which keep the state of a transaction from one
// user to the next.
func Database() Config {
	return Config{Workers: 16, Service: network.LogNormal(4*time.Millisecond, 0.6),
		Connect: network.Normal(30*time.Millisecond, 5*time.Millisecond), Conns: 20}
}

// HTTP is a server with many cheap connections, which it closes when they are idle.
func HTTP() Config {
	return Config{Workers: 64, Service: network.LogNormal(20*time.Millisecond, 0.8),
		Connect: network.Normal(3*time.Millisecond, time.Millisecond), Idle: 5 * time.Second}
}

// Worker is a host of worker processes, one for each connection: they are slow, start slowly, and one
// in fifty jobs is the last.
func Worker() Config {
	return Config{Workers: 8, Service: network.Normal(200*time.Millisecond, 50*time.Millisecond),
		Connect: network.Normal(500*time.Millisecond, 100*time.Millisecond), Conns: 8, Break: sim.Certain / 50}
}
