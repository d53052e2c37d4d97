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
	Key         string             `json:"key,omitempty"`    // the verdict is on this key
	Keys        int                `json:"keys"`
	Operations  int                `json:"operations"`
	Overlapping int                `json:"overlapping"`
	// Error says why the file could not be judged, as file:line: reason; the
	// verdict is then inconclusive.
	Error string `json:"error,omitempty"`

	history *history.History
}

// judge reads and judges the file called path, or standard input if that is "-".
func (a *app) judge(ctx context.Context, path string, read history.ReadOptions, opt linear.Options) judged {
	j := judged{File: path}
	h, err := a.readHistory(ctx, path, read)
	switch {
	case err != nil && ctx.Err() != nil:
		j.Verdict, j.Detail = properties.Inconclusive, fmt.Sprintf("it was not read: %v", context.Cause(ctx))
		return j
	case err != nil:
		return j.refused(err)
	}
	res, err := linear.Check(ctx, h, opt)
	if err != nil {
		return j.refused(fmt.Errorf("%s: %w", path, err))
	}
	j.history = h
	j.Verdict, j.Key = res.Verdict, res.Key
	j.Keys, j.Operations, j.Overlapping = res.Keys, res.Operations, res.Overlapping
	switch {
	case res.Verdict == properties.Fail:
		j.Detail = cmp.Or(res.Explanation, "no order of the operations explains what they returned")
	case res.Verdict == properties.Inconclusive:
		j.Detail = res.Reason
	case res.Operations == 0:
		j.Verdict, j.Detail = properties.Inconclusive, "there is no operation to judge"
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
		h, err := history.ReadFrom(name, &bounded{Reader: in, limit: a.maxHistory}, opt)
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

// line tells the verdict in a line, such as "PASS a.edn  3 operations, 1 key".
func (j *judged) line(out *sink) string {
	head := out.verdict(j.Verdict) + " " + j.File
	if j.Verdict != properties.Pass {
		return head + ": " + j.Detail
	}
	text := fmt.Sprintf("%s  %s, %s", head, plural(j.Operations, "operation"), plural(j.Keys, "key"))
	if j.Overlapping == 0 {
		text += ", none of them concurrent"
	}
	return text
}
