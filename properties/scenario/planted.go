package scenario

import (
	"time"

	"phoenix/network"
	"phoenix/resilience/chaos"
	"phoenix/sim/disk"
)

// Planted is a bug that was planted on purpose, with the configuration in which it
// is looked for.
type Planted struct {
	Name     string // such as "register/abd:no-write-back"
	Doc      string // what is wrong, in a line
	Scenario *Scenario
	Config   Config
	// Worlds is within how many random seeds, from 0 on, it is found.
	Worlds int
}

// Bugs returns the planted bugs, by which the toolkit is measured: each is found
// from random seeds and shrinks to a story of a few events.
func Bugs() []Planted {
	var all []Planted
	for _, list := range [][]Planted{registerBugs(), logBugs(), leaseBugs(), electionBugs(), commitBugs(), serviceBugs(), replicatedBugs()} {
		all = append(all, list...)
	}
	return all
}

// plant returns the bug of that name in a scenario, "" for a scenario that is one;
// tweak changes the defaults, and may be nil.
func plant(s *Scenario, bug string, worlds int, doc string, tweak func(c *Config)) Planted {
	p := Planted{Name: s.Name, Doc: doc, Scenario: s, Config: s.Defaults, Worlds: worlds}
	if bug != "" {
		p.Name += ":" + bug
		p.Config.Bug = bug
	}
	if tweak != nil {
		tweak(&p.Config)
	}
	return p
}

// plan reads the faults of a planted bug.
func plan(text string) chaos.Plan {
	p, err := chaos.ParsePlan(text)
	if err != nil {
		panic("scenario: " + err.Error())
	}
	return p
}

func registerBugs() []Planted {
	busy := func(c *Config) { // reads close behind writes, on links of which some are slow
		c.Servers, c.Clients, c.Workload.Keys = 3, 4, 1
		c.Workload.Think = network.Exponential(5 * time.Millisecond)
		c.Links.Delay = network.Exponential(10 * time.Millisecond)
		c.Nemesis = chaos.Nemesis{Faults: 6, Classes: []chaos.Class{chaos.Noise, chaos.Partitions}, Within: 300 * time.Millisecond}
	}
	return []Planted{
		plant(SingleCopy(), "", 10, "two servers each have a copy, and nobody tells the other", nil),
		plant(PrimaryBackup(), "", 50, "a write is acknowledged before a backup has it", nil),
		plant(ABD(), "no-write-back", 100, "a read returns what no majority has yet", busy),
		plant(ABD(), "record-overwrites", 50, "a late message puts an old value back", nil),
		plant(ABD(), "local-sequence", 200, "a writer counts from what it knows itself", busy),
		plant(ABD(), "amnesiac-votes", 100, "a server that forgot all votes again", func(c *Config) {
			c.Servers, c.Workload.Keys = 3, 1
			c.Links.Loss = network.ProbOf(0.15)
			c.Nemesis, c.Faults = chaos.Nemesis{}, plan("at 60ms for 20ms crash s1\nat 120ms for 20ms crash s2\nat 180ms for 20ms crash s3")
		}),
		plant(DurableABD(), "ack-before-sync", 200, "a server acknowledges a write before it is on its disk", func(c *Config) {
			c.Servers, c.Workload.Keys = 3, 1
			c.Disk.Sync = disk.Latency{Min: 5 * time.Millisecond, Max: 20 * time.Millisecond}
			c.Nemesis, c.Faults = chaos.Nemesis{}, plan(`at 300ms for 20ms crash servers
				at 500ms for 20ms crash servers
				at 700ms for 20ms crash servers`)
		}),
	}
}

