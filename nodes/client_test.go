package nodes_test

import (
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

// answers is a server that does what a function says.
type answers struct {
	ep *network.Endpoint
	fn func(ep *network.Endpoint, from network.ID, r nodes.Request)
}

func (a answers) Receive(from network.ID, msg any) { a.fn(a.ep, from, msg.(nodes.Request)) }

// stage is a client between servers, and what there was to see.
type stage struct {
	world *sim.World
	net   *network.Network
	log   []string
}

// perform runs a client, node 0, with a script and servers that do as said; links
// take 1 ms. It returns what the client did: requests, invocations and returns.
func perform(t *testing.T, cfg nodes.ClientConfig, script []string, servers ...func(*network.Endpoint, network.ID, nodes.Request)) *stage {
	t.Helper()
	s := &stage{world: sim.New(sim.Config{Seed: 1})}
	t.Cleanup(s.world.Close)
	s.net = network.New(s.world, network.Config{Link: network.Link{Delay: network.Constant(ms)}, CheckMutation: true})
	for _, line := range script {
		op, err := nodes.ParseOp(line)
		require.NoError(t, err)
		cfg.Script = append(cfg.Script, op)
	}
	for i := range servers {
		cfg.Servers = append(cfg.Servers, network.ID(i+1))
	}
	s.net.Add("client", nodes.Client(cfg))
	for i, fn := range servers {
		s.net.Add(fmt.Sprintf("s%d", i+1), func(ep *network.Endpoint) network.Handler { return answers{ep, fn} })
	}
	s.world.Observe(func(e *sim.Event) {
		switch {
		case e.Host != 0:
		case e.Kind == sim.Send:
			s.log = append(s.log, fmt.Sprintf("%s to %s: %v", e.At, s.world.HostName(e.Peer), e.Value))
		case e.Kind == sim.Invoke:
			s.log = append(s.log, fmt.Sprintf("%s invoke %d %v", e.At, e.ID, e.Value))
		case e.Kind == sim.Return:
			s.log = append(s.log, fmt.Sprintf("%s return %d %s %v", e.At, e.ID, e.Name, e.Value))
		}
	})
	return s
}

func (s *stage) shows(t *testing.T, want ...string) {
	t.Helper()
	s.world.RunFor(10 * time.Second)
	require.Empty(t, s.world.Findings())
	require.Equal(t, want, s.log)
}

// says answers every request with a code and a value.
func says(code nodes.Code, value int64, leader network.ID) func(*network.Endpoint, network.ID, nodes.Request) {
	return func(ep *network.Endpoint, from network.ID, r nodes.Request) {
		ep.Send(from, nodes.Reply{ID: r.ID, Code: code, Value: value, Leader: leader})
	}
}

func silent(*network.Endpoint, network.ID, nodes.Request) {}

func TestAClientDoesOneThingAfterAnother(t *testing.T) {
	s := perform(t, nodes.ClientConfig{}, []string{"after 5ms write x 7", "read x", "after 1ms read y"}, says(nodes.OK, 9, 0))
	s.shows(t,
		"5ms invoke 1 write x 7", "5ms to s1: #1 write x 7", "7ms return 1 ok 7",
		"7ms invoke 2 read x", "7ms to s1: #2 read x", "9ms return 2 ok 9",
		"10ms invoke 3 read y", "10ms to s1: #3 read y", "12ms return 3 ok 9")
}

func TestACASReplacesTheLastValueSeenUnderItsKey(t *testing.T) {
	found := int64(0)
	s := perform(t, nodes.ClientConfig{}, []string{"cas x 1", "cas x 2", "cas y 3", "write y 4", "cas y 5", "read y", "cas y 6"},
		func(ep *network.Endpoint, from network.ID, r nodes.Request) {
			reply := nodes.Reply{ID: r.ID, Code: nodes.OK}
			switch {
			case r.Kind == nodes.Read:
				reply.Value = 20
			case r.Value == 2:
				found = 30
				reply.Code, reply.Value = nodes.CASFailed, found
			}
			ep.Send(from, reply)
		})
	s.shows(t,
		"0s invoke 1 cas x 0 1", "0s to s1: #1 cas x 0 1", "2ms return 1 ok 1",
		"2ms invoke 2 cas x 1 2", "2ms to s1: #2 cas x 1 2", "4ms return 2 fail 30",
		"4ms invoke 3 cas y 0 3", "4ms to s1: #3 cas y 0 3", "6ms return 3 ok 3",
		"6ms invoke 4 write y 4", "6ms to s1: #4 write y 4", "8ms return 4 ok 4",
		"8ms invoke 5 cas y 4 5", "8ms to s1: #5 cas y 4 5", "10ms return 5 ok 5",
		"10ms invoke 6 read y", "10ms to s1: #6 read y", "12ms return 6 ok 20",
		"12ms invoke 7 cas y 20 6", "12ms to s1: #7 cas y 20 6", "14ms return 7 ok 6")
}

func TestAClientGoesWhereItIsSentWithinOneOperation(t *testing.T) {
	s := perform(t, nodes.ClientConfig{Home: 3}, []string{"write x 1", "read x"},
		says(nodes.NotLeader, 0, 3), silent, says(nodes.OK, 1, 0))
	s.shows(t,
		"0s invoke 1 write x 1", "0s to s1: #1 write x 1", "2ms to s3: #2 write x 1", "4ms return 1 ok 1",
		"4ms invoke 2 read x", "4ms to s3: #3 read x", "6ms return 2 ok 1")
}

func TestAClientThatIsToldNoServerAsksTheNext(t *testing.T) {
	s := perform(t, nodes.ClientConfig{Home: 1}, []string{"read x"}, says(nodes.OK, 1, 0), says(nodes.NotLeader, 0, sim.NoHost))
	s.shows(t, "0s invoke 1 read x", "0s to s2: #1 read x", "2ms to s1: #2 read x", "4ms return 1 ok 1")
}

func TestAClientThatIsSentToAndFroWaitsNowAndThen(t *testing.T) {
	s := perform(t, nodes.ClientConfig{Timeout: 25 * ms, Backoff: 7 * ms}, []string{"write x 1"},
		says(nodes.NotLeader, 0, 2), says(nodes.NotLeader, 0, 1))
	s.shows(t,
		"0s invoke 1 write x 1",
		"0s to s1: #1 write x 1", "2ms to s2: #2 write x 1",
		"11ms to s1: #3 write x 1", "13ms to s2: #4 write x 1",
		"22ms to s1: #5 write x 1", "24ms to s2: #6 write x 1",
		"25ms return 1 info unknown")
}

func TestAnOperationEndsInTimeEvenWhereNothingTakesTime(t *testing.T) {
	s := perform(t, nodes.ClientConfig{}, []string{"write x 1"}, says(nodes.NotLeader, 0, 1))
	s.net.SetLink(0, 1, network.Link{})
	s.net.SetLink(1, 0, network.Link{})
	s.world.RunFor(10 * time.Second)
	require.Equal(t, "1s return 1 info unknown", s.log[len(s.log)-1])
	require.Len(t, s.log, 102, "one attempt every DefaultBackoff")
}

func TestAnOperationWithoutAnAnswerHasAnUnknownOutcomeAndTheNextGoesElsewhere(t *testing.T) {
	s := perform(t, nodes.ClientConfig{Timeout: 30 * ms}, []string{"write x 1", "read x", "read x"}, silent, says(nodes.OK, 5, 0))
	s.shows(t,
		"0s invoke 1 write x 1", "0s to s1: #1 write x 1", "30ms return 1 info unknown",
		"30ms invoke 2 read x", "30ms to s2: #2 read x", "32ms return 2 ok 5",
		"32ms invoke 3 read x", "32ms to s2: #3 read x", "34ms return 3 ok 5")
}

func TestAnAnswerThatNobodyKnowsIsAnUnknownOutcome(t *testing.T) {
	s := perform(t, nodes.ClientConfig{}, []string{"write x 1", "write x 2", "read x"}, says(nodes.Unknown, 0, 0), says(77, 0, 0))
	s.shows(t,
		"0s invoke 1 write x 1", "0s to s1: #1 write x 1", "2ms return 1 info unknown",
		"2ms invoke 2 write x 2", "2ms to s2: #2 write x 2", "4ms return 2 info unknown",
		"4ms invoke 3 read x", "4ms to s1: #3 read x", "6ms return 3 info unknown")
}

func TestWhatIsNotOfferedFails(t *testing.T) {
	s := perform(t, nodes.ClientConfig{}, []string{"cas x 1", "cas x 2"}, says(nodes.Unsupported, 0, 0))
	s.shows(t,
		"0s invoke 1 cas x 0 1", "0s to s1: #1 cas x 0 1", "2ms return 1 fail unknown",
		"2ms invoke 2 cas x 0 2", "2ms to s1: #2 cas x 0 2", "4ms return 2 fail unknown")
}

func TestOnlyTheAnswerToTheCurrentAttemptCounts(t *testing.T) {
	chatty := func(ep *network.Endpoint, from network.ID, r nodes.Request) {
		ep.Send(from, "hello")
		ep.Send(from, nodes.Reply{ID: r.ID - 1, Code: nodes.OK, Value: 66})
		ep.Send(from, nodes.Reply{ID: r.ID + 1, Code: nodes.OK, Value: 66})
		for range 2 { // the copy must not send the client on again
			ep.Send(from, nodes.Reply{ID: r.ID, Code: nodes.NotLeader, Leader: 2})
		}
		ep.After(5*ms, func() {
			for id := range uint64(5) { // as a server that is not asked
				ep.Send(from, nodes.Reply{ID: id, Code: nodes.OK, Value: 66})
			}
		})
	}
	late := func(ep *network.Endpoint, from network.ID, r nodes.Request) {
		ep.After(20*ms, func() { says(nodes.OK, 5, 0)(ep, from, r) })
	}
	s := perform(t, nodes.ClientConfig{}, []string{"read x"}, chatty, late)
	s.shows(t, "0s invoke 1 read x", "0s to s1: #1 read x", "2ms to s2: #2 read x", "24ms return 1 ok 5")
}

func TestARequestIsSentAgainOnlyIfAskedTo(t *testing.T) {
	count := 0
	deaf := func(ep *network.Endpoint, from network.ID, r nodes.Request) {
		if count++; count == 3 {
			says(nodes.OK, 1, 0)(ep, from, r)
		}
	}
	s := perform(t, nodes.ClientConfig{Retransmit: 10 * ms}, []string{"read x"}, says(nodes.NotLeader, 0, 2), deaf)
	s.shows(t, "0s invoke 1 read x", "0s to s1: #1 read x",
		"2ms to s2: #2 read x", "12ms to s2: #2 read x", "22ms to s2: #2 read x", "24ms return 1 ok 1")
}

func TestAClientThatCrashedDoesNotComeBack(t *testing.T) {
	s := perform(t, nodes.ClientConfig{}, []string{"read x", "read x"}, says(nodes.OK, 1, 0))
	s.world.At(sim.Time(3*ms), s.world.Host(0).Crash)
	s.world.At(sim.Time(5*ms), s.world.Host(0).Restart)
	s.shows(t, "0s invoke 1 read x", "0s to s1: #1 read x", "2ms return 1 ok 1", "2ms invoke 2 read x", "2ms to s1: #2 read x")
}

func TestAClientBeginsWhenItIsToldTo(t *testing.T) {
	s := perform(t, nodes.ClientConfig{Start: 20 * ms}, []string{"after 5ms read x", "read x", "after 3ms read x"}, says(nodes.OK, 1, 0))
	s.shows(t,
		"20ms invoke 1 read x", "20ms to s1: #1 read x", "22ms return 1 ok 1",
		"22ms invoke 2 read x", "22ms to s1: #2 read x", "24ms return 2 ok 1",
		"27ms invoke 3 read x", "27ms to s1: #3 read x", "29ms return 3 ok 1")
	s = perform(t, nodes.ClientConfig{Start: 20 * ms}, []string{"after 30ms read x"}, says(nodes.OK, 1, 0))
	s.shows(t, "30ms invoke 1 read x", "30ms to s1: #1 read x", "32ms return 1 ok 1")
}

func TestAClientThatPersistsInvokesAgainUntilThereIsAnAnswer(t *testing.T) {
	asked := 0
	second := func(ep *network.Endpoint, from network.ID, r nodes.Request) {
		code := nodes.Unknown
		if asked++; asked > 1 {
			code = nodes.OK
		}
		says(code, 0, 0)(ep, from, r)
	}
	s := perform(t, nodes.ClientConfig{Persist: true, Timeout: 20 * ms}, []string{"after 5ms write x 1", "after 1ms cas x 2"}, silent, second)
	s.shows(t,
		"5ms invoke 1 write x 1", "5ms to s1: #1 write x 1", "25ms return 1 info unknown",
		"35ms invoke 2 write x 1", "35ms to s2: #2 write x 1", "37ms return 2 info unknown",
		"47ms invoke 3 write x 1", "47ms to s1: #3 write x 1", "67ms return 3 info unknown",
		"77ms invoke 4 write x 1", "77ms to s2: #4 write x 1", "79ms return 4 ok 1",
		"80ms invoke 5 cas x 1 2", "80ms to s2: #5 cas x 1 2", "82ms return 5 ok 2")
}

func TestAnAnswerIsEnoughForAClientThatPersists(t *testing.T) {
	s := perform(t, nodes.ClientConfig{Persist: true}, []string{"cas x 1", "read x"}, says(nodes.CASFailed, 7, 0))
	s.world.RunFor(3 * ms)
	require.Equal(t, []string{"0s invoke 1 cas x 0 1", "0s to s1: #1 cas x 0 1", "2ms return 1 fail 7",
		"2ms invoke 2 read x", "2ms to s1: #2 read x"}, s.log)
}

func TestAClientWithoutServersIsAMistake(t *testing.T) {
	const message = "nodes: a client needs a server, and a home that is not negative"
	require.PanicsWithValue(t, message, func() { nodes.Client(nodes.ClientConfig{}) })
	require.PanicsWithValue(t, message, func() { nodes.Client(nodes.ClientConfig{Servers: []network.ID{0}, Home: -1}) })
}
