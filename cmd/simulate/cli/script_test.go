package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts in testdata/script run the command as people do. Beside the usual
// commands of testscript they have
//
//	exits CODE COMMAND ARG...  runs a command and requires its exit code, or one
//	                           of several such as 0,2
//	json PATH VALUE            requires a value in the object on standard output;
//	                           PATH is such as files.0.verdict, and files.count counts
//	unpacks FILE.zst FILE      requires that one is the other, compressed by zstd
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error { // what an archive of text cannot hold
			return os.WriteFile(filepath.Join(env.WorkDir, "binary.dat"), []byte("\x00\xff{:process"), 0o666)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":   exits,
			"json":    jsonValue,
			"unpacks": unpacks,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARG...")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if !slices.Contains(strings.Split(args[0], ","), strconv.Itoa(got)) {
		ts.Fatalf("exit code %d, expected %s", got, args[0])
	}
}

func unpacks(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unpacks FILE.zst FILE")
	}
	dec, err := zstd.NewReader(nil)
	ts.Check(err)
	defer dec.Close()
	got, err := dec.DecodeAll([]byte(ts.ReadFile(args[0])), nil)
	ts.Check(err)
	if string(got) != ts.ReadFile(args[1]) {
		ts.Fatalf("%s does not hold %s", args[0], args[1])
	}
}

func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: json PATH VALUE")
	}
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		ts.Fatalf("standard output is no JSON: %v", err)
	}
	if dec.More() {
		ts.Fatalf("standard output holds more than one object")
	}
	for step := range strings.SplitSeq(args[0], ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			if step == "count" {
				value = len(v)
				continue
			}
			i, err := strconv.Atoi(step)
			ts.Check(err)
			value = v[i]
		default:
			ts.Fatalf("there is no %s at %s", step, args[0])
		}
	}
	if got := fmt.Sprint(value); got != args[1] {
		ts.Fatalf("%s is %s, expected %s", args[0], got, args[1])
	}
}
