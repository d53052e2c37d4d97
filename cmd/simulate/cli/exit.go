package cli

import (
	"errors"
	"fmt"

	"phoenix/properties"
)

// Exit codes. Those from 64 on are of sysexits.h, 130 is the shell's for SIGINT. It is the code
// of every interrupt, SIGTERM too: it tells what the results are, not who sent what.
const (
	exitPass         = 0
	exitFail         = 1
	exitInconclusive = 2
	exitDivergent    = 3 // the same seed gave different runs
	exitUsage        = 64
	exitBadInput     = 65
	exitInternal     = 70
	exitInterrupted  = 130
)

// status is an error that says nothing more than the exit code: what there was to
// say has been printed.
type status int

func (s status) Error() string { return fmt.Sprintf("exit code %d", int(s)) }

// statusOf returns the error that makes the command exit with the code of v.
func statusOf(v properties.Verdict) error {
	switch v {
	case properties.Pass:
		return nil
	case properties.Fail:
		return status(exitFail)
	}
	return status(exitInconclusive)
}

// problem is an error that is printed before the command exits with a code.
type problem struct {
	code int
	err  error
}

func (p *problem) Error() string { return p.err.Error() }
func (p *problem) Unwrap() error { return p.err }

// usagef is an error in how the command was called.
func usagef(format string, args ...any) error {
	return &problem{exitUsage, fmt.Errorf(format, args...)}
}

// badInput is an error in a file the command was given.
func badInput(err error) error { return &problem{exitBadInput, err} }

// exit ends a command that has reported its verdict: as verdict has it, but what
// could not be written is told, and counts if nothing else went wrong.
func (a *app) exit(verdict error, unsaved ...error) error {
	code := exitCode(verdict)
	for _, err := range unsaved {
		if err == nil {
			continue
		}
		fmt.Fprintf(a.err, "simulate: %v\n", err)
		if code == exitPass || code == exitInconclusive {
			code = exitCode(err)
		}
	}
	if code == exitPass {
		return nil
	}
	return status(code)
}

// exitCode returns the code that err stands for. Errors nobody has classified are
// internal ones.
func exitCode(err error) int {
	var s status
	var p *problem
	switch {
	case err == nil:
		return exitPass
	case errors.As(err, &s):
		return int(s)
	case errors.As(err, &p):
		return p.code
	}
	return exitInternal
}
