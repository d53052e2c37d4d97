package scenario_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"phoenix/properties/scenario"

	"github.com/stretchr/testify/require"
)

// refused returns the error of a document that must not be accepted.
func refused(t testing.TB, text string) *scenario.SyntaxError {
	t.Helper()
	_, _, err := scenario.ParseDocument("doc.yaml", []byte(text), scenario.Registers())
	require.Error(t, err, "%q", text)
	var e *scenario.SyntaxError
	require.True(t, errors.As(err, &e), "%v", err)
	return e
}

// Each document is followed by the error that it gets.
func TestAnErrorPointsAtTheWrongValue(t *testing.T) {
	cases := strings.Split(strings.TrimSpace(badDocuments), "\n====\n")
	require.Len(t, cases, 36)
	for _, c := range cases {
		text, want, ok := strings.Cut(c, "\n----\n")
		require.True(t, ok, c)
		require.Equal(t, want, refused(t, text).Error(), text)
	}
}

const badDocuments = `
scenario: register/abd
serwers: 3
----
doc.yaml:2:1: unknown field "serwers"
  2 | serwers: 3
    | ^
====
scenario: register/abd
workload:
  keys: 2
  key: 1
----
doc.yaml:4:3: unknown field "key"
  4 |   key: 1
    |   ^
====
scenario: register/abd
servers: three
----
doc.yaml:2:10: expected a whole number, got "three"
  2 | servers: three
    |          ^
====
scenario: register/abd
servers: "3"
----
doc.yaml:2:10: expected a whole number, got "3"
  2 | servers: "3"
    |          ^
====
scenario: register/abd
events: -5
----
doc.yaml:2:9: -5 is out of range
  2 | events: -5
    |         ^
====
scenario: register/abd
workload: [1]
----
doc.yaml:2:11: expected a mapping of names to values, got a list
  2 | workload: [1]
    |           ^
====
scenario: register/abd
workload:
----
doc.yaml:2:11: expected a mapping of names to values, got nothing
  2 | workload:
    |           ^
====
scenario: register/abd
seeds: 5 apples
bug: 5 apples
----
doc.yaml:2:8: seed "5 apples": expected a decimal number, 0x and hexadecimal digits, or a commit of 40 hexadecimal digits
  2 | seeds: 5 apples
    |        ^
====
scenario: register/abd
bug: 5 apples
until: 5 apples
----
doc.yaml:3:8: expected a duration such as 1.5s or 200ms, got "5 apples"
  3 | until: 5 apples
    |        ^
====
scenario: register/abd
until: 5
----
doc.yaml:2:8: expected a duration such as 1.5s or 200ms, got "5"
  2 | until: 5
    |        ^
====
scenario: register/abd
links: {loss: 1%, delay: 5 apples}
----
doc.yaml:2:26: delay "5 apples": expected a duration with a unit, such as 1.5ms, from 0s to 1000h0m0s, or one of constant, uniform, exp, normal, lognormal, pareto, gamma, samples, empirical with arguments in parentheses
  2 | links: {loss: 1%, delay: 5 apples}
    |                          ^
====
scenario: register/abd
links:
  duplicate: 20%
  loss: 200%
----
doc.yaml:4:9: probability "200%": expected 0% to 100%, 0 to 1, or a fraction such as 1/3
  4 |   loss: 200%
    |         ^
====
scenario: register/abd
links: {loss: [1%]}
----
doc.yaml:2:15: expected text, got a list
  2 | links: {loss: [1%]}
    |               ^
====
scenario: register/abd
interleave: yes
----
doc.yaml:2:13: expected true or false, got "yes"
  2 | interleave: yes
    |             ^
====
scenario: register/adb
----
doc.yaml:1:11: no such scenario: "register/adb", expected one of [register/single-copy register/primary-backup register/abd register/abd-durable]
  1 | scenario: register/adb
    |           ^
====
servers: 3
----
doc.yaml:1:1: names no scenario, expected a line such as "scenario: register/abd"
  1 | servers: 3
    | ^
====
scenario: register/abd
faults:
  - at 1s crash s1
  - at 2s end west
----
doc.yaml:4:15: faults[1] ends "west", expected the name of a fault
  4 |   - at 2s end west
    |               ^
====
scenario: register/abd
faults:
  - at 1s crash s1
  - at 1s pause s1 s9
----
doc.yaml:4:20: faults[1] names the host "s9", expected one of s1, s2, s3, s4, s5, c1, c2, c3, clients, everyone, servers
  4 |   - at 1s pause s1 s9
    |                    ^
====
scenario: register/abd
faults:
  - at 1s crahs s1
----
doc.yaml:3:11: word 3 is "crahs", expected one of crash, restart, pause, resume, slow, clock, disk, exhaust, byzantine, loss, delay, duplicate, reorder, corrupt, clog, swizzle, partition, lose, hold, repeat, end
  3 |   - at 1s crahs s1
    |           ^
====
scenario: register/abd
faults: ["at 1s for ever crash s1"]
----
doc.yaml:2:21: word 4 is "ever", expected a duration such as 1.5s or 200ms
  2 | faults: ["at 1s for ever crash s1"]
    |                     ^
====
scenario: register/abd
faults:
  - 'at 1s partition bridge s1 | s2'
----
doc.yaml:3:6: faults[0] has a partition that is bridge and has 2 groups, expected 3
  3 |   - 'at 1s partition bridge s1 | s2'
    |      ^
====
scenario: register/abd
faults:
  - at 1s partition one-way
----
doc.yaml:3:28: it ends after word 4, expected the names of hosts; it is written: partition complete|partial|one-way|bridge|ring HOSTS | HOSTS ... [flapping DURATION]
  3 |   - at 1s partition one-way
    |                            ^
====
scenario: register/abd
faults:
  - at 1s crash #3
----
doc.yaml:3:16: it ends after word 3, expected the names of hosts; it is written: crash HOSTS [keeping some|all|nothing]; what follows # is a comment unless the fault is in quotes
  3 |   - at 1s crash #3
    |                ^
====
scenario: register/abd
faults:
  - "at 1s \x63rahs s1"
----
doc.yaml:3:5: word 3 is "crahs", expected one of crash, restart, pause, resume, slow, clock, disk, exhaust, byzantine, loss, delay, duplicate, reorder, corrupt, clog, swizzle, partition, lose, hold, repeat, end
  3 |   - "at 1s \x63rahs s1"
    |     ^
====
scenario: register/abd
faults:
  - {at: 1s, crash: [s1]}
----
doc.yaml:3:5: expected a fault such as at 1s for 500ms crash s1, got a mapping
  3 |   - {at: 1s, crash: [s1]}
    |     ^
====
scenario: register/abd
faults: at 1s crash s1
----
doc.yaml:2:9: expected a list, got "at 1s crash s1"
  2 | faults: at 1s crash s1
    |         ^
====
scenario: register/abd
regions:
  hosts: {eu: [s1], us: [s2]}
  latency:
    - {between: [eu, us, eu], delay: 5ms}
----
doc.yaml:5:17: expected a list of 2, got 3
  5 |     - {between: [eu, us, eu], delay: 5ms}
    |                 ^
====
scenario: register/abd
servers: 3
nemesis: {faults: 2000}
----
doc.yaml:3:19: nemesis.faults is 2000, expected 0 to 1000
  3 | nemesis: {faults: 2000}
    |                   ^
====
scenario: register/abd
nemesis: {name: entropy}
----
doc.yaml:2:17: nemesis.name is "entropy", expected one of random, one-node, swarm, majority, bridge, ring, flapping, isolate, rolling-restart, swizzle
  2 | nemesis: {name: entropy}
    |                 ^
====
scenario: register/abd
nemesis: {classes: [crash, gremlins]}
----
doc.yaml:2:28: nemesis.classes[1] is "gremlins", expected one of crash, pause, clock, disk, noise, partition, resource, byzantine
  2 | nemesis: {classes: [crash, gremlins]}
    |                            ^
====
scenario: register/abd
servers: &n 5
clients: *n
----
doc.yaml:2:10: anchors, aliases, merge keys, tags and directives are not supported here
  2 | servers: &n 5
    |          ^
====
scenario: register/abd
links: {<<: {loss: 1%}}
----
doc.yaml:2:9: anchors, aliases, merge keys, tags and directives are not supported here
  2 | links: {<<: {loss: 1%}}
    |         ^
====
scenario: register/abd
servers: !!int 5
----
doc.yaml:2:10: anchors, aliases, merge keys, tags and directives are not supported here
  2 | servers: !!int 5
    |          ^
====
scenario: register/abd
---
scenario: register/abd
----
doc.yaml:2:1: begins a second document, expected one
  2 | ---
    | ^
====
scenario: register/abd
servers: 5
servers: 3
----
doc.yaml:3:1: mapping key "servers" already defined at [2:1]
  3 | servers: 3
    | ^
====
scenario: register/abd
links: {loss: 1%
----
doc.yaml:2:8: could not find flow mapping end token '}'
  2 | links: {loss: 1%
    |        ^
`

func TestHostileDocumentsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "doc.yaml: is empty, expected YAML",
		"# nothing\n":                "doc.yaml: is empty, expected YAML",
		"scenario: register/abd\x00": "doc.yaml: holds a zero byte, expected YAML text",
		"scenario: \xff":             "doc.yaml: is not UTF-8, expected YAML text",
		strings.Repeat("#", scenario.MaxDocument+1):              "doc.yaml: is 8388609 bytes long, expected at most 8388608",
		strings.Repeat("[", 100_000):                             "doc.yaml:1:51: nests deeper than 50 levels",
		strings.Repeat("[\"]\",\n", 100_000):                     "doc.yaml:51:1: nests deeper than 50 levels\n  51 | [\"]\",\n     | ^",
		strings.Repeat("- ", 100_000):                            "doc.yaml:1:101: nests deeper than 50 levels",
		strings.Repeat("? ", 100_000):                            "doc.yaml:1:101: nests deeper than 50 levels",
		"? - ? - ? - \x1b[2Jx":                                   "",
		strings.Repeat("{a: ", 100_000):                          "doc.yaml:1:201: nests deeper than 50 levels",
		strings.Repeat("&a ", 100_000):                           "doc.yaml:1:1: anchors, aliases, merge keys, tags and directives are not supported here",
		strings.Repeat("! ", 100_000):                            "doc.yaml:1:1: anchors, aliases, merge keys, tags and directives are not supported here",
		"scenario: register/abd\nlinks:\n\x1b[2J: 1\nservers: 3": "",
	} {
		e := refused(t, text)
		if want != "" {
			require.Equal(t, want, e.Error())
		}
		require.NotContains(t, e.Error(), "\x1b")
	}
}

func TestAMappingOfTooManyFieldsIsRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString("scenario: register/abd\n")
	for i := range 100_000 {
		fmt.Fprintf(&b, "k%d: 1\n", i)
	}
	block := b.String()
	flow := "{" + strings.ReplaceAll(strings.TrimSpace(block), "\n", ",\n") + "}"
	for _, text := range []string{block, flow, "x:\n - " + strings.ReplaceAll(block, "\n", "\n   ")} {
		e := refused(t, text)
		require.Equal(t, "expected at most 1000 fields here", e.Msg)
		require.InDelta(t, 1001, e.Line, 1)
	}
	many := "scenario: register/abd\nfaults:\n" + strings.Repeat("  - at 1s crash s1\n", 900) + "regions:\n  latency:\n" +
		strings.Repeat("    - between: [eu, eu]\n      delay: 1ms\n", 900) + "  hosts: {eu: [s1]}\n"
	require.Len(t, document(t, many).Faults, 900, "the fields of others do not count")
}

func TestIndentationThatNestsTooDeepIsRefused(t *testing.T) {
	var b bytes.Buffer
	for i := range 60 {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	require.Equal(t, 51, refused(t, b.String()).Line)
}

func TestLinesMayEndAsOnOtherSystems(t *testing.T) {
	e := refused(t, "scenario: register/abd\r\nservers: three\r\n")
	require.Equal(t, "doc.yaml:2:10: expected a whole number, got \"three\"\n  2 | servers: three\n    |          ^", e.Error())
}

func TestWhatDoesNotPrintIsNotShownAsItIs(t *testing.T) {
	require.Equal(t, "doc.yaml:2:6: bug is \"\\x1b[2J\", expected one of [] of register/single-copy\n"+
		"  2 | bug: \ufffd[2J # a b\n    |      ^", refused(t, "scenario: register/single-copy\nbug: \x1b[2J # a\tb").Error())
}

func TestALongLineIsNotShown(t *testing.T) {
	e := refused(t, "scenario: "+strings.Repeat("x", 300))
	require.Equal(t, 11, e.Col)
	require.Empty(t, e.Excerpt)
}

func TestADecodeErrorKnowsItsPlace(t *testing.T) {
	var v struct {
		Seen  map[string]bool `json:"seen"`
		Small int8            `json:"small"`
		Big   *uint64         `json:"big"`
	}
	require.NoError(t, scenario.Decode("f", []byte("seen: {a: true}\nsmall: -128\nbig: 18446744073709551615"), &v))
	require.Equal(t, map[string]bool{"a": true}, v.Seen)
	require.EqualValues(t, -128, v.Small)
	require.EqualValues(t, uint64(1<<64-1), *v.Big)
	for text, want := range map[string]string{
		"small: 128": "f:1:8: 128 is out of range\n  1 | small: 128\n    |        ^",
		"big: 3.5":   "f:1:6: expected a whole number, got \"3.5\"\n  1 | big: 3.5\n    |      ^",
		"big: .inf":  "f:1:6: expected a whole number, got \".inf\"\n  1 | big: .inf\n    |      ^",
		"1: 2":       "f:1:1: expected a name before the colon\n  1 | 1: 2\n    | ^",
		"seen: 3":    "f:1:7: expected a mapping of names to values, got \"3\"\n  1 | seen: 3\n    |       ^",
		"[":          "f:1:1: sequence end token ']' not found\n  1 | [\n    | ^",
	} {
		require.EqualError(t, scenario.Decode("f", []byte(text), &v), want)
	}
}

func TestErrorsOfPathsPointAtTheNearestPartThatIsThere(t *testing.T) {
	f, err := scenario.ParseFile("f", []byte("a:\n  b: [1, {c: 2}]\n"))
	require.NoError(t, err)
	for path, want := range map[string]string{
		"$.a.b[1].c": "f:2:14: wrong", "$.a.b[1].d": "f:2:10: wrong", "$.a.b[7]": "f:2:6: wrong",
		"$.a.x": "f:2:3: wrong", "$.x": "f:1:1: wrong", "$": "f:1:1: wrong", "nonsense": "f: wrong",
	} {
		err := f.Errorf(path, "%s", "wrong")
		first, _, _ := strings.Cut(err.Error(), "\n")
		require.Equal(t, want, first, path)
	}
}
