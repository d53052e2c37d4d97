package election_test

import (
	"fmt"
	"strings"
	"testing"

	"phoenix/network"
	"phoenix/nodes/election"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// quorum is a world of servers, with links of 1 ms and disks that take no time.
func quorum(t testing.TB, servers int, seed uint64) (*sim.World, *network.Network, *election.Monitor) {
	w := sim.New(sim.Config{Seed: seed})
	t.Cleanup(w.Close)
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(ms)}})
	var all []network.ID
	for i := range servers {
		all = append(all, network.ID(i))
	}
	for i := range servers {
		n.Add(fmt.Sprintf("s%d", i), election.Server(election.Config{Servers: all}))
	}
	return w, n, election.Watch(w, all)
}

func TestAServerAloneElectsItself(t *testing.T) {
	w, _, m := quorum(t, 1, 1)
	w.RunFor(200 * ms)
	leader, term := m.Leader()
	require.Equal(t, []any{network.ID(0), uint64(1)}, []any{leader, term})
	require.NoError(t, m.Settled())
}

func TestLessThanAMajorityElectsNobody(t *testing.T) {
	for servers, down := range map[int]int{2: 1, 3: 2, 4: 2, 5: 3} {
		w, _, m := quorum(t, servers, 1)
		for i := range down {
			w.Host(network.ID(i)).Crash()
		}
		w.RunFor(5000 * ms)
		require.Zero(t, m.Terms(), "%d of %d servers", down, servers)
		require.Error(t, m.Settled())
		w.Host(0).Restart()
		w.RunFor(5000 * ms)
		require.NoError(t, m.Settled(), "%d of %d servers", down-1, servers)
	}
}

func TestALeaderThatIsCutOffLeadsOnAndStepsDownWhenItHearsOfALaterTerm(t *testing.T) {
	w, n, m := quorum(t, 3, 1)
	w.RunFor(400 * ms)
	require.NoError(t, m.Settled())
	old, before := m.Leader()
	var rest []network.ID
	for id := range network.ID(3) {
		if id != old {
			rest = append(rest, id)
		}
	}
	cut := n.Partition("cut", network.Complete([]network.ID{old}, rest))
	w.RunFor(500 * ms)
	next, after := m.Leader()
	require.NotEqual(t, old, next)
	require.Greater(t, after, before)
	require.EqualError(t, m.Settled(), "s0 has s0 in term 1, s1 has s1 in term 2")
	cut.Heal()
	w.RunFor(100 * ms)
	require.NoError(t, m.Settled())
	id, term := m.Leader()
	require.Equal(t, []any{next, after}, []any{id, term}, "nobody had to be elected for that")
}

func TestAServerThatRestartsKeepsItsTerm(t *testing.T) {
	w, _, m := quorum(t, 1, 1)
	for i := range uint64(5) {
		w.RunFor(300 * ms)
		_, term := m.Leader()
		require.Equal(t, i+1, term)
		w.Host(0).Crash()
		w.Host(0).Restart()
	}
}

func TestAnElectionWithoutVotersIsAMistake(t *testing.T) {
	for message, servers := range map[string][]network.ID{
		"election: 0 servers, expected 1 to 64":  nil,
		"election: 65 servers, expected 1 to 64": make65(),
		"election: server 1 is listed twice":     {1, 2, 1},
	} {
		require.PanicsWithValue(t, message, func() { election.Server(election.Config{Servers: servers}) })
	}
	w := sim.New(sim.Config{})
	defer w.Close()
	network.New(w, network.Config{}).Add("stranger", election.Server(election.Config{Servers: []network.ID{7}}))
	w.Run(sim.Limit{})
	require.Equal(t, "election: node stranger is not among the servers", w.Findings()[0].Message)
}

func make65() []network.ID {
	var all []network.ID
	for i := range 65 {
		all = append(all, network.ID(i))
	}
	return all
}

func FuzzTheMonitorTakesAnyNote(f *testing.F) {
	for _, note := range []string{"", "election: leads term 1", "election: follows 99 in term 18446744073709551615",
		"election: follows -1 in term x", "election: enters term 2",
		"leads term 1", "election: leads      term 0A", "election: leads term 99999999999999999999"} {
		f.Add(note)
	}
	f.Fuzz(func(t *testing.T, note string) {
		w, _, m := quorum(t, 1, 1)
		w.Host(0).Note("%s", note)
		_ = m.Settled()
		require.NoError(t, m.AtMostOneLeader())
		if !strings.Contains(note, "leads") {
			require.Zero(t, m.Terms())
		}
	})
}
