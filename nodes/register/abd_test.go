package register_test

import (
	"testing"

	"phoenix/nodes/register"
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

// A read that saw a value, and then one through another server that may not see
// an older one: a write is under way and has reached its coordinator only.
func inversion(t *testing.T, bug register.Bug) *story {
	s := tell(t, 3, register.ABD, bug,
		[]string{"write x 1", "write x 2"},
		[]string{"after 100ms read x"},
		[]string{"after 14ms read x"})
	// write x 2 begins at 6 ms and asks a majority; at 9 ms the coordinator, server
	// 0, takes its tag and tells the others, in vain.
	s.cutOff(8.5, 9.5, s.servers[:1], s.servers[1:])
	// The second reader asks server 2 while it and 1 do not hear of server 0.
	s.cutOff(18, 50, s.servers[:1], s.servers[1:])
	return s
}

func TestWithoutWriteBackAReadSeesWhatALaterOneDoesNot(t *testing.T) {
	for bug, want := range map[register.Bug][]string{
		register.NoBug:       nil,
		register.NoWriteBack: nil,
	} {
		_ = want
		s := inversion(t, bug)
		s.ends("?")
	}
}
