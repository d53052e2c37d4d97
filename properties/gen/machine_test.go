package gen_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/register"
	"phoenix/properties/gen"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drive has rapid drive a store of so many servers, and returns what it logged; the
// last story is that of the smallest case, if one failed. Small clusters interleave.
func drive(
	t *testing.T, servers int, store func(register.Config) network.Boot, set func(m *gen.Machine),
) (*fake, string) {
	t.Helper()
	story := ""
	f := inside(t, func(tb rapid.TB) {
		rapid.Check(tb, func(t *rapid.T) {
			w := sim.New(sim.Config{Chooser: gen.Chooser(t), Interleave: servers < 3})
			defer w.Close()
			n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
			ids := make([]network.ID, servers)
			for i := range ids {
				ids[i] = network.ID(i)
			}
			for i := range ids {
				n.Add("s"+string(rune('1'+i)), store(register.Config{Servers: ids}))
			}
			m := gen.NewMachine(n, ids)
			m.Timeout, m.Ended = 300*time.Millisecond, new(gen.Map).Ended
			set(m)
			defer func() { story = m.Story() }()
			t.Repeat(m.Actions())
		})
	})
	return f, story
}

func TestAMachineFindsThatSingleCopiesDifferInTwoActions(t *testing.T) {
	f, story := drive(t, 2, register.SingleCopy, func(*gen.Machine) {})
	require.True(t, f.failed)
	require.Equal(t, "write x 1 at s1: ok\nread x at s2: absent", story)
	require.Contains(t, f.log.String(), "x was absent, expected 1, after\nwrite x 1 at s1: ok")
}

func TestAMachineFindsThatACrashForgetsInFourActions(t *testing.T) {
	f, story := drive(t, 1, register.SingleCopy, func(m *gen.Machine) { m.Fragile = []network.ID{0} })
	require.True(t, f.failed)
	require.Equal(t, "write x 1 at s1: ok\ncrash s1\nrestart s1\nread x at s1: absent", story)
}

func TestAMachineFindsThatABackupIsBehind(t *testing.T) {
	f, story := drive(t, 3, register.PrimaryBackup, func(m *gen.Machine) {
		m.Fragile, m.Longest = []network.ID{0}, 500*time.Millisecond
	})
	require.True(t, f.failed)
	require.LessOrEqual(t, strings.Count(story, "\n")+1, 4, story)
	require.Contains(t, story, "crash s1")
}

func TestAMachineFindsNothingWrongWithAMajorityRegister(t *testing.T) {
	actions := map[string]int{}
	f, _ := drive(t, 3, register.ABD, func(m *gen.Machine) {
		m.Fragile, m.Keys = []network.ID{1}, 2
		ended := m.Ended
		m.Ended = func(op gen.Operation) error {
			actions[op.Kind.String()+" "+op.Outcome]++
			return ended(op)
		}
	})
	require.False(t, f.failed, f.log.String())
	for _, what := range []string{"read ok", "write ok", "read info", "write info"} {
		require.NotZero(t, actions[what], "%s: %v", what, actions)
	}
}

func TestACheckIsAskedAfterEachAction(t *testing.T) {
	f, story := drive(t, 1, register.SingleCopy, func(m *gen.Machine) {
		m.Check = func() error {
			if strings.Count(m.Story(), "wait") == 3 {
				return errors.New("three waits")
			}
			return nil
		}
	})
	require.True(t, f.failed)
	require.Equal(t, "wait 1ms\nwait 1ms\nwait 1ms", story)
}

func TestAPanicOfAServerIsFound(t *testing.T) {
	broken := func(register.Config) network.Boot {
		return func(*network.Endpoint) network.Handler {
			return handler(func(network.ID, any) { panic("out of order") })
		}
	}
	f, story := drive(t, 1, broken, func(*gen.Machine) {})
	require.True(t, f.failed)
	require.Equal(t, "read x at s1: no end", story)
	require.Contains(t, f.log.String(), "panic: out of order")
}

func TestAMapTakesLateWritesAtAnyTimeButOnce(t *testing.T) {
	op := func(kind nodes.Kind, value int64, outcome string, result int64) gen.Operation {
		return gen.Operation{Op: nodes.Op{Kind: kind, Key: "x", Value: value}, Outcome: outcome,
			Result: nodes.Result{Value: result, OK: outcome != nodes.OutcomeInfo}}
	}
	const ok, fail, info = nodes.OutcomeOK, nodes.OutcomeFail, nodes.OutcomeInfo
	read := func(value int64) gen.Operation { return op(nodes.Read, 0, ok, value) }
	wrote := func(value int64) gen.Operation { return op(nodes.Write, value, ok, value) }
	late := func(value int64) gen.Operation { return op(nodes.Write, value, info, 0) }
	for _, c := range []struct {
		name string
		ops  []gen.Operation
		want string // of the last one
	}{
		{"absent at first", []gen.Operation{read(0)}, ""},
		{"a value from nowhere", []gen.Operation{read(7)}, "x was 7, expected absent"},
		{"a lost write", []gen.Operation{wrote(1), read(0)}, "x was absent, expected 1"},
		{"a late write", []gen.Operation{late(1), read(0), wrote(2), read(2), read(1)}, ""},
		{"and back again", []gen.Operation{late(1), read(0), read(1), read(0)}, "x was absent, expected 1"},
		{"late twice", []gen.Operation{late(1), read(1), wrote(2), read(1)}, "x was 1, expected 2"},
		{"a read without an end", []gen.Operation{op(nodes.Read, 0, info, 0), read(0)}, ""},
		{"a CAS of nothing", []gen.Operation{op(nodes.CAS, 3, ok, 3), read(3)}, ""},
		{"a CAS of something", []gen.Operation{wrote(1), op(nodes.CAS, 3, ok, 3)}, "x was absent, expected 1"},
		{"a CAS that saw why not", []gen.Operation{wrote(1), op(nodes.CAS, 3, fail, 1), read(1)}, ""},
	} {
		m, err := new(gen.Map), error(nil)
		for i, o := range c.ops {
			err = m.Ended(o)
			require.True(t, err == nil || i == len(c.ops)-1, "%s: %v", c.name, err)
		}
		if c.want == "" {
			require.NoError(t, err, c.name)
		} else {
			require.EqualError(t, err, c.want, c.name)
		}
	}
}
