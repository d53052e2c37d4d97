package traces_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties/scenario"
	"phoenix/traces"
)

// refused returns the error for a file, which is always one that names the file.
func refused(t testing.TB, text string) *scenario.SyntaxError {
	t.Helper()
	_, _, err := traces.ParseFailure("a.simfail", []byte(text), scenario.Registers())
	var e *scenario.SyntaxError
	require.ErrorAs(t, err, &e, "%s", text)
	require.Equal(t, "a.simfail", e.File)
	require.NotEmpty(t, e.Msg)
	return e
}

// lineOf returns the first line of text that holds what, from 1.
func lineOf(t testing.TB, text, what string) int {
	before, _, found := strings.Cut(text, what)
	require.True(t, found, "%q", what)
	return 1 + strings.Count(before, "\n")
}

// Each line is written instead of another one of the pinned file, and refused
// there: by what is said here, or in the words of package scenario.
func TestAWrongFieldIsRefusedAtItsLine(t *testing.T) {
	const inScenario = ""
	text := pinnedText(t)
	for _, c := range []struct {
		old, wrong, said string
		below            int // the line that is meant is so many below that of old
	}{
		{"simfail: 1\n", "simfail: 2\n", "simfail is 2, expected 1", 0},
		{"simfail: 1\n", "simfail: -1\n", "simfail is -1, expected 1", 0},
		{"simfail: 1\n", "simfail: one\n", inScenario, 0},
		{"scenario: register/single-copy\n", "scenario: register/paxos\n",
			`no such scenario: "register/paxos", expected one of [register/single-copy register/primary-backup register/abd register/abd-durable]`, 0},
		{"scenario: register/single-copy\n", "scenario: [register/abd]\n", inScenario, 0},
		{"hash: ", "hash: \"1f\" # ", `hash is "1f", expected 16 hexadecimal digits`, 0},
		{"hash: ", "hash: # ", inScenario, 0},
		{"seed: \"0x0\"", "seed: \"-1\"", `seed is "-1", expected a seed such as 0x2a`, 0},
		{"seed: \"0x0\"", "seed: \"18446744073709551616\"", `seed is "18446744073709551616", expected a seed such as 0x2a`, 0},
		{"property: ", "property: \"\" # ", `property is "", expected the name of a property`, 0},
		{"detail: ", "detail: {} # ", inScenario, 0},
		{"digest: ", "digest: A # ", `digest is "A", expected 32 hexadecimal digits`, 0},
		{"events: 1", "events: 0 # ", "events is 0, expected how many events happened", 0},
		{"events: 1", "events: -1", inScenario, 0},
		{"events: 1", "events: 1.5 # ", inScenario, 0},
		{"events: 1", "events: 18446744073709551616 # ", inScenario, 0},
		{"  servers: 2", "  servers: 65", "config.servers is 65, expected at most 64 of register/single-copy", 0},
		{"  servers: 2", "  servers: -1", "config.servers is -1, expected 1 to 1000", 0},
		{"  servers: 2", "  servers: 99999999999999999999", inScenario, 0},
		{"  servers: 2", "  servers: 2\n  severs: 2", inScenario, 1},
		{"  servers: 2", "  clients: 2", inScenario, 1},
		{"    operations: 8", "    operations: -8", "config.workload.operations is -8, expected 0 to 500000", 0},
		{"    keys: 1", "    keys: 10001", "config.workload.keys is 10001, expected 1 to 10000", 0},
		{"    reads: 50%", "    reads: 150%", inScenario, 0},
		{"    think: 10ms", "    think: soon", inScenario, 0},
		{"    timeout: 300ms", "    timeout: -1s", "config.workload.timeout is -1s, expected a positive duration", 0},
		{"    - at 20ms for 10ms pause s2", "    - at 20ms for 10ms pause s3",
			`config.faults[0] names the host "s3", expected one of s1, s2, c1, c2, clients, everyone, servers`, 0},
		{"    - at 40ms", "    - at -40ms", "config.faults[1] has a negative time, expected 0 or more", 0},
		{"    - at 40ms", "    - at noon", `word 2 is "noon", expected a duration such as 1.5s or 200ms`, 0},
		{"    - at 40ms", "    - {at: 40ms} #", inScenario, 0},
		{"  heal: ", "  heal: -1s #", "config.heal is -1s, expected 0 or a positive duration", 0},
		{"  until: ", "  disk: {model: ext9}\n  until: ", inScenario, 0},
		{"  until: ", "  disk: {sector: -1}\n  until: ", "config.disk sector of -1 bytes, expected 0 (that is 512) to 1048576", 0},
		{"  until: ", "  until: 0s #", "config.until is 0s, expected a positive duration", 0},
		{"  until: ", "  bug: lost\n  until: ", `config.bug is "lost", expected one of [] of register/single-copy`, 0},
		{"  faults:", "  nemesis: {faults: 1}\n  faults:", "config.nemesis is set, expected what it did among config.faults", 0},
		{"  - client: c1", "  - client: c2", `operations[0].client is "c2", expected "c1"`, 0},
		{"  - client: c2", "  - client: c2\n    do: []\n  - client: c3", "operations has 3 entries, expected one for each of the 2 clients", -10},
		{"- after 10ms read x", "- after -10ms read x", inScenario, 0},
		{"- after 10ms read x", "- rewrite x", inScenario, 0},
		{"- after 10ms write x 3", "- write x 9223372036854775808", inScenario, 0},
		{"  - 3 of 4 next", "  - 4 of 4 next", `choices[0] is "4 of 4 next", expected such as "1 of 3 next"`, 0},
		{"  - 3 of 4 next", "  - -1 of 4 next", `choices[0] is "-1 of 4 next", expected such as "1 of 3 next"`, 0},
		{"  - 3 of 4 next", "  - 3 of 99999999999999999999 next", `choices[0] is "3 of 99999999999999999999 next", expected such as "1 of 3 next"`, 0},
		{"  - 3 of 4 next", "  - 3 in 4 next", `choices[0] is "3 in 4 next", expected such as "1 of 3 next"`, 0},
		{"  - 2 of 3 next", "  - 2 of 3", `choices[1] is "2 of 3", expected such as "1 of 3 next"`, 0},
		{"  - 2 of 3 next", `  - '2 of 3 "next'`, `choices[1] is "2 of 3 \"next", expected such as "1 of 3 next"`, 0},
	} {
		line := lineOf(t, text, c.old) + c.below
		e := refused(t, strings.Replace(text, c.old, c.wrong, 1))
		if c.said != inScenario {
			require.Equal(t, c.said, e.Msg)
		}
		require.Equal(t, line, e.Line, "%s\n%v", c.wrong, e)
		require.Positive(t, e.Col)
		require.Contains(t, e.Excerpt, "^")
	}
}

