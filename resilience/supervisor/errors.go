package supervisor

import (
	"errors"
	"fmt"
	"time"
)

// Why children and supervisors ended. A child that returned nil ended normally. An error that is
// ErrShutdown is an orderly end like that; every other is a failure.
var (
	// ErrShutdown is the end of one that was asked to end. A supervisor that gave up ends so too
	// (supervisor.erl, handle_info: {stop, shutdown, State}): as a transient child it stays ended, as a
	// permanent one it is restarted.
	ErrShutdown = errors.New("shutdown")
	// ErrKilled is the end of one that did not end in time when it was asked, or was not asked.
	ErrKilled = errors.New("killed")
	// ErrCrashed is the end of a host that crashed.
	ErrCrashed = errors.New("the host crashed")
	// ErrGoexit is the end of a goroutine that called runtime.Goexit.
	ErrGoexit = errors.New("the goroutine exited")
)

// Why a supervisor did not do what it was told to.
var (
	ErrConfig     = errors.New("supervisor: wrong configuration")
	ErrNotFound   = errors.New("supervisor: no such child")
	ErrRunning    = errors.New("supervisor: the child is running")
	ErrRestarting = errors.New("supervisor: the child is about to be restarted")
	ErrPresent    = errors.New("supervisor: there is such a child, which is not running")
	ErrSimple     = errors.New("supervisor: simple-one-for-one children are neither restarted nor deleted by hand")
	ErrEnded      = errors.New("supervisor: the supervisor has ended, or is about to")
)

// A PanicError is the end of a child that panicked.
type PanicError struct {
	Message string
	Stack   []string // in a world, as that of a sim.Finding
	Trace   []byte   // outside, as of runtime/debug.Stack
}

// Error returns "panic: " and the message.
func (e *PanicError) Error() string { return "panic: " + e.Message }

// An IntensityError is the end of a supervisor that would have had to restart too often. It is an
// ErrShutdown.
type IntensityError struct {
	Supervisor string
	Intensity  int
	Period     time.Duration
	Child      string // whose restart was one too many
	Last       error  // how it ended
}

// Error says how many restarts were too many, and what the last one was for.
func (e *IntensityError) Error() string {
	return fmt.Sprintf("%s: more than %d restarts in %s, the last for %s: %s",
		e.Supervisor, e.Intensity, e.Period, e.Child, told(e.Last))
}

// Is reports whether target is ErrShutdown.
func (e *IntensityError) Is(target error) bool { return target == ErrShutdown }

// Unwrap returns how the last child ended.
func (e *IntensityError) Unwrap() error { return e.Last }

// A StartError is the end of a supervisor one of whose first children could not be started: those
// before it have been ended again. It is an ErrShutdown.
type StartError struct {
	Supervisor, Child string
	Err               error
}

// Error says which child could not be started, and why.
func (e *StartError) Error() string {
	return fmt.Sprintf("%s: %s could not be started: %s", e.Supervisor, e.Child, told(e.Err))
}

// Is reports whether target is ErrShutdown.
func (e *StartError) Is(target error) bool { return target == ErrShutdown }

// Unwrap returns why the child could not be started.
func (e *StartError) Unwrap() error { return e.Err }

// orderly reports whether a transient child that ended so stays ended.
func orderly(reason error) bool { return reason == nil || errors.Is(reason, ErrShutdown) }

func told(reason error) string {
	if reason == nil {
		return "normal"
	}
	return reason.Error()
}