func logBugs() []Planted {
	crashing := func(c *Config) {
		c.Nemesis = chaos.Nemesis{Faults: 6, Classes: []chaos.Class{chaos.Crashes, chaos.Disks}, Within: time.Second}
		c.Workload.Think = network.Exponential(5 * time.Millisecond)
		c.Disk.Sync = disk.Latency{Min: 5 * time.Millisecond, Max: 20 * time.Millisecond}
	}
	blinking := plan(`at 100ms for 20ms crash s1
		at 200ms for 20ms crash s1
		at 300ms for 20ms crash s1
		at 400ms for 20ms crash s1
		at 500ms for 20ms crash s1`)
	rotting := func(c *Config) {
		crashing(c)
		c.Workload.Keys = 6
		c.Faults = plan("at 200ms for 1s disk s1 rot 10%")
	}
	return []Planted{
		plant(LogStore(), "ack-before-sync", 50, "a write is acknowledged before it is on the disk", crashing),
		plant(LogStore(), "rename-before-sync", 50, "a snapshot takes its name before its content is on the disk", crashing),
		plant(LogStore(), "no-checksum", 100, "whatever stands in the log is believed", rotting),
		plant(LogStore(), "replay-past-torn", 100, "recovery goes on behind a record that does not check", rotting),
		plant(LogStore(), "retry-twice", 50, "a request that is sent again is carried out again", nil),
		plant(LogStore(), "forgets-clients", 100, "what was carried out for whom is lost in a crash", func(c *Config) {
			c.Clients, c.Workload.Keys = 5, 1
			c.Links.Delay = network.Exponential(20 * time.Millisecond)
			c.Nemesis, c.Faults = chaos.Nemesis{}, blinking
		}),
	}
}

func leaseBugs() []Planted {
	under := func(faults string) func(*Config) {
		return func(c *Config) {
			c.Links.Delay = network.Uniform(time.Millisecond, 3*time.Millisecond)
			c.Nemesis, c.Faults = chaos.Nemesis{}, plan(faults)
		}
	}
	return []Planted{
		plant(Lease(), "no-drift-margin", 50, "a lease counts on clocks that run alike", under(
			"at 50ms clock s1 drift 50000000\nat 50ms clock 2 of clients drift -50000000")),
		plant(Lease(), "wall-clock", 50, "a lease is measured on a clock that jumps", under(
			"at 300ms clock 2 of clients jump -200ms\nat 500ms clock 2 of clients jump -200ms\nat 700ms clock 2 of clients jump -200ms")),
		plant(Lease(), "no-fencing", 50, "the resource takes writes of those who have lost the lock", nil),
		plant(Lease(), "stale-release", 50, "who gives back a lock frees it for whoever has it now", nil),
		plant(Lease(), "forgets-grant", 50, "a restarted server grants what is still held", under(
			"at 200ms for 20ms crash s1\nat 500ms for 20ms crash s1\nat 800ms for 20ms crash s1")),
	}
}

func electionBugs() []Planted {
	slow := func(c *Config) { c.Links.Delay = network.Exponential(80 * time.Millisecond) }
	return []Planted{
		plant(Election(), "forgets-vote", 200, "a restarted server votes a second time", func(c *Config) {
			c.Servers = 3
			c.Nemesis, c.Faults = chaos.Nemesis{}, plan(`at 110ms for 5ms crash s3
				at 125ms for 5ms crash s3
				at 140ms for 5ms crash s3
				at 155ms for 5ms crash s3
				at 170ms for 5ms crash s3`)
			c.Links.Delay = network.Exponential(30 * time.Millisecond)
		}),
		plant(Election(), "votes-by-message", 200, "a vote that arrives twice counts twice", nil),
		plant(Election(), "half-is-enough", 50, "half of the votes make a leader", func(c *Config) { c.Servers = 4 }),
		plant(Election(), "stale-term", 100, "votes of an earlier term count", slow),
	}
}

func commitBugs() []Planted {
	crashing := func(c *Config) {
		c.Disk.Sync = disk.Latency{Min: 5 * time.Millisecond, Max: 20 * time.Millisecond}
		c.Nemesis = chaos.Nemesis{Faults: 8, Classes: []chaos.Class{chaos.Crashes}, Within: time.Second}
	}
	return []Planted{
		plant(Commit(), "lost-decision", 100, "the coordinator tells a decision before it is on its disk", crashing),
		plant(Commit(), "unilateral-abort", 50, "a participant that waits too long aborts what it has promised", nil),
		plant(Commit(), "presumed-commit", 50, "a restarted coordinator takes what it does not know for committed", nil),
		plant(Commit(), "forgets-prepare", 100, "a participant votes before its promise is on its disk", crashing),
	}
}
