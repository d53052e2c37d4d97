package scenario_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// changed returns a configuration of ABD but for one change.
func changed(change func(c *scenario.Config)) *scenario.Config {
	c := scenario.ABD().Defaults
	change(&c)
	return &c
}

func TestAWrongConfigurationNamesTheField(t *testing.T) {
	for want, change := range map[string]func(c *scenario.Config){
		"servers is 0, expected 1 to 1000":                   func(c *scenario.Config) { c.Servers = 0 },
		"servers is 65, expected at most 64 of register/abd": func(c *scenario.Config) { c.Servers = 65 },
		"clients is -1, expected 0 to 1000":                  func(c *scenario.Config) { c.Clients = -1 },
		"workload.operations is -1, expected 0 to 333333":    func(c *scenario.Config) { c.Workload.Operations = -1 },
		"workload.operations is 2000, expected 0 to 1000":    func(c *scenario.Config) { c.Clients, c.Workload.Operations = 1000, 2000 },
		"workload.keys is 10001, expected 1 to 10000":        func(c *scenario.Config) { c.Workload.Keys = 10001 },
		"nemesis.faults is -1, expected 0 to 1000":           func(c *scenario.Config) { c.Nemesis.Faults = -1 },
		"nemesis.faults is 1001, expected 0 to 1000":         func(c *scenario.Config) { c.Nemesis.Faults = 1001 },
		"faults are 1001 with those of the nemesis, expected at most 1000": func(c *scenario.Config) {
			c.Nemesis.Faults, c.Faults = 1000, chaos.Plan{{Kind: chaos.Crash, On: chaos.Hosts("s1")}}
		},
		`nemesis.name is "entropy", expected one of ` + strings.Join(chaos.Nemeses(), ", "): func(c *scenario.Config) { c.Nemesis.Name = "entropy" },
		`nemesis.classes[1] is "gremlins", expected one of crash, pause, clock, disk, noise, partition, resource, byzantine`: func(c *scenario.Config) {
			c.Nemesis.Classes = []chaos.Class{chaos.Crashes, "gremlins"}
		},
		"heal is -1s, expected 0 or a positive duration":                          func(c *scenario.Config) { c.Heal = -time.Second },
		"disk sector of -1 bytes, expected 0 (that is 512) to 1048576":            func(c *scenario.Config) { c.Disk.Sector = -1 },
		"workload.timeout is 0s, expected a positive duration":                    func(c *scenario.Config) { c.Workload.Timeout = 0 },
		"until is -1s, expected a positive duration":                              func(c *scenario.Config) { c.Until = -time.Second },
		"nemesis.within is -1ns, expected 0 or a positive duration":               func(c *scenario.Config) { c.Nemesis.Within = -1 },
		"events is 0, expected 1 to 100000000":                                    func(c *scenario.Config) { c.Events = 0 },
		"links.bandwidth is negative, expected bytes a second, or 0 for no bound": func(c *scenario.Config) { c.Links.Bandwidth = -1 },
		"links.queue is negative, expected bytes, or 0 for the default":           func(c *scenario.Config) { c.Links.Queue = -1 },
		`faults[1] names the host "s6", expected one of s1, s2, s3, s4, s5, c1, c2, c3, clients, everyone, servers`: func(c *scenario.Config) {
			c.Faults = chaos.Plan{{Kind: chaos.Crash, On: chaos.Hosts("c1")}, {Kind: chaos.Pause, On: chaos.Hosts("s6")}}
		},
		`faults[0] is a restart for a while, expected no for: it happens at once`: func(c *scenario.Config) {
			c.Faults = chaos.Plan{{Kind: chaos.Restart, For: 1, On: chaos.Hosts("s1")}}
		},
		`racks names a rack "a b", expected letters, digits and any of -_`: func(c *scenario.Config) {
			c.Racks = map[string][]string{"a b": {"s1"}}
		},
		`racks.r2 places the host "s1" a second time`: func(c *scenario.Config) {
			c.Racks = map[string][]string{"r1": {"s1"}, "r2": {"s1"}}
		},
		`regions.hosts names a region "", expected letters, digits and any of -_`: func(c *scenario.Config) {
			c.Regions = &scenario.Regions{Hosts: map[string][]string{"": {"s1"}}}
		},
		`regions.hosts.eu names the host "x", expected servers s1, s2, ... or clients c1, c2, ...`: func(c *scenario.Config) {
			c.Regions = &scenario.Regions{Hosts: map[string][]string{"eu": {"s1", "x"}}}
		},
		`regions.hosts.us places the host "s1" a second time`: func(c *scenario.Config) {
			c.Regions = &scenario.Regions{Hosts: map[string][]string{"us": {"s1"}, "eu": {"s1"}}}
		},
		`regions.latency[0].between[1] is "us", expected one of ["eu"]`: func(c *scenario.Config) {
			c.Regions = &scenario.Regions{Hosts: map[string][]string{"eu": {"s1"}},
				Latency: []scenario.Latency{{Between: [2]string{"eu", "us"}}}}
		},
		`bug is "none", expected one of [no-write-back record-overwrites local-sequence amnesiac-votes] of register/abd`: func(c *scenario.Config) { c.Bug = "none" },
		"workload.cas is 10%, but register/abd has no compare-and-set":                                                   func(c *scenario.Config) { c.Workload.CAS = network.ProbOf(0.1) },
	} {
		err := scenario.ABD().Validate(changed(change))
		require.EqualError(t, err, want)
		var invalid *scenario.Invalid
		require.True(t, errors.As(err, &invalid))
		require.True(t, strings.HasPrefix(want, invalid.Field+" "), want)
	}
}

