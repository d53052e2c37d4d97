package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/scenario"
)

// during is a scenario that calls do when its servers are built for the n-th time.
func during(of *scenario.Scenario, n int64, do func()) *scenario.Scenario {
	s := *of
	server := s.Server
	var built atomic.Int64
	s.Server = func(cfg *scenario.Config, ids []network.ID) network.Boot {
		if built.Add(1) == n*int64(cfg.Servers) {
			do()
		}
		return server(cfg, ids)
	}
	return &s
}

func TestAnInterruptedRunReportsWhatIsKnownAndHowToGoOn(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, interrupt := context.WithCancel(context.Background())
	all := scenarios(during(scenario.ABD(), 5, interrupt))
	code, stdout, stderr := call(t, ctx, all, "run", "register/abd", "--seeds", "100..100000", "--workers", "2", "--json")
	require.Equal(t, exitInterrupted, code)
	var rep runReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &rep))
	require.True(t, rep.Interrupted)
	require.GreaterOrEqual(t, rep.Runs, 5)
	require.LessOrEqual(t, rep.Runs, 5+2*(turnsAhead+2), "it stops soon")
	left := fmt.Sprintf("%d..100000", 100+rep.Runs)
	require.Equal(t, left, rep.Resume)
	require.Contains(t, stderr, fmt.Sprintf("simulate: interrupted after %d runs; go on with: simulate run register/abd --seeds %s\n", rep.Runs, left))
	require.FileExists(t, filepath.Join("runs", "latest", "results.json"))

	// The same seeds without an interrupt give the same.
	_, whole, _ := call(t, context.Background(), scenarios(scenario.ABD()),
		"run", "register/abd", "--seeds", fmt.Sprintf("100..%d", 100+rep.Runs), "--json", "--no-out")
	var same runReport
	require.NoError(t, json.Unmarshal([]byte(whole), &same))
	require.Equal(t, rep.Digest, same.Digest)
	require.Equal(t, rep.Properties, same.Properties)
}

func TestAnInterruptBeforeTheFirstRunIsNoVerdict(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, interrupt := context.WithCancel(context.Background())
	interrupt()
	code, stdout, stderr := call(t, ctx, scenarios(scenario.ABD()), "run", "register/abd", "--no-out", "--junit", "junit.xml")
	require.Equal(t, exitInterrupted, code)
	require.Regexp(t, `^INCONCLUSIVE register/abd: 0 runs of 100, seeds 0\.\.100\n`, stdout)
	require.Contains(t, stderr, "--seeds 0..100\n")
	junit, err := os.ReadFile("junit.xml")
	require.NoError(t, err)
	require.Contains(t, string(junit), `tests="1" failures="0" errors="1"`)
	for _, args := range [][]string{{"demo", "register/abd"}, {"doctor"}, {"check", "x.edn"}} {
		code, _, _ := call(t, ctx, scenarios(scenario.ABD()), args...)
		require.Equal(t, exitInterrupted, code, "%v", args)
	}
}

func TestAnInterruptedDoctorTellsWhatItKnowsAndWhatIsLeft(t *testing.T) {
	for _, c := range []struct {
		runs int64 // before the interrupt
		left string
	}{{5, "0..20"}, {50, "0..20"}, {63, "3..20"}} {
		ctx, interrupt := context.WithCancel(context.Background())
		all := scenarios(scenario.SingleCopy(), during(scenario.ABD(), c.runs, interrupt), scenario.PrimaryBackup())
		code, stdout, stderr := call(t, ctx, all, "doctor", "--json", "--workers", "1")
		require.Equal(t, exitInterrupted, code)
		var rep doctorReport
		require.NoError(t, json.Unmarshal([]byte(stdout), &rep))
		require.True(t, rep.Interrupted)
		require.Equal(t, properties.Inconclusive, rep.Verdict)
		require.Len(t, rep.Scenarios, 2)
		require.Equal(t, 80, rep.Scenarios[0].Runs)
		require.Equal(t, properties.Pass, rep.Scenarios[0].Verdict)
		require.Equal(t, properties.Inconclusive, rep.Scenarios[1].Verdict)
		require.Len(t, rep.Resume, 2)
		first, left, ok := strings.Cut(rep.Resume[0], " --seeds ")
		require.True(t, ok)
		require.Equal(t, "simulate doctor register/abd", first)
		if c.runs < 60 {
			require.Equal(t, c.left, left, "no seed ran four times")
		} else {
			require.Equal(t, fmt.Sprintf("%d..20", rep.Scenarios[1].Runs-60), left)
		}
		require.Equal(t, "simulate doctor register/primary-backup --seeds 0..20", rep.Resume[1])
		require.Contains(t, stderr, "simulate: interrupted; go on with:\n"+strings.Join(rep.Resume, "\n")+"\n")
	}
}

