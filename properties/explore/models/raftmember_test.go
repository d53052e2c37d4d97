package models

import (
	"slices"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// changing is Raft of four servers whose leaders change one member each. So that there are
// few states, only the first server stands for terms 1 and 3 and only the last for term 2,
// which of the first one's messages gets no other than the call to the first election.
func changing(bug string) explore.Model {
	m := Raft(RaftConfig{Servers: 4, MaxTerm: 3, MaxLog: 2, UnderWay: 3, Changes: 1, Bug: bug}, explore.Budget{})
	m.Guard = func(h network.Handler, s explore.Step) bool {
		switch {
		case s.Kind == explore.StepDeliver:
			ask, ok := s.Msg.(askVote)
			return s.From != 0 || s.Node != 3 || ok && ask.Term == 1
		case s.Name == "election":
			next := h.(*raft).term + 1
			return s.Node == 3*network.ID(1-next%2)
		}
		return true
	}
	return m
}

// The last leader lacks what the second one has committed among the two that were left to it.
func TestAChangeOfMembersBeforeTheFirstCommitOfATermLosesAnEntry(t *testing.T) {
	r, err := explore.Search(changing(""), explore.Config{NoStop: true})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, r.Verdict, "%v", r.Outcomes)
	require.Equal(t, [3]uint64{165586, 402809, 56}, [3]uint64{r.Unique, r.Generated, uint64(r.Depth)})

	r, err = explore.Search(changing(raftEarlyChange), explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Fail, r.Verdict)
	o := r.Outcomes[2]
	require.Equal(t, [2]string{"leader completeness", "s0 leads term 3 without what s3 has committed"},
		[2]string{o.Name, o.Detail})
	require.Len(t, o.Path.Steps, 28)

	again, err := explore.Replay(changing(raftEarlyChange), o.Path.Script())
	require.NoError(t, err)
	_, err = again.Follow(nil)
	require.NoError(t, err, "a world gets there, too")
	_, err = explore.Replay(changing(""), o.Path.Script())
	require.ErrorIs(t, err, explore.ErrStale)
}

// Some steps later both have committed, if the last leader alone is asked to append commands.
func TestAnEarlyChangeOfMembersCommitsDifferentEntries(t *testing.T) {
	m, within := changing(raftEarlyChange), changing("").Guard
	m.Guard = func(h network.Handler, s explore.Step) bool {
		return within(h, s) && (s.Name != "propose" || s.Node == 0 && h.(*raft).term == 3)
	}
	m.Properties = m.Properties[3:] // the ones before are violated earlier
	r, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	o := r.Outcomes[0]
	require.Equal(t, [2]string{"state machine safety", "s0 and s3 have committed different entries"},
		[2]string{o.Name, o.Detail})
	require.Len(t, o.Path.Steps, 35)
}

func TestMembersChangeInWorldsWithCrashesAndPartitions(t *testing.T) {
	cfg := RaftConfig{Servers: 4, Spares: 1, MaxTerm: 30, MaxLog: 12, Heartbeats: 100, Changes: 4}
	added, removed := 0, 0
	for seed := range uint64(seeds) {
		c := inWorld(Raft(cfg, explore.Budget{Crashes: 3, Restarts: 3}), seed, network.Link{Loss: network.ProbOf(0.05)})
		for i := range 3 {
			at := time.Duration(i+1) * 400 * time.Millisecond
			c.crash(network.ID((int(seed)+i)%5), at, at+250*time.Millisecond)
		}
		var split *network.Partition
		c.w.At(sim.Time(500*time.Millisecond), func() {
			split = c.net.Partition("split", network.Complete([]network.ID{0, 1}, []network.ID{2, 3, 4}))
		})
		c.w.At(sim.Time(1500*time.Millisecond), func() { split.Heal() })
		c.run(t, 4*time.Second, func() error { return raftSafety(up[*raft](c)) })
		for _, r := range up[*raft](c) {
			for _, e := range r.log[:r.commit] {
				if e.Adds != sim.NoHost {
					added++
				}
				if e.Removes != sim.NoHost {
					removed++
				}
			}
		}
	}
	require.Positive(t, added)
	require.Positive(t, removed)
}

// A leader is cut off once it changes the members. When the next one has done so as well,
// whoever does not know of that is left alone with the first.
func TestEarlyChangesOfMembersLoseEntriesInSomeWorld(t *testing.T) {
	for _, bug := range []string{"", raftEarlyChange} {
		found, cut := 0, 0
		for seed := range uint64(seeds) {
			cfg := RaftConfig{Servers: 4, MaxTerm: 30, MaxLog: 16, Heartbeats: 100, Changes: 1, Bug: bug}
			c := inWorld(Raft(cfg, explore.Budget{}), seed, network.Link{})
			var apart []*network.Partition
			violated := false
			c.run(t, 2*time.Second, func() error {
				all := up[*raft](c)
				violated = violated || raftSafety(all) != nil
				if out := leftOut(all, len(apart)); len(out) > 0 {
					for _, p := range apart {
						p.Heal()
					}
					rest := slices.DeleteFunc(ids(0, 4), func(id network.ID) bool { return slices.Contains(out, id) })
					apart = append(apart, c.net.Partition("apart", network.Complete(out, rest)))
				}
				return nil
			})
			if violated {
				found++
			}
			cut += len(apart)
		}
		require.Equal(t, bug != "", found > 0)
		require.Greater(t, cut, seeds, "both partitions happen")
	}
}

// leftOut returns who is to be cut off from the others: first a leader with a change that is
// not committed, then whoever has not heard of the change that one has committed. It returns
// nil while nobody is.
func leftOut(all []*raft, before int) (out []network.ID) {
	for _, r := range all {
		_, last := r.changes()
		switch {
		case before == 0 && r.role == raftLeader && last > r.commit:
			return []network.ID{r.ep.ID()}
		case before == 1 && last > 0 && last <= r.commit:
			for _, other := range all {
				if len(other.log) < last || other.log[last-1] != r.log[last-1] {
					out = append(out, other.ep.ID())
				}
			}
			return out
		}
	}
	return nil
}
