package register_test

import (
	"fmt"
	"testing"

	"phoenix/network"
	"phoenix/nodes/register"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

func TestASingleCopyIsStaleOnAnotherServer(t *testing.T) {
	s := tell(t, 2, register.SingleCopy, register.NoBug,
		[]string{"write x 1", "read x"},
		[]string{"after 10ms read x"})
	s.ends("c0 write x 1: ok 1", "c0 read x: ok 1", "c1 read x: ok absent")
}

func TestASingleCopyForgetsInACrash(t *testing.T) {
	s := tell(t, 1, register.SingleCopy, register.NoBug, []string{"write x 1", "after 10ms read x"})
	s.crash(5, 6, 0)
	s.ends("c0 write x 1: ok 1", "c0 read x: ok absent")
}

func TestACompareAndSetReplacesWhatTheClientLastSaw(t *testing.T) {
	s := tell(t, 1, register.SingleCopy, register.NoBug,
		[]string{"cas x 1", "after 20ms cas x 2", "cas x 3", "read x"},
		[]string{"after 10ms write x 9"})
	s.ends("c0 cas x 0 1: ok 1", "c1 write x 9: ok 9", "c0 cas x 1 2: fail 9", "c0 cas x 9 3: ok 3", "c0 read x: ok 3")
}

func TestClientsOfABackupAreSentToThePrimary(t *testing.T) {
	s := tell(t, 3, register.PrimaryBackup, register.NoBug,
		[]string{"write x 1"},
		[]string{"after 10ms read x", "cas x 2"},
		[]string{"after 40ms read x"})
	s.ends("c0 write x 1: ok 1", "c1 read x: ok 1", "c1 cas x 1 2: ok 2", "c2 read x: ok 2")
}

func TestABackupTakesOverWithWhatItWasTold(t *testing.T) {
	s := tell(t, 3, register.PrimaryBackup, register.NoBug,
		[]string{"write x 1"},
		[]string{"after 300ms read x", "after 300ms read x"})
	s.crash(50, 500, 0)
	notes := s.notes()
	s.ends("c0 write x 1: ok 1", "c1 read x: ok 1", "c1 read x: ok 1")
	require.Equal(t, []string{"141ms s1 primary of term 1"}, *notes)
}

func TestTheNextInOrderTakesOver(t *testing.T) {
	s := tell(t, 5, register.PrimaryBackup, register.NoBug, []string{"write x 1", "after 1s read x"})
	s.crash(50, 0, 0)
	s.crash(51, 0, 1)
	s.crash(400, 0, 2)
	notes := s.notes()
	s.ends("c0 write x 1: ok 1", "c0 read x: info unknown")
	require.Equal(t, []string{"241ms s2 primary of term 2", "482ms s3 primary of term 3"}, *notes)
}

func TestAPrimaryThatCrashesLosesWhatItAcknowledged(t *testing.T) {
	s := tell(t, 3, register.PrimaryBackup, register.NoBug,
		[]string{"after 50ms write x 1"},
		[]string{"after 300ms read x"})
	s.crash(55, 0, 0) // the next heartbeat would have been at 60 ms
	s.ends("c0 write x 1: ok 1", "c1 read x: ok absent")
}

func TestAPartitionMakesTwoPrimaries(t *testing.T) {
	s := tell(t, 3, register.PrimaryBackup, register.NoBug,
		[]string{"after 300ms write x 1", "read x", "after 500ms read x"},
		[]string{"after 310ms write x 2", "read x"})
	s.cutOff(0, 400, s.servers[:1], s.servers[1:])
	notes := s.notes()
	s.ends("c0 write x 1: ok 1", "c0 read x: ok 1", "c1 write x 2: ok 2", "c1 read x: ok 2", "c0 read x: ok 2")
	require.Equal(t, []string{"100ms s1 primary of term 1", "401ms s0 deposed by term 1"}, *notes)
}

func TestAPrimaryThatRestartsIsABackupThatKnowsNothing(t *testing.T) {
	s := tell(t, 2, register.PrimaryBackup, register.NoBug,
		[]string{"write x 1", "after 45ms read x", "after 200ms read x"})
	s.crash(30, 40, 0)
	notes := s.notes()
	s.ends("c0 write x 1: ok 1", "c0 read x: ok 1", "c0 read x: ok 1")
	require.Equal(t, []string{"121ms s1 primary of term 1"}, *notes)
}

func TestAHeartbeatThatComesLateIsIgnored(t *testing.T) {
	s := tell(t, 2, register.PrimaryBackup, register.NoBug,
		[]string{"write x 1", "after 50ms write x 2"},
		[]string{"after 400ms read x"})
	s.clog(30, 250, 0, 1) // the news of 2 stands before server 1 when it takes over
	s.crash(100, 0, 0)
	s.ends("c0 write x 1: ok 1", "c0 write x 2: ok 2", "c1 read x: ok 1")
}

func TestHeartbeatsTellThemselves(t *testing.T) {
	s := tell(t, 2, register.PrimaryBackup, register.NoBug, []string{"after 1ms write y 1", "write x 2"})
	var log []string
	s.world.Observe(func(e *sim.Event) {
		if e.Kind == sim.Deliver && e.Peer == 0 && e.Host == 1 && len(log) < 2 {
			log = append(log, e.At.String())
		}
		if e.Kind == sim.Send && e.At < sim.Time(25*ms) && e.Host == 0 && e.Peer == 1 {
			log = append(log, fmt.Sprint(e.Value))
		}
	})
	s.ends("c0 write y 1: ok 1", "c0 write x 2: ok 2")
	require.Equal(t, []string{"state 0.1 []", "1ms", "state 0.2 [{x 2} {y 1}]"}, log)
}

func TestAClusterThatCannotBeIsAMistake(t *testing.T) {
	many := make([]network.ID, 65)
	for i := range many {
		many[i] = network.ID(i)
	}
	for message, servers := range map[string][]network.ID{
		"register: 0 servers, expected 1 to 64":  nil,
		"register: 65 servers, expected 1 to 64": many,
		"register: server 3 is listed twice":     {3, 4, 3},
	} {
		require.PanicsWithValue(t, message, func() { register.ABD(register.Config{Servers: servers}) })
	}
	w := sim.New(sim.Config{})
	defer w.Close()
	network.New(w, network.Config{}).Add("s", register.ABD(register.Config{Servers: []network.ID{7}}))
	require.Equal(t, sim.Panicked, w.Run(sim.Limit{}))
	require.Equal(t, "register: node s is not among the servers", w.Findings()[0].Message)
}
