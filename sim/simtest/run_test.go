package simtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
)

const planted = "./sim/simtest/testdata/planted"

// shell runs a command at the top of the module, and returns what it printed and
// whether it failed.
func shell(t *testing.T, command string, args ...any) (string, bool) {
	t.Helper()
	cmd := exec.Command("sh", "-c", fmt.Sprintf(command, args...))
	cmd.Dir = "../.."
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return string(out), err != nil
}

func TestAFailureIsToldWithTheLineThatReproducesIt(t *testing.T) {
	out, failed := shell(t, "go test %s -run TestJudgedBad", planted)
	require.True(t, failed)
	require.Contains(t, out, "11 of 100 seeds failed\n")
	require.Contains(t, out, "unlucky at 1s")
	lines := regexp.MustCompile(`(?m)^ +test:    (.*)$`).FindAllStringSubmatch(out, -1)
	require.Len(t, lines, 3)
	require.Equal(t, `go test ./sim/simtest/testdata/planted -run '^TestJudgedBad$/^sub_'\''test'\''$' -sim.seed=0x8`, lines[0][1])
	told := regexp.MustCompile(`seed 0x8  events \d+  virtual \S+  digest [0-9a-f]{32}\n`).FindString(out)
	require.NotEmpty(t, told)

	again, failed := shell(t, "%s", lines[0][1])
	require.True(t, failed)
	require.Contains(t, again, told)
	require.Contains(t, again, "1 of 1 seeds failed")
	require.Contains(t, again, "the last events (add -artifacts to keep all events):\n")
	require.Contains(t, again, "     2           1s walker   timer    tick  (after 1)\n")
	require.NotContains(t, out, "the last events")
}

func TestArtifactsHoldTheEventsOfFailingSeeds(t *testing.T) {
	dir := t.TempDir()
	out, failed := shell(t, "go test %s -run TestPanics -sim.seed=9 -artifacts -outputdir %s", planted, dir)
	require.True(t, failed)
	require.Contains(t, out, "walker panicked at 2s after event 3: unlucky\n")
	require.Contains(t, out, "planted_test.TestPanics.func1.1 (planted/planted_test.go:")
	files := found(t, dir)
	require.Len(t, files, 1)
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.Regexp(t, `^seed 0x9  events 5  virtual 2s  digest [0-9a-f]{32}
     1           0s walker   boot     walker
     2           1s walker   timer    tick  \(after 1\)
     3           2s walker   timer    tick  \(after 2\)
     4           2s walker   panic    unlucky  \(after 3\)
     5           2s walker   crash     \(after 4\)
$`, string(text))
}

// found returns the logs of events under dir.
func found(t *testing.T, dir string) []string {
	var files []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if filepath.Base(path) == "events.txt" {
			files = append(files, path)
		}
		return err
	}))
	return files
}

func TestEveryKindOfFailureFails(t *testing.T) {
	out, failed := shell(t, "go test %s -run TestPanics$ -sim.seeds=0..10", planted)
	require.True(t, failed)
	require.Contains(t, out, "2 of 10 seeds failed\n")
	require.Contains(t, out, "test:    go test ./sim/simtest/testdata/planted -run '^TestPanics$' -sim.seed=0x9\n")

	out, failed = shell(t, "go test %s -run TestBodyPanics", planted)
	require.True(t, failed)
	require.Contains(t, out, "panic: the test itself")
	require.Contains(t, out, "test:    go test ./sim/simtest/testdata/planted -run '^TestBodyPanics$' -sim.seed=0x3\n")

	out, failed = shell(t, "go test %s -run 'TestPanicsAllowed|TestQuiet|TestSkips'", planted)
	require.False(t, failed, out)
}

