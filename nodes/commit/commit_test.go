package commit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/commit"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// story is a small world whose links take 1 ms and whose disks take no time: a
// coordinator, two participants p1 and p2, and a client with a script.
type story struct {
	world   *sim.World
	net     *network.Network
	monitor *commit.Monitor
	told    []string // notes, and how operations ended
}

const (
	coordinator network.ID = iota
	p1
	p2
	client
)

func tell(t *testing.T, cfg commit.Config, script ...string) *story {
	s := &story{world: sim.New(sim.Config{Seed: 1})}
	t.Cleanup(s.world.Close)
	s.net = network.New(s.world, network.Config{Link: network.Link{Delay: network.Constant(ms)}, CheckMutation: true})
	cfg.Coordinator, cfg.Participants = coordinator, []network.ID{p1, p2}
	s.net.Add("coordinator", commit.Coordinator(cfg))
	s.net.Add("p1", commit.Participant(cfg))
	s.net.Add("p2", commit.Participant(cfg))
	var ops []nodes.Op
	for _, line := range script {
		op, err := nodes.ParseOp(line)
		require.NoError(t, err)
		ops = append(ops, op)
	}
	s.net.Add("client", nodes.Client(nodes.ClientConfig{Servers: []network.ID{coordinator}, Script: ops}))
	s.monitor = commit.Watch(s.world, cfg)
	s.world.Observe(func(e *sim.Event) {
		switch e.Kind {
		case sim.Note:
			text := strings.TrimPrefix(e.Name, "commit: ")
			s.told = append(s.told, fmt.Sprintf("%s %s %s", e.At, s.world.HostName(e.Host), text))
		case sim.Return:
			s.told = append(s.told, fmt.Sprintf("%s %s %s", e.At, e.Name, e.Value))
		}
	})
	return s
}

func (s *story) at(at time.Duration, do func()) { s.world.At(sim.Time(at), do) }

// during has something begin and end.
func (s *story) during(from, to time.Duration, begin func() func()) {
	s.at(from, func() { s.at(to, begin()) })
}

func (s *story) restart(from, to time.Duration, id network.ID) {
	h := s.world.Host(id)
	s.during(from, to, func() func() { h.Crash(); return h.Restart })
}

func (s *story) ends(t *testing.T, want ...string) {
	t.Helper()
	require.Equal(t, sim.Quiescent, s.world.Run(sim.Limit{}))
	require.NoError(t, s.monitor.Agreement())
	require.NoError(t, s.monitor.Settled())
	require.NoError(t, s.world.Opaque())
	require.Equal(t, want, s.told)
}

func TestWhatAllVoteForIsCommitted(t *testing.T) {
	s := tell(t, commit.Config{}, "after 10ms write x 1", "read x", "write x 2")
	s.ends(t,
		"13ms coordinator decides to commit 3#1",
		"14ms ok 1",
		"14ms p1 commits 3#1",
		"14ms p2 commits 3#1",
		"16ms fail unknown",
		"19ms coordinator decides to commit 3#3",
		"20ms ok 2",
		"20ms p1 commits 3#3",
		"20ms p2 commits 3#3")
}

func TestWhatOneVotesAgainstIsAborted(t *testing.T) {
	s := tell(t, commit.Config{Refuse: sim.Certain}, "after 10ms write x 1")
	s.ends(t,
		"12ms p1 aborts 3#1",
		"12ms p2 aborts 3#1",
		"13ms coordinator decides to abort 3#1",
		"14ms fail unknown")
}

func TestWhatSomebodyDoesNotVoteOnIsAbortedInTheEnd(t *testing.T) {
	s := tell(t, commit.Config{}, "after 10ms write x 1")
	s.restart(0, 400*ms, p2)
	s.ends(t,
		"221ms coordinator decides to abort 3#1",
		"222ms fail unknown",
		"222ms p1 aborts 3#1",
		"402ms p2 aborts 3#1")
}

func TestAParticipantThatVotedYesWaitsForTheCoordinator(t *testing.T) {
	s := tell(t, commit.Config{}, "after 10ms write x 1")
	s.restart(12*ms+ms/2, 500*ms, coordinator) // the votes are on their way
	s.ends(t,
		"500ms coordinator decides to abort 3#1",
		"501ms fail unknown",
		"501ms p1 aborts 3#1",
		"501ms p2 aborts 3#1")
}

func TestAParticipantRemembersItsVoteOverACrash(t *testing.T) {
	s := tell(t, commit.Config{}, "after 10ms write x 1")
	s.restart(12*ms+ms/2, 100*ms, p1) // it has voted
	s.ends(t,
		"13ms coordinator decides to commit 3#1",
		"14ms ok 1",
		"14ms p2 commits 3#1",
		"102ms p1 commits 3#1")
}

func TestADecisionIsRememberedOverACrash(t *testing.T) {
	s := tell(t, commit.Config{}, "after 10ms write x 1")
	s.during(12*ms+ms/2, 50*ms, func() func() {
		return s.net.Partition("split", network.OneWay([]network.ID{coordinator}, []network.ID{p1, p2, client})).Heal
	})
	s.restart(14*ms, 100*ms, coordinator)
	s.ends(t,
		"13ms coordinator decides to commit 3#1",
		"101ms p1 commits 3#1",
		"101ms p2 commits 3#1",
		"1.01s info unknown")
}

func TestNodesThatStandTwiceInACommitAreAMistake(t *testing.T) {
	require.PanicsWithValue(t, "commit: node 1 is listed twice",
		func() { commit.Coordinator(commit.Config{Coordinator: 1, Participants: []network.ID{0, 1}}) })
	require.PanicsWithValue(t, "commit: 0 participants, expected 1 to 64", func() { commit.Participant(commit.Config{}) })
	w := sim.New(sim.Config{})
	defer w.Close()
	network.New(w, network.Config{}).Add("stranger", commit.Participant(commit.Config{Participants: []network.ID{7}}))
	w.Run(sim.Limit{})
	require.Equal(t, "commit: node stranger is not among the participants", w.Findings()[0].Message)
}
