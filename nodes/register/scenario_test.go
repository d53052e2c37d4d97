package register_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes/register"
	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"
	"phoenix/sim/simtest"
	"phoenix/traces"

	"github.com/stretchr/testify/require"
)

// The tests that the printed failures name. Over many seeds a scenario must keep
// its promise, or break it if a bug is planted in it. With -sim.seed the seed is
// judged by itself: a run that fails fails the test, and says why.

func TestSingleCopy(t *testing.T)    { breaks(t, scenario.SingleCopy(), 150) }
func TestPrimaryBackup(t *testing.T) { breaks(t, scenario.PrimaryBackup(), 50) }

// TestSingleCopyIsRightWithOneServer is the other half of the promise.
func TestSingleCopyIsRightWithOneServer(t *testing.T) {
	s := scenario.SingleCopy()
	s.Defaults.Servers = 1
	require.Equal(t, properties.Pass, campaign(t, s).Verdict())
}

func TestABD(t *testing.T) {
	sum := campaign(t, scenario.ABD())
	if sum.Runs >= 100 { // a few runs may miss some fault
		require.Equal(t, properties.Pass, sum.Verdict(), "%v", sum.Outcomes())
	}
}

// seeds are those of the flags, 200 without any.
func seeds() sim.SeedRange {
	return simtest.Options{Seeds: sim.SeedRange{Count: 200}}.Range()
}

// breaks runs a scenario with a planted bug, which at least so many of 200 seeds
// must find, and replays every failure from its file in another process.
func breaks(t *testing.T, s *scenario.Scenario, atLeast int) {
	if seeds().Count == 1 {
		campaign(t, s)
		return
	}
	dir := t.TempDir()
	var want strings.Builder
	failed := 0
	for seed := range seeds().All() {
		r := s.Run(scenario.Options{Seed: seed})
		if r.Failed() == nil {
			continue
		}
		require.Equal(t, scenario.LinearizableName, r.Failed().Name)
		text, err := traces.NewFailure(s, r).Text()
		require.NoError(t, err)
		name := fmt.Sprintf("%06d.simfail", failed)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o666))
		fmt.Fprintln(&want, name, traces.Reproduced, r.Digest, r.Failed().Detail)
		failed++
	}
	require.GreaterOrEqual(t, failed*200/int(seeds().Count), atLeast)
	require.Equal(t, want.String(), replayElsewhere(t, dir))
}

// replayVariable names the folder of files that the process started by
// replayElsewhere replays.
const replayVariable = "REGISTER_TEST_REPLAY"

// replayElsewhere replays the files in a folder in another process, with other
// settings of the runtime, and returns what it said of them.
func replayElsewhere(t *testing.T, dir string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestReplayHelper$")
	cmd.Env = append(os.Environ(), replayVariable+"="+dir, "GOMAXPROCS=1", "GOGC=20", "TZ=Asia/Tokyo")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s", out)
	said, _, found := strings.Cut(string(out), "PASS\n")
	require.True(t, found, "%s", out)
	return said
}

// TestReplayHelper is not a test but the other process; without its variable it
// replays nothing.
func TestReplayHelper(t *testing.T) {
	dir := os.Getenv(replayVariable)
	if dir == "" {
		return
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.simfail")) // sorted
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		s, f, err := traces.ParseFailure(file, text, scenario.Registers())
		require.NoError(t, err)
		re := f.Replay(s, nil)
		fmt.Println(filepath.Base(file), re.Status, re.Result.Digest, re.Result.Failed().Detail)
	}
}

// campaign runs all seeds, and fails the test for each that fails.
func campaign(t *testing.T, s *scenario.Scenario) *scenario.Campaign {
	sum := new(scenario.Campaign)
	for seed := range seeds().All() {
		r := s.Run(scenario.Options{Seed: seed})
		sum.Add(r)
		if r.Failed() != nil {
			var block strings.Builder
			require.NoError(t, traces.WriteBlock(&block, s, r, ""))
			t.Error(block.String())
		}
	}
	return sum
}

// crowded is where reads and writes that miss a majority are found out: few servers,
// many readers of one key, and links that lose one message in ten.
func crowded(c *scenario.Config) {
	c.Servers, c.Clients = 3, 5
	c.Workload.Keys = 1
	c.Workload.Reads = network.ProbOf(0.7)
	c.Links.Loss = network.ProbOf(0.1)
	c.Nemesis = chaos.Nemesis{Faults: 3, Classes: []chaos.Class{chaos.Partitions}, Within: 600 * time.Millisecond}
}

// rolling is where servers that forget are found out: each crashes in turn.
func rolling(t *testing.T, c *scenario.Config) {
	c.Servers, c.Clients = 3, 3
	c.Workload.Keys = 1
	c.Links.Loss = network.ProbOf(0.15)
	c.Nemesis = chaos.Nemesis{}
	var err error
	c.Faults, err = chaos.ParsePlan("at 60ms for 20ms crash s1\nat 120ms for 20ms crash s2\nat 180ms for 20ms crash s3")
	require.NoError(t, err)
}

func TestEveryBugPlantedInABDIsFound(t *testing.T) {
	const seeds = 100
	var found []string
	for _, bug := range scenario.ABD().Bugs {
		s := scenario.ABD()
		s.Defaults.Bug = bug
		switch bug {
		case string(register.NoWriteBack), string(register.LocalSequence):
			crowded(&s.Defaults)
		case string(register.AmnesiacVotes):
			rolling(t, &s.Defaults)
		}
		for seed := range uint64(seeds) {
			if o := s.Run(scenario.Options{Seed: seed}).Failed(); o != nil && o.Name == scenario.LinearizableName {
				found = append(found, bug)
				break
			}
		}
	}
	require.Equal(t, scenario.ABD().Bugs, found)
}

// What finds the mistakes must find nothing without them.
func TestABDIsRightWhereItsBugsAreFound(t *testing.T) {
	s := scenario.ABD()
	crowded(&s.Defaults)
	campaign(t, s)
}