func TestFlagsSayWhichSeedsRun(t *testing.T) {
	for flags, want := range map[string]string{
		"":                 "2 seeds, long false",
		"-sim.long":        "100 seeds, long true",
		"-sim.seeds=5":     "5 seeds, long false",
		"-sim.seeds=3..10": "7 seeds, long false",
		"-sim.seed=0x2a":   "1 seeds, long false",
	} {
		out, failed := shell(t, "go test %s -run TestQuiet -v %s", planted, flags)
		require.False(t, failed, out)
		require.Contains(t, out, want, flags)
		require.Equal(t, flags == "-sim.seed=0x2a", strings.Contains(out, "seed 0x2a  events 3  virtual 2.5s  digest "))
	}
	for flags, want := range map[string]string{
		"-sim.seed=x":     `seed "x": expected a decimal number`,
		"-sim.seeds=0":    `seeds "0": expected a number of seeds above 0, or a range FIRST..END`,
		"-sim.seeds=5..5": `seeds "5..5" are none`,
	} {
		out, failed := shell(t, "go test %s -run TestQuiet %s", planted, flags)
		require.True(t, failed)
		require.Contains(t, out, want)
	}
}

func TestTheFolderIsThatOfThePackageInItsModule(t *testing.T) {
	require.Equal(t, "./sim/simtest", folder)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), nil, 0o666))
	require.Equal(t, ".", packageFolder(dir, nil))
	require.Equal(t, "./a/b", packageFolder(filepath.Join(dir, "a", "b"), nil))
	require.Equal(t, ".", packageFolder(string(filepath.Separator), nil))
	require.Equal(t, ".", packageFolder("", os.ErrNotExist))
}

func TestReproductionQuotesWhatAShellOrAPatternWouldRead(t *testing.T) {
	require.Equal(t, `test:    go test ./sim/simtest -run '^TestA$' -sim.seed=0xff`, reproduction("TestA", 255))
	require.Equal(t, `test:    go test ./sim/simtest -run '^TestA$/^b\.c\(1\)'\''s$' -sim.seed=0x0`, reproduction("TestA/b.c(1)'s", 0))
}

func TestOnlyTheLastEventsAreKept(t *testing.T) {
	var l tail
	require.Empty(t, l.last(5))
	for i := range keptEvents + 7 {
		l.add(fmt.Sprint("event ", i))
	}
	require.Equal(t, "... 100005 events before\nevent 100005\nevent 100006\n", l.last(2))
	require.True(t, strings.HasPrefix(l.last(keptEvents), "... 7 events before\nevent 7\n"))
	require.Equal(t, keptEvents+1, strings.Count(l.last(keptEvents), "\n"))
}

func TestEachSeedGetsAFreshWorld(t *testing.T) {
	for _, parallel := range []bool{false, true} {
		opt := Options{Seeds: sim.SeedRange{First: 5, Count: 40}, Interleave: true, Parallel: parallel}
		seeds := opt.Range()
		ran := make([]int, seeds.Count)
		var worlds []*sim.World
		t.Run(fmt.Sprint("parallel ", parallel), func(t *testing.T) {
			name := t.Name()
			Run(t, opt, func(t *T) {
				require.Equal(t, fmt.Sprintf("%s/seed=%#x", name, t.Seed), t.Name())
				require.Equal(t, t.Seed, t.World.Seed())
				require.Zero(t, t.World.Events())
				ran[t.Seed-seeds.First]++
				if !parallel {
					worlds = append(worlds, t.World)
				}
			})
		})
		for _, n := range ran {
			require.Equal(t, 1, n)
		}
		for _, w := range worlds {
			require.Equal(t, sim.Stopped, w.Run(sim.Limit{}), "it was closed")
		}
	}
}

func TestTheFirstThreeFailuresAreSummedUp(t *testing.T) {
	all := []*outcome{{seed: 0, told: "seed 0x0 ..."}}
	require.Empty(t, summary("TestA", all))
	for seed := range uint64(5) {
		all = append(all, &outcome{seed: seed + 1, failed: true, told: fmt.Sprintf("seed %#x ...", seed+1)})
	}
	require.Equal(t, `5 of 6 seeds failed
FAIL seed 0x1 ...
  test:    go test ./sim/simtest -run '^TestA$' -sim.seed=0x1
FAIL seed 0x2 ...
  test:    go test ./sim/simtest -run '^TestA$' -sim.seed=0x2
FAIL seed 0x3 ...
  test:    go test ./sim/simtest -run '^TestA$' -sim.seed=0x3`, summary("TestA", all))
}
