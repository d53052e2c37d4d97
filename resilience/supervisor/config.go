package supervisor

import (
	"fmt"
	"time"
)

// A Strategy says whom the end of one child concerns.
type Strategy uint8

// The strategies (OTP, "Restart Strategies").
const (
	// OneForOne restarts the child that ended.
	OneForOne Strategy = iota
	// OneForAll ends all others too, the last started first, and starts all again in order.
	OneForAll
	// RestForOne does so with those that were started after it.
	RestForOne
	// SimpleOneForOne is OneForOne for any number of children of one kind, which Add starts. They have
	// no order: all are ended at once.
	SimpleOneForOne
)

var strategyNames = [...]string{"one-for-one", "one-for-all", "rest-for-one", "simple-one-for-one"}

// String returns the name of s, such as "one-for-one".
func (s Strategy) String() string { return name(strategyNames[:], s) }

// A Restart says when a child that ended by itself is started again.
type Restart uint8

// The kinds of restart.
const (
	Permanent Restart = iota // always
	Transient                // unless it returned nil or an ErrShutdown
	Temporary                // never; it is forgotten, also when it is ended with others
)

var restartNames = [...]string{"permanent", "transient", "temporary"}

// String returns the name of r, such as "permanent".
func (r Restart) String() string { return name(restartNames[:], r) }

// An AutoShutdown says whether the end of significant children ends the supervisor.
type AutoShutdown uint8

// The kinds of automatic shutdown.
const (
	Never          AutoShutdown = iota
	AnySignificant              // when the first of them has ended for good
	AllSignificant              // when the last has
)

// String returns the name of a, such as "never".
func (a AutoShutdown) String() string {
	return name([]string{"never", "any significant", "all significant"}, a)
}

func name[T ~uint8](names []string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("%T(%d)", v, uint8(v))
}

// What a zero Config and a zero Child stand for.
const (
	DefaultIntensity = 3
	DefaultPeriod    = 5 * time.Second
	DefaultShutdown  = 5 * time.Second // of a worker, as in OTP
)

// NoRestarts as Intensity has the first restart end the supervisor.
const NoRestarts = -1

// Values of Child.Shutdown.
const (
	// Kill does not ask: the child is killed at once (OTP: brutal_kill).
	Kill time.Duration = -1
	// Infinity waits as long as the child takes. It is the default of a Tree, whose children have
	// deadlines of their own.
	Infinity time.Duration = -2
)

// A Config of a supervisor. The zero value is a valid one-for-one supervisor that allows 3 restarts
// in 5 s.
type Config struct {
	// Name stands in errors and notes: "supervisor" if empty.
	Name     string
	Strategy Strategy
	// Intensity is how many restarts there may be within Period; one more ends the supervisor. 0 is
	// DefaultIntensity, NoRestarts none.
	Intensity int
	// Period is DefaultPeriod if 0.
	Period       time.Duration
	AutoShutdown AutoShutdown
	// OnReport is told each thing that happens, in order. It is called from within: it must not block,
	// not panic, and not call the supervisor. Nil tells nobody. In a world reports are notes of the host too.
	OnReport func(Report)
}

// City is the supervisor of the seed's cities: one-for-one, 3 restarts in 5 s. The fourth ends it.
var City = Config{Name: "city", Strategy: OneForOne, Intensity: 3, Period: 5 * time.Second}

// A Child says what to run and how to treat it. ID and Worker are required; the zero value of all
// else is a permanent child that gets 5 s to end.
type Child struct {
	ID      string
	Worker  Worker
	Restart Restart
	// Shutdown is how long the child may take to end when it is asked to, before it is killed: 0 is
	// DefaultShutdown, or Infinity for a Tree; or Kill or Infinity.
	Shutdown time.Duration
	// Significant children, which cannot be permanent, may end the supervisor: see AutoShutdown.
	Significant bool
}

// filled returns cfg with its defaults, or panics.
func (cfg Config) filled() Config {
	if cfg.Name == "" {
		cfg.Name = "supervisor"
	}
	if cfg.Intensity == 0 {
		cfg.Intensity = DefaultIntensity
	}
	if cfg.Period == 0 {
		cfg.Period = DefaultPeriod
	}
	switch {
	case cfg.Intensity < NoRestarts:
		panic(fmt.Sprintf("supervisor: Config.Intensity is %d, expected a number or NoRestarts", cfg.Intensity))
	case cfg.Period < 0:
		panic(fmt.Sprintf("supervisor: Config.Period is %s, expected none below 0", cfg.Period))
	case cfg.Strategy > SimpleOneForOne:
		panic(fmt.Sprintf("supervisor: Config.Strategy is %s, expected one of the four", cfg.Strategy))
	case cfg.AutoShutdown > AllSignificant:
		panic(fmt.Sprintf("supervisor: Config.AutoShutdown is %s, expected one of the three", cfg.AutoShutdown))
	case cfg.AutoShutdown != Never && cfg.Strategy == SimpleOneForOne:
		panic("supervisor: Config.AutoShutdown has no meaning with SimpleOneForOne")
	}
	cfg.Intensity = max(cfg.Intensity, 0)
	return cfg
}

// filled returns c with its defaults, and what is wrong with it.
func (c Child) filled(cfg Config, e env) (Child, error) {
	if c.Shutdown == 0 {
		c.Shutdown = DefaultShutdown
		if _, ok := c.Worker.(*subtree); ok {
			c.Shutdown = Infinity
		}
	}
	switch {
	case c.ID == "":
		return c, fmt.Errorf("%w: Child.ID is empty", ErrConfig)
	case c.Worker == nil:
		return c, fmt.Errorf("%w: Child.Worker of %s is nil", ErrConfig, c.ID)
	case c.Restart > Temporary:
		return c, fmt.Errorf("%w: Child.Restart of %s is %s, expected one of the three", ErrConfig, c.ID, c.Restart)
	case c.Shutdown < Infinity:
		return c, fmt.Errorf("%w: Child.Shutdown of %s is %s, expected a duration, Kill or Infinity",
			ErrConfig, c.ID, c.Shutdown)
	case c.Significant && c.Restart == Permanent:
		return c, fmt.Errorf("%w: %s is permanent and cannot be Significant", ErrConfig, c.ID)
	case c.Significant && cfg.AutoShutdown == Never:
		return c, fmt.Errorf("%w: %s is Significant, and Config.AutoShutdown is never", ErrConfig, c.ID)
	}
	if e != nil { // Tree does not know yet where it will be
		if why := c.Worker.misplaced(e); why != "" {
			return c, fmt.Errorf("%w: child %s is %s", ErrConfig, c.ID, why)
		}
	}
	return c, nil
}
