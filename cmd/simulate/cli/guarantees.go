package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"phoenix/properties"
	"phoenix/properties/consistency"
)

// guarantees are what --guarantees adds to a file.
type guarantees struct {
	Levels []level `json:"levels"`
	// Staleness is about the key that is most stale.
	Staleness string `json:"staleness,omitempty"`
	// Error says why nothing was judged.
	Error string `json:"error,omitempty"`
}

// level is what is known of one level of consistency.
type level struct {
	Level   consistency.Level  `json:"level"`
	Verdict properties.Verdict `json:"verdict"`
	Detail  string             `json:"detail,omitempty"` // why it is not a pass
	Key     string             `json:"key,omitempty"`
	Tested  int                `json:"tested,omitempty"` // reads, for a session guarantee
}

// judgeGuarantees adds what the history reaches. It changes no verdict.
func (j *judged) judgeGuarantees(ctx context.Context) {
	rep, err := consistency.Judge(ctx, j.history, j.opt)
	if err != nil {
		j.Guarantees = &guarantees{Levels: []level{}, Error: strings.TrimPrefix(err.Error(), "consistency: ")}
		return
	}
	j.Guarantees = &guarantees{}
	for _, f := range rep.Findings {
		detail := cmp.Or(f.Explanation, f.Reason)
		if f.Verdict == properties.Pass && f.Level >= consistency.ReadYourWrites && f.Tested == 0 {
			detail = "no read could have shown a violation"
		}
		j.Guarantees.Levels = append(j.Guarantees.Levels,
			level{Level: f.Level, Verdict: f.Verdict, Detail: detail, Key: f.Key, Tested: f.Tested})
	}
	if worst, ok := rep.Worst(); ok {
		j.Guarantees.Staleness = staleness(&worst)
	}
}

// guaranteed tells the guarantees, one a line.
func (j *judged) guaranteed(out *sink) []string {
	if j.Guarantees == nil {
		return nil
	}
	if j.Guarantees.Error != "" {
		return []string{"guarantees: " + j.Guarantees.Error}
	}
	const widest = len("writes-follow-reads")
	var lines []string
	for _, l := range j.Guarantees.Levels {
		line := fmt.Sprintf("%-*v  %s", widest, l.Level, out.verdict(l.Verdict))
		if l.Detail != "" {
			line += ": " + l.Detail
		}
		lines = append(lines, line)
	}
	if j.Guarantees.Staleness != "" {
		lines = append(lines, fmt.Sprintf("%-*s  %s", widest, "staleness", j.Guarantees.Staleness))
	}
	return lines
}

// staleness words how far behind the most stale key is.
func staleness(s *consistency.Staleness) string {
	text := fmt.Sprintf("%d-atomic%s", s.AtLeast, ofKey(s.Key))
	switch {
	case s.AtLeast == consistency.Never:
		text = "not k-atomic" + ofKey(s.Key) + " for any k"
	case !s.Exact:
		text = fmt.Sprintf("k-atomic%s for no k below %d", ofKey(s.Key), s.AtLeast)
	}
	if s.Sentence != "" {
		text += ": " + s.Sentence
	}
	return text
}
