package nodetest_test

import (
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/nodetest"

	"github.com/stretchr/testify/require"
)

// sloppy is a store that makes one mistake, or none.
type sloppy struct {
	ep      *network.Endpoint
	mistake string
	data    map[string]int64
	newest  map[network.ID]nodes.Reply
	handled int
	busy    bool
}

func (s *sloppy) Receive(from network.ID, msg any) {
	r, ok := msg.(nodes.Request)
	switch {
	case !ok && s.mistake == "answers anything":
		s.ep.Send(from, nodes.Reply{Code: nodes.OK})
		return
	case !ok:
		return
	case s.mistake == "panics":
		panic("nil map")
	case s.mistake == "silent", s.mistake == "one at a time" && s.busy:
		return
	}
	who := from
	if s.mistake == "one session for all" {
		who = 0
	}
	if old, known := s.newest[who]; known && r.ID <= old.ID && s.mistake != "no sessions" {
		if r.ID == old.ID || s.mistake == "answers old requests" {
			s.ep.Send(from, old)
		}
		return
	}
	reply := s.handle(r)
	s.newest[who] = reply
	s.answer(from, reply)
}

func (s *sloppy) answer(to network.ID, reply nodes.Reply) {
	switch s.mistake {
	case "wrong ID":
		reply.ID++
		s.ep.Send(to, reply)
	case "no reply":
		s.ep.Send(to, "done")
	case "secret":
		s.ep.Send(s.ep.ID(), func() {})
		s.ep.Send(to, reply)
	case "one at a time":
		s.busy = true
		s.ep.After(5*time.Millisecond, func() {
			s.busy = false
			s.ep.Send(to, reply)
		})
	default:
		s.ep.Send(to, reply)
	}
}

// runs is a state outside of the world, as no store should have.
var runs int

func (s *sloppy) handle(r nodes.Request) nodes.Reply {
	reply := nodes.Reply{ID: r.ID, Code: nodes.OK}
	key := r.Key
	if s.handled++; s.handled > 100 && s.mistake == "forgets" {
		clear(s.data)
	}
	switch {
	case s.mistake == "nobody leads":
		return nodes.Reply{ID: r.ID, Code: nodes.NotLeader, Leader: s.ep.ID()}
	case s.mistake == "hidden state":
		runs++
		s.ep.Note("request %d", runs)
	case s.mistake == "one key" && key == "":
		key = "x"
	}
	switch {
	case r.Kind == nodes.Read:
		reply.Value = s.data[key]
		if reply.Value == 0 && s.mistake == "absent is 5" {
			reply.Value = 5
		}
	case r.Kind == nodes.CAS && s.data[key] != r.Old && s.mistake != "cas writes":
		reply.Code, reply.Value = nodes.CASFailed, s.data[key]
	case !r.Valid() && !(s.mistake == "zero" && r.Kind == nodes.Write) && !(s.mistake == "any kind" && r.Kind > nodes.CAS):
		reply.Code = nodes.Unsupported
	case r.Value < 0 && s.mistake == "unsigned":
	default:
		s.data[key] = r.Value
	}
	return reply
}

func making(mistake string, servers int) nodetest.Store {
	return nodetest.Store{Name: "sloppy", Servers: servers, CAS: true, Boot: func([]network.ID) network.Boot {
		return func(ep *network.Endpoint) network.Handler {
			return &sloppy{ep: ep, mistake: mistake, data: map[string]int64{}, newest: map[network.ID]nodes.Reply{}}
		}
	}}
}

func TestAStoreWithoutMistakeConforms(t *testing.T) {
	nodetest.Conformance(t, making("none", 1))
	require.NoError(t, nodetest.Check(making("none", 1)))
}

func TestEveryMistakeIsFound(t *testing.T) {
	for mistake, want := range map[string]string{
		"absent is 5":          `a key never written is absent: read x was answered by "ok" 5, expected "ok" 0`,
		"hidden state":         `a key never written is absent: two runs differ`,
		"silent":               `a key never written is absent: s0 did not answer #1 read x in 10s`,
		"wrong ID":             `a key never written is absent: s0 answered #1 read x with #2 ok, expected the same ID`,
		"no reply":             `a key never written is absent: a client received string from s0, expected a nodes.Reply`,
		"nobody leads":         `a key never written is absent: nobody is responsible for read x: every server said not leader`,
		"secret":               `a key never written is absent: value has no canonical encoding: func()`,
		"unsigned":             `the last put counts: read x was answered by "ok" 1, expected "ok" -2`,
		"one key":              `keys are independent: read x was answered by "ok" 2, expected "ok" 1`,
		"zero":                 `a put of 0 is refused and changes nothing: write x 0 was answered by "ok" 0, expected "unsupported" 0`,
		"cas writes":           `a compare and set compares: cas x 9 1 was answered by "ok" 0, expected "cas failed" 0`,
		"any kind":             `a request of unknown kind is refused: kind(200) x 1 was answered by "ok" 0, expected "unsupported" 0`,
		"answers anything":     `other messages are ignored: a message that is no request was answered: [#0 ok #0 ok #0 ok #0 ok] []`,
		"no sessions":          `a request that arrives twice acts once: after a late copy of the put before: read x was answered by "ok" 2, expected "ok" 3`,
		"answers old requests": `a request that arrives twice acts once: #2 write x 2, older than the newest of its client, was answered by #5 ok 3`,
		"one session for all":  `request IDs of different clients are independent: s0 did not answer #1 write x 2 in 10s`,
		"one at a time":        `clients at the same time are all answered: of 3 clients at the same time, number 1 received [], expected one ok`,
		"forgets":              `a sequence of operations has the results of one map: operation 100: read y was answered by "ok" 0, expected "ok" 87`,
	} {
		require.EqualError(t, nodetest.Check(making(mistake, 1)), "sloppy: "+want, mistake)
	}
	require.ErrorContains(t, nodetest.Check(making("panics", 1)), "sloppy: a key never written is absent: s0: nil map at ")
	require.EqualError(t, nodetest.Check(making("none", 2)), "sloppy: a put is read through every server: through s1: "+
		`read x was answered by "ok" 0, expected "ok" 1`)
}

// A store is judged on a quiet network, here one that makes a mistake.
func ExampleCheck() {
	fmt.Println(nodetest.Check(making("zero", 1)))
	// Output:
	// sloppy: a put of 0 is refused and changes nothing: write x 0 was answered by "ok" 0, expected "unsupported" 0
}
