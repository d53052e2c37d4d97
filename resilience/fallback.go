package resilience

import (
	"context"
	"errors"
	"sync/atomic"
)

// A Miss is what a Fallback is told of the call that it stands in for.
type Miss struct {
	Err error
	// Rejected is true if the operation did not run: nothing was changed by it. False means that it
	// ran and failed, and may have had an effect.
	Rejected bool
}

// A Fallback answers calls that failed or were rejected: with a Value, or with what Func returns. It goes
// around the policies that reject: they have counted the rejection before the fallback hides it from
// the caller. The zero value answers with the zero value of T. Do not copy one in use.
type Fallback[T any] struct {
	Value T
	// Func, unless nil, decides instead of Value. If it fails too, its error is joined with that of
	// the call.
	Func func(ctx context.Context, miss Miss) (T, error)
	// When says which misses are answered; nil is all.
	When func(miss Miss) bool

	calls, failed, rejected, answered atomic.Uint64
}

// FallbackCounts count the calls of a Fallback.
type FallbackCounts struct {
	Calls    uint64
	Failed   uint64 // the operation ran and returned an error
	Rejected uint64 // the operation did not run
	Answered uint64 // of Failed and Rejected: the caller got an answer all the same
}

// Get runs op under p and returns its result, or if that is an error the answer of the fallback. An op
// that panics is not answered for.
func (f *Fallback[T]) Get(ctx context.Context, p Policy, op func(context.Context) (T, error)) (T, error) {
	f.calls.Add(1)
	ran := false
	result, err := Get(ctx, p, func(ctx context.Context) (T, error) {
		ran = true
		return op(ctx)
	})
	if err == nil {
		return result, nil
	}
	if ran {
		f.failed.Add(1)
	} else {
		f.rejected.Add(1)
	}
	return f.answer(ctx, Miss{Err: err, Rejected: !ran}, result)
}

func (f *Fallback[T]) answer(ctx context.Context, miss Miss, result T) (T, error) {
	if f.When != nil && !f.When(miss) {
		return result, miss.Err
	}
	if f.Func == nil {
		f.answered.Add(1)
		return f.Value, nil
	}
	answer, err := f.Func(ctx, miss)
	if err != nil {
		return answer, errors.Join(miss.Err, err)
	}
	f.answered.Add(1)
	return answer, nil
}

// Counts returns what has happened.
func (f *Fallback[T]) Counts() FallbackCounts {
	return FallbackCounts{f.calls.Load(), f.failed.Load(), f.rejected.Load(), f.answered.Load()}
}
