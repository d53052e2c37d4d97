package register_test

import (
	"fmt"
	"testing"

	"phoenix/nodes"
	"phoenix/nodes/register"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

func TestABDGoesOnWithoutAMinority(t *testing.T) {
	s := tell(t, 5, register.ABD, register.NoBug,
		[]string{"write x 1", "after 20ms write x 2", "read x"},
		[]string{"after 60ms read x"})
	s.crash(10, 0, 3)
	s.crash(11, 0, 4)
	s.ends("c0 write x 1: ok 1", "c0 write x 2: ok 2", "c0 read x: ok 2", "c1 read x: ok 2")
}

func TestABDStopsWithoutAMajorityAndGoesOnWhenItIsBack(t *testing.T) {
	s := tell(t, 3, register.ABD, register.NoBug,
		[]string{"write x 1", "after 20ms write x 2", "after 20ms read x"})
	s.cutOff(10, 2000, s.servers[:1], s.servers[1:])
	s.ends("c0 write x 1: ok 1", "c0 write x 2: info unknown", "c0 read x: ok 1")
}

func TestABDSendsAgainWhatWasLost(t *testing.T) {
	s := tell(t, 3, register.ABD, register.NoBug, []string{"write x 1", "read x"})
	// The query is lost, then the answers to its repetition, then the store.
	s.cutOff(0, 40, s.servers[:1], s.servers[1:])
	s.cutOff(52.5, 60, s.servers[:1], s.servers[1:])
	s.cutOff(103.5, 130, s.servers[:1], s.servers[1:])
	s.ends("c0 write x 1: ok 1", "c0 read x: ok 1")
}

func TestABDHasNoCompareAndSet(t *testing.T) {
	s := tell(t, 3, register.ABD, register.NoBug, []string{"cas x 1", "read x"})
	s.ends("c0 cas x 0 1: fail unknown", "c0 read x: ok absent")
}

// inversion has two reads, one after the other, while a write has reached its
// coordinator only.
func inversion(t *testing.T, bug register.Bug) *story {
	s := tell(t, 3, register.ABD, bug,
		[]string{"write x 1", "write x 2"},
		nil,
		[]string{"after 20ms read x"},
		[]string{"after 12ms read x"})
	// The second write begins at 6 ms. At 9 ms server 0 takes its tag and tells the
	// others, in vain; it does so again at 57 ms.
	s.cutOff(9.5, 10.5, s.servers[:1], s.servers[1:])
	// The read through server 2 does not reach server 0.
	s.cutOff(19, 50, s.servers[:1], s.servers[1:])
	return s
}

func TestWithoutWriteBackALaterReadSeesAnOlderValue(t *testing.T) {
	inversion(t, register.NoWriteBack).ends(
		"c0 write x 1: ok 1", "c3 read x: ok 2", "c2 read x: ok 1", "c0 write x 2: ok 2")
	inversion(t, register.NoBug).ends(
		"c0 write x 1: ok 1", "c3 read x: ok 2", "c2 read x: ok 2", "c0 write x 2: ok 2")
}

// belated has the news of a first write reach server 2 after a second write.
func belated(t *testing.T, bug register.Bug) *story {
	s := tell(t, 3, register.ABD, bug,
		[]string{"write x 1", "after 94ms read x"},
		[]string{"after 40ms write x 2"})
	s.clog(0, 90, 0, 2)
	s.cut(20, 80, 0, 1)   // the second write is known to servers 1 and 2
	s.cut(95, 1000, 0, 1) // the read asks servers 0 and 2
	return s
}

func TestAServerThatDoesNotCompareTagsGoesBackToAnOldValue(t *testing.T) {
	belated(t, register.RecordOverwrites).ends("c0 write x 1: ok 1", "c1 write x 2: ok 2", "c0 read x: ok 1")
	belated(t, register.NoBug).ends("c0 write x 1: ok 1", "c1 write x 2: ok 2", "c0 read x: ok 2")
}

// outpaced has a writer that missed two writes.
func outpaced(t *testing.T, bug register.Bug) *story {
	s := tell(t, 3, register.ABD, bug,
		[]string{"write x 1", "write x 2", "after 40ms read x"},
		nil,
		[]string{"after 30ms write x 3"})
	s.cutOff(0, 25, s.servers[2:], s.servers[:2])
	return s
}

func TestAWriterThatDoesNotAskMayWriteIntoThePast(t *testing.T) {
	outpaced(t, register.LocalSequence).ends("c0 write x 1: ok 1", "c0 write x 2: ok 2", "c2 write x 3: ok 3", "c0 read x: ok 2")
	outpaced(t, register.NoBug).ends("c0 write x 1: ok 1", "c0 write x 2: ok 2", "c2 write x 3: ok 3", "c0 read x: ok 3")
}

// forgotten has one of the two servers that know of a write crash and come back.
func forgotten(t *testing.T, bug register.Bug) *story {
	s := tell(t, 3, register.ABD, bug,
		[]string{"write x 1"},
		nil,
		[]string{"after 30ms read x", "after 1s read x"})
	s.cutOff(0, 10, s.servers[2:], s.servers[:2])
	s.crash(15, 20, 1)
	s.cut(15, 1500, 0, 2) // the first read asks servers 1 and 2
	return s
}

func TestAServerThatForgotMustNotVote(t *testing.T) {
	forgotten(t, register.AmnesiacVotes).ends("c0 write x 1: ok 1", "c2 read x: ok absent", "c2 read x: ok absent")
	forgotten(t, register.NoBug).ends("c0 write x 1: ok 1", "c2 read x: info unknown", "c2 read x: ok 1")
}

func TestAServerThatForgotCoordinatesReadsAndNoWrites(t *testing.T) {
	s := tell(t, 3, register.ABD, register.NoBug,
		[]string{"write x 1", "after 20ms read x", "write x 2", "read x"})
	s.crash(10, 15, 0)
	s.ends("c0 write x 1: ok 1", "c0 read x: ok 1", "c0 write x 2: info unknown", "c0 read x: ok 1")
}

// A copy of a write that arrives after its server crashed must not act again.
func TestAWriteActsOnceAcrossACrash(t *testing.T) {
	s := tell(t, 3, register.ABD, register.NoBug, nil,
		[]string{"after 30ms write x 2", "after 20ms read x"})
	answers := s.send(0, map[float64]nodes.Request{0: nodes.Put(1, "x", 1), 40: nodes.Put(1, "x", 1)})
	s.crash(20, 25, 0)
	s.ends("c1 write x 2: ok 2", "c1 read x: ok 2")
	require.Equal(t, []string{"#1 ok", "#1 unknown"}, *answers)
}

func TestTwoWritesOfOneServerAtOnceTakeDifferentTags(t *testing.T) {
	s := tell(t, 3, register.ABD, register.NoBug,
		[]string{"write x 1", "after 10ms read x"}, nil, nil,
		[]string{"write x 2", "after 10ms read x"}, nil, nil,
		[]string{"write x 3", "after 10ms read x"})
	s.ends("c0 write x 1: ok 1", "c3 write x 2: ok 2", "c6 write x 3: ok 3",
		"c0 read x: ok 3", "c3 read x: ok 3", "c6 read x: ok 3")
}

func TestTheOperationOfAClientThatWentOnIsDropped(t *testing.T) {
	s := tell(t, 3, register.ABD, register.NoBug, nil)
	answers := s.send(0, map[float64]nodes.Request{0: nodes.Put(1, "x", 1), 0.5: nodes.Get(2, "x")})
	s.ends()
	require.Equal(t, []string{"#2 ok"}, *answers)
}

func TestOneServerNeedsNobody(t *testing.T) {
	s := tell(t, 1, register.ABD, register.NoBug, []string{"write x 1", "after 1ms read x"})
	var log []string
	s.world.Observe(func(e *sim.Event) {
		if e.Kind == sim.Send {
			log = append(log, fmt.Sprint(e.Value))
		}
	})
	s.ends("c0 write x 1: ok 1", "c0 read x: ok 1")
	require.Equal(t, []string{"#1 write x 1", "#1 ok", "#2 read x", "#2 ok 1"}, log)
}

func TestTheMessagesOfABDTellThemselves(t *testing.T) {
	s := tell(t, 2, register.ABD, register.NoBug, []string{"write x 7"})
	var log []string
	s.world.Observe(func(e *sim.Event) {
		if e.Kind == sim.Send {
			log = append(log, fmt.Sprint(e.Value))
		}
	})
	s.ends("c0 write x 7: ok 7")
	require.Equal(t, []string{
		"#1 write x 7", "query x (#1)", "found 0@0.0 (#1)", "store x 7@1.0 (#1)", "stored (#1)", "#1 ok",
	}, log)
}
