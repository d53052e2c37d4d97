package properties

import "fmt"

// Verdict is the outcome of judging a run. Verdicts are ordered
// Pass < Inconclusive < Fail, so the worst of several is their maximum.
// The zero value is Pass.
type Verdict uint8

const (
	// Pass means that the property was exercised and held.
	Pass Verdict = iota
	// Inconclusive means that nothing wrong was seen but nothing was proved
	// either: a fault that never bit, a history without overlap, a checker
	// that ran out of budget.
	Inconclusive
	// Fail means that the property was violated.
	Fail
)

var verdictNames = [...]string{Pass: "pass", Inconclusive: "inconclusive", Fail: "fail"}

// String returns "pass", "inconclusive" or "fail".
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("verdict(%d)", uint8(v))
}

// MarshalText writes the name of v, as in the "verdict" field of every JSON report.
func (v Verdict) MarshalText() ([]byte, error) {
	if int(v) >= len(verdictNames) {
		return nil, fmt.Errorf("properties: no verdict has number %d", uint8(v))
	}
	return []byte(verdictNames[v]), nil
}

// UnmarshalText reads a name written by MarshalText.
func (v *Verdict) UnmarshalText(text []byte) error {
	for i, name := range verdictNames {
		if string(text) == name {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("properties: verdict is %q, expected pass, inconclusive or fail", text)
}

// Worst returns the greatest of the verdicts, and Pass when there are none.
func Worst(verdicts ...Verdict) Verdict {
	worst := Pass
	for _, v := range verdicts {
		worst = max(worst, v)
	}
	return worst
}
