package scenario

import (
	"time"

	"phoenix/network"
	"phoenix/nodes/register"
)

// Registers returns the scenarios of the register stores of package register.
func Registers() []*Scenario {
	return []*Scenario{SingleCopy(), PrimaryBackup(), ABD()}
}

// maxServers is the largest cluster of a register.Config.
const maxServers = 64

// base is a small cluster on a network that loses, doubles and reorders.
func base() Config {
	return Config{
		Servers: 3,
		Clients: 3,
		Workload: Workload{
			Operations: 30,
			Keys:       2,
			Reads:      network.ProbOf(0.5),
			Think:      network.Exponential(20 * time.Millisecond),
			Timeout:    300 * time.Millisecond,
		},
		Links: network.Link{
			Delay:     network.Uniform(time.Millisecond, 10*time.Millisecond),
			Loss:      network.ProbOf(0.02),
			Duplicate: network.ProbOf(0.02),
			Reorder:   network.ProbOf(0.05),
			ReorderBy: network.Uniform(20*time.Millisecond, 60*time.Millisecond),
		},
		Until:  time.Minute,
		Events: 1_000_000,
	}
}

// SingleCopy returns the scenario of servers that do not know of each other.
func SingleCopy() *Scenario {
	cfg := base()
	cfg.Servers, cfg.Clients = 2, 2
	cfg.Workload.Keys = 1
	cfg.Links = network.Link{Delay: network.Uniform(time.Millisecond, 10*time.Millisecond)}
	cfg.Nemesis = Nemesis{Partitions: 1, Within: 500 * time.Millisecond}
	return &Scenario{
		Name:       "register/single-copy",
		Doc:        "each server has a copy of its own: linearizable with one server, wrong with more",
		Planted:    true,
		Defaults:   cfg,
		MaxServers: maxServers,
		HasCAS:     true,
		Test:       "./nodes/register -run TestSingleCopy",
		Server: func(_ *Config, servers []network.ID) network.Boot {
			return register.SingleCopy(register.Config{Servers: servers})
		},
	}
}

// PrimaryBackup returns the scenario of asynchronous replication with failover.
func PrimaryBackup() *Scenario {
	cfg := base()
	cfg.Nemesis = Nemesis{Crashes: 1, Partitions: 1, Within: 600 * time.Millisecond}
	return &Scenario{
		Name:       "register/primary-backup",
		Doc:        "asynchronous replication: loses acknowledged writes on failover, and has two primaries in a partition",
		Planted:    true,
		Defaults:   cfg,
		MaxServers: maxServers,
		HasCAS:     true,
		Test:       "./nodes/register -run TestPrimaryBackup",
		Server: func(_ *Config, servers []network.ID) network.Boot {
			return register.PrimaryBackup(register.Config{Servers: servers})
		},
	}
}

// ABD returns the scenario of the replicated register of Attiya, Bar-Noy and
// Dolev, which is linearizable while a majority of servers has never crashed.
func ABD() *Scenario {
	cfg := base()
	cfg.Servers = 5
	cfg.Nemesis = Nemesis{Crashes: 2, Restarts: 1, Partitions: 1, Pauses: 1, Within: 600 * time.Millisecond}
	return &Scenario{
		Name:       "register/abd",
		Doc:        "replicated on majorities: linearizable through loss, partitions and the crash of a minority",
		Defaults:   cfg,
		MaxServers: maxServers,
		Bugs:       abdBugs(),
		Test:       "./nodes/register -run '^TestABD$'",
		Server: func(cfg *Config, servers []network.ID) network.Boot {
			return register.ABD(register.Config{Servers: servers, Bug: bugOf(cfg)})
		},
	}
}

// abdBugs returns the names of the planted bugs of ABD.
func abdBugs() []string {
	var names []string
	for b := register.NoWriteBack; b <= register.AmnesiacVotes; b++ {
		names = append(names, b.String())
	}
	return names
}

// bugOf returns the planted bug that a valid configuration asks for.
func bugOf(cfg *Config) register.Bug {
	if cfg.Bug == "" {
		return register.NoBug
	}
	bug, err := register.ParseBug(cfg.Bug)
	if err != nil {
		panic("scenario: " + err.Error())
	}
	return bug
}
