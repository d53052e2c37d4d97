package scenario

import (
	"slices"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/commit"
	"phoenix/nodes/election"
	"phoenix/nodes/lease"
	"phoenix/nodes/logstore"
	"phoenix/properties"
	"phoenix/resilience/chaos"
	"phoenix/sim/disk"
)

// All returns every scenario of this package.
func All() []*Scenario {
	return append(append(Registers(), LogStore(), Lease(), Election(), Commit(), Service()), Replicated()...)
}

// names returns the names of planted bugs.
func names[B ~string](bugs []B) []string {
	all := make([]string, len(bugs))
	for i, b := range bugs {
		all[i] = string(b)
	}
	return all
}

// durable is what servers with disks are meant to survive.
func durable() []chaos.Class {
	return []chaos.Class{chaos.Crashes, chaos.Partitions, chaos.Pauses, chaos.Clocks, chaos.Disks, chaos.Noise}
}

// storageModes are the disk faults that a nodes.WAL survives: it stops on an error,
// and reads the disk again after a while.
func storageModes() []string {
	return []string{"slow", "stall", "torn", "full", "read-error", "write-error", "sync-error"}
}

// spinning is a disk that takes its time to sync.
func spinning() disk.Config {
	return disk.Config{Sync: disk.Latency{Min: time.Millisecond, Max: 4 * time.Millisecond}}
}

// retransmit is how often the clients of durable stores ask again.
const retransmit = 60 * time.Millisecond

// LogStore returns the scenario of one server with a write-ahead log.
func LogStore() *Scenario {
	cfg := base()
	cfg.Servers = 1
	cfg.Disk = spinning()
	cfg.Workload.CAS = network.ProbOf(0.2)
	cfg.Nemesis = chaos.Nemesis{Faults: 6, Within: time.Second}
	return &Scenario{
		Name:       "store/log",
		Doc:        "one server on a write-ahead log with snapshots: linearizable through crashes, torn sectors and retries",
		Defaults:   cfg,
		Survives:   durable(),
		DiskModes:  storageModes(),
		Bugs:       names(logstore.Bugs()),
		MaxServers: 1,
		HasCAS:     true,
		Test:       "./nodes/logstore",
		Server: func(cfg *Config, _ []network.ID) network.Boot {
			return logstore.Server(logstore.Config{LogLimit: 1024, Bug: logstore.Bug(cfg.Bug)})
		},
		Client: func(c *Cluster, i int, script []nodes.Op) network.Boot {
			return nodes.Client(nodes.ClientConfig{Servers: c.Servers, Home: i, Script: script,
				Timeout: c.Config.Workload.Timeout, Retransmit: retransmit})
		},
		Declare: func(s *properties.Set, c *Cluster) {
			if m := logstore.Watch(c.World); !damages(c.Config.Faults) {
				s.Always("what was synced is read back", m.Refused)
			}
		},
	}
}

// damages reports whether a plan has disks change what they had confirmed: then a
// store has to refuse it.
func damages(p chaos.Plan) bool {
	return slices.ContainsFunc(p, func(f chaos.Fault) bool {
		return f.Kind == chaos.Disk && slices.Contains([]string{"rot", "misdirected", "lost-write", "lost-rename"}, f.Mode) ||
			f.Kind == chaos.Restart && f.Mode == "wiped"
	})
}

// Lease returns the scenario of a lock that is held for a while: s1 grants it, s2 is
// what its holders write to, and every operation of the workload is a round of a
// client that takes the lock, writes and gives it back.
func Lease() *Scenario {
	cfg := base()
	cfg.Servers, cfg.Clients = 2, 3
	cfg.Workload.Operations = 8
	cfg.Disk = spinning()
	cfg.Nemesis = chaos.Nemesis{Faults: 6, Within: 2 * time.Second}
	of := func(cfg *Config, servers []network.ID) lease.Config {
		return lease.Config{Server: servers[0], Resource: servers[1], Lease: 150 * time.Millisecond,
			Rounds: cfg.Workload.Operations, Bug: lease.Bug(cfg.Bug)}
	}
	return &Scenario{
		Name:       "lock/lease",
		Doc:        "a lock with leases and fencing tokens: one holder at a time while clocks drift within their bound",
		Defaults:   cfg,
		Survives:   durable(),
		Bugs:       names(lease.Bugs()),
		MinServers: 2,
		MaxServers: 2,
		NoStore:    true,
		Unscripted: true,
		Test:       "./nodes/lease",
		Server: func(cfg *Config, servers []network.ID) network.Boot {
			c := of(cfg, servers)
			grants, resource := lease.Server(c), lease.Resource(c)
			return func(ep *network.Endpoint) network.Handler {
				if ep.ID() == c.Server {
					return grants(ep)
				}
				return resource(ep)
			}
		},
		Client: func(c *Cluster, i int, _ []nodes.Op) network.Boot {
			l := of(c.Config, c.Servers)
			l.Writes = 2 + 3*i // the lease is long enough for some, and not for others
			return lease.Client(l, "x")
		},
		Declare: func(s *properties.Set, c *Cluster) {
			m := lease.Watch(c.World, c.Clients)
			s.Always("one holder at a time", m.MutualExclusion)
			s.Always("writes are fenced", m.Fencing)
			s.Sometimes("the lock was held twice", func() bool { return m.Held() >= 2 })
			s.Eventually("all clients had their rounds", m.Settled)
		},
	}
}

