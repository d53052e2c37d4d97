package register

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// forger is no server. It asks one for something and then says what servers say.
type forger struct {
	answers []any
}

func (f *forger) Receive(_ network.ID, msg any) { f.answers = append(f.answers, msg) }

// forge runs three servers that do not reach each other, and a forger that sends
// messages to server 0 one after the other; it returns the answers.
func forge(boot network.Boot, messages ...any) []any {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond), Ordered: true}})
	servers := []network.ID{n.Add("s0", boot), n.Add("s1", boot), n.Add("s2", boot)}
	var f forger
	n.Add("forger", func(ep *network.Endpoint) network.Handler {
		for _, msg := range messages {
			ep.Send(0, msg)
		}
		return &f
	})
	n.Partition("apart", network.Complete(servers[:1], servers[1:2], servers[2:]))
	w.RunFor(50 * time.Millisecond)
	return f.answers
}

func TestWordsOfServersCountFromServersOnly(t *testing.T) {
	cfg := Config{Servers: []network.ID{0, 1, 2}}
	v := version{tag{9, 1, 0}, 9}
	require.Empty(t, forge(ABD(cfg), nodes.Put(1, "x", 1), found{1, v}, found{1, v}, stored(1), stored(1)))
	require.Empty(t, forge(ABD(cfg), query{1, "x"}, store{1, "x", v}))
	require.Equal(t, []any{nodes.Reply{ID: 1, Code: nodes.OK}},
		forge(PrimaryBackup(cfg), state{9, 9, []entry{{"x", 9}}}, nodes.Get(1, "x")))
}

// ended reports whether a write through server 0 of five ends if that receives
// these messages from the others.
func ended(messages map[network.ID][]any) bool {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{})
	done := false
	n.Add("s0", func(ep *network.Endpoint) network.Handler {
		h := ABD(Config{Servers: []network.ID{0, 1, 2, 3, 4}})(ep).(*server)
		ep.After(0, func() {
			h.Receive(5, nodes.Put(1, "x", 1))
			for _, from := range []network.ID{1, 2, 3, 4} {
				for _, m := range messages[from] {
					h.Receive(from, m)
				}
			}
			done = len(h.ops) == 0
		})
		return h
	})
	for _, name := range []string{"s1", "s2", "s3", "s4", "client"} {
		n.Add(name, func(*network.Endpoint) network.Handler { return nil })
	}
	w.RunFor(time.Millisecond)
	return done
}

func TestAPhaseEndsWithAMajorityOfDifferentServersThatAnsweredIt(t *testing.T) {
	require.True(t, ended(map[network.ID][]any{1: {found{Op: 1}}, 2: {found{Op: 1}, stored(1)}, 3: {stored(1)}}))
	for _, short := range []map[network.ID][]any{
		{},
		{1: {found{Op: 1}}, 2: {found{Op: 1}}, 3: {stored(1)}},                                  // one stored it, and the coordinator
		{1: {found{Op: 1}}, 2: {found{Op: 1}}, 3: {stored(1), stored(1), stored(1)}},            // copies of one answer
		{1: {stored(1), found{Op: 1}}, 2: {found{Op: 1}}, 3: {stored(1)}},                       // an answer to the phase to come
		{1: {found{Op: 1}}, 2: {found{Op: 1}}, 3: {found{Op: 1}}, 4: {found{Op: 1}, stored(1)}}, // to the phase before
		{1: {found{Op: 2}, stored(2)}, 2: {found{Op: 2}, stored(2)}, 3: {found{Op: 2}, stored(2)}},
	} {
		require.False(t, ended(short), short)
	}
}

func TestTagsAreInOneOrder(t *testing.T) {
	draw := rapid.Custom(func(t *rapid.T) version {
		return version{
			tag{rapid.Uint64Max(2).Draw(t, "seq"), network.ID(rapid.Int32Range(0, 2).Draw(t, "writer")), rapid.Uint32Max(1).Draw(t, "boot")},
			rapid.Int64Range(1, 3).Draw(t, "value"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := draw.Draw(t, "a"), draw.Draw(t, "b"), draw.Draw(t, "c")
		require.Equal(t, a.Tag.compare(b.Tag), -b.Tag.compare(a.Tag))
		require.Equal(t, a.Tag == b.Tag, a.Tag.compare(b.Tag) == 0)
		require.Equal(t, a, newer(a, a))
		require.Equal(t, newer(newer(a, b), c), newer(a, newer(b, c)))
		require.Equal(t, newer(a, b).Tag, newer(b, a).Tag)
	})
}
