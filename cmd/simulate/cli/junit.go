package cli

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"phoenix/properties"
)

// The part of JUnit's XML that test reports of other tools have in common.
type (
	junitSuite struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string     `xml:"classname,attr"`
		Name    string     `xml:"name,attr"`
		Failure *junitText `xml:"failure,omitempty"`
		Error   *junitText `xml:"error,omitempty"`
	}
	junitText struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes the properties as test cases: one that was violated as a
// failure that lists its seeds, an inconclusive one as an error.
func (r *runReport) writeJUnit(w io.Writer) error {
	suite := junitSuite{Name: r.Scenario, Tests: len(r.Properties)}
	for _, p := range r.Properties {
		c := junitCase{Class: r.Scenario, Name: p.Name}
		switch p.Verdict {
		case properties.Fail:
			c.Failure = &junitText{p.Detail, r.replays(p.Name)}
			suite.Failures++
		case properties.Inconclusive:
			c.Error = &junitText{Message: "inconclusive: " + p.Detail}
			suite.Errors++
		}
		suite.Cases = append(suite.Cases, c)
	}
	if r.Runs == 0 {
		suite.Tests, suite.Errors = 1, 1
		suite.Cases = []junitCase{{Class: r.Scenario, Name: "runs", Error: &junitText{Message: "there were no runs"}}}
	}
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

// replays lists the failures of a property, each with the command that replays it.
func (r *runReport) replays(name string) string {
	var b strings.Builder
	for _, f := range r.Failures {
		if f.Property == name {
			fmt.Fprintf(&b, "\nseed %s: %s\n  %s", f.Seed, f.Detail, f.Replay)
		}
	}
	return b.String()
}
