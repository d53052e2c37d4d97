package cli

import (
	"context"
	"io"
	"os"
)

// stdin is the argument that stands for standard input.
const stdin = "-"

// maxHistory is the largest history in bytes of text that check reads: their
// operations are held in memory.
const maxHistory = 4 << 30

// open returns the file called path, or standard input for -, and what to call it
// in errors.
func (a *app) open(path string) (name string, in io.ReadCloser, err error) {
	if path == stdin {
		return "<stdin>", io.NopCloser(a.in), nil
	}
	in, err = os.Open(path)
	return path, in, plainPath(err)
}

// read returns the content of a file, or of standard input for -, and what to call
// it in errors. Of one that is longer than limit bytes it returns one byte more.
func (a *app) read(ctx context.Context, path string, limit int64) (name string, data []byte, err error) {
	name, in, err := a.open(path)
	if err != nil {
		return name, nil, badInput(err)
	}
	data, err = unless(ctx, func() ([]byte, error) {
		defer in.Close()
		return io.ReadAll(io.LimitReader(in, limit+1))
	})
	switch {
	case ctx.Err() != nil:
		return name, nil, status(exitInterrupted)
	case err != nil:
		return name, nil, badInput(plainPath(err))
	}
	return name, data, nil
}

// unless returns what do does, unless ctx is done first: then its cause, and do is
// left alone with what it waits for.
func unless[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := do()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