func TestAScenarioWithoutCompareAndSetHasNoSuchOperations(t *testing.T) {
	s := scenario.SingleCopy()
	s.HasCAS = false
	text := strings.Replace(pinnedText(t), "- after 10ms write x 3", "- cas x 3", 1)
	_, _, err := traces.ParseFailure("a.simfail", []byte(text), []*scenario.Scenario{s})
	require.EqualError(t, err, fmt.Sprintf(`a.simfail:%d:9: operations[0].do[1] is "cas x 3", but register/single-copy has no compare-and-set
  %[1]d |       - cas x 3
     |         ^`, lineOf(t, text, "cas x 3")))
}

func TestAMissingFieldIsRefused(t *testing.T) {
	text := pinnedText(t)
	head, body, _ := strings.Cut(text, "simfail:")
	body = "simfail:" + body
	for _, field := range []string{"simfail", "scenario", "hash", "seed", "property", "digest", "events", "config", "operations"} {
		var rest strings.Builder
		inside := false
		for line := range strings.Lines(body) {
			if line[0] != ' ' {
				inside = strings.HasPrefix(line, field+":")
			}
			if !inside {
				rest.WriteString(line)
			}
		}
		e := refused(t, head+rest.String())
		require.Contains(t, e.Msg, field)
		require.Positive(t, e.Line)
	}
}

// hostile are files that are none.
func hostile(text string) []string {
	return []string{
		"", "\x00", "\xff\xfe", "\x7fELF\x02\x01\x01", "- simfail: 1", "simfail", "{", "[[[[", strings.Repeat("[", 100_000),
		"simfail: 1\nsimfail: 1", "simfail: &a [*a]", "--- 1\n--- 2", "\ufeff", "null", "~", "? a", text + "simfail: 1\n", text + text,
		text + "unknown: 1\n", strings.ReplaceAll(text, "  ", "\t"), strings.ReplaceAll(text, ": ", ":"),
		strings.Replace(text, "- client: c2", "- client: c2\n    client: c2", 1),
	}
}

func TestWhatIsNoFileOfAFailureIsRefused(t *testing.T) {
	for _, text := range hostile(pinnedText(t)) {
		refused(t, text)
	}
}

func TestLinesMayEndAsOnOtherSystems(t *testing.T) {
	text := pinnedText(t)
	_, f := parsed(t, []byte(text))
	for _, end := range []string{"\r\n", "\r"} {
		_, again := parsed(t, []byte(strings.ReplaceAll(text, "\n", end)))
		require.Equal(t, f, again)
	}
}

