package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"phoenix/properties"
	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// judged is what became of one history file.
type judged struct {
	File        string             `json:"file"`
	Verdict     properties.Verdict `json:"verdict"`
	Detail      string             `json:"detail,omitempty"` // why it is not a pass
	Model       string             `json:"model,omitempty"`
	Key         string             `json:"key,omitempty"`     // the verdict is on this key
	Failing     []string           `json:"failing,omitempty"` // keys, all with --explain
	Keys        int                `json:"keys"`
	Operations  int                `json:"operations"`
	Overlapping int                `json:"overlapping"`
	// Contradiction is there for a violation that --explain explains.
	Contradiction *contradiction `json:"contradiction,omitempty"`
	// Guarantees are there with --guarantees.
	Guarantees *guarantees `json:"guarantees,omitempty"`
	// Error says why the file could not be judged, as file:line: reason; the
	// verdict is then inconclusive.
	Error string `json:"error,omitempty"`

	history *history.History
	opt     linear.Options
	result  linear.Result
}

// judge reads and judges a file, or standard input.
func (a *app) judge(ctx context.Context, file source, t task) judged {
	j := judged{File: file.path, opt: t.opt}
	if file.err != nil {
		return j.refused(file.err)
	}
	h, err := a.readHistory(ctx, file.path, t.read)
	switch {
	case err != nil && ctx.Err() != nil:
		j.Verdict, j.Detail = properties.Inconclusive, fmt.Sprintf("it was not read: %v", context.Cause(ctx))
		return j
	case err != nil:
		return j.refused(err)
	}
	if t.infer {
		var ok bool
		if j.opt.Model, ok = linear.ModelFor(h); !ok {
			return j.refused(fmt.Errorf("%s: no model has all of its operations: choose what to judge", file.path))
		}
	}
	j.Model = j.opt.Model.String()
	res, err := linear.Check(ctx, h, j.opt)
	if err != nil {
		return j.refused(fmt.Errorf("%s: %s", file.path, unprefixed(err)))
	}
	j.history, j.result = h, res
	j.Verdict, j.Key = res.Verdict, res.Key
	if res.Key != "" {
		j.Failing = res.Failing
	}
	j.Keys, j.Operations, j.Overlapping = res.Keys, res.Operations, res.Overlapping
	switch {
	case res.Verdict == properties.Fail:
		j.Detail = cmp.Or(res.Explanation, "no order of the operations explains what they returned")
	case res.Verdict == properties.Inconclusive:
		j.Detail = res.Reason
	case res.Operations == 0:
		j.Verdict, j.Detail = properties.Inconclusive, "there is no operation to judge"
	}
	if t.guarantees {
		j.judgeGuarantees(ctx)
	}
	return j
}

func (j judged) refused(err error) judged {
	j.Verdict, j.Error = properties.Inconclusive, err.Error()
	return j
}

// readHistory reads a history of limited size, of which errors name the file.
func (a *app) readHistory(ctx context.Context, path string, opt history.ReadOptions) (*history.History, error) {
	return unless(ctx, func() (*history.History, error) {
		name, in, err := a.open(path)
		if err != nil {
			return nil, err
		}
		defer in.Close()
		opt.Limit = a.maxHistory
		h, err := history.ReadFrom(name, in, opt)
		var syntax *history.SyntaxError
		if err == nil || errors.As(err, &syntax) {
			return h, err
		}
		if p := new(fs.PathError); errors.As(err, &p) {
			return nil, plainPath(err)
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	})
}