func TestAnInterruptedDemoShowsWhatItFound(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, interrupt := context.WithCancel(context.Background())
	code, stdout, _ := call(t, ctx, scenarios(during(scenario.SingleCopy(), 10, interrupt)), "demo")
	require.Equal(t, exitInterrupted, code)
	require.Regexp(t, `\nFAIL register/single-copy: (.*\n)+  replay:  simulate replay testdata/sim/single-copy-[0-9a-f]{4}.simfail\n`, stdout)
	require.Regexp(t, `\n[0-9]+ of [0-9]+ runs of 200 before the interrupt failed; `, stdout)
	code, stdout, _ = call(t, ctx, scenarios(scenario.ABD()), "demo", "register/abd", "--json")
	require.Equal(t, exitInterrupted, code)
	var rep demoReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &rep))
	require.True(t, rep.Interrupted)
	require.Zero(t, rep.Runs)
	require.Equal(t, properties.Inconclusive, rep.Verdict)
}

// start runs a command of TestMain in a process and waits until it says that it runs.
func start(t *testing.T, args ...string) (cmd *exec.Cmd, stdout io.Reader, stderr *bufio.Reader) {
	t.Helper()
	cmd = exec.Command(args[0], args[1:]...)
	cmd.Dir = t.TempDir()
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	pipe, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewReader(pipe)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Regexp(t, `^simulate: .* seeds 0\.\.1000000000 `, line)
	return cmd, stdout, lines
}

func TestASignalEndsARunInOrder(t *testing.T) {
	for _, signal := range interrupts {
		t.Run(signal.String(), func(t *testing.T) { endsARun(t, signal) })
	}
}

func endsARun(t *testing.T, signal os.Signal) {
	cmd, stdout, stderr := start(t, "simulate", "run", "register/abd", "--seeds", "0..1000000000", "--no-out", "--json")
	require.NoError(t, cmd.Process.Signal(signal))
	var rep runReport
	require.NoError(t, json.NewDecoder(stdout).Decode(&rep))
	told, err := io.ReadAll(stderr)
	require.NoError(t, err)
	require.Regexp(t, regexp.MustCompile(`go on with: simulate run register/abd --seeds \d+\.\.1000000000\n`), string(told))
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	require.Equal(t, exitInterrupted, exit.ExitCode())
	require.True(t, rep.Interrupted)
}

func TestASecondSignalKills(t *testing.T) {
	for _, signal := range interrupts {
		t.Run(signal.String(), func(t *testing.T) { killsASecondTime(t, signal) })
	}
}

func killsASecondTime(t *testing.T, signal os.Signal) {
	cmd, _, stderr := start(t, "hanging", "run", "test/hanging", "--seeds", "0..1000000000", "--no-out", "--workers", "1")
	line, err := stderr.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "hanging\n", line)
	require.NoError(t, cmd.Process.Signal(signal))
	line, err = stderr.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "simulate: interrupted, finishing what has begun; a second interrupt kills\n", line)
	require.NoError(t, cmd.Process.Signal(signal))
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	require.Equal(t, signal, exit.Sys().(syscall.WaitStatus).Signal())
}

func TestAnInterruptedLocalizationHasNoTable(t *testing.T) {
	t.Chdir(t.TempDir())
	code, _, _ := call(t, context.Background(), scenario.Registers(), "run", "register/primary-backup", "--max-failures", "1", "--no-out")
	require.Equal(t, exitFail, code)
	files, err := filepath.Glob("testdata/sim/*.simfail")
	require.NoError(t, err)
	require.Len(t, files, 1)
	ctx, interrupt := context.WithCancel(context.Background())
	all := scenarios(during(scenario.PrimaryBackup(), 10, interrupt))
	code, stdout, stderr := call(t, ctx, all, "replay", files[0], "--localize", "--json")
	require.Equal(t, exitInterrupted, code)
	require.Contains(t, stderr, "simulate: "+files[0]+": interrupted: there is no table")
	var rep failed
	require.NoError(t, json.Unmarshal([]byte(stdout), &rep))
	require.Equal(t, properties.Inconclusive, rep.Verdict)
	require.Contains(t, rep.Error, "interrupted")
}
