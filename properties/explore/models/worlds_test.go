package models

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// seeds is how many worlds each test runs.
const seeds = 60

// cluster is a model's nodes in a world, and their handlers while they are up.
type cluster struct {
	w     *sim.World
	net   *network.Network
	nodes []network.Handler
}

// inWorld sets up the nodes of m in a world in which every message takes 1 to 20 ms, also
// those to oneself, and is lost as link says.
func inWorld(m explore.Model, seed uint64, link network.Link) *cluster {
	c := &cluster{w: sim.New(sim.Config{Seed: seed}), nodes: make([]network.Handler, len(m.Nodes))}
	link.Delay = network.Uniform(time.Millisecond, 20*time.Millisecond)
	c.net = network.New(c.w, network.Config{Link: link})
	for i, n := range m.Nodes {
		c.net.Add(n.Name, func(ep *network.Endpoint) network.Handler {
			c.nodes[i] = n.Boot(ep)
			return c.nodes[i]
		})
	}
	for i := range m.Nodes {
		c.net.SetLink(network.ID(i), network.ID(i), link)
	}
	return c
}

// crash takes a node down at a time, and up again at a later one if that is not 0.
func (c *cluster) crash(id network.ID, at, again time.Duration) {
	c.w.At(sim.Time(at), func() {
		c.w.Host(id).Crash()
		c.nodes[id] = nil
	})
	if again > 0 {
		c.w.At(sim.Time(again), c.w.Host(id).Restart)
	}
}

// run lets a world happen for so long, with a claim that must hold after each step.
func (c *cluster) run(t *testing.T, d time.Duration, holds func() error) {
	defer c.w.Close()
	c.w.AfterStep(func() { require.NoError(t, holds(), "seed %d", c.w.Seed()) })
	require.NotEqual(t, sim.Panicked, c.w.RunFor(d), "seed %d", c.w.Seed())
}

// up returns the nodes of type T that are up.
func up[T network.Handler](c *cluster) []T {
	var all []T
	for _, h := range c.nodes {
		if n, ok := h.(T); ok {
			all = append(all, n)
		}
	}
	return all
}

func TestTwoPhaseCommitAgreesInWorlds(t *testing.T) {
	outcomes := map[standing]int{}
	for seed := range uint64(seeds) {
		c := inWorld(TwoPhase(2, ""), seed, network.Link{})
		all := func() []standing {
			var all []standing
			for _, r := range up[*resource](c) {
				all = append(all, r.state)
			}
			return all
		}
		c.run(t, time.Second, func() error { return consistent(all()) })
		require.True(t, unanimous(all(), all()[0]), "seed %d: %v", seed, all())
		outcomes[all()[0]]++
	}
	require.Positive(t, outcomes[isCommitted])
	require.Positive(t, outcomes[isAborted])
}

func TestTransactionCommitAgreesInWorlds(t *testing.T) {
	outcomes := map[standing]int{}
	for seed := range uint64(seeds) {
		c := inWorld(TCommit(2), seed, network.Link{})
		all := func() []standing {
			if l := up[*ledger](c); len(l) > 0 {
				return l[0].standings()
			}
			return nil
		}
		c.run(t, time.Second, func() error { return consistent(all()) })
		require.True(t, unanimous(all(), all()[0]), "seed %d: %v", seed, all())
		outcomes[all()[0]]++
	}
	require.Positive(t, outcomes[isCommitted])
	require.Positive(t, outcomes[isAborted])
}

func TestIncrementsAreLostInWorldsUnlessThereIsALock(t *testing.T) {
	lost := 0
	for seed := range uint64(seeds) {
		for _, lock := range []bool{false, true} {
			c := inWorld(Increment(3, lock), seed, network.Link{})
			c.run(t, time.Second, func() error {
				if m := up[*memory](c); lock && len(m) > 0 {
					return m[0].exclusive()
				}
				return nil
			})
			m := up[*memory](c)[0]
			require.NoError(t, m.done())
			if m.sum() != nil {
				require.False(t, lock, "seed %d", seed)
				lost++
			}
		}
	}
	require.Positive(t, lost)
}

func TestJugsMeasureFourGallonsInWorlds(t *testing.T) {
	solved := 0
	for seed := range uint64(seeds) {
		c := inWorld(DieHard(), seed, network.Link{})
		found := false
		c.run(t, time.Second, func() error {
			for _, j := range up[*jugs](c) {
				found = found || j.measured() != nil
				require.True(t, 0 <= j.small && j.small <= smallJug && 0 <= j.big && j.big <= bigJug)
			}
			return nil
		})
		if found {
			solved++
		}
	}
	require.Positive(t, solved)
}

