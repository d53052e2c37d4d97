package models

import (
	"slices"

	"phoenix/crdt/gossip"
	"phoenix/properties/explore"
)

// networked are the options of models whose messages go over a network like any other, and
// crashing of those whose nodes may crash too.
var (
	networked = []string{"network", "lossy", "drops", "duplicates"}
	crashing  = []string{"crashes", "restarts"}
)

// All returns the models by name, in the order in which they are best read.
func All() []Entry {
	return slices.Concat(specifications(), registers(), protocols(), replicated())
}

// or returns n, or a default if it is not given.
func or(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// specifications have their steps counted as published specifications do.
func specifications() []Entry {
	return []Entry{
		{Name: "2pc", About: "two-phase commit", Takes: []string{"rms"}, Bugs: TwoPhaseBugs(),
			build: func(p Params) explore.Model { return TwoPhase(or(p.RMs, 3), p.Bug) }},
		{Name: "tcommit", About: "what a commit is to achieve, without a protocol", Takes: []string{"rms"},
			build: func(p Params) explore.Model { return TCommit(or(p.RMs, 3)) }},
		{Name: "increment", About: "threads that increment a shared variable, with a lock or without",
			Takes: []string{"threads", "lock"}, Wrong: "without the lock an increment is lost",
			build: func(p Params) explore.Model { return Increment(or(p.Threads, 2), p.Lock) }},
		{Name: "diehard", About: "four gallons from jugs of three and five", Wrong: "a riddle: it claims that there is no way",
			build: func(Params) explore.Model { return DieHard() }},
		{Name: "chang-roberts", About: "election of a leader in a ring", Takes: []string{"nodes"},
			build: func(p Params) explore.Model { return ChangRoberts(or(p.Nodes, 3)) }},
	}
}

// registers have clients whose history is judged.
func registers() []Entry {
	register := func(name, about string, bugs []Bug, model func(Harness) explore.Model, clients, servers int) Entry {
		return Entry{Name: name, About: about, Bugs: bugs,
			Takes: slices.Concat([]string{"clients", "servers", "no-history"}, networked, crashing),
			build: func(p Params) explore.Model {
				return model(Harness{Clients: or(p.Clients, clients), Servers: or(p.Servers, servers),
					Faults: p.budget(), Bug: p.Bug, NoHistory: p.NoHistory})
			}}
	}
	split := asItIs("primary-backup", "the simulator's primary and backup as it is, without end", nil, 2, 2)
	split.Wrong = "a backup takes over from a primary that is only slow"
	return []Entry{
		register("paxos", "a register that is written once, by single-decree Paxos", PaxosBugs(), Paxos, 2, 3),
		register("abd", "a register on a majority of servers", ABDBugs(), ABD, 2, 2),
		register("single-copy", "a register on each server: right with one, wrong with more", nil, SingleCopy, 2, 1),
		register("primary-backup", "a register that a primary copies to backups", PrimaryBackupBugs(), PrimaryBackup, 2, 2),
		asItIs("single-copy", "the simulator's single copy as it is, with clients that give up", nil, 2, 1),
		asItIs("abd", "the simulator's ABD as it is, which sends again and again", RegisterBugs(), 1, 3),
		split,
	}
}

// asItIs is a register of the simulator. What it sends again needs a network that holds no
// second copies.
func asItIs(protocol, about string, bugs []Bug, clients, servers int) Entry {
	return Entry{Name: "register/" + protocol, About: about, Bugs: bugs,
		Takes: slices.Concat([]string{"clients", "servers", "no-history"}, networked, crashing),
		build: func(p Params) explore.Model {
			return Registers(protocol, Harness{Clients: or(p.Clients, clients), Servers: or(p.Servers, servers),
				Network: explore.Board, Faults: p.budget(), Bug: p.Bug, NoHistory: p.NoHistory})
		}}
}

// protocols are small ones with faults.
func protocols() []Entry {
	return []Entry{
		{Name: "commit-crash", About: "two-phase commit whose coordinator may crash (crashes: 1 unless given)",
			Takes: []string{"rms", "crashes", "network", "lossy"}, Bugs: CommitCrashBugs(),
			Wrong: "who has prepared waits for ever once the coordinator has crashed",
			build: func(p Params) explore.Model {
				return CommitCrash(or(p.RMs, 2), max(or(p.Crashes, 1), 0), p.Bug)
			}},
		{Name: "raft", About: "election of leaders, replication of their logs, and changes of the members", Bugs: RaftBugs(),
			Takes: slices.Concat([]string{"servers", "terms", "log", "heartbeats", "under-way", "changes", "spares"},
				networked, crashing),
			build: func(p Params) explore.Model {
				return Raft(RaftConfig{Servers: p.Servers, MaxTerm: p.Terms, MaxLog: p.Log, Heartbeats: p.Heartbeats,
					UnderWay: p.UnderWay, Changes: p.Changes, Spares: p.Spares, Bug: p.Bug}, p.budget())
			}},
		{Name: "lease", About: "a lock with leases, and a store that refuses late writes by their tokens",
			Takes: slices.Concat([]string{"clients"}, networked), Bugs: LeaseBugs(),
			build: func(p Params) explore.Model { return withFaults(Lease(or(p.Clients, 2), p.Bug), p) }},
		{Name: "exactly-once", About: "a counter on a server that remembers what it has executed",
			Takes: slices.Concat([]string{"clients"}, networked), Bugs: ExactlyOnceBugs(),
			build: func(p Params) explore.Model { return withFaults(ExactlyOnce(or(p.Clients, 1), p.Bug), p) }},
	}
}

func withFaults(m explore.Model, p Params) explore.Model {
	m.Faults = p.budget()
	return m
}

// replicated are data types of package crdt on three replicas.
func replicated() []Entry {
	kind := func(name, about string, bugs []Bug, model func(CRDTConfig) explore.Model) Entry {
		return Entry{Name: name, About: about, Bugs: bugs,
			Takes: slices.Concat([]string{"replicas", "operations"}, networked, crashing),
			build: func(p Params) explore.Model {
				return model(CRDTConfig{Replicas: p.Replicas, Operations: p.Operations, Faults: p.budget(), Lossy: p.Lossy,
					Bug: p.Bug})
			}}
	}
	gossips := func(protocol gossip.Protocol, about string) Entry {
		return Entry{Name: "gossip/" + string(protocol), About: "a set on the simulator's own gossip, " + about,
			Bugs: GossipSetBugs(), Takes: slices.Concat([]string{"replicas", "operations", "under-way"}, networked),
			build: func(p Params) explore.Model {
				cfg := CRDTConfig{Replicas: p.Replicas, Operations: or(p.Operations, 1), Faults: p.budget(), Lossy: p.Lossy, Bug: p.Bug}
				return GossipSet(protocol, cfg, or(p.UnderWay, 2))
			}}
	}
	return []Entry{
		gossips(gossip.DeltaIntervals, "by acknowledged deltas"),
		gossips(gossip.BPRR, "by deltas of what was new, not sent back"),
		gossips(gossip.CatchUp, "by contexts and what is lacking"),
		kind("crdt-counter", "a counter that goes up and down on each replica", CRDTCounterBugs(), CRDTCounter),
		kind("crdt-set", "a set in which an add beats the removals that did not see it", CRDTSetBugs(), CRDTSet),
		kind("crdt-set/remove-wins", "a set in which a removal beats the adds that did not see it", nil, CRDTRemoveWinsSet),
		kind("crdt-map", "a map of sets, in which the removal of a key resets what it saw", CRDTMapBugs(), CRDTMap),
		kind("crdt-map/lww", "a map of which the last write stays, by hybrid clocks", CRDTLWWMapBugs(), CRDTLWWMap),
		kind("crdt-heroes", "heroes that are hit and healed, and stay dead", CRDTHeroesBugs(), CRDTHeroes),
	}
}
