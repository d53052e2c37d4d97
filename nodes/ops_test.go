package nodes_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"phoenix/nodes"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestOperationsPrint(t *testing.T) {
	for want, op := range map[string]nodes.Op{
		`read x`:                     {Key: "x"},
		`write x 7`:                  {Kind: nodes.Write, Key: "x", Value: 7},
		`cas a/b-c_d.e:9 -7`:         {Kind: nodes.CAS, Key: "a/b-c_d.e:9", Value: -7},
		`after 12ms read k3`:         {Wait: 12 * time.Millisecond, Key: "k3"},
		`after 1m0.5s write "" 1`:    {Wait: time.Minute + time.Second/2, Kind: nodes.Write, Value: 1},
		`read "two words\n#\"é\xff"`: {Key: "two words\n#\"é\xff"},
	} {
		require.Equal(t, want, op.String())
		back, err := nodes.ParseOp(want)
		require.NoError(t, err)
		require.Equal(t, op, back)
	}
}

func drawOp(t *rapid.T) nodes.Op {
	op := nodes.Op{
		Wait: time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "wait")),
		Kind: nodes.Kind(rapid.IntRange(0, int(nodes.CAS)).Draw(t, "kind")),
		Key:  rapid.OneOf(rapid.String(), rapid.StringMatching(`[xyz]`)).Draw(t, "key"),
	}
	if op.Kind != nodes.Read {
		op.Value = rapid.Int64().Filter(func(v int64) bool { return v != 0 }).Draw(t, "value")
	}
	return op
}

func TestOperationsParseAsTheyPrint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := drawOp(t)
		text, err := op.MarshalText()
		require.NoError(t, err)
		require.NotContains(t, string(text), "\n", "an operation is one line")
		var back nodes.Op
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, op, back)
	})
}

func TestOperationsThatAreNotOnesAreExplained(t *testing.T) {
	const forms = "expected read KEY, write KEY VALUE or cas KEY VALUE, with or without after DURATION before it"
	const key = "expected ASCII letters, digits and -_./:, or a Go string in double quotes"
	const quoted = "expected a Go string in double quotes"
	const value = "expected a whole number of 64 bits other than 0, which means absent"
	for text, want := range map[string]string{
		``:                          `operation "": got "", ` + forms,
		`append x 1`:                `operation "append x 1": got "append", ` + forms,
		`read`:                      `operation "read": key "": ` + key,
		`read é`:                    `operation "read é": key "é": ` + key,
		`read "x`:                   `operation "read \"x": key "\"x": ` + quoted,
		`read "x"y`:                 `operation "read \"x\"y": key "\"x\"y": ` + quoted,
		`read x y`:                  `operation "read x y": got "y" at the end, ` + forms,
		`write x`:                   `operation "write x": value "": ` + value,
		`write x 0`:                 `operation "write x 0": value "0": ` + value,
		`write x 1.5`:               `operation "write x 1.5": value "1.5": ` + value,
		`cas x 9223372036854775808`: `operation "cas x 9223372036854775808": value "9223372036854775808": ` + value,
		`after read x`:              `operation "after read x": wait "read": expected a duration such as 12ms, not negative`,
		`after -1ms read x`:         `operation "after -1ms read x": wait "-1ms": expected a duration such as 12ms, not negative`,
		`after 1ms`:                 `operation "after 1ms": got "", ` + forms,
		"read x\n":                  `operation "read x\n": key "x\n": ` + key,
		`write x 1 ` + strings.Repeat("é", 40): `operation "write x 1 ` + strings.Repeat("é", 25) + `"...: got "` +
			strings.Repeat("é", 30) + `"... at the end, ` + forms,
	} {
		_, err := nodes.ParseOp(text)
		require.EqualError(t, err, want)
		op := nodes.Op{Key: "kept"}
		require.Error(t, op.UnmarshalText([]byte(text)))
		require.Equal(t, nodes.Op{Key: "kept"}, op)
	}
}

func FuzzParseOp(f *testing.F) {
	for _, text := range []string{
		"read x", "write x 7", "cas x -7", "after 12ms read x", ` after	0s  read  "a b" `, `write "\x00" 1`, "read `x`",
		"", "after", "after 1ms", "write x 0", `read "`, `read "x"y`, "cas x 99999999999999999999", "after 1e9s read x",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		op, err := nodes.ParseOp(text)
		if err != nil {
			require.Zero(t, op)
			return
		}
		back, err := nodes.ParseOp(op.String())
		require.NoError(t, err)
		require.Equal(t, op, back)
		require.GreaterOrEqual(t, op.Wait, time.Duration(0))
		require.Equal(t, op.Kind == nodes.Read, op.Value == 0)
	})
}

func TestTheProtocolPrints(t *testing.T) {
	for want, v := range map[string]interface{ String() string }{
		"#1 read x":            nodes.Get(1, "x"),
		"#2 write \"\" 7":      nodes.Put(2, "", 7),
		"#3 cas x 0 7":         nodes.CompareAndSet(3, "x", 0, 7),
		"read x":               nodes.Invocation{Key: "x"},
		"#1 ok":                nodes.Reply{ID: 1, Code: nodes.OK},
		"#1 ok 5":              nodes.Reply{ID: 1, Code: nodes.OK, Value: 5},
		"#1 cas failed 0":      nodes.Reply{ID: 1, Code: nodes.CASFailed},
		"#1 not leader":        nodes.Reply{ID: 1, Code: nodes.NotLeader, Leader: -1},
		"#1 not leader, ask 0": nodes.Reply{ID: 1, Code: nodes.NotLeader},
		"#1 unsupported":       nodes.Reply{ID: 1, Code: nodes.Unsupported},
		"#1 unknown":           nodes.Reply{ID: 1, Code: nodes.Unknown},
		"code(0)":              nodes.Code(0),
		"code(6)":              nodes.Code(6),
		"kind(3)":              nodes.Kind(3),
		"absent":               nodes.Result{OK: true},
		"-5":                   nodes.Result{Value: -5, OK: true},
		"unknown":              nodes.Result{},
	} {
		require.Equal(t, want, v.String())
	}
}

func TestOnlyRequestsThatCanBeCarriedOutAreValid(t *testing.T) {
	require.True(t, nodes.Get(1, "").Valid())
	require.True(t, nodes.Put(1, "x", -1).Valid())
	require.True(t, nodes.CompareAndSet(1, "x", 0, 1).Valid())
	require.False(t, nodes.Put(1, "x", 0).Valid())
	require.False(t, nodes.CompareAndSet(1, "x", 1, 0).Valid())
	require.False(t, nodes.Request{Invocation: nodes.Invocation{Kind: 3, Value: 1}}.Valid())
}
