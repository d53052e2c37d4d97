package cli

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"phoenix/properties"
	"phoenix/properties/scenario"

	"github.com/stretchr/testify/require"
)

func TestAnInterruptedExplorationTellsWhatItVisited(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, interrupt := context.WithCancel(context.Background())
	interrupt()
	for _, search := range []string{"bfs", "dfs", "random", "stateless"} {
		code, stdout, stderr := call(t, ctx, scenario.Registers(), "explore", "paxos", "--clients", "3", "--search", search,
			"--json")
		require.Equal(t, exitInterrupted, code, search)
		require.Contains(t, stderr, "simulate: interrupted: not all was visited\n", search)
		var rep exploreReport
		require.NoError(t, json.Unmarshal([]byte(stdout), &rep))
		require.Equal(t, properties.Inconclusive, rep.Verdict, search)
		require.Equal(t, "interrupted", rep.Limit, search)
		require.Less(t, rep.Unique, uint64(1194428), search)
	}
}

func TestAnInterruptedExplorationWithoutABoundIsToldOfBounds(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, interrupt := context.WithCancel(context.Background())
	interrupt()
	const advice = "simulate: a search that finds no end is bounded by --max-depth, --max-states or --max-bytes\n"
	endless := []string{"explore", "register/primary-backup", "--no-stop"}
	code, _, stderr := call(t, ctx, nil, endless...)
	require.Equal(t, exitInterrupted, code)
	require.Contains(t, stderr, advice)
	for _, bound := range [][]string{{"--max-depth", "100"}, {"--max-states", "1000000"}, {"--max-bytes", "1GB"}} {
		code, _, stderr = call(t, ctx, nil, append(endless, bound...)...)
		require.Equal(t, exitInterrupted, code)
		require.NotContains(t, stderr, advice)
	}
}

func TestASignalEndsAnExplorationInOrder(t *testing.T) {
	for _, signal := range interrupts {
		t.Run(signal.String(), func(t *testing.T) { endsAnExploration(t, signal) })
	}
}

func endsAnExploration(t *testing.T, signal os.Signal) {
	cmd := exec.Command("simulate", "explore", "abd", "--clients", "2", "--servers", "3", "--workers", "1", "--json")
	cmd.Dir = t.TempDir()
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	begun := make([]byte, len("simulate: abd: "))
	_, err = io.ReadFull(stderr, begun)
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(signal))
	go io.Copy(io.Discard, stderr)
	var rep exploreReport
	require.NoError(t, json.NewDecoder(stdout).Decode(&rep))
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	require.Equal(t, exitInterrupted, exit.ExitCode())
	require.Equal(t, "interrupted", rep.Limit)
}

func TestServingEndsWithAnInterrupt(t *testing.T) {
	ctx, interrupt := context.WithCancel(context.Background())
	interrupt()
	code, stdout, _ := call(t, ctx, scenario.Registers(), "explore", "paxos", "--serve")
	require.Equal(t, exitPass, code)
	require.Regexp(t, `^http://127\.0\.0\.1:[0-9]+/\n$`, stdout)
}

func TestEveryOptionOfEveryModelIsAFlag(t *testing.T) {
	flags := newApp(nil, closed{}, closed{}, nil).exploreCommand().Flags()
	for _, m := range Models() {
		for _, name := range m.takes() {
			require.NotNil(t, flags.Lookup(name), "%s of %s", name, m.Name)
		}
	}
}

func TestAmountsOfMemoryAreReadWithTheirUnits(t *testing.T) {
	for text, want := range map[string]uint64{"1": 1, "1000": 1000, "64B": 64, "1.5kB": 1500, "500MB": 5e8, "2GiB": 2 << 30,
		"1 TiB": 1 << 40} {
		got, err := parseBytes(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "MB", "-1", "0", "1XB", "1MBMB", "NaN", "1e30", "0x10", "1 2"} {
		_, err := parseBytes(text)
		require.Error(t, err, text)
	}
}

func FuzzParseBytes(f *testing.F) {
	for _, text := range []string{"1", "500MB", "2GiB", "1.5 kB", "1e3", "", "MB"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parseBytes(text)
		if err != nil {
			require.True(t, strings.HasSuffix(err.Error(), "expected an amount of memory such as 500MB or 2GiB"))
			return
		}
		require.Positive(t, n)
	})
}