// Election returns the scenario of servers that elect a leader by majority vote.
func Election() *Scenario {
	cfg := base()
	cfg.Servers, cfg.Clients = 5, 0
	cfg.Workload.Operations = 0
	cfg.Disk = spinning()
	cfg.Nemesis = chaos.Nemesis{Faults: 6, Within: 2 * time.Second}
	return &Scenario{
		Name:     "leader/election",
		Doc:      "election by majority vote in terms: at most one leader of each, and one that all follow in the end",
		Defaults: cfg,
		// Disks too, but ballots are written so seldom that hardly a fault would be felt.
		Survives:   []chaos.Class{chaos.Crashes, chaos.Partitions, chaos.Pauses, chaos.Clocks, chaos.Noise},
		Bugs:       names(election.Bugs()),
		MaxServers: maxServers,
		NoStore:    true,
		Unscripted: true,
		Test:       "./nodes/election",
		Server: func(cfg *Config, servers []network.ID) network.Boot {
			return election.Server(election.Config{Servers: servers, Bug: election.Bug(cfg.Bug)})
		},
		Roles: map[string]func(c *Cluster) []network.ID{
			leaderRole: func(c *Cluster) []network.ID {
				id, term := c.Watched.(*election.Monitor).Leader()
				if term == 0 {
					return nil
				}
				return []network.ID{id}
			},
		},
		Declare: func(s *properties.Set, c *Cluster) {
			m := election.Watch(c.World, c.Servers)
			c.Watched = m
			s.Always("at most one leader in a term", m.AtMostOneLeader)
			s.Sometimes("leadership went over", func() bool { return m.Terms() >= 2 })
			s.Eventually("one leader is followed by all", m.Settled)
		},
	}
}

// Commit returns the scenario of two-phase commit: s1 coordinates the transactions
// of the clients, the other servers vote.
func Commit() *Scenario {
	cfg := base()
	cfg.Servers, cfg.Clients = 4, 2
	cfg.Workload.Operations, cfg.Workload.Reads = 20, 0
	cfg.Disk = spinning()
	cfg.Nemesis = chaos.Nemesis{Faults: 6, Within: time.Second}
	of := func(cfg *Config, servers []network.ID) commit.Config {
		return commit.Config{Coordinator: servers[0], Participants: servers[1:],
			Refuse: network.ProbOf(0.1), Bug: commit.Bug(cfg.Bug)}
	}
	return &Scenario{
		Name:       "transaction/two-phase-commit",
		Doc:        "two-phase commit with write-ahead logs: a transaction is carried out everywhere or nowhere",
		Defaults:   cfg,
		Survives:   durable(),
		Bugs:       names(commit.Bugs()),
		MinServers: 2,
		MaxServers: maxServers,
		NeedsAll:   true, // nobody decides for another
		NoStore:    true,
		Test:       "./nodes/commit",
		Server: func(cfg *Config, servers []network.ID) network.Boot {
			c := of(cfg, servers)
			coordinator, participant := commit.Coordinator(c), commit.Participant(c)
			return func(ep *network.Endpoint) network.Handler {
				if ep.ID() == c.Coordinator {
					return coordinator(ep)
				}
				return participant(ep)
			}
		},
		Client: func(c *Cluster, i int, script []nodes.Op) network.Boot {
			return nodes.Client(nodes.ClientConfig{Servers: c.Servers[:1], Script: script,
				Timeout: c.Config.Workload.Timeout, Retransmit: retransmit})
		},
		Declare: func(s *properties.Set, c *Cluster) {
			m := commit.Watch(c.World, of(c.Config, c.Servers))
			s.Always("transactions end in one way", m.Agreement)
			s.Sometimes("something was committed", func() bool { return m.Committed() > 0 })
			s.Eventually("every transaction is decided everywhere", m.Settled)
		},
	}
}