// A file that lost its end is refused, or run as it stands: it must not be said
// to be reproduced unless the same events happened.
func TestATruncatedFileIsNotReproduced(t *testing.T) {
	text := pinnedText(t)
	read := 0
	for n := range len(strings.TrimRight(text, "\n")) {
		s, f, err := traces.ParseFailure("a.simfail", []byte(text[:n]), scenario.Registers())
		if err == nil {
			read++
			require.Equal(t, traces.Stale, f.Replay(s, nil).Status, "%d bytes", n)
		}
	}
	require.Positive(t, read)
	require.Less(t, read, len(text)/3)
}

func FuzzParseFailure(f *testing.F) {
	text := pinnedText(f)
	for _, seed := range hostile(text) {
		f.Add([]byte(seed))
	}
	for _, change := range [][2]string{
		{"", ""}, {"operations:", "x:"}, {"  - ", "  -"}, {"1", "99999999999999999999"}, {"2", "-2"}, {"10ms", "2562047h"}, {"\n", "\r\n"},
		{"delay: 5ms", "delay: exp(1h)\n    bandwidth: 1\n    queue: 1"}, {"  until:", "  bug: x\n  until:"}, {"pause", "crash keeping"}, {"pause s2", "loss 10% everywhere"}, {"pause", "disk"},
		{"pause s2", "partition complete s1 | s2 flapping 1ns"}, {"pause s2", "byzantine s1 lie 50%"}, {"pause s2", "clock s1 drift 900000000"},
		{"pause s2", "disk s1 slow by 1h"}, {"pause s2", "exhaust s1 inbox 0"}, {"for 10ms", "for 2562047h"}, {"heal: 30s", "heal: 2562047h"}, {"  until:", "  disk: {model: ext4}\n  until:"}, {"next", `"a\tb"`}, {"x", `"\x00"`},
		{"  until:", "  regions: {hosts: {a: [s1], b: [c1]}, latency: [{between: [a, b], delay: 1s}]}\n  until:"}, {"read x", "cas x 7"},
	} {
		f.Add([]byte(strings.ReplaceAll(text, change[0], change[1])))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, failure, err := traces.ParseFailure("a.simfail", data, scenario.Registers())
		if err != nil {
			var e *scenario.SyntaxError
			require.ErrorAs(t, err, &e)
			return
		}
		_, again := parsed(t, textOf(t, failure))
		require.Equal(t, failure, again)
		if c := &failure.Config; c.Servers+c.Clients <= 10 {
			c.Events = min(c.Events, 2000)
			require.Positive(t, failure.Replay(s, nil).Status)
		}
	})
}

// Progress of a shrinking that none can have made is refused at its line.
func TestAWrongShrinkingIsRefusedAtItsLine(t *testing.T) {
	s, failures := found(t, planted[0], 1)
	text := string(textOf(t, shrink(t, s, failures[0], traces.ShrinkOptions{Runs: 40}).Failure))
	for _, c := range []struct{ field, said string }{
		{"of: ", "shrink.of is \"-1\", expected 32 hexadecimal digits"},
		{"faults: ", "shrink.from.faults is -1, expected 0 or more"},
		{"hosts: ", "shrink.from.hosts is -1, expected 0 or more"},
		{"runs: ", "shrink.runs is -1, expected 0 or more"},
		{"pass: ", "shrink.pass is -1, expected 0 or more"},
		{"idle: ", "shrink.idle is -1, expected 0 or more"},
		{"step: ", "shrink.step is -1, expected 0 or more"},
	} {
		before, after, found := strings.Cut(text, "shrink:\n")
		require.True(t, found)
		wrong := before + "shrink:\n" + strings.Replace(after, c.field, c.field+"-1 # ", 1)
		e := refused(t, wrong)
		require.Equal(t, c.said, e.Msg)
		require.Equal(t, lineOf(t, wrong, c.field+"-1 # "), e.Line)
	}
}

// A file of many operations takes no longer for each of them than one of few does: if it
// did, this would take an hour.
func TestAFileOfManyOperationsIsRead(t *testing.T) {
	before, after, found := strings.Cut(pinnedText(t), "  - client: c2\n")
	require.True(t, found)
	const many = 50_000
	text := before + strings.Repeat("      - after 10ms read x\n", many) + "  - client: c2\n" + after
	_, f, err := traces.ParseFailure("a.simfail", []byte(text), scenario.Registers())
	require.NoError(t, err)
	require.Greater(t, len(f.Operations[0].Do), many)
}
