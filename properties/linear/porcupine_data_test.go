package linear

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
"time"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
)

// porcupineDir is porcupine's module in the module cache, which ships histories
// of real Jepsen runs with their labels.
func porcupineDir(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anishathalye/porcupine").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

func checkFile(t *testing.T, path string, opt Options) Result {
	t.Helper()
	h, err := ReadFile(path, ReadOptions{Keyed: opt.Model.Keyed()})
	require.NoError(t, err)
	res, err := Check(context.Background(), h, opt)
	require.NoError(t, err)
	return res
}

func TestScratch(t *testing.T) {
	dir := filepath.Join(porcupineDir(t), "test_data")
	files, _ := filepath.Glob(filepath.Join(dir, "jepsen", "*.log"))
	for _, f := range files {
 if strings.Contains(f,"095") {continue}
		r := checkFile(t, f, Options{Model: CASRegister})
		fmt.Println(filepath.Base(f), r.Verdict, r.Reason, r.Operations, r.Overlapping, r.Explanation)
	}
	files, _ = filepath.Glob(filepath.Join(dir, "kv", "*"))
	for _, f := range files {
 if strings.Contains(f,"095") {continue}
		t0 := time.Now(); r := checkFile(t, f, Options{Model: KV})
		fmt.Println(filepath.Base(f), r.Verdict, r.Reason, time.Since(t0), r.Keys, r.Operations, r.Overlapping, r.Explanation)
	}
	_ = os.Stdout
	_ = regexp.MustCompile
	_ = strconv.Itoa
	_ = properties.Pass
}