func TestARingElectsInWorlds(t *testing.T) {
	winners := 0
	for seed := range uint64(seeds) {
		c := inWorld(ChangRoberts(4), seed, network.Link{})
		c.run(t, time.Second, func() error { return rightWinner(up[*ringNode](c)) })
		require.True(t, elected(up[*ringNode](c)), "seed %d", seed)
		for _, n := range up[*ringNode](c) {
			if n.role == won {
				winners++
			}
		}
	}
	require.Greater(t, winners, seeds/2)
}

func TestParticipantsBlockInWorldsOnlyIfTheirCoordinatorCrashes(t *testing.T) {
	blocked := 0
	for seed := range uint64(seeds) {
		for _, crash := range []bool{false, true} {
			c := inWorld(CommitCrash(2, 1, ""), seed, network.Link{})
			if crash {
				c.crash(2, 20*time.Millisecond, 0)
			}
			all := func() []standing {
				var all []standing
				for _, v := range up[*voter](c) {
					all = append(all, v.state)
				}
				return all
			}
			c.run(t, time.Second, func() error { return consistent(all()) })
			if !decidedAll(all()) {
				require.True(t, crash, "seed %d", seed)
				blocked++
			}
		}
	}
	require.Positive(t, blocked)
}

func TestLateWritesAreRefusedInWorlds(t *testing.T) {
	for _, bug := range []string{"", leaseNoFencing} {
		refused, late := 0, 0
		for seed := range uint64(seeds) {
			c := inWorld(Lease(4, bug), seed, network.Link{})
			c.run(t, time.Second, func() error { return nil })
			s := up[*leaseStore](c)[0]
			if s.refused {
				refused++
			}
			if s.inOrder() != nil {
				late++
			}
		}
		require.Equal(t, bug == "", refused > 0)
		require.Equal(t, bug != "", late > 0)
	}
}

func TestRequestsAreExecutedOnceInWorldsThatLoseAndRepeat(t *testing.T) {
	for _, bug := range []string{"", exactlyOnceNoTable} {
		twice, all := 0, 0
		for seed := range uint64(seeds) {
			c := inWorld(ExactlyOnce(2, bug), seed, network.Link{Loss: network.ProbOf(0.1), Duplicate: network.ProbOf(0.1)})
			c.run(t, time.Second, func() error { return nil })
			s := up[*counterServer](c)[0]
			if onceEach(s, up[*adder](c)) != nil {
				twice++
			}
			if s.total == 2*requestsEach {
				all++
			}
		}
		require.Equal(t, bug != "", twice > 0)
		require.Positive(t, all)
	}
}

// raftSafety is all that is claimed of the servers of Raft.
func raftSafety(all []*raft) error {
	for _, claim := range []func([]*raft) error{electionSafety, logMatching, leaderCompleteness, stateMachineSafety} {
		if err := claim(all); err != nil {
			return err
		}
	}
	return nil
}

func TestRaftIsSafeAndCommitsInWorldsWithCrashesAndPartitions(t *testing.T) {
	cfg := RaftConfig{MaxTerm: 30, MaxLog: 8, Heartbeats: 100}
	restarts := explore.Budget{Crashes: 3, Restarts: 3}
	for seed := range uint64(seeds) {
		c := inWorld(Raft(cfg, restarts), seed, network.Link{Loss: network.ProbOf(0.02)})
		for i := range 3 {
			at := time.Duration(i+1) * 400 * time.Millisecond
			c.crash(network.ID((int(seed)+i)%3), at, at+250*time.Millisecond)
		}
		var split *network.Partition
		c.w.At(sim.Time(2*time.Second), func() {
			split = c.net.Partition("split", network.Complete([]network.ID{0}, []network.ID{1, 2}))
		})
		c.w.At(sim.Time(3*time.Second), func() { split.Heal() })
		c.run(t, 5*time.Second, func() error { return raftSafety(up[*raft](c)) })
		for _, r := range up[*raft](c) {
			require.Equal(t, cfg.MaxLog, r.commit, "seed %d, %s", seed, r.ep.Name())
		}
	}
}

// Two candidates that do not hear of one another, and a voter between them that crashes.
func TestRaftThatForgetsItsVoteElectsTwoLeadersInSomeWorld(t *testing.T) {
	for _, bug := range []string{"", raftVoteNotPersisted} {
		found := 0
		for seed := range uint64(seeds) {
			cfg := RaftConfig{MaxTerm: 30, MaxLog: 2, Heartbeats: 100, Bug: bug}
			c := inWorld(Raft(cfg, explore.Budget{Crashes: 1, Restarts: 1}), seed, network.Link{})
			c.w.At(0, func() { c.net.Partition("between", network.Complete([]network.ID{0}, []network.ID{2})) })
			c.crash(1, 230*time.Millisecond, 231*time.Millisecond)
			violated := false
			c.run(t, time.Second, func() error {
				violated = violated || electionSafety(up[*raft](c)) != nil
				return nil
			})
			if violated {
				found++
			}
		}
		require.Equal(t, bug != "", found > 0)
	}
}