func TestTheScenariosOfRegistersAreValid(t *testing.T) {
	names := map[string]bool{}
	for _, s := range scenario.Registers() {
		require.NoError(t, s.Validate(&s.Defaults), s.Name)
		require.NotEmpty(t, s.Doc)
		require.False(t, names[s.Name])
		names[s.Name] = true
		found, err := scenario.Find(scenario.Registers(), s.Name)
		require.NoError(t, err)
		require.Equal(t, s.Name, found.Name)
		for _, bug := range s.Bugs {
			c := s.Defaults
			c.Bug = bug
			require.NoError(t, s.Validate(&c))
		}
	}
	_, err := scenario.Find(scenario.Registers(), "register/adb")
	require.EqualError(t, err, `no such scenario: "register/adb", expected one of [register/single-copy register/primary-backup register/abd register/abd-durable]`)
}

func TestRunPanicsOnAConfigurationThatIsNotValid(t *testing.T) {
	require.PanicsWithValue(t, "scenario: servers is 0, expected 1 to 1000", func() {
		scenario.ABD().Run(scenario.Options{Config: changed(func(c *scenario.Config) { c.Servers = 0 })})
	})
	require.PanicsWithValue(t, "scenario: 0 scripts for 3 clients", func() {
		scenario.ABD().Run(scenario.Options{Scripts: noScripts})
	})
}

var noScripts = [][]nodes.Op{}

func TestAPlanCallsRacksAndRegionsByName(t *testing.T) {
	s := scenario.ABD()
	cfg := s.Defaults
	cfg.Nemesis = chaos.Nemesis{}
	cfg.Racks = map[string][]string{"r1": {"s1", "s2"}}
	cfg.Regions = &scenario.Regions{Hosts: map[string][]string{"east": {"s3"}}}
	var err error
	cfg.Faults, err = chaos.ParsePlan("at 100ms for 50ms pause rack:r1\nat 200ms for 50ms pause region:east s4")
	require.NoError(t, err)
	paused := map[string]int{}
	s.Run(scenario.Options{Config: &cfg, Watch: func(w *sim.World) {
		w.Observe(func(e *sim.Event) {
			if e.Kind == sim.Pause {
				paused[w.HostName(e.Host)]++
			}
		})
	}})
	require.Equal(t, map[string]int{"s1": 1, "s2": 1, "s3": 1, "s4": 1}, paused)
	cfg.Faults[0].On = chaos.Hosts("rack:r9")
	require.ErrorContains(t, s.Validate(&cfg), `names the host "rack:r9", expected one of`)
}
