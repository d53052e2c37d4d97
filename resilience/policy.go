package resilience

import (
	"context"
	"fmt"
)

// A Policy decides whether, when and how often an operation runs. Each of the types of this
// package that protects something is one.
//
// Do runs op at most once, unless the policy is one that retries, and returns its error; or it
// does not run it and returns a *Rejection, or, if ctx ended before op could run, an error that is
// context.Canceled or context.DeadlineExceeded to errors.Is, maybe in a *Rejection. A panic of op passes
// through, and what was taken for it is given back.
type Policy interface {
	Do(ctx context.Context, op func(context.Context) error) error
}

// PolicyFunc is a function that is a Policy.
type PolicyFunc func(ctx context.Context, op func(context.Context) error) error

// Do calls f.
func (f PolicyFunc) Do(ctx context.Context, op func(context.Context) error) error { return f(ctx, op) }

// Compose returns the policy that asks the first policy, within it the second, and so on: the first
// is the outermost. Without policies it runs the operation. It panics if one of them is nil.
func Compose(policies ...Policy) Policy {
	for i, p := range policies {
		if p == nil {
			panic(fmt.Sprintf("resilience: Compose: policy %d of %d is nil", i+1, len(policies)))
		}
	}
	if len(policies) == 1 {
		return policies[0]
	}
	return composed(policies)
}

type composed []Policy

func (c composed) Do(ctx context.Context, op func(context.Context) error) error {
	if len(c) == 0 {
		return op(ctx)
	}
	return c[0].Do(ctx, func(ctx context.Context) error { return c[1:].Do(ctx, op) })
}

// Get runs an operation that has a result under a policy. Unless the error is nil the result is
// what op returned with it, the zero value if op did not run.
func Get[T any](ctx context.Context, p Policy, op func(context.Context) (T, error)) (T, error) {
	var result T
	err := p.Do(ctx, func(ctx context.Context) (err error) {
		result, err = op(ctx)
		return err
	})
	return result, err
}

// Priority orders those who wait and those who are shed: the higher goes first and is shed last.
// The zero value is Normal.
type Priority int8

// The priorities. All of int8 may be used.
const (
	Background Priority = -2 // nobody waits for it
	Low        Priority = -1
	Normal     Priority = 0
	High       Priority = 1
	Critical   Priority = 2 // what must work in an emergency
)

type priorityKey struct{}

// WithPriority returns a context for calls of that priority.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

// PriorityOf returns the priority that ctx was given, Normal if none.
func PriorityOf(ctx context.Context) Priority {
	p, _ := ctx.Value(priorityKey{}).(Priority)
	return p
}
