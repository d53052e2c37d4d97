package scenario

import (
	"slices"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/register"
	"phoenix/resilience/chaos"
)

// Registers returns the scenarios of the register stores of package register.
func Registers() []*Scenario {
	return []*Scenario{SingleCopy(), PrimaryBackup(), ABD(), DurableABD()}
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
		Heal:   30 * time.Second,
		Events: 1_000_000,
	}
}

// SingleCopy returns the scenario of servers that do not know of each other.
func SingleCopy() *Scenario {
	cfg := base()
	cfg.Servers, cfg.Clients = 2, 2
	cfg.Workload.Keys = 1
	cfg.Links = network.Link{Delay: network.Uniform(time.Millisecond, 10*time.Millisecond)}
	cfg.Nemesis = chaos.Nemesis{Faults: 1, Within: 500 * time.Millisecond}
	return &Scenario{
		Survives:   []chaos.Class{chaos.Partitions},
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
	cfg.Nemesis = chaos.Nemesis{Faults: 2, Within: 600 * time.Millisecond}
	return &Scenario{
		Survives:   []chaos.Class{chaos.Crashes, chaos.Partitions},
		Forgetful:  true,
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
	cfg.Nemesis = chaos.Nemesis{Faults: 6, Within: 600 * time.Millisecond}
	return &Scenario{
		Survives:   []chaos.Class{chaos.Crashes, chaos.Partitions, chaos.Pauses, chaos.Noise, chaos.Clocks, chaos.Resources},
		Forgetful:  true,
		Name:       "register/abd",
		Doc:        "replicated on majorities: linearizable through loss, partitions and the crash of a minority",
		Defaults:   cfg,
		MaxServers: maxServers,
		Bugs:       abdBugs(),
		Test:       "./nodes/register -run '^TestABD$'",
		Server: func(cfg *Config, servers []network.ID) network.Boot {
			return register.ABD(register.Config{Servers: servers, Bug: register.Bug(cfg.Bug)})
		},
	}
}

// DurableABD returns the scenario of ABD on disks: servers that crashed vote again.
func DurableABD() *Scenario {
	s := ABD()
	s.Name = "register/abd-durable"
	s.Doc = "replicated on majorities of servers with disks: linearizable however many crash and come back"
	s.Revision = 1 // disks are formatted
	s.Disks = nodes.FormatWAL()
	s.Defaults.Disk = spinning()
	s.Defaults.Nemesis.Faults = 8
	s.Survives, s.Forgetful = durable(), false
	s.DiskModes = storageModes()
	s.Bugs = []string{string(register.AckBeforeSync)}
	s.Test = "./nodes/register -run Durable"
	s.Server = func(cfg *Config, servers []network.ID) network.Boot {
		return register.ABD(register.Config{Servers: servers, Durable: true, Bug: register.Bug(cfg.Bug)})
	}
	return s
}

// abdBugs returns the names of the planted bugs of ABD without disks.
func abdBugs() []string {
	return slices.DeleteFunc(names(register.Bugs()), func(b string) bool { return b == string(register.AckBeforeSync) })
}
