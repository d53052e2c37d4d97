package cli

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGoRunIsToldFromAProgramThatStays(t *testing.T) {
	const hash = "a9eef982284ff4b3945a3d8ae232266cfca348789e738cacb5c2e2fc27153cd4"
	for program, want := range map[string]bool{
		"/x/go-build413666278/b001/exe/simulate":       true,
		"/x/cache/go-build/a9/" + hash + "-d/simulate": true,
		"/elsewhere/a9/" + hash + "-d/simulate":        true, // GOCACHE
		"simulate":                                     false,
		"./simulate":                                   false,
		"/usr/local/bin/simulate":                      false,
		"/x/go-builds/simulate":                        false,
	} {
		require.Equal(t, want, ofGoRun.MatchString(program), program)
	}
}

func TestGoRunBuildsThePackageAgain(t *testing.T) {
	for _, c := range []struct{ pkg, module, want string }{
		{"phoenix/cmd/simulate", "phoenix", "go run ./cmd/simulate"},
		{"example.com/mine/cmd/sim", "example.com/mine", "go run ./cmd/sim"},
		{"example.com/mine", "example.com/mine", "go run ."},
		{"command-line-arguments", "", "go run ."},
		{"phoenix/cmd/simulate", "example.com/mine", "go run phoenix/cmd/simulate"},
	} {
		require.Equal(t, c.want, goRun(c.pkg, c.module))
	}
}

// The lines that two ways to start the command print, each as it was started.
func TestTheReplayLineStartsTheProgramAsItWasStarted(t *testing.T) {
	for _, start := range []string{"go run ./cmd/simulate", t.TempDir() + "/my simulator"} {
		args := []string{"go", "run", "./cmd/simulate"}
		if start != "go run ./cmd/simulate" {
			build := exec.Command("go", "build", "-o", start, "./cmd/simulate")
			build.Dir = "../../.."
			require.NoError(t, build.Run())
			args, start = []string{start}, quoted(start)
		}
		cmd := exec.Command(args[0], append(args[1:], "demo", "--fail-dir", t.TempDir())...)
		cmd.Dir = "../../.."
		out, _ := cmd.Output() // it fails: a violation is found
		require.Contains(t, string(out), "\n  replay:  "+start+" replay ")
	}
}
